//! Several patterns at once: which of those of `patternProperties` match a key.
//!
//! One dense automaton knows at the end of a key which patterns match it. Measured with the patterns of API documents (`^x-`, `^/`, a few of
//! names and codes) on keys of 3 to 11 bytes: 1 to 11 ns a key, however many patterns there are. One pattern after the other took 10 ns for
//! one, 55 for 8 and 220 to 490 for 32; regex-automata's own search for overlapping matches 11 to 42.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

use super::{Cache, Pattern, PatternError, PatternLimits, language};

/// Several compiled patterns. Immutable; the memory of a run is [`SetCache`].
#[derive(Debug)]
pub(crate) struct PatternSet {
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    /// All in one automaton.
    All(Box<Automaton>),
    /// One after the other, where the automaton would be too large.
    Each(Vec<Pattern>),
}

/// An automaton for the whole texts that each conjunct of each pattern matches.
#[derive(Debug)]
struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
    /// Conjuncts that are not to match, as bits.
    negative: u64,
    /// The conjuncts of each pattern, as bits.
    patterns: Vec<u64>,
}

/// The memory of a run for one set at a time.
#[derive(Debug, Default)]
pub(crate) struct SetCache {
    each: Vec<Cache>,
}

impl PatternSet {
    /// Compiles patterns, or tells which of them cannot be and why.
    pub(crate) fn compile(
        sources: &[&str],
        limits: PatternLimits,
    ) -> Result<PatternSet, (usize, PatternError)> {
        let at = |(index, source): (usize, &&str)| {
            Pattern::compile(source, limits).map_err(|error| (index, error))
        };
        let each = sources.iter().enumerate().map(at).collect::<Result<Vec<_>, _>>()?;
        let all = Automaton::new(sources, limits);
        let engine = all.map_or(Engine::Each(each), |all| Engine::All(Box::new(all)));
        Ok(PatternSet { engine })
    }

    /// Tells `found` the index of each pattern that matches somewhere in `text`, which is UTF-8, in their order.
    ///
    /// O(len + patterns) if they fit into one automaton, else as one [`Pattern::is_match`] after the other. Allocates nothing once
    /// `cache` has met the set.
    pub(crate) fn matches(&self, text: &[u8], cache: &mut SetCache, mut found: impl FnMut(usize)) {
        match &self.engine {
            Engine::All(automaton) => automaton.matches(text, found),
            Engine::Each(patterns) => {
                if cache.each.len() < patterns.len() {
                    cache.each.resize_with(patterns.len(), Cache::default);
                }
                for (index, (pattern, cache)) in patterns.iter().zip(&mut cache.each).enumerate() {
                    if pattern.is_match(text, cache) {
                        found(index);
                    }
                }
            }
        }
    }

    /// Memory taken, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        match &self.engine {
            Engine::All(automaton) => {
                size_of::<Automaton>()
                    + automaton.dfa.memory_usage()
                    + size_of_val(&automaton.patterns[..])
            }
            Engine::Each(patterns) => {
                size_of_val(&patterns[..])
                    + patterns.iter().map(Pattern::memory_usage).sum::<usize>()
            }
        }
    }
}

impl Automaton {
    /// `None` if there are more conjuncts than bits, or it would take more than the limits.
    fn new(sources: &[&str], limits: PatternLimits) -> Option<Automaton> {
        let mut hirs = Vec::new();
        let mut negative = 0;
        let mut patterns = Vec::new();
        for source in sources {
            let mut bits = 0;
            for (hir, positive) in language(source, limits).ok()? {
                let bit = 1_u64.checked_shl(hirs.len() as u32)?;
                bits |= bit;
                negative |= if positive { 0 } else { bit };
                hirs.push(hir);
            }
            patterns.push(bits);
        }
        let config = thompson::Config::new()
            .utf8(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(limits.nfa));
        let nfa = NFA::compiler().configure(config).build_many_from_hir(&hirs).ok()?;
        let config = dense::Config::new()
            .accelerate(false)
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(limits.dense))
            .determinize_size_limit(Some(limits.dense));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Automaton { dfa, start, negative, patterns })
    }

    /// O(len + patterns).
    fn matches(&self, text: &[u8], mut found: impl FnMut(usize)) {
        let mut holds = self.negative;
        for conjunct in self.conjuncts(text) {
            holds ^= 1 << conjunct;
        }
        if holds == 0 {
            return;
        }
        for (index, bits) in self.patterns.iter().enumerate() {
            if holds & bits == *bits {
                found(index);
            }
        }
    }

    /// The conjuncts that match. Each does so at the end of the text alone, since their expressions are for whole texts.
    fn conjuncts(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        let mut state = self.start;
        for &byte in text {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_dead_state(state) {
                break;
            }
        }
        state = self.dfa.next_eoi_state(state);
        let count = if self.dfa.is_match_state(state) { self.dfa.match_len(state) } else { 0 };
        (0..count).map(move |index| self.dfa.match_pattern(state, index).as_usize())
    }
}
