//! `abatis bowtie`: the protocol by which Bowtie, a test harness of JSON Schema, drives validators.
//!
//! One JSON object a line, each answered by one: `start`, then `dialect`, then any number of `run`, then `stop`.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use abatis::{Draft, Schema};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::output::Error;
use crate::validate::FormatAssertion;

/// Speak the protocol of Bowtie, a test harness of JSON Schema, on standard input and output.
///
/// `format` is an annotation, as the test suite has it, unless the meta-schema asks for more. Nothing is fetched: a case brings other
/// documents in its `registry`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 stopped as the protocol has it, 2 a line is not of the protocol.

Example:
  printf '%s\\n' '{\"cmd\":\"start\",\"version\":1}' '{\"cmd\":\"stop\"}' | abatis bowtie")]
pub(crate) struct Args {
    /// Whether `format` refuses values; not given, only where the meta-schema asks for it
    #[arg(long, value_enum, value_name = "WHEN")]
    format_assertion: Option<FormatAssertion>,
}

const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(tag = "cmd", rename_all = "lowercase")]
enum Command {
    Start { version: u32 },
    Dialect { dialect: String },
    // What it brings is read by itself: text that is kept as it is cannot stand below a tag.
    Run,
    Stop,
}

#[derive(Deserialize)]
struct Run<'l> {
    #[serde(borrow)]
    seq: &'l RawValue,
    case: Case<'l>,
}

#[derive(Deserialize)]
struct Case<'l> {
    schema: Value,
    #[serde(default)]
    registry: Option<BTreeMap<String, Value>>,
    #[serde(borrow)]
    tests: Vec<Test<'l>>,
}

#[derive(Deserialize)]
struct Test<'l> {
    /// As it is written: numbers keep their digits.
    #[serde(borrow)]
    instance: &'l RawValue,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let mut draft = Draft::default();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(Error::io("standard input"))?;
        let answer = match read(&line)? {
            Command::Start { version: VERSION } => start(),
            Command::Start { version } => {
                let message = format!("version {version} of the protocol, expected {VERSION}");
                return Err(Error::Message(message));
            }
            Command::Dialect { dialect } => {
                let known = Draft::of_uri(&dialect);
                draft = known.unwrap_or(draft);
                json!({"ok": known.is_some()})
            }
            Command::Run => case(read(&line)?, draft, args.format_assertion),
            Command::Stop => return Ok(ExitCode::SUCCESS),
        };
        let told = writeln!(out, "{answer}").and_then(|()| out.flush());
        told.map_err(Error::io("standard output"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read<'l, T: Deserialize<'l>>(line: &'l str) -> Result<T, Error> {
    serde_json::from_str(line)
        .map_err(|error| Error::Message(format!("not a command of the protocol: {error}")))
}

fn start() -> Value {
    json!({
        "version": VERSION,
        "implementation": {
            "language": "rust",
            "name": "abatis",
            "version": env!("CARGO_PKG_VERSION"),
            "homepage": env!("CARGO_PKG_REPOSITORY"),
            "issues": concat!(env!("CARGO_PKG_REPOSITORY"), "/issues"),
            "source": env!("CARGO_PKG_REPOSITORY"),
            "dialects": Draft::ALL.map(Draft::uri),
            "os": std::env::consts::OS,
        }
    })
}

/// What comes of a case: a result for each test, or why there are none.
fn case(Run { seq, case }: Run<'_>, draft: Draft, formats: Option<FormatAssertion>) -> Value {
    let mut options = Schema::options().draft(draft);
    options = match formats {
        Some(formats) => formats.apply(options),
        None if draft <= Draft::Draft7 => options.formats(false),
        None => options,
    };
    for (uri, document) in case.registry.into_iter().flatten() {
        options = options.document_value(&uri, document);
    }
    // A number that is no `seq` of ours is handed back all the same.
    let seq: Value = serde_json::from_str(seq.get()).unwrap_or_default();
    match options.build_value("schema", &case.schema) {
        Ok(schema) => {
            let mut validator = schema.validator();
            let results: Vec<Value> = case
                .tests
                .iter()
                .map(|test| json!({"valid": validator.is_valid(test.instance.get().as_bytes())}))
                .collect();
            json!({"seq": seq, "results": results})
        }
        Err(error) => {
            json!({"seq": seq, "errored": true, "context": {"message": error.to_string()}})
        }
    }
}
