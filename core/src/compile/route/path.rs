//! The path of a request in canonical form, so that one route has one spelling.
//!
//! `/api//orders`, `/api/%6frders` and `/x/../api/orders` reach the same handler behind most servers; a schema that one of
//! them could slip past would be none. The canonical form (RFC 3986, 6.2.2, and what servers do beyond it):
//!
//! - segments are divided at `/`; empty ones are left out, also at the end, so a trailing slash makes no difference;
//! - `.` and `..` are resolved, also written `%2e`; `..` never leaves the root;
//! - `%XX` of an ASCII character is decoded, once; but `%2F` stays, since it divides nothing, and `%25` stays, so that
//!   nothing comes out that reads as encoded;
//! - other bytes are percent-encoded with upper-case digits, so the form is ASCII whatever encoding was meant.
//!
//! Not all servers agree with that. Some take `\` and `%2F` for `/`, some cut `;…` off each segment (`/api;x/..;/`), some
//! ignore case. [`Reading::Lenient`] does all of it, for paths that no route knows otherwise.

use std::ops::Range;

use memchr::{memchr, memchr2_iter, memchr3_iter};

use crate::decode::view::View;
use crate::parse::flags::flags;

flags! {
    /// What in a path is not read alike by all servers.
    PathForms {
        /// `.` or `..` as a segment, also encoded.
        DOT_SEGMENT = "dot-segment",
        /// `//`
        DOUBLED_SLASH = "doubled-slash",
        /// `%2F`
        ENCODED_SLASH = "encoded-slash",
        /// `\` or `%5C`
        BACKSLASH = "backslash",
    }
}

/// How a path is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As most servers do.
    Exact,
    /// As any server might: `\`, `%2F` and `%5C` divide, `;…` is left out, case is ignored.
    Lenient,
}

/// Memory for reading paths.
#[derive(Clone, Debug, Default)]
pub(super) struct PathBuf {
    /// The canonical form, if it had to be written.
    view: View,
    is_written: bool,
    segments: Vec<Range<usize>>,
}

/// A path in canonical form: what its segments are, without the slashes between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Canonical<'a> {
    /// Holds the segments, ASCII.
    pub(super) bytes: &'a [u8],
    /// Where they stand in `bytes`.
    pub(super) segments: &'a [Range<usize>],
}

impl PathBuf {
    /// The canonical form of the path of `part` that was read last.
    pub(super) fn canonical<'a>(&'a self, part: &'a [u8]) -> Canonical<'a> {
        let bytes = if self.is_written { self.view.bytes() } else { part };
        Canonical { bytes, segments: &self.segments }
    }

    /// Where in the part the `range` of the canonical form came from.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        if self.is_written { self.view.source(range) } else { range }
    }

    /// Reads the path `part[within]`. O(len).
    pub(super) fn read(
        &mut self,
        part: &[u8],
        within: Range<usize>,
        reading: Reading,
    ) -> PathForms {
        let path = part.get(within.clone()).unwrap_or_default();
        let forms = self.split(path, reading);
        let folds = reading == Reading::Lenient && path.iter().any(u8::is_ascii_uppercase);
        self.is_written = folds || memchr(b'%', path).is_some() || !path.is_ascii();
        if self.is_written {
            self.write(path, within.start, reading);
        } else {
            // PERF: the segments of most paths are canonical as they stand; not writing them anew saves 20 of 120 ns.
            for segment in &mut self.segments {
                *segment = within.start + segment.start..within.start + segment.end;
            }
        }
        forms.union(spelled_slashes(path))
    }

    /// Writes the segments in canonical form, each after a slash that stands for all that was left out before it.
    fn write(&mut self, path: &[u8], start: usize, reading: Reading) {
        self.view.clear(start);
        let mut at = 0;
        for segment in &mut self.segments {
            match path.get(at..segment.start) {
                Some(b"/") => self.view.copy(b"/"),
                _ => self.view.replace(segment.start - at, b"/"),
            }
            at = segment.end;
            let start = self.view.bytes().len();
            push_canonical(path.get(segment.clone()).unwrap_or_default(), reading, &mut self.view);
            *segment = start..self.view.bytes().len();
        }
    }

    /// Finds the segments that remain when dots are resolved, as they stand in `path`.
    fn split(&mut self, path: &[u8], reading: Reading) -> PathForms {
        let mut forms = PathForms::default();
        self.segments.clear();
        let mut start = 0;
        loop {
            let rest = path.get(start..).unwrap_or_default();
            let next = separator(rest, reading);
            let whole =
                next.as_ref().map_or(rest, |next| rest.get(..next.start).unwrap_or_default());
            let segment = match reading {
                Reading::Exact => whole,
                Reading::Lenient => {
                    memchr(b';', whole).and_then(|len| whole.get(..len)).unwrap_or(whole)
                }
            };
            let dots = dots(segment);
            forms.set_if(dots.is_some(), PathForms::DOT_SEGMENT);
            forms.set_if(whole.is_empty() && start > 0 && next.is_some(), PathForms::DOUBLED_SLASH);
            match dots {
                Some(2) => {
                    self.segments.pop();
                }
                Some(_) => {}
                None if segment.is_empty() => {}
                None => self.segments.push(start..start + segment.len()),
            }
            match next {
                Some(next) => start += next.end,
                None => return forms,
            }
        }
    }
}

