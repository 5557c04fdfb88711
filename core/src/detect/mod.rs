//! The detectors: what speaks an attacked language, and how much.
//!
//! Way: prefilter -> **detect** -> decide. A detector that has a grammar is a [`Language`]:
//!
//! ```text
//! view bytes ─ lex ─► tokens ─ fold ─► folded tokens ─ judge ─► Evidence { context, score, range }
//!              streaming, linear,       n-grams scored by        the best segment over all
//!              every look-ahead bounded rules/weights/*.json     start contexts
//! ```
//!
//! Each language reads alike: `lex.rs` (bytes to tokens), `fold.rs` (tokens to folded tokens), `judge.rs` (start
//! contexts, gate, anchors; the [`Language`] itself) and `words.rs` (word tables). What has no grammar is a literal or
//! regex rule: see `pattern`.

use std::ops::Range;

use crate::classes::Classes;
use crate::limits::Budget;

/// Declares a language's tokens: an enum of constants and the table of their names, in one order.
macro_rules! tokens {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $token:ident),* $(,)? }) => {
        $(#[$meta])*
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "token names are written as in the weight files")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum $name { $($(#[$doc])* $token),* }

        impl $name {
            /// Names by index, as in the weight files.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($token)),*];

            /// The token as a bit of a set.
            pub(crate) const fn bit(self) -> u64 {
                1 << self as u8
            }
        }
    };
}

#[cfg(test)]
pub(crate) mod cases;
pub(crate) mod code;
pub(crate) mod html;
mod needs;
pub(crate) mod path;
pub(crate) mod pattern;
pub(crate) mod script;
pub(crate) mod segment;
pub(crate) mod shell;
pub(crate) mod sql;
pub(crate) mod template;
pub(crate) mod url;

use segment::{Recorder, Sink, Trace, Weights};

pub use segment::Feature;

/// The built-in languages, by name. The one place that knows them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LanguageId {
    Sql,
    Shell,
    Html,
    Script,
    Path,
    Url,
    Code,
    Template,
}

/// Runs `$body` with `$language` bound to the unit struct of a [`LanguageId`], so that each is compiled for itself.
macro_rules! dispatch {
    ($id:expr, $language:ident => $body:expr) => {
        match $id {
            LanguageId::Sql => {
                let $language = sql::Sql;
                $body
            }
            LanguageId::Shell => {
                let $language = shell::Shell;
                $body
            }
            LanguageId::Html => {
                let $language = html::Html;
                $body
            }
            LanguageId::Script => {
                let $language = script::Script;
                $body
            }
            LanguageId::Path => {
                let $language = path::Path;
                $body
            }
            LanguageId::Url => {
                let $language = url::Url;
                $body
            }
            LanguageId::Code => {
                let $language = code::Code;
                $body
            }
            LanguageId::Template => {
                let $language = template::Template;
                $body
            }
        }
    };
}

fn name_of<L: Language>(_: L) -> &'static str {
    L::NAME
}

fn gate_of<L: Language>(_: L) -> Gate {
    L::GATE
}

fn tokens_of<L: Language>(_: L) -> &'static [&'static str] {
    L::TOKENS
}

fn context_of<L: Language>(_: L, context: u8) -> &'static str {
    L::CONTEXTS.get(context as usize).copied().unwrap_or("")
}

impl LanguageId {
    /// Every language, in the order of [`LanguageId`] as a number.
    pub(crate) const ALL: [LanguageId; 8] = [
        LanguageId::Sql,
        LanguageId::Shell,
        LanguageId::Html,
        LanguageId::Script,
        LanguageId::Path,
        LanguageId::Url,
        LanguageId::Code,
        LanguageId::Template,
    ];

