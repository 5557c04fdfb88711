//! Policy files: what is asked of requests, and what happens to those that fail.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::body_types::{BodyKind, BodyTypes};
use super::rule::{Class, RuleId};
use super::source::Source;
use crate::limits::Limits;
use crate::span::Place;

/// A policy document, as in `rules/policy/default.yaml`.
///
/// # Defaults
///
/// `mode: block`, `sensitivity: default`, `rulesets: [builtin]`, [`Limits::default`], [`OnPartial::default`],
/// [`Ambiguities::default`], [`BodyTypes::default`]; no routes, exclusions, schemas or rule settings.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Policy {
    /// What the policy is for, for readers.
    pub about: String,
    /// Whether bad requests are blocked or only reported.
    pub mode: Mode,
    /// How much evidence it takes.
    pub sensitivity: Sensitivity,
    /// Rule files: `builtin`, or paths relative to the policy's folder. No path may leave that folder.
    pub rulesets: Vec<String>,
    /// Upper bounds of requests and of compiled structures.
    pub limits: Limits,
    /// What happens when a request could not be inspected in full.
    pub on_partial: OnPartial,
    /// What happens where real readers differ.
    pub ambiguities: Ambiguities,
    /// How bodies are read, by media type.
    pub body_types: BodyTypes,
    /// Settings of single rules.
    pub rules: BTreeMap<RuleId, RuleSetting>,
    /// Where evidence does not count.
    pub exclusions: Vec<Exclusion>,
    /// JSON Schemas by name, for `routes`.
    pub schemas: BTreeMap<String, SchemaSource>,
    /// What is known about single routes.
    pub routes: Vec<Route>,
    /// Where it was read from.
    #[serde(skip)]
    pub(crate) source: Source,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            about: String::new(),
            mode: Mode::default(),
            sensitivity: Sensitivity::default(),
            rulesets: vec!["builtin".to_owned()],
            limits: Limits::default(),
            on_partial: OnPartial::default(),
            ambiguities: Ambiguities::default(),
            body_types: BodyTypes::default(),
            rules: BTreeMap::new(),
            exclusions: Vec::new(),
            schemas: BTreeMap::new(),
            routes: Vec::new(),
            source: Source::default(),
        }
    }
}

/// Whether bad requests are blocked or only reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// Report: the strongest action is flag.
    Detect,
    /// Block what reaches the sensitivity.
    #[default]
    Block,
}

/// How much evidence it takes. Each has a threshold on the score 0..=1000.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Sensitivity {
    /// Only what is beyond doubt: score 900.
    Low,
    /// The best balance for most: score 700.
    #[default]
    Default,
    /// For fields that hold no prose or code: score 500.
    High,
    /// Everything that looks odd: score 300.
    Paranoid,
}

impl Sensitivity {
    /// Every sensitivity, from the least to the most.
    pub const ALL: [Sensitivity; 4] =
        [Sensitivity::Low, Sensitivity::Default, Sensitivity::High, Sensitivity::Paranoid];

    /// The score from which a finding counts.
    pub fn threshold(self) -> u16 {
        match self {
            Sensitivity::Low => 900,
            Sensitivity::Default => 700,
            Sensitivity::High => 500,
            Sensitivity::Paranoid => 300,
        }
    }

    /// The name used in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Sensitivity::Low => "low",
            Sensitivity::Default => "default",
            Sensitivity::High => "high",
            Sensitivity::Paranoid => "paranoid",
        }
    }
}

/// What happens to something that is not plainly good.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Disposition {
    /// Nothing: it is ordinary here.
    Accept,
    /// A finding that is reported and lets the request pass.
    Flag,
    /// The request is blocked (in mode detect: flagged).
    #[default]
    Block,
}

