//! Where a document came from, kept so that what is found wrong later still names file, line and column.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::yaml::{Mark, Marks};
use crate::error::Diagnostic;

/// Where a document came from. The default stands for a document made in code: no file, no lines.
#[derive(Clone, Default)]
pub struct Source {
    name: String,
    folder: Option<PathBuf>,
    marks: Option<Arc<Marks>>,
    /// Pointer of the document inside of the file.
    base: String,
}

impl Source {
    /// A source that has a name but no lines.
    pub(crate) fn named(name: impl Into<String>) -> Source {
        Source { name: name.into(), ..Source::default() }
    }

    pub(crate) fn with_marks(self, marks: Marks) -> Source {
        Source { marks: Some(Arc::new(marks)), ..self }
    }

    pub(crate) fn in_folder(self, folder: impl Into<PathBuf>) -> Source {
        Source { folder: Some(folder.into()), ..self }
    }

    /// The part of this document at `pointer`, as a document of its own.
    pub(crate) fn part(&self, pointer: &str) -> Source {
        Source { base: format!("{}{pointer}", self.base), ..self.clone() }
    }

    /// The file's name as the caller gave it, `builtin:…` for files that ship with abatis; empty for a document made in code.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder that paths in the document are relative to.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Line and column, from 1, of the value at a JSON pointer; of the nearest value around it if there is none, 0 if unknown.
    pub(crate) fn position(&self, pointer: &str) -> (u32, u32) {
        self.mark(|marks| marks.of_value(&format!("{}{pointer}", self.base)))
    }

    /// An error about the value at a JSON pointer.
    pub(crate) fn diagnostic(&self, pointer: &str, message: impl Into<String>) -> Diagnostic {
        self.locate(pointer, message, self.position(pointer))
    }

    /// An error about the key of the value at a JSON pointer.
    pub(crate) fn diagnostic_of_key(
        &self,
        pointer: &str,
        message: impl Into<String>,
    ) -> Diagnostic {
        let at = self.mark(|marks| marks.of_key(&format!("{}{pointer}", self.base)));
        self.locate(pointer, message, at)
    }

    fn mark(&self, find: impl Fn(&Marks) -> Mark) -> (u32, u32) {
        self.marks.as_deref().map_or((0, 0), |marks| {
            let Mark { line, column } = find(marks);
            (line, column)
        })
    }

    fn locate(
        &self,
        pointer: &str,
        message: impl Into<String>,
        (line, column): (u32, u32),
    ) -> Diagnostic {
        let file = if self.name.is_empty() { "policy" } else { &self.name };
        Diagnostic::new(file, message).at(line, column, format!("{}{pointer}", self.base))
    }
}

/// The name alone: positions would fill pages.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A document with where it came from.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// What it says.
    pub content: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Document<T> {
    /// A document made in code; messages call it `name`.
    ///
    /// ```
    /// use abatis::model::Document;
    /// use abatis::model::rule::RuleFile;
    /// let rules = Document::new("my rules", RuleFile::default());
    /// assert_eq!(rules.source.name(), "my rules");
    /// ```
    pub fn new(name: impl Into<String>, content: T) -> Document<T> {
        Document { content, source: Source::named(name) }
    }
}
