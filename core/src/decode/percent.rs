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
    /// `%XX` and `%uXXXX`; and a `%` between any two characters is nothing.
    Lenient,
}

/// Reads `%` escapes once. O(len).
///
/// A `%` that escapes nothing stays and is noted. Units of a surrogate pair are joined. Classic ASP dropped what escapes
/// nothing, so that `%S%E%L%E%C%T` was a word: leniently read it goes where every second character is one.
pub(crate) fn decode(input: &[u8], flavour: Flavour, out: &mut View) -> bool {
    let by = if flavour == Flavour::Form { Transform::Form } else { Transform::Percent };
    let mut rewrite = Rewrite::new(input, out);
    let mut at = 0;
    // Where the last `%` stood that was nothing.
    let mut dropped = None;
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
            [_, ref behind @ ..] => {
                rewrite.note(Oddity::BadPercent, at);
                let in_row = matches!(behind, [b, b'%', ..] if *b != b'%')
                    || at.checked_sub(2).is_some_and(|before| dropped == Some(before));
                if flavour == Flavour::Lenient && in_row {
                    rewrite.replace(at..at + 1, b"", by);
                    dropped = Some(at);
                }
                1
            }
            [] => break,
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
    fn signs_between_all_characters_are_nothing() {
        let lenient = |input: &[u8]| run(input, |input, out| decode(input, Flavour::Lenient, out));
        let view = lenient(b"%1%' %U%N%I%O%N %S%E%L%E%C%T %1");
        assert_eq!(view.bytes(), b"1' UNION SELECT %1");
        assert_eq!(view.source(3..8), 6..15);
        for text in [&b"100%, 5% off"[..], b"%s of %d", b"a%%b", b"%"] {
            assert_eq!(lenient(text).bytes(), b"", "{text:?} is left as it is");
        }
    }

    #[test]
    fn each_notation_is_named() {
        let view = run(b"%41%u0042", |input, out| decode(input, Flavour::Lenient, out));
        assert!(view.transforms().iter().eq([Transform::Percent, Transform::PercentU]));
        assert_eq!(view.source(1..2), 3..9);
    }
}
