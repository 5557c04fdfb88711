//! The template [`Language`].

use std::ops::Range;

use super::delimiter::{self, Opener};
use crate::classes::Classes;
use crate::detect::code::{CodeToken as T, Fold, Lexer, Stop};
use crate::detect::segment::{Sink, Token};
use crate::detect::{Gate, Language};

/// Expressions of templates that do more than name something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template;

impl Language for Template {
    const NAME: &'static str = "template";
    const TOKENS: &'static [&'static str] = T::NAMES;
    const CONTEXTS: &'static [&'static str] = &["template"];
    const GATE: Gate = Gate {
        // `{`; `<%`; `[=`; `#set(` and `@(`; `@System.`
        classes: Classes::BRACE.or(Classes::LT).or(Classes::BRACKET).or(Classes::LPAREN),
        words: &["@system.", "@php"],
    };
    const ANCHORS: &'static [u64] = &[T::OPEN.bit() | T::WEAK.bit() | T::DIRECTIVE.bit()];

    fn suspects(self, view: &[u8], _classes: Classes) -> bool {
        delimiter::may_open(view) && delimiter::next(view, 0).is_some()
    }

    fn applies(self, _context: u8, _view: &[u8], _classes: Classes) -> bool {
        true
    }

    fn lex<S: Sink>(self, _context: u8, view: &[u8], sink: &mut S) -> bool {
        let mut fold = Fold::new(sink);
        let (mut from, begin) = (0, view.len() - view.trim_ascii_start().len());
        while let Some(opener) = delimiter::next(view, from) {
            let inside = opener.at + opener.len;
            fold.token(opener.token as u8, opener.at..inside);
            // Delimiters of several languages on one heap.
            if let Some(second) =
                delimiter::next(view, inside).filter(|second| second.at <= inside + 2)
                && second.token == T::OPEN
            {
                from = inside;
                continue;
            }
            let reckons =
                opener.token != T::WEAK || opener.len > 1 || !is_plain_brace(view, opener.at);
            let alone = reckons && is_alone(view, begin, &opener);
            let mut inner =
                Inner { alone, reckons, last: [T::OPEN as u8; 2], first: true, sink: &mut fold };
            let mut lexer = Lexer::new(view, inside, opener.token, &mut inner);
            lexer.run(opener.stop);
            let end = lexer.at;
            let len = if let Stop::At(end) = opener.stop { end.len() } else { 0 };
            fold.token(T::END as u8, end..(end + len).min(view.len()));
            from = end.max(inside);
        }
        true
    }
}

/// What is told of an expression, and where it matters that nothing stands beside it: behind calls, and behind a literal that it
/// begins with.
struct Inner<'s, S> {
    alone: bool,
    /// Numbers are told: those in plain braces are lengths and values of style sheets and scripts.
    reckons: bool,
    /// The two tokens before.
    last: [Token; 2],
    first: bool,
    sink: &'s mut S,
}

impl<S: Sink> Sink for Inner<'_, S> {
    fn token(&mut self, token: Token, range: Range<usize>) {
        const LITERALS: u64 = T::STRING.bit() | T::COMMAND_STRING.bit() | T::INDEX.bit();
        let start = range.start;
        let bit = 1 << token;
        if self.reckons || bit & T::NUMBER.bit() == 0 {
            self.sink.token(token, range);
        }
        // A filter with an argument is as innocent as one without.
        let is_filter = self.last == [T::PIPE as u8, T::WORD as u8];
        self.last = [self.last[1], token];
        let is_call = bit & T::ANY_CALL.bit() != 0 && !is_filter;
        if self.alone && (is_call || self.first && bit & LITERALS != 0) {
            self.sink.token(T::ALONE as u8, start..start);
        }
        self.first = false;
    }
}

/// Whether a brace has no sign before it, and no product in it.
fn is_plain_brace(view: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| view.get(before));
    matches!(view.get(at..), Some([b'{', inside, ..]) if !inside.is_ascii_digit())
        && !matches!(before, Some(b'%' | b'@'))
}

/// Whether the value is one expression, or several without text between them: it begins with this opener, and where the delimiter
/// first closes it ends, or a bracket or opener follows.
fn is_alone(view: &[u8], begin: usize, opener: &Opener) -> bool {
    // The sign of the opener stands before it: `${`.
    let is_first = opener.at <= begin + 2
        && !view.get(begin..opener.at).unwrap_or_default().iter().any(u8::is_ascii_alphanumeric);
    let Stop::At(stop) = opener.stop else { return false };
    is_first && {
        let inside = view.get(opener.at + opener.len..).unwrap_or_default();
        memchr::memmem::find(inside, stop).is_some_and(|end| {
            let after = inside.get(end + stop.len()..).unwrap_or_default();
            let next = after.iter().find(|b| !b"}])>'\" \r\n\t_:".contains(b));
            next.is_none_or(|b| b"{$#<%*".contains(b))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::cases;

    const PIECES: &[&str] = &[
        "{",
        "{{",
        "}}",
        "}",
        "${",
        "#{",
        "%{",
        "<%",
        "%>",
        "<#",
        ">",
        "[=",
        "]",
        "@(",
        "@System.",
        "#set",
        "(",
        ")",
        "7*7",
        "config",
        "__class__",
        ".",
        "|",
        "'",
        "name",
        " ",
        "php",
        "@php ",
        "@endphp",
    ];

    #[test]
    fn the_shared_cases_hold() {
        cases::hold(Template);
    }

    #[test]
    fn a_closed_gate_hides_no_anchor() {
        cases::gate_is_a_law(Template, PIECES);
    }

    #[test]
    fn any_bytes_are_read_in_order() {
        cases::reads_anything(Template, PIECES);
    }

    #[test]
    fn expressions_are_told_and_nothing_between_them() {
        for (text, expected) in [
            ("Dear {{ user.name }}, hello", "OPEN WORD END"),
            ("{{7*7}}", "OPEN NUMBER OP NUMBER END"),
            ("{{''.__class__}}", "OPEN STRING ALONE DUNDER END"),
            ("${T(java.lang.Runtime)}", "OPEN STATIC CALL PACKAGE PROCESS CLOSE END"),
            ("{{ f(1) }}", "OPEN WORD ANY_CALL ALONE NUMBER CLOSE END"),
            ("nothing (here)", ""),
        ] {
            assert_eq!(cases::tokens(Template, 0, text.as_bytes()), expected, "{text}");
        }
    }
}
