//! Word tables: what a word is to a language, found by its hash in one or two steps.
//!
//! A language lists its words in groups of one meaning; the table is built by the compiler. A look-up reads five bytes of the
//! word before it compares, and allocates nothing.

/// The words of one language, each with what it is. `SLOTS` is a power of two, best more than twice the words.
pub(crate) struct Table<V: 'static, const SLOTS: usize> {
    /// For each slot a byte of the hash, 0 if it is empty.
    // PERF: most words of prose are not in the table; they end in these tags and leave the entries alone.
    tags: [u8; SLOTS],
    entries: [(&'static [u8], V); SLOTS],
    /// Length of the longest word.
    longest: usize,
}

impl<V: Copy, const SLOTS: usize> Table<V, SLOTS> {
    /// Builds the table of lower-case words, those of each group divided by one blank. Fails to compile if a word is listed
    /// twice.
    #[allow(clippy::large_stack_arrays, reason = "runs in the compiler only")]
    pub(crate) const fn new(groups: &[(V, &'static str)]) -> Table<V, SLOTS> {
        assert!(SLOTS.is_power_of_two());
        let empty: &'static [u8] = b"";
        let mut table =
            Table { tags: [0; SLOTS], entries: [(empty, groups[0].0); SLOTS], longest: 0 };
        let (mut group, mut words) = (0, 0);
        while group < groups.len() {
            let (value, mut rest) = (groups[group].0, groups[group].1.as_bytes());
            while !rest.is_empty() {
                let mut len = 0;
                while len < rest.len() && rest[len] != b' ' {
                    len += 1;
                }
                let (text, tail) = rest.split_at(len);
                let (mut slot, tag) = hash(text);
                slot &= SLOTS - 1;
                while table.tags[slot] != 0 {
                    assert!(!same(table.entries[slot].0, text), "a word is listed twice");
                    slot = (slot + 1) & (SLOTS - 1);
                }
                table.tags[slot] = tag;
                table.entries[slot] = (text, value);
                if len > table.longest {
                    table.longest = len;
                }
                words += 1;
                rest = if tail.is_empty() { tail } else { tail.split_at(1).1 };
            }
            group += 1;
        }
        assert!(words < SLOTS, "no empty slot would end a search");
        table
    }

    /// What `word` is, in any case of its ASCII letters. O(1).
    #[inline]
    pub(crate) fn get(&self, word: &[u8]) -> Option<V> {
        if word.len() > self.longest {
            return None;
        }
        let (mut slot, tag) = hash(word);
        loop {
            // The mask keeps `slot` within the table.
            slot &= SLOTS - 1;
            let found = self.tags[slot];
            if found == 0 {
                return None;
            }
            let (text, value) = &self.entries[slot];
            if found == tag && equals_lower(word, text) {
                return Some(*value);
            }
            slot += 1;
        }
    }
}

/// Slot and tag, from the length and five bytes at both ends and in the middle; 0x20 folds the case of letters and does
/// no harm to other bytes.
const fn hash(word: &[u8]) -> (usize, u8) {
    let len = word.len();
    let key = if len < 2 {
        if len == 0 { 0 } else { word[0] as u64 }
    } else {
        let key = [word[0], word[1], word[len / 2], word[len - 2], word[len - 1], len as u8, 0, 0];
        u64::from_le_bytes(key)
    };
    let mixed = (key | 0x0020_2020_2020).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 50) as usize, (mixed >> 40) as u8 | 1)
}

/// Whether `text` is `lower`, which has no upper-case letters, in any case of its ASCII letters. O(len).
// PERF: eight bytes at once; byte by byte took three times as long.
#[inline]
pub(crate) fn equals_lower(text: &[u8], lower: &[u8]) -> bool {
    if text.len() != lower.len() {
        return false;
    }
    match (text.last_chunk(), lower.last_chunk()) {
        (Some(&end), Some(&lower_end)) => {
            let (eights, _) = text.as_chunks();
            let (lower_eights, _) = lower.as_chunks();
            eights.iter().zip(lower_eights).all(|(&text, &lower)| fold(text) == lower)
                && fold(end) == lower_end
        }
        _ => text.iter().zip(lower).all(|(byte, lower)| byte.to_ascii_lowercase() == *lower),
    }
}

/// Eight bytes with their ASCII letters in lower case.
#[inline]
fn fold(bytes: [u8; 8]) -> [u8; 8] {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let bytes = u64::from_le_bytes(bytes);
    let low = bytes & (EACH * 0x7f);
    // The highest bit of each byte: whether it is `A` or more, whether it is more than `Z`, whether it is ASCII.
    let from_a = low + EACH * (0x80 - u64::from(b'A'));
    let past_z = low + EACH * (0x7f - u64::from(b'Z'));
    let upper = (from_a ^ past_z) & !bytes & (EACH * 0x80);
    (bytes | upper >> 2).to_le_bytes()
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: Table<u8, 8> = Table::new(&[(1, "a be sea"), (2, "deep"), (3, "$x e-mail")]);

    #[test]
    fn listed_words_are_found_in_any_case_and_no_others() {
        for (word, value) in
            [("a", 1), ("Be", 1), ("SEA", 1), ("deep", 2), ("$X", 3), ("e-Mail", 3)]
        {
            assert_eq!(TABLE.get(word.as_bytes()), Some(value), "{word}");
        }
        for word in ["", "b", "see", "deeper", "dee", "e_mail", "e-mails", "\u{e9}"] {
            assert_eq!(TABLE.get(word.as_bytes()), None, "{word}");
        }
        assert_eq!(TABLE.get(&[b'a'; 4000]), None);
    }

    #[test]
    fn only_letters_fold() {
        for byte in 0..=255u8 {
            for len in 1..20 {
                for at in 0..len {
                    let mut text = vec![b'x'; len];
                    text[at] = byte;
                    let lower = text.to_ascii_lowercase();
                    assert!(equals_lower(&text, &lower));
                    let mut other = lower.clone();
                    other[at] ^= 0x20;
                    assert!(!equals_lower(&text, &other), "{byte}");
                }
            }
        }
        assert!(!equals_lower(b"a", b"ab"));
    }
}
