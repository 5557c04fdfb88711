//! What came out: [`Verdict`], with a [`Finding`] for each piece of evidence.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::decode::Transform;
use crate::detect::Feature;
use crate::model::policy::Exclusion;
use crate::model::rule::{Class, RuleId};
use crate::span::{Place, Span};

/// What to do with a request. Ordered by strength, so that it can be compared with a bound.
///
/// ```
/// use abatis::Action;
/// assert!(Action::Flag < Action::Block);
/// assert_eq!(Action::Block.as_str(), "block");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// Let it pass.
    #[default]
    Allow,
    /// Let it pass and report it.
    Flag,
    /// Pass on what was rewritten.
    Sanitize,
    /// Refuse it.
    Block,
}

impl Action {
    /// The name used in verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Allow => "allow",
            Action::Flag => "flag",
            Action::Sanitize => "sanitize",
            Action::Block => "block",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request could not be inspected in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Limit {
    /// A binary body of a type that the policy lists as opaque.
    Opaque,
    /// The body was longer than `limits.body_bytes`.
    BodyBytes,
    /// More fields than `limits.fields`.
    Fields,
    /// Deeper than `limits.depth`.
    Depth,
    /// More readings than `limits.views` or `limits.decode_rounds` allow.
    Decode,
    /// More work than `limits.steps`.
    Steps,
    /// More or longer headers than the limits allow.
    Headers,
    /// A target longer than `limits.target_bytes`.
    Target,
    /// The session was finished before its end.
    Stopped,
    /// The session was called out of order.
    Misuse,
}

impl Limit {
    /// The name used in verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::Opaque => "opaque",
            Limit::BodyBytes => "body-bytes",
            Limit::Fields => "fields",
            Limit::Depth => "depth",
            Limit::Decode => "decode",
            Limit::Steps => "steps",
            Limit::Headers => "headers",
            Limit::Target => "target",
            Limit::Stopped => "stopped",
            Limit::Misuse => "misuse",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether all of a request was inspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// Every byte, under every reading.
    #[default]
    Full,
    /// Not all, for this reason (of several, the first in the order of [`Limit`], opaque last).
    Partial(Limit),
}

/// `"full"` or `{"partial": "body-bytes"}`.
impl Serialize for Coverage {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Coverage::Full => out.serialize_str("full"),
            Coverage::Partial(limit) => {
                use serde::ser::SerializeMap;
                let mut map = out.serialize_map(Some(1))?;
                map.serialize_entry("partial", limit)?;
                map.end()
            }
        }
    }
}

/// One piece of evidence.
///
/// The span counts bytes of the request as received, so it can be cut out of it:
///
/// ```
/// use abatis::{Engine, Part, Policy, Request};
/// let engine = Engine::new(&Policy::default())?;
/// let request = Request::new("GET", "/page?name=%3Cscript%3Ealert(1)%3C/script%3E");
/// let verdict = engine.inspect(&request);
/// let finding = &verdict.findings[0];
/// assert_eq!(finding.span.part, Part::Target);
/// assert!(request.target()[finding.span.range.clone()].starts_with(b"%3Cscript%3E"));
/// assert_eq!(finding.decoded.iter().map(|step| step.as_str()).collect::<Vec<_>>(), ["form"]);
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// What an attack would be after.
    pub class: Class,
    /// 0..=1000; fires from the threshold of the sensitivity on.
    pub score: u16,
    /// What this finding alone asks for.
    pub action: Action,
    /// The kind of field.
    pub place: Place,
    /// Whether it stands in the field's name rather than in its value.
    pub name: bool,
    /// The field as a JSON Pointer: `/items/0/name`, `/q`.
    pub pointer: String,
    /// The field as a pattern for exclusions: `items[*].name`, `q`.
    pub pattern: String,
    /// Where it stands in the request as received.
    pub span: Span,
    /// How the raw bytes were decoded to what was read, outermost first.
    pub decoded: Vec<Transform>,
    /// What the value was read as: the detector's start context, or empty.
    pub context: &'static str,
    /// What spoke for it, with weights.
    pub evidence: Vec<Feature>,
    /// One sentence for people. Never holds bytes of the request.
    pub message: String,
    /// See [`Finding::steps`].
    #[serde(skip)]
    pub(crate) steps: Vec<Step>,
}