/// The first thing in `rest` that divides segments.
fn separator(rest: &[u8], reading: Reading) -> Option<Range<usize>> {
    match reading {
        Reading::Exact => memchr(b'/', rest).map(|at| at..at + 1),
        Reading::Lenient => memchr3_iter(b'/', b'\\', b'%', rest).find_map(|at| {
            let len = match rest.get(at..)? {
                [b'%', b'2', b'f' | b'F', ..] | [b'%', b'5', b'c' | b'C', ..] => 3,
                [b'%', ..] => return None,
                _ => 1,
            };
            Some(at..at + len)
        }),
    }
}

/// How many dots a segment is made of, if it is `.` or `..`, each written plainly or as `%2e`.
fn dots(segment: &[u8]) -> Option<usize> {
    let mut rest = segment;
    let mut count = 0;
    while let [b'.', tail @ ..] | [b'%', b'2', b'e' | b'E', tail @ ..] = rest {
        rest = tail;
        count += 1;
        if count > 2 {
            return None;
        }
    }
    (rest.is_empty() && count > 0).then_some(count)
}

fn spelled_slashes(path: &[u8]) -> PathForms {
    let mut forms = PathForms::default();
    for at in memchr2_iter(b'%', b'\\', path) {
        match path.get(at..) {
            Some([b'%', b'2', b'f' | b'F', ..]) => forms.set_if(true, PathForms::ENCODED_SLASH),
            Some([b'\\', ..] | [b'%', b'5', b'c' | b'C', ..]) => {
                forms.set_if(true, PathForms::BACKSLASH);
            }
            _ => {}
        }
    }
    forms
}

/// Appends a segment in canonical form. O(len).
pub(super) fn push_canonical(segment: &[u8], reading: Reading, out: &mut View) {
    let folds = reading == Reading::Lenient;
    let mut rest = segment;
    while let Some(&byte) = rest.first() {
        let plain = |b: &u8| b.is_ascii() && *b != b'%' && !(folds && b.is_ascii_uppercase());
        let run = rest.iter().position(|b| !plain(b)).unwrap_or(rest.len());
        if run > 0 {
            out.copy(rest.get(..run).unwrap_or_default());
            rest = rest.get(run..).unwrap_or_default();
            continue;
        }
        let (len, meant) = match rest {
            [b'%', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (3, high << 4 | low),
                _ => (1, b'%'),
            },
            _ => (1, byte),
        };
        let meant = if folds { meant.to_ascii_lowercase() } else { meant };
        if meant.is_ascii() && !matches!(meant, b'/' | b'%') {
            out.replace(len, &[meant]);
        } else {
            let digit =
                |value: u8| b"0123456789ABCDEF".get(usize::from(value)).copied().unwrap_or(b'0');
            out.replace(len, &[b'%', digit(meant >> 4), digit(meant & 15)]);
        }
        rest = rest.get(len..).unwrap_or_default();
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(path: &[u8], reading: Reading) -> String {
        let mut buf = PathBuf::default();
        buf.read(path, 0..path.len(), reading);
        let Canonical { bytes, segments } = buf.canonical(path);
        let segments = segments.iter().map(|range| [b"/", &bytes[range.clone()]].concat());
        String::from_utf8(segments.collect::<Vec<_>>().concat()).expect("canonical paths are ASCII")
    }

    #[test]
    fn exact_reading() {
        let cases: [(&[u8], &str); 14] = [
            (b"", ""),
            (b"/", ""),
            (b"//", ""),
            (b"/a/b/", "/a/b"),
            (b"a/b", "/a/b"),
            (b"/a/./b/../c", "/a/c"),
            (b"/../../a/%2e%2E/b", "/b"),
            (b"/a/.../..b/.c", "/a/.../..b/.c"),
            (b"/%61%7e%3F%23", "/a~?#"),
            (b"/a%2fb%2F%25%2561", "/a%2Fb%2F%25%2561"),
            (b"/100%/%zz/%4", "/100%25/%25zz/%254"),
            (b"/caf\xc3\xa9/caf%c3%a9/\xff", "/caf%C3%A9/caf%C3%A9/%FF"),
            (b"/A\\b;c=d/..;/e", "/A\\b;c=d/..;/e"),
            (b"/a%00b", "/a\0b"),
        ];
        for (path, expected) in cases {
            assert_eq!(canonical(path, Reading::Exact), expected);
        }
    }

    #[test]
    fn lenient_reading() {
        let cases: [(&[u8], &str); 6] = [
            (b"/API/%4Frders", "/api/orders"),
            (b"\\a%2fb%5Cc", "/a/b/c"),
            (b"/a;x=1/b;/c", "/a/b/c"),
            (b"/a/..;x/b", "/b"),
            (b"/a;b%2f..", ""),
            (b"/%C3%89", "/%C3%89"),
        ];
        for (path, expected) in cases {
            assert_eq!(canonical(path, Reading::Lenient), expected);
        }
    }

    #[test]
    fn canonical_paths_are_canonical() {
        for path in ["/a/%2e%2e/b%2fc/%25/é//d;x/", "x\\..%5c..", "/%2525/%7b{}"] {
            let once = canonical(path.as_bytes(), Reading::Exact);
            assert_eq!(canonical(once.as_bytes(), Reading::Exact), once);
        }
    }

    #[test]
    fn ranges_map_back() {
        let part = b"GET /x/../%61pi//o%72d?q";
        let mut buf = PathBuf::default();
        let forms = buf.read(part, 4..22, Reading::Exact);
        assert_eq!(buf.canonical(part).bytes, b"/api/ord");
        assert_eq!(forms.names().collect::<Vec<_>>(), ["dot-segment", "doubled-slash"]);
        assert_eq!(&part[buf.source(1..4)], b"%61pi");
        assert_eq!(&part[buf.source(5..8)], b"o%72d");
    }
}
