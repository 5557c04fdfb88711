//! Escapes of JavaScript string literals (ECMA-262 12.9.4) and of the languages that took them from C.
//!
//! A backslash is ordinary in Windows paths, regular expressions, LaTeX and JSON inside of JSON. So the one-letter
//! escapes (`\n`, `\'`, `\\`) are read only where the value also holds an escape that hides a character by its number.

use memchr::{memchr, memchr_iter};

use super::hex::{self, Utf16};
use super::notes::Oddity;
use super::rewrite::Rewrite;
use super::view::{Transform, View};

/// What a backslash and what follows it reads as.
struct Escape {
    /// Bytes, with the backslash.
    len: usize,
    /// None for a line continuation.
    reads: Option<char>,
    /// Whether it gives a character by its number.
    by_number: bool,
    lone_surrogate: bool,
}

/// Reads escapes once, if one of them gives a character by number: `\xHH`, `\uHHHH`, `\u{H…}`, or octal digits for a
/// printable ASCII character: three, or two from `\40` on. O(len).
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    if !any_by_number(input) {
        return false;
    }
    let mut rewrite = Rewrite::new(input, out);
    let mut at = 0;
    while let Some(found) = memchr(b'\\', input.get(at..).unwrap_or_default()) {
        at += found;
        at += match escape(input.get(at..).unwrap_or_default()) {
            Some(Escape { len, reads, lone_surrogate, .. }) => {
                let source = at..at + len;
                match reads {
                    Some(c) => rewrite.replace_char(source, c, Transform::JsEscape),
                    None => rewrite.replace(source, b"", Transform::JsEscape),
                }
                if lone_surrogate {
                    rewrite.note(Oddity::LoneSurrogate, at);
                }
                len
            }
            // `\d` and its like: neither the backslash nor the letter may hide what follows.
            None => 1,
        };
    }
    rewrite.finish()
}

/// Whether any escape is by number. A doubled backslash does not hide it: then it is one level deeper, and `\\` is
/// to be read first.
fn any_by_number(input: &[u8]) -> bool {
    memchr_iter(b'\\', input)
        .any(|at| escape(input.get(at..).unwrap_or_default()).is_some_and(|e| e.by_number))
}

/// The escape at the start of `rest`, which begins with a backslash.
fn escape(rest: &[u8]) -> Option<Escape> {
    let by_number =
        |len, c| Some(Escape { len, reads: Some(c), by_number: true, lone_surrogate: false });
    match *rest {
        [_, b'x', high, low, ..] => by_number(4, hex::pair(high, low)?.into()),
        [_, b'u', b'{', ref digits @ ..] => {
            let len = digits.iter().position(|&byte| byte == b'}' || hex::digit(byte).is_none())?;
            if len == 0 || digits.get(len) != Some(&b'}') {
                return None;
            }
            let code = digits.iter().take(len).fold(0u32, |code, &byte| {
                code.saturating_mul(16).saturating_add(hex::digit(byte).unwrap_or(0).into())
            });
            by_number(len + 4, char::from_u32(code)?)
        }
        [_, b'u', ref digits @ ..] => {
            match hex::join(hex::unit(digits)?, || hex::unit_after(digits, b'\\')) {
                Utf16::One(c) => by_number(6, c),
                Utf16::Two(c) => by_number(12, c),
                Utf16::Lone => Some(Escape {
                    len: 6,
                    reads: Some(char::REPLACEMENT_CHARACTER),
                    by_number: true,
                    lone_surrogate: true,
                }),
            }
        }
        [_, a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            let code = (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0');
            let printable = matches!(code, b' '..=b'~');
            Some(Escape {
                len: 4,
                reads: Some(code.into()),
                by_number: printable,
                lone_surrogate: false,
            })
        }
        [_, a @ b'4'..=b'7', b @ b'0'..=b'7', ..] => {
            by_number(3, ((a - b'0') << 3 | (b - b'0')).into())
        }
        [_, letter, ..] => {
            let reads = match letter {
                b'n' => Some('\n'),
                b'r' => Some('\r'),
                b't' => Some('\t'),
                b'b' => Some('\x08'),
                b'f' => Some('\x0c'),
                b'v' => Some('\x0b'),
                b'\n' => None,
                b'!'..=b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~' => Some(letter.into()),
                _ => return None,
            };
            Some(Escape { len: 2, reads, by_number: false, lone_surrogate: false })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("js-escape", decode);
    }

    #[test]
    fn many_open_braces_cost_one_look_each() {
        // Each `\u{` is followed by one digit only, so no look-ahead runs to the end.
        assert!(!decode(&br"\u{1".repeat(20_000), &mut View::default()));
    }

    #[test]
    fn a_lone_surrogate_is_noted() {
        let view = run(br"a\ud83d", decode);
        assert_eq!(view.notes().get(Oddity::LoneSurrogate), Some(1));
        assert_eq!(view.bytes(), "a\u{fffd}".as_bytes());
    }
}
