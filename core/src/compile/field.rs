//! Patterns of fields: `items[*].description`, `user.*`, `**.html`.
//!
//! An exclusion names the fields it is about by such a pattern, and a finding names its own field in the same syntax
//! ([`pattern_of`]), so that one can be pasted into the other.
//!
//! ```text
//! pattern = "" / step *( "." name / index )     the empty pattern is the value as a whole
//! step    = name / index
//! name    = word / quoted / "*" / "**"          * is any one name, ** any number of names and indexes, also none
//! index   = "[" ( digits / "*" ) "]"
//! quoted  = DQUOTE *( any / "\\" / "\"" / "\xHH" ) DQUOTE
//! ```
//!
//! A word holds anything but blanks, controls and `.[]"*\`; a name with one of those is quoted.

use std::fmt::{self, Write as _};

use serde_json::Value;

/// One step on the way from the value as a whole to a field in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A member of an object, a parameter, a cookie: its name, decoded.
    Key(&'a [u8]),
    /// An item of an array.
    Index(usize),
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldPattern {
    steps: Box<[Step]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(Box<[u8]>),
    AnyName,
    Index(usize),
    AnyIndex,
    /// `**`
    Any,
}

impl Step {
    fn takes(&self, frame: &Frame<'_>) -> bool {
        match (self, frame) {
            (Step::Name(name), Frame::Key(key)) => **name == **key,
            (Step::Index(index), Frame::Index(at)) => index == at,
            (Step::AnyName, Frame::Key(_)) | (Step::AnyIndex, Frame::Index(_)) | (Step::Any, _) => {
                true
            }
            _ => false,
        }
    }
}

impl FieldPattern {
    /// Compiles a pattern.
    pub(crate) fn parse(pattern: &str) -> Result<FieldPattern, FieldError> {
        let mut parser = Parser { pattern, at: 0 };
        let mut steps = Vec::new();
        while parser.at < pattern.len() {
            let step = if parser.rest().starts_with('[') {
                parser.index()?
            } else {
                if !steps.is_empty() && !parser.take('.') {
                    return Err(parser.error(FieldErrorKind::Joint));
                }
                parser.name()?
            };
            // `**.**` takes what `**` takes, and would only make matching slower.
            if step != Step::Any || steps.last() != Some(&Step::Any) {
                steps.push(step);
            }
        }
        Ok(FieldPattern { steps: steps.into() })
    }

    /// Whether the field at the end of `path` is meant. O(frames x steps), without recursion.
    pub(crate) fn matches(&self, path: &[Frame<'_>]) -> bool {
        self.takes(path, Step::takes)
    }

    /// Whether every field that `other` means is meant. True only if it is so; it may be false though it is so.
    pub(crate) fn covers(&self, other: &FieldPattern) -> bool {
        self.takes(&other.steps, |step, other| {
            step == other
                || matches!(
                    (step, other),
                    (Step::AnyName, Step::Name(_)) | (Step::AnyIndex, Step::Index(_))
                )
        })
    }

    /// Whether a field that is meant may begin with this name.
    pub(crate) fn may_begin(&self, name: &str) -> bool {
        match self.steps.first() {
            Some(Step::Name(first)) => **first == *name.as_bytes(),
            Some(Step::AnyName | Step::Any) => true,
            Some(Step::Index(_) | Step::AnyIndex) | None => false,
        }
    }

    /// Whether a value that a JSON Schema allows may have a field that is meant. True where the schema is not followed: behind
    /// references and combinations, and in texts, which may hold JSON again.
    pub(crate) fn may_be_in(&self, schema: &Value) -> bool {
        let mut open: Vec<(&Value, &[Step])> = vec![(schema, &self.steps)];
        while let Some((schema, steps)) = open.pop() {
            let ([step, rest @ ..], Some(object)) = (steps, schema.as_object()) else {
                if schema != &Value::Bool(false) {
                    return true;
                }
                continue;
            };
            let others =
                ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties"];
            let others =
                others.iter().chain(&["dependentSchemas", "prefixItems", "unevaluatedProperties"]);
            let is_only = |name: &str| schema["type"].as_str() == Some(name);
            if *step == Step::Any
                || others.into_iter().any(|key| object.contains_key(*key))
                || !is_only("object") && !is_only("array")
            {
                return true;
            }
            let value = |key: &str| object.get(key).unwrap_or(&Value::Bool(true));
            let properties = schema["properties"].as_object();
            match step {
                Step::Name(name) if is_only("object") => {
                    let name = std::str::from_utf8(name).ok();
                    let known = name.and_then(|name| properties?.get(name));
                    open.push((known.unwrap_or_else(|| value("additionalProperties")), rest));
                }
                Step::AnyName if is_only("object") => {
                    open.extend(properties.into_iter().flatten().map(|(_, inner)| (inner, rest)));
                    open.push((value("additionalProperties"), rest));
                }
                Step::Index(_) | Step::AnyIndex if is_only("array") => {
                    open.push((value("items"), rest));
                }
                _ => {}
            }
        }
        false
    }

    /// Whether the steps take all of `path`, each of which is taken by `**`.
    fn takes<T>(&self, path: &[T], takes: impl Fn(&Step, &T) -> bool) -> bool {
        let (mut step, mut frame) = (0, 0);
        // The last `**` passed and the frame from which on it was last tried. Going back to an earlier one is never
        // needed: whatever that could take more of, the last one can.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.steps.get(step), path.get(frame)) {
                (None, None) => return true,
                (Some(Step::Any), _) => {
                    retry = Some((step + 1, frame));
                    step += 1;
                }
                (Some(wanted), Some(found)) if takes(wanted, found) => {
                    step += 1;
                    frame += 1;
                }
                _ => match retry {
                    Some((after, from)) if from < path.len() => {
                        retry = Some((after, from + 1));
                        (step, frame) = (after, from + 1);
                    }
                    _ => return false,
                },
            }
        }
    }
}

