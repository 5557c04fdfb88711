//! `Content-Disposition` of a part: the name of the field, and of the file if it is one.

use std::ops::Range;

use super::cursor::{Cursor, Parameter};
use crate::parse::flags::flags;

flags! {
    /// What is odd about a `Content-Disposition`. Each makes some reader see another name.
    DispositionProblems {
        /// Not `form-data` with parameters, or without a name.
        MALFORMED = "malformed",
        /// `name` or `filename` twice. Readers take the first or the last.
        TWICE = "twice",
        /// `filename*=` (RFC 5987), which RFC 7578 forbids here; some readers prefer it.
        EXTENDED = "extended",
        /// `\"` in a name: readers end it there, or read on.
        ESCAPED = "escaped",
    }
}

/// A `Content-Disposition` as parts of forms have it (RFC 7578, 4.2). Ranges count bytes of the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disposition {
    /// The first `name`, without quotes.
    pub(crate) name: Option<Range<usize>>,
    /// The first `filename`, without quotes.
    pub(crate) filename: Option<Range<usize>>,
    /// What is odd about it.
    pub(crate) problems: DispositionProblems,
}

impl Disposition {
    /// Reads the value of a `Content-Disposition` header. O(len).
    pub(crate) fn parse(value: &[u8]) -> Disposition {
        let text = |range: Range<usize>| value.get(range).unwrap_or_default();
        let mut parsed = Disposition::default();
        let mut cursor = Cursor::new(value);
        cursor.skip_blanks();
        let kind = cursor.token();
        cursor.skip_blanks();
        let is_form = text(kind).eq_ignore_ascii_case(b"form-data") && cursor.at_end_or(b';');
        let good = cursor.parameters(|name, Parameter { range, .. }| {
            let name = text(name);
            let slot = if name.eq_ignore_ascii_case(b"name") {
                &mut parsed.name
            } else if name.eq_ignore_ascii_case(b"filename") {
                &mut parsed.filename
            } else {
                parsed.problems.set_if(name.contains(&b'*'), DispositionProblems::EXTENDED);
                return;
            };
            parsed.problems.set_if(slot.is_some(), DispositionProblems::TWICE);
            // A lone `\` is ordinary: old browsers send the path of the file.
            let escaped = text(range.clone()).windows(2).any(|pair| pair == b"\\\"");
            parsed.problems.set_if(escaped, DispositionProblems::ESCAPED);
            slot.get_or_insert(range);
        });
        let bad = !is_form || !good || parsed.name.is_none();
        parsed.problems.set_if(bad, DispositionProblems::MALFORMED);
        parsed
    }
}
