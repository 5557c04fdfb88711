//! The components of a URL (RFC 3986, with `\` for `/` as browsers read it), and what a value does to them.

use std::ops::Range;

use crate::detect::url::{is_odd_scheme, leads_inside};

/// Where each component stands; empty where there is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    scheme: Range<usize>,
    user: Range<usize>,
    host: Range<usize>,
    port: Range<usize>,
    path: Range<usize>,
    query: Range<usize>,
    fragment: Range<usize>,
    /// From the slashes to the path; none in a relative reference.
    authority: Option<Range<usize>>,
    /// Whose the host is, if it is not the public's.
    inside: Option<&'static str>,
    /// The scheme reads files, or speaks to services, rather than to the web.
    odd_scheme: bool,
    end: usize,
}

/// What a value does to a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It ends the authority, or adds to it: the URL leads elsewhere.
    Redirects,
    /// It breaks the line.
    BreaksLine,
    /// The host is its own, and not the public's.
    LeadsInside(&'static str),
    /// The host is its own.
    NamesHost,
    /// Its `..` takes segments back.
    Climbs,
    /// It begins another component.
    BeginsComponent,
    /// It begins another parameter.
    BeginsParameter,
    /// It is a relative reference, or more than one segment.
    Segments,
}

impl Parts {
    /// Takes a URL apart. O(len).
    pub(super) fn of(url: &[u8]) -> Parts {
        let position = |from: usize, to: usize, is: fn(&u8) -> bool| {
            let text = url.get(from..to).unwrap_or_default();
            text.iter().position(is).map_or(to, |at| from + at)
        };
        let end = url.len();
        let mut parts = Parts { end, ..Parts::default() };
        let fragment = position(0, end, |&b| b == b'#');
        let query = position(0, fragment, |&b| b == b'?');
        parts.fragment = (fragment + 1).min(end)..end;
        parts.query = (query + 1).min(fragment)..fragment;
        let colon = position(0, query, |&b| !(b.is_ascii_alphanumeric() || b"+-.".contains(&b)));
        let mut at = 0;
        if url.get(colon) == Some(&b':') && url.first().is_some_and(u8::is_ascii_alphabetic) {
            parts.scheme = 0..colon;
            parts.odd_scheme = is_odd_scheme(url.get(..colon).unwrap_or_default());
            at = colon + 1;
        }
        let is_slash = |at: usize| matches!(url.get(at), Some(b'/' | b'\\'));
        if is_slash(at) && is_slash(at + 1) {
            let start = at + 2;
            at = position(start, query, |&b| matches!(b, b'/' | b'\\'));
            parts.authority = Some(start..at);
            let text = url.get(start..at).unwrap_or_default();
            let host = memchr::memrchr(b'@', text).map_or(start, |sign| start + sign + 1);
            parts.user = start..host.saturating_sub(1).max(start);
            // The colon behind the last bracket.
            let text = url.get(host..at).unwrap_or_default();
            let bracket = memchr::memrchr(b']', text).unwrap_or(0);
            let behind = text.get(bracket..).unwrap_or_default();
            let colon = memchr::memchr(b':', behind).map_or(at, |colon| host + bracket + colon);
            parts.host = host..colon;
            parts.port = (colon + 1).min(at)..at;
            parts.inside = leads_inside(url.get(parts.host.clone()).unwrap_or_default());
        }
        parts.path = at..query;
        parts
    }

    /// What the value at `at` does; nothing, if it stays in its component. O(len of the value).
    pub(super) fn deed(&self, url: &[u8], at: &Range<usize>) -> Option<Deed> {
        let text = url.get(at.clone()).unwrap_or_default();
        let within = |part: &Range<usize>| part.start <= at.start && at.end <= part.end;
        if memchr::memchr2(b'\n', b'\r', text).is_some() {
            return Some(Deed::BreaksLine);
        }
        if self.odd_scheme && at.start == 0 && at.end > self.scheme.end {
            return Some(Deed::LeadsInside("SCHEME"));
        }
        if let Some(authority) = &self.authority
            && at.start < authority.end
        {
            return self.deed_in_authority(url, at, authority);
        }
        if at.start < self.scheme.end {
            // `mailto:…`: no host is asked.
            return None;
        }
        if within(&self.path) {
            let is_dots = |segment: &[u8]| {
                let mut dots = [&b".."[..], b".%2e", b"%2e.", b"%2e%2e"].into_iter();
                dots.any(|dots| segment.eq_ignore_ascii_case(dots))
            };
            let mut segments = text.split(|&byte| matches!(byte, b'/' | b'\\'));
            return if segments.clone().any(is_dots) {
                Some(Deed::Climbs)
            } else if segments.nth(1).is_some() && *at != self.path {
                Some(Deed::Segments)
            } else {
                None
            };
        }
        if within(&self.query) {
            let is_whole = *at == self.query;
            return (!is_whole && text.contains(&b'&')).then_some(Deed::BeginsParameter);
        }
        if within(&self.fragment) || at.start >= self.fragment.start && self.fragment.start > 0 {
            return None;
        }
        let is_reference = at.start == self.path.start && at.end == url.len();
        Some(if is_reference { Deed::Segments } else { Deed::BeginsComponent })
    }

