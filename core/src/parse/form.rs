//! `application/x-www-form-urlencoded` bodies, in chunks of any size.
//!
//! A field that lies within one chunk is handed on as a slice of that chunk; one that is split is gathered first. So the
//! fields, their bytes and their offsets are the same however a body is cut. Nothing is decoded here.

use std::ops::Range;

use memchr::memchr;

/// A name or a value as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raw<'a> {
    /// Its bytes, not decoded.
    pub(crate) bytes: &'a [u8],
    /// Where it starts in the body.
    pub(crate) at: usize,
}

impl Raw<'_> {
    /// Where it stands in the body.
    pub(crate) fn range(&self) -> Range<usize> {
        self.at..self.at + self.bytes.len()
    }
}

/// One field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Its name. May be empty.
    pub(crate) name: Raw<'a>,
    /// What stands after the first `=`; `None` if there is no `=`.
    pub(crate) value: Option<Raw<'a>>,
}

/// Parses a form as it arrives. Resumes at any byte.
///
/// Divides as [`pairs`](super::query::pairs) does. A field of more than `longest` bytes is cut off there and reported by
/// [`FormParser::cut_off`]; with `longest` at the limit of the whole body that cannot happen within limits.
#[derive(Clone, Debug)]
pub(crate) struct FormParser {
    /// The field that the last chunk ended in, as far as it is known and fits.
    carry: Vec<u8>,
    /// Where the current field starts in the body.
    field_at: usize,
    /// Bytes of the body seen so far.
    seen: usize,
    longest: usize,
    cut_off: bool,
}

impl FormParser {
    /// A parser at the start of a body. Allocates when a field is first split between chunks.
    pub(crate) fn new(longest: usize) -> FormParser {
        FormParser { carry: Vec::new(), field_at: 0, seen: 0, longest, cut_off: false }
    }

    /// Starts over with another body; keeps the memory.
    pub(crate) fn reset(&mut self) {
        self.carry.clear();
        (self.field_at, self.seen, self.cut_off) = (0, 0, false);
    }

    /// Whether a field was longer than allowed, so that its end was not handed on.
    pub(crate) fn cut_off(&self) -> bool {
        self.cut_off
    }

    /// Bytes of the body so far.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    /// Bytes of the field that waits for its end.
    pub(crate) fn pending(&self) -> usize {
        self.carry.len()
    }

