//! The literal scan of any rule set, however large and however much its literals look alike.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::literals::{Hits, Literal, LiteralId};

/// Literals as one Aho-Corasick automaton. Immutable.
///
/// The contiguous NFA is the smallest of the kinds: a user's ten thousand literals take a megabyte or two.
#[derive(Debug)]
pub(super) struct Automaton(AhoCorasick);

impl Automaton {
    /// O(bytes of all literals). None if they are more than an automaton can have states for: some 2^31 bytes.
    pub(super) fn new(literals: &[Literal]) -> Option<Automaton> {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .prefilter(false)
            .build(literals.iter().map(|literal| &literal.text))
            .ok()
            .map(Automaton)
    }

    /// See [`Literals::find`](super::literals::Literals::find). O(len + occurrences); of those there are at one place of the
    /// value at most as many as literals end in each other.
    pub(super) fn find(&self, view: &[u8], literals: &[Literal], hits: &mut Hits) {
        for found in self.0.find_overlapping_iter(view) {
            let id = found.pattern().as_usize();
            if let Some(literal) = literals.get(id) {
                hits.add(LiteralId::new(id), literal, found.range());
            }
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        self.0.memory_usage()
    }
}
