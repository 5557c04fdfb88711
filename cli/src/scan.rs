//! `abatis scan`: many values or requests, JSON Lines in, JSON Lines out, in the same order.
//!
//! [`line`] reads and writes the lines, [`pipeline`] keeps all cores busy and the order, [`timing`] counts nanoseconds.

mod line;
mod pipeline;
mod timing;

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use abatis::{Action, Engine, Limits, Scratch, Verdict};
use clap::ArgGroup;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::value::RawValue;

use crate::output::{Error, FailOn, complain};
use crate::policy::{PolicyArgs, build};
use line::{Unreadable, ValueLine};
use pipeline::Batch;
use timing::Timing;

/// Judge many values or requests: JSON Lines in, JSON Lines out.
///
/// Lines come out in the order in which they went in, on however many threads they were judged. Memory stays flat.
#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("input").required(true).args(["values", "requests"]))]
#[command(after_help = "\
Lines in; headers, body and place may be left out, other keys are ignored:
  --values    {\"id\": …, \"value\": \"…\" | \"value_b64\": \"…\", \"place\": \"query\"}
  --requests  {\"id\": …, \"method\": \"GET\", \"target\": \"/\", \"headers\": [[\"Host\", \"h\"]], \"body\" | \"body_b64\": \"…\"}
A value is the parameter as the application sees it, after one URL-decode: `+` is a plus. Places: path, query, form, json, \
header, cookie, body, xml.

Lines out:
  {\"id\": …, \"schema\": 1, \"action\": \"allow\" | \"flag\" | \"sanitize\" | \"block\", \"score\": 0..1000, \"class\": \"sqli\" | … | null,
   \"findings\": […][, \"dropped\": N], \"coverage\": \"full\" | {\"partial\": \"…\"}, \"ruleset\": \"…\"}
  {\"id\": … | null, \"line\": N, \"error\": \"…\"} for a line that cannot be read; the scan goes on

Exit codes: 0 done, 1 an action reached --fail-on, 2 the input or the policy cannot be used at all.

Examples:
  echo '{\"id\": 1, \"value\": \"1 or 1=1\"}' | abatis scan --values -
  abatis scan --requests captured.jsonl --policy policy.yaml --jobs 4 > verdicts.jsonl
  abatis scan --values values.jsonl --timing > /dev/null")]
pub(crate) struct Args {
    /// Values, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Requests, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Worker threads, at most 1024; all cores if left out, one with --timing
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Exit with 1 if an item reached this action
    #[arg(long, value_enum, value_name = "ACTION")]
    fail_on: Option<FailOn>,
    /// Time each inspection alone, warm, on one thread; one JSON object on standard error at the end
    #[arg(long)]
    timing: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let (path, kind) = match (&args.values, &args.requests) {
        (Some(path), _) => (path, Kind::Values),
        (None, Some(path)) => (path, Kind::Requests),
        (None, None) => return Err(Error::Message("give --values FILE or --requests FILE".into())),
    };
    let bundle = args.policy.bundle()?;
    let worker = Worker { engine: build(&bundle)?, kind, timing: args.timing };
    let (input, progress) = open(path)?;
    let jobs = match (args.timing, args.jobs) {
        (true, _) => 1,
        (false, Some(jobs)) => usize::from(jobs),
        (false, None) => std::thread::available_parallelism().map_or(1, NonZero::get),
    };
    let longest = longest_line(&bundle.policy.limits);
    let done = pipeline::run(input, path, longest, worker, jobs, &progress);
    progress.finish_and_clear();
    let done = done?;
    if args.timing {
        // Alone on standard error, for programs.
        let _ = io::stderr().write_all(done.timing.summary().as_bytes());
    } else if done.unreadable > 0 {
        let lines = if done.unreadable == 1 { "line" } else { "lines" };
        complain(format_args!("{} {lines} could not be read, see `error`", done.unreadable));
    }
    Ok(FailOn::code(args.fail_on, done.strongest))
}

/// A request within the limits fits, even if all of it is written as `\u0000`; and a good deal more, to be told of limits.
fn longest_line(limits: &Limits) -> usize {
    let request = limits.target_bytes + limits.header_bytes + limits.body_bytes;
    request.saturating_mul(6).max(16 << 20)
}

/// The input, and its progress: shown if a person waits for it at a terminal that the lines do not go to.
fn open(path: &Path) -> Result<(Box<dyn Read + Send>, ProgressBar), Error> {
    let watched = io::stderr().is_terminal() && !io::stdout().is_terminal();
    let bar = |bar: ProgressBar, style: &str| {
        let style = ProgressStyle::with_template(style);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    };
    if path == Path::new("-") {
        let shown = watched && !io::stdin().is_terminal();
        let style = "{spinner} {bytes} {binary_bytes_per_sec} {elapsed}";
        let progress =
            if shown { bar(ProgressBar::no_length(), style) } else { ProgressBar::hidden() };
        return Ok((Box::new(progress.wrap_read(io::stdin())), progress));
    }
    let file = File::open(path).map_err(Error::io(path))?;
    let meta = file.metadata().map_err(Error::io(path))?;
    if meta.is_dir() {
        let message = "is a folder; expected a file of JSON Lines, one object a line";
        return Err(Error::Message(format!("{}: {message}", path.display())));
    }
    let style = "{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
    let progress =
        if watched { bar(ProgressBar::new(meta.len()), style) } else { ProgressBar::hidden() };
    Ok((Box::new(progress.wrap_read(file)), progress))
}

#[derive(Clone, Copy)]
enum Kind {
    Values,
    Requests,
}

/// What a worker needs to know.
struct Worker {
    engine: Engine,
    kind: Kind,
    timing: bool,
}

/// What became of lines.
#[derive(Default)]
struct Output {
    text: Vec<u8>,
    strongest: Action,
    unreadable: usize,
    timing: Timing,
}

impl Worker {
    /// Judges the lines of a batch.
    fn batch(&self, scratch: &mut Scratch, batch: &Batch) -> Output {
        let mut output = Output::default();
        for (at, line) in batch.lines.iter().enumerate() {
            let judged = match line {
                Ok(line) if line.trim_ascii().is_empty() => continue,
                Ok(line) => self.line(scratch, line.trim_ascii(), &mut output),
                Err(too_long) => Err(too_long.clone()),
            };
            if let Err(unreadable) = judged {
                output.unreadable += 1;
                unreadable.write(batch.first_line + at, &mut output.text);
            }
        }
        output
    }

    fn line(
        &self,
        scratch: &mut Scratch,
        line: &[u8],
        output: &mut Output,
    ) -> Result<(), Unreadable> {
        match self.kind {
            Kind::Values => {
                let ValueLine { id, value, place } = line::value(line)?;
                self.judge(scratch, id, value.len(), output, |engine, scratch| {
                    engine.inspect_value(scratch, place, &value)
                });
            }
            Kind::Requests => {
                let line = line::request(line)?;
                let request = line.request();
                self.judge(scratch, line.id, line.bytes(), output, |engine, scratch| {
                    engine.inspect_with(scratch, &request)
                });
            }
        }
        Ok(())
    }

    /// Judges one item and writes its line.
    fn judge(
        &self,
        scratch: &mut Scratch,
        id: Option<&RawValue>,
        bytes: usize,
        output: &mut Output,
        inspect: impl for<'s> Fn(&Engine, &'s mut Scratch) -> &'s Verdict,
    ) {
        if self.timing {
            // Warm: the first run grows the scratch and fills caches.
            inspect(&self.engine, scratch);
            let start = Instant::now();
            std::hint::black_box(inspect(&self.engine, scratch));
            output.timing.add(start.elapsed(), bytes);
        }
        let verdict = inspect(&self.engine, scratch);
        output.strongest = output.strongest.max(verdict.action);
        line::write(&mut output.text, id, verdict);
    }
}
