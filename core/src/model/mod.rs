//! What the files say: typed [`policy`], [`rule`] and [`weights`] documents, and what reads them. Knows no engine.
//!
//! Way: text -> **model** -> compile.
//!
//! ```text
//! text ─ yaml ─► value with positions ─ shape ─► checked against the type's schema ─ load ─► Policy, RuleFile, WeightFile
//!        plain    limits, duplicates     explain   every error, in the author's terms  bundle  all files of a policy
//! ```

mod body_types;
mod bundle;
mod draft;
mod explain;
mod load;
mod plain;
pub mod policy;
pub mod rule;
mod schemas;
mod shape;
mod source;
pub mod weights;
mod yaml;

pub use bundle::Bundle;
pub use draft::Draft;
pub(crate) use explain::similar;
pub use load::schema_from_yaml;
pub(crate) use load::value;
pub(crate) use schemas::of as schema_of;
pub use schemas::schemas;
pub use source::{Document, Source};
pub(crate) use yaml::escape;
