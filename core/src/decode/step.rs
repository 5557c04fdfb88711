//! The decoders as steps of the lattice: what triggers each, and in which order they are tried.

use super::percent::Flavour;
use super::view::View;
use super::{base64, html_entity, js_escape, path, percent, unicode, utf7};
use crate::classes::Classes;

/// A step from one reading to the next. The order is that of the main line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Percent,
    Plus,
    HtmlEntity,
    JsEscape,
    Utf7,
    Unicode,
    Base64,
    Path,
}

/// All of them.
pub(crate) const STEPS: [Step; 8] = [
    Step::Percent,
    Step::Plus,
    Step::HtmlEntity,
    Step::JsEscape,
    Step::Utf7,
    Step::Unicode,
    Step::Base64,
    Step::Path,
];

/// What `+` must stand beside to be tried as a blank, apart from what is no blank: syntax of some attacked language.
const SYNTAX: Classes = Classes::QUOTE
    .or(Classes::DQUOTE)
    .or(Classes::BACKTICK)
    .or(Classes::LT)
    .or(Classes::LPAREN)
    .or(Classes::SEMICOLON)
    .or(Classes::PIPE)
    .or(Classes::PERCENT);

/// Classes of which one at least is needed for any step, apart from the shape of base64.
pub(super) const TRIGGERS: Classes = Classes::PERCENT
    .or(Classes::PLUS)
    .or(Classes::AMP)
    .or(Classes::BACKSLASH)
    .or(Classes::SLASH)
    .or(Classes::HIGH)
    .or(Classes::CONTROL);

/// Whether a plus stands where a blank would: between two bytes that are none. O(len).
fn may_be_blank(bytes: &[u8]) -> bool {
    let visible =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|&byte| byte > b' ');
    memchr::memchr_iter(b'+', bytes).any(|at| visible(at.checked_sub(1)) && visible(Some(at + 1)))
}

impl Step {
    /// The step as a bit of a set.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Whether the step can change a value of these classes. O(len) at most; overstates.
    pub(super) fn may_apply(self, bytes: &[u8], classes: Classes) -> bool {
        match self {
            Step::Percent => classes.intersects(Classes::PERCENT),
            Step::Plus => {
                classes.intersects(Classes::PLUS)
                    && classes.intersects(SYNTAX)
                    && (!classes.intersects(Classes::SPACE) || may_be_blank(bytes))
                    && !base64::is_data_url(bytes)
            }
            Step::HtmlEntity => classes.intersects(Classes::AMP),
            Step::JsEscape => classes.intersects(Classes::BACKSLASH),
            Step::Utf7 => classes.intersects(Classes::PLUS) && utf7::may_be(bytes),
            Step::Unicode => classes.intersects(Classes::HIGH.or(Classes::CONTROL)),
            Step::Base64 => base64::may_be(bytes, classes),
            Step::Path => classes.intersects(Classes::SLASH.or(Classes::BACKSLASH)),
        }
    }

    /// Takes the step; true if it changed anything.
    pub(super) fn decode(self, input: &[u8], out: &mut View) -> bool {
        match self {
            Step::Percent => percent::decode(input, Flavour::Lenient, out),
            Step::Plus => percent::decode(input, Flavour::Form, out),
            Step::HtmlEntity => html_entity::decode(input, out),
            Step::JsEscape => js_escape::decode(input, out),
            Step::Utf7 => utf7::decode(input, out),
            Step::Unicode => unicode::decode(input, out),
            Step::Base64 => base64::decode(input, out),
            Step::Path => path::decode(input, out),
        }
    }

    /// Whether it hides something at will, so that many on each other are suspicious. The others find nothing new when
    /// they are repeated.
    pub(super) fn nests(self) -> bool {
        matches!(self, Step::Percent | Step::HtmlEntity | Step::JsEscape | Step::Base64)
    }
}
