//! A violation as it is told: which keyword, where in the schema, which value, where in the bytes, and what the schema wants.
//!
//! Messages quote the schema, never the document.

use std::ops::Range;

use super::program::{Asks, Check, Node, Program};
use crate::parse::json::pointer_key;

/// A place where a document is not as the schema wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation<'a> {
    /// The keyword: `required`, `maxLength`, …; `false` for the schema `false`, `undecided` and `unexplained` where the bounds
    /// did not suffice.
    pub(crate) keyword: &'a str,
    /// Which value, as a JSON Pointer into the document.
    pub(crate) instance: &'a str,
    /// Which keyword, as a JSON Pointer into the schema.
    pub(crate) schema: &'a str,
    /// Where the value stands in the body. Of a member that should not be there: key and value.
    pub(crate) span: Range<usize>,
    /// What the schema wants. Holds nothing of the document.
    pub(crate) message: String,
}

/// What a node asks for, as its keyword; numbers are places in the node's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Never,
    Type,
    Check(u16),
    Required(u16),
    Dependent(u16, u16),
    MinProperties,
    MaxProperties,
    Additional,
    Names,
    UnevaluatedProperties,
    MinItems,
    MaxItems,
    AdditionalItems,
    Contains,
    MinContains,
    MaxContains,
    Unique,
    UnevaluatedItems,
    Any,
    OneOfNone,
    OneOfMany,
    Not,
}

impl Rule {
    pub(crate) fn keyword(self, node: &Node) -> &'static str {
        match self {
            Rule::Never => "false",
            Rule::Type => "type",
            Rule::Check(at) => node.checks.get(usize::from(at)).map_or("", Check::keyword),
            Rule::Required(_) => "required",
            Rule::Dependent(at, _) => dependent(node, at).map_or("", |asks| asks.keyword),
            Rule::MinProperties => "minProperties",
            Rule::MaxProperties => "maxProperties",
            Rule::Additional => "additionalProperties",
            Rule::Names => "propertyNames",
            Rule::UnevaluatedProperties => "unevaluatedProperties",
            Rule::MinItems => "minItems",
            Rule::MaxItems => "maxItems",
            Rule::AdditionalItems => "additionalItems",
            Rule::Contains => "contains",
            Rule::MinContains => "minContains",
            Rule::MaxContains => "maxContains",
            Rule::Unique => "uniqueItems",
            Rule::UnevaluatedItems => "unevaluatedItems",
            Rule::Any => "anyOf",
            Rule::OneOfNone | Rule::OneOfMany => "oneOf",
            Rule::Not => "not",
        }
    }

    /// Where the keyword stands in the schema.
    pub(crate) fn pointer(self, node: &Node) -> String {
        let mut pointer = node.pointer.to_string();
        if self == Rule::Never {
            return pointer;
        }
        match self {
            // The keyword of draft 7 and before holds each by its name.
            Rule::Dependent(at, _) => {
                if let Some(asks) = dependent(node, at) {
                    pointer_key(asks.keyword.as_bytes(), &mut pointer);
                    if asks.keyword == "dependencies" {
                        pointer_key(asks.name.as_bytes(), &mut pointer);
                    }
                }
            }
            _ => pointer_key(self.keyword(node).as_bytes(), &mut pointer),
        }
        pointer
    }

    /// What the schema wants, in its own words.
    pub(crate) fn message(self, program: &Program, node: &Node) -> String {
        let object = node.object.as_deref();
        let array = node.array.as_deref();
        let contains = array.and_then(|array| array.contains.as_ref());
        match self {
            Rule::Never => "is not allowed here".to_owned(),
            Rule::Type => match node.types.as_ref().map(|types| &types.names[..]) {
                Some([one]) => format!("is not of type `{one}`"),
                names => {
                    let names = names.unwrap_or_default().iter();
                    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
                    format!("is of none of the types {}", names.join(", "))
                }
            },
            Rule::Check(at) => node
                .checks
                .get(usize::from(at))
                .map_or_else(String::new, |check| check.message(program)),
            Rule::Required(at) => {
                let name = object.and_then(|object| object.required.get(usize::from(at)));
                format!("has not the required property {}", quoted(name.map_or("", |name| name)))
            }
            Rule::Dependent(at, need) => {
                let rule = dependent(node, at);
                let need = rule.and_then(|asks| asks.needs.get(usize::from(need)));
                format!(
                    "has not the property {}, which {} asks for",
                    quoted(need.map_or("", |need| need)),
                    quoted(rule.map_or("", |asks| &asks.name))
                )
            }
            Rule::MinProperties => {
                format!(
                    "has fewer than {}",
                    count(object.map_or(0, |o| o.min), "property", "properties")
                )
            }
            Rule::MaxProperties => {
                let max = object.and_then(|object| object.max).unwrap_or_default();
                format!("has more than {}", count(max, "property", "properties"))
            }
            Rule::Additional => "has a property that the schema does not allow".to_owned(),
            Rule::Names => "has a property whose name is not allowed".to_owned(),
            Rule::UnevaluatedProperties => "has properties that no subschema evaluated".to_owned(),
            Rule::MinItems => format!("has fewer than {}", items(array.map_or(0, |a| a.min))),
            Rule::MaxItems => {
                format!("has more than {}", items(array.and_then(|a| a.max).unwrap_or_default()))
            }
            Rule::AdditionalItems => {
                let limit = array.map_or(0, |array| array.prefix.len());
                format!("has more than the {} that are allowed", items(limit as u64))
            }
            Rule::Contains => "has not the items that `contains` asks for".to_owned(),
            Rule::MinContains => format!(
                "has fewer than {} that `contains` asks for",
                items(contains.map_or(0, |contains| contains.min))
            ),
            Rule::MaxContains => format!(
                "has more than {} that `contains` asks for",
                items(contains.and_then(|contains| contains.max).unwrap_or_default())
            ),
            Rule::Unique => "has the same item twice".to_owned(),
            Rule::UnevaluatedItems => "has items that no subschema evaluated".to_owned(),
            Rule::Any => "matches none of the schemas of `anyOf`".to_owned(),
            Rule::OneOfNone => "matches none of the schemas of `oneOf`".to_owned(),
            Rule::OneOfMany => "matches more than one of the schemas of `oneOf`".to_owned(),
            Rule::Not => "matches the schema of `not`".to_owned(),
        }
    }
}

