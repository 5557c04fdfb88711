//! Bytes to url tokens: where URLs may begin, and what is told of each.
//!
//! A URL may be the value, behind blanks, quotes and a key (`url=`); stand in text or in another URL, behind a scheme; or be
//! a bare host. Of those that lead to the public web by an ordinary way nothing is told.

use std::ops::Range;

use super::host::Kind;
use super::judge::WORDS;
use super::read::{self, Reader, Url};
use super::words::{self, Scheme, UrlToken as T};
use crate::classes::Classes;
use crate::detect::segment::Sink;

/// Lexes the view. O(len).
pub(super) fn lex<S: Sink>(view: &[u8], sink: &mut S) {
    let value = value(view);
    let mut buffer = [0; JOINED];
    if let Some(joined) = joined(view.get(value.clone()).unwrap_or_default(), &mut buffer) {
        let out = Out::Joined { sink: &mut *sink, value: value.clone() };
        let mut lexer = Lexer { view: joined, reader: Reader::new(joined), out };
        if lexer.value(0..joined.len()).is_some_and(|told| told.is_odd) {
            return;
        }
    }
    let mut lexer = Lexer { view, reader: Reader::new(view), out: Out::Plain(sink) };
    let told = lexer.value(value);
    lexer.text(told);
}

/// Whether a view may hold anything to tell: the closer look of the gate. O(len).
// PERF: URLs of the web, paths and user agents end here, in a tenth of the time that reading them takes.
pub(super) fn may_lead_inside(view: &[u8], classes: Classes) -> bool {
    let rest = match public_web(view) {
        Some(behind) => view.get(behind..).unwrap_or_default(),
        None if begins_oddly(view, classes) => return true,
        None => view,
    };
    memchr::memchr_iter(b':', rest).any(|at| matches!(rest.get(at + 1), Some(b'/' | b'\\')))
}

/// Where the host ends of a URL of the web that leads to an ordinary name.
fn public_web(view: &[u8]) -> Option<usize> {
    let start = match view {
        [b'h', b't', b't', b'p', b's', b':', b'/', b'/', ..] => 8,
        [b'h', b't', b't', b'p', b':', b'/', b'/', ..] => 7,
        _ => return None,
    };
    let rest = view.get(start..)?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    let len = rest.iter().position(|b| !plain(b)).unwrap_or(rest.len());
    let name = rest.get(..len)?;
    let last = name.get(memchr::memrchr(b'.', name)? + 1..)?;
    let ends = matches!(
        rest.get(len..),
        Some([] | [b'/', ..] | [b'?' | b'#', b'a'..=b'z' | b'A'..=b'Z', ..])
    );
    (ends
        && !name.starts_with(b"metadata.")
        // A dot at the end changes nothing of a number: `0x7f.`
        && !last.is_empty()
        && last.iter().all(u8::is_ascii_alphabetic)
        && words::is_ordinary_label(last))
    .then_some(start + len)
}

/// Whether a value begins as a URL or bare host may that is not of the ordinary kind.
fn begins_oddly(view: &[u8], classes: Classes) -> bool {
    let value = undressed(view);
    if classes.intersects(Classes::NEWLINE.or(Classes::TAB)) && !classes.intersects(Classes::SPACE)
    {
        return true;
    }
    let name = value.iter().take(read::SCHEME + 1).position(|&b| !read::is_scheme_byte(b));
    let begins = |text: &[u8]| {
        let scheme = text.iter().take(read::SCHEME + 1).position(|&b| !read::is_scheme_byte(b));
        matches!(text, [b'/' | b'\\', b'/' | b'\\', ..])
            || scheme.is_some_and(|len| text.get(len) == Some(&b':'))
            || may_be_bare(text, classes)
    };
    // What stands behind a key is the value.
    let keyed = name.and_then(|len| value.get(len..)?.strip_prefix(b"="));
    begins(value) || keyed.is_some_and(|text| begins(undressed(text)))
}

/// The text behind blanks, quotes and brackets.
fn undressed(text: &[u8]) -> &[u8] {
    text.get(text.iter().position(|&b| !is_dress(b)).unwrap_or(text.len())..).unwrap_or_default()
}

/// Whether a value may be a bare host: it begins like one of the inside or has a user, and holds no blank.
fn may_be_bare(value: &[u8], classes: Classes) -> bool {
    let begins =
        matches!(value.first(), Some(b'0'..=b'9' | b'[' | b'l' | b'L' | b'm' | b'M' | b'i' | b'I'));
    (begins || classes.intersects(Classes::PLAIN) && memchr::memchr(b'@', value).is_some()) && {
        let end = value.iter().rposition(|&b| !is_dress(b)).map_or(0, |at| at + 1);
        !value.iter().take(end).any(|&b| read::ends_url(b))
    }
}