    /// The language as a bit of a set.
    #[inline]
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// The name that rules and weight files use.
    pub(crate) fn name(self) -> &'static str {
        dispatch!(self, language => name_of(language))
    }

    /// Whether it reads what is taken apart as a whole, too: a URL is more than its leaves.
    pub(crate) fn reads_whole(self) -> bool {
        matches!(self, LanguageId::Path | LanguageId::Url)
    }

    /// What its evidence cannot do without.
    pub(crate) fn gate(self) -> Gate {
        dispatch!(self, language => gate_of(language))
    }

    /// Its token names.
    pub(crate) fn tokens(self) -> &'static [&'static str] {
        dispatch!(self, language => tokens_of(language))
    }

    /// How many start contexts it has: passes over a reading.
    pub(crate) fn contexts(self) -> usize {
        (0..16).take_while(|&context| !self.context(context).is_empty()).count()
    }

    /// The name of one of its start contexts.
    pub(crate) fn context(self, context: u8) -> &'static str {
        dispatch!(self, language => context_of(language, context))
    }

    /// See [`opens`].
    #[inline]
    pub(crate) fn opens(self, view: &[u8], classes: Classes, word: bool) -> bool {
        dispatch!(self, language => opens(language, view, classes, word))
    }

    /// See [`judge`].
    pub(crate) fn judge(
        self,
        weights: &Weights,
        view: &[u8],
        classes: Classes,
        budget: &mut Budget,
        trace: &mut Trace,
    ) -> Option<Evidence> {
        dispatch!(self, language => judge(language, weights, view, classes, budget, trace))
    }

    /// See [`streams`].
    #[cfg(feature = "internals")]
    pub(crate) fn streams(self, view: &[u8]) -> Vec<crate::internals::stages::Stream> {
        dispatch!(self, language => streams(language, view))
    }

    /// See [`features`].
    pub(crate) fn features(
        self,
        weights: &Weights,
        view: &[u8],
        evidence: &Evidence,
        trace: &Trace,
    ) -> Vec<Feature> {
        dispatch!(self, language => features(language, weights, view, evidence, trace))
    }
}

/// What a language's evidence cannot do without: one of these byte classes, or one of these words.
///
/// A gate may overstate, never understate: a value that has neither yields no evidence *by construction*, since each of
/// [`Language::ANCHORS`] can only come from such a byte or word. The engine skips the language on values that do not open
/// its gate; the suite and a fuzz target compare with the gate off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// Byte classes, one of which opens the gate.
    pub(crate) classes: Classes,
    /// Lower-case ASCII words (at least three bytes), any of which opens the gate wherever it stands, in any case.
    pub(crate) words: &'static [&'static str],
}

/// A language with a lexer. Implemented by a unit struct in each `judge.rs`.
pub(crate) trait Language: Copy {
    /// `sql`: names `rules/detect/sql.yaml`, `rules/weights/sql.json`, `testdata/detect/sql.toml`.
    const NAME: &'static str;
    /// Token names, at most 64; a [`segment::Token`] indexes them.
    const TOKENS: &'static [&'static str];
    /// Names of the start contexts: what the value may stand inside of. At most 16.
    const CONTEXTS: &'static [&'static str];
    /// What evidence cannot do without.
    const GATE: Gate;
    /// Sets of tokens, as bits; a stream that lacks one of each is no evidence, whatever its score.
    const ANCHORS: &'static [u64];

    /// A closer look at a view in which no gate word stands, but a byte of the gate's classes: whether it may hold anchors.
    ///
    /// Part of the gate, so it may overstate and never understate. Far cheaper than lexing, O(len). For bytes that are common
    /// in ordinary values of requests, like the `;` of a user agent or the `/` of a URL.
    fn suspects(self, view: &[u8], classes: Classes) -> bool;

    /// Whether lexing in this context can make a difference to the others, judged cheaply by the bytes present.
    fn applies(self, context: u8, view: &[u8], classes: Classes) -> bool;

    /// Lexes the view from its first byte in this context, folded tokens into `sink`. O(len).
    ///
    /// Returns false when the view cannot continue this context (a quote that never closes, a statement no grammar
    /// completes): then it is no evidence, and lexing may stop early.
    fn lex<S: Sink>(self, context: u8, view: &[u8], sink: &mut S) -> bool;
}

