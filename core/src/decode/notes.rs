//! What is odd about a value: [`Notes`], with the offset where each [`Oddity`] was first seen.
//!
//! Real readers differ on such bytes; what to do about each is the policy's choice (`ambiguities`).

/// Something that readers read differently, or that no innocent sender writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Oddity {
    /// A character in more UTF-8 bytes than it needs.
    Overlong,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// A NUL byte.
    NulByte,
    /// A `%` without two hexadecimal digits where the parser says that `%` escapes.
    BadPercent,
    /// A `\` or control in a JSON string that RFC 8259 does not allow.
    BadEscape,
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// A reading of the last round that decodes to yet something else.
    DeepEncoding,
    /// More readings than the limits allow; some were left out.
    TooMany,
}

impl Oddity {
    const ALL: [Oddity; 8] = [
        Oddity::Overlong,
        Oddity::InvalidUtf8,
        Oddity::NulByte,
        Oddity::BadPercent,
        Oddity::BadEscape,
        Oddity::LoneSurrogate,
        Oddity::DeepEncoding,
        Oddity::TooMany,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The oddities of a value, each with the offset where it was first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    seen: u8,
    /// By `Oddity as usize`; 0 where not seen.
    at: [u32; 8],
}

impl Notes {
    /// Notes an oddity, unless it was seen before.
    pub(crate) fn add(&mut self, oddity: Oddity, at: usize) {
        if self.seen & oddity.bit() == 0 {
            self.seen |= oddity.bit();
            self.at[oddity as usize] = at as u32;
        }
    }

    /// Where the oddity was first seen, if it was.
    pub(crate) fn get(&self, oddity: Oddity) -> Option<usize> {
        (self.seen & oddity.bit() != 0).then_some(self.at[oddity as usize] as usize)
    }

    /// Whether nothing is odd.
    pub(crate) fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// What was seen, and where.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Oddity, usize)> {
        Oddity::ALL.into_iter().filter_map(move |oddity| Some((oddity, self.get(oddity)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_offset_is_kept() {
        let mut notes = Notes::default();
        assert!(notes.is_empty());
        notes.add(Oddity::TooMany, 7);
        notes.add(Oddity::TooMany, 3);
        notes.add(Oddity::Overlong, 9);
        assert_eq!(notes.get(Oddity::TooMany), Some(7));
        assert_eq!(notes.get(Oddity::NulByte), None);
        assert!(notes.iter().eq([(Oddity::Overlong, 9), (Oddity::TooMany, 7)]));
    }
}
