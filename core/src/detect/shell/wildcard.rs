//! Wildcards: `/???/c?t` is `/bin/cat` to a shell. A word with wildcards is looked up by matching it against what attacks
//! are after, rather than by guessing from its shape.

/// What wildcards of attacks stand for.
const TARGETS: &[&[u8]] = &[
    b"/bin/cat",
    b"/bin/sh",
    b"/bin/bash",
    b"/bin/ls",
    b"/bin/nc",
    b"/bin/id",
    b"/usr/bin/id",
    b"/usr/bin/nc",
    b"/usr/bin/cat",
    b"/usr/bin/whoami",
    b"/usr/bin/who",
    b"/bin/uname",
    b"/usr/bin/wget",
    b"/usr/bin/curl",
    b"/usr/bin/python3",
    b"/bin/ping",
    b"/bin/sleep",
    b"/bin/tac",
    b"/bin/base64",
    b"/usr/bin/base64",
    b"/etc/passwd",
    b"/etc/shadow",
    b"/etc/hosts",
    b"/etc/group",
    b"/etc/issue",
];

/// Longest word that is matched; a target has at most 16 bytes.
const LONGEST: usize = 32;

/// Whether a lower-case word with wildcards can stand for a [`TARGETS`] path. O(1): word and targets are short.
pub(super) fn leads_into_system(word: &[u8]) -> bool {
    if word.first() != Some(&b'/') || word.len() > LONGEST {
        return false;
    }
    let (mut letters, mut marks, mut slashes) = (0, 0, 0);
    for byte in word {
        match byte {
            b'?' => marks += 1,
            b'/' => slashes += 1,
            _ => letters += usize::from(byte.is_ascii_alphanumeric()),
        }
    }
    // What has hardly a letter could stand for anything. No wildcard takes a slash.
    (letters >= 2 || marks >= 3)
        && (2..=3).contains(&slashes)
        && TARGETS.iter().any(|target| matches(word, target))
}

/// Wildcard match as shells do it: `?` one character, `*` any run, `[…]` one character; none takes a `/`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on if the run of the last `*` has to be longer.
    let mut again: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                again = Some((p + 1, t));
                p += 1;
                continue;
            }
            (Some(b'?'), Some(&byte)) if byte != b'/' => {
                p += 1;
                t += 1;
                continue;
            }
            (Some(b'['), Some(&byte)) if byte != b'/' => {
                let close = pattern.iter().skip(p).position(|&b| b == b']');
                if let Some(close) = close {
                    p += close + 1;
                    t += 1;
                    continue;
                }
            }
            (Some(a), Some(b)) if a == b => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        match again {
            Some((after, from)) if text.get(from).is_some_and(|&b| b != b'/') => {
                again = Some((after, from + 1));
                p = after;
                t = from + 1;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_a_shell() {
        for word in
            ["/???/c?t", "/bin/c*", "/e*c/*asswd", "/?in/cat", "/???/??ss??", "/etc/pa[s]swd"]
        {
            assert!(leads_into_system(word.as_bytes()), "{word}");
        }
        for word in ["/*/*", "/*", "/a?b", "/?", "/search/?q", "/b*", "/etc*"] {
            assert!(!leads_into_system(word.as_bytes()), "{word}");
        }
    }
}
