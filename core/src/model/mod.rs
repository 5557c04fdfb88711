//! What the files say: typed [`policy`] and [`rule`] documents, and [`load`] that reads them. Knows no engine.

pub mod load;
pub mod policy;
pub mod rule;
pub mod weights;
