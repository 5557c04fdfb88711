//! From a schema to the program of the machine, or why there is none.

use std::fmt;

use serde_json::Value;

use super::resource::Resources;
use super::{Documents, node, set};
use crate::model::Draft;
use crate::schema::pattern::{PatternError, PatternErrorKind};
use crate::schema::program::Program;

/// Why the machine cannot take a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    /// Where in the schema.
    pub(super) pointer: String,
    pub(super) reason: String,
    /// Whether nothing else can take it either.
    pub(super) wrong: bool,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the schema" } else { &self.pointer };
        write!(f, "{place}: {}", self.reason)
    }
}

impl Unsupported {
    pub(super) fn new(pointer: &str, reason: &str) -> Unsupported {
        Unsupported { pointer: pointer.to_owned(), reason: reason.to_owned(), wrong: false }
    }

    /// A reference leads nowhere.
    pub(super) fn missing(pointer: &str, reason: String) -> Unsupported {
        Unsupported { pointer: pointer.to_owned(), reason, wrong: true }
    }

    /// A value would have to be asked the same question again and again.
    pub(super) fn endless(pointer: &str) -> Unsupported {
        let reason = "the schema applies itself to the same value without end".to_owned();
        Unsupported { pointer: pointer.to_owned(), reason, wrong: true }
    }

    pub(super) fn pattern(pointer: &str, source: &str, error: &PatternError) -> Unsupported {
        Unsupported {
            pointer: pointer.to_owned(),
            reason: format!("the pattern `{source}` {error}"),
            wrong: matches!(error.kind(), PatternErrorKind::Syntax(_)),
        }
    }
}

/// Compiles a schema for the machine. O(size of the schema), expected; bounded in any case.
pub(super) fn compile(
    schema: &Value,
    draft: Draft,
    formats: Option<bool>,
    documents: &Documents,
) -> Result<Program, Unsupported> {
    let mut program = Program::default();
    let mut resources = Resources::new(schema, draft, documents);
    let root = resources.list.first().map(|resource| resource.root.clone());
    let root = root.ok_or_else(|| Unsupported::new("", "it has no base URI"))?;
    let root = node::build(&mut program, &mut resources, &root, formats)?;
    set::determinise(&mut program, root)?;
    Ok(program)
}
