//! MessagePack and CBOR (RFC 8949) documents as events with ranges.
//!
//! Both are heads behind each other: what kind of item follows, and how long it is or how many items it holds. So one walk reads both, with
//! two readers of heads. Nothing is resolved, converted or copied; the stack is bounded; linear.

use std::fmt::Write as _;
use std::ops::Range;

use super::flags::flags;
use super::json::pointer_key;
use crate::compile::field::LONGEST_NAME;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// MessagePack.
    Msgpack,
    /// CBOR.
    Cbor,
}

flags! {
    /// Why bytes are no document.
    PackedProblems {
        /// A head that is none, or stands where it cannot.
        MALFORMED = "malformed",
        /// The bytes end before the document does.
        CUT_OFF = "cut-off",
        /// Bytes follow the document.
        TRAILING = "trailing",
    }
}

/// A string of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedString<'a> {
    /// Where its pieces stand; CBOR may write it in several.
    pub(crate) pieces: &'a [Range<usize>],
    /// Whether it is the name of a member.
    pub(crate) is_key: bool,
    /// Whether it is said to be text; else it is bytes.
    pub(crate) is_text: bool,
}

/// How far a document could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedEnd {
    /// What was read; all if nothing is odd.
    pub(crate) len: usize,
    pub(crate) problems: PackedProblems,
    /// Nesting was deeper than allowed, and reading ended there.
    pub(crate) too_deep: bool,
}

/// Reads a document of at most `depth` nested maps and arrays. `each` gets its strings, each with the JSON Pointer to it.
pub(crate) fn read(
    bytes: &[u8],
    packing: Packing,
    depth: usize,
    mut each: impl FnMut(PackedString<'_>, &str),
) -> PackedEnd {
    let mut walk = Walk { open: Vec::new(), pointer: String::new(), pieces: Vec::new() };
    let mut at = 0;
    let end = |len, problems, too_deep| PackedEnd { len, problems, too_deep };
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let head = match packing {
            Packing::Msgpack => msgpack(rest),
            Packing::Cbor => cbor(rest),
        };
        let (item, len) = match head {
            Ok(head) => head,
            Err(problem) => return end(at, problem, false),
        };
        let start = at + len;
        let content = match item {
            Item::Text(len) | Item::Bytes(len) => len,
            _ => 0,
        };
        let Some(after) = usize::try_from(content)
            .ok()
            .and_then(|content| start.checked_add(content))
            .filter(|&after| after <= bytes.len())
        else {
            return end(at, PackedProblems::CUT_OFF, false);
        };
        at = after;
        let fits = match item {
            // Says what the next item is meant to be, and is none itself.
            Item::Tag => continue,
            Item::Break => walk.leave_open(&mut each),
            _ if walk.open.len() >= depth && item.opens() => {
                return end(at, PackedProblems::default(), true);
            }
            _ => walk.item(item, start..after, bytes, &mut each),
        };
        if !fits {
            return end(start - len, PackedProblems::MALFORMED, false);
        }
        walk.leave_full();
        if walk.open.is_empty() {
            let mut problems = PackedProblems::default();
            problems.set_if(at < bytes.len(), PackedProblems::TRAILING);
            return end(at, problems, false);
        }
    }
}

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// A number that may be a key, if it is one that keys are.
    Number(Option<i128>),
    Text(u64),
    Bytes(u64),
    /// So many items; none: until a break.
    Array(Option<u64>),
    Map(Option<u64>),
    /// A string in pieces, until a break.
    Pieces {
        is_text: bool,
    },
    Tag,
    Break,
}

impl Item {
    fn opens(self) -> bool {
        matches!(self, Item::Array(_) | Item::Map(_) | Item::Pieces { .. })
    }
}

type Head = Result<(Item, usize), PackedProblems>;

/// A map, an array, or a string in pieces, that is open.
struct Open {
    kind: Kind,
    /// Items that are still to come; none: until a break.
    left: Option<u64>,
    /// Items so far.
    index: u64,
    /// Where the pointer to it ends.
    pointer: usize,
    /// Whether it is itself the key of a map.
    is_key: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Map,
    Pieces { is_text: bool },
}

