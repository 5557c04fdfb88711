//! The url detector: URLs and hosts that a server can reach and its client cannot (class `ssrf`).
//!
//! What a URL leads to is written in many ways: addresses as one number, in octal, in hexadecimal, inside of IPv6, in full-width
//! digits; hosts behind users that look like hosts; schemes that speak to a cache or read a file. A pattern lists the ways that
//! somebody knew. A reader as tolerant as real clients ([`read`]) brings each host to the address it means ([`host`]), and what is
//! judged is that address, and how much trouble somebody took to hide it.
//!
//! An ordinary URL of the public web yields no token at all.

mod address;
mod host;
mod judge;
mod lex;
mod read;
pub(crate) mod words;

pub(crate) use judge::Url;
pub(crate) use words::UrlToken;

/// Whether a scheme reads files, archives or streams, or speaks to services, rather than to the web.
pub(crate) fn is_odd_scheme(name: &[u8]) -> bool {
    use words::Scheme;
    matches!(
        words::scheme(name),
        Scheme::Local | Scheme::Service | Scheme::Wrapper | Scheme::Archive | Scheme::Prefix
    )
}

/// Whose a host without its port is, as a token's name, if it is not the public's. A name of one label may be anybody's. O(len).
pub(crate) fn leads_inside(host: &[u8]) -> Option<&'static str> {
    use host::Kind;
    let mut buffer = host::Folded::BUFFER;
    let folded = host::Folded::new(host, &mut buffer)?;
    Some(match host::read(folded.bytes).kind {
        Kind::Public | Kind::Single => return None,
        Kind::Internal => "INTERNAL",
        Kind::Private => "PRIVATE",
        Kind::Link => "LINK",
        Kind::Wildcard => "WILDCARD",
        Kind::Loopback => "LOOPBACK",
        Kind::Metadata => "METADATA",
    })
}
