//! Byte classes: which kinds of bytes a value holds, in one table pass.
//!
//! Decoding asks for the bytes that trigger a decoder, the gate for those that a detector cannot do without
//! ([`Gate`](crate::detect::Gate)). Most values of real traffic (words, numbers, names, ids) end here, in tens of nanoseconds.
//! A gate may overstate, never understate: the suite and a fuzz target compare verdicts with the gate on and off.

/// A set of byte classes, as found in a value or needed by a detector.
///
/// Each ASCII punctuation character that carries meaning in some attacked language is a class of its own; letters,
/// digits, blanks, controls and non-ASCII bytes are one class each.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Classes(pub(crate) u32);

macro_rules! classes {
    ($($name:ident = $bit:literal : $($bytes:pat_param)|+ ,)*) => {
        impl Classes {
    /// Every class: of a value that nothing is known of.
    pub(crate) const ALL: Classes = Classes(u32::MAX);
            $(pub(crate) const $name: Classes = Classes(1 << $bit);)*
        }

        const fn class_of(byte: u8) -> u32 {
            match byte {
                $($($bytes)|+ => 1 << $bit,)*
            }
        }

        impl std::fmt::Debug for Classes {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut names = f.debug_set();
                $(if self.0 & (1 << $bit) != 0 { names.entry(&format_args!(stringify!($name))); })*
                names.finish()
            }
        }
    };
}

classes! {
    LETTER = 0: b'a'..=b'z' | b'A'..=b'Z',
    DIGIT = 1: b'0'..=b'9',
    SPACE = 2: b' ',
    // Ordinary in names, ids, mail addresses, dates and numbers.
    PLAIN = 3: b'_' | b',' | b'@',
    DOT = 4: b'.',
    DASH = 5: b'-',
    COLON = 6: b':',
    PLUS = 7: b'+',
    QUOTE = 8: b'\'',
    DQUOTE = 9: b'"',
    BACKTICK = 10: b'`',
    LT = 11: b'<',
    GT = 12: b'>',
    LPAREN = 13: b'(',
    RPAREN = 14: b')',
    BRACE = 15: b'{' | b'}',
    BRACKET = 16: b'[' | b']',
    SEMICOLON = 17: b';',
    PIPE = 18: b'|',
    AMP = 19: b'&',
    EQUALS = 20: b'=',
    SLASH = 21: b'/',
    BACKSLASH = 22: b'\\',
    PERCENT = 23: b'%',
    DOLLAR = 24: b'$',
    HASH = 25: b'#',
    STAR = 26: b'*',
    BANG = 27: b'!' | b'?' | b'^' | b'~',
    NEWLINE = 28: b'\n' | b'\r',
    TAB = 29: b'\t',
    CONTROL = 30: 0..=8 | 11 | 12 | 14..=31 | 127,
    HIGH = 31: 128..=255,
}

static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = class_of(byte as u8);
        byte += 1;
    }
    table
};

impl Classes {
    /// No class.
    pub(crate) const NONE: Classes = Classes(0);
    /// What ordinary words, numbers, names, dates, ids and mail addresses are made of.
    pub(crate) const ORDINARY: Classes = Self::LETTER
        .or(Self::DIGIT)
        .or(Self::SPACE)
        .or(Self::PLAIN)
        .or(Self::DOT)
        .or(Self::DASH)
        .or(Self::COLON)
        .or(Self::PLUS)
        .or(Self::HIGH);

    /// The classes of the bytes of `value`. O(len), about a quarter of a nanosecond a byte.
    #[inline]
    pub(crate) fn of(value: &[u8]) -> Classes {
        // PERF: four lanes break the dependency on one accumulator; plain fold measured 1.6x slower on 64 B.
        let mut lanes = [0u32; 4];
        let (fours, rest) = value.as_chunks::<4>();
        for &[a, b, c, d] in fours {
            lanes[0] |= TABLE[a as usize];
            lanes[1] |= TABLE[b as usize];
            lanes[2] |= TABLE[c as usize];
            lanes[3] |= TABLE[d as usize];
        }
        let rest = rest.iter().fold(0, |set, &byte| set | TABLE[byte as usize]);
        Classes(lanes[0] | lanes[1] | lanes[2] | lanes[3] | rest)
    }

    /// The class of one byte.
    #[inline]
    pub(crate) const fn of_byte(byte: u8) -> Classes {
        Classes(TABLE[byte as usize])
    }

    /// Both sets together.
    #[inline]
    pub(crate) const fn or(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }

    /// What of `self` is not in `other`.
    #[inline]
    pub(crate) const fn without(self, other: Classes) -> Classes {
        Classes(self.0 & !other.0)
    }

    /// Whether the sets share a class.
    #[inline]
    pub(crate) const fn intersects(self, other: Classes) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_exactly_one_class() {
        for byte in 0..=255u8 {
            assert_eq!(Classes::of_byte(byte).0.count_ones(), 1, "{byte}");
        }
    }

    #[test]
    fn of_is_the_union_at_every_length() {
        let value = b"a1 _.-:+'\"`<>(){}[];|&=/\\%$#*!\n\t\x00\xff";
        for len in 0..=value.len() {
            let slow = value[..len].iter().fold(Classes::NONE, |s, &b| s.or(Classes::of_byte(b)));
            assert_eq!(Classes::of(&value[..len]), slow);
        }
        assert!(Classes::of(b"O'Neil").intersects(Classes::QUOTE));
        assert!(Classes::of(b"Anna Schmidt-Weber, 12.5").without(Classes::ORDINARY).is_empty());
    }
}
