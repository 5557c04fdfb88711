//! The literal scan of ordinary rule sets: each literal is watched for by one *window* of it.
//!
//! A window is four neighbouring bytes of the literal, or all of it if it is shorter. [`Buckets`] say where one may end, at one
//! place of the text in fifteen; there the bytes are looked up in a table, and literals are compared only where they really
//! are a window of some.
//!
//! ```text
//! view  … ' · u n i o n …     buckets ─ may end here ─► "unio" ─ hash ─► long[bit]?  ─► its entries ─► compare "union select"
//!                                                       "' "   ───────► short[bit]? ─► its entries ─► compare "' "
//! ```
//!
//! The work at one place is bounded by the bytes of the literals that share a window, which [`Windows::new`] limits to
//! [`CROWD`] bytes: a set that does not fit is none for windows. So the scan is O(len), however the literals were chosen.

use std::collections::BTreeMap;

use super::buckets::{Buckets, Candidate, LANES};
use super::literals::{Hits, Literal, LiteralId};

/// Most bytes of literals that one place of the value may have to be compared with.
pub(super) const CROWD: usize = 256;
/// Most literals: beyond, so many bits are set that too much is compared.
const MOST: usize = 8192;
/// Rows of 64 bits for windows of four bytes.
const LONG_ROWS: usize = 1 << 11;
/// Rows of 64 bits for all pairs of bytes.
const SHORT_ROWS: usize = 1 << 10;

/// Literals by their windows. Immutable.
#[derive(Debug)]
pub(super) struct Windows {
    buckets: Buckets,
    /// By hash: whether four bytes are a window of a literal.
    long: Table<LONG_ROWS>,
    /// By the last two bytes of a shorter window, or any one and the only one.
    short: Table<SHORT_ROWS>,
}

/// A set of keys, and the literals that wait for each.
#[derive(Debug)]
pub(super) struct Table<const ROWS: usize> {
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
    /// Where in the literal the window ends.
    end: u32,
}

/// What is collected for a [`Table`]: entries by key.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<u32, Vec<Entry>>);

impl Keys {
    pub(super) fn add(&mut self, key: u32, literal: LiteralId, end: usize) {
        let entries = self.0.entry(key).or_default();
        let entry = Entry { literal, end: end as u32 };
        // What folds alike comes twice.
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
}

impl<const ROWS: usize> Table<ROWS> {
    /// None if the literals of one key have more than [`CROWD`] bytes.
    pub(super) fn new(keys: &Keys, literals: &[Literal]) -> Option<Table<ROWS>> {
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
    pub(super) fn has(&self, key: u32) -> bool {
        self.bits[Self::row(key)] >> (key % 64) & 1 != 0
    }

    /// Adds the literals that really stand around the window that ends before `end`, if it is one. O([`CROWD`]).
    pub(super) fn compare(
        &self,
        view: &[u8],
        end: usize,
        key: u32,
        literals: &[Literal],
        hits: &mut Hits,
    ) {
        if !self.has(key) {
            return;
        }
        let lower = self.bits[Self::row(key)] & ((1 << (key % 64)) - 1);
        let nth = (self.before[Self::row(key)] + lower.count_ones()) as usize;
        let (Some(&from), Some(&to)) = (self.starts.get(nth), self.starts.get(nth + 1)) else {
            return;
        };
        for entry in self.entries.get(from as usize..to as usize).unwrap_or_default() {
            let Some(literal) = literals.get(entry.literal.index()) else { continue };
            let Some(start) = end.checked_sub(entry.end as usize) else { continue };
            let range = start..start + literal.text.len();
            if view.get(range.clone()).is_some_and(|text| literal.is(text)) {
                hits.add(entry.literal, literal, range);
            }
        }
    }

    pub(super) fn memory_usage(&self) -> usize {
        size_of_val(&*self.bits)
            + size_of_val(&*self.before)
            + size_of_val(&self.starts[..])
            + size_of_val(&self.entries[..])
    }
}

impl Windows {
    /// Gives each of these literals its window; none if there are too many literals, or too many that look alike.
    ///
    /// O(literals x their length).
    pub(super) fn new(literals: &[Literal], ids: &[LiteralId]) -> Option<Windows> {
        if ids.len() > MOST {
            return None;
        }
        let (mut long, mut short) = (Keys::default(), Keys::default());
        let known = || ids.iter().filter_map(|&id| Some((id, literals.get(id.index())?)));
        let (buckets, windows) = Buckets::new(known().map(|(_, literal)| &*literal.text));
        for ((id, literal), window) in known().zip(windows) {
            let text = literal.text.get(..window.end).unwrap_or_default();
            match *text {
                [.., a, b, c, d] => long.add(long_key([a, b, c, d]), id, window.end),
                [.., a, b] => short.add(short_key([a, b]), id, window.end),
                [a] => {
                    for before in 0..=u8::MAX {
                        short.add(short_key([before, a]), id, window.end);
                    }
                }
                [] => {}
            }
        }
        Some(Windows {
            buckets,
            long: Table::new(&long, literals)?,
            short: Table::new(&short, literals)?,
        })
    }

    /// See [`Literals::find`](super::literals::Literals::find). O(len x [`CROWD`]) at the very worst.
    #[inline]
    pub(super) fn find(&self, view: &[u8], literals: &[Literal], hits: &mut Hits) {
        let mut look = Look { windows: self, view, literals, hits };
        self.buckets.find(view, |candidate| look.at(candidate));
    }

    /// Memory taken, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        self.buckets.memory_usage() + self.long.memory_usage() + self.short.memory_usage()
    }
}

/// One scan.
struct Look<'s> {
    windows: &'s Windows,
    view: &'s [u8],
    literals: &'s [Literal],
    hits: &'s mut Hits,
}

impl Look<'_> {
    /// Looks up the windows that end at one place.
    // PERF: a call keeps the loop over the bytes small; that it ends in a call, if in any, keeps it short: a fifth of the scan.
    #[inline(never)]
    fn at(&mut self, candidate: Candidate) {
        let text = self.view.get(..=candidate.end).unwrap_or_default();
        let Some(&window) = text.last_chunk() else { return self.compare(candidate) };
        let [_, _, c, d] = window;
        if candidate.is_long() && self.windows.long.has(long_key(window))
            || candidate.is_short() && self.windows.short.has(short_key([c, d]))
        {
            self.compare(candidate);
        }
    }

    /// Adds the literals of these windows that really stand there. O([`CROWD`]).
    #[cold]
    fn compare(&mut self, candidate: Candidate) {
        let Look { windows: Windows { long, short, .. }, view, literals, .. } = *self;
        let text = view.get(..=candidate.end).unwrap_or_default();
        if candidate.is_long()
            && let Some(&window) = text.last_chunk()
        {
            long.compare(view, text.len(), long_key(window), literals, self.hits);
        }
        let window = match *text {
            _ if !candidate.is_short() => return,
            [.., c, d] => [c, d],
            [d] => [0, d],
            [] => return,
        };
        short.compare(view, text.len(), short_key(window), literals, self.hits);
    }
}

/// The key of a window of four bytes: some bytes fall together with letters, which the comparison tells apart.
#[inline]
fn long_key(window: [u8; LANES]) -> u32 {
    let window = u32::from_le_bytes(window);
    let folded = window | (window & 0x4040_4040) >> 1;
    folded.wrapping_mul(0x9e37_79b1) >> 15
}

/// The key of a window of two bytes.
#[inline]
fn short_key(window: [u8; 2]) -> u32 {
    let window = u16::from_le_bytes(window);
    u32::from(window | (window & 0x4040) >> 1)
}
