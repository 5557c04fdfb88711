//! The escapes of a JSON string (RFC 8259 section 7), for tokens that hold a backslash.

use memchr::memchr;

use super::hex::{self, Utf16};
use super::notes::Oddity;
use super::rewrite::Rewrite;
use super::view::{Transform, View};

/// Reads the inside of a string token, without its quotes. O(len).
///
/// A `\` that RFC 8259 does not allow stays and is noted as [`Oddity::BadEscape`]; half a surrogate pair reads as U+FFFD
/// and is noted. Raw controls and quotes are the tokenizer's business.
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    let mut rewrite = Rewrite::new(input, out);
    let mut at = 0;
    while let Some(found) = memchr(b'\\', input.get(at..).unwrap_or_default()) {
        at += found;
        let rest = input.get(at + 1..).unwrap_or_default();
        let len = match (rest.first().and_then(|&name| short(name)), rest) {
            (Some(byte), _) => {
                rewrite.replace(at..at + 2, &[byte], Transform::JsonString);
                2
            }
            (None, [b'u', digits @ ..]) if let Some(unit) = hex::unit(digits) => {
                let (len, c) = match hex::join(unit, || hex::unit_after(digits, b'\\')) {
                    Utf16::One(c) => (6, c),
                    Utf16::Two(c) => (12, c),
                    Utf16::Lone => {
                        rewrite.note(Oddity::LoneSurrogate, at);
                        (6, char::REPLACEMENT_CHARACTER)
                    }
                };
                rewrite.replace_char(at..at + len, c, Transform::JsonString);
                len
            }
            _ => {
                rewrite.note(Oddity::BadEscape, at);
                1
            }
        };
        at += len;
    }
    rewrite.finish()
}

/// What a two-character escape stands for.
fn short(name: u8) -> Option<u8> {
    Some(match name {
        b'"' | b'\\' | b'/' => name,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("json-string", decode);
    }

    #[test]
    fn what_rfc_8259_does_not_allow_is_noted() {
        for (input, oddity, at) in [
            (r"ab\x41".as_bytes(), Oddity::BadEscape, 2),
            (br"a\u12g4", Oddity::BadEscape, 1),
            (br"\n\", Oddity::BadEscape, 2),
            (br"a\U0041", Oddity::BadEscape, 1),
            (br"\n\udc00", Oddity::LoneSurrogate, 2),
            (br"\ud83dA", Oddity::LoneSurrogate, 0),
            (br"\ud83d\u0041", Oddity::LoneSurrogate, 0),
        ] {
            assert_eq!(
                run(input, decode).notes().get(oddity),
                Some(at),
                "{}",
                input.escape_ascii()
            );
        }
        assert!(run(br"\ud83d\ude00\\u0041", decode).notes().is_empty());
    }

    #[test]
    fn a_token_inside_a_body_maps_to_the_body() {
        let mut view = View::default();
        view.clear(100);
        assert!(decode(br"a\u003cb\q", &mut view));
        assert_eq!(view.bytes(), br"a<b\q");
        assert_eq!(view.source(1..2), 101..107);
        assert_eq!(view.notes().get(Oddity::BadEscape), Some(108));
    }
}
