//! Request bytes to fields, with spans; events, no DOM.
//!
//! Way: **parse** -> schema -> decode.

pub(crate) mod cookie;
pub(crate) mod flags;
pub(crate) mod form;
pub(crate) mod graphql;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod multipart;
pub(crate) mod packed;
pub(crate) mod query;
pub(crate) mod target;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod xml;
