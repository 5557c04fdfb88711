//! Styles that run script or load a stylesheet: `expression(`, `-moz-binding:`, `url(javascript:`, `@import`.
//!
//! Old browsers let comments and escapes (`\65 xpression`) stand inside of words, so words are matched on what is left
//! without them.

/// What a style sheet or attribute does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Nothing but look.
    Look,
    /// Fetches something of another host: `url(//h/x)`.
    Load,
    /// Runs script, or loads more style.
    Run,
}

/// What a style can do at most. O(len).
pub(super) fn does(style: &[u8]) -> Does {
    let mut does = Does::Look;
    // PERF: as a number; bytes that were moved one place at each character took a fifth of a flood of styles.
    let mut window = 0_u128;
    let mut at = 0;
    while let Some(&byte) = style.get(at) {
        let mut char = byte.to_ascii_lowercase();
        at += 1;
        match byte {
            b'/' if style.get(at) == Some(&b'*') => {
                let inside = style.get(at + 1..).unwrap_or_default();
                // What has no end hides the rest.
                at += memchr::memmem::find(inside, b"*/").map_or(inside.len() + 1, |end| end + 3);
                continue;
            }
            b'\\' => {
                let (escaped, len) = escape(style.get(at..).unwrap_or_default());
                char = escaped;
                at += len;
            }
            0..=b' ' => continue,
            _ => {}
        }
        window = window << 8 | u128::from(char);
        let ends_with = |word: &[u8]| window.to_be_bytes().ends_with(word);
        let ends = match char {
            b'(' if ends_with(b"url(") => {
                if is_remote(style.get(at..).unwrap_or_default()) {
                    does = Does::Load;
                }
                false
            }
            b'(' => ends_with(b"expression("),
            b':' => [&b"script:"[..], b"binding:", b"behavior:", b"behaviour:", b"o-link:"]
                .into_iter()
                .any(ends_with),
            b't' => ends_with(b"@import"),
            _ => false,
        };
        if ends {
            return Does::Run;
        }
    }
    does
}

/// Whether a URL names a host of its own. Looks at a few bytes behind blanks and a quote.
fn is_remote(url: &[u8]) -> bool {
    let url = url.trim_ascii_start();
    let url = url.strip_prefix(b"'").or(url.strip_prefix(b"\"")).unwrap_or(url).trim_ascii_start();
    let scheme = url.iter().take(12).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    match url.get(scheme..) {
        Some([b':', b'/' | b'\\', ..]) => scheme > 0,
        Some([b'/' | b'\\', b'/' | b'\\', ..]) => scheme == 0,
        _ => false,
    }
}

/// An escape behind its backslash: the character, lower-case, and its length.
fn escape(rest: &[u8]) -> (u8, usize) {
    let mut code = 0;
    let mut len = 0;
    for digit in rest.iter().take(6).map_while(|&b| char::from(b).to_digit(16)) {
        code = code * 16 + digit;
        len += 1;
    }
    match (len, rest.first()) {
        (0, Some(byte)) => (byte.to_ascii_lowercase(), 1),
        (0, None) => (b'\\', 0),
        _ => {
            let blank = usize::from(rest.get(len).is_some_and(u8::is_ascii_whitespace));
            (u8::try_from(code).unwrap_or(0).to_ascii_lowercase(), len + blank)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_through_comments_and_escapes() {
        for style in [
            "width:expression(a)",
            "xss:expr/*x*/ession(a)",
            "width: \\65 xpression(a)",
            "background:url('java\\script:a')",
            "-moz-binding: url(x)",
            "@\\0069mport 'x'",
        ] {
            assert_eq!(does(style.as_bytes()), Does::Run, "{style}");
        }
    }

    #[test]
    fn looks_do_nothing() {
        for style in [
            "color:red;font:url",
            "background:url(/a.png)",
            "/* expression( url( */ margin:0",
            "a{b:c}",
        ] {
            assert_eq!(does(style.as_bytes()), Does::Look, "{style}");
        }
    }

    #[test]
    fn what_is_fetched_from_elsewhere_is_told() {
        for style in ["background:url(http://h/a.png)", "background: U\\72 l/**/( '//h/x')"] {
            assert_eq!(does(style.as_bytes()), Does::Load, "{style}");
        }
    }
}
