//! `abatis scan`: many values or requests, one JSON line each, in the order of the input.
//!
//! The log module reads, [`worker`] judges, [`memory`] remembers what was clean, [`write`] writes the lines, [`timing`] counts nanoseconds.

mod memory;
mod timing;
mod worker;
mod write;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use abatis::Action;
use clap::ArgGroup;
use indicatif::ProgressBar;
use jiff::Timestamp;

use crate::events::EventsFormat;
use crate::log::pipeline::{self, Sink};
use crate::log::{Format, input, jobs, longest_line};
use crate::output::{Error, FailOn, complain_of_unreadable};
use crate::policy::{PolicyArgs, build};
use crate::report;
use worker::{Kind, Output, Worker};

/// Judge many values or requests: JSON Lines or a log in, JSON Lines out.
///
/// Lines come out in the order in which they went in, on however many threads they were judged. Memory stays flat.
#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("input").required(true).args(["values", "requests"]))]
#[command(after_help = "\
Lines in; headers, body, trailers and place may be left out, other keys are ignored:
  --values    {\"id\": …, \"value\": \"…\" | \"value_b64\": \"…\", \"place\": \"query\"}
  --requests  {\"id\": …, \"method\": \"GET\", \"target\": \"/\", \"headers\": [[\"Host\", \"h\"]], \"body\" | \"body_b64\": \"…\", \
\"trailers\": [[\"X-Sum\", \"7\"]]}
A value is the parameter as the application sees it, after one URL-decode: `+` is a plus. Places: path, query, form, json, \
header, cookie, body, xml. Requests may also have \"time\" (RFC 3339) and \"client\", for reports and events.

Logs, with --format: `combined` reads access logs of Apache and nginx (also `common`), whose ids are the numbers of lines; `har` \
reads HTTP Archives, whose ids are the indexes of `log.entries`. Any input may be compressed with gzip or zstd.

Lines out:
  {\"id\": …, \"schema\": 1, \"action\": \"allow\" | \"flag\" | \"sanitize\" | \"block\", \"score\": 0..1000, \"class\": \"sqli\" | … | null,
   \"findings\": […][, \"dropped\": N], \"coverage\": \"full\" | {\"partial\": \"…\"}, \"ruleset\": \"…\"}
  {\"id\": … | null, \"line\": N, \"error\": \"…\"} for a line that cannot be read; the scan goes on

Exit codes: 0 done, 1 an action reached --fail-on, 2 the input or the policy cannot be used at all.

Examples:
  echo '{\"id\": 1, \"value\": \"1 or 1=1\"}' | abatis scan --values -
  abatis scan --requests captured.jsonl --policy policy.yaml --jobs 4 > verdicts.jsonl
  abatis scan --requests access.log.gz --format combined --only flag --report report.html
  abatis scan --requests access.log --format combined --events - --events-format ocsf
  abatis scan --values values.jsonl --timing > /dev/null")]
pub(crate) struct Args {
    /// Values, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Requests, one JSON object a line or as --format says; `-` is standard input
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// How the requests are written
    #[arg(long, value_enum, default_value_t, conflicts_with = "values")]
    format: Format,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Worker threads, at most 1024; all cores if left out, one with --timing
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Print only lines whose action is at least this one, and those that cannot be read
    #[arg(long, value_enum, value_name = "ACTION")]
    only: Option<FailOn>,
    /// Write a report of the whole scan: .html for people, .json for programs; a short table goes to standard error
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Show evidence in the report; without it, it is masked
    #[arg(long, requires = "report")]
    show_payload: bool,
    /// Write an event for each verdict that is not allow; `-` is standard output, in place of the lines
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// How events are written
    #[arg(long, value_enum, default_value_t, requires = "events")]
    events_format: EventsFormat,
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
        (None, Some(path)) => (path, Kind::Requests(args.format)),
        (None, None) => return Err(Error::Message("give --values FILE or --requests FILE".into())),
    };
    let start = Instant::now();
    let bundle = args.policy.bundle()?;
    let engine = build(&bundle)?;
    let ruleset = engine.ruleset().to_owned();
    let longest = longest_line(&bundle.policy.limits);
    let (source, progress) = input::open(path)?;
    let report = args.report.as_deref().map(report::Target::open).transpose()?;
    let events_path = args.events.as_deref().filter(|path| *path != Path::new("-"));
    let events = match events_path {
        Some(path) => Some(BufWriter::new(File::create(path).map_err(Error::io(path))?)),
        None => None,
    };
    let lines = args.events.is_none() || events.is_some();
    let worker = Worker::new(engine, bundle, kind)
        .timing(args.timing)
        .lines(lines, args.only.map_or(Action::Allow, FailOn::bound))
        .tallied(report.is_some(), args.show_payload)
        .events(args.events.is_some().then_some(args.events_format));
    let jobs = if args.timing { 1 } else { jobs(args.jobs) };
    let mut all = All {
        out: BufWriter::new(io::stdout().lock()),
        events,
        progress: &progress,
        sum: Output::default(),
    };
    let format = if matches!(kind, Kind::Values) { Format::Jsonl } else { args.format };
    let written = events_path.unwrap_or(Path::new("standard output"));
    let done = pipeline::run((source, format), (path, written), longest, worker, jobs, &mut all);
    progress.finish_and_clear();
    done?;
    let sum = all.sum;
    if args.timing {
        // Alone on standard error, for programs.
        let _ = io::stderr().write_all(sum.timing.summary().as_bytes());
    } else {
        complain_of_unreadable(sum.unreadable as u64, ", see `error`");
    }
    if let Some(report) = report {
        let about = report::About {
            input: path.display().to_string(),
            policy: args.policy.name(),
            ruleset,
            made: Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            seconds: start.elapsed().as_secs_f64(),
        };
        report.write(&about, &sum.tally)?;
        if !args.timing {
            let _ = io::stderr().write_all(report::table(&sum.tally.report(&about)).as_bytes());
        }
    }
    Ok(FailOn::code(args.fail_on, sum.strongest))
}

/// Where outputs go, and what they come to.
struct All<'p> {
    out: BufWriter<io::StdoutLock<'static>>,
    events: Option<BufWriter<File>>,
    progress: &'p ProgressBar,
    sum: Output,
}

impl Sink<Output> for All<'_> {
    fn take(&mut self, output: Output) -> io::Result<()> {
        self.out.write_all(&output.text)?;
        match &mut self.events {
            Some(file) => file.write_all(&output.events)?,
            None => self.out.write_all(&output.events)?,
        }
        let sum = &mut self.sum;
        sum.strongest = sum.strongest.max(output.strongest);
        sum.unreadable += output.unreadable;
        sum.timing.append(output.timing);
        sum.tally.merge(output.tally);
        Ok(())
    }

    fn idle(&mut self) -> io::Result<()> {
        self.progress.tick();
        if let Some(file) = &mut self.events {
            file.flush()?;
        }
        self.out.flush()
    }
}
