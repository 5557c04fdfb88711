//! `name=value&name=value`: pairs of a query string, and queries and URLs that stand inside of values.
//!
//! Pairs are divided at `&` alone. Some old readers divide at `;` too; a value that holds `;name=` is then inspected as
//! one text, in which nothing of the second pair is hidden.

use std::ops::Range;

use memchr::memchr;

use super::target::{Hierarchical, Tail};

/// One pair. Ranges count bytes of the part that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The name, not decoded. May be empty.
    pub(crate) name: Range<usize>,
    /// What stands after the first `=`, not decoded; `None` if there is no `=`.
    pub(crate) value: Option<Range<usize>>,
}

/// The pairs of `part[within]`, in their order, duplicates and empty names included.
///
/// Nothing between two `&` is no pair, as in every reader. O(len) for all pairs together.
pub(crate) fn pairs(part: &[u8], within: Range<usize>) -> Pairs<'_> {
    let end = within.end.min(part.len());
    Pairs { part, rest: within.start.min(end)..end }
}

/// See [`pairs`].
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    part: &'a [u8],
    rest: Range<usize>,
}

impl Iterator for Pairs<'_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        while !self.rest.is_empty() {
            let start = self.rest.start;
            let rest = self.part.get(self.rest.clone())?;
            let piece = rest.get(..memchr(b'&', rest).unwrap_or(rest.len()))?;
            let end = start + piece.len();
            self.rest.start = (end + 1).min(self.rest.end);
            if !piece.is_empty() {
                return Some(match memchr(b'=', piece) {
                    None => Pair { name: start..end, value: None },
                    Some(len) => {
                        Pair { name: start..start + len, value: Some(start + len + 1..end) }
                    }
                });
            }
        }
        None
    }
}

/// Whether a value is itself a query string, so that its pairs should be read one by one *beside* the whole.
///
/// Conservative: ordinary text, SQL and expressions (`a = 1 & b`, `R&D=good`, `x=1&&y=2`) are none. There must be two
/// pieces or more, none empty, each with the name of a parameter, the first with a `=`. Values may hold anything. O(len).
pub(crate) fn looks_like_query(value: &[u8]) -> bool {
    let Some(first) = memchr(b'&', value) else { return false };
    memchr(b'=', value).is_some_and(|equals| equals < first)
        && value.split(|&byte| byte == b'&').all(has_parameter_name)
}

fn has_parameter_name(piece: &[u8]) -> bool {
    const LONGEST: usize = 64;
    let name = piece.get(..memchr(b'=', piece).unwrap_or(piece.len())).unwrap_or_default();
    let starts_well = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$');
    name.first().copied().is_some_and(starts_well)
        && name.len() <= LONGEST
        && name
            .iter()
            .all(|&b| starts_well(b) || matches!(b, b'-' | b'.' | b':' | b'[' | b']' | b'~' | b'%'))
}

/// A URL inside a value, cut up. Ranges count bytes of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// `http`; absent in references like `//host/path` and `/path?query`.
    pub(crate) scheme: Option<Range<usize>>,
    /// The host without user and port; may be empty (`file:///`).
    pub(crate) host: Option<Range<usize>>,
    /// The path.
    pub(crate) path: Range<usize>,
    /// What stands after the first `?`.
    pub(crate) query: Option<Range<usize>>,
    /// What stands after the first `#`.
    pub(crate) fragment: Option<Range<usize>>,
}

/// The parts of a value that is a URL, so that its path and parameters should be read one by one *beside* the whole.
///
/// Taken are `scheme://host…`, `//host…`, and `/path?name=…`. Conservative: authority and path must hold no blanks,
/// controls, quotes or angle brackets, so text that merely begins with a URL is none; queries and fragments may hold
/// anything. O(len).
pub(crate) fn looks_like_url(value: &[u8]) -> Option<Url> {
    let (scheme, authority) = match Hierarchical::parse(value) {
        Some(Hierarchical { scheme, authority }) => (Some(scheme), Some(authority)),
        None if value.starts_with(b"//") => (None, Some(2..2 + authority_len(value.get(2..)?))),
        None if value.starts_with(b"/") => (None, None),
        None => return None,
    };
    let Tail { path, query, fragment } =
        Tail::parse(value, authority.as_ref().map_or(0, |range| range.end));
    let host = if let Some(range) = authority {
        Some(host(value, range)?)
    } else {
        let query = value.get(query.clone()?)?;
        if !has_parameter_name(query) || memchr(b'=', query).is_none() {
            return None;
        }
        None
    };
    let ordinary = value.get(path.clone())?.iter().all(|&b| is_url_byte(b));
    ordinary.then_some(Url { scheme, host, path, query, fragment })
}

fn authority_len(rest: &[u8]) -> usize {
    rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len())
}

