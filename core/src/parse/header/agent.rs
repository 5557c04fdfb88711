//! `User-Agent` as browsers send it (RFC 9110, 10.1.5).
//!
//! Brackets, semicolons and slashes make it look like several attacked languages, and every request of a browser has one. But what
//! browsers write there are a few dozen names, with numbers between.

use crate::words::Table;

/// The names that browsers give themselves, their engines and the systems they run on. In lower case.
const NAMES: &[((), &str)] = &[
    // Products.
    (
        (),
        "mozilla applewebkit chrome chromium safari version mobile firefox gecko edg edga edgios opr crios fxios \
         samsungbrowser vivaldi 15e148",
    ),
    // Systems and machines.
    (
        (),
        "windows nt win64 x64 wow64 macintosh intel mac os x x11 wayland linux x86_64 aarch64 i686 ubuntu fedora cros android k \
         iphone ipad cpu rv",
    ),
];

static TABLE: Table<(), 128> = Table::new(NAMES);

/// Whether a value is the `User-Agent` of a browser, made of known names and of numbers alone: no language can be attacked with
/// it, in whatever order they stand. O(len).
pub(crate) fn is_plain_agent(value: &[u8]) -> bool {
    let mut agent = Agent { rest: value };
    if !agent.take(b"Mozilla/5.0") {
        return false;
    }
    while agent.take(b" ") {
        if !(agent.comment() || agent.product()) {
            return false;
        }
    }
    agent.rest.is_empty()
}

/// What of the value is not read yet.
struct Agent<'v> {
    rest: &'v [u8],
}

impl Agent<'_> {
    /// `Chrome/142.0.0.0`, `Version/18.6`, `Safari`
    fn product(&mut self) -> bool {
        !self.rest.first().is_some_and(u8::is_ascii_digit)
            && self.word()
            && (!self.take(b"/") || self.word())
    }

    /// `(X11; Linux x86_64; rv:145.0)`, `(KHTML, like Gecko)`, `(iPhone; CPU iPhone OS 18_6 like Mac OS X)`
    fn comment(&mut self) -> bool {
        if self.take(b"(KHTML, like Gecko)") {
            return true;
        }
        if !self.take(b"(") {
            return false;
        }
        loop {
            if !self.word() || self.take(b":") && !self.word() {
                return false;
            }
            if self.take(b")") || self.take(b" like Mac OS X)") {
                return true;
            }
            if !(self.take(b"; ") || self.take(b" ")) {
                return false;
            }
        }
    }

    /// A known name, or a number like `142.0.0.0` and `10_15_7`.
    fn word(&mut self) -> bool {
        const LONGEST: usize = 24;
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
        let len = self.rest.iter().position(|byte| !part(byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        let number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'_');
        let is_number = word.first().is_some_and(u8::is_ascii_digit)
            && len <= LONGEST
            && word.iter().all(number);
        is_number || TABLE.get(word).is_some()
    }

    fn take(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::model::Bundle;
    use crate::model::policy::{Policy, Sensitivity};
    use crate::parse::testing::Random;
    use crate::scratch::Scratch;
    use crate::span::Place;

    /// What is not inspected must be nothing to any language, whatever the order of the names: also with gates off.
    #[test]
    fn plain_agents_are_silent() {
        let policy = Policy { sensitivity: Sensitivity::Paranoid, ..Policy::default() };
        let bundle = Bundle::new(policy).unwrap();
        let engine = Engine::builder().gate(false).build(&bundle).unwrap();
        let mut scratch = Scratch::new();
        let words: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.split(' ')).collect();
        let mut pieces: Vec<&str> = words.clone();
        pieces.extend(words.iter().copied());
        pieces.extend([
            "0.0.0.0",
            "142.0.0.0",
            "10_15_7",
            "5.0",
            "1",
            "127.0.0.1",
            "2130706433",
            "1._.",
        ]);
        pieces.extend(
            [" ", "/", "; ", ":", " (", ") ", " like Mac OS X) ", "(KHTML, like Gecko)"].repeat(12),
        );
        let mut random = Random::new();
        let mut plain = 0;
        for _ in 0..400_000 {
            let value = [&b"Mozilla/5.0"[..], &random.text(&pieces, 12)].concat();
            if is_plain_agent(&value) {
                plain += 1;
                let verdict = engine.inspect_value(&mut scratch, Place::Header, &value);
                assert!(verdict.findings.is_empty(), "{}: {verdict:?}", value.escape_ascii());
            }
        }
        assert!(plain > 5000, "{plain}");
    }
}
