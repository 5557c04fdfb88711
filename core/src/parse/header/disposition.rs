//! `Content-Disposition` of a part: the name of the field, and of the file if it is one.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::cursor::{Cursor, Parameter};
use super::is_token_byte;
use crate::parse::flags::flags;

flags! {
    /// What is odd about a `Content-Disposition`. Each makes some reader see another name.
    DispositionProblems {
        /// Not `form-data` with parameters, or without a name.
        MALFORMED = "malformed",
        /// `name` or `filename` twice. Readers take the first or the last.
        TWICE = "twice",
        /// `name*=`, `filename*0=`, or a `filename*=` that is not UTF-8 as RFC 8187 has it; some readers prefer them.
        EXTENDED = "extended",
        /// `\"` in a name, and a `;` behind it: readers that end the name at the quote see other parameters.
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
    /// What `filename*=UTF-8''` codes by percent. RFC 7578 forbids it, and clients send it, beside `filename` or alone.
    pub(crate) extended: Option<Range<usize>>,
    /// Whether it has parameters besides these.
    pub(crate) others: bool,
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
        let good = cursor.parameters(|name, Parameter { mut range, .. }| {
            let name = text(name);
            let slot = if name.eq_ignore_ascii_case(b"name") {
                &mut parsed.name
            } else if name.eq_ignore_ascii_case(b"filename") {
                &mut parsed.filename
            } else if name.eq_ignore_ascii_case(b"filename*")
                && let Some(coded) = extended_value(text(range.clone()))
            {
                range.start = range.end - coded.len();
                &mut parsed.extended
            } else {
                parsed.others = true;
                parsed.problems.set_if(name.contains(&b'*'), DispositionProblems::EXTENDED);
                return;
            };
            parsed.problems.set_if(slot.is_some(), DispositionProblems::TWICE);
            parsed.problems.set_if(ends_early(text(range.clone())), DispositionProblems::ESCAPED);
            slot.get_or_insert(range);
        });
        let bad = !is_form || !good || parsed.name.is_none();
        parsed.problems.set_if(bad, DispositionProblems::MALFORMED);
        parsed
    }
}

/// What is coded in the value of `filename*` (RFC 8187, 3.2.1), if it is well-formed and UTF-8.
fn extended_value(value: &[u8]) -> Option<&[u8]> {
    let (charset, rest) = value.split_at_checked(5)?;
    let rest = rest.strip_prefix(b"'")?;
    let coded = rest.get(memchr(b'\'', rest)? + 1..)?;
    let plain = coded.iter().all(|&byte| byte == b'%' || is_token_byte(byte));
    (charset.eq_ignore_ascii_case(b"utf-8") && plain).then_some(coded)
}

/// Whether a reader for whom `\"` ends a quoted string finds parameters in what follows. Else it sees the begin of the name that
/// others see. A lone `\` is ordinary: old browsers send the path of the file.
fn ends_early(quoted: &[u8]) -> bool {
    let end = memmem::find(quoted, b"\\\"");
    end.and_then(|at| quoted.get(at..)).is_some_and(|rest| memchr(b';', rest).is_some())
}