/// Blanks, quotes and brackets, as they stand around a value.
fn is_dress(byte: u8) -> bool {
    byte <= b' ' || b"\"'<>()".contains(&byte)
}

/// The value without blanks, quotes, brackets and a key around it.
fn value(view: &[u8]) -> Range<usize> {
    let blank = |&b: &u8| b <= b' ';
    let mut start = view.iter().position(|&b| !is_dress(b)).unwrap_or(view.len());
    let rest = view.get(start..).unwrap_or_default();
    let key = rest.iter().take(16).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if key > 0 && rest.get(key) == Some(&b'=') {
        let value = rest.get(key + 1..).unwrap_or_default();
        start += key + 1 + value.iter().take(2).take_while(|b| is_dress(**b)).count();
    }
    let rest = view.get(start..).unwrap_or_default();
    let last = rest.iter().rposition(|b| !blank(b)).map_or(0, |at| at + 1);
    // Behind quotes and brackets nothing may follow but more of them.
    let end = rest.get(..last).unwrap_or_default().iter().rposition(|&b| !is_dress(b));
    start..start + end.map_or(0, |at| at + 1)
}

/// Bytes of a value that are looked at without its line ends and tabs.
const JOINED: usize = 512;

/// The value without its line ends and tabs, which clients leave out of URLs; `None` if it has none or is text.
fn joined<'b>(value: &[u8], buffer: &'b mut [u8; JOINED]) -> Option<&'b [u8]> {
    let value = value.get(..JOINED).unwrap_or(value);
    memchr::memchr3(b'\t', b'\n', b'\r', value).filter(|_| !value.contains(&b' '))?;
    let mut len = 0;
    for &byte in value.iter().filter(|b| !matches!(b, b'\t' | b'\n' | b'\r')) {
        *buffer.get_mut(len)? = byte;
        len += 1;
    }
    buffer.get(..len)
}

/// Where tokens go.
enum Out<'s, S> {
    Plain(&'s mut S),
    /// They are those of a joined value, and all stand in the whole of it.
    Joined {
        sink: &'s mut S,
        value: Range<usize>,
    },
}

impl<S: Sink> Out<'_, S> {
    fn token(&mut self, token: T, range: Range<usize>) {
        match self {
            Out::Plain(sink) => sink.token(token as u8, range),
            Out::Joined { sink, value } => sink.token(token as u8, value.clone()),
        }
    }
}

/// A URL or host with which the value begins.
#[derive(Clone, Copy)]
struct Told {
    /// Where its authority ends.
    end: usize,
    /// Something was told of it.
    is_odd: bool,
}

struct Lexer<'v, 's, S> {
    view: &'v [u8],
    reader: Reader<'v>,
    out: Out<'s, S>,
}

impl<S: Sink> Lexer<'_, '_, S> {
    /// The URL or bare host with which the value begins.
    fn value(&mut self, value: Range<usize>) -> Option<Told> {
        let text = self.view.get(..value.end)?;
        let Some(url) = self.reader.url(value.start, value.end) else {
            return self.bare(value);
        };
        if url.bare && !is_plain_inside(text.get(url.authority.clone())?, url.found.host.kind) {
            return None;
        }
        let is_odd = is_told(&url) && {
            let rest = text.get(url.authority.end..)?;
            let is_whole = !rest.iter().any(|&b| read::ends_url(b));
            self.tell(if is_whole { T::WHOLE } else { T::BEGIN }, &url, value.start)
        };
        Some(Told { end: url.authority.end, is_odd })
    }

    /// URLs behind a scheme, in text or in the URL with which the value begins. O(len).
    fn text(&mut self, told: Option<Told>) {
        let behind = told.map_or(0, |told| told.end);
        let mut from = behind;
        // Where the URL ends with which the value begins, once that is asked.
        let mut nested = if told.is_some() { None } else { Some(0) };
        while let Some(rest) = self.view.get(from..) {
            let Some(at) = memchr::memchr(b':', rest) else { return };
            let colon = from + at;
            from = colon + 1;
            if !matches!(self.view.get(from), Some(b'/' | b'\\')) {
                continue;
            }
            let before = self.view.get(..colon).unwrap_or_default();
            let name = before.iter().rev().take(read::SCHEME);
            let start = colon - name.take_while(|&&b| read::is_scheme_byte(b)).count();
            let Some(url) = self.reader.url(start.max(behind), self.view.len()) else { continue };
            from = from.max(url.authority.end);
            if !is_told(&url) {
                continue;
            }
            let nested = *nested.get_or_insert_with(|| {
                let first = self.view.get(behind..).unwrap_or_default();
                behind + first.iter().position(|&b| read::ends_url(b)).unwrap_or(first.len())
            });
            let position = if start < nested { T::NESTED } else { T::TEXT };
            self.tell(position, &url, start);
        }
    }

