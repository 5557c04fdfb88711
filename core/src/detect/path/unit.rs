//! One character of a path, as the most lenient of its readers would take it.
//!
//! A separator or dot counts under every coding that some reader undoes: percent-coded (also several times, or by nibble),
//! overlong, `0x2e`. That a full decoding of the value is another reading made elsewhere does not help here: filters that
//! decode only what they know are passed by *mixing* codings (`..%2f..\%2e%2e/`), and only a reader that takes each
//! character by itself sees those.
//!
//! A character takes at most 72 bytes (an overlong sequence of six, each percent-coded five times); so a look-ahead is O(1).

use crate::decode::hex::digit;

/// One character as the most lenient reader would take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Name(u8),
    Dot,
    Separator(u8),
    Colon,
    Nul,
    /// A percent sequence that nobody decodes alike; may be meant as separator.
    Junk,
    /// Bytes that are no UTF-8 and may be meant as separator.
    Mangled,
    /// Ends a chunk.
    Break(u8),
}

/// A [`Unit`], the bytes it takes and whether it was written in disguise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) unit: Unit,
    pub(super) len: usize,
    pub(super) coded: bool,
}

const ORDINARY: u8 = 0;
const BREAK: u8 = 1;
/// Means something, and is written as it is.
const SIGN: u8 = 2;
/// May begin a sequence of bytes that is one character.
const SPECIAL: u8 = 3;

static KIND: [u8; 256] = {
    let mut table = [BREAK; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'.' | b'/' | b'\\' | b':' | 0 => SIGN,
            b'%' | b'0' | 0xc0 | 0xc1 | 0xe0 | 0xf0 | 0xf8 | 0xfc => SPECIAL,
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'1'..=b'9'
            | b'_'
            | b'-'
            | b'~'
            | b'+'
            | b'@'
            | b'!'
            | 128.. => ORDINARY,
            _ => BREAK,
        };
        byte += 1;
    }
    table
};

/// How many bytes at `at` are plain characters of names. O(that many).
#[inline]
pub(super) fn ordinary_run(view: &[u8], at: usize) -> usize {
    let rest = view.get(at..).unwrap_or_default();
    rest.iter().position(|&b| KIND[b as usize] != ORDINARY).unwrap_or(rest.len())
}

/// Where the first byte stands that is neither an ordinary character nor a break; `text.len()` if none. O(that many).
#[inline]
pub(super) fn first_special(text: &[u8]) -> usize {
    text.iter().position(|&b| KIND[b as usize] >= SIGN).unwrap_or(text.len())
}

fn hex(view: &[u8], at: usize) -> Option<u8> {
    digit(*view.get(at)?)
}

/// One byte, percent-decoded as often as it was coded; its length; whether it was coded.
fn byte(view: &[u8], at: usize) -> Option<(u8, usize, bool)> {
    let first = *view.get(at)?;
    if first != b'%' {
        return Some((first, 1, false));
    }
    let mut i = at + 1;
    while i < at + 9 && view.get(i..i + 2) == Some(b"25") && hex(view, i + 2).is_some() {
        i += 2;
    }
    Some(((hex(view, i)? << 4) | hex(view, i + 1)?, i + 2 - at, true))
}

/// The character at `at`. O(1).
#[inline]
pub(super) fn unit(view: &[u8], at: usize) -> Read {
    let first = view.get(at).copied().unwrap_or(b' ');
    match KIND[first as usize] {
        ORDINARY => Read { unit: Unit::Name(first), len: 1, coded: false },
        BREAK => Read { unit: Unit::Break(first), len: 1, coded: false },
        SIGN => Read { unit: plain(first), len: 1, coded: false },
        _ => special(view, at, first),
    }
}

