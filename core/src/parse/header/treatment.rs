//! What to make of the value of each well-known request header.

use crate::words::Table;

/// How the value of a request header is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// Free text that may come back in pages, logs and databases: inspected whole like a parameter. Every header that is
    /// not known is text.
    Text,
    /// Items divided by commas, with parameters: `text/html;q=0.8, */*`, `"Chromium";v="120"`. Their punctuation is that of
    /// several attacked languages; a value that [`is_plain_list`] takes need not be inspected, any other is text.
    List,
    /// What browsers call themselves: of a value that [`is_plain_agent`](super::is_plain_agent) takes only the literals of rules are
    /// looked for, any other is text.
    Agent,
    /// A URL; its path and parameters are inspected like those of the target.
    Url,
    /// `name=value; name=value`: each cookie is a value of its own.
    Cookie,
    /// Read by HTTP itself with a grammar of its own, which the engine checks; nothing of it reaches an application as
    /// text, or only what that grammar lets through.
    Structural,
    /// `scheme credentials`: random, base64 or both, so byte patterns mean nothing in it; but `Basic` hides a name and a
    /// password in base64, which are inspected decoded.
    Credential,
}

/// The well-known request headers. Names in lower case.
const KNOWN: &[(Treatment, &str)] = &[
    // Divide and frame the message.
    (
        Treatment::Structural,
        "content-encoding content-length content-type date expect host max-forwards trailer transfer-encoding",
    ),
    // Negotiation and caching.
    (
        Treatment::List,
        "accept accept-charset accept-encoding accept-language access-control-request-headers \
         access-control-request-method cache-control connection if-match if-modified-since if-none-match if-range \
         if-unmodified-since keep-alive pragma prefer priority range te upgrade upgrade-insecure-requests",
    ),
    // Proxies append to these. (`X-Forwarded-For` is text: applications print and store it, and addresses are ordinary.)
    (Treatment::List, "forwarded via"),
    // Traces.
    (Treatment::List, "baggage traceparent tracestate"),
    (Treatment::Url, "content-location destination origin referer x-original-url x-rewrite-url"),
    (Treatment::Agent, "user-agent"),
    (Treatment::Cookie, "cookie"),
    (Treatment::Credential, "authorization proxy-authorization"),
];

static TABLE: Table<Treatment, 128> = Table::new(KNOWN);

/// What to make of the value of the header `name`, in any case. O(1).
pub(crate) fn treatment(name: &[u8]) -> Treatment {
    if let Some(known) = TABLE.get(name) {
        return known;
    }
    // Fetch metadata, client hints, WebSocket negotiation: all structured fields (RFC 9651) set by browsers.
    match name.split_at_checked(4) {
        Some((prefix, _)) if prefix.eq_ignore_ascii_case(b"sec-") => Treatment::List,
        _ => Treatment::Text,
    }
}

/// Whether a value is a list whose items hold nothing but words, numbers and media ranges, so that no language can be
/// attacked with it: `text/html, */*;q=0.8`, `max-age=0`, `W/"5f-x"`, `"Google Chrome";v="120"`.
///
/// Strict, since what it takes is not inspected further: no blanks but after `,` and `;`, a parameter has a name and a
/// value, `*` stands alone or after a slash, quoted strings hold words. O(len).
pub(crate) fn is_plain_list(value: &[u8]) -> bool {
    List { rest: value }.is_plain()
}

/// What of a list is not read yet.
///
/// PERF: one pass; dividing at commas, semicolons, equals signs and slashes in turn took four times as long.
struct List<'v> {
    rest: &'v [u8],
}

impl List<'_> {
    fn is_plain(&mut self) -> bool {
        loop {
            self.skip_blanks();
            if !self.item() {
                return false;
            }
            while self.take(b';') {
                self.skip_blanks();
                if !(self.word() && self.take(b'=') && self.value()) {
                    return false;
                }
            }
            if !self.take(b',') {
                return self.rest.is_empty();
            }
        }
    }

    /// `*`, `*/*`, `?1`, `W/"5f-x"`, `text/html`, `text/*`, `a=b`, or nothing.
    fn item(&mut self) -> bool {
        match self.rest {
            [] | [b',' | b';', ..] => true,
            [b'*', b'/', b'*', rest @ ..] | [b'*', rest @ ..] | [b'?', b'0' | b'1', rest @ ..] => {
                self.rest = rest;
                true
            }
            [b'W', b'/', b'"', ..] => self.take(b'W') && self.take(b'/') && self.quoted(),
            [b'"', ..] => self.quoted(),
            _ => self.word() && self.rest_of_item(),
        }
    }

    /// What follows the first word of an item.
    fn rest_of_item(&mut self) -> bool {
        if self.take(b'=') {
            return self.value();
        }
        if let [b'/', b'*', rest @ ..] = self.rest {
            self.rest = rest;
            return true;
        }
        while self.take(b'/') {
            if !self.word() {
                return false;
            }
        }
        true
    }

    fn value(&mut self) -> bool {
        if self.rest.starts_with(b"\"") { self.quoted() } else { self.word() }
    }

    /// A quoted string of at most three plain words.
    fn quoted(&mut self) -> bool {
        if !(self.take(b'"') && self.word()) {
            return false;
        }
        for _ in 0..2 {
            if self.take(b' ') && !self.word() {
                return false;
            }
        }
        self.take(b'"')
    }

    /// Letters, digits and single joints between them: `x-gzip`, `0.8`, `0-1023`, `ld+json`, `bytes`. Too short to be something
    /// in base64 (no run of 16, no word of 33).
    fn word(&mut self) -> bool {
        const LONGEST: usize = 32;
        const LONGEST_RUN: usize = 15;
        let kind = |byte: &u8| WORDS[usize::from(*byte)];
        let mut len = 0;
        loop {
            let rest = self.rest.get(len..).unwrap_or_default();
            let run = rest.iter().position(|byte| kind(byte) != LETTER).unwrap_or(rest.len());
            if run == 0 || run > LONGEST_RUN {
                return false;
            }
            len += run;
            if rest.get(run).map(kind) != Some(JOINT) {
                break;
            }
            len += 1;
        }
        self.rest = self.rest.get(len..).unwrap_or_default();
        len <= LONGEST
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_blanks(&mut self) {
        while self.take(b' ') {}
    }
}

const LETTER: u8 = 1;
const JOINT: u8 = 2;

/// What a byte is to a word of a list: [`LETTER`] (or digit), [`JOINT`] or neither.
static WORDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => LETTER,
            b'-' | b'.' | b'_' | b'+' => JOINT,
            _ => 0,
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_found_in_any_case() {
        for (expected, names) in KNOWN {
            for name in names.split(' ') {
                assert_eq!(name, name.to_lowercase());
                assert_eq!(treatment(name.as_bytes()), *expected, "{name}");
                assert_eq!(treatment(name.to_uppercase().as_bytes()), *expected, "{name}");
            }
        }
        assert_eq!(treatment(b""), Treatment::Text);
        assert_eq!(treatment(b"x-request-id"), Treatment::Text);
        assert_eq!(treatment(b"Sec-Fetch-Mode"), Treatment::List);
        assert_eq!(treatment(&vec![b'a'; 100_000]), Treatment::Text);
    }
}
