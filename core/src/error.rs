//! What can go wrong before a request is looked at: [`LoadError`] for texts, [`BuildError`] for engines.
//!
//! Inspecting cannot fail; a broken request is a finding. Loading and compiling report *all* errors of their input, each
//! a [`Diagnostic`] that says where it is, which rule it is about and what would be right.

use std::fmt;

/// One thing that is wrong in a policy, rule, weight or schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// File name as the caller gave it; `builtin:…` for files that ship with abatis.
    pub file: String,
    /// Line, counted from 1; 0 if the error is about the file as a whole.
    pub line: u32,
    /// Column in characters, counted from 1; 0 if the error is about the file as a whole.
    pub column: u32,
    /// Where in the document: `/routes/0/body`. Empty at the top.
    pub pointer: String,
    /// The rule it is about, if it is about one.
    pub rule: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Diagnostic {
    /// An error about a file as a whole.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            file: file.into(),
            line: 0,
            column: 0,
            pointer: String::new(),
            rule: None,
            message: message.into(),
        }
    }

    /// The same error at a place in the file.
    pub fn at(mut self, line: u32, column: u32, pointer: impl Into<String>) -> Diagnostic {
        self.line = line;
        self.column = column;
        self.pointer = pointer.into();
        self
    }

    /// The same error, about this rule.
    pub fn of_rule(mut self, rule: impl Into<String>) -> Diagnostic {
        self.rule = Some(rule.into());
        self
    }
}

/// `file:line:col: rule: message (at /pointer)`, parts that are not known left out.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line != 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if let Some(rule) = &self.rule {
            write!(f, ": rule `{rule}`")?;
        }
        write!(f, ": {}", self.message)?;
        if !self.pointer.is_empty() {
            write!(f, " (at {})", self.pointer)?;
        }
        Ok(())
    }
}

/// A policy, rule, weight or schema text that cannot be read. Holds every error of the text.
#[derive(Debug)]
pub struct LoadError {
    diagnostics: Vec<Diagnostic>,
}

impl LoadError {
    /// Wraps what was found; there must be something.
    pub(crate) fn new(diagnostics: Vec<Diagnostic>) -> LoadError {
        debug_assert!(!diagnostics.is_empty());
        LoadError { diagnostics }
    }

    /// All errors, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// File, line and column of the first error; line and column count from 1, 0 means the whole file.
    pub fn location(&self) -> (&str, u32, u32) {
        self.diagnostics.first().map_or(("", 0, 0), |d| (&d.file, d.line, d.column))
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_all(f, &self.diagnostics)
    }
}

impl std::error::Error for LoadError {}

/// A policy that was read but cannot be compiled.
///
/// ```
/// use abatis::{Engine, Policy};
/// let policy = Policy::from_yaml("p.yaml", "rules: {sql.injektion: {mode: monitor}}")?;
/// let error = Engine::new(&policy).unwrap_err();
/// assert_eq!(error.diagnostics().len(), 1);
/// assert!(error.to_string().starts_with("p.yaml:1:"), "{error}");
/// # Ok::<(), abatis::LoadError>(())
/// ```
#[derive(Debug)]
pub struct BuildError {
    kind: BuildErrorKind,
}

#[derive(Debug)]
enum BuildErrorKind {
    /// Rules, schemas, routes or exclusions that contradict each other or themselves.
    Invalid(Vec<Diagnostic>),
    /// Compiled structures would take more than `Limits::compiled_bytes`.
    TooLarge { limit: usize, needed: usize },
}

impl BuildError {
    pub(crate) fn invalid(diagnostics: Vec<Diagnostic>) -> BuildError {
        debug_assert!(!diagnostics.is_empty());
        BuildError { kind: BuildErrorKind::Invalid(diagnostics) }
    }

    pub(crate) fn too_large(limit: usize, needed: usize) -> BuildError {
        BuildError { kind: BuildErrorKind::TooLarge { limit, needed } }
    }

    /// The first rule that is to blame, if one is.
    pub fn rule(&self) -> Option<&str> {
        self.diagnostics().iter().find_map(|d| d.rule.as_deref())
    }

    /// `Limits::compiled_bytes`, if it was exceeded.
    pub fn size_limit(&self) -> Option<usize> {
        match self.kind {
            BuildErrorKind::TooLarge { limit, .. } => Some(limit),
            BuildErrorKind::Invalid(_) => None,
        }
    }

    /// All errors; empty if a size limit was exceeded.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.kind {
            BuildErrorKind::Invalid(diagnostics) => diagnostics,
            BuildErrorKind::TooLarge { .. } => &[],
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            BuildErrorKind::Invalid(diagnostics) => write_all(f, diagnostics),
            BuildErrorKind::TooLarge { limit, needed } => write!(
                f,
                "the compiled rules take {needed} bytes, more than `limits.compiled_bytes` = {limit}; raise it or drop rules"
            ),
        }
    }
}

impl std::error::Error for BuildError {}

fn write_all(f: &mut fmt::Formatter<'_>, diagnostics: &[Diagnostic]) -> fmt::Result {
    for (at, diagnostic) in diagnostics.iter().enumerate() {
        if at > 0 {
            f.write_str("\n")?;
        }
        write!(f, "{diagnostic}")?;
    }
    Ok(())
}
