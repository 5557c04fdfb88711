//! The tape as a JSON representation of the `jsonschema` crate, so that one parser decides what a body says.

use std::borrow::Cow;
use std::collections::HashSet;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object, cmp};
use serde_json::{Map, Value};

use super::tape::{Cursor, Items, Kind, Members, Tape};

/// The representation.
#[derive(Debug)]
pub(crate) struct TapeJson;

impl Json for TapeJson {
    type Node<'a> = Cursor<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = Tape;

    // A look-up walks the members, so one walk for several keys is always cheaper.
    const KEYS_PER_LOOKUP: usize = 64;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(buffer: &mut Tape, string: &str, f: impl FnOnce(Cursor<'_>) -> T) -> T {
        buffer.clear();
        buffer.plain_string(string.as_bytes(), 0..0);
        buffer.finish();
        f(buffer.first())
    }
}

impl<'a> Node<'a, TapeJson> for Cursor<'a> {
    type Object = TapeObject<'a>;
    type Array = TapeArray<'a>;
    type Number = TapeNumber<'a>;

    fn as_object(&self) -> Option<TapeObject<'a>> {
        (self.kind() == Kind::Object).then_some(TapeObject(*self))
    }

    fn as_array(&self) -> Option<TapeArray<'a>> {
        (self.kind() == Kind::Array).then_some(TapeArray(*self))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| Cow::Borrowed(self.text()))
    }

    fn as_number(&self) -> Option<TapeNumber<'a>> {
        (self.kind() == Kind::Number).then(|| TapeNumber(self.text()))
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    fn is_number(&self) -> bool {
        self.kind() == Kind::Number
    }

    fn json_type(&self) -> JsonType {
        match self.kind() {
            Kind::Null => JsonType::Null,
            Kind::Bool(_) => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String | Kind::Key => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    /// Without building a value. Recurses only as deep as `expected`, which is part of the schema.
    fn equals_value(&self, expected: &Value) -> bool {
        match (self.kind(), expected) {
            (Kind::Null, Value::Null) => true,
            (Kind::Bool(ours), Value::Bool(theirs)) => ours == *theirs,
            (Kind::String, Value::String(theirs)) => self.text() == theirs,
            (Kind::Number, Value::Number(theirs)) => {
                cmp::equal_numbers(&TapeNumber(self.text()), theirs)
            }
            (Kind::Array, Value::Array(theirs)) => {
                self.len() == theirs.len()
                    && self.items().zip(theirs).all(|(ours, theirs)| ours.equals_value(theirs))
            }
            (Kind::Object, Value::Object(theirs)) => {
                self.len() == theirs.len()
                    && self.members().all(|(key, ours)| {
                        theirs.get(key.text()).is_some_and(|theirs| ours.equals_value(theirs))
                    })
            }
            _ => false,
        }
    }

    /// Asked for only where an error is made. Recurses as deep as the tape, which has its own limit.
    fn to_value(&self) -> Cow<'a, Value> {
        if self.tape().is_masked() {
            return Cow::Borrowed(&Value::Null);
        }
        Cow::Owned(match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number => Value::Number(TapeNumber(self.text()).to_number().into_owned()),
            Kind::String | Kind::Key => Value::String(self.text().to_owned()),
            Kind::Array => self.items().map(|item| item.to_value().into_owned()).collect(),
            Kind::Object => Value::Object(
                self.members()
                    .map(|(key, value)| (key.text().to_owned(), value.to_value().into_owned()))
                    .collect::<Map<_, _>>(),
            ),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::tagged(std::ptr::from_ref(self.tape()) as usize, self.number()))
    }
}

/// An object on the tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapeObject<'a>(Cursor<'a>);

impl<'a> Object<'a, TapeJson> for TapeObject<'a> {
    type Node = Cursor<'a>;
    type MemberName = &'a str;
    type MembersIter = TapeMembers<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Box<str>) -> Option<Cursor<'a>> {
        self.0.member(key)
    }

    fn members(&self) -> TapeMembers<'a> {
        TapeMembers(self.0.members())
    }
}

/// The members of an object, keys as text.
#[derive(Clone, Debug)]
pub(crate) struct TapeMembers<'a>(Members<'a>);

impl<'a> Iterator for TapeMembers<'a> {
    type Item = (&'a str, Cursor<'a>);

    fn next(&mut self) -> Option<(&'a str, Cursor<'a>)> {
        self.0.next().map(|(key, value)| (key.text(), value))
    }
}

/// An array on the tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapeArray<'a>(Cursor<'a>);

impl<'a> Array<'a, TapeJson> for TapeArray<'a> {
    type Node = Cursor<'a>;
    type ElementsIter = Items<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Items<'a> {
        self.0.items()
    }

    /// By a canonical text of every item in one hash set (std's, keyed at random): nobody can choose items that collide.
    /// O(bytes of the array x its depth), and the sorting of keys.
    fn is_unique(&self) -> bool {
        let mut texts = Vec::new();
        let ends: Vec<usize> = self
            .elements()
            .map(|item| {
                canonical(item, &mut texts);
                texts.len()
            })
            .collect();
        let mut start = 0;
        let mut items = ends.iter().map(|&end| texts.get(std::mem::replace(&mut start, end)..end));
        if let [_, _] = &*ends {
            return items.next() != items.next();
        }
        let mut seen = HashSet::with_capacity(ends.len());
        items.all(|item| seen.insert(item))
    }
}

