//! The `Cookie` header: what RFC 6265 4.2 lets clients send, and what browsers send.
//!
//! Pairs are divided at `;` whatever stands around it. Where readers differ the pair says so: most keep the quotes of a
//! quoted value and divide at a `;` within them; readers of the older RFC 2109 (Python's `http.cookies`, Java servlets
//! of old) read on to the closing quote, so that one cookie can hide others from them or show them more.

use std::ops::Range;

use memchr::memchr;

/// One cookie. Ranges count bytes of the header value; blanks around name and value are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// What stands before the first `=`, `None` if there is none: browsers send a cookie without a name so, and some
    /// readers take it for a name without a value.
    pub(crate) name: Option<Range<usize>>,
    /// The value, without its quotes if it is quoted on both sides.
    pub(crate) value: Range<usize>,
    /// Whether quotes were taken off `value`.
    pub(crate) quoted: bool,
    /// Where the value ends to a reader for whom a `;` in quotes does not divide: from the opening quote to the closing
    /// one, further on in the header. Ambiguous; what stands there has to be inspected as one value too.
    pub(crate) quoted_on: Option<Range<usize>>,
}

/// The cookies of a header value, in their order, duplicates included. O(len) for all together.
pub(crate) fn cookies(header: &[u8]) -> Cookies<'_> {
    Cookies { header, at: 0 }
}

/// See [`cookies`].
#[derive(Clone, Debug)]
pub(crate) struct Cookies<'a> {
    header: &'a [u8],
    at: usize,
}

impl Iterator for Cookies<'_> {
    type Item = Cookie;

    fn next(&mut self) -> Option<Cookie> {
        while self.at < self.header.len() {
            let start = self.at;
            let rest = self.header.get(start..)?;
            let end = start + memchr(b';', rest).unwrap_or(rest.len());
            self.at = end + 1;
            let piece = trim(self.header, start..end);
            if !piece.is_empty() {
                return Some(self.cookie(piece));
            }
        }
        None
    }
}

impl Cookies<'_> {
    fn cookie(&self, piece: Range<usize>) -> Cookie {
        let bytes = self.header.get(piece.clone()).unwrap_or_default();
        // PERF: names are short; a search that is called for costs more than they are long.
        let (name, value) = match bytes.iter().position(|&byte| byte == b'=') {
            None => (None, piece),
            Some(len) => {
                let equals = piece.start + len;
                // The piece itself has no blanks at its ends.
                let name = trim_end(self.header, piece.start..equals);
                (Some(name), trim_start(self.header, equals + 1..piece.end))
            }
        };
        match self.header.get(value.clone()) {
            Some([b'"', .., b'"']) => {
                let value = value.start + 1..value.end - 1;
                Cookie { name, value, quoted: true, quoted_on: None }
            }
            Some([b'"', inner @ ..]) if memchr(b'"', inner).is_none() => {
                // Searches up to the next quote only, and no later value can begin before it: O(len) over all cookies.
                let beyond = self.header.get(value.end..).unwrap_or_default();
                let close = memchr(b'"', beyond).map(|len| value.end + len + 1);
                let quoted_on = close.map(|close| value.start..close);
                Cookie { name, value, quoted: false, quoted_on }
            }
            _ => Cookie { name, value, quoted: false, quoted_on: None },
        }
    }
}

/// The range without blanks and tabs at its ends.
fn trim(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    trim_end(bytes, trim_start(bytes, range))
}

fn trim_start(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let mut text = bytes.get(range.clone()).unwrap_or_default();
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    range.end - text.len()..range.end
}

fn trim_end(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let mut text = bytes.get(range.clone()).unwrap_or_default();
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    range.start..range.start + text.len()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{Random, cases, cut};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        header: String,
        #[serde(default)]
        cookie: Vec<CookieCase>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct CookieCase {
        name: Option<String>,
        value: String,
        #[serde(default)]
        quoted: bool,
        quoted_on: Option<String>,
    }

    #[test]
    fn testdata() {
        for case in cases::<Case>("parse/cookie.toml") {
            let header = case.header.as_bytes();
            let got: Vec<CookieCase> = cookies(header)
                .map(|cookie| CookieCase {
                    name: cookie.name.map(|r| cut(header, &r)),
                    value: cut(header, &cookie.value),
                    quoted: cookie.quoted,
                    quoted_on: cookie.quoted_on.map(|r| cut(header, &r)),
                })
                .collect();
            assert_eq!(got, case.cookie, "{}", case.header);
        }
    }

    #[test]
    fn ranges_are_in_order_and_leave_out_only_delimiters() {
        let alphabet = [";", "; ", "=", "\"", "a", "b c", "\t", ",", "$Path"];
        let mut random = Random::new();
        for _ in 0..20_000 {
            let header = random.text(&alphabet, 12);
            let mut left_out: Vec<u8> = Vec::new();
            let mut at = 0;
            for cookie in cookies(&header) {
                for range in cookie.name.into_iter().chain([cookie.value]) {
                    left_out.extend_from_slice(&header[at..range.start]);
                    assert!(range.start <= range.end);
                    at = range.end;
                }
                if let Some(on) = cookie.quoted_on {
                    assert!(header[on.clone()].starts_with(b"\"") && header[on].ends_with(b"\""));
                }
            }
            left_out.extend_from_slice(&header[at..]);
            let delimiters = left_out.iter().all(|b| b"; =\"\t".contains(b));
            assert!(delimiters, "{:?} from {:?}", left_out, String::from_utf8_lossy(&header));
        }
    }
}