/// Longest name that findings write out, in bytes. A name may be as long as a body, and stand in each of its findings.
pub(crate) const LONGEST_NAME: usize = 256;

/// The pattern of the field at the end of `path`, its indexes as `[*]`: `items[*].name`. It can be read by
/// [`FieldPattern::parse`] and matches `path`; names beyond [`LONGEST_NAME`] stand as `*`.
pub(crate) fn pattern_of(path: &[Frame<'_>]) -> String {
    let mut pattern = String::new();
    for frame in path {
        match frame {
            Frame::Index(_) => pattern.push_str("[*]"),
            Frame::Key(key) => {
                if !pattern.is_empty() {
                    pattern.push('.');
                }
                if key.len() > LONGEST_NAME {
                    pattern.push('*');
                } else {
                    push_name(&mut pattern, key);
                }
            }
        }
    }
    pattern
}

fn push_name(pattern: &mut String, name: &[u8]) {
    let bare = std::str::from_utf8(name)
        .ok()
        .filter(|text| !text.is_empty() && text.chars().all(is_word_char));
    if let Some(text) = bare {
        pattern.push_str(text);
        return;
    }
    pattern.push('"');
    for chunk in name.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\\' => pattern.extend(['\\', char]),
                _ if char.is_ascii_control() => push_escape(pattern, char as u8),
                _ => pattern.push(char),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_escape(pattern, byte));
    }
    pattern.push('"');
}

fn push_escape(pattern: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(pattern, "\\x{byte:02X}");
}

fn is_word_char(char: char) -> bool {
    !matches!(char, '.' | '[' | ']' | '"' | '*' | '\\')
        && !char.is_whitespace()
        && !char.is_control()
}

