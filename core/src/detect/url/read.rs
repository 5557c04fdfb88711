//! URLs as tolerant clients read them (WHATWG URL, and what curl, Python, PHP and Java do otherwise).
//!
//! Slashes may be missing, too many or backslashes; a user may look like the host; after `#`, `?` or a backslash an at sign may
//! stand, and then readers disagree about the host: each that one of them could take is looked at, and the worst counts.

use std::ops::Range;

use super::host::{self, Folded, Host, Kind};
use super::words::{self, Scheme};

/// What a URL says, up to its path.
#[derive(Debug)]
pub(super) struct Url {
    pub(super) scheme: Scheme,
    /// Slashes are missing, too many, or backslashes.
    pub(super) slashes: bool,
    /// There is no slash at all between scheme and host.
    pub(super) bare: bool,
    pub(super) authority: Range<usize>,
    pub(super) found: Authority,
    /// A `file` URL of a folder of the system.
    pub(super) system: bool,
}

/// What an authority says.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a token of its own, and any may come with any"
)]
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) host: Host,
    pub(super) decoy: bool,
    pub(super) confused: bool,
    pub(super) coded: bool,
    pub(super) folded: bool,
    /// There is a port; whether it is that of a service of the inside.
    pub(super) port: Option<bool>,
}

impl Authority {
    const NONE: Authority = Authority {
        host: Host { kind: Kind::Public, odd: false, embedded: false, numbers: 0 },
        decoy: false,
        confused: false,
        coded: false,
        folded: false,
        port: None,
    };
}

/// The longest name of a scheme.
pub(super) const SCHEME: usize = 16;

/// The longest user, behind a backslash, that a host is looked for behind.
const USER: usize = 1024;

/// How many schemes stand before one another: `jar:url:http:`.
const PREFIXES: usize = 3;

/// Length of a scheme's name at the start of `rest`, if a colon follows it. O(1).
fn scheme_len(rest: &[u8]) -> Option<usize> {
    let len = rest.iter().take(SCHEME + 1).position(|&b| !is_scheme_byte(b))?;
    (rest.get(len) == Some(&b':') && rest.first().is_some_and(u8::is_ascii_alphabetic))
        .then_some(len)
}

pub(super) fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

/// Whether a byte ends a URL in text.
pub(super) fn ends_url(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b'<' | b'>' | b'`')
}

/// Reads the URLs of a view.
pub(super) struct Reader<'v> {
    view: &'v [u8],
    /// At signs, and what ends the text that one is looked for in.
    signs: Ahead,
    ends: Ahead,
    /// The host behind the last of those signs: many backslashes may lead to one.
    behind: Option<(Range<usize>, Authority)>,
}

