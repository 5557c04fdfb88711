//! The literal scan of ordinary rule sets: each literal is watched for by one *window* of it.
//!
//! A window is four neighbouring bytes of the literal, those that are rarest in text; the scan hashes the four bytes at
//! each place of the value, looks up one bit, and compares literals only where it is set: at one place in fifty, most of
//! which really are windows of some literal. What is shorter than four bytes is watched for by two, in a table of all
//! pairs of bytes; it nearly always holds a character that words and numbers do not, and where none of those stands in the
//! value, that table is not looked at.
//!
//! ```text
//! view  … ' · u n i o n …      "unio" ─ hash ─► long[bit]?  ─► its entries ─► compare "union select"
//!                              "' "   ───────► short[bit]? ─► its entries ─► compare "' "
//! ```
//!
//! The work at one place is bounded by the bytes of the literals that share a window, which [`Windows::new`] limits to
//! [`CROWD`] bytes: a set that does not fit is none for windows. So the scan is O(len), however the literals were chosen.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::literals::{Hits, Literal, LiteralId};
use crate::classes::Classes;

/// Most bytes of literals that one place of the value may have to be compared with.
const CROWD: usize = 256;
/// Most literals: beyond, so many bits are set that too much is compared.
const MOST: usize = 8192;
/// Rows of 64 bits for windows of four bytes.
const LONG_ROWS: usize = 1 << 11;
/// Rows of 64 bits for all pairs of bytes.
const SHORT_ROWS: usize = 1 << 10;
/// The bytes that any window may begin with.
const LONG: usize = 4;

/// Literals by their windows. Immutable.
#[derive(Debug)]
pub(super) struct Windows {
    /// By hash: whether a window of four bytes is one of a literal.
    long: Table<LONG_ROWS>,
    /// By the two bytes themselves.
    short: Table<SHORT_ROWS>,
    /// A value without any of these holds no literal of `short`.
    short_needs: Classes,
}

/// A set of keys, and the literals that wait for each.
#[derive(Debug)]
struct Table<const ROWS: usize> {
    bits: Box<[u64; ROWS]>,
    /// How many bits are set before each row.
    before: Box<[u32; ROWS]>,
    /// For each bit that is set, where its entries begin; they end where the next ones begin.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// A literal at its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    literal: LiteralId,
    /// Where in the literal the window begins.
    offset: u32,
}

/// What is collected for a [`Table`]: entries by key.
#[derive(Default)]
struct Keys(BTreeMap<u32, Vec<Entry>>);

impl Keys {
    fn crowd(&self, key: u32) -> usize {
        self.0.get(&key).map_or(0, Vec::len)
    }

    fn add(&mut self, key: u32, literal: LiteralId, offset: u32) {
        let entries = self.0.entry(key).or_default();
        let entry = Entry { literal, offset };
        // What folds alike comes twice.
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
}

impl<const ROWS: usize> Table<ROWS> {
    /// None if the literals of one key have more than [`CROWD`] bytes.
    fn new(keys: &Keys, literals: &[Literal]) -> Option<Table<ROWS>> {
        let mut table = Table {
            bits: Box::new([0; ROWS]),
            before: Box::new([0; ROWS]),
            starts: vec![0],
            entries: Vec::new(),
        };
        for (&key, entries) in &keys.0 {
            let bytes = |entry: &Entry| {
                literals.get(entry.literal.index()).map_or(0, |literal| literal.text.len())
            };
            if entries.iter().map(bytes).sum::<usize>() > CROWD {
                return None;
            }
            table.bits[key as usize / 64] |= 1 << (key % 64);
            table.entries.extend_from_slice(entries);
            table.starts.push(table.entries.len() as u32);
        }
        let mut before = 0;
        for (row, bits) in table.before.iter_mut().zip(&*table.bits) {
            *row = before;
            before += bits.count_ones();
        }
        Some(table)
    }

    /// The row of a key, which is one of the table: the mask only says so.
    #[inline]
    fn row(key: u32) -> usize {
        (key / 64) as usize & (ROWS - 1)
    }

    #[inline]
    fn has(&self, key: u32) -> bool {
        self.bits[Self::row(key)] >> (key % 64) & 1 != 0
    }

    /// Adds the literals that really stand around the window at `at`. O([`CROWD`]).
    #[inline(never)]
    fn compare(&self, view: &[u8], at: usize, key: u32, literals: &[Literal], hits: &mut Hits) {
        let lower = self.bits[Self::row(key)] & ((1 << (key % 64)) - 1);
        let nth = (self.before[Self::row(key)] + lower.count_ones()) as usize;
        let (Some(&from), Some(&to)) = (self.starts.get(nth), self.starts.get(nth + 1)) else {
            return;
        };
        for entry in self.entries.get(from as usize..to as usize).unwrap_or_default() {
            let Some(literal) = literals.get(entry.literal.index()) else { continue };
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let range = start..start + literal.text.len();
            if view.get(range.clone()).is_some_and(|b| b.eq_ignore_ascii_case(&literal.text)) {
                hits.add(entry.literal, literal, range);
            }
        }
    }

