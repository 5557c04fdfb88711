//! `abatis inspect`: request texts in, one line each out.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abatis::{Action, Coverage, Scratch, Verdict};
use serde_json::json;

use crate::http::Message;
use crate::output::{Color, Error, FailOn};
use crate::policy::PolicyArgs;

/// Judge HTTP/1.1 request texts.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "A request text is what goes over the wire: request line, headers, blank line, body. Folders are searched for \
    files; `-` is standard input.\n\nExample:\n  printf 'GET /?q=<script>alert(1)</script> HTTP/1.1\\n\\n' | abatis inspect -"
)]
pub(crate) struct Args {
    /// Files, folders, or `-`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// One JSON object per request
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a request reached this action
    #[arg(long, value_enum, value_name = "ACTION")]
    fail_on: Option<FailOn>,
}

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let engine = args.policy.engine()?;
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    let width = files.iter().map(|file| file.display().to_string().len()).max().unwrap_or(0);
    let mut scratch = Scratch::new();
    let mut strongest = Action::Allow;
    let mut failed = None;
    let mut out = std::io::stdout().lock();
    for file in &files {
        let text = read(file)?;
        let message = match Message::parse(&text) {
            Ok(message) => message,
            Err(error) => {
                eprintln!("abatis: {}: {error}", file.display());
                failed = Some(file);
                continue;
            }
        };
        let verdict = engine.inspect_with(&mut scratch, &message.request());
        strongest = strongest.max(verdict.action);
        let line = if args.json {
            json!({"file": file.display().to_string(), "verdict": verdict}).to_string()
        } else {
            format!(
                "{}  {:>4}  {:width$}  {}",
                color.action(verdict.action, 5),
                verdict.score,
                file.display(),
                summary(verdict)
            )
        };
        writeln!(out, "{}", line.trim_end()).map_err(Error::io("standard output"))?;
    }
    if failed.is_some() {
        return Ok(ExitCode::from(2));
    }
    if files.is_empty() {
        return Err(Error::Message("no request texts found in the folders given".into()));
    }
    Ok(FailOn::code(args.fail_on, strongest))
}

/// The strongest finding in a few words.
fn summary(verdict: &Verdict) -> String {
    let mut summary = match verdict.findings.first() {
        Some(finding) => {
            format!("{} in {} {}", finding.rule, finding.place, finding.pointer)
        }
        None => String::new(),
    };
    let more = verdict.findings.len().saturating_sub(1) + verdict.dropped as usize;
    if more > 0 {
        summary.push_str(&format!(" (and {more} more)"));
    }
    if let Coverage::Partial(limit) = verdict.coverage {
        summary.push_str(&format!(" [partial: {limit}]"));
    }
    summary
}

/// Files as given, folders as their files in order of name, to any depth.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        let entries = std::fs::read_dir(&path).map_err(Error::io(&path))?;
        let mut inside: Vec<PathBuf> = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .map_err(Error::io(&path))?;
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
