//! Rates per class and kind on labelled data, at every sensitivity.
//!
//! `cargo xtask quality --data DIR` runs it over `DIR/values.jsonl` and `DIR/requests.jsonl` (one JSON object a line: `label`, `class`,
//! `cluster`, and `value | value_b64` or `method, target, headers, body`) and writes the tables to `benches/record/`.
//!
//! The values are also put at every place of a request ([`places`]).
//!
//! Caught or flagged means any action but allow. By cluster, each cluster of near-duplicates counts once, as the mean of
//! its records; so floods of one tool do not rule.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program that prints tables"
)]

mod places;
mod report;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abatis::model::Bundle;
use abatis::model::policy::Sensitivity;
use abatis::{Action, Engine, Place, Policy, Request, Scratch};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Parser;
use serde::Deserialize;

use places::Places;
use report::{Bars, Rates, Record};

/// Rates of detection and false positives on labelled data
#[derive(Parser)]
struct Args {
    /// Folder with values.jsonl and requests.jsonl
    #[arg(long)]
    data: PathBuf,
    /// Where the tables go
    #[arg(long, default_value = "benches/record")]
    record: PathBuf,
    /// Exit with 1 if the values miss the bars of the project
    #[arg(long)]
    check: bool,
    /// Print the first N records judged wrong at `default` of each class or kind
    #[arg(long, default_value_t = 0)]
    wrong: usize,
    /// Weight files to try in place of the built-in ones: a folder with some of sql.json, shell.json, …
    #[arg(long, value_name = "DIR")]
    weights: Option<PathBuf>,
    /// Only classes and kinds whose name holds this text are listed by --wrong
    #[arg(long, default_value = "")]
    only: String,
}

/// A labelled line.
#[derive(Deserialize)]
struct Line {
    label: String,
    class: String,
    cluster: String,
    #[serde(default)]
    source: String,
    value: Option<String>,
    value_b64: Option<String>,
    #[serde(default)]
    method: String,
    target: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_b64: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let name =
        args.data.file_name().map_or("data".into(), |name| name.to_string_lossy().into_owned());
    let mut missed = false;
    for kind in ["values", "requests"] {
        let path = args.data.join(format!("{kind}.jsonl"));
        if !path.exists() {
            eprintln!("quality: {} does not exist, skipped", path.display());
            continue;
        }
        match measure(&path, &args) {
            Ok((rates, places)) => {
                let mut tables = vec![(kind, rates.table(kind, &name))];
                if kind == "values" {
                    tables.push(("places", places.table(&name)));
                }
                for (kind, table) in tables {
                    print!("{table}");
                    let file = args.record.join(format!("quality-{name}-{kind}.md"));
                    if let Err(error) = std::fs::write(&file, &table) {
                        eprintln!("quality: {}: {error}", file.display());
                        return ExitCode::from(2);
                    }
                }
                if kind == "values" && args.check {
                    for miss in rates.misses(&Bars::default()) {
                        eprintln!("quality: missed: {miss}");
                        missed = true;
                    }
                }
            }
            Err(error) => {
                eprintln!("quality: {}: {error}", path.display());
                return ExitCode::from(2);
            }
        }
    }
    if missed { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

fn measure(path: &Path, args: &Args) -> Result<(Rates, Places), String> {
    let mut bundle =
        Policy::builtin("default").and_then(Bundle::new).map_err(|error| error.to_string())?;
    for weights in &mut bundle.weights {
        let file = args.weights.as_ref().map(|dir| dir.join(&weights.content.detector));
        if let Some(file) =
            file.map(|file| file.with_extension("json")).filter(|file| file.exists())
        {
            let text = std::fs::read(&file).map_err(|error| error.to_string())?;
            weights.content = serde_json::from_slice(&text)
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    let engines = Sensitivity::ALL
        .into_iter()
        .map(|sensitivity| {
            bundle.policy.sensitivity = sensitivity;
            Engine::builder().build(&bundle).map_err(|error| error.to_string())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut scratches: Vec<_> = engines.iter().map(|_| Scratch::new()).collect();
    let mut rates = Rates::default();
    let mut places = Places::default();
    let file = File::open(path).map_err(|error| error.to_string())?;
    for (number, text) in BufReader::new(file).lines().enumerate() {
        let text = text.map_err(|error| error.to_string())?;
        let line: Line =
            serde_json::from_str(&text).map_err(|error| format!("line {}: {error}", number + 1))?;
        if line.label != "attack" && line.label != "benign" {
            continue;
        }
        let mut caught = Vec::new();
        for (engine, scratch) in engines.iter().zip(&mut scratches) {
            caught.push(
                judge(engine, scratch, &line)
                    .map_err(|error| format!("line {}: {error}", number + 1))?,
            );
        }
        let attack = line.label == "attack";
        let at_default = engines.get(1).zip(scratches.get_mut(1));
        if let Some((engine, scratch)) = at_default
            && line.target.is_none()
            && (attack || report::ordinary(&line.class))
        {
            let value = bytes(line.value.as_ref(), line.value_b64.as_ref())?;
            let wrong = places.add(engine, scratch, attack, &line.cluster, &value);
            if !wrong.is_empty()
                && line.class.contains(&args.only)
                && rates.wrong_so_far(PLACED) < args.wrong
            {
                rates.count_wrong(PLACED);
                let value = String::from_utf8_lossy(&value);
                println!(
                    "{:24} {:16} only {:35} {value:?}",
                    line.class,
                    line.source,
                    wrong.join(", ")
                );
            }
        }
        let wrong = caught.get(1).is_some_and(|(action, _)| (*action > Action::Allow) != attack);
        if wrong && line.class.contains(&args.only) && rates.wrong_so_far(&line.class) < args.wrong
        {
            let shown = line.value.as_deref().or(line.target.as_deref()).unwrap_or("(bytes)");
            let why = caught.get(1).map_or("", |(_, why)| why.as_str());
            println!("{:24} {:16} {:40} {shown:?}", line.class, line.source, why);
        }
        let caught = caught.iter().map(|(action, _)| *action > Action::Allow).collect();
        rates.add(Record { attack, class: line.class, cluster: line.cluster, caught }, wrong);
    }
    Ok((rates, places))
}

/// The name that what is judged otherwise at a place than alone is counted under.
const PLACED: &str = "(placed)";

fn bytes(text: Option<&String>, coded: Option<&String>) -> Result<Vec<u8>, String> {
    match (text, coded) {
        (Some(text), _) => Ok(text.clone().into_bytes()),
        (None, Some(coded)) => BASE64_STANDARD.decode(coded).map_err(|error| error.to_string()),
        (None, None) => Ok(Vec::new()),
    }
}

fn judge(engine: &Engine, scratch: &mut Scratch, line: &Line) -> Result<(Action, String), String> {
    let verdict = if let Some(target) = &line.target {
        let body = bytes(line.body.as_ref(), line.body_b64.as_ref())?;
        let mut request = Request::new(&line.method, target).body(&body);
        for (name, value) in &line.headers {
            request = request.header(name, value);
        }
        engine.inspect_with(scratch, &request)
    } else {
        let value = bytes(line.value.as_ref(), line.value_b64.as_ref())?;
        engine.inspect_value(scratch, Place::Query, &value)
    };
    let why = verdict
        .findings
        .first()
        .map(|f| format!("{} {} {}", f.rule, f.score, f.pointer))
        .unwrap_or_default();
    Ok((verdict.action, why))
}
