//! Where names, numbers and strings end, and what a string says. Each is O(bytes passed over).

use super::calls::calls_known;
use super::words::{self, CodeToken as T, Word};
use crate::detect::shell;

/// Whether a byte continues a name. Bytes of letters beyond ASCII count.
#[inline]
pub(super) fn continues_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Length of the name at the start of `rest`.
pub(super) fn name(rest: &[u8]) -> usize {
    rest.iter().take_while(|&&b| continues_name(b)).count()
}

/// The name at the end of `before`, as far as it may be known.
pub(super) fn name_before(before: &[u8]) -> &[u8] {
    let len = before.iter().rev().take(48).take_while(|&&b| continues_name(b)).count();
    before.get(before.len() - len..).unwrap_or_default()
}

/// Length of a number at the start of `rest`: `1`, `0x1f`, `1.5`. A dot before a letter is a member's or joins text.
pub(super) fn number(rest: &[u8]) -> usize {
    if rest.starts_with(b"0x") {
        let whole =
            rest.iter().take_while(|b| b.is_ascii_hexdigit() || matches!(b, b'x' | b'_')).count();
        if whole > 2 {
            return whole;
        }
    }
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    match rest.get(digits..) {
        Some([b'.', next, ..]) if next.is_ascii_digit() => {
            let part = rest.get(digits + 1..).unwrap_or_default();
            digits + 1 + part.iter().take_while(|b| b.is_ascii_digit()).count()
        }
        _ => digits,
    }
}

/// The length of a string's inside at the start of `rest`, and whether it closes.
pub(super) fn string(rest: &[u8], quote: u8) -> (usize, bool) {
    let mut at = 0;
    loop {
        let tail = rest.get(at..).unwrap_or_default();
        let Some(step) = memchr::memchr2(quote, b'\\', tail) else { return (rest.len(), false) };
        match tail.get(step) {
            Some(b'\\') => at = (at + step + 2).min(rest.len()),
            _ => return (at + step, true),
        }
    }
}

/// Strings put together, as far as their text may be known.
pub(super) struct Joined {
    bytes: [u8; Joined::LONGEST],
    len: usize,
    pub(super) pieces: usize,
}

impl Joined {
    const LONGEST: usize = 48;

    pub(super) const EMPTY: Joined = Joined { bytes: [0; Joined::LONGEST], len: 0, pieces: 0 };

    pub(super) fn clear(&mut self) {
        (self.len, self.pieces) = (0, 0);
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.pieces += 1;
        match self.bytes.get_mut(self.len..self.len + text.len()) {
            Some(room) => {
                room.copy_from_slice(text);
                self.len += text.len();
            }
            // Too long for any name that is known; and whatever is pushed on stays so.
            None => self.len = Joined::LONGEST,
        }
    }

    /// Empty if it is too long.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).filter(|text| text.len() < Joined::LONGEST).unwrap_or_default()
    }
}

/// What a string says. O(len).
pub(super) fn says(text: &[u8]) -> T {
    let text = text.trim_ascii();
    // PERF: a sign says nothing, and strings of signs are what floods are made of.
    if let [] | [b'!'..=b'-' | b':'..=b'@'] = text {
        return T::STRING;
    }
    let name = text.strip_prefix(b"\\").unwrap_or(text);
    let name = name.strip_prefix(b"node:").unwrap_or(name);
    match words::lookup(name) {
        Some(Word::Sure(T::MODULE | T::PROCESS)) => return T::MODULE_STRING,
        Some(Word::Sure(T::DUNDER) | Word::Member(T::DUNDER)) => return T::DUNDER_STRING,
        Some(Word::Called(
            T::PROCESS | T::SYSTEM | T::EVAL | T::FILE | T::CALLBACK | T::REFLECT | T::INFO,
        )) => return T::NAME_STRING,
        _ => {}
    }
    // The way of JavaScript from any object to code.
    if matches!(name, b"constructor" | b"__proto__") {
        return T::DUNDER_STRING;
    }
    if words::MODULES.contains(&name) {
        return T::MODULE_STRING;
    }
    if text.starts_with(b"__") && text.len() > 4 && text.ends_with(b"__") || has_escaped_line(text)
    {
        return T::DUNDER_STRING;
    }
    if is_class(text) {
        return T::NAME_STRING;
    }
    if is_path(text) {
        return T::PATH_STRING;
    }
    let pipes = text.starts_with(b"|") || text.ends_with(b"|");
    let ticked = text.strip_prefix(b"`").is_some_and(is_command);
    let imports = text.starts_with(b"import ") && text.len() < 48;
    if ticked
        || imports
        || pipes && is_command(text)
        || calls_known(text)
        || text.starts_with(b"<?")
        || returns_root(text)
    {
        return T::CODE_STRING;
    }
    if is_command(text) {
        return T::COMMAND_STRING;
    }
    T::STRING
}

