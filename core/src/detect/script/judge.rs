//! The script language: where a value may stand, what opens its gate, what is evidence.

use super::fold::Fold;
use super::lex::{self, Start};
use super::words::ScriptToken as T;
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

/// JavaScript, by itself or breaking out of a string, a template or a comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script;

/// In the order of [`Language::CONTEXTS`].
const STARTS: [Start; 6] = [
    Start::Statement,
    Start::String(b'\''),
    Start::String(b'"'),
    Start::String(b'`'),
    Start::Template,
    Start::Comment,
];

impl Language for Script {
    const NAME: &'static str = "script";
    const TOKENS: &'static [&'static str] = T::NAMES;
    const CONTEXTS: &'static [&'static str] = &[
        "statement",
        "single-quoted string",
        "double-quoted string",
        "template",
        "template hole",
        "comment",
    ];

    // Nothing runs without a call, a tagged template or an assignment; `javascript:` is told by its name.
    const GATE: Gate = Gate {
        classes: Classes::LPAREN.or(Classes::BACKTICK).or(Classes::EQUALS),
        words: &["javascript", "vbscript", "livescript", "jscript", "mocha"],
    };
    const ANCHORS: &'static [u64] = &[T::CALL.bit()
        | T::MEMBER_CALL.bit()
        | T::TAGGED.bit()
        | T::ASSIGN.bit()
        | T::SCHEME.bit()];

    // PERF: user agents and prose hold parentheses behind numbers, at the begin and behind punctuation, where nothing is called.
    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        let called = |at| lex::may_be_callee(view.get(..at).unwrap_or_default());
        classes.intersects(Classes::BACKTICK.or(Classes::EQUALS))
            || memchr::memchr_iter(b'(', view).any(called)
    }

    fn applies(self, context: u8, _view: &[u8], classes: Classes) -> bool {
        let needs = match STARTS.get(context as usize) {
            Some(Start::Statement) => return true,
            Some(Start::String(b'\'')) => Classes::QUOTE,
            Some(Start::String(b'"')) => Classes::DQUOTE,
            Some(Start::String(_)) => Classes::BACKTICK,
            Some(Start::Template) => Classes::DOLLAR,
            Some(Start::Comment) => {
                return classes.intersects(Classes::STAR) && classes.intersects(Classes::SLASH);
            }
            None => return false,
        };
        classes.intersects(needs)
    }

    fn lex<S: Sink>(self, context: u8, view: &[u8], sink: &mut S) -> bool {
        match STARTS.get(context as usize) {
            Some(&start) => lex::lex(view, start, &mut Fold::new(sink)),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::cases;

    #[test]
    fn the_shared_cases_hold() {
        cases::hold(Script);
    }

    #[test]
    fn a_closed_gate_hides_no_anchor() {
        let pieces = &[
            "alert",
            "eval",
            "javascript",
            ":",
            "[",
            "]",
            "{",
            "}",
            ".",
            ",",
            ";",
            "\"",
            "'",
            "$",
            "/",
            "\\u0061",
            "1",
            "+",
            "(",
            " (",
            ") ",
            "1.0",
            "/*",
            "*/",
            "//",
        ];
        cases::gate_is_a_law(Script, pieces);
    }

    #[test]
    fn any_bytes_are_read_in_order() {
        let pieces = &[
            "(", ")", "[", "]", "{", "}", ".", ";", ":", "=", "+", "/", "*", "<", "?", "${", "`",
            "'", "\\", "alert", "1", "\n", "\u{2028}", "if", "in",
        ];
        cases::reads_anything(Script, pieces);
    }
}
