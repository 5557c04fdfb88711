//! One scan for every literal that a rule or a gate waits for.
//!
//! Way: decode -> gate -> **literals** -> detect. The gate words of all languages and the literals of all pattern rules
//! are found in one pass over a reading of a value, whatever their number. The scan yields [`Hits`]: the languages whose
//! gate opened, and where each literal stands first, so that a literal rule needs no search of its own.
//!
//! Each literal is watched for by one *window*: four neighbouring bytes of it (fewer if it is shorter), the rarest in
//! text. A table of 16 KiB, looked up once for each byte of the value, says whether the last four bytes may be a window;
//! if so, the literals of that window are compared. In prose one byte in eleven gets past the table.
//!
//! Aho-Corasick automata were tried first, with 1,300 literals: a dense one of 5.5 MB beside a small one of 1.6 MB for
//! values of ordinary bytes took 20 ms to build, 2.0 ns a byte on names and 3.8 to 4.1 on prose and URLs, where it leaves
//! the caches; a sparse one of 0.4 MB 3.2 and 4.4 to 8. The windows take 80 KB, 0.3 ms, 1.9 and 2.0 to 2.4 ns.
//!
//! A prefilter may overstate, never understate: [`Literals::find_slowly`] is the plain twin, used when the prefilter is
//! switched off and compared with by the tests.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Names a literal of one [`Literals`], in the order of [`Builder::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LiteralId(u32);

impl LiteralId {
    /// The literal as an index.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Who waits for a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The language of this number (below 32): the literal opens its gate.
    Language(u8),
    /// A pattern rule, which asks for it by its id.
    Rule,
}

/// Collects literals; equal ones (ASCII letters in any case) become one.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    ids: HashMap<Box<[u8]>, LiteralId>,
    literals: Vec<Literal>,
}

#[derive(Debug)]
struct Literal {
    /// In lower case.
    text: Box<[u8]>,
    /// Languages whose gate it opens, as bits.
    languages: u32,
}

impl Builder {
    /// Adds a literal, which must not be empty.
    pub(crate) fn add(&mut self, literal: &str, owner: Owner) -> LiteralId {
        assert!(!literal.is_empty(), "an empty literal is everywhere");
        let text = literal.to_ascii_lowercase().into_bytes().into_boxed_slice();
        let id = *self.ids.entry(text).or_insert_with_key(|text| {
            self.literals.push(Literal { text: text.clone(), languages: 0 });
            LiteralId(self.literals.len() as u32 - 1)
        });
        if let Owner::Language(language) = owner {
            self.literals[id.index()].languages |= 1 << language;
        }
        id
    }

    /// Gives each literal its window. O(literals x their length).
    pub(crate) fn build(self) -> Literals {
        let mut buckets: Vec<Vec<Entry>> = vec![Vec::new(); PAIRS];
        // The short ones have no choice; the others avoid crowded windows.
        let mut order: Vec<usize> = (0..self.literals.len()).collect();
        order.sort_by_key(|&id| self.literals[id].text.len());
        for id in order {
            let text = &self.literals[id].text;
            let size = text.len().min(4);
            let best = text
                .windows(size)
                .enumerate()
                .map(|(at, bytes)| {
                    let window = bytes.iter().fold(0, |window, &byte| slide(window, byte));
                    let crowd = buckets[pair(window)].len() as u32;
                    let rare: u32 = bytes.iter().map(|&byte| rarity(byte)).sum();
                    (rare.saturating_sub(8 * crowd), Reverse(at), window)
                })
                .max();
            // No literal is empty, so each has a window.
            let Some((_, Reverse(at), window)) = best else { continue };
            let entry = Entry {
                window,
                mask: u32::MAX >> (32 - 8 * size),
                end: (at + size) as u32,
                literal: LiteralId(id as u32),
            };
            if size > 1 {
                buckets[pair(window)].push(entry);
                continue;
            }
            // Any byte may stand before; none (0) at the start of the value.
            let before: BTreeSet<u32> =
                (0..=u8::MAX).map(|byte| slide(0, byte)).chain([0]).collect();
            for byte in before {
                buckets[pair(byte << 8 | window)].push(entry);
            }
        }
        let mut filter = Box::new([0; PAIRS]);
        let mut starts = Vec::with_capacity(PAIRS + 1);
        let mut entries = Vec::new();
        for (row, bucket) in filter.iter_mut().zip(&buckets) {
            starts.push(entries.len() as u32);
            entries.extend_from_slice(bucket);
            *row = bucket.iter().fold(0, |row, entry| {
                row | match entry.mask {
                    u32::MAX => 1 << column(entry.window),
                    // A window of three leaves the lowest bits of the column open, a shorter one all.
                    0xff_ffff => 0xff << column(entry.window),
                    _ => u64::MAX,
                }
            });
        }
        starts.push(entries.len() as u32);
        Literals { texts: self.literals, filter, starts, entries }
    }
}

