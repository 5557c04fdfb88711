//! JSON Schemas of routes, run over our own tape.

pub(crate) mod full;
pub(crate) mod tape;
