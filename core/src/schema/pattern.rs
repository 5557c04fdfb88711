//! Patterns of JSON Schema: regular expressions of ECMA-262, matched in linear time.
//!
//! ```text
//! text ─ parse ─► tree ─ look ─► conjuncts ─ translate ─► Hir ─ automaton, runs ─► Pattern ─ is_match ─► bool
//!                  └── class                               └─► language
//! ```
//!
//! A pattern is searched for anywhere in a text, as `new RegExp(pattern, "u").test(text)` does it: by code points; `.` leaves out the four line
//! terminators of ECMA-262; `\d`, `\w` and `\b` are ASCII; `\s` holds U+FEFF and all spaces; `^` and `$` match at the ends of the text
//! alone; `[]` matches nothing and `[^]` everything; `\p{…}` takes categories, scripts and binary properties. Half a surrogate pair matches
//! nothing, since no text in UTF-8 holds one. (V8 finds `\B` between the halves of a character too; the standard does not, and neither do we.)
//!
//! Real schemas have patterns that are valid only without the `u` flag (Annex B of the standard). Of these are accepted, and read as it says:
//!
//! - a backslash before a character that needs none and is no ASCII letter: `\_`, `\-`, `\@`, `\"`;
//! - `{` where no quantifier begins, `}` and `]`;
//! - classes as ends of a range, which then is none: `[\w-.]`;
//! - octal escapes: `\012`, and `\1` where there is no such group;
//! - repeated look-aheads: `(?=a)*`.
//!
//! Refused although Annex B has a meaning for them, since other languages have others: letters that mean nothing (`\A`, `\Z`, `\h`), and
//! `\x`, `\u`, `\c`, `\k`, `\p` without what belongs to them. Flags (`(?i)`) are refused too.
//!
//! Back-references and look-around that is no intersection ([`look`]) are not regular, or not simply; [`PatternErrorKind::Unsupported`] tells them
//! apart, so that a caller can turn to an engine that backtracks. A match is never approximated.
//!
//! [`PatternSet`] is for the several patterns of `patternProperties`.
//!
//! Way: compile -> **schema**. What the engines are is said in [`automaton`].

mod automaton;
mod class;
mod look;
mod parse;
mod runs;
mod set;
mod translate;

use std::fmt;
use std::sync::Arc;

use regex_syntax::hir::Hir;

use self::automaton::{Engine, EngineCache};
pub(crate) use self::set::{PatternSet, SetCache};

/// What one pattern may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PatternLimits {
    /// Whether rows of classes have an engine of their own. Default yes; without it the same is matched by automata, for tests.
    pub(crate) runs: bool,
    /// Most memory of a dense automaton, in bytes; above it states are built while they are met. Default 256 KiB: to build that
    /// much, or to see that it does not suffice, took up to 8 ms, and 26 ms for 1 MiB.
    pub(crate) dense: usize,
    /// Memory for such states in a [`Cache`], in bytes; where it does not suffice, states are not kept. Default 512 KiB.
    pub(crate) cache: usize,
    /// Most memory of the automaton that all others are made from, in bytes; above it the pattern is refused. Default 2 MiB.
    pub(crate) nfa: usize,
}

impl Default for PatternLimits {
    fn default() -> PatternLimits {
        PatternLimits { runs: true, dense: 1 << 18, cache: 1 << 19, nfa: 2 << 20 }
    }
}

impl PatternLimits {
    /// How many characters, ranges and anchors a pattern may have: each takes 16 bytes of an automaton at least.
    fn size(self) -> u64 {
        self.nfa as u64 / 16
    }
}

/// A compiled pattern. Immutable; the memory of a run is [`Cache`].
#[derive(Debug)]
pub(crate) struct Pattern {
    /// All of them are to hold.
    parts: Vec<Part>,
    /// Tells caches that were warmed by other patterns.
    identity: Arc<()>,
}

