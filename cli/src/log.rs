//! Logs: requests that went by, read to be judged.
//!
//! ```text
//! open ─ decode (gzip, zstd) ─► blocks of whole lines ─► workers ─ item by item ─► outputs, in order
//! ```
//!
//! [`input`] opens and decodes, [`pipeline`] keeps all cores busy and the order, [`json`], [`combined`] and [`har`] read one format
//! each, [`path`] folds paths to patterns.

pub(crate) mod combined;
pub(crate) mod har;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod path;
pub(crate) mod pipeline;

use std::borrow::Cow;
use std::num::NonZero;
use std::path::PathBuf;

use abatis::{Limits, Request};
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::output::{Error, complain_of_unreadable};
use json::Unreadable;
use pipeline::Block;

/// How the requests of a log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line
    #[default]
    Jsonl,
    /// Access log of Apache or nginx, `combined` or `common`
    Combined,
    /// HTTP Archive 1.2, as browsers and proxies save it
    Har,
}

/// What `replay` and `propose` are told of their log.
#[derive(clap::Args, Debug)]
pub(crate) struct LogArgs {
    /// The log; `-` is standard input. May be compressed with gzip or zstd
    #[arg(value_name = "LOG")]
    pub(crate) log: PathBuf,
    /// How the log is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Worker threads, at most 1024; all cores if left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

impl LogArgs {
    /// Tells of what could not be read; an error if that was all there is: what is found of nothing is no answer.
    pub(crate) fn check(&self, read: u64, unreadable: u64) -> Result<(), Error> {
        if read == 0 && unreadable > 0 {
            let (log, format) = (self.log.display(), self.format.to_possible_value());
            let format = format.as_ref().map_or("", |format| format.get_name());
            return Err(Error::Message(format!(
                "{log}: no line is {format}; `--format` is one of jsonl, combined, har"
            )));
        }
        complain_of_unreadable(unreadable, "");
        Ok(())
    }
}

/// How many workers there are.
pub(crate) fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from)
}

/// A request within the limits fits, even if all of it is written as `\u0000`; and a good deal more, to be told of limits.
pub(crate) fn longest_line(limits: &Limits) -> usize {
    let request = limits.target_bytes + limits.header_bytes + limits.body_bytes;
    request.saturating_mul(6).max(16 << 20)
}

/// Bytes of a line, copied only where the line has them in another form.
pub(crate) type Bytes<'l> = Cow<'l, [u8]>;

/// What a line came to be known by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Id<'l> {
    /// The `id` of a JSON line.
    Given(Option<&'l RawValue>),
    /// The number of a line.
    Line(usize),
}

impl Id<'_> {
    /// The id as a value.
    pub(crate) fn value(&self) -> Value {
        match self {
            Id::Given(id) => {
                id.and_then(|id| serde_json::from_str(id.get()).ok()).unwrap_or_default()
            }
            Id::Line(number) => Value::from(*number),
        }
    }
}

/// A request of a log.
#[derive(Debug)]
pub(crate) struct Item<'l> {
    pub(crate) id: Id<'l>,
    pub(crate) time: Option<Timestamp>,
    /// Who sent it, if the log says so.
    pub(crate) client: Option<Cow<'l, str>>,
    method: Bytes<'l>,
    target: Bytes<'l>,
    headers: Vec<Line<'l>>,
    body: Vec<u8>,
    trailers: Vec<Line<'l>>,
}

/// Name and value of a header or trailer line.
type Line<'l> = (Bytes<'l>, Bytes<'l>);

impl Item<'_> {
    pub(crate) fn request(&self) -> Request<'_> {
        let request = Request::new(&self.method, &self.target).body(&self.body);
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let trailers = self.trailers.iter();
        trailers.fold(request, |request, (name, value)| request.trailer(name, value))
    }

    /// The same request, apart from the line that it was read from; its id is lost.
    pub(crate) fn into_owned(self) -> Item<'static> {
        let owned = |bytes: Bytes<'_>| Cow::Owned(bytes.into_owned());
        let lines = |lines: Vec<Line<'_>>| -> Vec<Line<'static>> {
            lines.into_iter().map(|(name, value)| (owned(name), owned(value))).collect()
        };
        Item {
            id: Id::Given(None),
            time: self.time,
            client: self.client.map(|client| Cow::Owned(client.into_owned())),
            method: owned(self.method),
            target: owned(self.target),
            headers: lines(self.headers),
            body: self.body,
            trailers: lines(self.trailers),
        }
    }

    /// Bytes of target, headers, body and trailers.
    pub(crate) fn bytes(&self) -> usize {
        let lines = self.headers.iter().chain(&self.trailers);
        let lines: usize = lines.map(|(name, value)| name.len() + value.len()).sum();
        self.target.len() + lines + self.body.len()
    }
}

/// The items of a block, each with the number of its line; lines that hold nothing are left out.
pub(crate) fn items(
    format: Format,
    block: &Block,
) -> impl Iterator<Item = (usize, Result<Item<'_>, Unreadable>)> {
    block.lines().map(move |(number, line)| {
        let item = line.and_then(|line| match format {
            Format::Jsonl | Format::Har => json::request(line),
            Format::Combined => combined::Line::read(line, number)?.item(number),
        });
        (number, item)
    })
}