impl Check {
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            Check::MinLength(_) => "minLength",
            Check::MaxLength(_) => "maxLength",
            Check::Pattern(_) => "pattern",
            Check::Format(_) => "format",
            Check::Content(content) if content.json => "contentMediaType",
            Check::Content(_) => "contentEncoding",
            Check::Minimum(_) => "minimum",
            Check::ExclusiveMinimum(_) => "exclusiveMinimum",
            Check::Maximum(_) => "maximum",
            Check::ExclusiveMaximum(_) => "exclusiveMaximum",
            Check::MultipleOf(_) => "multipleOf",
            Check::Enum(_) => "enum",
            Check::Const(_) => "const",
        }
    }

    fn message(&self, program: &Program) -> String {
        let choice = |at: &u32| program.choices.get(*at as usize).map_or("", |choice| &choice.text);
        match self {
            Check::MinLength(limit) => format!("is shorter than {}", characters(*limit)),
            Check::MaxLength(limit) => format!("is longer than {}", characters(*limit)),
            Check::Pattern(at) => {
                let source = program.patterns.get(*at as usize).map_or("", |known| &known.source);
                format!("does not match the pattern `{source}`")
            }
            Check::Format(format) => format!("is no `{}`", format.as_str()),
            Check::Content(content) if content.json => "is not `application/json`".to_owned(),
            Check::Content(_) => "is not `base64`".to_owned(),
            Check::Minimum(limit) => format!("is less than {}", limit.text()),
            Check::ExclusiveMinimum(limit) => format!("is not greater than {}", limit.text()),
            Check::Maximum(limit) => format!("is greater than {}", limit.text()),
            Check::ExclusiveMaximum(limit) => format!("is not less than {}", limit.text()),
            Check::MultipleOf(unit) => format!("is no multiple of {}", unit.text()),
            Check::Enum(at) => format!("is none of {}", choice(at)),
            Check::Const(at) => format!("is not {}", choice(at)),
        }
    }
}

fn dependent(node: &Node, at: u16) -> Option<&Asks> {
    node.object.as_ref()?.dependent.get(usize::from(at))
}

fn count(limit: u64, one: &str, many: &str) -> String {
    format!("{limit} {}", if limit == 1 { one } else { many })
}

fn items(limit: u64) -> String {
    count(limit, "item", "items")
}

fn characters(limit: u64) -> String {
    count(limit, "character", "characters")
}

/// A name of the schema, as JSON writes it.
fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

impl super::format::Format {
    /// Its name in schemas.
    pub(crate) fn as_str(self) -> &'static str {
        use super::format::Format;
        match self {
            Format::DateTime => "date-time",
            Format::Date => "date",
            Format::Time => "time",
            Format::Duration => "duration",
            Format::Email => "email",
            Format::IdnEmail => "idn-email",
            Format::Hostname | Format::HostnameIdna => "hostname",
            Format::IdnHostname => "idn-hostname",
            Format::Ipv4 => "ipv4",
            Format::Ipv6 => "ipv6",
            Format::Uri => "uri",
            Format::UriReference => "uri-reference",
            Format::Iri => "iri",
            Format::IriReference => "iri-reference",
            Format::UriTemplate => "uri-template",
            Format::Uuid => "uuid",
            Format::JsonPointer => "json-pointer",
            Format::RelativeJsonPointer | Format::ShiftedJsonPointer => "relative-json-pointer",
            Format::Regex => "regex",
        }
    }
}
