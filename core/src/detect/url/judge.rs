//! The url [`Language`].

use super::UrlToken as T;
use super::lex;
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

/// URLs and hosts of the inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Url;

/// Begins of hosts that are told without a slash anywhere. Part of the gate.
pub(super) const WORDS: &[&str] = &[
    "127.",
    "localhost",
    "0.0.0.0",
    "192.168.",
    "[::",
    "169.254.",
    "100.100.100.200",
    "metadata.",
    "instance-data",
];

impl Language for Url {
    const NAME: &'static str = "url";
    const TOKENS: &'static [&'static str] = T::NAMES;
    const CONTEXTS: &'static [&'static str] = &["url"];
    const GATE: Gate = Gate { classes: Classes::SLASH.or(Classes::BACKSLASH), words: WORDS };
    // Nothing is told of what leads to the public web by an ordinary way.
    const ANCHORS: &'static [u64] = &[T::WRAPPER.bit()
        | T::SERVICE.bit()
        | T::SYSTEM.bit()
        | T::DECOY.bit()
        | T::CONFUSED.bit()
        | T::CODED.bit()
        | T::FOLDED.bit()
        | T::LOOPBACK.bit()
        | T::PRIVATE.bit()
        | T::LINK.bit()
        | T::METADATA.bit()
        | T::INTERNAL.bit()
        | T::WILDCARD.bit()
        | T::SINGLE.bit()
        | T::ODD.bit()
        | T::EMBEDDED.bit()];

    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        lex::may_lead_inside(view, classes)
    }

    fn applies(self, _context: u8, _view: &[u8], _classes: Classes) -> bool {
        true
    }

    fn lex<S: Sink>(self, _context: u8, view: &[u8], sink: &mut S) -> bool {
        lex::lex(view, sink);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::cases;

    const PIECES: &[&str] = &[
        "http",
        "file",
        "gopher",
        "jar",
        "url",
        ":",
        "/",
        "//",
        "\\",
        "@",
        "#@",
        "?",
        "127.0.0.1",
        "localhost",
        "10",
        ".",
        "0x7f",
        "[::1]",
        "[",
        "]",
        "%31",
        "%40",
        "１",
        "①",
        "example.com",
        "metadata",
        "169.254.169.254",
        ":80",
        "=",
        " ",
        "\t",
        "\n",
        "\"",
        "etc",
        "0177",
        "a",
    ];

    #[test]
    fn the_shared_cases_hold() {
        cases::hold(Url);
    }

    #[test]
    fn a_closed_gate_hides_no_anchor() {
        cases::gate_is_a_law(Url, PIECES);
    }

    #[test]
    fn any_bytes_are_read_in_order() {
        cases::reads_anything(Url, PIECES);
    }

    #[test]
    fn a_url_is_told_by_place_scheme_and_host() {
        for (text, expected) in [
            ("http://127.0.0.1:6379/", "WHOLE WEB LOOPBACK SERVICE_PORT"),
            ("see http://127.0.0.1/ now", "TEXT WEB LOOPBACK"),
            ("http://a@0x7f.1/", "WHOLE WEB LOOPBACK ODD"),
            ("https://a.example/?u=gopher://b.example/", "NESTED WRAPPER PUBLIC"),
            ("10.0.0.1:80/x", "BARE PRIVATE PORT PATH"),
            ("file:///etc/x", "WHOLE LOCAL PUBLIC SYSTEM"),
            ("ht\ttp://10.\n0.0.1", "WHOLE WEB BROKEN PRIVATE"),
            ("https://example.com/a?b=c#d", ""),
            ("/a/b:/c", ""),
        ] {
            assert_eq!(cases::tokens(Url, 0, text.as_bytes()), expected, "{text}");
        }
    }
}
