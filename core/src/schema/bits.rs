//! Small sets of numbers below 256: nodes of a set, tracked keys of an object.

/// A set of numbers below [`Bits::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bits([u64; 4]);

impl Bits {
    /// How many numbers there can be.
    pub(crate) const MAX: usize = 256;
    pub(crate) const NONE: Bits = Bits([0; 4]);

    /// The set of one number.
    pub(crate) fn one(number: u16) -> Bits {
        let mut bits = Bits::NONE;
        bits.insert(number);
        bits
    }

    #[inline]
    pub(crate) fn insert(&mut self, number: u16) {
        if let Some(word) = self.0.get_mut(usize::from(number >> 6)) {
            *word |= 1 << (number & 63);
        }
    }

    #[inline]
    pub(crate) fn has(&self, number: u16) -> bool {
        self.0.get(usize::from(number >> 6)).is_some_and(|word| word >> (number & 63) & 1 == 1)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    #[inline]
    pub(crate) fn or(self, other: Bits) -> Bits {
        self.zip(other, |one, other| one | other)
    }

    #[inline]
    pub(crate) fn and(self, other: Bits) -> Bits {
        self.zip(other, |one, other| one & other)
    }

    /// Those that are not in `other`.
    #[inline]
    pub(crate) fn without(self, other: Bits) -> Bits {
        self.zip(other, |one, other| one & !other)
    }

    #[inline]
    pub(crate) fn contains_all(self, other: Bits) -> bool {
        other.without(self).is_empty()
    }

    #[inline]
    pub(crate) fn intersects(self, other: Bits) -> bool {
        !self.and(other).is_empty()
    }

    #[inline]
    fn zip(self, other: Bits, with: impl Fn(u64, u64) -> u64) -> Bits {
        let mut words = self.0;
        for (word, other) in words.iter_mut().zip(other.0) {
            *word = with(*word, other);
        }
        Bits(words)
    }

    /// The numbers, in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = u16> {
        (0u16..).step_by(64).zip(self.0).flat_map(|(base, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as u16;
                word &= word.wrapping_sub(1);
                (bit < 64).then_some(base + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_numbers() {
        let mut bits = Bits::NONE;
        for number in [0, 63, 64, 200, 255] {
            bits.insert(number);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 200, 255]);
        assert!(bits.has(200) && !bits.has(199) && !bits.has(300));
        assert!(bits.contains_all(Bits::one(64)) && !Bits::one(64).contains_all(bits));
        assert_eq!(bits.without(Bits::one(0)).and(Bits::one(63)), Bits::one(63));
        assert!(!bits.intersects(Bits::one(1)) && Bits::NONE.is_empty());
        assert_eq!(Bits::one(5).or(Bits::one(6)).iter().count(), 2);
    }
}
