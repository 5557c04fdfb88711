//! Readings of a value under every plausible decoding, each with its way back to the raw bytes.
//!
//! Way: schema -> **decode** -> prefilter.
//!
//! A decoder is a file with one function of one shape, `decode(input, out) -> bool`: it reads its notation once, writes
//! through [`rewrite`] and says whether anything changed. [`readings`] tries them on each other's results.
//!
//! ```text
//! raw ─ coding of the parser ─► reading 0 ─┬ percent ────► reading ─ html_entity ─► reading ─ …
//!                                          ├ html_entity ► reading
//!                                          ├ unicode (utf8, fold, zero_width in one pass)
//!                                          ├ base64
//!                                          └ path
//! ```

pub(crate) mod base64;
mod fold;
mod hex;
pub(crate) mod html_entity;
pub(crate) mod js_escape;
pub(crate) mod json_string;
pub(crate) mod notes;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod readings;
mod rewrite;
pub(crate) mod unicode;
mod utf8;
pub(crate) mod view;
mod zero_width;

pub(crate) use notes::{Notes, Oddity};
pub(crate) use readings::{Coding, Reading, Readings};
pub use view::Transform;

use std::borrow::Cow;

/// A name under its parser's coding alone: what a person calls it. Off the hot path.
pub(crate) fn plain(raw: &[u8], coding: Coding) -> Cow<'_, [u8]> {
    let mut view = view::View::default();
    let changed = match coding {
        Coding::None => false,
        Coding::Form => percent::decode(raw, percent::Flavour::Form, &mut view),
        Coding::Percent => percent::decode(raw, percent::Flavour::Strict, &mut view),
        Coding::JsonString => json_string::decode(raw, &mut view),
    };
    if changed { Cow::Owned(view.bytes().to_vec()) } else { Cow::Borrowed(raw) }
}

#[cfg(test)]
mod tests {
    //! What the tests of all decoders share.

    use std::path::Path;

    use serde::Deserialize;

    use super::view::View;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Suite {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        input: Option<String>,
        input_b64: Option<String>,
        output: Option<String>,
        output_b64: Option<String>,
        #[expect(dead_code, reason = "for readers")]
        why: Option<String>,
    }

    /// The text of `testdata/decode/<name>.toml`.
    pub(super) fn testdata(name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/decode");
        std::fs::read_to_string(folder.join(name).with_extension("toml")).expect(name)
    }

    /// Runs every case of `testdata/decode/<name>.toml`.
    pub(super) fn suite(name: &str, decode: impl Fn(&[u8], &mut View) -> bool) {
        let suite: Suite = toml::from_str(&testdata(name)).expect(name);
        assert!(!suite.case.is_empty());
        for case in suite.case {
            let input = bytes(case.input, case.input_b64).expect("`input` or `input_b64`");
            let output = bytes(case.output, case.output_b64);
            let mut view = View::default();
            let changed = decode(&input, &mut view);
            let shown = input.escape_ascii();
            assert_eq!(
                changed,
                output.is_some(),
                "{name}: {shown}: {}",
                view.bytes().escape_ascii()
            );
            let expected = output.unwrap_or_default();
            assert_eq!(
                view.bytes().escape_ascii().to_string(),
                expected.escape_ascii().to_string(),
                "{name}: {shown}"
            );
        }
    }

    /// A value written as text or in base64.
    pub(super) fn bytes(text: Option<String>, base64: Option<String>) -> Option<Vec<u8>> {
        match (text, base64) {
            (Some(text), None) => Some(text.into_bytes()),
            (None, Some(base64)) => Some(from_base64(&base64)),
            (None, None) => None,
            (Some(_), Some(_)) => panic!("text and base64 of one value"),
        }
    }

    /// Strict base64 of a test file; not the decoder under test, which refuses noise.
    fn from_base64(text: &str) -> Vec<u8> {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digit = |byte| ALPHABET.iter().position(|&b| b == byte).expect("base64") as u32;
        let symbols = text.trim_end_matches('=').as_bytes();
        let group = |group: &[u8]| {
            let bits = group.iter().fold(0, |bits, &byte| bits << 6 | digit(byte));
            let bits = bits << (6 * (4 - group.len()));
            bits.to_be_bytes()[1..group.len()].to_vec()
        };
        symbols.chunks(4).flat_map(group).collect()
    }

    /// The view of an input under one decoder.
    pub(super) fn run(input: &[u8], decode: impl Fn(&[u8], &mut View) -> bool) -> View {
        let mut view = View::default();
        decode(input, &mut view);
        view
    }
}
