//! The html language: where a value may stand, what opens its gate, what is evidence.

use super::fold::Fold;
use super::lex::{self, Start};
use super::words::HtmlToken as T;
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

/// HTML, with the SVG and `MathML` inside of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Html;

/// In the order of [`Language::CONTEXTS`]. Back-ticks quoted attributes in old browsers.
const STARTS: [Start; 7] = [
    Start::Text,
    Start::Quotes(b'"'),
    Start::Quotes(b'\''),
    Start::Quotes(b'`'),
    Start::Tag,
    Start::Loose,
    Start::Url,
];

impl Language for Html {
    const NAME: &'static str = "html";
    const TOKENS: &'static [&'static str] = T::NAMES;
    const CONTEXTS: &'static [&'static str] = &[
        "text",
        "double-quoted attribute",
        "single-quoted attribute",
        "back-ticked attribute",
        "tag",
        "hidden in quotes",
        "URL",
    ];

    // Markup needs `<`, an attribute `=`; a URL is told by its scheme, which tabs, line ends, controls and character
    // references can take apart.
    const GATE: Gate = Gate {
        classes: Classes::LT
            .or(Classes::EQUALS)
            .or(Classes::AMP)
            .or(Classes::TAB)
            .or(Classes::NEWLINE)
            .or(Classes::CONTROL),
        words: &["javascript:", "vbscript:", "livescript:", "jscript:", "mocha:", "data:"],
    };
    const ANCHORS: &'static [u64] = &[T::TAG_SCRIPT.bit()
        | T::TAG_FRAME.bit()
        | T::TAG_FOREIGN.bit()
        | T::TAG_ACTIVE.bit()
        | T::TAG_LOADER.bit()
        | T::TAG_FORM.bit()
        | T::TAG_META.bit()
        | T::TAG_STYLE.bit()
        | T::TAG_TEXT.bit()
        | T::TAG_UNKNOWN.bit()
        | T::TAG_ODD.bit()
        | T::END_SCRIPT.bit()
        | T::END_RAW.bit()
        | T::END_TAG.bit()
        | T::COMMENT.bit()
        | T::DECLARATION.bit()
        | T::EVENT.bit()
        | T::LOOSE_EVENT.bit()
        | T::SCRIPT_URL.bit()
        | T::DATA_URL.bit()
        | T::SRCDOC.bit()
        | T::SCRIPT_STYLE.bit()
        | T::BINDING.bit()];

    // PERF: `&` between words is no reference.
    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        let reference = |at: usize| {
            view.get(at + 1).is_some_and(|next| *next == b'#' || next.is_ascii_alphabetic())
        };
        classes.intersects(Html::GATE.classes.without(Classes::AMP))
            || memchr::memchr_iter(b'&', view).any(reference)
    }

    fn applies(self, context: u8, view: &[u8], classes: Classes) -> bool {
        let quoted = |quote| {
            classes.intersects(Classes::EQUALS.or(Classes::GT)) && classes.intersects(quote)
        };
        match STARTS.get(context as usize) {
            Some(Start::Text) => classes.intersects(Classes::LT),
            Some(Start::Loose) => {
                classes.intersects(Classes::LT)
                    && classes.intersects(Classes::EQUALS)
                    && classes.intersects(Classes::QUOTE.or(Classes::DQUOTE))
            }
            Some(Start::Quotes(b'"')) => quoted(Classes::DQUOTE),
            Some(Start::Quotes(b'\'')) => quoted(Classes::QUOTE),
            Some(Start::Quotes(_)) => quoted(Classes::BACKTICK),
            Some(Start::Tag) => classes.intersects(Classes::EQUALS),
            // A scheme ends in a colon, which may be a reference.
            Some(Start::Url) => {
                classes.intersects(Classes::COLON.or(Classes::AMP)) && !view.is_empty()
            }
            None => false,
        }
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
        cases::hold(Html);
    }

    #[test]
    fn a_closed_gate_hides_no_anchor() {
        let pieces = &[
            "on",
            "load",
            "javascript",
            ":",
            "data",
            "](",
            "\"",
            "'",
            "`",
            "/",
            ">",
            "&",
            ";",
            "text",
        ];
        cases::gate_is_a_law(Html, pieces);
    }

    #[test]
    fn any_bytes_are_read_in_order() {
        let pieces = &[
            "<", ">", "!--", "-->", "/", "=", "\"", "'", "`", " ", "&#x", ";", ":", "](", "a",
            "onload", "style", "script", "\n",
        ];
        cases::reads_anything(Html, pieces);
    }
}
