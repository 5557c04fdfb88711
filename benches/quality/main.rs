//! Rates per class and kind on labelled data, at every sensitivity.
//!
//! `cargo xtask quality --data DIR` runs it over `DIR/values.jsonl` and `DIR/requests.jsonl` (one JSON object a line: `label`, `class`,
//! `cluster`, and `value | value_b64` or `method, target, headers, body`) and writes
//!
//! - tables and `quality-<date>.json` to `benches/record/`: rates and intervals, no line of the data;
//! - one page to `target/quality/`: the same as plots, with the worst lines. It holds data, so it stays where it was made.
//!
//! The values are also put at every place of a request ([`places`]), and written otherwise ([`mutate`], [`robust`]); what other
//! engines make of them is asked by `peers.py` and shown beside ([`peers`]).
//!
//! Caught or flagged means any action but allow. By cluster, each cluster of near-duplicates counts once, as the mean of
//! its records; so floods of one tool do not rule.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program that prints tables"
)]

// The page is made as that of `abatis scan` is.
#[path = "../../cli/src/report/escape.rs"]
mod escape;
mod mutate;
mod page;
mod peers;
mod places;
mod plot;
mod rates;
mod robust;

use std::collections::HashMap;
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

use page::{Report, Wrong};
use places::Places;
use rates::{Rates, Record, Tier};
use robust::Attacks;

/// Rates of detection and false positives on labelled data
#[derive(Parser)]
struct Args {
    /// Folder with values.jsonl and requests.jsonl
    #[arg(long)]
    data: PathBuf,
    /// Where the tables go
    #[arg(long, default_value = "benches/record")]
    record: PathBuf,
    /// Where the page goes, which holds lines of the data
    #[arg(long, default_value = "target/quality")]
    page: PathBuf,
    /// What other engines make of the values, from peers.py
    #[arg(long, value_name = "FILE")]
    peers: Option<PathBuf>,
    /// Mutators also in pairs
    #[arg(long)]
    pairs: bool,
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
    match run(&args) {
        Ok(misses) => {
            for miss in &misses {
                eprintln!("quality: missed: {miss}");
            }
            if misses.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            eprintln!("quality: {error}");
            ExitCode::from(2)
        }
    }
}

