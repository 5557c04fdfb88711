//! Lenient UTF-8, folds and left-out characters in one pass, as one reading.
//!
//! Three passes would make up to seven readings of one value for no detector's benefit: none of the three hides what
//! another shows. So [`utf8`] reads a character, then [`zero_width`] or [`fold`] may change it, and the view says which of
//! the three happened.

use super::fold::{self, Fold};
use super::hex::{self, Utf16};
use super::notes::Oddity;
use super::rewrite::Rewrite;
use super::utf8::{self, Read};
use super::view::{Transform, View};
use super::zero_width;

/// For each byte, which bytes behind it (by their low six bits) make it the start of a character to look at.
///
/// PERF: half of the letters of Polish and all of Vietnamese share a lead byte with a character that folds; the second byte
/// tells them apart and saves two thirds of the time on such text.
type Starts = [u64; 256];

/// In valid UTF-8: NUL, and characters that may fold or be left out.
static IN_VALID: Starts = {
    let mut starts = [0; 256];
    starts[0] = u64::MAX;
    let tables = [fold::STARTS, zero_width::STARTS];
    let mut table = 0;
    while table < tables.len() {
        let mut at = 0;
        while at < tables[table].len() {
            let [lead, second] = tables[table][at];
            starts[lead as usize] |= 1 << (second & 0x3f);
            at += 1;
        }
        table += 1;
    }
    starts
};

/// In anything else: NUL and all that is not ASCII.
static IN_ANY: Starts = {
    let mut starts = [u64::MAX; 256];
    let mut byte = 1;
    while byte < 128 {
        starts[byte] = 0;
        byte += 1;
    }
    starts
};

/// Where the first character to look at starts. O(len).
fn find(bytes: &[u8], starts: &Starts) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|&byte| starts[byte as usize] != 0)?;
        let mask = starts[*bytes.get(at)? as usize];
        let second = bytes.get(at + 1).copied().unwrap_or_default();
        if mask >> (second & 0x3f) & 1 != 0 {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Blanks across which a character still stands beside ASCII.
const BLANKS: usize = 8;

/// Reads lenient UTF-8, folds to ASCII and leaves out what shows nothing, NUL bytes among it. O(len).
///
/// Overlong forms, invalid bytes and NUL are noted; valid text without foldable characters costs its validation and one
/// table pass.
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    let valid = simdutf8::basic::from_utf8(input).is_ok();
    let starts = if valid { &IN_VALID } else { &IN_ANY };
    let mut rewrite = Rewrite::new(input, out);
    // Where the last character that was looked at ended, and whether it, or what stands before its blanks, reads as ASCII that
    // shows (or as nothing, after such).
    let (mut end, mut ascii) = (0, false);
    while let Some(found) = find(input.get(end..).unwrap_or_default(), starts) {
        let at = end + found;
        let between = input.get(end..at).unwrap_or_default();
        let joined = between.is_empty();
        if let Some(last) =
            between.iter().rev().take(BLANKS).find(|byte| !byte.is_ascii_whitespace())
        {
            ascii = last.is_ascii_graphic();
        } else if found > BLANKS {
            ascii = false;
        }
        let rest = input.get(at..).unwrap_or_default();
        let (mut len, what) = utf8::read(rest);
        let (c, overlong) = match what {
            Read::Valid(c) => (Some(c), false),
            Read::Overlong(c) => {
                rewrite.note(Oddity::Overlong, at);
                (Some(c), true)
            }
            Read::Surrogate(first) => {
                rewrite.note(Oddity::InvalidUtf8, at);
                let joined = pair(first, rest.get(len..).unwrap_or_default());
                if joined.is_some() {
                    len += 3;
                } else {
                    rewrite.note(Oddity::LoneSurrogate, at);
                }
                (joined, true)
            }
            Read::Invalid => {
                rewrite.note(Oddity::InvalidUtf8, at);
                (None, true)
            }
        };
        let after = rest.get(len..).unwrap_or_default();
        let source = at..at + len;
        end = source.end;
        let Some(c) = c else {
            rewrite.replace(source, b"", Transform::Overlong);
            continue;
        };
        if c == '\0' {
            rewrite.note(Oddity::NulByte, at);
            rewrite.replace(source, b"", Transform::ZeroWidth);
            continue;
        }
        let shows = |after: &[u8]| after.first().is_some_and(u8::is_ascii_graphic) || folds(after);
        let touches = || {
            let before = input.get(at.wrapping_sub(1)).is_some_and(u8::is_ascii_graphic);
            before || joined && ascii || shows(after)
        };
        let beside_ascii = || {
            let blanks =
                after.iter().take(BLANKS).take_while(|byte| byte.is_ascii_whitespace()).count();
            ascii || shows(after.get(blanks..).unwrap_or_default())
        };
        if zero_width::ignorable(c) && touches() {
            rewrite.replace(source, b"", Transform::ZeroWidth);
            continue;
        }
        let folded = match fold::fold(c) {
            Some(Fold::Always(byte)) => Some(byte),
            Some(Fold::TouchingAscii(byte)) if touches() => Some(byte),
            Some(Fold::BesideAscii(byte)) if beside_ascii() => Some(byte),
            _ => None,
        };
        ascii = folded.is_some() || c.is_ascii_graphic();
        if let Some(byte) = folded {
            rewrite.replace(source.clone(), &[byte], Transform::Fold);
        } else if overlong {
            rewrite.replace_char(source, c, Transform::Overlong);
        }
    }
    rewrite.finish()
}

/// The character that the surrogate `first` gives with the one that begins `after`.
fn pair(first: u16, after: &[u8]) -> Option<char> {
    let next = || match utf8::read(after) {
        (_, Read::Surrogate(low)) => Some(low),
        _ => None,
    };
    match hex::join(first, next) {
        Utf16::Two(c) => Some(c),
        _ => None,
    }
}

/// Whether a character that always folds stands at the start.
fn folds(bytes: &[u8]) -> bool {
    match utf8::read(bytes) {
        (_, Read::Valid(c)) => matches!(fold::fold(c), Some(Fold::Always(_))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("overlong", decode);
        suite("fold", decode);
        suite("zero-width", decode);
    }

    #[test]
    fn what_happened_is_named() {
        for (input, transforms) in [
            (&b"\xc0\xaf"[..], &[Transform::Overlong][..]),
            ("ｓ\u{200b}".as_bytes(), &[Transform::Fold, Transform::ZeroWidth]),
            (b"a\0", &[Transform::ZeroWidth]),
            ("é".as_bytes(), &[]),
        ] {
            let view = run(input, decode);
            assert!(
                view.transforms().iter().eq(transforms.iter().copied()),
                "{}",
                input.escape_ascii()
            );
        }
    }

    #[test]
    fn oddities_are_noted_where_they_stand() {
        for (input, oddity, at) in [
            (&b"..\xc0\xaf"[..], Oddity::Overlong, 2),
            (b"caf\xe9", Oddity::InvalidUtf8, 3),
            (b"a\0b\0", Oddity::NulByte, 1),
            (b"a\xed\xa0\xbd", Oddity::LoneSurrogate, 1),
        ] {
            assert_eq!(
                run(input, decode).notes().get(oddity),
                Some(at),
                "{}",
                input.escape_ascii()
            );
        }
        assert!(run("naïve Ελλάδα 中文 🙂".as_bytes(), decode).notes().is_empty());
    }
}