impl<'v> Reader<'v> {
    pub(super) fn new(view: &'v [u8]) -> Reader<'v> {
        Reader { view, signs: Ahead::NOTHING, ends: Ahead::NOTHING, behind: None }
    }

    /// Reads the URL at `start`, whose scheme, if it has one, begins there; nothing of it stands at or behind `limit`. O(authority).
    pub(super) fn url(&mut self, start: usize, limit: usize) -> Option<Url> {
        let view = self.view.get(..limit)?;
        let (mut at, mut scheme, mut archive) = (start, None, false);
        for _ in 0..PREFIXES {
            let rest = view.get(at..)?;
            let Some(len) = scheme_len(rest) else { break };
            let found = words::scheme(rest.get(..len)?);
            at += len + 1;
            scheme = Some(found);
            match found {
                Scheme::Prefix => {}
                Scheme::Archive => archive = true,
                _ => break,
            }
        }
        let slashes = slashes(view.get(at..)?);
        let written = view.get(at..at + slashes)?;
        let scheme = match scheme {
            Some(Scheme::Local) => {
                let system = is_system(view.get(at..)?);
                let scheme = if archive { Scheme::Archive } else { Scheme::Local };
                let authority = at..at;
                return (slashes > 0).then_some(Url {
                    scheme,
                    slashes: false,
                    bare: false,
                    authority,
                    found: Authority::NONE,
                    system,
                });
            }
            Some(Scheme::Web) => Scheme::Web,
            Some(Scheme::Wrapper) if slashes > 0 => Scheme::Wrapper,
            Some(Scheme::Prefix) | None if slashes > 1 => Scheme::Web,
            Some(known) if slashes > 1 => known,
            _ => return None,
        };
        let (authority, found) = self.authority(at + slashes, limit)?;
        Some(Url {
            scheme: if archive { Scheme::Archive } else { scheme },
            slashes: written != b"//",
            bare: slashes == 0,
            authority,
            found,
            system: false,
        })
    }

    /// Reads the authority at `start`: its range and what it says. O(len of what it is taken for).
    pub(super) fn authority(
        &mut self,
        start: usize,
        limit: usize,
    ) -> Option<(Range<usize>, Authority)> {
        let view = self.view.get(..limit)?;
        let rest = view.get(start..)?;
        let len = authority_len(rest);
        let mut found = Authority::NONE;
        found.read(rest.get(..len)?);
        // What some take for the rest of the authority.
        let end = start + len;
        let confused = match view.get(end..)? {
            [b'#' | b'?', b'@', ..] => Some(end + 2..limit),
            [b'\\', ..] => self.behind_backslash(end + 1, limit),
            _ => None,
        };
        if let Some(more) = confused {
            let more = more.start..more.start + authority_len(view.get(more.clone())?);
            match &self.behind {
                Some((read, host)) if *read == more => found.add(host),
                _ => {
                    let mut host = Authority::NONE;
                    host.read(view.get(more.clone())?);
                    found.add(&host);
                    self.behind = Some((more, host));
                }
            }
            found.confused = true;
        }
        Some((start..end, found))
    }

    /// What stands behind an at sign behind the backslash before `start`. Amortised O(1): what was looked for is remembered.
    fn behind_backslash(&mut self, start: usize, limit: usize) -> Option<Range<usize>> {
        let limit = limit.min(start + USER);
        let sign = self.signs.next(self.view, start, |rest| memchr::memchr(b'@', rest));
        if sign >= limit {
            return None;
        }
        let ends = |&byte: &u8| byte == b'/' || ends_url(byte);
        let end = self.ends.next(self.view, start, |rest| rest.iter().position(ends));
        (sign < end).then(|| sign + 1..end.min(limit))
    }
}

/// Where the next byte of some kind stands, remembered: there is none of it in `from..next`.
struct Ahead {
    from: usize,
    next: usize,
}

impl Ahead {
    const NOTHING: Ahead = Ahead { from: 0, next: 0 };

    /// Where the first byte that `find` finds stands at or behind `at`; the length of the view if there is none.
    fn next(&mut self, view: &[u8], at: usize, find: impl Fn(&[u8]) -> Option<usize>) -> usize {
        if at < self.from || at >= self.next {
            let rest = view.get(at..).unwrap_or_default();
            *self = Ahead { from: at, next: at + find(rest).unwrap_or(rest.len()) };
        }
        self.next
    }
}

/// How many slashes and backslashes stand at the start. Those beyond eight are part of the host, which then is none.
fn slashes(rest: &[u8]) -> usize {
    rest.iter().take(8).take_while(|b| matches!(b, b'/' | b'\\')).count()
}

/// The length of an authority.
fn authority_len(rest: &[u8]) -> usize {
    let ends = |&byte: &u8| matches!(byte, b'/' | b'\\' | b'?' | b'#') || ends_url(byte);
    rest.iter().position(ends).unwrap_or(rest.len())
}

impl Authority {
    /// Reads `user@host:port`. What it finds adds to what was found before.
    fn read(&mut self, text: &[u8]) {
        let (user, host) = match memchr::memrchr(b'@', text) {
            Some(at) => (text.get(..at), text.get(at + 1..).unwrap_or_default()),
            None => (None, text),
        };
        if let Some(user) = user {
            self.user(user);
        }
        let mut buffer = Folded::BUFFER;
        let Some(folded) = Folded::new(host, &mut buffer) else { return };
        self.coded |= folded.coded;
        self.folded |= folded.wide;
        // Coded or folded, they part the text only for some.
        let mut pieces = folded.bytes.rsplitn(3, |&b| matches!(b, b'@' | b'/' | b'\\'));
        let host = pieces.next().unwrap_or_default();
        for piece in pieces {
            self.confused = true;
            self.host(piece);
        }
        let (name, port, odd) = host::split_port(host);
        self.confused |= odd && port.is_some_and(|port| port.contains(&b':'));
        self.host(name);
        self.port = self.port.or(port.filter(|p| !p.is_empty()).map(words::is_service_port));
    }