/// What a language found in a view: the best segment over its contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Index into [`Language::CONTEXTS`].
    pub(crate) context: u8,
    /// Segment score in the model's unit; calibrate with [`Weights::calibrate`].
    pub(crate) score: i32,
    /// Where the segment stands in the view.
    pub(crate) range: Range<usize>,
    /// Where its tokens stand in the [`Trace`], if they are there.
    pub(crate) tokens: Option<Range<usize>>,
}

/// The best evidence of `language` in `view`; `None` below the model's floor or if the budget ends.
///
/// Costs O(len) steps for each context that applies.
pub(crate) fn judge<L: Language>(
    language: L,
    weights: &Weights,
    view: &[u8],
    classes: Classes,
    budget: &mut Budget,
    trace: &mut Trace,
) -> Option<Evidence> {
    let mut best: Option<Evidence> = None;
    for context in 0..L::CONTEXTS.len() as u8 {
        if !language.applies(context, view, classes) || !budget.spend(view.len()) {
            continue;
        }
        let mut traced = trace.scorer(weights);
        let parses = language.lex(context, view, &mut traced);
        let segment = traced.scorer.best();
        if parses
            && is_anchored::<L>(traced.scorer.seen())
            && segment.score >= weights.floor()
            && best.as_ref().is_none_or(|best| segment.score > best.score)
        {
            let (score, range) = (segment.score, segment.range.clone());
            let tokens = traced.keep(best.and_then(|best| best.tokens));
            best = Some(Evidence { context, score, range, tokens });
        } else {
            traced.forget();
        }
    }
    best
}

/// Whether the gate of `language` opens for a view; `word` if one of its gate words stands there.
#[inline]
pub(crate) fn opens<L: Language>(language: L, view: &[u8], classes: Classes, word: bool) -> bool {
    word || classes.intersects(L::GATE.classes) && language.suspects(view, classes)
}

/// Whether these tokens hold one of each set of [`Language::ANCHORS`].
pub(crate) fn is_anchored<L: Language>(seen: u64) -> bool {
    L::ANCHORS.iter().all(|anchors| seen & anchors != 0)
}

/// The n-grams behind an [`Evidence`], from its tokens or by lexing once more. For explanations, off the hot path.
pub(crate) fn features<L: Language>(
    language: L,
    weights: &Weights,
    view: &[u8],
    evidence: &Evidence,
    trace: &Trace,
) -> Vec<Feature> {
    if let Some(tokens) = &evidence.tokens {
        return segment::features(trace.tokens(tokens), weights, &evidence.range);
    }
    let mut recorder = Recorder::default();
    language.lex(evidence.context, view, &mut recorder);
    segment::features(&recorder.tokens, weights, &evidence.range)
}

/// The token streams of a view that [`judge`] would score, by context. For training.
#[cfg(feature = "internals")]
fn streams<L: Language>(language: L, view: &[u8]) -> Vec<crate::internals::stages::Stream> {
    let classes = Classes::of(view);
    let contexts = (0..L::CONTEXTS.len() as u8).filter(|&at| language.applies(at, view, classes));
    contexts
        .filter_map(|context| {
            let mut recorder = Recorder::default();
            let parses = language.lex(context, view, &mut recorder);
            let seen = recorder.tokens.iter().fold(0, |seen, (token, _)| seen | 1 << token);
            (parses && is_anchored::<L>(seen)).then(|| crate::internals::stages::Stream {
                language: L::NAME,
                context: L::CONTEXTS.get(context as usize).copied().unwrap_or(""),
                tokens: recorder
                    .counted()
                    .map(|token| L::TOKENS.get(token as usize).copied().unwrap_or("?"))
                    .collect(),
            })
        })
        .collect()
}