struct Parser<'a> {
    pattern: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, char: char) -> bool {
        let found = self.rest().starts_with(char);
        self.at += if found { char.len_utf8() } else { 0 };
        found
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|char| !wanted(char)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn error(&self, kind: FieldErrorKind) -> FieldError {
        FieldError { kind, at: self.pattern.get(..self.at).unwrap_or_default().chars().count() + 1 }
    }

    fn index(&mut self) -> Result<Step, FieldError> {
        let start = self.at;
        self.take('[');
        let inside = self.take_while(|char| !matches!(char, '[' | ']'));
        let step = match inside {
            "*" => Some(Step::AnyIndex),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().map(Step::Index)
            }
            _ => None,
        };
        match step {
            Some(step) if self.take(']') => Ok(step),
            _ => {
                self.at = start;
                Err(self.error(FieldErrorKind::Index))
            }
        }
    }

    fn name(&mut self) -> Result<Step, FieldError> {
        let start = self.at;
        if self.take('"') {
            return self.quoted(start);
        }
        let name = self.take_while(|char| is_word_char(char) || char == '*');
        let step = match name {
            "" => Err(FieldErrorKind::NoName),
            "*" => Ok(Step::AnyName),
            "**" => Ok(Step::Any),
            _ if name.contains('*') => Err(FieldErrorKind::Star),
            _ => Ok(Step::Name(name.as_bytes().into())),
        };
        step.map_err(|kind| {
            self.at = start;
            self.error(kind)
        })
    }

    fn quoted(&mut self, start: usize) -> Result<Step, FieldError> {
        let mut name = Vec::new();
        loop {
            name.extend_from_slice(self.take_while(|char| !matches!(char, '"' | '\\')).as_bytes());
            if self.take('"') {
                return Ok(Step::Name(name.into()));
            }
            if !self.take('\\') {
                self.at = start;
                return Err(self.error(FieldErrorKind::Unclosed));
            }
            let escaped = if self.take('"') {
                Some(b'"')
            } else if self.take('\\') {
                Some(b'\\')
            } else if self.take('x') {
                let digits =
                    self.rest().get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                self.at += digits.map_or(0, str::len);
                digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
            } else {
                None
            };
            match escaped {
                Some(byte) => name.push(byte),
                None => return Err(self.error(FieldErrorKind::Escape)),
            }
        }
    }
}

/// A pattern that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    kind: FieldErrorKind,
    /// Which character, counted from 1.
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldErrorKind {
    NoName,
    Star,
    Index,
    Joint,
    Unclosed,
    Escape,
}

