//! What is called: what stands around the bracket of a call, and whether it is known. No look goes further than it says.

use super::text;
use super::words::{self, Word};

/// Bytes that are looked at behind a name for the bracket of its call.
const CALL_AHEAD: usize = 64;

/// A class whose methods reach files or the system, by a name that is a word elsewhere: `File.read`, `Kernel.exit`.
pub(super) fn is_file_class(name: &[u8], next: &[u8]) -> bool {
    matches!(name, b"File" | b"Dir" | b"Files" | b"FileUtils" | b"Kernel")
        && matches!(next, [b'.', b'a'..=b'z' | b'A'..=b'Z', ..] | [b':', b':', ..])
}

/// The length up to and with the bracket of a call behind a name: blanks and comments may stand before it. O(1).
pub(super) fn call_len(next: &[u8]) -> Option<usize> {
    let next = next.get(..CALL_AHEAD).unwrap_or(next);
    let mut at = 0;
    // PERF: byte by byte; searchers set up for each of twenty comments took half as long again.
    loop {
        let rest = next.get(at..)?;
        match rest {
            [b'(', ..] => return Some(at + 1),
            [b' ' | b'\t' | b'\r' | b'\n', ..] => at += 1,
            [b'/', b'*', ..] => at += rest.windows(2).position(|pair| pair == b"*/")? + 2,
            [b'/', b'/', ..] | [b'#', ..] => at += rest.iter().position(|&b| b == b'\n')?,
            _ => return None,
        }
    }
}

/// Whether brackets of prose follow a name: they stand behind a blank, and a word begins in them. `len` goes past the bracket.
pub(super) fn is_prose(next: &[u8], len: usize) -> bool {
    len > 1 && next.first() == Some(&b' ') && begins_prose(next.get(len..).unwrap_or_default())
}

/// Whether a word begins behind a bracket that is no package's.
pub(super) fn begins_prose(argument: &[u8]) -> bool {
    let argument = argument.trim_ascii_start();
    argument.first().is_some_and(u8::is_ascii_alphabetic) && !is_package(Some(argument))
}

/// Whether the name before a bracket is one of the tables. Looks at 48 bytes before it, and past blanks.
pub(super) fn calls_known_at(view: &[u8], open: usize) -> bool {
    let before = view.get(..open).unwrap_or_default().trim_ascii_end();
    let name = text::name_before(before.strip_suffix(b"!").unwrap_or(before));
    words::lookup(name).is_some_and(|word| !matches!(word, Word::Keyword(_)))
        || name.eq_ignore_ascii_case(b"t")
        || is_in_package(before, name)
        // A comment stands between.
        || before.ends_with(b"*/")
        || view.get(before.len()..open).is_some_and(|blank| blank.contains(&b'\n'))
}

/// Whether the name at the end of `before` is that of a class or method of a package. Looks at 80 bytes.
pub(super) fn is_in_package(before: &[u8], name: &[u8]) -> bool {
    let path = before.get(..before.len().saturating_sub(name.len())).unwrap_or_default();
    if !path.ends_with(b".") {
        return false;
    }
    let len =
        path.iter().rev().take(80).take_while(|&&b| text::continues_name(b) || b == b'.').count();
    is_package(path.get(path.len() - len..))
}

/// Whether something that is known, or that is no name, is called in `text`. O(len).
pub(super) fn calls_known(text: &[u8]) -> bool {
    memchr::memchr_iter(b'(', text).any(|open| calls_known_at(text, open))
}

/// Whether brackets of a call may stand in a view: the closer look of the gate. O(len).
pub(super) fn may_call(view: &[u8]) -> bool {
    memchr::memchr_iter(b'(', view).any(|open| {
        let before = view.get(..open).unwrap_or_default().trim_ascii_end();
        matches!(before.last(), Some(b')' | b']' | b'}' | b'\'' | b'"' | b'/'))
            || calls_known_at(view, open)
            || is_variable(before)
    })
}

/// Whether a variable's name ends here.
pub(super) fn is_variable(before: &[u8]) -> bool {
    let len = before.iter().rev().take_while(|&&b| text::continues_name(b)).count();
    len > 0 && matches!(before.get(..before.len() - len), Some([.., b'$' | b'#']))
}

/// Whether a dotted name begins that is a package's.
pub(super) fn is_package(name: Option<&[u8]>) -> bool {
    let name = name.unwrap_or_default().trim_ascii_start();
    let len = text::name(name);
    let first = name.get(..len).unwrap_or_default();
    matches!(name.get(len..), Some([b'.', b'a'..=b'z' | b'A'..=b'Z', ..]))
        && words::PACKAGES.iter().any(|known| first.eq_ignore_ascii_case(known))
}

/// The length of brackets that hold nothing and stand in prose: a blank and a word follow, or a sentence ends. O(1).
pub(super) fn mention(rest: &[u8]) -> Option<usize> {
    let [b'(', b')', tail @ ..] = rest else { return None };
    let is_mention = match tail {
        [b'.' | b',' | b':' | b'!' | b'?' | b'`' | b'\'', next, ..] => {
            matches!(next, b' ' | b'\n' | b',' | b'.')
        }
        [b' ', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'(' | b'`'),
        _ => false,
    };
    is_mention.then_some(2)
}
