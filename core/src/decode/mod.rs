//! Readings of a value under every plausible decoding, each with its way back to the raw bytes.
//!
//! Way: schema -> **decode** -> prefilter.

pub(crate) mod view;

pub use view::Transform;