/// One automaton, and whether it is to match or not to match.
#[derive(Debug)]
struct Part {
    engine: Engine,
    positive: bool,
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn compile(source: &str, limits: PatternLimits) -> Result<Pattern, PatternError> {
        let conjuncts = look::conjuncts(parse::parse(source)?.node)?;
        let mut parts = Vec::with_capacity(conjuncts.len());
        for conjunct in conjuncts {
            let engine = Engine::new(&conjunct.node, limits)?;
            parts.push(Part { engine, positive: conjunct.positive });
        }
        // The cheap ones first: most texts that do not match are refused by any of them.
        parts.sort_by_key(|part| part.engine.steps());
        Ok(Pattern { parts, identity: Arc::new(()) })
    }

    /// Whether the pattern matches somewhere in `text`, which is UTF-8. (Of other bytes it is not said whether a pattern matches them.)
    ///
    /// O(len) for each conjunct. Allocates nothing once `cache` has met the pattern.
    pub(crate) fn is_match(&self, text: &[u8], cache: &mut Cache) -> bool {
        self.parts.iter().enumerate().all(|(index, part)| {
            let matches = match part.engine.is_match(text) {
                Some(matches) => matches,
                None => part.engine.is_match_with(text, cache.part(self, index)),
            };
            matches == part.positive
        })
    }

    /// Memory taken, in bytes. Of caches only those for lazy automata take some: [`PatternLimits::cache`] for each, and where they gave up
    /// about as much as [`PatternLimits::nfa`] beside it.
    pub(crate) fn memory_usage(&self) -> usize {
        let parts = self.parts.iter();
        parts.map(|part| size_of::<Part>() + part.engine.memory_usage()).sum()
    }
}

/// The texts that a pattern matches, as expressions for whole texts: a text is matched if each of them that is paired with `true` matches it
/// from start to end, and none that is paired with `false`.
///
/// So that languages can be compared: are there texts that this pattern and that automaton accept, and which is the shortest?
pub(crate) fn language(
    source: &str,
    limits: PatternLimits,
) -> Result<Vec<(Hir, bool)>, PatternError> {
    let conjuncts = look::conjuncts(parse::parse(source)?.node)?;
    let whole = |conjunct: look::Conjunct| {
        let hir = translate::translate(&conjunct.node, limits.size())?;
        Ok((translate::whole(hir), conjunct.positive))
    };
    conjuncts.into_iter().map(whole).collect()
}

/// Whether a text is a pattern as ECMA-262 has it with the `u` flag, without Annex B: what the format `regex` asks for.
///
/// O(len).
pub(crate) fn is_ecma(text: &str) -> bool {
    parse::parse(text).is_ok_and(|parsed| parsed.annex_b.is_none())
}

/// The memory of a run for one pattern at a time. If it meets another one it begins anew, so keep one for each.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    parts: Vec<Option<EngineCache>>,
    /// Whose these are. Held, so that the address stays taken.
    owner: Option<Arc<()>>,
}

impl Cache {
    /// The memory for a part, which is forgotten if it belongs to another pattern.
    fn part(&mut self, pattern: &Pattern, index: usize) -> &mut Option<EngineCache> {
        if !self.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, &pattern.identity)) {
            self.parts.clear();
            self.owner = Some(Arc::clone(&pattern.identity));
        }
        if self.parts.len() <= index {
            self.parts.resize_with(index + 1, || None);
        }
        &mut self.parts[index]
    }
}

/// Why a text is no pattern that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PatternError {
    kind: PatternErrorKind,
    message: String,
}

/// The kinds of [`PatternError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternErrorKind {
    /// Not a pattern of ECMA-262, from this character on, counted from 0.
    Syntax(usize),
    /// A pattern, but none that an automaton can match.
    Unsupported,
    /// Its automata would take more than the limits.
    TooLarge,
}

impl PatternError {
    /// What kind of error it is.
    pub(crate) fn kind(&self) -> PatternErrorKind {
        self.kind
    }

    fn syntax(at: usize, message: impl Into<String>) -> PatternError {
        PatternError { kind: PatternErrorKind::Syntax(at), message: message.into() }
    }

    fn unsupported(message: &str) -> PatternError {
        PatternError { kind: PatternErrorKind::Unsupported, message: message.to_owned() }
    }

    fn too_large(message: &str) -> PatternError {
        PatternError { kind: PatternErrorKind::TooLarge, message: message.to_owned() }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PatternErrorKind::Syntax(at) => write!(f, "at character {}: {}", at + 1, self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests;
