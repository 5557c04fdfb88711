//! `abatis inspect`: request texts in, one line each out.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abatis::{Action, Coverage, Scratch, Verdict};
use serde::Serialize;
use serde_json::Value;

use crate::events::{self, EventsFormat};
use crate::http::Message;
use crate::output::{Color, Error, FailOn, complain, tame};
use crate::policy::{PolicyArgs, build};

/// Judge HTTP/1.1 request texts.
///
/// One line each: action, score, file, strongest finding.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A request text is what goes over the wire: request line, headers, blank line, body (without chunk headers). Folders are \
searched for files, hidden ones left out; `-` is standard input.

Exit codes: 0 done, 1 an action reached --fail-on, 2 a file cannot be read as a request (the others are judged all the \
same), or the policy cannot be used.

Examples:
  abatis inspect examples/requests
  printf 'GET /?q=<script>alert(1)</script> HTTP/1.1\\n\\n' | abatis inspect -
  abatis inspect --policy policy.yaml --fail-on block --json captured/")]
pub(crate) struct Args {
    /// Files, folders, or `-`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// One JSON object a request: `{"file": …, "verdict": {…}}`
    #[arg(long)]
    json: bool,
    /// Write an event for each verdict that is not allow; `-` is standard output, in place of the lines
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// How events are written
    #[arg(long, value_enum, default_value_t, requires = "events")]
    events_format: EventsFormat,
    /// Exit with 1 if a request reached this action
    #[arg(long, value_enum, value_name = "ACTION")]
    fail_on: Option<FailOn>,
}

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let bundle = args.policy.bundle()?;
    let engine = build(&bundle)?;
    let mut files = Vec::new();
    let mut failed = false;
    for path in &args.paths {
        if let Err(error) = collect(path, &mut files) {
            complain(error);
            failed = true;
        }
    }
    if files.is_empty() && !failed {
        return Err(Error::Message("no request texts in the folders given".into()));
    }
    let width = files.iter().map(|file| shown(file).chars().count()).max().unwrap_or(0);
    let mut scratch = Scratch::new();
    let mut strongest = Action::Allow;
    let mut out = std::io::stdout().lock();
    let events_path = args.events.as_deref().filter(|path| *path != Path::new("-"));
    let mut events_file =
        events_path.map(|path| File::create(path).map_err(Error::io(path))).transpose()?;
    for file in &files {
        let text = match read(file) {
            Ok(text) => text,
            Err(error) => {
                complain(error);
                failed = true;
                continue;
            }
        };
        let message = match Message::parse(&text) {
            Ok(message) => message,
            Err(error) => {
                complain(format_args!("{}: {error}", shown(file)));
                failed = true;
                continue;
            }
        };
        let request = message.request();
        if args.events.is_some() {
            let mut text = Vec::new();
            let route = engine.route(&mut scratch, &request);
            let id = Value::from(file.to_string_lossy());
            let context = events::Context { id, time: None, client: None, bundle: &bundle, route };
            let verdict = engine.inspect_with(&mut scratch, &request);
            events::write(args.events_format, &mut text, context, &request, verdict);
            let written = match &mut events_file {
                Some(events) => events.write_all(&text),
                None => out.write_all(&text),
            };
            let name = events_path.unwrap_or(Path::new("standard output"));
            written.map_err(Error::io(name))?;
        }
        let verdict = engine.inspect_with(&mut scratch, &request);
        strongest = strongest.max(verdict.action);
        if args.events.is_some() && events_file.is_none() {
            continue;
        }
        let line = if args.json {
            let line = Line { file: file.to_string_lossy(), verdict };
            serde_json::to_string(&line).map_err(|error| Error::Message(error.to_string()))?
        } else {
            format!(
                "{}  {:>4}  {:width$}  {}",
                color.action(verdict.action, 5),
                verdict.score,
                shown(file),
                summary(verdict)
            )
        };
        writeln!(out, "{}", line.trim_end()).map_err(Error::io("standard output"))?;
    }
    if failed {
        return Ok(ExitCode::from(2));
    }
    Ok(FailOn::code(args.fail_on, strongest))
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'l> {
    file: Cow<'l, str>,
    verdict: &'l Verdict,
}

fn shown(file: &Path) -> String {
    tame(&file.to_string_lossy())
}

/// The strongest finding in a few words.
fn summary(verdict: &Verdict) -> String {
    let mut summary = match verdict.findings.first() {
        Some(finding) => {
            let name = if finding.name { "name of " } else { "" };
            format!("{} in {name}{} {}", finding.rule, finding.place, tame(&finding.pointer))
        }
        None => String::new(),
    };
    let more = verdict.findings.len().saturating_sub(1) + verdict.dropped as usize;
    if more > 0 {
        let _ = write!(summary, " (and {more} more)");
    }
    if let Coverage::Partial(limit) = verdict.coverage {
        let _ = write!(summary, " [partial: {limit}]");
    }
    summary
}

/// Files as given, folders as their files in order of name, to any depth. Links to folders inside folders are not
/// followed, so the walk ends; neither are pipes and sockets opened, which could wait for ever.
pub(crate) fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_file() {
            files.push(path);
            continue;
        }
        let entries = std::fs::read_dir(&path).map_err(Error::io(&path))?;
        let mut inside = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io(&path))?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_hidden && (is_folder || entry.path().is_file()) {
                inside.push(entry.path());
            }
        }
        inside.sort();
        open.extend(inside.into_iter().rev());
    }
    Ok(())
}

/// A file's bytes, or those of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    if path == Path::new("-") {
        let mut text = Vec::new();
        std::io::stdin().lock().read_to_end(&mut text).map_err(Error::io("standard input"))?;
        return Ok(text);
    }
    std::fs::read(path).map_err(Error::io(path))
}