/// Number of rows of the filter: hash values of the last two bytes of a window.
const PAIRS: usize = 1 << 11;

/// The window one byte further on. Letters are folded to lower case; some other bytes fall together as well, which the
/// comparison tells apart.
#[inline]
fn slide(window: u32, byte: u8) -> u32 {
    window << 8 | u32::from(byte | (byte & 0x40) >> 1)
}

/// The row of a window: a hash of its last two bytes, so that their usual pairs spread.
#[inline]
fn pair(window: u32) -> usize {
    usize::from((window as u16).wrapping_mul(40_503) >> 5)
}

/// The column of a window: three bits each of its second and first byte.
#[inline]
fn column(window: u32) -> u32 {
    (window >> 13 & 0b11_1000) | (window >> 24 & 0b111)
}

/// How seldom a byte stands in text, roughly: any order will do, it decides about speed only.
fn rarity(byte: u8) -> u32 {
    match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 0,
        b'h' | b'l' | b'd' | b'c' | b'u' | b'm' => 4,
        b'f' | b'p' | b'g' | b'w' | b'y' | b'b' | b'v' => 8,
        b'k' | b'.' | b',' | b'-' | b'0'..=b'9' => 12,
        b'x' | b'j' | b'q' | b'z' | b'/' | b':' | b'"' | b'\'' | b'(' | b'\n' => 20,
        _ => 30,
    }
}

/// Every literal, ready to be searched for. Immutable.
#[derive(Debug)]
pub(crate) struct Literals {
    texts: Vec<Literal>,
    /// By [`pair`]: which [`column`]s make a window of it.
    filter: Box<[u64; PAIRS]>,
    /// By [`pair`]: where its entries begin; they end where the next ones begin.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// A literal at its window.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Folded bytes, the last one lowest.
    window: u32,
    /// Which of them count: short literals have short windows.
    mask: u32,
    /// Where in the literal the window ends.
    end: u32,
    literal: LiteralId,
}

impl Literals {
    /// Finds every literal of `view`. Allocates nothing once `hits` is warm.
    ///
    /// One pass. O(len x literals that share a window), about two nanoseconds a byte on text.
    pub(crate) fn find(&self, view: &[u8], hits: &mut Hits) {
        hits.clear(self.texts.len());
        let mut window = 0;
        for (at, &byte) in view.iter().enumerate() {
            // PERF: one load a byte, none of which waits for another; an automaton's next state waits for the last.
            window = slide(window, byte);
            let pair = pair(window);
            if self.filter[pair] >> column(window) & 1 != 0 {
                self.compare(view, at + 1, window, pair, hits);
            }
        }
    }

    /// Adds the literals that really have this window before `end`.
    fn compare(&self, view: &[u8], end: usize, window: u32, pair: usize, hits: &mut Hits) {
        let (Some(&from), Some(&to)) = (self.starts.get(pair), self.starts.get(pair + 1)) else {
            return;
        };
        for entry in self.entries.get(from as usize..to as usize).unwrap_or_default() {
            if window & entry.mask != entry.window & entry.mask {
                continue;
            }
            let literal = &self.texts[entry.literal.index()];
            let Some(start) = end.checked_sub(entry.end as usize) else { continue };
            let range = start..start + literal.text.len();
            if view.get(range.clone()).is_some_and(|b| b.eq_ignore_ascii_case(&literal.text)) {
                hits.add(entry.literal, literal, range);
            }
        }
    }

    /// What [`Literals::find`] finds, by a plain search for each literal: its twin. O(len x literals).
    pub(crate) fn find_slowly(&self, view: &[u8], hits: &mut Hits) {
        hits.clear(self.texts.len());
        for (id, literal) in (0..).map(LiteralId).zip(&self.texts) {
            let len = literal.text.len();
            if let Some(at) = view.windows(len).position(|w| w.eq_ignore_ascii_case(&literal.text))
            {
                hits.add(id, literal, at..at + len);
            }
        }
    }

    /// Memory taken, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let texts: usize = self.texts.iter().map(|l| size_of::<Literal>() + l.text.len()).sum();
        texts
            + size_of_val(&*self.filter)
            + size_of_val(&self.starts[..])
            + size_of_val(&self.entries[..])
    }
}

/// What one scan found. Reused from value to value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hits {
    languages: u32,
    /// The literals of `found`, as bits.
    seen: Vec<u64>,
    found: Vec<Occurrence>,
}

/// The first place of a literal in a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// Which literal.
    pub(crate) literal: LiteralId,
    start: u32,
    end: u32,
}

impl Occurrence {
    /// Where it stands.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Hits {
    /// Whether a gate word of the language was found.
    pub(crate) fn opens(&self, language: u8) -> bool {
        self.languages & (1 << language) != 0
    }

    /// Each literal that was found, once, at its first place; in no order to rely on.
    pub(crate) fn found(&self) -> &[Occurrence] {
        &self.found
    }