fn special(view: &[u8], at: usize, first: u8) -> Read {
    let coded = |unit, len| Read { unit, len, coded: true };
    match first {
        b'%' => percent(view, at),
        b'0' => match view.get(at + 1..at + 4) {
            Some([b'x' | b'X', b'2', b'e' | b'E']) => coded(Unit::Dot, 4),
            Some([b'x' | b'X', b'2', b'f' | b'F']) => coded(Unit::Separator(b'/'), 4),
            Some([b'x' | b'X', b'5', b'c' | b'C']) => coded(Unit::Separator(b'\\'), 4),
            _ => Read { unit: Unit::Name(b'0'), len: 1, coded: false },
        },
        0x80.. => overlong(view, at),
        _ => Read { unit: plain(first), len: 1, coded: false },
    }
}

/// The character that an uncoded byte is.
pub(super) fn plain(byte: u8) -> Unit {
    match byte {
        b'.' => Unit::Dot,
        b'/' | b'\\' => Unit::Separator(byte),
        b':' => Unit::Colon,
        0 => Unit::Nul,
        _ if KIND[byte as usize] == BREAK => Unit::Break(byte),
        _ => Unit::Name(byte),
    }
}

/// What the `%` at `at` codes, if every reader agrees and it is no letter, digit, dot or `%` itself. O(1).
#[inline]
pub(super) fn simple_escape(view: &[u8], at: usize) -> Option<Unit> {
    let byte = hex(view, at + 1)? << 4 | hex(view, at + 2)?;
    let simple = byte < 0x80 && byte != b'%' && !byte.is_ascii_alphanumeric();
    Some(plain(byte)).filter(|unit| simple && !matches!(unit, Unit::Dot | Unit::Nul))
}

/// The run of plain characters of names and dots that `text` begins with. O(that many).
#[inline]
pub(super) fn name_run(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&b| !is_of_name(b)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The run of plain characters of names and dots that `text` ends with. O(that many).
#[inline]
pub(super) fn name_run_back(text: &[u8]) -> &[u8] {
    let start = text.iter().rposition(|&b| !is_of_name(b)).map_or(0, |at| at + 1);
    text.get(start..).unwrap_or_default()
}

#[inline]
fn is_of_name(byte: u8) -> bool {
    static OF_NAME: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = KIND[byte] == ORDINARY || matches!(byte as u8, b'.' | b'0');
            byte += 1;
        }
        table
    };
    OF_NAME[byte as usize]
}

fn percent(view: &[u8], at: usize) -> Read {
    let coded = |unit, len| Read { unit, len, coded: true };
    if matches!(view.get(at + 1), Some(b'u' | b'U')) {
        let digits = [2, 3, 4, 5].map(|i| hex(view, at + i));
        if let [Some(a), Some(b), Some(c), Some(d)] = digits {
            let point = u16::from(a) << 12 | u16::from(b) << 8 | u16::from(c) << 4 | u16::from(d);
            let unit = match point {
                0x2e | 0xff0e | 0x2024 => Unit::Dot,
                0x2f | 0xff0f | 0x2215 | 0x2044 => Unit::Separator(b'/'),
                0x5c | 0xff3c | 0x2216 => Unit::Separator(b'\\'),
                0..0x80 => plain(point as u8),
                _ => Unit::Junk,
            };
            return coded(unit, 6);
        }
    }
    // Coded by nibble, `%2%e`: what is left of `%%32%%65` after one decoding.
    if let (Some(high), Some(b'%'), Some(low)) =
        (hex(view, at + 1), view.get(at + 2), hex(view, at + 3))
        && let unit @ (Unit::Dot | Unit::Separator(_)) = plain(high << 4 | low)
    {
        return coded(if unit == Unit::Dot { unit } else { Unit::Junk }, 4);
    }
    match byte(view, at) {
        Some((0x80.., ..)) => overlong(view, at),
        Some((byte, len, _)) => coded(plain(byte), len),
        None => {
            let letters = view.iter().skip(at + 1).take(2);
            match letters.take_while(|b| b.is_ascii_alphanumeric()).count() {
                0 => Read { unit: Unit::Break(b'%'), len: 1, coded: false },
                letters => coded(Unit::Junk, 1 + letters),
            }
        }
    }
}

