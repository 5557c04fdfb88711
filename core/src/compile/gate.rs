//! The gate of a class as an automaton: the language of values that may matter to it in a place.
//!
//! What the engine does with byte classes and literals on each reading, stated for raw values: a value holds a byte of the
//! class's gates, one of its words, or something that another reading could come from (an escape, a shape of base64). So
//! schemas can be compared with it: a field whose language misses the automaton's cannot hold such an attack.
//!
//! It overstates, never understates; the suite checks that every finding's value is in the language. Built on demand, off the
//! hot path.

use std::fmt::Write;

use regex_automata::Input;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::syntax;

use crate::classes::Classes;
use crate::compile::plan::Plan;
use crate::error::{BuildError, Diagnostic};
use crate::model::rule::Class;
use crate::span::Place;

/// Bytes that another reading of a value could start from.
const DECODED: Classes = Classes::PERCENT
    .or(Classes::PLUS)
    .or(Classes::AMP)
    .or(Classes::BACKSLASH)
    .or(Classes::SLASH)
    .or(Classes::HIGH)
    .or(Classes::CONTROL);

/// The shortest base64 that is decoded.
const BASE64: &str = r"[A-Za-z0-9+/_,@=\r\n\-]{16}";

/// The language of values that may matter to a class of attacks in a place, as a dense DFA.
///
/// ```
/// use abatis::{Class, Engine, Place, Policy};
/// let engine = Engine::new(&Policy::default())?;
/// let gate = engine.gate(Place::Query, Class::Sqli)?;
/// assert!(gate.may_matter(b"1' or '1'='1"));
/// assert!(!gate.may_matter(b"Anna Schmidt"));
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GateAutomaton {
    dfa: dense::DFA<Vec<u32>>,
}

impl GateAutomaton {
    /// Whether the value is in the language. O(len).
    pub fn may_matter(&self, value: &[u8]) -> bool {
        // An error would mean a quit byte, and none is configured: then the value may matter.
        self.dfa
            .try_search_fwd(&Input::new(value).earliest(true))
            .map_or(true, |found| found.is_some())
    }

    /// The automaton: unanchored, it accepts as soon as something is found.
    pub fn dfa(&self) -> &dense::DFA<Vec<u32>> {
        &self.dfa
    }

    /// Bytes that it takes.
    pub fn memory_usage(&self) -> usize {
        self.dfa.memory_usage()
    }

    pub(crate) fn compile(
        plan: &Plan,
        place: Place,
        class: Class,
    ) -> Result<GateAutomaton, BuildError> {
        let pattern = pattern(plan, place, class);
        let limit = plan.limits.compiled_bytes;
        let config = dense::Config::new()
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(limit))
            .determinize_size_limit(Some(limit));
        dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false).case_insensitive(true))
            .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
            .build(&pattern)
            .map(|dfa| GateAutomaton { dfa })
            .map_err(|error| {
                let message =
                    format!("the gate of class {class} in {place} cannot be built: {error}");
                BuildError::invalid(vec![Diagnostic::new("engine", message)])
            })
    }
}

/// Any of the bytes, words and shapes that matter.
fn pattern(plan: &Plan, place: Place, class: Class) -> String {
    let mut classes = Classes::NONE;
    let mut words: Vec<&str> = Vec::new();
    for (rule, waits_for) in plan.rules_with_literals() {
        if rule.class != class || !rule.looks_at(place) {
            continue;
        }
        words.extend(waits_for);
        if let Some(language) =
            plan.languages.iter().find(|language| plan.is_rule_of(language, rule))
        {
            classes = classes.or(language.gate);
            words.extend(language.id.gate().words);
        }
    }
    if classes.is_empty() && words.is_empty() {
        // No rule of this class looks here: the empty language.
        return "[a&&b]".to_owned();
    }
    words.sort_unstable();
    words.dedup();
    let mut pattern = String::from("[");
    for byte in 0..=u8::MAX {
        if Classes::of_byte(byte).intersects(classes.or(DECODED)) {
            // Writing to a String cannot fail.
            let _ = write!(pattern, "\\x{byte:02x}");
        }
    }
    pattern.push_str("]|");
    pattern.push_str(BASE64);
    for word in words {
        pattern.push('|');
        for byte in word.bytes() {
            let _ = write!(pattern, "\\x{byte:02x}");
        }
    }
    pattern
}
