//! Strings: finding the end, checking and undoing escapes.

use memchr::memchr;

/// A string under way, from its opening quote on. Resumable at any byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    /// The last byte was a backslash that escapes the next one.
    pending: bool,
    /// There was a backslash.
    pub(super) escaped: bool,
    /// There may have been a byte above 127. Overstates, never understates.
    pub(super) high: bool,
    /// Where the first raw control character stood.
    pub(super) control: Option<usize>,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

impl Scan {
    /// The index of the closing quote in `bytes`, looked for from `at` on; `None` if it is not there yet. `base` is the
    /// offset of `bytes`. O(bytes looked at).
    #[inline]
    pub(super) fn find_quote(&mut self, bytes: &[u8], mut at: usize, base: usize) -> Option<usize> {
        if self.pending && at < bytes.len() {
            self.pending = false;
            at += 1;
        }
        loop {
            at = self.find_special(bytes, at)?;
            match bytes.get(at) {
                Some(b'"') => return Some(at),
                Some(b'\\') => {
                    self.escaped = true;
                    // The escaped byte is judged with the others once the string is complete.
                    self.high = true;
                    at += 2;
                    if at > bytes.len() {
                        self.pending = true;
                        return None;
                    }
                }
                _ => {
                    self.control.get_or_insert(base + at);
                    at += 1;
                }
            }
        }
    }

    /// The next quote, backslash or control character.
    ///
    /// PERF: eight bytes at a time in a register, since most strings of API bodies are shorter than the call of a
    /// vectorised search costs.
    #[inline]
    fn find_special(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        let mut rest = bytes.get(at..)?;
        while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            self.high |= word & HIGHS != 0;
            // A set high bit in a byte of the result marks a special byte. Borrows can only spoil bytes above the lowest one
            // that is marked rightly, and only the lowest is used.
            let quote = word ^ (ONES * u64::from(b'"'));
            let backslash = word ^ (ONES * u64::from(b'\\'));
            let special = (quote.wrapping_sub(ONES) & !quote)
                | (backslash.wrapping_sub(ONES) & !backslash)
                | (word.wrapping_sub(ONES * 0x20) & !word);
            let special = special & HIGHS;
            if special != 0 {
                return Some(at + (special.trailing_zeros() / 8) as usize);
            }
            at += 8;
            rest = after;
        }
        for (offset, &byte) in rest.iter().enumerate() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return Some(at + offset);
            }
            self.high |= byte >= 0x80;
        }
        None
    }
}

/// The first escape sequence of `raw` that RFC 8259 does not know, or else the first half of a surrogate pair without its other half.
///
/// Offsets are those of the backslash in `raw`. O(len).
pub(super) fn check_escapes(raw: &[u8]) -> Escapes {
    let mut lone = None;
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += found;
        let rest = raw.get(at..).unwrap_or_default();
        match read_escape(rest) {
            None => return Escapes::Bad(at),
            Some((len, char)) => {
                if char.is_none() {
                    lone = lone.or(Some(at));
                }
                at += len;
            }
        }
    }
    lone.map_or(Escapes::Good, Escapes::LoneSurrogate)
}

/// What [`check_escapes`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    Good,
    /// All known, but at this offset there is half a surrogate pair.
    LoneSurrogate(usize),
    /// At this offset there is none that RFC 8259 knows.
    Bad(usize),
}

/// Appends what `raw` means. Half a surrogate pair becomes U+FFFD, a backslash that starts no escape stays. O(len).
pub(crate) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(found) = memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(found);
        out.extend_from_slice(plain);
        let (len, char) = read_escape(escape).unwrap_or((1, Some('\\')));
        let char = char.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The length and the character of the escape that `bytes` begin with; the character is `None` for half a surrogate pair.
#[inline]
fn read_escape(bytes: &[u8]) -> Option<(usize, Option<char>)> {
    let char = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = read_unit(bytes)?;
            if !(0xd800..0xdc00).contains(&unit) {
                // A low half on its own is no character, as it should be.
                return Some((6, char::from_u32(unit)));
            }
            return Some(match bytes.get(6..).and_then(read_unit) {
                Some(low @ 0xdc00..0xe000) => {
                    (12, char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)))
                }
                _ => (6, None),
            });
        }
        _ => return None,
    };
    Some((2, Some(char)))
}

/// The UTF-16 unit of a `\uXXXX` at the start of `bytes`.
#[inline]
fn read_unit(bytes: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = bytes else { return None };
    digits
        .first_chunk::<4>()?
        .iter()
        .try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word-wise search against one that looks at each byte.
    #[test]
    fn the_first_special_byte_is_found_at_every_place() {
        for special in (0..0x20).chain([b'"', b'\\']) {
            for filler in [b'a', b' ', 0x7f, 0x80, 0xa2, 0xdc, 0xff, b'!', b'#', b'[', b']'] {
                for place in 0..40 {
                    let mut bytes = [filler; 48];
                    bytes[place] = special;
                    bytes[place + 3] = b'"';
                    let mut scan = Scan::default();
                    assert_eq!(scan.find_special(&bytes, 0), Some(place), "{special} {filler}");
                    assert!(scan.high || filler < 0x80 || place < 8);
                }
                assert_eq!(Scan::default().find_special(&[filler; 48], 0), None);
            }
        }
    }

    #[test]
    fn escapes_are_checked_and_undone() {
        let good = br#"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\uFFFF"#;
        assert_eq!(check_escapes(good), Escapes::Good);
        let mut out = Vec::new();
        unescape(good, &mut out);
        assert_eq!(std::str::from_utf8(&out), Ok("\"\\/\u{8}\u{c}\n\r\tA😀\u{ffff}"));

        for (raw, at) in [
            (&br"ab\x41"[..], 2),
            (br"\u12g4", 0),
            (br"\u12", 0),
            (br"\ud83d\x", 6),
            (br"\'", 0),
            (br"\U0041", 0),
        ] {
            assert_eq!(check_escapes(raw), Escapes::Bad(at));
        }
        for (raw, at, meaning) in [
            (&br"a\ud83d"[..], 1, "a\u{fffd}"),
            (br"\ude00\ud83d\ude00", 0, "\u{fffd}😀"),
            (br"\ud83d\ud83d\ude00", 0, "\u{fffd}😀"),
            (br"\ud83d\n", 0, "\u{fffd}\n"),
        ] {
            assert_eq!(check_escapes(raw), Escapes::LoneSurrogate(at));
            out.clear();
            unescape(raw, &mut out);
            assert_eq!(std::str::from_utf8(&out), Ok(meaning));
        }
    }
}
