//! What runs a pattern without look-around.
//!
//! | engine | for | a byte costs |
//! |---|---|---|
//! | constant | what matches every text, or none | nothing |
//! | [`Runs`] | a row of classes from the start: `^[a-z][a-z0-9-]*$`, `^https:` | one look-up |
//! | dense automaton | what fits into [`PatternLimits::dense`] | one look-up |
//! | lazy automaton | all others: states are built when they are met, in the memory of the run | one look-up, or building a state |
//! | `PikeVM` | where the lazy one gives up because it would build states all the time | a step for each state of the NFA |
//!
//! The bounded backtracker of regex-automata is not used: it panics on some patterns (rust-lang/regex#1344). Of the others only
//! functions are called that return errors.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::hybrid::dfa as lazy;
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, Input};

use super::parse::Node;
use super::runs::Runs;
use super::translate::{self, translate};
use super::{PatternError, PatternLimits};

/// How one pattern without look-around is run.
#[derive(Debug)]
pub(super) enum Engine {
    Constant(bool),
    Runs(Runs),
    Dense(Box<Dense>),
    Lazy(Box<lazy::DFA>, PikeVM),
    Pike(PikeVM),
}

/// A dense automaton, and where it starts.
#[derive(Debug)]
pub(super) struct Dense {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// The memory of a run.
#[derive(Debug)]
pub(super) struct EngineCache {
    lazy: Option<lazy::Cache>,
    pike: Option<pikevm::Cache>,
}

impl Engine {
    /// The cheapest engine that takes the pattern within the limits.
    pub(super) fn new(node: &Node, limits: PatternLimits) -> Result<Engine, PatternError> {
        if limits.runs
            && let Some(runs) = Runs::new(node)
        {
            return Ok(Engine::Runs(runs));
        }
        let hir = translate(node, limits.size())?;
        let properties = hir.properties();
        if translate::never(&hir) {
            return Ok(Engine::Constant(false));
        }
        if properties.look_set().is_empty() && properties.minimum_len() == Some(0) {
            return Ok(Engine::Constant(true));
        }
        let config = thompson::Config::new()
            .utf8(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(limits.nfa));
        let nfa = NFA::compiler().configure(config).build_from_hir(&translate::searching(hir));
        let nfa = nfa.map_err(|_| {
            PatternError::too_large("the pattern is too large; use fewer or smaller counts")
        })?;
        if let Some(dense) = Dense::new(&nfa, limits.dense) {
            return Ok(Engine::Dense(Box::new(dense)));
        }
        let pike = PikeVM::new_from_nfa(nfa.clone())
            .map_err(|_| PatternError::too_large("the pattern cannot be run"))?;
        let config = lazy::Config::new()
            .cache_capacity(limits.cache)
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10));
        match lazy::DFA::builder().configure(config).build_from_nfa(nfa) {
            Ok(dfa) => Ok(Engine::Lazy(Box::new(dfa), pike)),
            // Less memory than a few states take.
            Err(_) => Ok(Engine::Pike(pike)),
        }
    }

    /// Whether there is a match; `None` if that takes memory. O(len).
    pub(super) fn is_match(&self, text: &[u8]) -> Option<bool> {
        match self {
            Engine::Constant(matches) => Some(*matches),
            Engine::Runs(runs) => Some(runs.is_match(text)),
            Engine::Dense(dense) => Some(dense.is_match(text)),
            Engine::Lazy(..) | Engine::Pike(_) => None,
        }
    }

    /// Whether there is a match. O(len x [`Engine::steps`]) at worst.
    pub(super) fn is_match_with(&self, text: &[u8], cache: &mut Option<EngineCache>) -> bool {
        let input = Input::new(text).anchored(Anchored::Yes).earliest(true);
        let cache = cache.get_or_insert_with(|| EngineCache { lazy: None, pike: None });
        let pike = match self {
            Engine::Lazy(dfa, pike) => {
                let cache = cache.lazy.get_or_insert_with(|| dfa.create_cache());
                if let Ok(found) = dfa.try_search_fwd(cache, &input) {
                    return found.is_some();
                }
                pike
            }
            Engine::Pike(pike) => pike,
            _ => return self.is_match(text).unwrap_or(false),
        };
        let cache = cache.pike.get_or_insert_with(|| pike.create_cache());
        pike.is_match(cache, input)
    }

    /// What a byte costs at worst.
    pub(super) fn steps(&self) -> usize {
        match self {
            Engine::Constant(_) => 0,
            Engine::Runs(_) | Engine::Dense(_) => 1,
            Engine::Lazy(_, pike) | Engine::Pike(pike) => pike.get_nfa().states().len(),
        }
    }

    /// Memory taken beside the type itself, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        match self {
            Engine::Constant(_) => 0,
            Engine::Runs(runs) => runs.memory_usage(),
            Engine::Dense(dense) => size_of::<Dense>() + dense.dfa.memory_usage(),
            Engine::Lazy(dfa, pike) => {
                size_of_val(&**dfa) + dfa.memory_usage() + pike.get_nfa().memory_usage()
            }
            Engine::Pike(pike) => pike.get_nfa().memory_usage(),
        }
    }
}

impl Dense {
    /// `None` if it would take more than so many bytes.
    fn new(nfa: &NFA, bytes: usize) -> Option<Dense> {
        let config = dense::Config::new()
            .accelerate(false)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(bytes))
            .determinize_size_limit(Some(bytes));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(nfa).ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Dense { dfa, start })
    }

    /// O(len), up to the end of the first match.
    fn is_match(&self, text: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in text {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) {
                // A state that is special and no match is dead: there are no others without acceleration and bytes to quit at.
                return self.dfa.is_match_state(state);
            }
        }
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}
