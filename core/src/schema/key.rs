//! Which of some known texts a text is: names of properties, strings of an `enum`.
//!
//! A hash of the length and of the first and last eight bytes leads to one candidate, found when the table is built by trying
//! multipliers until no two texts share a place; then the bytes are compared. A text that is not in the table costs one look.

/// Known texts, each with its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    bytes: Box<[u8]>,
    /// Where each text ends in `bytes`; it starts where the one before ends.
    ends: Box<[u32]>,
    /// A power of two of them.
    slots: Box<[Slot]>,
    multiplier: u64,
    /// How many places are looked at from the first on.
    probes: u32,
}

/// A place of the table.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    words: Words,
    /// The number of the text plus 1; 0 for none.
    number: u32,
}

/// The first and the last bytes of a text, and its length: of up to 16 bytes that is the whole text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Words {
    first: u64,
    last: u64,
    len: u32,
}

impl Words {
    #[inline]
    fn of(text: &[u8]) -> Words {
        let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
                }
                _ => (text.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0),
            },
        };
        Words { first, last, len: text.len() as u32 }
    }

    /// A hash. Nobody can choose keys that collide: the texts in a table are the policy's, and one that is not in it costs `probes` looks at
    /// most.
    #[inline]
    fn spread(self, multiplier: u64) -> usize {
        let word = self.first ^ self.last.rotate_left(29) ^ u64::from(self.len) << 56;
        let product = (word ^ multiplier).wrapping_mul(multiplier);
        (product ^ product >> 32) as usize
    }
}

/// How many multipliers are tried before two texts may share a place.
const TRIES: u64 = 64;

impl Keys {
    /// A table of `texts`, which are all different; their numbers are their places. O(total length), expected.
    pub(crate) fn new(texts: &[&[u8]]) -> Keys {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for text in texts {
            bytes.extend_from_slice(text);
            ends.push(bytes.len() as u32);
        }
        let size = (2 * ends.len()).next_power_of_two();
        let mut best = Keys { bytes: bytes.into(), ends: ends.into(), ..Keys::default() };
        for attempt in 0..TRIES {
            // Odd numbers spread over 64 bits (the golden ratio's).
            let multiplier = (2 * attempt + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let (slots, probes) = place(texts, multiplier, size);
            if best.probes == 0 || probes < best.probes {
                (best.slots, best.multiplier, best.probes) = (slots, multiplier, probes);
            }
            if best.probes <= 1 {
                break;
            }
        }
        best
    }

    /// The number of `text`. O(len), expected.
    #[inline]
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        let words = Words::of(text);
        let first = words.spread(self.multiplier);
        let last = self.slots.len().wrapping_sub(1);
        for step in 0..self.probes as usize {
            let slot = self.slots.get((first + step) & last)?;
            let number = slot.number.checked_sub(1)?;
            if slot.words == words && (text.len() <= 16 || self.get(number) == text) {
                return Some(number);
            }
        }
        None
    }

    /// The text of that number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let at = number as usize;
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes that it takes.
    pub(crate) fn memory_usage(&self) -> usize {
        self.bytes.len() + 4 * self.ends.len() + size_of::<Slot>() * self.slots.len()
    }
}

/// Puts the texts at their places; the table and the most places that must be looked at for one.
fn place(texts: &[&[u8]], multiplier: u64, size: usize) -> (Box<[Slot]>, u32) {
    let mut slots = vec![Slot::default(); size];
    let mut probes = 0;
    for (number, text) in (1u32..).zip(texts) {
        let words = Words::of(text);
        let first = words.spread(multiplier);
        let is_free = |step: &usize| {
            slots.get((first + step) & (size - 1)).is_some_and(|slot| slot.number == 0)
        };
        let step = (0..size).find(is_free).unwrap_or_default();
        if let Some(slot) = slots.get_mut((first + step) & (size - 1)) {
            *slot = Slot { words, number };
        }
        probes = probes.max(step as u32 + 1);
    }
    (slots.into(), probes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_and_no_others() {
        for count in [0usize, 1, 2, 3, 8, 40, 500, 3000] {
            let texts: Vec<String> =
                (0..count).map(|at| format!("{}key-{at}", "x".repeat(at % 23))).collect();
            let keys = Keys::new(&texts.iter().map(String::as_bytes).collect::<Vec<_>>());
            assert_eq!(keys.len(), count);
            for (at, text) in texts.iter().enumerate() {
                assert_eq!(keys.find(text.as_bytes()), Some(at as u32), "{text} of {count}");
            }
            for text in [
                "",
                "x",
                "key",
                "key-",
                "Key-1",
                "xkey-0",
                "key-000",
                "a long text that nobody put there",
            ] {
                assert_eq!(keys.find(text.as_bytes()), None, "{text} of {count}");
            }
        }
        let keys = Keys::new(&[b"", b"a", b"ab"]);
        assert_eq!((keys.find(b""), keys.find(b"ab"), keys.find(b"b")), (Some(0), Some(2), None));
    }

    /// Texts that differ in the middle alone share their place, and are told apart all the same.
    #[test]
    fn texts_of_one_hash_are_told_apart() {
        let texts: Vec<String> =
            (0..50).map(|at| format!("beginning-{at:03}-the-ending")).collect();
        let keys = Keys::new(&texts.iter().map(String::as_bytes).collect::<Vec<_>>());
        assert_eq!(keys.probes, 50);
        for (at, text) in texts.iter().enumerate() {
            assert_eq!(keys.find(text.as_bytes()), Some(at as u32));
        }
        assert_eq!(keys.find(b"beginning-099-the-ending"), None);
    }
}
