//! `abatis explain`: one verdict in full.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use abatis::{Explanation, Place, Request, Scratch};

use crate::http::Message;
use crate::inspect::read;
use crate::output::{Color, Error};
use crate::policy::PolicyArgs;

/// Show one verdict in full.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  abatis explain examples/requests/sql-union.http\n  abatis explain --value \"1' or '1'='1\" --show-payload"
)]
pub(crate) struct Args {
    /// A request text, or `-`
    #[arg(value_name = "FILE", required_unless_present = "value", conflicts_with = "value")]
    file: Option<PathBuf>,
    /// A single value instead, as the application would get it
    #[arg(long, value_name = "TEXT")]
    value: Option<String>,
    /// Where the value stands: path, query, form, json, header, cookie, body
    #[arg(long, value_name = "PLACE", default_value = "query", value_parser = place)]
    place: Place,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Show the guilty bytes, which are masked otherwise
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
    let message;
    let (request, verdict) = if let Some(value) = &args.value {
        let request = Request::new("", "").body(value);
        (request, engine.inspect_value(&mut scratch, args.place, value.as_bytes()))
    } else {
        let path = args.file.clone().unwrap_or_default();
        text = read(&path)?;
        message = Message::parse(&text)
            .map_err(|error| Error::Message(format!("{}: {error}", path.display())))?;
        let request = message.request();
        let verdict = engine.inspect_with(&mut scratch, &request);
        (request, verdict)
    };
    let shown = if args.json {
        let mut text = serde_json::to_string_pretty(verdict)
            .map_err(|error| Error::Message(error.to_string()))?;
        text.push('\n');
        text
    } else {
        Explanation::new(&request, verdict)
            .show_payload(args.show_payload)
            .color(color.on())
            .to_string()
    };
    std::io::stdout().write_all(shown.as_bytes()).map_err(Error::io("standard output"))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn place(name: &str) -> Result<Place, String> {
    Place::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Place::ALL.iter().map(|place| place.as_str()).collect();
        format!("unknown place, expected one of {}", known.join(", "))
    })
}
