//! Header lines: names and values as RFC 9110 has them, the headers that decide how a body is read, and what to make of
//! the value of each well-known header.

mod agent;
mod content_type;
mod cursor;
mod disposition;
mod trailer;
mod treatment;

pub(crate) use agent::is_plain_agent;
pub(crate) use content_type::{ContentType, TypeProblems, is_utf8};
pub(crate) use disposition::{Disposition, DispositionProblems};
pub(crate) use trailer::may_trail;
pub(crate) use treatment::{Treatment, is_plain_list, treatment};

/// Whether `text` is a token (RFC 9110, 5.6.2), as methods and header names must be. O(len).
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    static TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = matches!(
                byte as u8,
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+'
                    | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
            byte += 1;
        }
        table
    };
    TOKEN[usize::from(byte)]
}

/// What a field value holds that is more than visible ASCII, blanks and tabs. The strongest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ValueBytes {
    /// Nothing else.
    Plain,
    /// Bytes above 127. Allowed, opaque to the protocol; readers take them as Latin-1 or as UTF-8.
    ObsText,
    /// Control characters. Not allowed, often kept.
    Control,
    /// CR, LF or NUL. A recipient must refuse or replace them (RFC 9110, 5.5); where it does not, a header ends there.
    Break,
}

/// What a field value holds. O(len).
pub(crate) fn value_bytes(value: &[u8]) -> ValueBytes {
    // PERF: going through to the end is wide; nearly all values end here, in a tenth of the time.
    let odd = value.iter().fold(0, |any, byte| any | u8::from(!matches!(byte, b' '..=b'~')));
    if odd == 0 {
        return ValueBytes::Plain;
    }
    let kinds = value.iter().map(|byte| match byte {
        b'\r' | b'\n' | 0 => ValueBytes::Break,
        b'\t' => ValueBytes::Plain,
        0..=31 | 127 => ValueBytes::Control,
        128.. => ValueBytes::ObsText,
        _ => ValueBytes::Plain,
    });
    kinds.max().unwrap_or(ValueBytes::Plain)
}

/// The value of `Content-Length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentLength {
    /// One number.
    Exact(u64),
    /// The same number several times, `5, 5`. Ambiguous: a recipient may take it or refuse it (RFC 9112, 6.3).
    Repeated(u64),
    /// Not a number, too large for one, or different numbers.
    Bad,
}

impl ContentLength {
    /// Reads the value of `Content-Length`: digits only, no sign, no blanks within. O(len).
    pub(crate) fn parse(value: &[u8]) -> ContentLength {
        let mut lengths = value.split(|&byte| byte == b',').map(decimal);
        let Some(Some(first)) = lengths.next() else { return ContentLength::Bad };
        let mut found = ContentLength::Exact(first);
        for length in lengths {
            if length != Some(first) {
                return ContentLength::Bad;
            }
            found = ContentLength::Repeated(first);
        }
        found
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    let digits = trim(text);
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

fn trim(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{cut, read};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases {
        token: Vec<TokenCase>,
        value: Vec<NamedCase>,
        content_length: Vec<NamedCase>,
        content_type: Vec<TypeCase>,
        treatment: Vec<TreatmentCase>,
        plain_list: Vec<PlainCase>,
        plain_agent: Vec<PlainCase>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct TokenCase {
        text: String,
        is: bool,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NamedCase {
        value: String,
        is: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct TypeCase {
        value: String,
        #[serde(default)]
        r#type: String,
        #[serde(default)]
        subtype: String,
        suffix: Option<String>,
        charset: Option<String>,
        boundary: Option<String>,
        #[serde(default)]
        is: Vec<String>,
        #[serde(default)]
        problems: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct TreatmentCase {
        names: Vec<String>,
        is: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PlainCase {
        values: Vec<String>,
        is: bool,
    }

    #[test]
    fn testdata() {
        let cases: Cases = read("parse/header.toml");
        for case in cases.token {
            assert_eq!(is_token(case.text.as_bytes()), case.is, "{}", case.text);
        }
        for case in cases.value {
            let got = format!("{:?}", value_bytes(case.value.as_bytes())).to_lowercase();
            assert_eq!(got, case.is, "{:?}", case.value);
        }
        for case in cases.content_length {
            let got = match ContentLength::parse(case.value.as_bytes()) {
                ContentLength::Exact(length) => format!("exact {length}"),
                ContentLength::Repeated(length) => format!("repeated {length}"),
                ContentLength::Bad => "bad".to_owned(),
            };
            assert_eq!(got, case.is, "{:?}", case.value);
        }
        for case in cases.content_type {
            assert_eq!(type_case(&case.value), case);
        }
        for case in cases.treatment {
            for name in case.names {
                let got = format!("{:?}", treatment(name.as_bytes())).to_lowercase();
                assert_eq!(got, case.is, "{name}");
            }
        }
        for case in cases.plain_list {
            for value in case.values {
                assert_eq!(is_plain_list(value.as_bytes()), case.is, "{value}");
            }
        }
        for case in cases.plain_agent {
            for value in case.values {
                assert_eq!(is_plain_agent(value.as_bytes()), case.is, "{value}");
            }
        }
    }

    fn type_case(value: &str) -> TypeCase {
        let parsed = ContentType::parse(value.as_bytes());
        let text = |range: &Range<usize>| cut(value.as_bytes(), range);
        let is = [(!parsed.is_utf8(), "foreign-charset")];
        TypeCase {
            value: value.to_owned(),
            r#type: text(&parsed.kind),
            subtype: text(&parsed.subtype),
            suffix: parsed.suffix.as_ref().map(text),
            charset: parsed.charset.as_ref().map(text),
            boundary: parsed.boundary.as_ref().map(text),
            is: is.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned()).collect(),
            problems: parsed.problems.names().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn every_byte_is_a_token_byte_or_not() {
        let delimiters = b"\"(),/:;<=>?@[\\]{}";
        for byte in 0..=255u8 {
            let expected = byte.is_ascii_graphic() && !delimiters.contains(&byte);
            assert_eq!(is_token(&[byte]), expected, "{byte}");
        }
        assert_eq!(value_bytes(b"caf\xe9"), ValueBytes::ObsText);
    }
}
