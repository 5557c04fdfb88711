//! Text to model: read with positions, checked against the type's own schema, then deserialized. Reports every error of a
//! text at once; never panics, whatever the text.

use std::io::Read as _;
use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::explain::{Wrong, similar};
use super::plain::{Dialect, shown};
use super::policy::Policy;
use super::rule::RuleFile;
use super::shape::Shape;
use super::source::{Document, Source};
use super::weights::WeightFile;
use super::yaml::{self, MAX_BYTES, Tree};
use crate::error::{Diagnostic, LoadError};

impl Policy {
    /// Reads a policy. `file_name` is what messages call it.
    ///
    /// Files that the policy names are not read here, but when an engine is built; that needs [`Policy::in_folder`] if there
    /// are any.
    ///
    /// ```
    /// use abatis::Policy;
    /// let error = Policy::from_yaml("p.yaml", "mod: block\nsensitivity: hgih\n").unwrap_err();
    /// let messages: Vec<String> = error.diagnostics().iter().map(|d| d.to_string()).collect();
    /// assert!(messages[0].starts_with("p.yaml:1:1: unknown key `mod`, did you mean `mode`?"));
    /// assert!(messages[1].starts_with("p.yaml:2:14: unknown sensitivity `hgih`, did you mean `high`?"));
    /// ```
    pub fn from_yaml(file_name: &str, text: &str) -> Result<Policy, LoadError> {
        let Document { content, source } = document(file_name, text)?;
        Ok(Policy { source, ..content })
    }

    /// Reads a policy file. Paths in it are relative to its folder and may not leave it.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), abatis::LoadError> {
    /// let policy = abatis::Policy::from_file("/etc/abatis/policy.yaml")?;
    /// # Ok(()) }
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Policy, LoadError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let text = read_file(path).map_err(|message| whole_file(&name, message))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Ok(Policy::from_yaml(&name, &text)?.in_folder(folder))
    }

    /// The policy of that name that ships with abatis: `default`, `strict`, `monitor` or `api-json`.
    ///
    /// ```
    /// use abatis::Policy;
    /// assert!(Policy::builtin("strict").is_ok());
    /// assert!(Policy::builtin("strikt").unwrap_err().to_string().contains("did you mean `strict`?"));
    /// ```
    pub fn builtin(name: &str) -> Result<Policy, LoadError> {
        let of = |file: &abatis_rules::File| {
            file.name.trim_start_matches("policy/").trim_end_matches(".yaml").to_owned()
        };
        let found = abatis_rules::POLICY.iter().find(|file| of(file) == name);
        let Some(file) = found else {
            let known: Vec<String> = abatis_rules::POLICY.iter().map(of).collect();
            let hint = similar(name, &known)
                .map_or_else(|| ";".to_owned(), |name| format!(", did you mean `{name}`?"));
            let message = format!(
                "no policy of that name ships with abatis{hint} there are {}",
                known.join(", ")
            );
            return Err(whole_file(&format!("builtin:policy/{name}"), message));
        };
        Policy::from_yaml(&format!("builtin:{}", file.name), file.text)
    }

    /// The same policy, paths in it relative to `folder`, which they may not leave.
    #[must_use]
    pub fn in_folder(self, folder: impl AsRef<Path>) -> Policy {
        Policy { source: self.source.in_folder(folder.as_ref()), ..self }
    }
}

impl RuleFile {
    /// Reads a rule file. `file_name` is what messages call it.
    ///
    /// ```
    /// use abatis::model::rule::RuleFile;
    /// let rules = RuleFile::from_yaml("r.yaml", "rules: []").unwrap();
    /// assert!(rules.rules.is_empty());
    /// ```
    pub fn from_yaml(file_name: &str, text: &str) -> Result<RuleFile, LoadError> {
        Ok(document(file_name, text)?.content)
    }
}

impl WeightFile {
    /// Reads a weight file (YAML will do too). `file_name` is what messages call it.
    ///
    /// ```
    /// use abatis::WeightFile;
    /// let error = WeightFile::from_json("w.json", r#"{"detector": "sql", "levels": {}}"#).unwrap_err();
    /// assert!(error.to_string().contains("missing keys `origin`, `weights`"));
    /// ```
    pub fn from_json(file_name: &str, text: &str) -> Result<WeightFile, LoadError> {
        Ok(document(file_name, text)?.content)
    }
}

