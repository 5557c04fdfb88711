//! What a worker remembers to be clean, so that it need not be inspected again.
//!
//! In a log the same few thousand request lines, referers and agents come again and again. Each is remembered as it
//! stands in the line, and compared byte by byte, so nothing hangs on a hash. A request is clean if its target alone is clean
//! and its headers were clean beside another target of the same route: no field of a request changes what another one is
//! found to be, but for limits on all of them together ([`Remembering::new`]).

// PERF: 300 MiB of the log of `benches/examples/access-log.rs` take 3.1 s of one core instead of 4.9.

use std::hash::BuildHasher;

use abatis::model::Bundle;
use abatis::{Action, Coverage, Limits, Verdict};
use foldhash::fast::RandomState;

/// Sets of a table.
const SETS: usize = 4096;
/// Longest text that is remembered.
pub(super) const LONGEST: usize = 2048;

/// Whether verdicts may be remembered under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembering {
    /// Every request is inspected as a whole.
    Off,
    /// Headers are judged alike on every route.
    On,
    /// Routes have exclusions or parameters of their own for headers, which are remembered by route.
    ByRoute,
}

impl Remembering {
    /// Off where a limit on all fields together is so low that clean parts may be too much together.
    pub(super) fn new(bundle: &Bundle) -> Remembering {
        let Limits { fields, steps, headers, header_bytes, .. } = bundle.policy.limits;
        let low = headers < 2 || header_bytes < 4 * LONGEST;
        if steps != 0 || fields < Limits::default().fields || low {
            Remembering::Off
        } else if bundle.policy.routes.is_empty() {
            Remembering::On
        } else {
            Remembering::ByRoute
        }
    }
}

/// Whether nothing at all was found: such verdicts are equal in everything.
pub(super) fn is_clean(verdict: &Verdict) -> bool {
    let Verdict { action, score, findings, dropped, coverage, .. } = verdict;
    *action == Action::Allow
        && *score == 0
        && findings.is_empty()
        && *dropped == 0
        && *coverage == Coverage::Full
}

/// What was clean.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Request lines.
    pub(super) requests: Table<Known>,
    /// Referers and agents, by route.
    pub(super) headers: [Table<()>; 2],
}

/// What is known of a clean request line.
#[derive(Debug)]
pub(super) struct Known {
    /// Tells routes apart.
    pub(super) route: u32,
    /// Its path as a pattern.
    pub(super) path: Box<str>,
}

/// A bounded table of texts. Two places for each hash: what comes once pushes out what came once, not what comes often.
#[derive(Debug)]
pub(super) struct Table<V> {
    sets: Vec<[Option<Entry<V>>; 2]>,
    state: RandomState,
}

#[derive(Debug)]
struct Entry<V> {
    route: u32,
    text: Box<[u8]>,
    value: V,
}

impl<V> Default for Table<V> {
    fn default() -> Table<V> {
        let sets = std::iter::repeat_with(|| [None, None]).take(SETS).collect();
        Table { sets, state: RandomState::default() }
    }
}

impl<V> Table<V> {
    fn set(&mut self, route: u32, text: &[u8]) -> Option<&mut [Option<Entry<V>>; 2]> {
        let hash = self.state.hash_one((route, text));
        self.sets.get_mut(hash as usize % SETS)
    }

    /// What is known of a text.
    pub(super) fn get(&mut self, route: u32, text: &[u8]) -> Option<&V> {
        let set = self.set(route, text)?;
        let is_it = |entry: &Option<Entry<V>>| {
            entry.as_ref().is_some_and(|entry| entry.route == route && *entry.text == *text)
        };
        if !is_it(&set[0]) {
            if !is_it(&set[1]) {
                return None;
            }
            set.swap(0, 1);
        }
        set[0].as_ref().map(|entry| &entry.value)
    }

    /// Remembers a text that is not known.
    pub(super) fn put(&mut self, route: u32, text: &[u8], value: V) {
        if text.len() <= LONGEST
            && let Some([_, last]) = self.set(route, text)
        {
            *last = Some(Entry { route, text: text.into(), value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_come_often_stay() {
        let mut table = Table::default();
        table.put(1, b"often", 7);
        assert_eq!(table.get(1, b"often"), Some(&7));
        assert_eq!(table.get(2, b"often"), None);
        for number in 0..20 * SETS {
            let once = number.to_string();
            table.put(1, once.as_bytes(), 0);
            assert_eq!(table.get(1, b"often"), Some(&7));
        }
        table.put(1, &[b'x'; LONGEST + 1], 1);
        assert_eq!(table.get(1, &[b'x'; LONGEST + 1]), None);
    }
}
