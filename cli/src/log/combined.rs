//! Access logs as Apache and nginx write them.
//!
//! ```text
//! client ident user [10/Oct/2026:13:55:36 +0200] "GET /a HTTP/1.1" 200 2326 "referer" "user agent"
//! ```
//!
//! The format `common` ends after the size. What follows the agent is not looked at. Bytes that the server escaped (`\"`,
//! `\\`, `\x22`, `\n`) are undone.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::json::Unreadable;
use super::{Bytes, Id, Item};

/// The parts of a line, as they stand in it. No part is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'l> {
    client: &'l [u8],
    /// `10/Oct/2026:13:55:36 +0200`
    pub(crate) time: &'l [u8],
    /// `GET /a HTTP/1.1`, escaped.
    pub(crate) request: &'l [u8],
    /// What follows the status: size, referer and agent, escaped.
    rest: &'l [u8],
}

impl<'l> Line<'l> {
    /// Takes a line apart. O(len).
    pub(crate) fn read(line: &'l [u8], number: usize) -> Result<Line<'l>, Unreadable> {
        let wrong = |error: &str| unreadable(number, error);
        let client = line.get(..memchr::memchr(b' ', line).unwrap_or(0)).unwrap_or_default();
        let time = memchr::memchr(b'[', line)
            .and_then(|open| line.get(open + 1..))
            .ok_or_else(|| wrong("expected `client ident user [time] \"request\" status size`"))?;
        let Some((time, rest)) =
            memchr::memchr(b']', time).and_then(|at| time.split_at_checked(at))
        else {
            return Err(wrong("the time has no `]`"));
        };
        let (request, rest) = rest
            .strip_prefix(b"] \"")
            .and_then(quoted)
            .ok_or_else(|| wrong("expected a request line in quotes after the time"))?;
        Ok(Line { client, time, request, rest })
    }

    /// Referer and agent as they stand in the line, where it has them. O(len).
    pub(crate) fn headers(&self) -> [Option<&'l [u8]>; 2] {
        let start = memchr::memchr(b'"', self.rest).unwrap_or(self.rest.len());
        let mut rest = self.rest.get(start..).unwrap_or_default();
        let mut next = || {
            let (value, after) = rest.strip_prefix(b"\"").and_then(quoted)?;
            rest = after.trim_ascii_start();
            Some(value)
        };
        [next(), next()].map(|value| value.filter(|value: &&[u8]| !matches!(**value, [] | [b'-'])))
    }

    /// The request that was logged; the error says what is wrong with its line.
    pub(crate) fn item(&self, number: usize) -> Result<Item<'l>, Unreadable> {
        let (method, target) = request_line(self.request).ok_or_else(|| {
            unreadable(number, "the request line is not `METHOD target HTTP/version`")
        })?;
        let named = HEADERS.iter().zip(self.headers());
        let headers = named
            .filter_map(|(name, value)| Some((Cow::Borrowed(name.as_bytes()), unescaped(value?))));
        let headers = headers.collect();
        Ok(Item {
            id: Id::Line(number),
            time: time(self.time),
            client: Some(String::from_utf8_lossy(self.client)).filter(|client| client != "-"),
            method,
            target,
            headers,
            body: Vec::new(),
            trailers: Vec::new(),
        })
    }

    /// The request without its headers.
    pub(crate) fn bare(&self) -> Option<(Bytes<'l>, Bytes<'l>)> {
        request_line(self.request)
    }
}

/// What the headers of a line are called.
pub(crate) const HEADERS: [&str; 2] = ["Referer", "User-Agent"];

fn unreadable(number: usize, error: &str) -> Unreadable {
    Unreadable::numbered(number, error)
}

/// `10/Oct/2026:13:55:36 +0200`
pub(crate) fn time(text: &[u8]) -> Option<Timestamp> {
    strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?.to_timestamp().ok()
}

/// What stands before the quote that ends a text, and what stands after it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
        at += 2;
    }
}