    /// What stands before the at sign.
    fn user(&mut self, user: &[u8]) {
        // The second at sign, or what is longer than a host, is meant for some reader alone.
        self.confused |= memchr::memchr(b'@', user).is_some();
        for piece in user.split(|&b| b == b'@').take(2) {
            let mut buffer = Folded::BUFFER;
            let Some(folded) = Folded::new(piece, &mut buffer) else { continue };
            let (name, password, _) = host::split_port(folded.bytes);
            let is_host = is_host_like(name);
            self.decoy |= is_host && password.is_none();
            self.confused |= is_host
                && password.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
            if is_host {
                self.host(name);
            }
        }
    }

    /// The worst host counts.
    fn host(&mut self, name: &[u8]) {
        self.worst(host::read(name));
    }

    fn worst(&mut self, host: Host) {
        if (host.kind, host.odd) >= (self.host.kind, self.host.odd) {
            self.host = host;
        }
    }

    /// What another reader takes for the authority adds to it.
    fn add(&mut self, other: &Authority) {
        self.worst(other.host);
        self.decoy |= other.decoy;
        self.confused |= other.confused;
        self.coded |= other.coded;
        self.folded |= other.folded;
        self.port = self.port.or(other.port);
    }
}

/// Whether a user's name looks like a host: labels of which the last is a word, or an address.
fn is_host_like(name: &[u8]) -> bool {
    let Some(dot) = memchr::memrchr(b'.', name) else { return name == b"localhost" };
    let last = name.get(dot + 1..).unwrap_or_default();
    let is_word = last.len() > 1 && last.iter().all(u8::is_ascii_alphabetic);
    is_word || (last.iter().all(u8::is_ascii_digit) && host::read(name).numbers == 4)
}

/// Whether what follows `file:` is a folder or device of the system.
fn is_system(rest: &[u8]) -> bool {
    let slashes = rest.iter().take_while(|b| matches!(b, b'/' | b'\\')).count();
    let mut rest = rest.get(slashes..).unwrap_or_default();
    for host in [&b"localhost"[..], b"127.0.0.1"] {
        if let Some(path) = rest.get(host.len()..)
            && rest.get(..host.len()).is_some_and(|h| h.eq_ignore_ascii_case(host))
        {
            let slashes = path.iter().take_while(|b| matches!(b, b'/' | b'\\')).count();
            rest = path.get(slashes..).unwrap_or_default();
        }
    }
    let end = |b: &u8| matches!(b, b'/' | b'\\' | b'?' | b'#') || ends_url(*b);
    let len = rest.iter().position(end).unwrap_or(rest.len());
    match rest {
        [drive, b':' | b'|', b'/' | b'\\', ..] => drive.is_ascii_alphabetic(),
        [b'.', b'.', b'/' | b'\\', ..] | [b'$', b'{', ..] => true,
        _ => words::is_system(rest.get(..len).unwrap_or_default()),
    }
}
