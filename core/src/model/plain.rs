//! What a YAML scalar without quotes is: text, number, boolean, null, or a trap.
//!
//! YAML 1.1 and 1.2 read many plain scalars differently: `no`, `0777`, `12:30`, `1_000`, `2024-01-01`. The same policy must not mean
//! two things to two readers, so our own files may not hold such a scalar where any text may stand
//! ([`Dialect::Ours`]). Documents of others (JSON Schemas, `OpenAPI`) are read by the core schema of YAML 1.2, as their
//! specifications say ([`Dialect::Core`]).

use serde_json::{Number, Value};

/// How plain scalars are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON's literals and numbers; what readers differ about is told.
    #[default]
    Ours,
    /// The core schema of YAML 1.2.2, section 10.3.
    Core,
}

/// What a plain scalar is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    /// The same to every reader.
    Value(Value),
    /// Text to YAML 1.2, or a number that JSON does not know; to YAML 1.1 it is the given thing.
    Ambiguous(&'static str),
    /// An infinity, not a number, or a number beyond the range of 64-bit floats.
    NotFinite,
}

/// Reads one plain scalar. O(len).
pub(crate) fn read(text: &str, dialect: Dialect) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Value(Value::Null),
        "true" | "True" | "TRUE" => return Plain::Value(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Plain::Value(Value::Bool(false)),
        _ => {}
    }
    if is_json_number(text) {
        // Fails only where the number has no 64-bit float.
        return text.parse::<Number>().map_or(Plain::NotFinite, |number| {
            Plain::Value(match dialect {
                Dialect::Ours => whole(number).into(),
                Dialect::Core => number.into(),
            })
        });
    }
    match dialect {
        Dialect::Ours => match trap(text) {
            Some(other) => Plain::Ambiguous(other),
            None => Plain::Value(text.into()),
        },
        Dialect::Core => core_number(text).unwrap_or_else(|| Plain::Value(text.into())),
    }
}

/// The text as messages show it: cut, and without controls.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// RFC 8259, section 6.
fn is_json_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|e| is_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// `5.0` and `1e3` as the integers that they are to JSON Schema, since the readers of our types ask for integers.
fn whole(number: Number) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            Number::from(float as i64)
        }
        _ => number,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What YAML 1.1 takes a scalar for that is no JSON literal: the types bool, int, float and timestamp of yaml.org/type.
fn trap(text: &str) -> Option<&'static str> {
    const BOOLEANS: [&str; 6] = ["yes", "no", "on", "off", "y", "n"];
    if BOOLEANS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Some("a boolean");
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan") {
        return Some("a number");
    }
    let radix = unsigned.get(..2).map(str::to_ascii_lowercase);
    if let (Some("0x" | "0b" | "0o"), Some(rest)) = (radix.as_deref(), unsigned.get(2..))
        && !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_')
    {
        return Some("a number");
    }
    let first = unsigned.bytes().find(|b| *b != b'.')?;
    if !first.is_ascii_digit() {
        return None;
    }
    let all = |allowed: fn(u8) -> bool| unsigned.bytes().all(allowed);
    if all(|b| b.is_ascii_digit() || matches!(b, b'_' | b',' | b'.')) {
        // `1.2.3` and `1,2` are text to every reader.
        let dots = unsigned.bytes().filter(|b| *b == b'.').count();
        return (dots <= 1 && !unsigned.contains(',')).then_some("a number");
    }
    if all(|b| b.is_ascii_digit() || matches!(b, b':' | b'_' | b'.')) {
        return (!unsigned.contains("::")).then_some("a number of base 60");
    }
    let exponent = unsigned.split_once(['e', 'E']);
    if let Some((mantissa, exponent)) = exponent
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'))
        && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
    {
        return Some("a number");
    }
    let mut date = unsigned.splitn(3, '-');
    if let (Some(year), Some(month), Some(day)) = (date.next(), date.next(), date.next())
        && year.len() == 4
        && is_digits(year)
        && is_digits(month)
        && day.starts_with(|c: char| c.is_ascii_digit())
    {
        return Some("a date");
    }
    None
}

/// The numbers of the core schema that JSON does not know.
fn core_number(text: &str) -> Option<Plain> {
    let integer = |digits: &str, radix| {
        let good = digits.bytes().all(|b| char::from(b).is_digit(radix));
        (good && !digits.is_empty()).then(|| {
            u64::from_str_radix(digits, radix).map_or(Plain::NotFinite, |n| Plain::Value(n.into()))
        })
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return integer(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return integer(digits, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Some(Plain::NotFinite);
    }
    let first = unsigned.bytes().find(|b| *b != b'.')?;
    if !first.is_ascii_digit()
        || !unsigned.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
    {
        return None;
    }
    let number = text.parse::<f64>().ok()?;
    let whole = is_digits(unsigned).then(|| text.trim_start_matches('+').parse::<i64>().ok());
    Some(match (whole.flatten(), Number::from_f64(number)) {
        (Some(whole), _) => Plain::Value(whole.into()),
        (None, Some(number)) => Plain::Value(number.into()),
        (None, None) => Plain::NotFinite,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_read_as_json() {
        for text in
            ["0", "-1", "1.5", "1e3", "1E-2", "-0.0", "18446744073709551615", "null", "true"]
        {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text, Dialect::Core), Plain::Value(value), "{text}");
        }
        assert_eq!(read("1.5", Dialect::Ours), Plain::Value(json!(1.5)));
        assert_eq!(read("1e3", Dialect::Ours), Plain::Value(json!(1000)));
        assert_eq!(read("-5.0", Dialect::Ours), Plain::Value(json!(-5)));
        assert_eq!(read("1e999", Dialect::Ours), Plain::NotFinite);
    }

    #[test]
    fn what_readers_differ_about_is_a_trap_in_our_files() {
        for text in [
            "no",
            "Off",
            "y",
            "0777",
            "0x1F",
            "0b11",
            "0o17",
            "1_000",
            "+1",
            ".5",
            "1.",
            "12:30",
            "190:20:30",
            "2024-01-01",
            "2024-1-1T10:00:00Z",
            ".inf",
            "-.INF",
            "1.e3",
            "01e2",
        ] {
            assert!(matches!(read(text, Dialect::Ours), Plain::Ambiguous(_)), "{text}");
        }
    }

    #[test]
    fn text_is_text() {
        for text in [
            "nope",
            "onto",
            "sqli",
            "1.2.3",
            "1,2",
            "10.0.0.1",
            "0xyz",
            "1' or '1'='1",
            "-",
            "+",
            ".",
            "..",
            "../..",
            "e5",
            "1e",
            "2024-x-1",
            "a:b",
            "1::2",
            "<script>",
            "日本",
        ] {
            assert_eq!(read(text, Dialect::Ours), Plain::Value(text.into()), "{text}");
            assert_eq!(read(text, Dialect::Core), Plain::Value(text.into()), "{text}");
        }
    }

    #[test]
    fn documents_of_others_follow_the_core_schema() {
        for (text, value) in [
            ("no", json!("no")),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("017", json!(17)),
            ("+1", json!(1)),
            (".5", json!(0.5)),
            ("1.", json!(1.0)),
            ("2024-01-01", json!("2024-01-01")),
            ("12:30", json!("12:30")),
            ("1_000", json!("1_000")),
        ] {
            assert_eq!(read(text, Dialect::Core), Plain::Value(value), "{text}");
        }
        assert_eq!(read(".nan", Dialect::Core), Plain::NotFinite);
    }
}
