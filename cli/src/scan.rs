//! `abatis scan`: many values or requests, JSON Lines in, JSON Lines out, in the same order.
//!
//! ```text
//! reader ─ batches of lines ─► workers, one scratch each ─► writer, in order
//! ```
//!
//! Queues are bounded, so memory stays flat however long the input is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use abatis::{Action, Class, Coverage, Engine, Finding, Request, Scratch, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crossbeam_channel::{Receiver, Sender, bounded};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::output::{Error, FailOn};
use crate::policy::PolicyArgs;

/// Lines that travel together: enough to make a queue's cost vanish, few enough to keep memory flat.
const BATCH: usize = 256;

/// Judge many values or requests.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Lines in:\n  --values    {\"id\": …, \"value\": \"…\" | \"value_b64\": \"…\", \"place\": \"query\"}\n  --requests  {\"id\": …, \
    \"method\": \"GET\", \"target\": \"/\", \"headers\": [[\"Host\", \"h\"]], \"body\" | \"body_b64\": \"…\"}\nOther keys are ignored. A value is \
    the parameter as the application sees it, after one URL-decode.\n\nLines out, in the same order:\n  {\"id\": …, \"action\": …, \"score\": \
    0..1000, \"class\": …, \"findings\": […], \"coverage\": …}\n  {\"id\": …, \"line\": N, \"error\": \"…\"} for a line that cannot be \
    read\n\nExample:\n  echo '{\"id\": 1, \"value\": \"1 or 1=1\"}' | abatis scan --values -"
)]
pub(crate) struct Args {
    /// Values, one JSON object a line; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "requests",
        conflicts_with = "requests"
    )]
    values: Option<PathBuf>,
    /// Requests, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Worker threads; all cores if left out
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Exit with 1 if an item reached this action
    #[arg(long, value_enum, value_name = "ACTION")]
    fail_on: Option<FailOn>,
    /// Time each inspection alone, warm, on one thread; one JSON object on standard error at the end
    #[arg(long)]
    timing: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let engine = args.policy.engine()?;
    let (path, kind) = match (&args.values, &args.requests) {
        (Some(path), _) => (path, Kind::Values),
        (None, Some(path)) => (path, Kind::Requests),
        (None, None) => return Err(Error::Message("give --values FILE or --requests FILE".into())),
    };
    let (reader, progress) = open(path)?;
    let jobs = match (args.timing, args.jobs) {
        (true, _) => 1,
        (false, Some(jobs)) => jobs.get(),
        (false, None) => std::thread::available_parallelism().map_or(1, NonZero::get),
    };
    let worker = Worker { engine, kind, timing: args.timing };
    let done = pipeline(reader, path, &worker, jobs, &progress)?;
    progress.finish_and_clear();
    if args.timing {
        eprintln!("{}", done.timing.summary());
    }
    Ok(FailOn::code(args.fail_on, done.strongest))
}

fn open(path: &Path) -> Result<(Box<dyn BufRead + Send>, ProgressBar), Error> {
    if path == Path::new("-") {
        return Ok((Box::new(BufReader::new(io::stdin())), ProgressBar::hidden()));
    }
    let file = File::open(path).map_err(Error::io(path))?;
    let size = file.metadata().map_or(0, |meta| meta.len());
    let progress = if io::stderr().is_terminal() && !io::stdout().is_terminal() {
        let style = "{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
        let style =
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(size).with_style(style)
    } else {
        ProgressBar::hidden()
    };
    Ok((Box::new(BufReader::with_capacity(1 << 16, progress.wrap_read(file))), progress))
}

/// Lines in a row, and their place in the input.
struct Batch {
    number: usize,
    first_line: usize,
    lines: Vec<Vec<u8>>,
}

/// What became of a batch.
#[derive(Default)]
struct Output {
    text: Vec<u8>,
    strongest: Action,
    timing: Timing,
}

/// What a worker needs to know.
struct Worker {
    engine: Engine,
    kind: Kind,
    timing: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Values,
    Requests,
}

