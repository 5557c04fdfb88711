//! `%XX` (RFC 3986 section 2.1), `+` as a blank (WHATWG URL, form decoding), `%uXXXX` (`escape` of scripts, read by IIS).

use memchr::{memchr, memchr2};

use super::hex::{self, Utf16};
use super::notes::Oddity;
use super::rewrite::Rewrite;
use super::view::{Transform, View};

/// Which of the readers of `%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// `%XX`, and `+` is a blank.
    Form,
    /// `%XX` alone.
    Strict,
    /// `%XX` and `%uXXXX`.
    Lenient,
}

/// Reads `%` escapes once. O(len).
///
/// A `%` that escapes nothing stays and is noted. Units of a surrogate pair are joined.
pub(crate) fn decode(input: &[u8], flavour: Flavour, out: &mut View) -> bool {
    let by = if flavour == Flavour::Form { Transform::Form } else { Transform::Percent };
    let mut rewrite = Rewrite::new(input, out);
    let mut at = 0;
    while let Some(rest) = input.get(at..) {
        // PERF: escapes stand in rows; looking at the next byte first saves the call for most of them.
        let found = match rest.first() {
            Some(b'%') => Some(0),
            _ if flavour == Flavour::Form => memchr2(b'%', b'+', rest),
            _ => memchr(b'%', rest),
        };
        let Some(found) = found else { break };
        at += found;
        let len = match *rest.get(found..).unwrap_or_default() {
            [b'+', ..] => {
                rewrite.replace(at..at + 1, b" ", by);
                1
            }
            [b'%', high, low, ..] if let Some(byte) = hex::pair(high, low) => {
                rewrite.replace(at..at + 3, &[byte], by);
                3
            }
            [b'%', b'u' | b'U', ref digits @ ..]
                if flavour == Flavour::Lenient
                    && let Some(unit) = hex::unit(digits) =>
            {
                let (len, c) = match hex::join(unit, || hex::unit_after(digits, b'%')) {
                    Utf16::One(c) => (6, c),
                    Utf16::Two(c) => (12, c),
                    Utf16::Lone => {
                        rewrite.note(Oddity::LoneSurrogate, at);
                        (6, char::REPLACEMENT_CHARACTER)
                    }
                };
                rewrite.replace_char(at..at + len, c, Transform::PercentU);
                len
            }
            _ => {
                rewrite.note(Oddity::BadPercent, at);
                1
            }
        };
        at += len;
    }
    rewrite.finish()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("form", |input, out| decode(input, Flavour::Form, out));
        suite("percent", |input, out| decode(input, Flavour::Strict, out));
        suite("percent-u", |input, out| decode(input, Flavour::Lenient, out));
    }

    #[test]
    fn malformed_escapes_are_noted_where_they_stand() {
        let view = run(b"%41 5% off", |input, out| decode(input, Flavour::Strict, out));
        assert_eq!(view.notes().get(Oddity::BadPercent), Some(5));
        let view = run(b"a%ud83d", |input, out| decode(input, Flavour::Lenient, out));
        assert_eq!(view.notes().get(Oddity::LoneSurrogate), Some(1));
        let view = run(b"%41%2b", |input, out| decode(input, Flavour::Form, out));
        assert!(view.notes().is_empty());
    }

    #[test]
    fn each_notation_is_named() {
        let view = run(b"%41%u0042", |input, out| decode(input, Flavour::Lenient, out));
        assert!(view.transforms().iter().eq([Transform::Percent, Transform::PercentU]));
        assert_eq!(view.source(1..2), 3..9);
    }
}
