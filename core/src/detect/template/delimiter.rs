//! Where expressions of templates begin and end.

use crate::detect::code::{CodeToken as T, Stop};

/// A delimiter that opens evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opener {
    /// Where it begins.
    pub(super) at: usize,
    pub(super) len: usize,
    /// OPEN, WEAK or DIRECTIVE.
    pub(super) token: T,
    pub(super) stop: Stop,
}

/// The next opener at or behind `from`. O(len).
pub(super) fn next(view: &[u8], from: usize) -> Option<Opener> {
    let starts = view.get(from..)?.iter().enumerate();
    for (at, _) in starts.filter(|(_, b)| matches!(b, b'{' | b'<' | b'[' | b'#' | b'@')) {
        let at = from + at;
        let rest = view.get(at..)?;
        let before = view.get(from..at).and_then(|text| text.last()).copied();
        if let Some((len, token, stop)) = opener(rest, before) {
            return Some(Opener { at, len, token, stop });
        }
    }
    None
}

/// Whether a view may hold an opener. O(len).
// PERF: brackets of user agents and prose end here.
pub(super) fn may_open(view: &[u8]) -> bool {
    memchr::memchr3(b'{', b'<', b'[', view).is_some() || memchr::memchr2(b'#', b'@', view).is_some()
}

/// The opener at the start of `rest`: its length, what it is, and what ends it.
#[allow(clippy::match_same_arms, reason = "the order is that of precedence")]
fn opener(rest: &[u8], before: Option<u8>) -> Option<(usize, T, Stop)> {
    let curly = Stop::At(b"}");
    Some(match rest {
        [b'{', b'{', b'{', ..] => (3, T::OPEN, curly),
        // Comments of Handlebars.
        [b'{', b'{', b'!', ..] => return None,
        [b'{', b'{', b'-' | b'=' | b'~' | b':' | b'*' | b'@', ..] => (3, T::OPEN, curly),
        [b'{', b'{', ..] => (2, T::OPEN, curly),
        // A brace before something percent-coded: `{%22a%22:1}`. Statements begin with names.
        [b'{', b'%', b'2'..=b'7', digit, ..] if digit.is_ascii_hexdigit() => return None,
        [b'{', b'%', b'-' | b'+', ..] => (3, T::OPEN, Stop::At(b"%}")),
        [b'{', b'%', ..] => (2, T::OPEN, Stop::At(b"%}")),
        [b'{', b'!', b'!', ..] => (3, T::OPEN, curly),
        // A comment.
        [b'{', b'#', ..] if !matches!(before, Some(b'$' | b'%' | b'#' | b'*')) => return None,
        [b'{', ..] if matches!(before, Some(b'$' | b'#' | b'*' | b'~')) => (1, T::OPEN, curly),
        [b'{', ..] if matches!(before, Some(b'%' | b'@')) => (1, T::WEAK, curly),
        [b'{', rest @ ..] if is_directive(rest) => (1, T::DIRECTIVE, curly),
        [b'{', b'=', ..] => (2, T::WEAK, curly),
        [b'{', rest @ ..] if is_product(rest) => (1, T::WEAK, curly),
        [b'[', b'[', rest @ ..] if is_product(rest) => (2, T::WEAK, Stop::At(b"]")),
        [b'{', b'a'..=b'z' | b'A'..=b'Z' | b'$' | b'\'' | b'"' | b'_', ..] => (1, T::WEAK, curly),
        [b'<', b'%', b'@', ..] => (3, T::DIRECTIVE, Stop::At(b"%>")),
        // Comments of JSP and, below, of ERB.
        [b'<', b'%', b'-', b'-', ..] => return None,
        [b'<', b'%', b'=' | b'-' | b'!' | b':', ..] => (3, T::OPEN, Stop::At(b"%>")),
        [b'<', b'%', b'#', ..] => return None,
        [b'<', b'%', ..] => (2, T::OPEN, Stop::At(b"%>")),
        [b'<', b'#', b'=', ..] => (3, T::OPEN, Stop::At(b">")),
        [b'<', b'#', b'-', ..] => return None,
        [b'<', b'#', rest @ ..] if is_instruction(rest) => (2, T::DIRECTIVE, Stop::At(b">")),
        [b'<', b'@', ..] => (2, T::WEAK, Stop::At(b">")),
        [b'[', b'=', ..] => (2, T::WEAK, Stop::At(b"]")),
        [b'[', b'#', rest @ ..] if is_instruction(rest) => (2, T::DIRECTIVE, Stop::At(b"]")),
        [b'[', b'%', ..] => (2, T::WEAK, Stop::At(b"%]")),
        [b'#', rest @ ..] => {
            let open = directive_call(rest)?;
            (1 + open, T::DIRECTIVE, Stop::At(b")"))
        }
        [b'@', b'(', ..] => (2, T::WEAK, Stop::At(b")")),
        [b'@', b'S' | b's', ..] if starts(rest, b"@system.") => (1, T::WEAK, Stop::End),
        [b'@', ..] if starts(rest, b"@php ") || starts(rest, b"@php\n") => {
            (4, T::DIRECTIVE, Stop::At(b"@endphp"))
        }
        _ => return None,
    })
}