fn pipeline(
    reader: Box<dyn BufRead + Send>,
    path: &Path,
    worker: &Worker,
    jobs: usize,
    progress: &ProgressBar,
) -> Result<Output, Error> {
    let (to_workers, batches) = bounded::<Batch>(jobs * 2);
    let (to_writer, outputs) = bounded::<(usize, Output)>(jobs * 2);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || read_batches(reader, &to_workers));
        for _ in 0..jobs {
            let (batches, to_writer) = (batches.clone(), to_writer.clone());
            scope.spawn(move || {
                let mut scratch = Scratch::new();
                for batch in batches {
                    let number = batch.number;
                    if to_writer.send((number, worker.batch(&mut scratch, &batch))).is_err() {
                        return;
                    }
                }
            });
        }
        // The workers hold the other ends: the writer's queue closes when they are done.
        drop((batches, to_writer));
        let written = write_in_order(&outputs, progress);
        drop(outputs);
        let read = reading.join().unwrap_or_else(|_| Err(io::Error::other("the reader stopped")));
        let written = written.map_err(Error::io("standard output"))?;
        read.map_err(Error::io(path))?;
        Ok(written)
    })
}

fn read_batches(mut reader: Box<dyn BufRead + Send>, to_workers: &Sender<Batch>) -> io::Result<()> {
    let mut line = 1;
    for number in 0.. {
        let mut batch = Batch { number, first_line: line, lines: Vec::with_capacity(BATCH) };
        let mut ended = false;
        while batch.lines.len() < BATCH && !ended {
            let mut text = Vec::new();
            ended = reader.read_until(b'\n', &mut text)? == 0;
            if !ended {
                line += 1;
                batch.lines.push(text);
            }
        }
        if !batch.lines.is_empty() && to_workers.send(batch).is_err() {
            return Ok(());
        }
        if ended {
            return Ok(());
        }
    }
    Ok(())
}

fn write_in_order(
    outputs: &Receiver<(usize, Output)>,
    progress: &ProgressBar,
) -> io::Result<Output> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    let mut all = Output::default();
    for (number, output) in outputs {
        waiting.insert(number, output);
        while let Some(mut output) = waiting.remove(&next) {
            out.write_all(&output.text)?;
            all.strongest = all.strongest.max(output.strongest);
            all.timing.append(&mut output.timing);
            next += 1;
        }
        progress.tick();
    }
    out.flush()?;
    Ok(all)
}

/// A line of `--values`.
#[derive(Deserialize)]
struct ValueLine<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    value: Option<String>,
    value_b64: Option<String>,
    place: Option<String>,
}

/// A line of `--requests`.
#[derive(Deserialize)]
struct RequestLine<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    method: String,
    target: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_b64: Option<String>,
}

/// A verdict line: the contract of `scan`.
#[derive(Serialize)]
struct VerdictLine<'v> {
    id: Option<&'v RawValue>,
    schema: u32,
    action: Action,
    score: u16,
    class: Option<Class>,
    findings: &'v [Finding],
    #[serde(skip_serializing_if = "is_zero")]
    dropped: u32,
    coverage: Coverage,
    ruleset: &'v str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct ErrorLine<'v> {
    id: Option<&'v RawValue>,
    line: usize,
    error: String,
}