struct Walk {
    open: Vec<Open>,
    /// The way to the current item.
    pointer: String,
    /// Of the string that is open.
    pieces: Vec<Range<usize>>,
}

impl Walk {
    /// Takes an item; false if it cannot stand here.
    fn item(
        &mut self,
        item: Item,
        range: Range<usize>,
        bytes: &[u8],
        each: &mut impl FnMut(PackedString<'_>, &str),
    ) -> bool {
        let Some(is_key) = self.enter(item, &range, bytes) else { return false };
        match item {
            Item::Text(_) | Item::Bytes(_) => {
                if let Some(Open { kind: Kind::Pieces { .. }, .. }) = self.open.last() {
                    self.pieces.push(range);
                } else {
                    let is_text = matches!(item, Item::Text(_));
                    each(PackedString { pieces: &[range], is_key, is_text }, &self.pointer);
                }
            }
            Item::Array(left) => self.open(Kind::Array, left, is_key),
            // Each member is two items.
            Item::Map(left) => {
                self.open(Kind::Map, left.map(|left| left.saturating_mul(2)), is_key);
            }
            Item::Pieces { is_text } => {
                self.pieces.clear();
                self.open(Kind::Pieces { is_text }, None, is_key);
            }
            Item::Number(_) | Item::Tag | Item::Break => {}
        }
        true
    }

    /// Goes to the next item of what is open; whether it is a key. None if it cannot stand here.
    fn enter(&mut self, item: Item, range: &Range<usize>, bytes: &[u8]) -> Option<bool> {
        let Some(open) = self.open.last_mut() else { return Some(false) };
        let index = open.index;
        open.index += 1;
        if let Some(left) = &mut open.left {
            *left = left.saturating_sub(1);
        }
        match open.kind {
            Kind::Pieces { is_text } => {
                let same =
                    matches!((item, is_text), (Item::Text(_), true) | (Item::Bytes(_), false));
                same.then_some(false)
            }
            Kind::Array => {
                self.pointer.truncate(open.pointer);
                // Writing to a String cannot fail.
                let _ = write!(self.pointer, "/{index}");
                Some(false)
            }
            Kind::Map if index % 2 == 0 => {
                self.pointer.truncate(open.pointer);
                let key = bytes.get(range.clone()).unwrap_or_default();
                match item {
                    Item::Text(_) | Item::Bytes(_) => {
                        pointer_key(key.get(..LONGEST_NAME).unwrap_or(key), &mut self.pointer);
                    }
                    Item::Number(Some(number)) => {
                        let _ = write!(self.pointer, "/{number}");
                    }
                    _ => self.pointer.push_str("/*"),
                }
                Some(true)
            }
            Kind::Map => Some(false),
        }
    }

    fn open(&mut self, kind: Kind, left: Option<u64>, is_key: bool) {
        self.open.push(Open { kind, left, index: 0, pointer: self.pointer.len(), is_key });
    }

    /// Leaves what is open until a break; false if nothing is, or a key has no value.
    fn leave_open(&mut self, each: &mut impl FnMut(PackedString<'_>, &str)) -> bool {
        let ends = |open: &Open| {
            open.left.is_none() && (open.kind != Kind::Map || open.index.is_multiple_of(2))
        };
        if !self.open.last().is_some_and(ends) {
            return false;
        }
        let Some(open) = self.open.pop() else { return false };
        self.pointer.truncate(open.pointer);
        if let Kind::Pieces { is_text } = open.kind {
            let string = PackedString { pieces: &self.pieces, is_key: open.is_key, is_text };
            each(string, &self.pointer);
        }
        true
    }

    /// Leaves all that holds as many items as it was to hold.
    fn leave_full(&mut self) {
        while let Some(open) = self.open.pop_if(|open| open.left == Some(0)) {
            self.pointer.truncate(open.pointer);
        }
    }
}

/// The number in the first `len` bytes.
fn number(bytes: &[u8], len: usize) -> Result<u64, PackedProblems> {
    let bytes = bytes.get(..len).ok_or(PackedProblems::CUT_OFF)?;
    Ok(bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// The head of an item of MessagePack, as its specification has them; of numbers with all that they are made of.
fn msgpack(bytes: &[u8]) -> Head {
    let (&first, rest) = bytes.split_first().ok_or(PackedProblems::CUT_OFF)?;
    let low = |mask: u8| u64::from(first & mask);
    let long = |len: usize, item: fn(u64) -> Item| Ok((item(number(rest, len)?), 1 + len));
    let skipped = |len: usize| {
        number(rest, len.min(8)).and_then(|_| {
            if rest.len() < len {
                Err(PackedProblems::CUT_OFF)
            } else {
                Ok((Item::Number(None), 1 + len))
            }
        })
    };
    let signed = |len: usize| {
        let number = number(rest, len)?;
        let shift = 64 - 8 * len as u32;
        Ok((Item::Number(Some(i128::from((number << shift) as i64 >> shift))), 1 + len))
    };
    // Extensions: a byte that says which, before what it is made of.
    let extension = |len: u64, before: usize| {
        if rest.len() <= before {
            Err(PackedProblems::CUT_OFF)
        } else {
            Ok((Item::Bytes(len), 2 + before))
        }
    };
    match first {
        0x00..=0x7f => Ok((Item::Number(Some(i128::from(first))), 1)),
        0x80..=0x8f => Ok((Item::Map(Some(low(0x0f))), 1)),
        0x90..=0x9f => Ok((Item::Array(Some(low(0x0f))), 1)),
        0xa0..=0xbf => Ok((Item::Text(low(0x1f)), 1)),
        0xc0 | 0xc2 | 0xc3 => Ok((Item::Number(None), 1)),
        0xc1 => Err(PackedProblems::MALFORMED),
        0xc4..=0xc6 => long(1 << (first - 0xc4), Item::Bytes),
        0xc7..=0xc9 => {
            let len = 1 << (first - 0xc7);
            extension(number(rest, len)?, len)
        }
        0xca => skipped(4),
        0xcb => skipped(8),
        0xcc..=0xcf => long(1 << (first - 0xcc), |number| Item::Number(Some(i128::from(number)))),
        0xd0..=0xd3 => signed(1 << (first - 0xd0)),
        0xd4..=0xd8 => extension(1 << (first - 0xd4), 0),
        0xd9..=0xdb => long(1 << (first - 0xd9), Item::Text),
        0xdc | 0xdd => long(2 << (first - 0xdc), |len| Item::Array(Some(len))),
        0xde | 0xdf => long(2 << (first - 0xde), |len| Item::Map(Some(len))),
        0xe0..=0xff => Ok((Item::Number(Some(i128::from(first as i8))), 1)),
    }
}

/// The head of an item of CBOR (RFC 8949, 3).
fn cbor(bytes: &[u8]) -> Head {
    let (&first, rest) = bytes.split_first().ok_or(PackedProblems::CUT_OFF)?;
    let (major, info) = (first >> 5, first & 0x1f);
    let (argument, len) = match info {
        0..=23 => (Some(u64::from(info)), 0),
        24..=27 => {
            let len = 1 << (info - 24);
            (Some(number(rest, len)?), len)
        }
        31 => (None, 0),
        _ => return Err(PackedProblems::MALFORMED),
    };
    let item = match (major, argument) {
        (0, Some(number)) => Item::Number(Some(i128::from(number))),
        (1, Some(number)) => Item::Number(Some(-1 - i128::from(number))),
        (2, Some(len)) => Item::Bytes(len),
        (3, Some(len)) => Item::Text(len),
        (2 | 3, None) => Item::Pieces { is_text: major == 3 },
        (4, len) => Item::Array(len),
        (5, len) => Item::Map(len),
        (6, Some(_)) => Item::Tag,
        // Below 32 simple values fit into the first byte.
        (7, Some(0..=31)) if info == 24 => return Err(PackedProblems::MALFORMED),
        (7, Some(_)) => Item::Number(None),
        (7, None) => Item::Break,
        _ => return Err(PackedProblems::MALFORMED),
    };
    Ok((item, 1 + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strings with their pointers, and what is odd.
    fn strings(bytes: &[u8], packing: Packing) -> (Vec<String>, Vec<&'static str>) {
        let mut strings = Vec::new();
        let end = read(bytes, packing, 4, |string, pointer| {
            let pieces = string.pieces.iter().flat_map(|range| &bytes[range.clone()]);
            let text: Vec<u8> = pieces.copied().collect();
            let sign = if string.is_key { "~" } else { "=" };
            strings.push(format!("{pointer}{sign}{}", text.escape_ascii()));
        });
        let deep = end.too_deep.then_some("too-deep");
        (strings, end.problems.names().chain(deep).collect())
    }

    #[test]
    fn messagepack_is_told() {
        for (bytes, expected, odd) in [
            (
                &b"\x82\xa1a\x93\x01\xa2xy\xd9\x01z\xa1b\xc4\x02hi"[..],
                &["/a~a", "/a/1=xy", "/a/2=z", "/b~b", "/b=hi"][..],
                &[][..],
            ),
            (b"\xa3tea", &["=tea"], &[]),
            (b"\x81\x07\xa1x", &["/7=x"], &[]),
            (b"\x81\xd1\xff\x00\xa1x", &["/-256=x"], &[]),
            (b"\x81\x91\xa1k\xa1v", &["/*/0=k", "/*=v"], &[]),
            (b"\x92\xd4\x01y\xc7\x02\x05hi", &["/0=y", "/1=hi"], &[]),
            (b"\x93\xca\0\0\0\0\xcb\0\0\0\0\0\0\0\0\xc0", &[], &[]),
            (b"\xdc\x00\x01\xde\x00\x01\xa1a\xda\x00\x01b", &["/0/a~a", "/0/a=b"], &[]),
            (b"\x91\xa1ax", &["/0=a"], &["trailing"]),
            (b"\x92\xa1a", &["/0=a"], &["cut-off"]),
            (b"\xa3te", &[], &["cut-off"]),
            (b"\xdb\xff\xff\xff\xff", &[], &["cut-off"]),
            (b"\xdf\xff\xff\xff\xff\xa1a", &["/a~a"], &["cut-off"]),
            (b"\xc1", &[], &["malformed"]),
            (b"", &[], &["cut-off"]),
            (b"\xca\0\0", &[], &["cut-off"]),
            (b"\xc7\x02", &[], &["cut-off"]),
            (b"\x91\x91\x91\x91\x91\xa1a", &[], &["too-deep"]),
        ] {
            let found = strings(bytes, Packing::Msgpack);
            let expected: Vec<_> = expected.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(found, (expected, odd.to_vec()), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn cbor_is_told() {
        for (bytes, expected, odd) in [
            (
                &b"\xa2\x61a\x83\x01\x62xy\x78\x01z\x61b\x42hi"[..],
                &["/a~a", "/a/1=xy", "/a/2=z", "/b~b", "/b=hi"][..],
                &[][..],
            ),
            (b"\x7f\x62te\x61a\xff", &["=tea"], &[]),
            (b"\x5f\x41a\xff", &["=a"], &[]),
            (b"\xbf\x7f\x61a\x61b\xff\x9f\x61x\xff\xff", &["/*~ab", "/*/0=x"], &[]),
            (b"\xd8\x18\x42hi", &["=hi"], &[]),
            (b"\xa1\x20\x61x", &["/-1=x"], &[]),
            (b"\xf9\x00\x00", &[], &[]),
            (b"\xf6", &[], &[]),
            (b"\x7f\x41a\xff", &[], &["malformed"]),
            (b"\xbf\x61a\xff", &["/a~a"], &["malformed"]),
            (b"\x82\xff", &[], &["malformed"]),
            (b"\xff", &[], &["malformed"]),
            (b"\x1c", &[], &["malformed"]),
            (b"\xf8\x10", &[], &["malformed"]),
            (b"\xc0", &[], &["cut-off"]),
            (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x61a", &["/0=a"], &["cut-off"]),
            (b"\x7b\xff\xff\xff\xff\xff\xff\xff\xffa", &[], &["cut-off"]),
            (b"\x01\x02", &[], &["trailing"]),
            (b"\x9f\x9f\x9f\x9f\x9f\x61a", &[], &["too-deep"]),
        ] {
            let found = strings(bytes, Packing::Cbor);
            let expected: Vec<_> = expected.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(found, (expected, odd.to_vec()), "{}", bytes.escape_ascii());
        }
    }
}