    /// Takes the next bytes of the body; every field that ends in them goes to `sink`. O(len).
    pub(crate) fn feed(&mut self, chunk: &[u8], mut sink: impl FnMut(Field<'_>)) {
        let mut rest = chunk;
        while let Some((piece, tail)) =
            memchr(b'&', rest).and_then(|len| Some((rest.get(..len)?, rest.get(len + 1..)?)))
        {
            self.seen += piece.len() + 1;
            if self.carry.is_empty() {
                let kept = self.fitting(piece);
                emit(kept, self.field_at, &mut sink);
            } else {
                self.gather(piece);
                self.flush(&mut sink);
            }
            self.field_at = self.seen;
            rest = tail;
        }
        self.seen += rest.len();
        self.gather(rest);
    }

    /// The body has ended: the last field goes to `sink`. Call [`FormParser::reset`] before another body.
    pub(crate) fn finish(&mut self, mut sink: impl FnMut(Field<'_>)) {
        self.flush(&mut sink);
        self.field_at = self.seen;
    }

    fn flush(&mut self, sink: &mut impl FnMut(Field<'_>)) {
        emit(&self.carry, self.field_at, sink);
        self.carry.clear();
    }

    fn gather(&mut self, piece: &[u8]) {
        let kept = self.fitting(piece);
        self.carry.extend_from_slice(kept);
    }

    /// As much of `piece` as the current field may still take.
    fn fitting<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        match piece.get(..self.longest - self.carry.len().min(self.longest)) {
            Some(kept) => {
                self.cut_off |= kept.len() < piece.len();
                kept
            }
            None => piece,
        }
    }
}

fn emit(field: &[u8], at: usize, sink: &mut impl FnMut(Field<'_>)) {
    if field.is_empty() {
        return;
    }
    let (name, value) = match memchr(b'=', field) {
        Some(len) => (field.get(..len).unwrap_or_default(), field.get(len + 1..)),
        None => (field, None),
    };
    sink(Field {
        name: Raw { bytes: name, at },
        value: value.map(|bytes| Raw { bytes, at: at + name.len() + 1 }),
    });
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::query::pairs;
    use crate::parse::testing::{Random, cases};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        body: String,
        fields: Vec<Vec<String>>,
    }

    type Owned = (Vec<u8>, Range<usize>, Option<(Vec<u8>, Range<usize>)>);

    fn owned(field: Field<'_>) -> Owned {
        let value = field.value.map(|value| (value.bytes.to_vec(), value.range()));
        (field.name.bytes.to_vec(), field.name.range(), value)
    }

    fn parse(parser: &mut FormParser, chunks: &[&[u8]]) -> (Vec<Owned>, bool) {
        let mut fields = Vec::new();
        parser.reset();
        for chunk in chunks {
            parser.feed(chunk, |field| fields.push(owned(field)));
        }
        parser.finish(|field| fields.push(owned(field)));
        (fields, parser.cut_off())
    }

    #[test]
    fn testdata_split_at_every_byte() {
        let mut parser = FormParser::new(1 << 20);
        for case in cases::<Case>("parse/form.toml") {
            let body = case.body.as_bytes();
            let whole = parse(&mut parser, &[body]);
            let texts: Vec<Vec<String>> = whole
                .0
                .iter()
                .map(|(name, _, value)| {
                    let parts = std::iter::once(name).chain(value.as_ref().map(|(bytes, _)| bytes));
                    parts.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
                })
                .collect();
            assert_eq!(texts, case.fields, "{}", case.body);
            for at in 0..=body.len() {
                let (head, tail) = body.split_at(at);
                assert_eq!(parse(&mut parser, &[head, tail]), whole, "{} at {at}", case.body);
            }
            let single: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(parse(&mut parser, &single), whole, "{}", case.body);
        }
    }

    #[test]
    fn agrees_with_pairs_and_with_itself_in_random_chunks() {
        let mut random = Random::new();
        let mut parser = FormParser::new(1 << 20);
        let mut short = FormParser::new(5);
        for _ in 0..5_000 {
            let body = random.text(&["&", "=", "a", "bcd", "%20", "+", ";"], 14);
            let whole = parse(&mut parser, &[&body]);
            let expected: Vec<Owned> = pairs(&body, 0..body.len())
                .map(|pair| {
                    let value = pair.value.map(|range| (body[range.clone()].to_vec(), range));
                    (body[pair.name.clone()].to_vec(), pair.name, value)
                })
                .collect();
            assert_eq!(whole, (expected, false));

            let mut chunks: Vec<&[u8]> = Vec::new();
            let mut rest = body.as_slice();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at(random.below(rest.len() + 1).min(4));
                chunks.push(head);
                rest = tail;
            }
            assert_eq!(parse(&mut parser, &chunks), whole);
            assert_eq!(parse(&mut short, &chunks), parse(&mut short, &[&body]));
        }
    }

    #[test]
    fn a_field_too_long_is_cut_off_at_the_same_byte_in_any_chunks() {
        let mut parser = FormParser::new(4);
        let expected = vec![
            (b"a".to_vec(), 0..1, Some((b"bc".to_vec(), 2..4))),
            (b"x".to_vec(), 7..8, Some((b"yz".to_vec(), 9..11))),
            (b"long".to_vec(), 12..16, None),
        ];
        let chunkings: [&[&[u8]]; 3] = [
            &[b"a=bcde&x=yz&longer"],
            &[b"a=b", b"cd", b"e&x", b"=yz&longe", b"r"],
            &[b"a=bc", b"de&x=yz&longer"],
        ];
        for chunks in chunkings {
            assert_eq!(parse(&mut parser, chunks), (expected.clone(), true));
        }
        assert!(!parse(&mut parser, &[b"a=bc&", b"d=ef"]).1, "four bytes fit");
        assert_eq!(parse(&mut FormParser::new(0), &[b"a=b"]), (vec![], true));
    }
}
