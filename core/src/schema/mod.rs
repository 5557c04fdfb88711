//! JSON Schemas, run on the parser's events.
//!
//! ```text
//!          ┌ native ─► Machine { frames over the Program's sets } ─┐
//! events ──┤                                                       ├─► Violation { keyword, pointers, span, message }
//!          └ else ───► Tape ─ node ─► jsonschema (pinned) ─ full ──┘
//! ```
//!
//! Way: parse -> **schema** -> decode. What was parsed is what is validated, in the same pass; what the machine cannot take goes to the
//! crate over our own tape.

pub(crate) mod bits;
pub(crate) mod canonical;
pub(crate) mod cause;
pub(crate) mod content;
pub(crate) mod document;
pub(crate) mod format;
pub(crate) mod full;
pub(crate) mod key;
pub(crate) mod machine;
pub(crate) mod node;
pub(crate) mod number;
pub(crate) mod pattern;
pub(crate) mod program;
pub(crate) mod tape;
pub(crate) mod violation;
