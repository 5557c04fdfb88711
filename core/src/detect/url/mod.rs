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