    #[inline]
    fn clear(&mut self, literals: usize) {
        self.languages = 0;
        for occurrence in self.found.drain(..) {
            if let Some(word) = self.seen.get_mut(occurrence.literal.index() / 64) {
                *word = 0;
            }
        }
        let words = literals.div_ceil(64);
        if self.seen.len() < words {
            self.seen.resize(words, 0);
        }
    }

    fn add(&mut self, id: LiteralId, literal: &Literal, range: Range<usize>) {
        let bit = 1 << (id.index() % 64);
        match self.seen.get_mut(id.index() / 64) {
            Some(word) if *word & bit == 0 => *word |= bit,
            _ => return,
        }
        self.languages |= literal.languages;
        self.found.push(Occurrence {
            literal: id,
            start: range.start as u32,
            end: range.end as u32,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Literals of every length, some inside of others, some with neighbours in their windows.
    const LITERALS: &[&str] = &[
        "|",
        "\n",
        "{{",
        "${",
        "*)",
        "://",
        "or ",
        "xp_",
        "exec",
        "execute",
        "select",
        "electron",
        "elect",
        "union all",
        "information_schema",
        "__proto__",
        "%c0%af",
        "aaaa",
        "aaa",
        "aab",
        "é{",
        "\0\x05",
        "UPPER",
        "a",
        "[[[[",
    ];

    fn literals() -> (Literals, Vec<LiteralId>) {
        let mut builder = Builder::default();
        let owner = |at: usize| if at % 3 == 0 { Owner::Language(at as u8) } else { Owner::Rule };
        let ids =
            LITERALS.iter().enumerate().map(|(at, text)| builder.add(text, owner(at))).collect();
        (builder.build(), ids)
    }

    /// Values of literals, halves of literals and noise, in any case.
    struct Values(u64);

    impl Values {
        fn next(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % below
        }

        fn value(&mut self) -> Vec<u8> {
            let mut value = Vec::new();
            for _ in 0..self.next(6) {
                let text = LITERALS[self.next(LITERALS.len())].as_bytes();
                let cut = self.next(text.len() + 1);
                match self.next(4) {
                    0 => value.extend_from_slice(text),
                    1 => value.extend_from_slice(&text[..cut]),
                    2 => value.extend_from_slice(&text[cut..]),
                    _ => value.extend((0..cut).map(|at| (at * 37 + cut) as u8)),
                }
            }
            for byte in &mut value {
                if self.next(3) == 0 {
                    *byte = byte.to_ascii_uppercase();
                }
            }
            value
        }
    }

    #[test]
    fn the_scan_finds_what_plain_searches_find() {
        let (literals, _) = literals();
        let (mut fast, mut slow) = (Hits::default(), Hits::default());
        let mut values = Values(0x9e37_79b9_7f4a_7c15);
        let mut found = 0;
        for _ in 0..20_000 {
            let value = values.value();
            literals.find(&value, &mut fast);
            literals.find_slowly(&value, &mut slow);
            fast.found.sort();
            slow.found.sort();
            assert_eq!(fast.found, slow.found, "{:?}", String::from_utf8_lossy(&value));
            assert_eq!(fast.languages, slow.languages);
            found += fast.found.len();
        }
        assert!(found > 20_000, "the values hold too little to tell: {found}");
    }

    #[test]
    fn the_first_place_is_told_and_the_gate_opens() {
        let (literals, ids) = literals();
        let mut hits = Hits::default();
        literals.find(b"x Select or SELECT", &mut hits);
        let select = hits.found().iter().find(|found| found.literal == ids[10]);
        assert_eq!(select.map(Occurrence::range), Some(2..8));
        // `or ` and `elect` are languages of their own, `select` is a rule's.
        assert!(hits.opens(6) && hits.opens(12) && !hits.opens(9));
    }

    #[test]
    fn equal_literals_are_one_with_both_owners() {
        let mut builder = Builder::default();
        let a = builder.add("Exec", Owner::Rule);
        assert_eq!(a, builder.add("eXEC", Owner::Language(2)));
        let literals = builder.build();
        let mut hits = Hits::default();
        literals.find(b"exec", &mut hits);
        assert!(hits.opens(2));
        assert_eq!(hits.found().len(), 1);
    }

    #[test]
    fn hits_are_reused_from_one_set_to_another() {
        let (many, _) = literals();
        let mut builder = Builder::default();
        builder.add("zzz", Owner::Rule);
        let one = builder.build();
        let mut hits = Hits::default();
        one.find(b"zzz", &mut hits);
        assert_eq!(hits.found().len(), 1);
        many.find(b"information_schema |", &mut hits);
        assert_eq!(hits.found().len(), 3, "{:?}", hits.found());
        one.find(b"information_schema", &mut hits);
        assert_eq!(hits.found().len(), 0);
        many.find(b"information_schema |", &mut hits);
        assert_eq!(hits.found().len(), 3);
    }
}
