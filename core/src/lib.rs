//! abatis: input validation and attack detection for APIs.

#![deny(unsafe_code)]

mod ambiguity;
mod body;
mod compile;
mod contract;
mod decide;
mod decode;
mod detect;
mod engine;
mod error;
mod explain;
mod facts;
mod inspect;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod limits;
pub mod model;
mod parse;
mod prefilter;
mod repeat;
mod request;
mod schema;
mod scratch;
mod session;
mod span;
mod structure;
mod trail;
mod verdict;

pub use compile::gate::GateAutomaton;
pub use decode::Transform;
pub use detect::Feature;
pub use engine::{Builder, Engine};
pub use error::{BuildError, Diagnostic, LoadError};
pub use explain::Explanation;
pub use limits::Limits;
pub use model::policy::Policy;
pub use model::rule::{Class, RuleId};
pub use model::weights::WeightFile;
pub use request::Request;
pub use scratch::Scratch;
pub use session::Session;
pub use span::{Basis, Part, Place, Span};
pub use verdict::{Action, Coverage, Finding, Limit, Progress, Step, Verdict};
