//! Where names, numbers, strings, templates, regular expressions and comments end. Each is O(bytes passed over); what has
//! no end is said so, and every caller then stops, so no search is made twice.

/// Whether a byte continues a name. Bytes of non-ASCII letters count; the few non-ASCII blanks are told by [`blank`].
#[inline]
pub(super) fn continues_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// What a non-ASCII blank or line end at the start of `rest` is: its length, and whether it ends a line.
#[inline]
pub(super) fn blank(rest: &[u8]) -> Option<(usize, bool)> {
    match rest {
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => Some((3, true)),
        [0xef, 0xbb, 0xbf, ..] | [0xe3, 0x80, 0x80, ..] | [0xe2, 0x80, 0x80..=0x8b, ..] => {
            Some((3, false))
        }
        [0xc2, 0xa0, ..] => Some((2, false)),
        _ => None,
    }
}

/// A name at the start of `rest`: its length, and whether escapes (`\u0061`, `\u{61}`) spell some of it.
pub(super) fn name(rest: &[u8]) -> (usize, bool) {
    let (mut at, mut escaped) = (0, false);
    while let Some(&byte) = rest.get(at) {
        if byte == b'\\' {
            match unicode_escape(rest.get(at..).unwrap_or_default()) {
                Some(len) => at += len,
                None => break,
            }
            escaped = true;
        } else if continues_name(byte)
            && (byte < 0x80 || blank(rest.get(at..).unwrap_or_default()).is_none())
        {
            at += 1;
        } else {
            break;
        }
    }
    (at, escaped)
}

/// Length of `\uXXXX` or `\u{X…}` at the start of `rest`. Looks at 12 bytes at most.
fn unicode_escape(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'\\', b'u', b'{', digits @ ..] => {
            let len = digits.iter().take(8).position(|&b| b == b'}')?;
            digits.get(..len)?.iter().all(u8::is_ascii_hexdigit).then_some(len + 4)
        }
        [b'\\', b'u', a, b, c, d, ..] => {
            [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit).then_some(6)
        }
        _ => None,
    }
}

/// Length of a number at the start of `rest`: `1`, `.5`, `0x1f`, `1e3`, `1_000n`.
pub(super) fn number(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        let exponent_sign = matches!(byte, b'+' | b'-')
            && at > 0
            && matches!(rest.get(at - 1), Some(b'e' | b'E'))
            && !matches!(rest.get(1), Some(b'x' | b'X'));
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign {
            at += 1;
        } else {
            break;
        }
    }
    at
}

/// How a string goes on behind its opening quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It closes; the offset behind the closing mark.
    At(usize),
    /// It runs to the end of the value.
    Open,
    /// A line end forbids it.
    Broken,
}

/// The end of a string whose inside starts at `rest`.
pub(super) fn string(rest: &[u8], quote: u8) -> End {
    let mut at = 0;
    loop {
        let tail = rest.get(at..).unwrap_or_default();
        let Some(step) = memchr::memchr3(quote, b'\\', b'\n', tail) else { return End::Open };
        match tail.get(step) {
            Some(b'\\') => at += step + 2,
            Some(b'\n') => return End::Broken,
            _ => return End::At(at + step + 1),
        }
    }
}

/// How a template goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// The offset behind the closing back-tick.
    Closed(usize),
    /// The offset behind the next `${`.
    Hole(usize),
    /// It runs to the end of the value.
    Open,
}

/// The end of a template whose inside starts at `rest`, or its next hole.
pub(super) fn template(rest: &[u8]) -> Template {
    let mut at = 0;
    loop {
        let tail = rest.get(at..).unwrap_or_default();
        let Some(step) = memchr::memchr3(b'`', b'\\', b'$', tail) else { return Template::Open };
        match (tail.get(step), tail.get(step + 1)) {
            (Some(b'\\'), _) => at += step + 2,
            (Some(b'$'), Some(b'{')) => return Template::Hole(at + step + 2),
            (Some(b'$'), _) => at += step + 1,
            _ => return Template::Closed(at + step + 1),
        }
    }
}

/// The end of a regular expression, flags and all, whose inside starts at `rest`; `None` if the line ends before it does.
pub(super) fn regex(rest: &[u8]) -> Option<usize> {
    let (mut at, mut in_class) = (0, false);
    loop {
        match *rest.get(at)? {
            b'\n' | b'\r' => return None,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    let flags = rest.get(at + 1..)?.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    Some(at + 1 + flags)
}

/// Offset of the line end at or behind the start of `rest`, or its length.
pub(super) fn line(rest: &[u8]) -> usize {
    memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())
}

/// The offset behind `*/`, or `None`.
pub(super) fn block_comment(rest: &[u8]) -> Option<usize> {
    memchr::memmem::find(rest, b"*/").map(|at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_escaped_and_non_ascii() {
        assert_eq!(name(b"\\u0061lert("), (10, true));
        assert_eq!(name(b"al\\u{65}rt("), (10, true));
        assert_eq!(name("naïve(".as_bytes()), (6, false));
        assert_eq!(name("a\u{a0}b".as_bytes()), (1, false));
        assert_eq!(name(b"\\x61"), (0, false));
    }

    #[test]
    fn numbers_take_their_exponent_and_no_operator() {
        assert_eq!(number(b"1e-3)"), 4);
        assert_eq!(number(b"0xe+1"), 3);
        assert_eq!(number(b"1-2"), 1);
    }

    #[test]
    fn strings_end_at_their_own_quote() {
        assert_eq!(string(b"a\\'b'c", b'\''), End::At(5));
        assert_eq!(string(b"a\"b", b'\''), End::Open);
        assert_eq!(string(b"a\nb'", b'\''), End::Broken);
        assert_eq!(string(b"a\\", b'\''), End::Open);
    }

    #[test]
    fn templates_have_holes() {
        assert_eq!(template(b"a$b${c}`"), Template::Hole(5));
        assert_eq!(template(b"a\\`b`"), Template::Closed(5));
        assert_eq!(template(b"a$"), Template::Open);
    }

    #[test]
    fn a_slash_in_a_class_ends_no_regex() {
        assert_eq!(regex(b"[/]a/gi.x"), Some(7));
        assert_eq!(regex(b"a\n/"), None);
        assert_eq!(regex(b"a\\/"), None);
    }
}
