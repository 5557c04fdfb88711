//! Documents against schemas: ours beside `jsonschema` over values of `serde_json` and of `sonic-rs`, from the same bytes; and as a schema of a
//! policy, with detectors and without.
//!
//! `cargo xtask bench schema` gets the schemas of others. One core, warm, answers checked first. Times are a thread's own, the best of rounds in which
//! all take turns; what another program takes from one it takes from all, so ratios hold on a busy machine.
#![allow(clippy::print_stdout, reason = "a bench tells its figures")]
#![allow(clippy::cast_precision_loss, reason = "times and means")]

mod sonic;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use abatis::{Engine, Policy, Schema, Scratch};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use serde_json::Value;
use sonic::SonicJson;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    schema: Option<String>,
    valid: String,
    invalid: String,
}

/// One way to an answer.
type Way<'w> = (&'static str, Box<dyn FnMut(&[u8]) -> bool + 'w>);

/// Turns of each way, and how long one takes.
const ROUNDS: usize = 30;
const TURN: Duration = Duration::from_millis(2);

fn main() {
    // `cargo test --benches` checks the answers alone.
    let timed = std::env::args().any(|argument| argument == "--bench");
    let folder = std::env::var_os("ABATIS_SCHEMAS");
    if folder.is_none() {
        println!("without the schemas of others: cargo xtask bench schema");
    }
    if timed {
        println!(
            "{:22} {:>6} {:>8} {:>7} {:>7} | {:>9} {:>9} {:>9} {:>9} {:>9} | {:>7} {:>7} {:>7}",
            "",
            "bytes",
            "schema",
            "comp.",
            "comp.js",
            "serde+js",
            "sonic+js",
            "abatis",
            "engine",
            "detect",
            "serde/",
            "sonic/",
            "detect/"
        );
    }
    let mut ratios = Vec::new();
    let cases: Cases = toml::from_str(include_str!("cases.toml")).expect("cases");
    for case in cases.case {
        let text = match (&case.schema, &folder) {
            (Some(schema), _) => schema.clone(),
            (None, Some(folder)) => {
                let path = Path::new(folder).join(format!("{}.json", case.name));
                fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            }
            (None, None) => continue,
        };
        ratios.extend(run(&case, &text, timed));
    }
    if timed {
        let mean = |pick: fn(&[f64; 3]) -> f64| {
            let sum: f64 = ratios.iter().map(|ratios| pick(ratios).ln()).sum();
            (sum / ratios.len() as f64).exp()
        };
        println!(
            "geometric means of {}: serde/ {:.2}, sonic/ {:.2}, detect/ {:.2}",
            ratios.len(),
            mean(|ratios| ratios[0]),
            mean(|ratios| ratios[1]),
            mean(|ratios| ratios[2])
        );
    }
}

/// Checks the answers of all ways, then takes the times of the valid document: of the crate over both values to ours, of detectors to none.
fn run(Case { name, valid, invalid, .. }: &Case, text: &str, timed: bool) -> Option<[f64; 3]> {
    let value: Value = serde_json::from_str(text).expect("a schema in JSON");
    let options = jsonschema::PatternOptions::regex;
    let compile_theirs =
        || jsonschema::options().offline().with_pattern_options(options()).build(&value);
    let theirs = compile_theirs().expect(name);
    let over_sonic = jsonschema::options_for::<SonicJson>().offline();
    let over_sonic = over_sonic.with_pattern_options(options()).build(&value).expect(name);
    let compile = || Schema::options().build_value(name, &value);
    let schema = compile().unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut validator = schema.validator();
    // JSON on one line is YAML wherever it stands.
    let engine = |rulesets: &str| {
        let policy = format!("{{rulesets: {rulesets}, schemas: {{s: {value}}}}}");
        let policy = Policy::from_yaml(name, &policy).unwrap_or_else(|error| panic!("{error}"));
        Engine::new(&policy).unwrap_or_else(|error| panic!("{error}"))
    };
    let (with, without) = (engine("[builtin]"), engine("[]"));
    let (mut scratch, mut other) = (Scratch::new(), Scratch::new());
    let validated = |engine: &Engine, scratch: &mut Scratch, document: &[u8]| {
        let verdict = engine.validate(scratch, "s", document).expect("the schema");
        // What a detector says of a value is no matter of the schema.
        !verdict.findings.iter().any(|finding| finding.rule.as_str().starts_with("schema."))
    };
    let mut ways: [Way<'_>; 5] = [
        (
            "serde",
            Box::new(|document| {
                serde_json::from_slice(document).is_ok_and(|value: Value| theirs.is_valid(&value))
            }),
        ),
        (
            "sonic",
            Box::new(|document| {
                sonic_rs::from_slice(document)
                    .is_ok_and(|value: sonic_rs::Value| over_sonic.is_valid(&value))
            }),
        ),
        ("abatis", Box::new(|document| validator.is_valid(document))),
        ("engine", Box::new(|document| validated(&without, &mut scratch, document))),
        ("detect", Box::new(|document| validated(&with, &mut other, document))),
    ];
    for (way, is_valid) in &mut ways {
        assert!(is_valid(valid.as_bytes()), "{name}: {way} refuses what is valid");
        assert!(!is_valid(invalid.as_bytes()), "{name}: {way} takes what is not valid");
    }
    if !timed {
        return None;
    }
    let mut times = [f64::INFINITY; 5];
    let mut turns = [1; 5];
    for round in 0..=ROUNDS {
        for (at, (_, is_valid)) in ways.iter_mut().enumerate() {
            let spent = time(turns[at], || is_valid(black_box(valid.as_bytes())));
            if round == 0 {
                turns[at] = (TURN.as_nanos() as f64 / spent).clamp(1.0, 1e6) as usize;
            } else {
                times[at] = times[at].min(spent);
            }
        }
    }
    let compiled = (0..5).map(|_| time(1, || compile().is_ok())).fold(f64::INFINITY, f64::min);
    let compiled_theirs =
        (0..5).map(|_| time(1, || compile_theirs().is_ok())).fold(f64::INFINITY, f64::min);
    let [serde, sonic, ours, engine, detect] = times;
    let ratios = [serde / ours, sonic / ours, detect / engine];
    println!(
        "{name:22} {:>6} {:>8} {:>4.1} ms {:>4.1} ms | {serde:>6.0} ns {sonic:>6.0} ns {ours:>6.0} ns {engine:>6.0} ns {detect:>6.0} ns | {:>7.2} {:>7.2} {:>7.2}",
        valid.len(),
        text.len(),
        compiled / 1e6,
        compiled_theirs / 1e6,
        ratios[0],
        ratios[1],
        ratios[2],
    );
    Some(ratios)
}

/// Nanoseconds of this thread that one of so many calls takes.
fn time(turns: usize, mut call: impl FnMut() -> bool) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    };
    let start = now();
    for _ in 0..turns {
        black_box(call());
    }
    (now() - start) / turns as f64
}