fn starts(rest: &[u8], word: &[u8]) -> bool {
    rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

/// Instructions in single braces of Smarty and its kin: they run PHP or name the engine.
fn is_directive(rest: &[u8]) -> bool {
    const DIRECTIVES: &[&[u8]] = &[
        b"php}",
        b"/php}",
        b"$smarty.",
        b"smarty_",
        b"include file",
        b"include_php",
        b"fetch file",
        b"insert script",
        b"math equation",
        b"self::",
        b"var $",
        b"pboot:",
        b"dede:",
        b"eyou:",
        b"if:",
    ];
    DIRECTIVES.iter().any(|known| starts(rest, known))
}

/// Whether a product of two numbers stands in the bracket, as scanners ask engines that they do not know.
fn is_product(rest: &[u8]) -> bool {
    let number = |text: &[u8]| text.iter().take(12).take_while(|b| b.is_ascii_digit()).count();
    let first = number(rest);
    let Some([b'*', second @ ..]) = rest.get(first..) else { return false };
    first > 0 && matches!(second.get(number(second)..), Some([b'}' | b']', ..]))
}

/// Instructions of Freemarker that assign, load or repeat.
fn is_instruction(rest: &[u8]) -> bool {
    const INSTRUCTIONS: &[&[u8]] = &[
        b"assign", b"import", b"include", b"setting", b"global", b"local", b"macro", b"ftl",
        b"attempt", b"list",
    ];
    INSTRUCTIONS.iter().any(|known| {
        starts(rest, known) && rest.get(known.len()).is_some_and(u8::is_ascii_whitespace)
    })
}

/// `set(`, `{set}(`, `evaluate(` of Velocity behind the `#`: the length with the bracket.
fn directive_call(rest: &[u8]) -> Option<usize> {
    const DIRECTIVES: &[&[u8]] =
        &[b"set", b"{set}", b"evaluate", b"{evaluate}", b"define", b"include", b"parse", b"macro"];
    let name = DIRECTIVES.iter().find(|known| starts(rest, known))?;
    let tail = rest.get(name.len()..)?;
    let blank = tail.iter().take(8).take_while(|b| b.is_ascii_whitespace()).count();
    let inside = tail.get(blank..)?.strip_prefix(b"(")?.trim_ascii_start();
    matches!(inside.first(), Some(b'$' | b'"' | b'\'')).then_some(name.len() + blank + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openers_are_told_by_their_bytes() {
        for (text, expected) in [
            ("a {{b}}", Some((2, 2, T::OPEN))),
            ("a ${b}", Some((3, 1, T::OPEN))),
            ("%{b}", Some((1, 1, T::WEAK))),
            ("<%= b %>", Some((0, 3, T::OPEN))),
            ("<%@ page %>", Some((0, 3, T::DIRECTIVE))),
            ("#set ( $x = 1)", Some((0, 6, T::DIRECTIVE))),
            ("{php}", Some((0, 1, T::DIRECTIVE))),
            ("@(1)", Some((0, 2, T::WEAK))),
            ("#settings", None),
            ("{{! note }}", None),
            ("{# note #}", None),
            ("<p>", None),
            ("a@b.example", None),
            ("{1}", None),
        ] {
            let found = next(text.as_bytes(), 0).map(|o| (o.at, o.len, o.token));
            assert_eq!(found, expected, "{text}");
        }
    }
}
