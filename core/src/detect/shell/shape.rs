//! What a word, or the piece of a command line at a place, looks like: a flag, a path, a host, the head of a function.

use super::ShellToken::{self, *};
use super::judge::SOLO_STARTS;
use super::word::Word;
use super::words::{self, PathKind};

/// The length of `(){`, blanks between them or not, that makes the word before it the name of a function; 0 if there is
/// none. O(1).
pub(super) fn definition(rest: &[u8]) -> usize {
    let Some(tail) = rest.strip_prefix(b"()") else { return 0 };
    let blanks = tail.iter().take(4).take_while(|b| is_blank(**b)).count();
    if tail.get(blanks) == Some(&b'{') { blanks + 3 } else { 0 }
}

/// The length of `${name:-` before a substitution: what stands there is run if the variable is not set. 0 if there is none.
/// O(1).
pub(super) fn default_substitution(rest: &[u8]) -> usize {
    let name =
        rest.iter().skip(2).take(32).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
    let end = 2 + name.count();
    match rest.get(end..).unwrap_or_default() {
        [b':', b'-' | b'=' | b'+' | b'?', b'`', ..]
        | [b':', b'-' | b'=' | b'+' | b'?', b'$' | b'<', b'(', ..] => end + 2,
        _ => 0,
    }
}

/// Whether the text starts with one of [`SOLO_STARTS`], as a word.
pub(super) fn is_solo(text: &[u8]) -> bool {
    SOLO_STARTS.iter().any(|start| {
        let start = start.as_bytes();
        let ends_word = |b: Option<&u8>| !b.is_some_and(u8::is_ascii_alphanumeric);
        text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
            && (ends_word(start.last()) || ends_word(text.get(start.len())))
    })
}

/// Commands of Unix that are words or initials, too, count in lower case alone; those of Windows are written anyhow.
pub(super) fn fits_case(family: Option<ShellToken>, word: &Word) -> bool {
    !word.upper
        || match family {
            Some(CP_NET) => true,
            // `Cat` and `Id` begin sentences.
            Some(CP_PROBE) => matches!(word.as_bytes(), b"ping" | b"dir" | b"echo" | b"hostname"),
            Some(CP_UNIX | CP_ADM | CP_WIN) => word.as_bytes().len() > 2,
            _ => false,
        }
}

pub(super) fn plain_argument(name: &[u8], word: &Word) -> ShellToken {
    match name {
        b"-c" | b"-e" | b"-r" | b"-i" | b"-enc" | b"-encodedcommand" | b"-command" | b"/c"
        | b"/k" | b"-exec" | b"-execdir" | b"-ok" | b"-okdir" => return A_EVAL,
        _ if name.starts_with(b"--checkpoint-action=") => return A_EVAL,
        _ if name.starts_with(b"exec:") || name.starts_with(b"system:") => return A_EVAL,
        _ if is_slice(name) => return EXPAND,
        // A list of options for people: `-l, --list`.
        [b'-', .., b','] => return A_WORD,
        [b'-', b'-', b'a'..=b'z', ..] | [b'-', b'a'..=b'z' | b'0'..=b'9', ..] => return A_FLAG,
        [b'%', .., b'%'] => return A_VAR,
        _ => {}
    }
    if let Some(kind) = words::path(name) {
        return match kind {
            PathKind::Socket => DEVTCP,
            PathKind::System | PathKind::Program => A_SENS,
            PathKind::Plain if is_windows_flag(name) => A_SLASH,
            PathKind::Plain if name.get(1) == Some(&b':') => A_SENS,
            PathKind::Plain => A_PATH,
        };
    }
    if is_url(name) {
        A_URL
    } else if name.iter().all(u8::is_ascii_digit) {
        A_NUM
    } else if is_address(name) {
        A_IP
    } else if word.var && !word.quoted {
        A_VAR
    } else if words::certain(name) && fits_case(words::command(name), word) {
        A_CMD
    } else if is_file(name) {
        A_FILE
    } else {
        A_WORD
    }
}

