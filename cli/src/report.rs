//! What a scan came to: counts by class, path, rule, place and hour, and the worst lines.
//!
//! [`Tally`] counts. Workers count each block of lines by itself; the tallies are merged in the order of the blocks, so a
//! report does not depend on how many workers there were. [`html`] and [`table`] show it.

mod escape;
mod html;
mod table;
mod tally;

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

pub(crate) use table::table;
pub(crate) use tally::{Hour, Tally, Worst};

use crate::output::Error;

/// How a report is written, by the ending of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Html,
    Json,
}

/// Where a report goes.
#[derive(Debug)]
pub(crate) struct Target<'p> {
    path: &'p Path,
    kind: Kind,
    file: File,
}

/// What was scanned, and by what.
#[derive(Debug, Serialize)]
pub(crate) struct About {
    pub(crate) input: String,
    pub(crate) policy: String,
    pub(crate) ruleset: String,
    /// When the report was made.
    pub(crate) made: String,
    pub(crate) seconds: f64,
}

impl<'p> Target<'p> {
    /// Opens the file before the scan begins: who waited for a report shall not learn then that it has no place.
    pub(crate) fn open(path: &'p Path) -> Result<Target<'p>, Error> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let kind = match ending.to_ascii_lowercase().as_str() {
            "html" | "htm" => Kind::Html,
            "json" => Kind::Json,
            _ => {
                let message = "a report ends in .html or .json";
                return Err(Error::Message(format!("{}: {message}", path.display())));
            }
        };
        let file = File::create(path).map_err(Error::io(path))?;
        Ok(Target { path, kind, file })
    }

    /// Writes the report.
    pub(crate) fn write(mut self, about: &About, tally: &Tally) -> Result<(), Error> {
        let report = tally.report(about);
        let text = match self.kind {
            Kind::Html => html::page(&report),
            Kind::Json => serde_json::to_string_pretty(&report)
                .map_err(|error| Error::Message(error.to_string()))?,
        };
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(Error::io(self.path))
    }
}
