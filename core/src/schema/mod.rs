//! JSON Schemas of routes, run over our own tape.
//!
//! ```text
//! events ─ tape ─► Tape ─ node ─► jsonschema (pinned) ─ full ─► Violation { keyword, pointers, span, message }
//! ```
//!
//! [`pattern`] stands beside them until the schema machine calls it: regular expressions of ECMA-262 in linear time.
//!
//! Way: parse -> **schema** -> decode. What was parsed is what is validated: the crate sees our tape, never the body.

pub(crate) mod full;
pub(crate) mod node;
#[allow(dead_code, reason = "for the schema machine; the fuzz target and the tests call it by now")]
pub(crate) mod pattern;
pub(crate) mod tape;
