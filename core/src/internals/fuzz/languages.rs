//! What every lexer and gate must keep, for any bytes: the fuzz side of `detect/cases.rs`.

use std::ops::Range;

use super::{DEFAULT, inside};
use crate::classes::Classes;
use crate::detect::segment::{Sink, Token, Trace};
use crate::detect::{Evidence, Language, features, is_anchored, judge, opens};
use crate::limits::Budget;

/// Most tokens for each byte of a view, and beside it: what makes lexing O(len) whatever the folding does.
const TOKENS_PER_BYTE: usize = 4;
const TOKENS_AT_LEAST: usize = 16;

/// Any bytes in every start context: no panic; token ranges in the view, never backwards, not more of them than the view
/// can pay for; no anchor behind a closed gate; evidence inside the view, and its features can be told.
pub(super) fn holds<L: Language>(language: L, view: &[u8]) {
    let classes = Classes::of(view);
    let open = opens(language, view, classes, L::GATE.words.iter().any(|w| has(view, w)));
    for context in 0..L::CONTEXTS.len() as u8 {
        let mut check = Check { view: view.len(), from: 0, tokens: 0, seen: 0 };
        let completes = language.lex(context, view, &mut check);
        if completes && language.applies(context, view, classes) {
            assert!(
                open || !is_anchored::<L>(check.seen),
                "{} in context {context}: anchors behind a closed gate",
                L::NAME
            );
        }
    }
    let plan = DEFAULT.plan();
    let rule = plan.languages.iter().find(|rule| rule.id.name() == L::NAME);
    let weights = &rule.expect("a rule for each language").weights;
    let (mut budget, mut trace) = (Budget::UNLIMITED, Trace::default());
    if let Some(evidence) = judge(language, weights, view, classes, &mut budget, &mut trace) {
        assert!(open, "{}: evidence behind a closed gate", L::NAME);
        inside(&evidence.range, view.len());
        assert!(evidence.score >= weights.floor() && weights.calibrate(evidence.score) <= 1000);
        let told = features(language, weights, view, &evidence, &trace);
        let again = Evidence { tokens: None, ..evidence };
        assert_eq!(told, features(language, weights, view, &again, &trace), "{}", L::NAME);
    }
}

fn has(view: &[u8], word: &str) -> bool {
    view.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// A sink that checks what it is sent.
struct Check {
    /// Length of the view.
    view: usize,
    from: usize,
    tokens: usize,
    seen: u64,
}

impl Sink for Check {
    fn token(&mut self, token: Token, range: Range<usize>) {
        assert!(token < 64);
        inside(&range, self.view);
        assert!(self.from <= range.start, "{range:?} after {}", self.from);
        self.from = range.start;
        self.tokens += 1;
        assert!(self.tokens <= TOKENS_AT_LEAST + TOKENS_PER_BYTE * self.view, "too many tokens");
        self.seen |= 1 << token;
    }
}