/// What would be right, and at which character.
impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            FieldErrorKind::NoName => {
                "expected a name, `*` or `**`; a name with blanks, dots, brackets or quotes is written `\"a.b\"`"
            }
            FieldErrorKind::Star => {
                "`*` stands for a whole name and cannot be part of one; for a name that holds it write `\"a*\"`"
            }
            FieldErrorKind::Index => "expected `[*]` or a number as in `[3]`",
            FieldErrorKind::Joint => {
                "expected `.` and another name, or `[`; a name with blanks, dots, brackets or quotes is written `\"a.b\"`"
            }
            FieldErrorKind::Unclosed => "this quote is never closed",
            FieldErrorKind::Escape => "expected `\\\"`, `\\\\` or two hexadecimal digits as in `\\x0A`",
        })?;
        write!(f, " (at character {})", self.at)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{Random, read};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases {
        case: Vec<Case>,
        error: Vec<ErrorCase>,
        print: Vec<PrintCase>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        pattern: String,
        #[serde(default)]
        matches: Vec<Vec<toml::Value>>,
        #[serde(default)]
        misses: Vec<Vec<toml::Value>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ErrorCase {
        pattern: String,
        says: String,
        at: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PrintCase {
        path: Vec<toml::Value>,
        pattern: String,
    }

    fn frames(path: &[toml::Value]) -> Vec<Frame<'_>> {
        let frame = |value| match value {
            &toml::Value::Integer(index) => Frame::Index(index as usize),
            toml::Value::String(name) => Frame::Key(name.as_bytes()),
            other => panic!("{other}"),
        };
        path.iter().map(frame).collect()
    }

    #[test]
    fn testdata() {
        let cases: Cases = read("route/field.toml");
        for case in cases.case {
            let pattern = FieldPattern::parse(&case.pattern).expect(&case.pattern);
            for path in &case.matches {
                assert!(pattern.matches(&frames(path)), "{} {path:?}", case.pattern);
            }
            for path in &case.misses {
                assert!(!pattern.matches(&frames(path)), "{} {path:?}", case.pattern);
            }
        }
        for case in cases.error {
            let error = FieldPattern::parse(&case.pattern).expect_err(&case.pattern);
            assert!(error.to_string().contains(&case.says), "{}: {error}", case.pattern);
            assert_eq!(error.at, case.at, "{}", case.pattern);
        }
        for case in cases.print {
            assert_eq!(pattern_of(&frames(&case.path)), case.pattern);
        }
    }

    #[test]
    fn names_that_are_not_utf8_can_be_written() {
        let path = [Frame::Key(b"caf\xe9\n"), Frame::Index(7)];
        let pattern = pattern_of(&path);
        assert_eq!(pattern, r#""caf\xE9\x0A"[*]"#);
        assert!(FieldPattern::parse(&pattern).is_ok_and(|compiled| compiled.matches(&path)));
    }

    #[test]
    fn what_is_covered_is_matched() {
        let read = |text: &str| FieldPattern::parse(text).expect(text);
        for (wide, narrow, covered) in [
            ("a.b", "a.b", true),
            ("**", "a[*].b", true),
            ("**", "**.a", true),
            ("**.b", "a.**.b", true),
            ("a.*", "a.b", true),
            ("a[*]", "a[3]", true),
            ("a.b", "a.*", false),
            ("a.*", "a.**", false),
            ("a[3]", "a[*]", false),
            ("**.b", "a.**", false),
        ] {
            assert_eq!(read(wide).covers(&read(narrow)), covered, "{wide} {narrow}");
        }
    }

    /// The definition, exponential and recursive.
    fn plainly_matches(steps: &[Step], path: &[Frame<'_>]) -> bool {
        match (steps, path) {
            ([], []) => true,
            ([Step::Any, steps @ ..], _) => {
                (0..=path.len()).any(|skip| plainly_matches(steps, &path[skip..]))
            }
            ([step, steps @ ..], [frame, path @ ..]) => {
                step.takes(frame) && plainly_matches(steps, path)
            }
            _ => false,
        }
    }

    #[test]
    fn random_patterns_match_as_defined_and_print_what_they_read() {
        let mut random = Random::new();
        let keys: [&[u8]; 4] = [b"a", b"b", b"a.b", b"\xff*\"\\ "];
        let mut matched = 0;
        let mut wider: Option<FieldPattern> = None;
        for _ in 0..20_000 {
            let path: Vec<Frame<'_>> = (0..random.below(7))
                .map(|_| match random.below(6) {
                    at @ 0..4 => Frame::Key(keys[at]),
                    at => Frame::Index(at),
                })
                .collect();
            let printed = pattern_of(&path);
            let read = FieldPattern::parse(&printed).expect(&printed);
            assert!(read.matches(&path), "{printed}");

            let text = random.text(&["a", "b", ".", ".", "[*]", "[4]", "*", "**.", "\"a.b\""], 7);
            let text = String::from_utf8_lossy(&text).into_owned();
            if let Ok(pattern) = FieldPattern::parse(&text) {
                let found = pattern.matches(&path);
                assert_eq!(found, plainly_matches(&pattern.steps, &path), "{text} {path:?}");
                matched += usize::from(found);
                // Whoever covers it matches what it matches.
                if found && let Some(wider) = &wider {
                    let wider: &FieldPattern = wider;
                    assert!(!wider.covers(&pattern) || wider.matches(&path), "{text} {path:?}");
                }
                wider = Some(pattern);
            }
        }
        assert!(matched > 100, "{matched}");
    }
}