/// A name with an extension, or a leading dot.
fn is_file(name: &[u8]) -> bool {
    let dot = name.iter().rposition(|&b| b == b'.');
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    (2..=6).contains(&extension.len())
        && extension.get(1).is_some_and(u8::is_ascii_alphabetic)
        && extension.iter().skip(1).all(u8::is_ascii_alphanumeric)
        && stem.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'*'))
}

/// `/f`, `/all`, `/n:`.
fn is_windows_flag(name: &[u8]) -> bool {
    matches!(name, [b'/', rest @ ..] if (1..=4).contains(&rest.len())
        && rest.iter().all(|b| b.is_ascii_alphabetic() || *b == b':'))
}

/// What a command would be given, rather than a word: a number, an address, a path, a name with a dot.
pub(super) fn is_target(word: &[u8]) -> bool {
    let end = word.iter().rposition(|b| !b".,:!?".contains(b)).map_or(0, |last| last + 1);
    let inside = word.get(..end).unwrap_or_default();
    word.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b':'))
        || (inside.iter().any(|b| matches!(b, b'.' | b'@' | b'/' | b'\\'))
            && !word.iter().any(|b| matches!(b, b'=' | b'?' | b'<' | b'>' | b'{' | b'[')))
}

/// An option or a number, with or without a unit.
pub(super) fn is_option(name: &[u8]) -> bool {
    matches!(name, [b'-', ..])
        || matches!(name, [digits @ .., b's' | b'm' | b'h'] | digits
            if !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.'))
}

/// `%name:~1,2%`: a piece of a variable, in cmd.exe.
pub(super) fn is_slice(name: &[u8]) -> bool {
    name.first() == Some(&b'%') && memchr::memmem::find(name, b":~").is_some()
}

/// Whether a command ends before `rest`.
pub(super) fn ends_command(rest: &[u8]) -> bool {
    let end = rest.iter().find(|b| !is_blank(**b));
    end.is_none_or(|b| b";|&\n\r)`#\"'".contains(b))
}

/// Without the folder and extension that Windows allows.
pub(super) fn program(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b".exe").unwrap_or(name);
    name.strip_suffix(b".com").unwrap_or(name)
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_identifier(name: &[u8]) -> bool {
    matches!(name, [b'a'..=b'z' | b'_', rest @ ..]
        if rest.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_'))
}

/// `host.example`, `user@host`, `[::1]`, the `tcp:host:port` of socat.
pub(super) fn is_host(name: &[u8]) -> bool {
    let last = name.rsplit(|&b| b == b'.').next().unwrap_or_default();
    let dotted =
        last.len() < name.len() && last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic);
    let socket = |begin: &&[u8]| name.starts_with(begin);
    dotted
        || name.contains(&b'@')
        || [b"tcp:" as &[u8], b"tcp4:", b"udp:", b"openssl:", b"["].iter().any(socket)
            && name.contains(&b':')
}

/// A scheme, `://`.
fn is_url(name: &[u8]) -> bool {
    let scheme = name.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    scheme > 1 && name.get(scheme..).is_some_and(|rest| rest.starts_with(b"://"))
}

/// Four numbers, three dots; a port may follow.
fn is_address(name: &[u8]) -> bool {
    name.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'))
        && name.split(|&b| b == b'.').count() == 4
}

/// Commands that HTML has an entity for (a sign of copyright, of a trademark, a dash ...). Without arguments none of them
/// does anything.
const ENTITIES: [&[u8]; 7] = [b"copy", b"dash", b"dd", b"pr", b"reg", b"sc", b"top"];

/// The length of the HTML entity at `at`: `&amp;`, `&#39;`. Not of `&id;`.
pub(super) fn entity(view: &[u8], at: usize) -> Option<usize> {
    let name = view.get(at + 1..)?;
    let len = name.iter().take(10).position(|&b| b == b';')?;
    let name = name.get(..len)?;
    let reference = match name {
        [b'#', ..] => true,
        [] | [b'0'..=b'9', ..] => false,
        _ if ENTITIES.contains(&name) => true,
        _ => name.iter().all(u8::is_ascii_alphanumeric) && words::command(name).is_none(),
    };
    reference.then_some(len + 2)
}