/// What happens when a request could not be inspected in full, by reason.
///
/// Everything blocks by default, except `opaque` (a binary body type that the policy itself lists), which is accepted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct OnPartial {
    /// Any reason that has no entry of its own below.
    pub default: Disposition,
    /// A body of a type listed in `body_types.opaque`.
    pub opaque: Disposition,
    /// The body was longer than `limits.body_bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<Disposition>,
    /// More fields than `limits.fields`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Disposition>,
    /// Deeper than `limits.depth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<Disposition>,
    /// More readings than `limits.views` or `limits.decode_rounds` allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode: Option<Disposition>,
    /// More work than `limits.steps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Disposition>,
    /// More or longer headers than `limits.headers` and `limits.header_bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Disposition>,
    /// A target longer than `limits.target_bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Disposition>,
    /// The session was finished before its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Disposition>,
    /// The session was called out of order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misuse: Option<Disposition>,
}

impl Default for OnPartial {
    fn default() -> OnPartial {
        OnPartial {
            default: Disposition::Block,
            opaque: Disposition::Accept,
            body_bytes: None,
            fields: None,
            depth: None,
            decode: None,
            steps: None,
            headers: None,
            target: None,
            stopped: None,
            misuse: None,
        }
    }
}

/// What happens where real readers differ, or cannot read at all. One entry per code; the finding's rule is
/// `protocol.<code>` with dashes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Ambiguities {
    /// An object with the same key twice, after unescaping. Default block.
    pub json_duplicate_key: Disposition,
    /// `\ud800` without its other half. Default flag.
    pub json_lone_surrogate: Disposition,
    /// A byte order mark before a JSON body. Default flag.
    pub json_bom: Disposition,
    /// A body declared or taken as JSON that is not (RFC 8259). Default block.
    pub json_malformed: Disposition,
    /// A body declared as XML that is not one well-formed document. Default block.
    pub xml_malformed: Disposition,
    /// A document type declaration in XML: entities of its own, whatever they stand for. Default block.
    pub xml_doctype: Disposition,
    /// A body declared as MessagePack or CBOR that is not one document. Default block.
    pub packed_malformed: Disposition,
    /// A GraphQL document beyond `limits.graphql_depth`, `graphql_aliases` or `graphql_operations`. Default block.
    pub graphql_size: Disposition,
    /// Bytes that are not UTF-8 outside of JSON. Default accept: they are inspected as lenient readers decode them.
    pub invalid_utf8: Disposition,
    /// Overlong UTF-8 (`C0 AF`). Default block.
    pub overlong_utf8: Disposition,
    /// A NUL byte in a decoded name or value. Default block.
    pub nul_byte: Disposition,
    /// `%` not followed by two hexadecimal digits. Default accept.
    pub bad_percent: Disposition,
    /// A value that still decodes to something else after the last round. Default block.
    pub deep_encoding: Disposition,
    /// A multipart body that is not as RFC 7578 has it: a boundary within text, names that are missing, repeated or escaped, line
    /// ends that are none. Default block.
    pub multipart: Disposition,
    /// A file beyond `limits.file_bytes` or `limits.file_name_bytes`, or more than `limits.files`. It is inspected all the same. Default block.
    pub file_limits: Disposition,
    /// `Content-Type` twice with different values. Default block.
    pub two_content_types: Disposition,
    /// `Content-Length` twice with different values, or beside `Transfer-Encoding`, or not a number. Default block.
    pub content_length: Disposition,
    /// A body without, with an unlisted or with a contradicted type; it is read every way. Default accept.
    pub body_type: Disposition,
    /// A charset that is unknown, or in which bytes of ASCII may be parts of other characters (`UTF-16`, `Shift_JIS`). Default block.
    pub charset: Disposition,
    /// A content coding that is unknown, that the body does not keep to, or that makes more of it than `limits.body_bytes`. Default block.
    pub content_encoding: Disposition,
    /// A target that is none of the forms of RFC 9112, or holds controls. Default block.
    pub bad_target: Disposition,
    /// A method or header name that is not a token, a header value with controls. Default block.
    pub bad_header: Disposition,
    /// A trailer field whose name has a say in framing, routing, authentication or how content is read. Default block.
    pub trailer: Disposition,
    /// Dot segments, encoded or doubled slashes in the path. Default accept (`path` evidence is scored anyway).
    pub path_form: Disposition,
}

