//! The canonical form of a value: the same bytes for values that JSON Schema calls equal, and for no others.
//!
//! Members are sorted by their names, numbers written as exact decimals (`1`, `1.0` and `1e0` are one number), strings without
//! escapes and with their length before them. So `uniqueItems`, and `enum` and `const` of containers, compare bytes: no hash decides, and
//! no value is read twice.

use std::cmp::Ordering;

use serde_json::Value;

use super::number::Decimal;

/// A kind of value, before its bytes.
const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const STRING: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;
const END: u8 = 7;

/// Values under way, one after another or one inside of another.
#[derive(Debug, Default)]
pub(crate) struct Canonical {
    bytes: Vec<u8>,
    open: Vec<Open>,
    /// Where the members of the open objects start.
    members: Vec<usize>,
    /// For sorting: kept for its memory.
    spare: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    object: bool,
    /// How many members there were when it was opened.
    members: usize,
}

impl Canonical {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.open.clear();
        self.members.clear();
    }

    /// All that was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn null(&mut self) {
        self.bytes.push(NULL);
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.bytes.push(if value { TRUE } else { FALSE });
    }

    /// A number of RFC 8259. O(len).
    pub(crate) fn number(&mut self, text: &[u8]) {
        self.bytes.push(NUMBER);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        Decimal::new(text).canonical(&mut self.bytes);
        self.measure(start);
    }

    /// A string without escapes. O(len).
    pub(crate) fn string(&mut self, text: &[u8]) {
        self.bytes.push(STRING);
        self.text(text);
    }

    /// The name of the next member, without escapes. O(len).
    pub(crate) fn key(&mut self, text: &[u8]) {
        self.members.push(self.bytes.len());
        self.text(text);
    }

    fn text(&mut self, text: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(text);
        self.measure(start);
    }

    /// Writes how long what follows the four bytes at `start` is.
    fn measure(&mut self, start: usize) {
        let len = (self.bytes.len() - start - 4) as u32;
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&len.to_le_bytes());
        }
    }

    pub(crate) fn open(&mut self, object: bool) {
        self.bytes.push(if object { OBJECT } else { ARRAY });
        self.open.push(Open { object, members: self.members.len() });
    }

    /// The end of the innermost container. Sorts the members of an object: O(bytes + n log n) of it.
    pub(crate) fn close(&mut self) {
        if let Some(open) = self.open.pop()
            && open.object
        {
            self.sort(open.members);
            self.members.truncate(open.members);
        }
        self.bytes.push(END);
    }

    fn sort(&mut self, first: usize) {
        let (bytes, end) = (&self.bytes, self.bytes.len());
        let Some(starts) = self.members.get_mut(first..) else { return };
        let Some(&start) = starts.first() else { return };
        let by_name =
            |one: &usize, other: &usize| -> Ordering { name(bytes, *one).cmp(name(bytes, *other)) };
        if starts.is_sorted_by(|one, other| by_name(one, other).is_lt()) {
            return;
        }
        self.spare.clear();
        // Each member with where it ends.
        let mut ends: Vec<usize> = starts.iter().skip(1).copied().collect();
        ends.push(end);
        let mut members: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
        members.sort_by(|one, other| by_name(&one.0, &other.0));
        for (from, to) in members {
            self.spare.extend_from_slice(bytes.get(from..to).unwrap_or_default());
        }
        self.bytes.truncate(start);
        self.bytes.extend_from_slice(&self.spare);
    }

    /// The canonical form of a whole value.
    pub(crate) fn of(value: &Value) -> Box<[u8]> {
        let mut canonical = Canonical::default();
        canonical.value(value);
        canonical.bytes.into()
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.boolean(*value),
            Value::Number(number) => self.number(number.to_string().as_bytes()),
            Value::String(text) => self.string(text.as_bytes()),
            Value::Array(items) => {
                self.open(false);
                for item in items {
                    self.value(item);
                }
                self.close();
            }
            Value::Object(members) => {
                self.open(true);
                for (name, value) in members {
                    self.key(name.as_bytes());
                    self.value(value);
                }
                self.close();
            }
        }
    }
}

/// The name of the member at `start`.
fn name(bytes: &[u8], start: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    let Some((len, rest)) = rest.split_first_chunk::<4>() else { return b"" };
    rest.get(..u32::from_le_bytes(*len) as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Box<[u8]> {
        Canonical::of(&serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    #[test]
    fn equal_values_and_others() {
        let classes: &[&[&str]] = &[
            &["null"],
            &["false"],
            &["true"],
            &["0", "-0", "0.0"],
            &["1", "1.0", "1e0", "10E-1"],
            &["\"1\"", "\"\\u0031\""],
            &["[]"],
            &["{}"],
            &["[[]]"],
            &["[{}]"],
            &["[1,2]", "[1.0,2]"],
            &["[2,1]"],
            &["[[1],2]"],
            &["[[1,2]]"],
            &["[\"\"]"],
            &["\"\""],
            &[r#"{"a":1,"b":{"c":[1],"d":2}}"#, r#"{"b":{"d":2,"c":[1.0]},"a":1}"#],
            &[r#"{"b":1,"a":{"c":[1],"d":2}}"#],
            &[r#"{"a":1}"#],
            &[r#"{"a":1,"aa":1}"#, r#"{"aa":1,"a":1}"#],
            &[r#"{"a":[1],"b":[2]}"#],
            &[r#"{"a":[1,2]}"#],
        ];
        for (at, class) in classes.iter().enumerate() {
            for (other_at, other) in classes.iter().enumerate() {
                for one in *class {
                    for other in *other {
                        assert_eq!(of(one) == of(other), at == other_at, "{one} {other}");
                    }
                }
            }
        }
    }
}