    fn deed_in_authority(
        &self,
        url: &[u8],
        at: &Range<usize>,
        authority: &Range<usize>,
    ) -> Option<Deed> {
        let text = url.get(at.clone()).unwrap_or_default();
        let within = |part: &Range<usize>| part.start <= at.start && at.end <= part.end;
        let has_host = at.start < self.host.end && at.end > self.host.start;
        if at.end <= authority.start || within(&self.user) || within(&self.port) {
            // A scheme that is chosen is told with the host behind it.
            return None;
        }
        // The end of the host, from a dot on, is what many hosts of one owner have in common: the client's choice, or chance.
        let is_domain = at.start > self.host.start
            && url.get(..at.start).is_some_and(|before| before.ends_with(b"."));
        if let Some(owner) = self.inside.filter(|_| has_host && !is_domain) {
            return Some(Deed::LeadsInside(owner));
        }
        let begins = at.start <= authority.start;
        if within(&self.host) {
            let ends_host = at.end == self.host.end;
            return match (begins, ends_host) {
                (_, true) if begins || is_domain => Some(Deed::NamesHost),
                (false, true) if text.contains(&b'.') => Some(Deed::Redirects),
                _ => None,
            };
        }
        // All of the authority and all that follows, or the URL from its begin.
        let is_whole = begins && at.end >= authority.end && (at.start == 0 || at.end == self.end);
        Some(if is_whole { Deed::NamesHost } else { Deed::Redirects })
    }
}

impl Deed {
    /// The rule, its score, and what the value does, for people.
    pub(super) fn told(self) -> (&'static str, u16, &'static str) {
        match self {
            Deed::Redirects => (
                "sink.url.crossed",
                950,
                "crosses the end of the host, so that the URL leads elsewhere",
            ),
            Deed::BreaksLine => ("sink.url.crossed", 950, "breaks the line that the URL stands in"),
            Deed::LeadsInside(_) => (
                "sink.url.inside",
                950,
                "leads the URL inside: to a host that is not the public's, or by a scheme that is not the web's",
            ),
            Deed::NamesHost => ("sink.url.host", 500, "names the host of the URL"),
            Deed::Climbs => ("sink.url.climbed", 900, "takes segments of the URL's path back"),
            Deed::BeginsComponent => {
                ("sink.url.crossed", 700, "begins another component of the URL")
            }
            Deed::BeginsParameter => {
                ("sink.url.crossed", 700, "begins another parameter of the URL")
            }
            Deed::Segments => ("sink.url.segments", 500, "is more than one segment of the URL"),
        }
    }

    /// What evidence calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Deed::LeadsInside(owner) => owner,
            Deed::Redirects => "AUTHORITY",
            Deed::BreaksLine => "NL",
            Deed::NamesHost => "HOST",
            Deed::Climbs => "STEP",
            Deed::BeginsComponent => "COMPONENT",
            Deed::BeginsParameter => "PARAMETER",
            Deed::Segments => "SEGMENTS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_stand_where_they_do() {
        for (url, expected) in [
            (
                "https://u:p@a.example:8/x/y?q=1#f",
                ["https", "u:p", "a.example", "8", "/x/y", "q=1", "f"],
            ),
            ("//[::1]:80\\x", ["", "", "[::1]", "80", "\\x", "", ""]),
            ("/x?y#z?", ["", "", "", "", "/x", "y", "z?"]),
            ("mailto:a@b", ["mailto", "", "", "", "a@b", "", ""]),
            ("http://a@b@c", ["http", "a@b", "c", "", "", "", ""]),
            ("", [""; 7]),
        ] {
            let parts = Parts::of(url.as_bytes());
            let ranges = [
                parts.scheme,
                parts.user,
                parts.host,
                parts.port,
                parts.path,
                parts.query,
                parts.fragment,
            ];
            assert_eq!(ranges.map(|range| &url[range]), expected, "{url}");
        }
    }
}
