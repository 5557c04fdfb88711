//! Hexadecimal digits and UTF-16 units, as the escapes of several notations share them.

/// The value of one hexadecimal digit.
#[inline]
pub(crate) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The byte that two digits write.
#[inline]
pub(super) fn pair(high: u8, low: u8) -> Option<u8> {
    Some(digit(high)? << 4 | digit(low)?)
}

/// The UTF-16 unit that the first four digits of `bytes` write.
#[inline]
pub(super) fn unit(bytes: &[u8]) -> Option<u16> {
    match *bytes {
        [a, b, c, d, ..] => Some(u16::from_be_bytes([pair(a, b)?, pair(c, d)?])),
        _ => None,
    }
}

/// The unit of an escape (`mark`, `u`, four digits) that stands behind the four digits at the start.
#[inline]
pub(super) fn unit_after(digits: &[u8], mark: u8) -> Option<u16> {
    match digits {
        [_, _, _, _, m, b'u', low @ ..] if *m == mark => unit(low),
        _ => None,
    }
}

/// What a UTF-16 unit reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Utf16 {
    /// A character by itself.
    One(char),
    /// A character together with the next unit.
    Two(char),
    /// Half of a pair, its other half missing.
    Lone,
}

/// Reads the unit `first`; `next` is asked for the unit after it if `first` opens a pair.
pub(super) fn join(first: u16, next: impl FnOnce() -> Option<u16>) -> Utf16 {
    match first {
        0xD800..=0xDBFF => match next() {
            Some(low @ 0xDC00..=0xDFFF) => {
                let offset = u32::from(first - 0xD800) << 10 | u32::from(low - 0xDC00);
                char::from_u32(0x1_0000 + offset).map_or(Utf16::Lone, Utf16::Two)
            }
            _ => Utf16::Lone,
        },
        _ => char::from_u32(first.into()).map_or(Utf16::Lone, Utf16::One),
    }
}
