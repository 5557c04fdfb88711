//! JSON Schemas of routes, run over our own tape.
//!
//! ```text
//! events ─ tape ─► Tape ─ node ─► jsonschema (pinned) ─ full ─► Violation { keyword, pointers, span, message }
//! ```
//!
//! Way: parse -> **schema** -> decode. What was parsed is what is validated: the crate sees our tape, never the body.

// Nothing asks it yet: schemas run in the crate.
#[allow(dead_code)]
pub(crate) mod format;
pub(crate) mod full;
pub(crate) mod node;
pub(crate) mod tape;
