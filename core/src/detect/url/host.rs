//! A host as its client understands it: percent-decoded, folded to ASCII, in lower case, and whose it is.

use std::net::Ipv6Addr;

use super::address::{self, Owner};
use super::words;
use crate::decode::folds_to;

/// What a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A name of the public net, an address of it, or nothing that could be asked.
    Public,
    /// A name of one label.
    Single,
    /// A name of the inside.
    Internal,
    Private,
    Link,
    /// A public name that leads inside.
    Wildcard,
    Loopback,
    Metadata,
}

/// A host, with how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) kind: Kind,
    /// An address in another writing than four decimal numbers.
    pub(super) odd: bool,
    /// An address inside of an IPv6 address.
    pub(super) embedded: bool,
    /// In how many numbers an IPv4 address is written; 0 for anything else.
    pub(super) numbers: usize,
}

impl Host {
    const PUBLIC: Host = Host { kind: Kind::Public, odd: false, embedded: false, numbers: 0 };

    fn named(kind: Kind) -> Host {
        Host { kind, ..Host::PUBLIC }
    }
}

/// Text as a client folds it, and what had to be done.
pub(super) struct Folded<'t> {
    pub(super) bytes: &'t [u8],
    /// Plain characters were percent-coded.
    pub(super) coded: bool,
    /// Characters became ASCII.
    pub(super) wide: bool,
}

/// No host name is longer.
const LONGEST: usize = 256;

impl<'t> Folded<'t> {
    /// Room for what is not folded already.
    pub(super) const BUFFER: [u8; LONGEST] = [0; LONGEST];

    /// Folds `text`; `None` if it is too long to be a host. O(len).
    pub(super) fn new(text: &'t [u8], buffer: &'t mut [u8; LONGEST]) -> Option<Folded<'t>> {
        let is_folded = |b: &u8| b.is_ascii() && *b != b'%' && !b.is_ascii_uppercase();
        let mut folded = Folded { bytes: text, coded: false, wide: false };
        let mut at = text.iter().position(|b| !is_folded(b)).unwrap_or(text.len());
        if at == text.len() {
            return (at <= LONGEST).then_some(folded);
        }
        let mut len = at;
        buffer.get_mut(..len)?.copy_from_slice(text.get(..at)?);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let (byte, taken) = folded.take(rest);
            *buffer.get_mut(len)? = byte;
            len += 1;
            at += taken;
        }
        folded.bytes = buffer.get(..len)?;
        Some(folded)
    }

    /// The first byte of what is left, folded, and the length it had.
    fn take(&mut self, rest: &[u8]) -> (u8, usize) {
        if let [b'%', high, low, ..] = *rest
            && let (Some(high), Some(low)) =
                (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            let byte = (high << 4 | low) as u8;
            if byte.is_ascii_graphic() {
                self.coded |= byte.is_ascii_alphanumeric() || b".@:/[]".contains(&byte);
                return (byte.to_ascii_lowercase(), 3);
            }
        }
        match *rest {
            [byte, ..] if !byte.is_ascii() => match folds_to(rest) {
                Some((ascii, len)) => {
                    self.wide = true;
                    (ascii.to_ascii_lowercase(), len)
                }
                None => (byte, 1),
            },
            [byte, ..] => (byte.to_ascii_lowercase(), 1),
            [] => (0, 1),
        }
    }
}

/// Splits a port from a host: the host, the port if there is a colon, and whether there are colons where no port can be.
pub(super) fn split_port(text: &[u8]) -> (&[u8], Option<&[u8]>, bool) {
    let inside = match text {
        [b'[', ..] => memchr::memchr(b']', text).map_or(text.len(), |at| at + 1),
        _ => 0,
    };
    let (host, tail) = text.split_at_checked(inside).unwrap_or((text, b""));
    let Some(colon) = memchr::memchr(b':', tail) else { return (text, None, false) };
    let (name, port) = tail.split_at_checked(colon).unwrap_or((tail, b""));
    let port = port.strip_prefix(b":").unwrap_or(port);
    let odd = !port.iter().all(u8::is_ascii_digit);
    (if inside > 0 { host } else { name }, Some(port), odd)
}

/// What a host is, in lower case and without its port. O(len).
pub(super) fn read(host: &[u8]) -> Host {
    if let Some(inside) = host.strip_prefix(b"[") {
        return v6(inside.strip_suffix(b"]").unwrap_or(inside));
    }
    let host = host.strip_suffix(b".").unwrap_or(host);
    if let Some(v4) = address::v4(host) {
        let kind = kind_of(address::owner_v4(v4.address));
        return Host { kind, odd: v4.odd, embedded: false, numbers: v4.parts };
    }
    name(host)
}

fn kind_of(owner: Owner) -> Kind {
    match owner {
        Owner::Public => Kind::Public,
        Owner::Private => Kind::Private,
        Owner::Link => Kind::Link,
        Owner::Loopback => Kind::Loopback,
        Owner::Metadata => Kind::Metadata,
    }
}