/// Method and target of a request line.
fn request_line(line: &[u8]) -> Option<(Bytes<'_>, Bytes<'_>)> {
    let method = memchr::memchr(b' ', line).filter(|&end| end > 0)?;
    let target = memchr::memrchr(b' ', line).filter(|&end| end > method)?;
    line.get(target + 1..).filter(|version| version.starts_with(b"HTTP/"))?;
    Some((unescaped(line.get(..method)?), unescaped(line.get(method + 1..target)?)))
}

/// The text before it was escaped. What is no escape stays. O(len).
pub(crate) fn unescaped(text: &[u8]) -> Bytes<'_> {
    let Some(first) = memchr::memchr(b'\\', text) else { return Cow::Borrowed(text) };
    let (plain, mut rest) = text.split_at(first);
    let mut out = plain.to_vec();
    while let [byte, after @ ..] = rest {
        let (plain, more) = match (*byte, after) {
            (b'\\', [b'x', high, low, more @ ..]) if let Some(byte) = hex(*high, *low) => {
                (byte, more)
            }
            (b'\\', [escaped, more @ ..]) if let Some(byte) = plain_of(*escaped) => (byte, more),
            (byte, more) => (byte, more),
        };
        out.push(plain);
        rest = more;
    }
    Cow::Owned(out)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

fn plain_of(escaped: u8) -> Option<u8> {
    Some(match escaped {
        b'"' | b'\\' => escaped,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'v' => 0x0b,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(line: &str) -> Result<Item<'_>, Unreadable> {
        Line::read(line.as_bytes(), 7)?.item(7)
    }

    #[test]
    fn both_formats_are_read() {
        let common =
            r#"203.0.113.9 - ann [10/Oct/2026:13:55:36 +0200] "GET /a?b=1 HTTP/1.1" 200 2326"#;
        let item_ = item(common).unwrap();
        assert_eq!(item_.client.as_deref(), Some("203.0.113.9"));
        assert_eq!(item_.time, "2026-10-10T11:55:36Z".parse().ok());
        let request = item_.request();
        assert_eq!((request.method(), request.target()), (&b"GET"[..], &b"/a?b=1"[..]));
        assert!(request.headers().is_empty());
        let combined = format!(r#"{common} "-" "Fox \"7\" \x28X\x29" 0.003"#);
        let item_ = item(&combined).unwrap();
        let headers = [(&b"User-Agent"[..], &br#"Fox "7" (X)"#[..])];
        assert_eq!(item_.request().headers(), headers);
    }

    #[test]
    fn escapes_are_undone() {
        let target = |text: &str| {
            let line = format!(r#"- - - [x] "GET {text} HTTP/1.0" 400 0"#);
            item(&line).unwrap().request().target().to_vec()
        };
        assert_eq!(target(r"/\x22\xc3\xBC\\x22"), b"/\"\xc3\xbc\\x22");
        assert_eq!(target(r#"/a\"b\n\q\x4"#), b"/a\"b\n\\q\\x4");
        assert_eq!(target("/a b"), b"/a b");
        assert_eq!(target(r"/\x5C\x22"), b"/\\\"");
    }

    #[test]
    fn broken_lines_are_told() {
        for (line, error) in [
            ("", "expected `client"),
            ("GET / HTTP/1.1", "expected `client"),
            ("c - - [10/Oct", "no `]`"),
            ("c - - [x] GET / HTTP/1.1", "in quotes"),
            (r#"c - - [x] "GET / HTTP/1.1"#, "in quotes"),
            (r#"c - - [x] "GET / HTTP/1.1\"#, "in quotes"),
            (r#"c - - [x] "-" 408 0"#, "the request line"),
            (r#"c - - [x] "\x16\x03\x01" 400 0"#, "the request line"),
            (r#"c - - [x] "GET /" 400 0"#, "the request line"),
            (r#"c - - [x] "GET HTTP/1.1" 400 0"#, "the request line"),
        ] {
            let told = item(line).unwrap_err();
            assert!(told.error().contains(error), "{line}: {}", told.error());
        }
    }
}
