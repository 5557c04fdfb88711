//! Long literals by the thousand: only every fourth byte of the text is looked at.
//!
//! Of each literal of [`SHORTEST`] bytes or more, four windows of five bytes that begin behind each other are entered in a table. Wherever it stands in
//! a text, one of the four begins at a multiple of four, and so looking up the five bytes at each such place finds it:
//!
//! ```text
//! literal   /plugins/loader.php?      windows  "gins/", "ins/l", "ns/lo", "s/loa"
//! text      GET /x/plugins/loader…    places   0 "GET /"  4 "/x/pl"  8 "ugins"  12 "/load" … one of them is in the table
//! ```
//!
//! (Wu and Manber, "A Fast Algorithm for Multi-Pattern Searching", 1994, shift by what the bytes allow; here it is always four, and nothing depends
//! on what the text holds.) What the four are is chosen so that few literals share one. The work at one place is bounded as that of
//! [`Windows`](super::windows::Windows) is.

use super::literals::{Hits, Literal, LiteralId};
use super::windows::{CROWD, Keys, Table};

/// Places that are passed over, and one.
const STEP: usize = 4;
/// Bytes of a window.
const WIDTH: usize = 5;
/// The shortest literal of which a window stands at one of [`STEP`] places that follow each other.
pub(super) const SHORTEST: usize = WIDTH + STEP - 1;
/// Literals from which on it pays to look a second time for the long ones.
pub(super) const FEWEST: usize = 2048;
/// Rows of 64 bits, for 2^20 keys: of 10,000 literals, one key in 25 is set.
const ROWS: usize = 1 << 14;
const KEY_BITS: u32 = (ROWS * 64).ilog2();

/// Long literals by their windows. Immutable.
#[derive(Debug)]
pub(super) struct Samples {
    table: Table<ROWS>,
}

impl Samples {
    /// Enters what is long enough, and finds few others at its windows. The others are left for another search.
    ///
    /// O(bytes of all literals).
    pub(super) fn new(literals: &[Literal]) -> (Option<Samples>, Vec<LiteralId>) {
        let mut keys = Keys::default();
        let mut crowds = vec![0_u16; ROWS * 64];
        let mut left = Vec::new();
        for (id, literal) in literals.iter().enumerate() {
            let id = LiteralId::new(id);
            let len = literal.text.len();
            let places = 0..(len + 1).saturating_sub(SHORTEST);
            let crowd = |start: &usize| -> usize {
                four(&literal.text, *start).map(|(key, _)| usize::from(crowds[key as usize])).sum()
            };
            let best = places.min_by_key(crowd);
            let fits = |start: &usize| {
                four(&literal.text, *start)
                    .all(|(key, _)| usize::from(crowds[key as usize]) + STEP * len <= CROWD)
            };
            let Some(start) = best.filter(fits) else {
                left.push(id);
                continue;
            };
            for (key, end) in four(&literal.text, start) {
                keys.add(key, id, end);
                crowds[key as usize] += len as u16;
            }
        }
        match Table::new(&keys, literals) {
            Some(table) => (Some(Samples { table }), left),
            None => (None, (0..literals.len()).map(LiteralId::new).collect()),
        }
    }

    /// See [`Literals::find`](super::literals::Literals::find). O(len x [`CROWD`] / [`STEP`]) at the very worst.
    #[inline(never)]
    pub(super) fn find(&self, view: &[u8], literals: &[Literal], hits: &mut Hits) {
        let mut at = 0;
        let mut rest = view;
        while let Some(&bytes) = rest.first_chunk() {
            self.at(view, at, u64::from_le_bytes(bytes), literals, hits);
            rest = rest.get(STEP..).unwrap_or_default();
            at += STEP;
        }
        while rest.len() >= WIDTH {
            let bytes = rest.iter().rev().fold(0, |bytes, &byte| bytes << 8 | u64::from(byte));
            self.at(view, at, bytes, literals, hits);
            rest = rest.get(STEP..).unwrap_or_default();
            at += STEP;
        }
    }

    #[inline]
    fn at(&self, view: &[u8], at: usize, bytes: u64, literals: &[Literal], hits: &mut Hits) {
        let key = key(bytes);
        if self.table.has(key) {
            self.table.compare(view, at + WIDTH, key, literals, hits);
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        self.table.memory_usage()
    }
}

/// The keys of the windows that begin at `start` and behind, the last one first, each with where it ends: of a literal that stands in a text
/// twice, at one window, the first place is told first.
fn four(text: &[u8], start: usize) -> impl Iterator<Item = (u32, usize)> {
    (start..start + STEP).rev().filter_map(|start| {
        let window = text.get(start..start + WIDTH)?;
        let bytes = window.iter().rev().fold(0, |bytes, &byte| bytes << 8 | u64::from(byte));
        Some((key(bytes), start + WIDTH))
    })
}

/// The key of the first [`WIDTH`] bytes: some bytes fall together with letters, which the comparison tells apart.
#[inline]
fn key(bytes: u64) -> u32 {
    let folded = bytes | (bytes & 0x40_4040_4040) >> 1;
    // The others are shifted out.
    ((folded << (64 - 8 * WIDTH)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - KEY_BITS)) as u32
}