    fn memory_usage(&self) -> usize {
        size_of_val(&*self.bits)
            + size_of_val(&*self.before)
            + size_of_val(&self.starts[..])
            + size_of_val(&self.entries[..])
    }
}

/// Classes of bytes that stand in nearly every value.
const COMMON: Classes = Classes::ORDINARY.without(Classes::HIGH);

impl Windows {
    /// Gives each literal its window; none if there are too many literals, or too many that look alike.
    ///
    /// O(literals x their length).
    pub(super) fn new(literals: &[Literal]) -> Option<Windows> {
        if literals.len() > MOST {
            return None;
        }
        let (mut long, mut short) = (Keys::default(), Keys::default());
        let mut short_needs = Classes::NONE;
        // The short ones have no choice; the others avoid crowded windows.
        let mut order: Vec<(usize, &Literal)> = literals.iter().enumerate().collect();
        order.sort_by_key(|(_, literal)| literal.text.len());
        for (id, literal) in order {
            let id = LiteralId::new(id);
            let odd = literal.text.iter().map(|&byte| Classes::of_byte(byte));
            let odd = odd.max_by_key(|class| class.without(COMMON).0);
            let is_odd = odd.is_some_and(|class| !class.without(COMMON).is_empty());
            match literal.text.len() {
                // Odd or not, a word of three letters in the table of pairs would have it looked at for every value.
                3 if !is_odd => {
                    for after in 0..=u8::MAX {
                        let window = [literal.text[0], literal.text[1], literal.text[2], after];
                        let key = long_key(folded(u64::from(u32::from_le_bytes(window))));
                        long.add(key, id, 0);
                    }
                }
                LONG.. => {
                    let key = |window: &[u8]| long_key(folded(word(window)));
                    let (key, offset) = rarest(&literal.text, LONG, key, &long);
                    long.add(key, id, offset);
                }
                len => {
                    short_needs = short_needs.or(odd.unwrap_or(Classes::ALL));
                    if len == 1 {
                        for after in 0..=u8::MAX {
                            let key = short_key(folded(word(&[literal.text[0], after])));
                            short.add(key, id, 0);
                        }
                    } else {
                        let key = |window: &[u8]| short_key(folded(word(window)));
                        let (key, offset) = rarest(&literal.text, 2, key, &short);
                        short.add(key, id, offset);
                    }
                }
            }
        }
        Some(Windows {
            long: Table::new(&long, literals)?,
            short: Table::new(&short, literals)?,
            short_needs,
        })
    }

    /// See [`Literals::find`](super::literals::Literals::find). O(len x [`CROWD`]) at the very worst.
    #[inline]
    pub(super) fn find(
        &self,
        view: &[u8],
        classes: Classes,
        literals: &[Literal],
        hits: &mut Hits,
    ) {
        if classes.intersects(self.short_needs) {
            self.scan::<true>(view, literals, hits);
        } else {
            self.scan::<false>(view, literals, hits);
        }
    }

    fn scan<const SHORT: bool>(&self, view: &[u8], literals: &[Literal], hits: &mut Hits) {
        let mut look = |at: usize, window: u64| {
            let (long, short) = (long_key(window), short_key(window));
            let (in_long, in_short) = (self.long.has(long), SHORT && self.short.has(short));
            // One branch for both.
            if in_long | in_short {
                if in_long {
                    self.long.compare(view, at, long, literals, hits);
                }
                if in_short {
                    self.short.compare(view, at, short, literals, hits);
                }
            }
        };
        let mut at = 0;
        let mut rest = view;
        // PERF: eight bytes are loaded and folded at once and hold five windows. None of the look-ups waits for another,
        // while an automaton's next state waits for the last.
        while let Some(eight) = rest.first_chunk::<8>() {
            let eight = folded(u64::from_le_bytes(*eight));
            for step in 0..5 {
                look(at + step, eight >> (8 * step));
            }
            at += 5;
            rest = rest.get(5..).unwrap_or_default();
        }
        // Behind the end stand zeros.
        let mut last = folded(word(rest));
        for step in 0..rest.len() {
            look(at + step, last);
            last >>= 8;
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        self.long.memory_usage() + self.short.memory_usage()
    }
}

/// Letters in lower case; some other bytes fall together as well, which the comparison tells apart.
#[inline]
fn folded(bytes: u64) -> u64 {
    bytes | (bytes & 0x4040_4040_4040_4040) >> 1
}

/// The key of a window of four bytes, which are the lowest.
#[inline]
fn long_key(window: u64) -> u32 {
    (window as u32).wrapping_mul(0x9e37_79b1) >> 15
}

/// The key of a window of two bytes.
#[inline]
fn short_key(window: u64) -> u32 {
    u32::from(window as u16)
}

/// At most eight bytes, the first one lowest; zeros behind them.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    // PERF: two loads that overlap rather than a loop.
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let shift = 8 * (bytes.len().min(8) - 4);
        return u64::from(u32::from_le_bytes(*first))
            | u64::from(u32::from_le_bytes(*last)) << shift;
    }
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// The window of `size` bytes that is best to watch for: rare, and with few others. Its key and offset.
fn rarest(text: &[u8], size: usize, key: impl Fn(&[u8]) -> u32, keys: &Keys) -> (u32, u32) {
    let windows = text.windows(size).enumerate().map(|(at, window)| {
        let key = key(window);
        let rare: usize = window.iter().map(|&byte| rarity(byte)).sum();
        (rare.saturating_sub(4 * keys.crowd(key)), Reverse(at), key)
    });
    // No text is shorter than its window.
    windows.max().map_or((0, 0), |(_, Reverse(at), key)| (key, at as u32))
}

/// How seldom a byte stands in text, roughly: any order will do, it decides about speed only.
fn rarity(byte: u8) -> usize {
    match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 0,
        b'h' | b'l' | b'd' | b'c' | b'u' | b'm' => 4,
        b'f' | b'p' | b'g' | b'w' | b'y' | b'b' | b'v' => 8,
        b'k' | b'.' | b',' | b'-' | b'0'..=b'9' => 12,
        b'x' | b'j' | b'q' | b'z' | b'/' | b':' | b'"' | b'\'' | b'(' | b'\n' => 20,
        _ => 30,
    }
}