/// Two low lines in escapes, as nobody writes them but to hide an attribute.
fn has_escaped_line(text: &[u8]) -> bool {
    [&b"\\x5f"[..], b"\\u005f", b"\\137"].iter().any(|line| {
        text.len() >= 2 * line.len()
            && text.windows(line.len()).any(|window| window.eq_ignore_ascii_case(line))
    })
}

/// The full name of a class of Java or .NET.
fn is_class(text: &[u8]) -> bool {
    let mut parts = text.split(|&b| b == b'.');
    let first = parts.next().unwrap_or_default();
    parts.clone().count() > 1
        && words::PACKAGES.iter().any(|package| first.eq_ignore_ascii_case(package))
        && parts.all(|part| part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_'))
        && text.iter().all(|&b| continues_name(b) || matches!(b, b'.' | b'$' | b',' | b' '))
}

/// A path of the system, or a wrapper of files.
fn is_path(text: &[u8]) -> bool {
    const ROOTS: &[&[u8]] = &[
        b"/etc/",
        b"/proc/",
        b"/var/",
        b"/root",
        b"/home/",
        b"/tmp/",
        b"/bin/",
        b"/usr/",
        b"/dev/",
        b"/windows",
        b"../",
        b"..\\",
        b"file:/",
        b"php:/",
        b"phar:/",
        b"data:/",
        b"expect:/",
        b"ftp:/",
        b"ldap:/",
        b"rmi:/",
        b"zip:/",
    ];
    let begins =
        |root: &&[u8]| text.get(..root.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(root));
    text == b"/"
        || text == b"."
        || ROOTS.iter().any(begins)
        || matches!(text, [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

/// A command of a shell, alone or with arguments; it may stand behind a pipe, and by its path.
pub(super) fn is_command(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"|").unwrap_or(text).trim_ascii_start();
    let text = text.strip_suffix(b"|").unwrap_or(text);
    let end = text.iter().position(|b| !(continues_name(*b) || b"/.-$".contains(b)));
    let word = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let word = word.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let word = word.strip_suffix(b".exe").unwrap_or(word);
    shell::is_command(word) || word == b"calc"
}

/// Code that returns what everything hangs on, as given to constructors of functions.
fn returns_root(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"return ") else { return false };
    [&b"process"[..], b"this", b"global"]
        .iter()
        .any(|root| rest.trim_ascii_start().starts_with(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_leave_joining_dots() {
        for (text, len) in
            [("1.5)", 3), ("1.system", 1), ("0x1f", 4), ("12ab", 2), ("7*7", 1), ("1..2", 1)]
        {
            assert_eq!(number(text.as_bytes()), len, "{text}");
        }
    }

    #[test]
    fn strings_close_at_their_quote() {
        assert_eq!(string(b"a\\'b' c", b'\''), (4, true));
        assert_eq!(string(b"a", b'\''), (1, false));
        assert_eq!(string(b"a\\", b'\''), (2, false));
    }

    #[test]
    fn strings_say_what_they_name() {
        for (text, says_so) in [
            ("system", T::NAME_STRING),
            ("java.lang.Runtime", T::NAME_STRING),
            ("os", T::MODULE_STRING),
            ("node:child_process", T::MODULE_STRING),
            ("__class__", T::DUNDER_STRING),
            ("\\x5f\\x5fclass", T::DUNDER_STRING),
            ("/etc/hosts", T::PATH_STRING),
            ("cat /x", T::COMMAND_STRING),
            ("/bin/sh", T::PATH_STRING),
            ("|id", T::CODE_STRING),
            ("system('x')", T::CODE_STRING),
            ("hello", T::STRING),
            ("", T::STRING),
            ("org.example", T::STRING),
        ] {
            assert_eq!(says(text.as_bytes()), says_so, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_to_be_known_is_nothing() {
        let mut joined = Joined::EMPTY;
        joined.push(b"sys");
        joined.push(b"tem");
        assert_eq!(joined.text(), b"system");
        joined.push(&[b'a'; 100]);
        assert_eq!(joined.text(), b"");
    }
}
