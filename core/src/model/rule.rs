//! Rule files: `rules/detect/*.yaml`. Rules are data; no attack pattern stands in code.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::span::Place;

/// What an attack is after.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// SQL injection.
    Sqli,
    /// Script injection into pages.
    Xss,
    /// Operating system command injection.
    Cmdi,
    /// Local file inclusion and path traversal.
    Lfi,
    /// Code injection: PHP, Java, Python, server-side JavaScript, deserialization.
    RceCode,
    /// Template and expression language injection.
    Ssti,
    /// `NoSQL` operator injection.
    Nosqli,
    /// LDAP filter injection.
    Ldapi,
    /// `XPath` injection.
    Xpath,
    /// XML external entities.
    Xxe,
    /// Server-side request forgery.
    Ssrf,
    /// Remote file inclusion.
    Rfi,
    /// Header injection and response splitting.
    Crlf,
    /// Log lookups (`${jndi:…}`).
    Log4j,
    /// Function definitions in environment variables (CVE-2014-6271).
    Shellshock,
    /// Server-side includes.
    Ssi,
    /// Prototype pollution.
    Prototype,
    /// A value that its schema does not allow.
    Schema,
    /// A request that readers would read differently, or not at all.
    Protocol,
}

impl Class {
    /// Every class, in the order of reports.
    pub const ALL: [Class; 19] = [
        Class::Sqli,
        Class::Xss,
        Class::Cmdi,
        Class::Lfi,
        Class::RceCode,
        Class::Ssti,
        Class::Nosqli,
        Class::Ldapi,
        Class::Xpath,
        Class::Xxe,
        Class::Ssrf,
        Class::Rfi,
        Class::Crlf,
        Class::Log4j,
        Class::Shellshock,
        Class::Ssi,
        Class::Prototype,
        Class::Schema,
        Class::Protocol,
    ];

    /// The name used in policies, rules and verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Sqli => "sqli",
            Class::Xss => "xss",
            Class::Cmdi => "cmdi",
            Class::Lfi => "lfi",
            Class::RceCode => "rce-code",
            Class::Ssti => "ssti",
            Class::Nosqli => "nosqli",
            Class::Ldapi => "ldapi",
            Class::Xpath => "xpath",
            Class::Xxe => "xxe",
            Class::Ssrf => "ssrf",
            Class::Rfi => "rfi",
            Class::Crlf => "crlf",
            Class::Log4j => "log4j",
            Class::Shellshock => "shellshock",
            Class::Ssi => "ssi",
            Class::Prototype => "prototype",
            Class::Schema => "schema",
            Class::Protocol => "protocol",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a rule, e.g. `sql.injection`. Never changes its meaning.
///
/// Lower-case words of `a-z`, `0-9` and `-`, at least two of them, joined by dots; checked when a file is loaded.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RuleId(#[schemars(with = "String", regex(pattern = RuleId::PATTERN))] Arc<str>);

impl RuleId {
    /// The syntax, as a regular expression.
    pub(crate) const PATTERN: &'static str = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$";

    /// Whether the name has the syntax of [`RuleId::PATTERN`].
    pub(crate) fn is_valid(&self) -> bool {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        self.0.contains('.')
            && self.0.split('.').all(|word| !word.is_empty() && word.bytes().all(good))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RuleId {
    fn from(name: &str) -> RuleId {
        RuleId(name.into())
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A rule file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RuleFile {
    /// What the file is about, for readers.
    #[serde(default)]
    pub about: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Name that never changes its meaning: `sql.injection`.
    pub id: RuleId,
    /// What an attack that it finds is after.
    pub class: Class,
    /// What it looks for, in one sentence for the person who reads a verdict.
    pub about: String,
    /// Score of a match, 1..=1000: 300 fires at sensitivity paranoid, 500 at high, 700 at default, 900 at low. Weights of
    /// several rules of one class that match in one value add up. A detector scales its own score by `weight / 1000`.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: u16,
    /// Places where it looks; all if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Place>,
    /// Whether it looks at names (parameter names, JSON keys, cookie names), values, or both.
    #[serde(default)]
    pub part: NameOrValue,
    /// If given, it looks only at readings made by one of these transforms (`raw` is the value as the application gets it).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decodings: Vec<Decoding>,
    /// How it looks.
    pub matcher: Matcher,
    /// Where the knowledge comes from: a paper, RFC, CVE, CWE or manual, or `own`.
    pub origin: String,
    /// Values that it must match (at its own weight or more), written by us.
    #[schemars(length(min = 1))]
    pub hits: Vec<String>,
    /// Innocent values, the nearest neighbours of the attack, that it must not match.
    #[schemars(length(min = 1))]
    pub passes: Vec<String>,
}

/// Which side of a field a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NameOrValue {
    /// Names and values alike.
    #[default]
    Both,
    /// Names only.
    Name,
    /// Values only.
    Value,
}

/// A reading by the transform that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decoding {
    /// The value as the application gets it.
    Raw,
    /// Percent-decoded (once more).
    Percent,
    /// HTML entities resolved.
    HtmlEntity,
    /// JavaScript escapes resolved.
    JsEscape,
    /// Base64 decoded.
    Base64,
    /// Lenient UTF-8, UTF-7, folds and zero-width removal.
    Unicode,
    /// Path resolved.
    Path,
}

/// How a rule looks: exactly one of the three.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Matcher {
    /// Any of these strings, ASCII letters in any case.
    Literals(Vec<String>),
    /// A regular expression in a value that also holds one of the literals.
    Regex(RegexMatcher),
    /// A built-in detector by name: `sql`, `shell`, `html`, `script`, `path`, `url`, `code`, `template`.
    Detector(String),
}

/// A regular expression, tried only on values that hold one of its literals.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RegexMatcher {
    /// The expression (syntax of the regex crate; bytes, `(?s-u)` and ASCII case-insensitive by default; no look-around, so linear).
    pub pattern: String,
    /// The value must hold one of these strings too, ASCII letters in any case. Part of what the rule means, so it
    /// cannot lose a match; it is also what makes the rule cheap.
    #[schemars(length(min = 1))]
    pub with: Vec<String>,
}
