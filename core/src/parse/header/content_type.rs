//! `Content-Type`: which reader a body is for.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::cursor::{Cursor, Parameter};
use crate::parse::flags::flags;

flags! {
    /// What is odd about a `Content-Type`. Each makes some reader see another type, charset or boundary.
    TypeProblems {
        /// Not `type/subtype` with parameters; `application/json, text/plain` is such.
        MALFORMED = "malformed",
        /// `charset` twice. Readers take the first or the last.
        TWO_CHARSETS = "two-charsets",
        /// `boundary` twice. Readers take the first or the last.
        TWO_BOUNDARIES = "two-boundaries",
        /// `boundary*=` or `charset*0=` (RFC 2231), which is for mail; some readers heed it.
        EXTENDED = "extended",
        /// A quoted charset or boundary with `\` in it, which not every reader takes off.
        ESCAPED = "escaped",
    }
}

/// A media type as in `Content-Type` (RFC 9110, 8.3.1), lenient about case and blanks.
///
/// All ranges count bytes of the header value. A malformed type has empty ranges and is none of the known types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContentType<'a> {
    value: &'a [u8],
    /// `application`
    pub(crate) kind: Range<usize>,
    /// `ld+json`
    pub(crate) subtype: Range<usize>,
    /// `json` of `ld+json`: what stands after the last `+`.
    pub(crate) suffix: Option<Range<usize>>,
    /// The first `charset`, without quotes.
    pub(crate) charset: Option<Range<usize>>,
    /// The first `boundary`, without quotes.
    pub(crate) boundary: Option<Range<usize>>,
    /// What is odd about it.
    pub(crate) problems: TypeProblems,
}

impl<'a> ContentType<'a> {
    /// Reads the value of a `Content-Type` header. O(len).
    ///
    /// Only `charset` and `boundary` decide how a body is read, so only they are kept and only their duplicates noted.
    pub(crate) fn parse(value: &'a [u8]) -> ContentType<'a> {
        let mut parsed = ContentType {
            value,
            kind: 0..0,
            subtype: 0..0,
            suffix: None,
            charset: None,
            boundary: None,
            problems: TypeProblems::default(),
        };
        let mut cursor = Cursor::new(value);
        cursor.skip_blanks();
        let kind = cursor.token();
        let slash = cursor.take(b'/');
        let subtype = cursor.token();
        cursor.skip_blanks();
        if kind.is_empty() || !slash || subtype.is_empty() || !cursor.at_end_or(b';') {
            parsed.problems = TypeProblems::MALFORMED;
            return parsed;
        }
        let plus = value.get(subtype.clone()).and_then(|text| memrchr(b'+', text));
        parsed.suffix = plus.map(|at| subtype.start + at + 1..subtype.end);
        (parsed.kind, parsed.subtype) = (kind, subtype);
        let good = cursor.parameters(|name, Parameter { range, escaped }| {
            parsed.keep(name, range, escaped);
        });
        parsed.problems.set_if(!good, TypeProblems::MALFORMED);
        parsed
    }

    fn keep(&mut self, name: Range<usize>, range: Range<usize>, escaped: bool) {
        let name = self.value.get(name).unwrap_or_default();
        let (base, extended) = match memchr(b'*', name).and_then(|star| name.get(..star)) {
            Some(base) => (base, true),
            None => (name, false),
        };
        let (slot, twice) = if base.eq_ignore_ascii_case(b"charset") {
            (&mut self.charset, TypeProblems::TWO_CHARSETS)
        } else if base.eq_ignore_ascii_case(b"boundary") {
            (&mut self.boundary, TypeProblems::TWO_BOUNDARIES)
        } else {
            return;
        };
        self.problems.set_if(extended, TypeProblems::EXTENDED);
        self.problems.set_if(escaped, TypeProblems::ESCAPED);
        if !extended {
            self.problems.set_if(slot.is_some(), twice);
            slot.get_or_insert(range);
        }
    }

    /// The bytes of one of the ranges.
    pub(crate) fn text(&self, range: &Range<usize>) -> &'a [u8] {
        self.value.get(range.clone()).unwrap_or_default()
    }

    /// Whether the bytes are UTF-8 by the charset: absent, `utf-8`, or its subset `us-ascii`.
    pub(crate) fn is_utf8(&self) -> bool {
        let Some(charset) = &self.charset else { return true };
        is_utf8(self.text(charset))
    }

    /// Whether the charset is one of the West that reads bytes of ASCII as ASCII; clients in Java declare it by default.
    pub(crate) fn extends_ascii(&self) -> bool {
        let charset = self.charset.as_ref().map_or(&[][..], |charset| self.text(charset));
        [&b"iso-8859-1"[..], b"iso-8859-15", b"windows-1252"]
            .iter()
            .any(|name| charset.eq_ignore_ascii_case(name))
    }
}

/// Whether a charset of this name is UTF-8, or its subset ASCII.
pub(crate) fn is_utf8(charset: &[u8]) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::header::{ContentLength, is_token};
    use crate::parse::testing::Random;

    #[test]
    fn content_types_never_leave_their_value() {
        let alphabet = [
            "application",
            "/",
            "json",
            "+",
            ";",
            " ",
            "charset",
            "=",
            "utf-8",
            "\"",
            "\\",
            "boundary",
            "*",
            ",",
        ];
        let mut random = Random::new();
        let mut whole = 0;
        for _ in 0..50_000 {
            let value = random.text(&alphabet, 16);
            let parsed = ContentType::parse(&value);
            let parts = [&parsed.suffix, &parsed.charset, &parsed.boundary];
            for range in
                [&parsed.kind, &parsed.subtype].into_iter().chain(parts.into_iter().flatten())
            {
                assert!(range.start <= range.end && range.end <= value.len());
            }
            assert!(
                is_token(&value[parsed.kind.clone()])
                    || parsed.problems.has(TypeProblems::MALFORMED)
            );
            whole += usize::from(parsed.problems.is_empty());
            ContentLength::parse(&value);
        }
        assert!(whole > 50, "{whole}");
    }
}
