//! What the scorers of the languages see of labelled values: the input of `rules/train/train.py`.
//!
//! `cargo run --profile quick -p abatis-benches --example tokens -- DIR/values.jsonl… > streams.jsonl`. For each line a line
//! with what is known of the value and its token streams: every reading, language and context that the engine would score.
//! `ruled` says whether some other rule acts on it anyway. The text itself is not in it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool")]

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use abatis::internals::stages::{Stream, streams};
use abatis::model::Bundle;
use abatis::model::policy::{RuleMode, RuleSetting};
use abatis::{Action, Engine, Place, Policy, Scratch};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

/// A labelled line.
#[derive(Deserialize)]
struct Line {
    label: String,
    class: String,
    cluster: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    production: Option<String>,
    value: Option<String>,
    value_b64: Option<String>,
}

/// What is written of it.
#[derive(Serialize)]
struct Told {
    label: String,
    class: String,
    cluster: String,
    source: String,
    tier: Option<String>,
    production: Option<String>,
    /// Whether another rule than the learned ones acts on it at `default`.
    ruled: bool,
    /// Language, context, tokens.
    streams: Vec<(&'static str, &'static str, String)>,
}

/// The rules whose weight is learned.
const LEARNED: [&str; 5] =
    ["sql.injection", "shell.injection", "html.injection", "script.injection", "path.traversal"];

fn main() -> ExitCode {
    let files: Vec<_> = std::env::args().skip(1).collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for file in &files {
        if let Err(error) = tell(file, &mut out) {
            eprintln!("tokens: {file}: {error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn tell(file: &str, out: &mut impl Write) -> Result<(), String> {
    let mut bundle = Bundle::new(Policy::default()).map_err(|error| error.to_string())?;
    let every = Engine::builder().build(&bundle).map_err(|error| error.to_string())?;
    // Without what is learned: what the other rules make of a value.
    for rule in LEARNED {
        let mut setting = RuleSetting::default();
        setting.mode = RuleMode::Off;
        bundle.policy.rules.insert(rule.into(), setting);
    }
    let others = Engine::builder().build(&bundle).map_err(|error| error.to_string())?;
    let mut scratch = Scratch::new();
    let lines = BufReader::new(File::open(file).map_err(|error| error.to_string())?).lines();
    for (number, text) in lines.enumerate() {
        let place = |error: String| format!("line {}: {error}", number + 1);
        let text = text.map_err(|error| place(error.to_string()))?;
        let line: Line = serde_json::from_str(&text).map_err(|error| place(error.to_string()))?;
        if line.label != "attack" && line.label != "benign" {
            continue;
        }
        let value = match (&line.value, &line.value_b64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(coded)) => {
                BASE64_STANDARD.decode(coded).map_err(|error| place(error.to_string()))?
            }
            (None, None) => continue,
        };
        let mut told = Told {
            ruled: others.inspect_value(&mut scratch, Place::Query, &value).action > Action::Allow,
            label: line.label,
            class: line.class,
            cluster: line.cluster,
            source: line.source,
            tier: line.tier,
            production: line.production,
            streams: Vec::new(),
        };
        let mut found = streams(&every, Place::Query, &value);
        found.dedup();
        for Stream { language, context, tokens } in found {
            told.streams.push((language, context, tokens.join(" ")));
        }
        serde_json::to_writer(&mut *out, &told).map_err(|error| place(error.to_string()))?;
        out.write_all(b"\n").map_err(|error| error.to_string())?;
    }
    Ok(())
}
