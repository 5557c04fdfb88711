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
pub(crate) mod hex;
pub(crate) mod html_entity;
pub(crate) mod js_escape;
pub(crate) mod json_string;
pub(crate) mod notes;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod readings;
mod rewrite;
mod step;
pub(crate) mod unicode;
pub(crate) mod utf7;
mod utf8;
pub(crate) mod view;
mod zero_width;

pub(crate) use fold::folds_to;
pub(crate) use notes::{Notes, Oddity};
pub(crate) use readings::{Coding, Reading, Readings};
pub(crate) use step::STEPS;
pub use view::Transform;

use std::borrow::Cow;

/// A name under its parser's coding alone: what a person calls it. Off the hot path.
pub(crate) fn plain(raw: &[u8], coding: Coding) -> Cow<'_, [u8]> {
    let mut view = view::View::default();
    let changed = match coding {
        Coding::None | Coding::File => false,
        Coding::Form => percent::decode(raw, percent::Flavour::Form, &mut view),
        Coding::Percent => percent::decode(raw, percent::Flavour::Strict, &mut view),
        Coding::JsonString => json_string::decode(raw, &mut view),
    };
    if changed { Cow::Owned(view.bytes().to_vec()) } else { Cow::Borrowed(raw) }
}

#[cfg(test)]
mod tests;