/// Appends a text that is the same just for equal values (JSON Schema: numbers by value, objects in any order).
/// Recurses as deep as the tape, which has its own limit.
fn canonical(value: Cursor<'_>, out: &mut Vec<u8>) {
    let text = |text: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    match value.kind() {
        Kind::Null => out.push(b'n'),
        Kind::Bool(value) => out.push(if value { b't' } else { b'f' }),
        Kind::Number => {
            out.push(b'0');
            let number = Decimal::of(value.text());
            out.push(if number.negative { b'-' } else { b'+' });
            out.extend_from_slice(&number.exponent.to_le_bytes());
            out.extend_from_slice(&(number.digits().count() as u32).to_le_bytes());
            out.extend(number.digits());
        }
        Kind::String | Kind::Key => {
            out.push(b'"');
            text(value.text(), out);
        }
        Kind::Array => {
            out.push(b'[');
            for item in value.items() {
                canonical(item, out);
            }
            out.push(b']');
        }
        Kind::Object => {
            out.push(b'{');
            let mut members: Vec<_> = value.members().collect();
            members.sort_by_key(|(key, _)| key.text());
            for (key, value) in members {
                text(key.text(), out);
                canonical(value, out);
            }
            out.push(b'}');
        }
    }
}

/// A number as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapeNumber<'a>(&'a str);

impl JsonNumber for TapeNumber<'_> {
    fn as_u64(&self) -> Option<u64> {
        // `parse` also takes a plus sign, which JSON does not have.
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        let number = if let Some(number) = self.as_u64() {
            number.into()
        } else if let Some(number) = self.as_i64() {
            number.into()
        } else {
            let nearest = self.as_f64().unwrap_or(f64::MAX);
            serde_json::Number::from_f64(nearest).unwrap_or_else(|| 0.into())
        };
        Cow::Owned(number)
    }

    /// Exactly, whatever the size.
    fn is_integer(&self) -> bool {
        Decimal::of(self.0).exponent >= 0
    }

    fn is_written_as_integer(&self) -> bool {
        !self.0.contains(['.', 'e', 'E'])
    }
}

/// A number as `0.digits` without zeros at either end, times a power of ten: equal numbers are equal here.
#[derive(Clone, Copy, Debug)]
struct Decimal<'a> {
    negative: bool,
    /// The digits before and after the point; see [`Decimal::digits`].
    whole: &'a str,
    fraction: &'a str,
    /// The power of ten of the last digit. Saturates, far beyond all that anybody computes with.
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Of a number as JSON writes it. O(len).
    fn of(text: &'a str) -> Decimal<'a> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') {
            i64::MIN / 2
        } else {
            i64::MAX / 2
        });

        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let mut number = Decimal { negative, whole, fraction, exponent };
        if whole.is_empty() && fraction.is_empty() {
            return Decimal { negative: false, whole: "", fraction: "", exponent: 0 };
        }
        if fraction.is_empty() {
            number.whole = whole.trim_end_matches('0');
            number.exponent = exponent.saturating_add((whole.len() - number.whole.len()) as i64);
        } else {
            number.exponent = exponent.saturating_sub(fraction.len() as i64);
            if whole.is_empty() {
                number.fraction = fraction.trim_start_matches('0');
            }
        }
        number
    }

    /// All digits, without zeros at either end.
    fn digits(self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::parse::json::JsonParser;

    fn tape(text: &str) -> Tape {
        let mut tape = Tape::default();
        let limits = Limits::default();
        let result = JsonParser::new(&limits).walk(text.as_bytes(), 0, &limits, &mut tape);
        assert_eq!(result, Ok(()), "{text}");
        assert!(tape.finish(), "{text}");
        tape.refuel(u64::MAX);
        tape
    }

    #[test]
    fn keeps_the_contract_of_the_crate() {
        use jsonschema::json::conformance;
        let tape = tape(&conformance::document().to_string());
        conformance::assert_conformance::<TapeJson>(&tape.first());
    }

    #[test]
    fn values_come_out_as_serde_json_reads_them() {
        let text = r#"{"a":[1,-2,3.5,1e3,18446744073709551615,"\u00e9\n"],"b":{"c":null,"d":[true,false]}}"#;
        let tape = tape(text);
        let expected: Value = serde_json::from_str(text).expect("well-formed");
        assert_eq!(tape.first().to_value().as_ref(), &expected);
        assert!(tape.first().equals_value(&expected));
    }

    #[test]
    fn integers_are_told_exactly() {
        for (text, integer) in [
            ("1", true),
            ("-0", true),
            ("1.0", true),
            ("1.5e1", true),
            ("1.55e1", false),
            ("100e-2", true),
            ("100e-3", false),
            ("0e-9", true),
            ("0.0", true),
            ("1e400", true),
            ("1e-400", false),
            ("12345678901234567890123.5", false),
            ("12345678901234567890123", true),
            ("1e99999999999999999999", true),
            ("1e-99999999999999999999", false),
        ] {
            assert_eq!(TapeNumber(text).is_integer(), integer, "{text}");
        }
    }

    #[test]
    fn unique_means_equal_by_value() {
        for (text, unique) in [
            ("[]", true),
            ("[1,2]", true),
            ("[1,1.0]", false),
            ("[10,1e1]", false),
            ("[0.1,1e-1]", false),
            ("[0.01,0.1]", true),
            ("[0,-0.0]", false),
            ("[1,-1]", true),
            ("[1,10,100]", true),
            ("[1,true,\"1\",null,\"true\"]", true),
            (r#"[{"a":1,"b":[2]},{"b":[2.0],"a":1}]"#, false),
            (r#"[{"a":1},{"a":2},{"b":1},{"a":[1]}]"#, true),
            (r#"["a","\u0061"]"#, false),
            (r#"[["a","b"],["ab"],["a",["b"]]]"#, true),
            ("[9007199254740992,9007199254740993]", true),
        ] {
            let tape = tape(text);
            let array = tape.first().as_array().expect("an array");
            assert_eq!(array.is_unique(), unique, "{text}");
        }
    }
}