impl Default for Ambiguities {
    fn default() -> Ambiguities {
        use Disposition::{Accept, Block, Flag};
        Ambiguities {
            json_duplicate_key: Block,
            json_lone_surrogate: Flag,
            json_bom: Flag,
            json_malformed: Block,
            xml_malformed: Block,
            xml_doctype: Block,
            packed_malformed: Block,
            graphql_size: Block,
            invalid_utf8: Accept,
            overlong_utf8: Block,
            nul_byte: Block,
            bad_percent: Accept,
            deep_encoding: Block,
            multipart: Block,
            file_limits: Block,
            two_content_types: Block,
            content_length: Block,
            body_type: Accept,
            charset: Block,
            content_encoding: Block,
            bad_target: Block,
            bad_header: Block,
            trailer: Block,
            path_form: Accept,
        }
    }
}

/// A setting of one rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RuleSetting {
    /// Whether it acts, only reports, or is off.
    pub mode: RuleMode,
}

/// Whether a rule acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RuleMode {
    /// As the policy's mode says.
    #[default]
    On,
    /// Its findings flag at most.
    Monitor,
    /// It does not run.
    Off,
}

/// Where evidence does not count. Every given part must hold; at least one must be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Exclusion {
    /// Why, for readers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Only this rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// Only this class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Only in this place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Only in fields whose path matches: names joined by dots, `[*]` or `[3]` for items, `*` for any one name, `**` for
    /// any number of names: `items[*].description`, `user.*`, `**.html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// As it stands in a policy: `{rule: sql.injection, place: query, field: "id"}`. Text is quoted as JSON quotes it.
impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exclusion { reason, rule, class, place, field } = self;
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let parts = [
            ("reason", Some(reason).filter(|reason| !reason.is_empty()).map(|text| quoted(text))),
            ("rule", rule.as_ref().map(RuleId::to_string)),
            ("class", class.map(|class| class.to_string())),
            ("place", place.map(|place| place.to_string())),
            ("field", field.as_deref().map(quoted)),
        ];
        let parts = parts.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?)));
        write!(f, "{{{}}}", parts.collect::<Vec<_>>().join(", "))
    }
}

/// A JSON Schema: `{file: order.schema.json}`, or the schema itself.
///
/// A mapping with the key `file` is the first, all else the second; `file` is no keyword of JSON Schema.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum SchemaSource {
    /// A path relative to the policy's folder, JSON or YAML. It may not leave that folder.
    #[schemars(extend("additionalProperties" = false))]
    File {
        /// The path.
        file: String,
    },
    /// The schema in place.
    Inline(#[schemars(schema_with = "inline_schema")] serde_json::Value),
}

/// What an inline schema looks like: an object or a boolean (JSON Schema 2020-12, section 4.3), and no [`SchemaSource::File`].
fn inline_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["object", "boolean"],
        "not": {"type": "object", "required": ["file"]}
    })
}

/// What is known about one route. Only `path` is needed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Route {
    /// Methods, upper-case; all if left out.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Path template: `/users/{id}/orders`, `{*rest}` at the end for any rest.
    pub path: String,
    /// Own mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Own sensitivity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<Sensitivity>,
    /// Own exclusions, beside those of the policy.
    #[serde(default)]
    pub exclusions: Vec<Exclusion>,
    /// Name in `schemas` of the schema of a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Schemas of parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// The schema of one parameter.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it is: `query`, `path`, `header`, `cookie` or `form`.
    #[serde(rename = "in")]
    pub place: Place,
    /// Whether a request without it is a violation.
    #[serde(default)]
    pub required: bool,
    /// Its JSON Schema in place, or `{file: …}`. The text is read as the schema's `type` says: integer, number, boolean,
    /// string, or array of those for a repeated parameter.
    pub schema: SchemaSource,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_file_that_ships_is_the_default() {
        let value = |policy: &Policy| {
            let mut value = serde_json::to_value(policy).unwrap();
            value.as_object_mut().unwrap().remove("about");
            value
        };
        let shipped = Policy::builtin("default").unwrap();
        assert_eq!(value(&shipped), value(&Policy::default()));
    }
}
