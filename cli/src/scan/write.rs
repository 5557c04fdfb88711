//! The lines that `scan` writes: a contract with other programs.

use std::io::Write;

use abatis::Verdict;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::log::Id;
use crate::log::json::Unreadable;

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Id::Given(id) => id.serialize(out),
            Id::Line(number) => number.serialize(out),
        }
    }
}

/// Writes a verdict line.
pub(super) fn verdict(text: &mut Vec<u8>, id: Id<'_>, verdict: &Verdict) {
    #[derive(Serialize)]
    struct Line<'v> {
        id: Id<'v>,
        #[serde(flatten)]
        verdict: &'v Verdict,
    }
    line(text, &Line { id, verdict });
}

/// Clean verdicts differ in nothing but their ids: what follows the id, written once.
pub(super) struct Clean(Vec<u8>);

impl Clean {
    pub(super) fn new(clean: &Verdict) -> Clean {
        let mut text = Vec::new();
        verdict(&mut text, Id::Line(0), clean);
        Clean(text.strip_prefix(b"{\"id\":0").unwrap_or_default().to_vec())
    }

    /// Writes the line of a clean verdict.
    pub(super) fn write(&self, text: &mut Vec<u8>, number: usize) {
        // Writing to memory cannot fail.
        let _ = write!(text, "{{\"id\":{number}");
        text.extend_from_slice(&self.0);
    }
}

/// `{"id": …, "line": N, "error": "…"}`
pub(super) fn unreadable(text: &mut Vec<u8>, number: usize, unreadable: &Unreadable) {
    #[derive(Serialize)]
    struct Told<'l> {
        id: Option<&'l RawValue>,
        line: usize,
        error: &'l str,
    }
    line(text, &Told { id: unreadable.id(), line: number, error: unreadable.error() });
}

fn line(text: &mut Vec<u8>, line: &impl Serialize) {
    // Writing these types to memory cannot fail.
    let _ = serde_json::to_writer(&mut *text, line);
    text.push(b'\n');
}