fn v6(text: &[u8]) -> Host {
    // Behind the percent sign stands the name of an interface.
    let text = text.split(|&byte| byte == b'%').next().unwrap_or_default();
    let parsed = str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    let Some(parsed) = parsed else { return Host::PUBLIC };
    let (owner, embedded) = address::owner_v6(parsed);
    Host { kind: kind_of(owner), odd: false, embedded, numbers: 0 }
}

fn name(host: &[u8]) -> Host {
    let is_name = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let label = host.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    if label.is_empty() || !host.iter().all(is_name) {
        return Host::PUBLIC;
    }
    let within = |domains: &[&[u8]]| domains.iter().any(|domain| is_within(host, domain));
    let kind = if host.first().is_some_and(|b| b"mikr".contains(b))
        && words::METADATA.contains(&host)
    {
        Kind::Metadata
    } else if words::is_ordinary_label(label) {
        if host.len() == label.len() { Kind::Single } else { Kind::Public }
    } else if words::LOOPBACK.contains(&label) || within(words::SELF_NAMED) {
        if label.starts_with(b"lo") || label.starts_with(b"ip6") {
            Kind::Loopback
        } else {
            Kind::Wildcard
        }
    } else if let Some(inside) = words::ADDRESS_NAMED.iter().find_map(|domain| above(host, domain))
    {
        if leads_inside(inside) { Kind::Wildcard } else { Kind::Public }
    } else if within(words::INTERNAL) || is_within(host, b"cluster.local") {
        Kind::Internal
    } else if host.len() == label.len() {
        Kind::Single
    } else {
        Kind::Public
    };
    Host::named(kind)
}

/// Whether `host` is a name below `domain`, or the domain itself if that has more than one label.
fn is_within(host: &[u8], domain: &[u8]) -> bool {
    above(host, domain).is_some() || (host == domain && domain.contains(&b'.'))
}

/// What stands before `.domain`.
fn above<'h>(host: &'h [u8], domain: &[u8]) -> Option<&'h [u8]> {
    host.strip_suffix(domain)?.strip_suffix(b".")
}

/// Whether a name holds an address that is not public: dotted, dashed, or as eight hexadecimal digits. O(len).
fn leads_inside(name: &[u8]) -> bool {
    let is_inside = |octets: [u8; 4]| address::owner_v4(octets.into()) != Owner::Public;
    let mut last = [0_u8; 4];
    let mut numbers = 0;
    for part in name.split(|&byte| matches!(byte, b'.' | b'-')) {
        if part == b"localhost" || hexadecimal(part).is_some_and(is_inside) {
            return true;
        }
        let number = str::from_utf8(part).ok().and_then(|text| text.parse::<u8>().ok());
        let Some(number) = number else {
            numbers = 0;
            continue;
        };
        last.rotate_left(1);
        last[3] = number;
        numbers += 1;
        if numbers >= 4 && is_inside(last) {
            return true;
        }
    }
    false
}

/// The octets of eight hexadecimal digits.
fn hexadecimal(part: &[u8]) -> Option<[u8; 4]> {
    let text = str::from_utf8(part).ok().filter(|text| text.len() == 8)?;
    u32::from_str_radix(text, 16).ok().map(u32::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        read(Folded::new(text.as_bytes(), &mut Folded::BUFFER.clone()).unwrap().bytes).kind
    }

    #[test]
    fn hosts_are_what_they_mean() {
        for (text, expected) in [
            ("example.com", Kind::Public),
            ("LOCALHOST", Kind::Loopback),
            ("a.b.localhost.", Kind::Loopback),
            ("localhost.example.com", Kind::Public),
            ("%6c%6fcalhost", Kind::Loopback),
            ("１２７。０．０.1", Kind::Loopback),
            ("[::ffff:c0a8:101]", Kind::Private),
            ("[fe80::1%25eth0]", Kind::Link),
            ("metadata.google.internal", Kind::Metadata),
            ("metadata.example.com", Kind::Public),
            ("db.corp.internal", Kind::Internal),
            ("internal", Kind::Single),
            ("x.svc.cluster.local", Kind::Internal),
            ("app-10-0-0-7.nip.io", Kind::Wildcard),
            ("8.8.8.8.nip.io", Kind::Public),
            ("a.7f000001.c0a80001.rbndr.us", Kind::Wildcard),
            ("lvh.me", Kind::Wildcard),
            ("nip.io", Kind::Public),
            ("redis", Kind::Single),
            ("", Kind::Public),
            ("a b", Kind::Public),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn ports_are_split() {
        for (text, host, port, odd) in [
            ("a:80", "a", Some("80"), false),
            ("a", "a", None, false),
            ("a:", "a", Some(""), false),
            ("[::1]:80", "[::1]", Some("80"), false),
            ("[::1]", "[::1]", None, false),
            ("a:80:b", "a", Some("80:b"), true),
            ("[::1", "[::1", None, false),
        ] {
            let got = split_port(text.as_bytes());
            assert_eq!(got, (host.as_bytes(), port.map(str::as_bytes), odd), "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_no_host() {
        for byte in [b'a', b'A'] {
            let is_host = |len| {
                let mut buffer = Folded::BUFFER;
                Folded::new(&[byte; 300][..len], &mut buffer).is_some()
            };
            assert!(is_host(256) && !is_host(257));
        }
    }
}
