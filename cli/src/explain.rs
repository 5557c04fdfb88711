//! `abatis explain`: one verdict in full.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use abatis::{Explanation, Finding, Place, Request, Scratch, Verdict};
use clap::ArgGroup;
use serde_json::{Value, json};

use crate::http::Message;
use crate::inspect::read;
use crate::output::{Color, Error, print};
use crate::policy::PolicyArgs;

/// Show one verdict in full.
///
/// For each finding: the rule, the guilty bytes underlined in the request, how they were decoded, what weighed how much, and the
/// narrowest exclusion that would let them pass.
#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("input").required(true).args(["file", "value"]))]
#[command(after_help = "\
The guilty bytes are masked, since explanations end up in tickets and logs; --show-payload shows them.

Examples:
  abatis explain examples/requests/sql-union-encoded.http
  abatis explain --value \"1' or '1'='1\" --show-payload
  abatis explain --value '{\"$ne\": 1}' --place json --sensitivity paranoid --json")]
pub(crate) struct Args {
    /// A request text, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// A single value instead, as the application would get it after one decoding
    #[arg(long, value_name = "TEXT")]
    value: Option<OsString>,
    /// Where the value stands: path, query, form, json, header, cookie, body, xml
    #[arg(
        long,
        value_name = "PLACE",
        default_value = "query",
        value_parser = place,
        conflicts_with = "file"
    )]
    place: Place,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Show the guilty bytes, and with --json each step of their decoding
    #[arg(long)]
    show_payload: bool,
    /// The verdict as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let engine = args.policy.engine()?;
    let mut scratch = Scratch::new();
    let text;
    let (request, verdict) = if let Some(value) = &args.value {
        let value = value.as_encoded_bytes();
        let request = Request::new("", "").body(value);
        (request, engine.inspect_value(&mut scratch, args.place, value))
    } else {
        let path = args.file.clone().unwrap_or_default();
        text = read(&path)?;
        let message = Message::parse(&text)
            .map_err(|error| Error::Message(format!("{}: {error}", path.display())))?;
        let request = message.request();
        let verdict = engine.inspect_with(&mut scratch, &request);
        (request, verdict)
    };
    if args.json {
        let text = if args.show_payload {
            serde_json::to_string_pretty(&with_steps(verdict))
        } else {
            serde_json::to_string_pretty(verdict)
        };
        print(&(text.map_err(|error| Error::Message(error.to_string()))? + "\n"))?;
    } else {
        let explanation = Explanation::new(&request, verdict);
        let explanation = explanation.show_payload(args.show_payload).color(color.on());
        print(&explanation.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The verdict as every surface has it, and for each finding its `steps`.
fn with_steps(verdict: &Verdict) -> Value {
    let mut shown = json!(verdict);
    for (shown, finding) in
        shown["findings"].as_array_mut().into_iter().flatten().zip(&verdict.findings)
    {
        shown["steps"] = steps(finding);
    }
    shown
}

/// What was read, reading by reading. Bytes that are no text are replaced: this is to be looked at.
fn steps(finding: &Finding) -> Value {
    let step = |step: &abatis::Step| json!({"name": step.name(), "text": String::from_utf8_lossy(step.text()), "cut": step.cut()});
    finding.steps().iter().map(step).collect()
}

/// The place of that name, or which names there are.
pub(crate) fn place(name: &str) -> Result<Place, String> {
    Place::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Place::ALL.iter().map(|place| place.as_str()).collect();
        format!("unknown place, expected one of {}", known.join(", "))
    })
}