    /// A host, with a port or a path, that is the whole value.
    fn bare(&mut self, value: Range<usize>) -> Option<Told> {
        let text = self.view.get(value.clone())?;
        if !may_be_bare(text, Classes::ALL) || text.iter().any(|&b| read::ends_url(b)) {
            return None;
        }
        let (authority, found) = self.reader.authority(value.start, value.end)?;
        let authority = authority.start - value.start..authority.end - value.start;
        let path = text.get(authority.end..)?;
        let is_path = path.len() > 1
            && path.first() == Some(&b'/')
            && !path.iter().skip(1).all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'/'));
        let is_named = matches!(found.host.numbers, 0 | 4) && !found.host.odd;
        let leads_inside = match found.host.kind {
            Kind::Metadata => found.host.numbers != 1 && authority.end > b"metadata".len(),
            Kind::Loopback | Kind::Private | Kind::Link if is_named => {
                found.port.is_some() || is_path
            }
            // What else is a number needs both.
            Kind::Loopback | Kind::Private | Kind::Link => found.port.is_some() && is_path,
            _ => false,
        };
        if !leads_inside || !(is_path || is_plain_inside(text, found.host.kind)) {
            return None;
        }
        let url = Url {
            scheme: Scheme::Other,
            slashes: false,
            bare: true,
            authority: value.start..value.start + authority.end,
            found,
            system: false,
        };
        let is_odd = self.tell(T::BARE, &url, value.start);
        // Below a host of the web a path may begin with an address: with a port it does not.
        if is_path && url.found.port.is_some() {
            self.out.token(T::PATH, value.start + authority.end..value.end);
        }
        Some(Told { end: url.authority.end, is_odd })
    }

    /// Tells of a URL whatever leads elsewhere than to the public web; returns whether there was anything.
    fn tell(&mut self, position: T, url: &Url, start: usize) -> bool {
        let found = &url.found;
        let is_first = matches!(position, T::WHOLE | T::BEGIN);
        let kind = match found.host.kind {
            // An app's own scheme, a share, and what stands in text is no host that would be asked.
            Kind::Single if url.scheme == Scheme::Web && is_first && !url.slashes => {
                Some(T::SINGLE)
            }
            Kind::Public | Kind::Single => None,
            Kind::Internal => Some(T::INTERNAL),
            Kind::Private => Some(T::PRIVATE),
            Kind::Link => Some(T::LINK),
            Kind::Wildcard => Some(T::WILDCARD),
            Kind::Loopback => Some(T::LOOPBACK),
            Kind::Metadata => Some(T::METADATA),
        };
        let how = [
            (matches!(self.out, Out::Joined { .. }), T::BROKEN),
            (url.slashes && !url.bare, T::SLASHES),
            (found.decoy, T::DECOY),
            (found.confused, T::CONFUSED),
            (found.coded, T::CODED),
            (found.folded, T::FOLDED),
        ];
        if kind.is_none() && !url.system && !is_odd(url) {
            return false;
        }
        let authority = &url.authority;
        self.out.token(position, start..authority.start);
        if position != T::BARE {
            self.out.token(url.scheme.token(), start..authority.start);
        }
        for (_, token) in how.into_iter().filter(|(is, _)| *is) {
            self.out.token(token, authority.clone());
        }
        self.out.token(kind.unwrap_or(T::PUBLIC), authority.clone());
        let rest = [
            (found.host.odd, T::ODD),
            (found.host.embedded, T::EMBEDDED),
            (found.port == Some(false), T::PORT),
            (found.port == Some(true), T::SERVICE_PORT),
            (url.system, T::SYSTEM),
        ];
        for (_, token) in rest.into_iter().filter(|(is, _)| *is) {
            self.out.token(token, authority.clone());
        }
        true
    }
}

/// Whether there may be something to tell of a URL.
fn is_told(url: &Url) -> bool {
    url.found.host.kind != Kind::Public || url.system || is_odd(url)
}

/// Whether scheme or authority are odd by themselves, wherever the URL leads.
fn is_odd(url: &Url) -> bool {
    let found = &url.found;
    matches!(url.scheme, Scheme::Service | Scheme::Wrapper | Scheme::Archive)
        || found.host.odd
        || found.host.embedded
        || found.decoy
        || found.confused
        || found.coded
        || found.folded
}

/// Whether a host without any slash around it is told: it leads inside, and one of the words of the gate stands in it.
fn is_plain_inside(authority: &[u8], kind: Kind) -> bool {
    kind >= Kind::Private
        && WORDS.iter().any(|word| {
            authority.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
        })
}