/// Reads a JSON Schema, given as JSON or YAML. `file_name` is what messages call it.
///
/// YAML is read by the core schema of version 1.2. Duplicate keys are refused. Whether it *is* a JSON Schema is not looked at here.
///
/// ```
/// let schema = abatis::model::schema_from_yaml("s.yaml", "type: string\nmaxLength: 5").unwrap();
/// assert_eq!(schema, serde_json::json!({"type": "string", "maxLength": 5}));
/// ```
pub fn schema_from_yaml(file_name: &str, text: &str) -> Result<Value, LoadError> {
    value(file_name, text).map(|document| document.content).map_err(LoadError::new)
}

/// Any document of others, by the core schema of YAML 1.2.
pub(crate) fn value(name: &str, text: &str) -> Result<Document<Value>, Vec<Diagnostic>> {
    let tree = yaml::read(text, Dialect::Core);
    if tree.problems.is_empty() {
        let source = Source::named(name).with_marks(tree.marks);
        Ok(Document { content: tree.value, source })
    } else {
        Err(diagnostics(name, &tree, Vec::new()))
    }
}

/// A document of ours.
fn document<T: DeserializeOwned + JsonSchema>(
    name: &str,
    text: &str,
) -> Result<Document<T>, LoadError> {
    document_of(&Shape::of::<T>(), name, text).map_err(LoadError::new)
}

/// A document of ours, with its shape given.
pub(crate) fn document_of<T: DeserializeOwned>(
    shape: &Shape,
    name: &str,
    text: &str,
) -> Result<Document<T>, Vec<Diagnostic>> {
    let tree = yaml::read(text, Dialect::Ours);
    let wrong = if tree.complete { shape.check(&tree) } else { Vec::new() };
    if !wrong.is_empty() || !tree.problems.is_empty() {
        return Err(diagnostics(name, &tree, wrong));
    }
    match T::deserialize(&tree.value) {
        Ok(content) => Ok(Document { content, source: Source::named(name).with_marks(tree.marks) }),
        // The shape is made from the type, so there is nothing left to refuse; if there is, say so without a line.
        Err(error) => Err(vec![Diagnostic::new(name, error.to_string())]),
    }
}

/// What is wrong with a text, in its order.
fn diagnostics(name: &str, tree: &Tree, wrong: Vec<Wrong>) -> Vec<Diagnostic> {
    let with_rule = |diagnostic: Diagnostic| match rule_at(&tree.value, &diagnostic.pointer) {
        Some(rule) => diagnostic.of_rule(rule),
        None => diagnostic,
    };
    let mut all: Vec<Diagnostic> = tree
        .problems
        .iter()
        .map(|problem| {
            Diagnostic::new(name, &problem.message).at(
                problem.at.line,
                problem.at.column,
                &problem.pointer,
            )
        })
        .chain(wrong.into_iter().map(|Wrong { pointer, key, message }| {
            let mark =
                if key { tree.marks.of_key(&pointer) } else { tree.marks.of_value(&pointer) };
            Diagnostic::new(name, message).at(mark.line, mark.column, pointer)
        }))
        .map(with_rule)
        .collect();
    all.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    all
}

/// The rule that a pointer leads into: of a rule file `/rules/3/…`, of a policy `/rules/<id>/…`.
fn rule_at(document: &Value, pointer: &str) -> Option<String> {
    let token = pointer.strip_prefix("/rules/")?.split('/').next()?;
    match document.get("rules")? {
        Value::Array(rules) => {
            let rule = rules.get(token.parse::<usize>().ok()?)?;
            rule.get("id").and_then(Value::as_str).map(shown)
        }
        Value::Object(_) => Some(shown(&yaml::unescape(token))),
        _ => None,
    }
}

pub(crate) fn whole_file(name: &str, message: impl Into<String>) -> LoadError {
    LoadError::new(vec![Diagnostic::new(name, message)])
}

/// Reads a file of bounded size. Only regular files: a pipe could make the reader wait for ever.
pub(crate) fn read_file(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("cannot be read: {error}");
    let file = std::fs::File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(good).filter(|b| **b == b'\n').count();
        format!("is not UTF-8: line {line}, byte {good} of the file")
    })
}
