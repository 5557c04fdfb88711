//! Whether a value has the shape of a type: checked against the type's own JSON Schema, every error at once.
//!
//! Way: yaml -> **shape** -> load. Serde alone would stop at the first error and could not say where it is; a schema made from
//! the same type cannot disagree with it.

use std::collections::HashSet;

use jsonschema::Validator;
use schemars::JsonSchema;
use serde_json::Value;

use super::explain::{self, Wrong};
use super::yaml::Tree;

/// The compiled schema of one file format.
#[derive(Debug)]
pub(crate) struct Shape {
    schema: Value,
    validator: Validator,
}

impl Shape {
    /// The shape of a type. About a millisecond; make it once for several files.
    pub(crate) fn of<T: JsonSchema>() -> Shape {
        let schema = super::schemas::of::<T>();
        let validator = jsonschema::draft202012::new(&schema)
            .expect("schemas are made from types, not from input, and a test compiles each");
        Shape { schema, validator }
    }

    /// Everything in which the value differs from the shape.
    pub(crate) fn check(&self, tree: &Tree) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for error in self.validator.iter_errors(&tree.value) {
            explain::explain(&self.schema, &error, &mut wrong);
        }
        let ambiguous = self.ambiguous(tree, &wrong);
        wrong.extend(ambiguous);
        wrong
    }

    /// Scalars that YAML 1.1 and 1.2 read differently, where any text may stand: `hits: [no]`. Where the shape asks for one of
    /// a few words (`mode: off`), there is no doubt and they may stand without quotes.
    fn ambiguous(&self, tree: &Tree, wrong: &[Wrong]) -> Vec<Wrong> {
        // What takes any text also takes this one, which is no word of ours.
        const ANY_TEXT: &str = "\0";
        let mut value = tree.value.clone();
        for problem in &tree.ambiguous {
            if let Some(place) = value.pointer_mut(&problem.pointer) {
                *place = ANY_TEXT.into();
            }
        }
        let closed: HashSet<String> = self
            .validator
            .iter_errors(&value)
            .map(|error| error.instance_path().as_str().to_owned())
            .collect();
        let told: HashSet<&str> = wrong.iter().map(|wrong| wrong.pointer.as_str()).collect();
        let is_told = |pointer: &str| {
            // The value itself, or one that it is in.
            let ends = pointer.match_indices('/').map(|(at, _)| at).chain([pointer.len()]);
            ends.into_iter().any(|end| told.contains(&pointer[..end]))
        };
        tree.ambiguous
            .iter()
            .filter(|problem| !closed.contains(&problem.pointer) && !is_told(&problem.pointer))
            .map(|problem| Wrong::value(&problem.pointer, &problem.message))
            .collect()
    }
}