/// Measures, writes, and says what of the bars was missed if that was asked.
fn run(args: &Args) -> Result<Vec<String>, String> {
    let data = args.data.file_name().map_or("data".into(), |name| name.to_string_lossy());
    let made = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let mut engines = engines(args)?;
    let mut report = Report {
        schema: 1,
        data: data.to_string(),
        made: made.clone(),
        ruleset: engines.first().map(|(engine, _)| engine.ruleset().to_owned()).unwrap_or_default(),
        ..Report::default()
    };
    let mut wrong = Vec::new();
    for kind in ["values", "requests"] {
        let path = args.data.join(format!("{kind}.jsonl"));
        if !path.exists() {
            eprintln!("quality: {} does not exist, skipped", path.display());
            continue;
        }
        let measured = measure(&path, args, &mut engines)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let table = measured.rates.table();
        show(args, &format!("{data}-{kind}"), &table.markdown(kind, &data))?;
        if kind == "requests" {
            report.requests = Some(table);
            continue;
        }
        report.roc = Some(measured.rates.roc());
        report.places = measured.places.rows();
        show(args, &format!("{data}-places"), &places::markdown(&report.places, &data))?;
        if let Some((engine, scratch)) = engines.get_mut(AT_DEFAULT) {
            report.mutated = measured.attacks.alone(engine, scratch);
            if args.pairs {
                report.pairs = measured.attacks.pairs(engine, scratch);
            }
        }
        let mutated = robust::markdown(&report.mutated, &report.pairs, &data);
        show(args, &format!("{data}-mutated"), &mutated)?;
        if let Some(answers) = &args.peers {
            let others = peers::read(answers, &data, &path)?;
            if !others.is_empty() {
                report.peers = peers::ours(&table, &made);
                report.peers.extend(others);
                show(args, "peers", &peers::markdown(&report.peers, &data))?;
            }
        }
        report.values = Some(table);
        wrong = measured.wrong;
    }
    let write = |path: PathBuf, text: String| {
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    let json = serde_json::to_string(&report).map_err(|error| error.to_string())?;
    write(args.record.join(format!("quality-{made}.json")), json + "\n")?;
    std::fs::create_dir_all(&args.page).map_err(|error| error.to_string())?;
    let page = args.page.join(format!("quality-{made}.html"));
    println!("page: {}", page.display());
    write(page, page::page(&report, &mut wrong))?;
    Ok(report.values.filter(|_| args.check).map_or(Vec::new(), |table| table.misses()))
}

/// Prints a table and keeps it.
fn show(args: &Args, name: &str, table: &str) -> Result<(), String> {
    print!("{table}");
    let file = args.record.join(format!("quality-{name}.md"));
    std::fs::write(&file, table).map_err(|error| format!("{}: {error}", file.display()))
}

/// Which of the engines is at sensitivity `default`.
const AT_DEFAULT: usize = 1;

/// An engine for each sensitivity, with memory to run in.
fn engines(args: &Args) -> Result<Vec<(Engine, Scratch)>, String> {
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
    let engine = |sensitivity| {
        bundle.policy.sensitivity = sensitivity;
        let engine = Engine::builder().build(&bundle).map_err(|error| error.to_string())?;
        Ok((engine, Scratch::new()))
    };
    Sensitivity::ALL.into_iter().map(engine).collect()
}

/// What was measured on one file.
#[derive(Default)]
struct Measured {
    rates: Rates,
    places: Places,
    attacks: Attacks,
    /// What was judged wrong at `default`.
    wrong: Vec<Wrong>,
}

fn measure(
    path: &Path,
    args: &Args,
    engines: &mut [(Engine, Scratch)],
) -> Result<Measured, String> {
    let mut measured = Measured::default();
    let mut printed = Printed { only: &args.only, most: args.wrong, counts: HashMap::new() };
    let file = File::open(path).map_err(|error| error.to_string())?;
    for (number, text) in BufReader::new(file).lines().enumerate() {
        let text = text.map_err(|error| error.to_string())?;
        let at = |error: &dyn std::fmt::Display| format!("line {}: {error}", number + 1);
        let line: Line = serde_json::from_str(&text).map_err(|error| at(&error))?;
        if line.label != "attack" && line.label != "benign" {
            continue;
        }
        let attack = line.label == "attack";
        let mut judged = Vec::new();
        for (engine, scratch) in engines.iter_mut() {
            judged.push(judge(engine, scratch, &line).map_err(|error| at(&error))?);
        }
        let caught: Vec<bool> = judged.iter().map(|judged| judged.caught).collect();
        let caught_at_default = caught.get(AT_DEFAULT).is_some_and(|caught| *caught);
        if let Some((engine, scratch)) = engines.get_mut(AT_DEFAULT)
            && line.target.is_none()
        {
            let value = bytes(line.value.as_ref(), line.value_b64.as_ref())?;
            if attack {
                measured.attacks.add(&line.class, &line.cluster, &value, caught_at_default);
            }
            if attack || Tier::of(attack, &line.class) == Tier::Ordinary {
                let wrong = measured.places.add(engine, scratch, attack, &line.cluster, &value);
                if !wrong.is_empty() {
                    let value = String::from_utf8_lossy(&value);
                    printed.line(&line, PLACED, &format!("only {}", wrong.join(", ")), &value);
                }
            }
        }
        // The least sensitivity acts from 900 on; what acts there without evidence was not inspected in full.
        let score = judged.iter().map(|judged| judged.score).max().unwrap_or(0);
        let score = if caught.first() == Some(&true) { score.max(900) } else { score };
        if caught_at_default != attack {
            let why = judged.into_iter().nth(AT_DEFAULT).map(|judged| judged.why);
            let why = why.unwrap_or_default();
            let shown = line.value.as_deref().or(line.target.as_deref()).unwrap_or("(bytes)");
            printed.line(&line, &line.class, &why, shown);
            measured.wrong.push(Wrong::new(attack, &line.class, score, &why, shown));
        }
        let Line { class, cluster, .. } = line;
        measured.rates.add(Record { attack, class, cluster, caught, score });
    }
    Ok(measured)
}

/// The first lines of each class that were judged wrong, for `--wrong`.
struct Printed<'a> {
    only: &'a str,
    most: usize,
    counts: HashMap<String, usize>,
}

impl Printed<'_> {
    fn line(&mut self, line: &Line, counted_as: &str, why: &str, shown: &str) {
        if !line.class.contains(self.only) {
            return;
        }
        let count = self.counts.entry(counted_as.to_owned()).or_default();
        *count += 1;
        if *count <= self.most {
            println!("{:24} {:16} {why:40} {shown:?}", line.class, line.source);
        }
    }
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

/// What one engine says of a line.
struct Judged {
    caught: bool,
    score: u16,
    /// Rule, score and place of the strongest finding.
    why: String,
}

fn judge(engine: &Engine, scratch: &mut Scratch, line: &Line) -> Result<Judged, String> {
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
    Ok(Judged { caught: verdict.action > Action::Allow, score: verdict.score, why })
}