/// A lead byte of UTF-8 that is only used by overlong forms (or what looks like one), with its followers as decoders take
/// them that do not check those.
fn overlong(view: &[u8], at: usize) -> Read {
    let Some((lead, mut len, coded)) = byte(view, at) else {
        return Read { unit: Unit::Break(b'%'), len: 1, coded: false };
    };
    let (followers, bits) = match lead {
        0xc0 | 0xc1 => (1, lead & 0x1f),
        0xe0 => (2, 0),
        0xf0 => (3, 0),
        0xf8 => (4, 0),
        0xfc => (5, 0),
        _ => return Read { unit: Unit::Name(lead), len, coded },
    };
    let mut point = u32::from(bits);
    let mut end = len;
    for follower in 0..followers {
        match byte(view, at + end) {
            // Only the two-byte form is read without a look at the marker bits of its follower.
            Some((next, taken, _)) if followers == 1 || next & 0xc0 == 0x80 => {
                point = point << 6 | u32::from(next & 0x3f);
                end += taken;
            }
            _ if follower == 0 || followers == 1 => {
                let unit = if followers == 1 { Unit::Mangled } else { Unit::Name(lead) };
                return Read { unit, len, coded };
            }
            _ => return Read { unit: Unit::Mangled, len: end, coded },
        }
    }
    len = end;
    let unit = match point {
        0x2e => Unit::Dot,
        0x2f | 0x5c if coded => Unit::Junk,
        0x2f | 0x5c => Unit::Mangled,
        // A proper character of three or four bytes.
        0x800.. => Unit::Name(lead),
        _ if coded => Unit::Junk,
        _ if end == 2 && view.get(at + 1).is_some_and(|&b| b & 0xc0 == 0x80) => Unit::Mangled,
        // Latin letters in an old charset look like this; take the lead alone.
        _ => return Read { unit: Unit::Mangled, len: 1, coded },
    };
    Read { unit, len, coded: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_read_under_every_coding() {
        for (text, expected) in [
            (&b"."[..], Unit::Dot),
            (b"%2e", Unit::Dot),
            (b"%252E", Unit::Dot),
            (b"%25252e", Unit::Dot),
            (b"%2%e", Unit::Dot),
            (b"%uff0e", Unit::Dot),
            (b"%c0%ae", Unit::Dot),
            (b"\xc0\xae", Unit::Dot),
            (b"\xc0.", Unit::Dot),
            (b"\xf0\x80\x80\xae", Unit::Dot),
            (b"0x2e", Unit::Dot),
            (b"%2f", Unit::Separator(b'/')),
            (b"%5C", Unit::Separator(b'\\')),
            (b"%u2215", Unit::Separator(b'/')),
            (b"%5%c", Unit::Junk),
            (b"%c0%af", Unit::Junk),
            (b"%uEFC8", Unit::Junk),
            (b"%bg", Unit::Junk),
            (b"\xc1\x9c", Unit::Mangled),
            (b"%00", Unit::Nul),
            (b"%41", Unit::Name(b'A')),
        ] {
            let read = unit(text, 0);
            assert_eq!((read.unit, read.len), (expected, text.len()), "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_coded_is_itself() {
        for (text, expected, len) in [
            (&b"% of"[..], Unit::Break(b'%'), 1),
            (b"0x20", Unit::Name(b'0'), 1),
            ("\u{e9}".as_bytes(), Unit::Name(0xc3), 1),
            ("\u{800}".as_bytes(), Unit::Name(0xe0), 3),
            (b"\xc1lvarez", Unit::Mangled, 1),
        ] {
            let read = unit(text, 0);
            assert_eq!((read.unit, read.len), (expected, len), "{text:?}");
        }
    }
}
