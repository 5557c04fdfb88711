//! One scan for every literal that a rule or a gate waits for.
//!
//! Way: decode -> gate -> **literals** -> detect. The gate words of all languages and the literals of all pattern rules
//! stand in one Aho-Corasick automaton, so that a reading of a value is scanned once, whatever the number of rules.
//! The scan yields [`Hits`]: the languages whose gate opened, and where each literal stands first, so that a literal
//! rule needs no search of its own.
//!
//! There are two automata. Most values of real traffic consist of ordinary bytes only (names, numbers, ids, mail
//! addresses), and most literals hold a byte that is not ordinary, so they cannot occur there: such values are scanned
//! by a small automaton of the other literals, all others by the automaton of everything.
//!
//! A prefilter may overstate, never understate: [`Literals::find_slowly`] is the plain twin, used when the prefilter is
//! switched off and compared with by the tests.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, MatchKind, PatternID, StartKind, dfa, nfa::contiguous};

use super::gate::Classes;
use crate::error::BuildError;

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

    /// Builds the automata; an error if they take more than `limit` bytes.
    pub(crate) fn build(self, limit: usize) -> Result<Literals, BuildError> {
        let is_ordinary =
            |literal: &Literal| Classes::of(&literal.text).without(Classes::ORDINARY).is_empty();
        let ordinary: Vec<LiteralId> = (0..)
            .map(LiteralId)
            .zip(&self.literals)
            .filter(|(_, literal)| is_ordinary(literal))
            .map(|(id, _)| id)
            .collect();
        let all = (0..self.literals.len() as u32).map(LiteralId).collect();
        let literals = Literals {
            ordinary: Scanner::new(ordinary, &self.literals, limit)?,
            all: Scanner::new(all, &self.literals, limit)?,
            literals: self.literals,
        };
        let needed = literals.memory_usage();
        if needed > limit { Err(BuildError::too_large(limit, needed)) } else { Ok(literals) }
    }
}

/// Every literal, ready to be searched for. Immutable.
#[derive(Debug)]
pub(crate) struct Literals {
    literals: Vec<Literal>,
    /// Of the literals made of ordinary bytes, for values made of ordinary bytes.
    ordinary: Scanner,
    /// Of all literals.
    all: Scanner,
}

impl Literals {
    /// Finds every literal of `view`, whose byte classes are `classes`. Allocates nothing once `hits` is warm.
    ///
    /// One pass. O(len x literals that are a suffix of one another): about a nanosecond a byte when nothing is found.
    #[inline]
    pub(crate) fn find(&self, view: &[u8], classes: Classes, hits: &mut Hits) {
        hits.clear(self.literals.len());
        let ordinary = classes.without(Classes::ORDINARY).is_empty();
        let scanner = if ordinary { &self.ordinary } else { &self.all };
        if view.len() >= scanner.shortest {
            scanner.scan(view, |id, end| hits.add(id, &self.literals[id.index()], end));
        }
    }

    /// What [`Literals::find`] finds, by a plain search for each literal: its twin. O(len x literals).
    pub(crate) fn find_slowly(&self, view: &[u8], hits: &mut Hits) {
        hits.clear(self.literals.len());
        for (id, literal) in (0..).map(LiteralId).zip(&self.literals) {
            let len = literal.text.len();
            if let Some(at) = view.windows(len).position(|w| w.eq_ignore_ascii_case(&literal.text)) {
                hits.add(id, literal, at + len);
            }
        }
    }

    /// Memory taken, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let texts: usize = self.literals.iter().map(|l| size_of::<Literal>() + l.text.len()).sum();
        texts + self.ordinary.memory_usage() + self.all.memory_usage()
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

    fn add(&mut self, id: LiteralId, literal: &Literal, end: usize) {
        let bit = 1 << (id.index() % 64);
        match self.seen.get_mut(id.index() / 64) {
            Some(word) if *word & bit == 0 => *word |= bit,
            _ => return,
        }
        self.languages |= literal.languages;
        let start = (end - literal.text.len()) as u32;
        self.found.push(Occurrence { literal: id, start, end: end as u32 });
    }
}

/// An automaton and the literals it looks for.
#[derive(Debug)]
struct Scanner {
    kind: Kind,
    /// The literal of each pattern of the automaton.
    ids: Vec<LiteralId>,
    /// Length of the shortest literal.
    shortest: usize,
}

#[derive(Debug)]
enum Kind {
    /// Nothing to look for.
    Empty,
    Dense(dfa::DFA),
    Sparse(contiguous::NFA),
}

impl Scanner {
    /// A dense automaton if it can take no more than `limit`, else a sparse one, which is several times slower.
    fn new(ids: Vec<LiteralId>, literals: &[Literal], limit: usize) -> Result<Scanner, BuildError> {
        let texts: Vec<&[u8]> = ids.iter().map(|id| &*literals[id.index()].text).collect();
        let Some(shortest) = texts.iter().map(|text| text.len()).min() else {
            return Ok(Scanner { kind: Kind::Empty, ids, shortest: usize::MAX });
        };
        // At most a state for each byte and a few of its own, each with a transition of 4 bytes for every byte value.
        let states = texts.iter().map(|text| text.len()).sum::<usize>() + 4;
        let kind = if states.saturating_mul(256 * size_of::<StateID>()) <= limit {
            dfa::DFA::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .start_kind(StartKind::Unanchored)
                .prefilter(false)
                .build(&texts)
                .map(Kind::Dense)
        } else {
            contiguous::NFA::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .prefilter(false)
                .build(&texts)
                .map(Kind::Sparse)
        };
        // Too many states to be numbered: beyond any limit in bytes.
        let kind = kind.map_err(|_| BuildError::too_large(limit, usize::MAX))?;
        Ok(Scanner { kind, ids, shortest })
    }

    fn scan(&self, view: &[u8], mut found: impl FnMut(LiteralId, usize)) {
        let found = |pattern: PatternID, end| found(self.ids[pattern.as_usize()], end);
        match &self.kind {
            Kind::Empty => {}
            Kind::Dense(dfa) => run(dfa, view, found),
            Kind::Sparse(nfa) => run(nfa, view, found),
        }
    }

    fn memory_usage(&self) -> usize {
        let automaton = match &self.kind {
            Kind::Empty => 0,
            Kind::Dense(dfa) => dfa.memory_usage(),
            Kind::Sparse(nfa) => nfa.memory_usage(),
        };
        automaton + self.ids.len() * size_of::<LiteralId>()
    }
}

/// Every match, overlapping ones too, in the order of their ends.
///
/// The crate's own overlapping search resumes anew for each match; one plain loop is as fast when there is none.
#[inline]
fn run<A: Automaton>(automaton: &A, view: &[u8], mut found: impl FnMut(PatternID, usize)) {
    // Every automaton here was built with an unanchored start.
    let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
    for (at, &byte) in view.iter().enumerate() {
        state = automaton.next_state(Anchored::No, state, byte);
        if automaton.is_special(state) && automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                found(automaton.match_pattern(state, index), at + 1);
            }
        }
    }
}
