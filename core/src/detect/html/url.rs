//! What a URL is, as far as it can run: its scheme, read as browsers read it.
//!
//! The URL standard strips blanks and controls in front and tabs and line ends anywhere, and in an attribute character
//! references are resolved before that; so `&#x09;java&Tab;script&colon;` is a scheme.

/// What a URL reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// It is script; the offset of the program behind the scheme.
    Script(usize),
    /// It is a document that can hold script.
    Document,
    /// It is on a host that it names.
    Remote,
    /// Anything else.
    Local,
}

/// Longest scheme worth telling, `view-source`.
const LONGEST: usize = 11;

/// What `url` reaches. O(len) in blanks and references, else bounded by the longest scheme.
pub(super) fn target(url: &[u8]) -> Target {
    read(&mut Reader { url, at: 0 })
}

fn read(reader: &mut Reader<'_>) -> Target {
    let mut scheme = [0u8; LONGEST];
    let mut len = 0;
    let mut leading = true;
    while let Some(byte) = reader.next() {
        match byte {
            b' ' | b'"' | b'\'' | b'`' if leading => continue,
            b':' => {
                match scheme.get(..len).unwrap_or_default() {
                    b"javascript" | b"vbscript" | b"livescript" | b"jscript" | b"mocha" => {
                        return Target::Script(reader.at);
                    }
                    b"data" => return document(reader),
                    b"http" | b"https" | b"ftp" => return Target::Remote,
                    // A URL in a URL.
                    b"feed" | b"view-source" | b"jar" => len = 0,
                    _ => return Target::Local,
                }
                continue;
            }
            b'/' | b'\\' if len == 0 => {
                let again = matches!(reader.next(), Some(b'/' | b'\\'));
                return if again { Target::Remote } else { Target::Local };
            }
            b'a'..=b'z' | b'-' => {}
            _ => return Target::Local,
        }
        leading = false;
        match scheme.get_mut(len) {
            Some(slot) => *slot = byte,
            None => return Target::Local,
        }
        len += 1;
    }
    Target::Local
}

/// Beginnings of media types that can hold script. None at all is plain text to a frame, but a script element runs it.
const DOCUMENTS: [&[u8]; 8] =
    [b"image/svg", b"text/h", b"text/x", b"text/j", b"application/x", b"application/j", b";", b","];

/// Whether the media type of a `data:` URL is one that can hold script: not an image, a font or
/// sound.
fn document(reader: &mut Reader<'_>) -> Target {
    let mut kind = [0u8; 13];
    for slot in &mut kind {
        match reader.next() {
            Some(byte @ (b';' | b',')) => {
                *slot = byte;
                break;
            }
            Some(byte) => *slot = byte,
            None => break,
        }
    }
    if DOCUMENTS.iter().any(|known| kind.starts_with(known)) {
        Target::Document
    } else {
        Target::Local
    }
}

/// What the worst of the URLs inside a value reaches: `0;url=javascript:…`, `x;javascript:…`. O(len).
pub(super) fn inside(value: &[u8]) -> Target {
    let mut worst = Target::Local;
    let mut start = 0;
    while let Some(piece) = value.get(start..) {
        let mut reader = Reader { url: piece, at: 0 };
        match read(&mut reader) {
            Target::Script(body) => return Target::Script(start + body),
            Target::Document => worst = Target::Document,
            Target::Remote if worst == Target::Local => worst = Target::Remote,
            Target::Remote | Target::Local => {}
        }
        // On from where the last one ended, so that no reference is read twice.
        let from = start + reader.at.saturating_sub(1);
        let rest = value.get(from..).unwrap_or_default();
        match memchr::memchr3(b';', b',', b'=', rest) {
            Some(len) => start = (from + len + 1).max(start + 1),
            None => break,
        }
    }
    worst
}

/// The characters of a URL in an attribute: references resolved, controls left out, letters lower-case.
struct Reader<'v> {
    url: &'v [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.url.get(self.at)?;
            let char = if byte == b'&' { self.reference() } else { self.one(byte) };
            if char >= b' ' {
                return Some(char.to_ascii_lowercase());
            }
        }
    }

    fn one(&mut self, byte: u8) -> u8 {
        self.at += 1;
        byte
    }

    /// A character reference at `&`; what is none, or not ASCII, reads as `&`.
    fn reference(&mut self) -> u8 {
        let rest = self.url.get(self.at..).unwrap_or_default();
        for (name, char) in [("&tab;", b'\t'), ("&newline;", b'\n'), ("&colon;", b':')] {
            if rest.get(..name.len()).is_some_and(|r| r.eq_ignore_ascii_case(name.as_bytes())) {
                self.at += name.len();
                return char;
            }
        }
        let (radix, digits) = match rest {
            [_, b'#', b'x' | b'X', digits @ ..] => (16, digits),
            [_, b'#', digits @ ..] => (10, digits),
            _ => return self.one(b'&'),
        };
        let mut code = 0u32;
        let mut len = 0;
        for digit in digits.iter().map_while(|&b| char::from(b).to_digit(radix)) {
            code = code.saturating_mul(radix).saturating_add(digit);
            len += 1;
        }
        if len == 0 || code > 0x7f {
            return self.one(b'&');
        }
        let semicolon = usize::from(digits.get(len) == Some(&b';'));
        self.at += rest.len() - digits.len() + len + semicolon;
        code as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_through_blanks_and_references() {
        for (url, body) in [
            ("javascript:a", 11),
            (" \tJava\nScript:a", 14),
            ("&#x6A;avascript:a", 16),
            ("&#0000106avascript&colon;a", 25),
            ("j&Tab;avascript:a", 16),
            ("\u{1}vbscript:a", 10),
            ("feed:javascript:a", 16),
            ("'javascript:a", 12),
        ] {
            assert_eq!(target(url.as_bytes()), Target::Script(body), "{url}");
        }
    }

    #[test]
    fn what_is_no_script() {
        for url in
            ["java script:a", "javascript", "/javascript:a", "x-javascript:a", "?javascript:"]
        {
            assert_eq!(target(url.as_bytes()), Target::Local, "{url}");
        }
        assert_eq!(target(b"//host/"), Target::Remote);
        assert_eq!(target(b"HTTPS://host/"), Target::Remote);
        assert_eq!(target(b"data:image/png;base64,AA"), Target::Local);
        assert_eq!(target(b"data:image/svg+xml,<svg>"), Target::Document);
        assert_eq!(target(b"data:,alert(1)"), Target::Document);
    }

    #[test]
    fn urls_inside_are_found() {
        assert_eq!(inside(b"0;url=javascript:a"), Target::Script(17));
        assert_eq!(inside(b";;;;;;;;;;;;a,javascript:b"), Target::Script(25));
        assert_eq!(inside(b"0;url=data:text/html,a"), Target::Document);
        assert_eq!(inside(b"width=device-width,initial-scale=1"), Target::Local);
    }
}
