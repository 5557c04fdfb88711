//! abatis: input validation and attack detection for APIs.

#![deny(unsafe_code)]
#![allow(dead_code, unused_imports)] // until the way is whole

mod compile;
mod decode;
mod detect;
mod error;
mod limits;
pub mod model;
mod parse;
mod prefilter;
mod schema;
mod span;
mod verdict;

pub use decode::Transform;
pub use detect::{Feature, Levels, WeightFile};
pub use error::{BuildError, Diagnostic, LoadError};
pub use limits::Limits;
pub use model::policy::Policy;
pub use model::rule::{Class, RuleId};
pub use span::{Basis, Part, Place, Span};
pub use verdict::{Action, Coverage, Finding, Limit, Progress, Verdict};
