//! Everything that an engine is built from: a policy, and the files that it names, read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::load;
use super::policy::{Policy, SchemaSource};
use super::rule::{Rule, RuleFile};
use super::shape::Shape;
use super::source::{Document, Source};
use super::weights::WeightFile;
use crate::error::{Diagnostic, LoadError};

/// A policy with the rules, weights and schemas that it speaks of. Read, not yet checked against each other.
///
/// Paths in a policy are relative to its folder and may not leave it: no `..`, no absolute path. So a policy from elsewhere cannot make
/// a checker read (and, in its messages, show) other files. [`Policy::in_folder`] gives a wider folder where one is wanted.
/// Symbolic links inside the folder are followed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bundle {
    /// The policy.
    pub policy: Policy,
    /// Its rule files, in the order of `rulesets`; `builtin` stands for all that ship with abatis.
    pub rules: Vec<Document<RuleFile>>,
    /// The weights of the detectors.
    pub weights: Vec<Document<WeightFile>>,
    /// Its schemas by their JSON Pointer in the policy: `/schemas/order`, `/routes/0/parameters/1/schema`.
    pub schemas: BTreeMap<String, Document<Value>>,
}

impl Bundle {
    /// Reads the files that a policy names, and the rules and weights that ship with abatis. All errors of all files at once.
    ///
    /// ```
    /// use abatis::Policy;
    /// use abatis::model::Bundle;
    /// let bundle = Bundle::new(Policy::default()).unwrap();
    /// assert!(!bundle.rules.is_empty());
    /// ```
    pub fn new(policy: Policy) -> Result<Bundle, LoadError> {
        let mut errors = Vec::new();
        let rules = read_rules(&policy, &mut errors);
        let weights = builtin_weights(&mut errors);
        let schemas = read_schemas(&policy, &mut errors);
        if errors.is_empty() {
            Ok(Bundle { policy, rules, weights, schemas })
        } else {
            Err(LoadError::new(errors))
        }
    }

    /// Reads a policy file and the files that it names.
    pub fn load(path: impl AsRef<Path>) -> Result<Bundle, LoadError> {
        Bundle::new(Policy::from_file(path)?)
    }

    /// Every rule of every file, in order.
    pub fn each_rule(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().flat_map(|file| &file.content.rules)
    }

    /// The schema called `name` in the policy's `schemas`.
    pub fn schema(&self, name: &str) -> Option<&Document<Value>> {
        self.schemas.get(&schema_pointer(name))
    }

    /// The schema of a parameter, by index of its route and of itself.
    pub fn parameter_schema(&self, route: usize, parameter: usize) -> Option<&Document<Value>> {
        self.schemas.get(&parameter_pointer(route, parameter))
    }

    /// Digest of rules and weights, 16 hexadecimal digits: which ruleset a verdict came from. Not a cryptographic one.
    ///
    /// It depends on what the files say, not on how they are laid out.
    pub fn digest(&self) -> String {
        let mut hash = Fnv::default();
        for file in &self.rules {
            hash.json(&file.content);
        }
        for file in &self.weights {
            hash.json(&file.content);
        }
        format!("{:016x}", hash.0)
    }
}

/// JSON Pointer in a policy of the schema called `name`.
pub(crate) fn schema_pointer(name: &str) -> String {
    format!("/schemas/{}", super::yaml::escape(name))
}

/// JSON Pointer in a policy of the schema of a parameter.
pub(crate) fn parameter_pointer(route: usize, parameter: usize) -> String {
    format!("/routes/{route}/parameters/{parameter}/schema")
}

fn read_rules(policy: &Policy, errors: &mut Vec<Diagnostic>) -> Vec<Document<RuleFile>> {
    let shape = Shape::of::<RuleFile>();
    let mut rules = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |name: &str, text: &str, errors: &mut Vec<Diagnostic>| match load::document_of(
        &shape, name, text,
    ) {
        Ok(document) => rules.push(document),
        Err(wrong) => errors.extend(wrong),
    };
    for (at, ruleset) in policy.rulesets.iter().enumerate() {
        let pointer = format!("/rulesets/{at}");
        if !seen.insert(ruleset) {
            let message = format!("`{ruleset}` is listed twice");
            errors.push(policy.source.diagnostic(&pointer, message));
        } else if ruleset == "builtin" {
            for file in abatis_rules::DETECT {
                add(&format!("builtin:{}", file.name), file.text, errors);
            }
        } else {
            match read(&policy.source, ruleset) {
                Ok((name, text)) => add(&name, &text, errors),
                Err(message) => errors.push(policy.source.diagnostic(&pointer, message)),
            }
        }
    }
    rules
}

fn builtin_weights(errors: &mut Vec<Diagnostic>) -> Vec<Document<WeightFile>> {
    let shape = Shape::of::<WeightFile>();
    let mut weights = Vec::new();
    for file in abatis_rules::WEIGHTS {
        match load::document_of(&shape, &format!("builtin:{}", file.name), file.text) {
            Ok(document) => weights.push(document),
            Err(wrong) => errors.extend(wrong),
        }
    }
    weights
}

fn read_schemas(
    policy: &Policy,
    errors: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Document<Value>> {
    let named = policy.schemas.iter().map(|(name, schema)| (schema_pointer(name), schema));
    let parameters = policy.routes.iter().enumerate().flat_map(|(route, of)| {
        of.parameters
            .iter()
            .enumerate()
            .map(move |(at, parameter)| (parameter_pointer(route, at), &parameter.schema))
    });
    let mut schemas = BTreeMap::new();
    for (pointer, schema) in named.chain(parameters) {
        let document = match schema {
            SchemaSource::Inline(schema) => {
                Document { content: schema.clone(), source: policy.source.part(&pointer) }
            }
            SchemaSource::File { file } => match read(&policy.source, file) {
                Err(message) => {
                    errors.push(policy.source.diagnostic(&format!("{pointer}/file"), message));
                    continue;
                }
                Ok((name, text)) => match load::value(&name, &text) {
                    Ok(document) => document,
                    Err(wrong) => {
                        errors.extend(wrong);
                        continue;
                    }
                },
            },
        };
        schemas.insert(pointer, document);
    }
    schemas
}

/// Name and text of a file that a document names.
fn read(source: &Source, file: &str) -> Result<(String, String), String> {
    let path = resolve(source, file)?;
    let text = load::read_file(&path).map_err(|message| format!("`{file}` {message}"))?;
    Ok((path.display().to_string(), text))
}

/// The path of a file that a document names: inside of the document's folder.
fn resolve(source: &Source, file: &str) -> Result<PathBuf, String> {
    let stays = Path::new(file)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if file.is_empty() || !stays {
        return Err(format!(
            "`{file}` leaves the policy's folder; write a path relative to it without `..`, or widen the folder with `in_folder`"
        ));
    }
    match source.folder() {
        Some(folder) => Ok(folder.join(file)),
        None => Err(format!(
            "`{file}` is relative to a folder that is not known, since the policy was not read from a file; say it with `in_folder`"
        )),
    }
}

/// FNV-1a of 64 bits, over the JSON of what is put in.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn json(&mut self, value: &impl serde::Serialize) {
        // Our types have string keys and no fallible serializer; nothing in them fails.
        let _ = serde_json::to_writer(self, value);
    }
}

impl std::io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