impl Worker {
    fn batch(&self, scratch: &mut Scratch, batch: &Batch) -> Output {
        let mut output = Output::default();
        for (at, line) in batch.lines.iter().enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let written = match self.kind {
                Kind::Values => self.value(scratch, line, &mut output),
                Kind::Requests => self.request(scratch, line, &mut output),
            };
            if let Err((id, error)) = written {
                let line = ErrorLine { id: id.as_deref(), line: batch.first_line + at, error };
                write_line(&mut output.text, &line);
            }
        }
        output
    }

    fn value(
        &self,
        scratch: &mut Scratch,
        line: &[u8],
        output: &mut Output,
    ) -> Result<(), Unreadable> {
        let line: ValueLine<'_> =
            serde_json::from_slice(line).map_err(|error| unreadable(line, &error))?;
        let fail = |error: String| (line.id.map(ToOwned::to_owned), error);
        let value = match (&line.value, &line.value_b64) {
            (Some(value), None) => value.as_bytes().to_vec(),
            (None, Some(coded)) => {
                BASE64_STANDARD.decode(coded).map_err(|e| fail(format!("`value_b64`: {e}")))?
            }
            _ => return Err(fail("expected either `value` or `value_b64`".into())),
        };
        let place = line.place.as_deref().unwrap_or("query");
        let place = crate::explain::place(place).map_err(|e| fail(format!("`place`: {e}")))?;
        self.judge(scratch, line.id, value.len(), output, |engine, scratch| {
            engine.inspect_value(scratch, place, &value)
        });
        Ok(())
    }

    fn request(
        &self,
        scratch: &mut Scratch,
        line: &[u8],
        output: &mut Output,
    ) -> Result<(), Unreadable> {
        let line: RequestLine<'_> =
            serde_json::from_slice(line).map_err(|error| unreadable(line, &error))?;
        let fail = |error: String| (line.id.map(ToOwned::to_owned), error);
        let body = match (&line.body, &line.body_b64) {
            (Some(_), Some(_)) => {
                return Err(fail("expected `body` or `body_b64`, not both".into()));
            }
            (body, None) => body.as_deref().unwrap_or_default().as_bytes().to_vec(),
            (None, Some(coded)) => {
                BASE64_STANDARD.decode(coded).map_err(|e| fail(format!("`body_b64`: {e}")))?
            }
        };
        let mut request = Request::new(&line.method, &line.target).body(&body);
        for (name, value) in &line.headers {
            request = request.header(name, value);
        }
        self.judge(scratch, line.id, line.target.len() + body.len(), output, |engine, scratch| {
            engine.inspect_with(scratch, &request)
        });
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
        let line = VerdictLine {
            id,
            schema: 1,
            action: verdict.action,
            score: verdict.score,
            class: verdict.class(),
            findings: &verdict.findings,
            dropped: verdict.dropped,
            coverage: verdict.coverage,
            ruleset: &verdict.ruleset,
        };
        write_line(&mut output.text, &line);
    }
}

/// The id of a line that cannot be read, if that much can, and why.
type Unreadable = (Option<Box<RawValue>>, String);

fn unreadable(line: &[u8], error: &serde_json::Error) -> Unreadable {
    #[derive(Deserialize)]
    struct Id<'l> {
        #[serde(borrow, default)]
        id: Option<&'l RawValue>,
    }
    let id = serde_json::from_slice::<Id<'_>>(line).ok().and_then(|line| line.id);
    (id.map(ToOwned::to_owned), error.to_string())
}

fn write_line(text: &mut Vec<u8>, line: &impl Serialize) {
    // Writing these types to memory cannot fail.
    let _ = serde_json::to_writer(&mut *text, line);
    text.push(b'\n');
}

/// Times of single inspections.
#[derive(Default)]
struct Timing {
    nanoseconds: Vec<u64>,
    bytes: u64,
}

impl Timing {
    fn add(&mut self, time: Duration, bytes: usize) {
        self.nanoseconds.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        self.bytes += bytes as u64;
    }

    fn append(&mut self, other: &mut Timing) {
        self.nanoseconds.append(&mut other.nanoseconds);
        self.bytes += other.bytes;
    }

    /// Items, bytes, and nanoseconds: median, mean, 99th percentile, maximum of one item; total.
    fn summary(mut self) -> String {
        self.nanoseconds.sort_unstable();
        let items = self.nanoseconds.len();
        let at = |share: usize| {
            self.nanoseconds
                .get((items * share / 100).min(items.saturating_sub(1)))
                .copied()
                .unwrap_or(0)
        };
        let total: u64 = self.nanoseconds.iter().sum();
        serde_json::json!({
            "items": items,
            "bytes": self.bytes,
            "ns_per_item_median": at(50),
            "ns_per_item_mean": total.checked_div(items as u64).unwrap_or(0),
            "ns_per_item_p99": at(99),
            "ns_per_item_max": at(100),
            "ns_total": total,
        })
        .to_string()
    }
}