impl Finding {
    /// The guilty text in every reading, from the raw bytes to what was judged. Holds bytes of the request: not serialized,
    /// to be shown only to those who ask.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The narrowest exclusion that lets it pass, as it can stand in a policy: this rule, this place, this field.
    ///
    /// ```
    /// use abatis::{Engine, Policy, Request};
    /// let engine = Engine::new(&Policy::default())?;
    /// let verdict = engine.inspect(&Request::new("GET", "/item?id=1'+or+'1'%3D'1"));
    /// let exclusion = verdict.findings[0].exclusion();
    /// assert_eq!(exclusion.to_string(), r#"{rule: sql.injection, place: query, field: "id"}"#);
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn exclusion(&self) -> Exclusion {
        Exclusion {
            rule: Some(self.rule.clone()),
            place: Some(self.place),
            field: Some(self.pattern.clone()).filter(|pattern| !pattern.is_empty()),
            ..Exclusion::default()
        }
    }
}

/// The guilty text in one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    transform: Option<Transform>,
    text: Box<[u8]>,
    cut: bool,
}

impl Step {
    /// Most bytes that are kept.
    const MAX: usize = 160;

    pub(crate) fn new(transform: Option<Transform>, text: &[u8]) -> Step {
        let cut = text.len() > Step::MAX;
        let text = text.get(..Step::MAX).unwrap_or(text).into();
        Step { transform, text, cut }
    }

    /// What made the reading; `raw` for the bytes as received.
    pub fn name(&self) -> &'static str {
        self.transform.map_or("raw", Transform::as_str)
    }

    /// The guilty text, at most 160 bytes of it.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the text goes on.
    pub fn cut(&self) -> bool {
        self.cut
    }
}

/// What came out of one inspection.
///
/// As JSON it is the contract of every surface:
///
/// ```
/// use abatis::{Engine, Policy, Request};
/// let engine = Engine::new(&Policy::default())?;
/// let verdict = engine.inspect(&Request::new("GET", "/?q=tea"));
/// let json = serde_json::to_value(&verdict).unwrap();
/// assert_eq!(json["schema"], 1);
/// assert_eq!(json["action"], "allow");
/// assert_eq!(json["coverage"], "full");
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// What to do.
    pub action: Action,
    /// The highest score of all findings that are not excluded, 0..=1000.
    pub score: u16,
    /// The evidence, strongest first; at most `limits.findings_max`.
    pub findings: Vec<Finding>,
    /// How many findings were left out.
    pub dropped: u32,
    /// Whether all was inspected.
    pub coverage: Coverage,
    /// Digest of the rules and weights that spoke, 16 hexadecimal digits.
    pub ruleset: std::sync::Arc<str>,
}

impl Verdict {
    /// The class of the strongest finding that asks for more than allow.
    pub fn class(&self) -> Option<Class> {
        self.findings.iter().find(|f| f.action > Action::Allow).map(|f| f.class)
    }
}

/// The contract of every surface: `schema`, `action`, `score`, `class`, `findings`, `dropped`, `coverage`, `ruleset`.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut map = out.serialize_struct("Verdict", 8)?;
        map.serialize_field("schema", &1)?;
        map.serialize_field("action", &self.action)?;
        map.serialize_field("score", &self.score)?;
        map.serialize_field("class", &self.class())?;
        map.serialize_field("findings", &self.findings)?;
        if self.dropped > 0 {
            map.serialize_field("dropped", &self.dropped)?;
        } else {
            map.skip_field("dropped")?;
        }
        map.serialize_field("coverage", &self.coverage)?;
        map.serialize_field("ruleset", &*self.ruleset)?;
        map.end()
    }
}

/// Whether more of the request is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Progress {
    /// Go on.
    Continue,
    /// The request will be blocked whatever comes; later bytes only add evidence.
    Block,
}