/// The host of an authority, which may be `user@host:port`; `None` if the authority holds what no host does.
fn host(value: &[u8], authority: Range<usize>) -> Option<Range<usize>> {
    let text = value.get(authority.clone())?;
    if !text.iter().all(|&b| is_url_byte(b)) {
        return None;
    }
    let skip = memchr::memrchr(b'@', text).map_or(0, |at| at + 1);
    let host = text.get(skip..)?;
    // A colon inside of brackets belongs to an IPv6 address.
    let port = match memchr::memrchr2(b':', b']', host) {
        Some(at) if host.get(at) == Some(&b':') => at,
        _ => host.len(),
    };
    Some(authority.start + skip..authority.start + skip + port)
}

/// What stands unencoded in the authority and path of URLs people write; wider than RFC 3986, with no quotes or blanks.
fn is_url_byte(byte: u8) -> bool {
    !matches!(byte, 0..=b' ' | 127 | b'"' | b'\'' | b'`' | b'<' | b'>')
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{Random, cut, read};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases {
        pairs: Vec<PairsCase>,
        query: Vec<QueryCase>,
        url: Vec<UrlCase>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PairsCase {
        input: String,
        pairs: Vec<Vec<String>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct QueryCase {
        value: String,
        is: bool,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct UrlCase {
        value: String,
        #[serde(default = "yes")]
        is: bool,
        scheme: Option<String>,
        host: Option<String>,
        path: Option<String>,
        query: Option<String>,
        fragment: Option<String>,
    }

    fn yes() -> bool {
        true
    }

    #[test]
    fn testdata() {
        let cases: Cases = read("parse/query.toml");
        for case in cases.pairs {
            let bytes = case.input.as_bytes();
            let got: Vec<Vec<String>> = pairs(bytes, 0..bytes.len())
                .map(|p| std::iter::once(p.name).chain(p.value).map(|r| cut(bytes, &r)).collect())
                .collect();
            assert_eq!(got, case.pairs, "{}", case.input);
        }
        for case in cases.query {
            assert_eq!(looks_like_query(case.value.as_bytes()), case.is, "{}", case.value);
        }
        for case in cases.url {
            let bytes = case.value.as_bytes();
            let found = looks_like_url(bytes);
            let text = |range: Option<Range<usize>>| range.map(|r| cut(bytes, &r));
            let got = UrlCase {
                value: case.value.clone(),
                is: found.is_some(),
                scheme: text(found.as_ref().and_then(|u| u.scheme.clone())),
                host: text(found.as_ref().and_then(|u| u.host.clone())),
                path: text(found.as_ref().map(|u| u.path.clone())),
                query: text(found.as_ref().and_then(|u| u.query.clone())),
                fragment: text(found.as_ref().and_then(|u| u.fragment.clone())),
            };
            assert_eq!(got, case);
        }
    }

    #[test]
    fn ranges_count_in_the_part() {
        let part = b"/p?a=1&b#x";
        let got: Vec<Pair> = pairs(part, 3..8).collect();
        let expected = [Pair { name: 3..4, value: Some(5..6) }, Pair { name: 7..8, value: None }];
        assert_eq!(got, expected);
        assert_eq!(pairs(part, 8..100).count(), 1, "cut off at the end of the part");
        assert_eq!(pairs(part, 50..100).count(), 0);
    }

    #[test]
    fn pairs_make_up_the_whole() {
        let mut random = Random::new();
        for _ in 0..20_000 {
            let text = random.text(&["&", "&", "=", "a", "bc", ";", "%26", "+", " "], 12);
            let mut whole = Vec::new();
            for pair in pairs(&text, 0..text.len()) {
                if !whole.is_empty() {
                    whole.push(b'&');
                }
                whole.extend_from_slice(&text[pair.name]);
                if let Some(value) = pair.value {
                    whole.push(b'=');
                    whole.extend_from_slice(&text[value]);
                }
            }
            let pieces: Vec<&[u8]> =
                text.split(|&b| b == b'&').filter(|piece| !piece.is_empty()).collect();
            assert_eq!(whole, pieces.join(&b'&'));
        }
    }

    #[test]
    fn url_ranges_are_in_bounds_and_in_order() {
        let alphabet = ["http", "://", "//", "/", "?", "#", "@", ":", "[::1]", "a", "a=1", "&"];
        let mut random = Random::new();
        let mut found = 0;
        for _ in 0..20_000 {
            let text = random.text(&alphabet, 9);
            let Some(url) = looks_like_url(&text) else { continue };
            found += 1;
            let parts = [url.scheme, url.host, Some(url.path), url.query, url.fragment];
            let mut at = 0;
            for range in parts.into_iter().flatten() {
                assert!(at <= range.start && range.start <= range.end && range.end <= text.len());
                at = range.end;
            }
        }
        assert!(found > 1000, "{found}");
    }
}
