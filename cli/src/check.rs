//! `abatis check`: does every rule do what it says?

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use abatis::model::policy::{Policy, Sensitivity};
use abatis::model::rule::{Matcher, NameOrValue, Rule};
use abatis::{Engine, Finding, Place, Request, RuleId, Scratch};
use serde::Serialize;
use serde_json::json;

use crate::output::{Color, Error, print};
use crate::policy::{PolicyArgs, build};

/// Check policy and rules: each rule against its own hits and passes; sizes and build time of the automata.
///
/// Every hit of a rule must be found by that rule. No pass may be found by it; by a detector, not with a score that counts at
/// sensitivity `default`. Rules that look at names get their hits and passes as names. Settings and exclusions of the policy
/// do not count here.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 all is well, 1 a rule does not do what it says, 2 the policy or a file that it names cannot be used: \
all errors are listed at once, with file:line:column.

Examples:
  abatis check
  abatis check --policy policy.yaml --json")]
pub(crate) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let bundle = args.policy.bundle()?;
    let start = Instant::now();
    let engine = build(&bundle)?;
    let build_ms = start.elapsed().as_secs_f64() * 1e3;

    // Rules are checked under no policy but their own: settings and exclusions of the policy would hide them.
    let mut plain = bundle.clone();
    plain.policy = Policy::default();
    plain.policy.sensitivity = Sensitivity::Paranoid;
    plain.policy.limits.findings_max = FINDINGS;
    let mut checker = Checker { engine: build(&plain)?, scratch: Scratch::new() };
    let mut failures = Vec::new();
    let (mut rules, mut hits, mut passes) = (0, 0, 0);
    for rule in bundle.each_rule() {
        rules += 1;
        hits += rule.hits.len();
        passes += rule.passes.len();
        checker.check(rule, &mut failures);
    }

    let memory = engine.memory_usage();
    if args.json {
        let report = json!({"rules": rules, "hits": hits, "passes": passes, "failures": failures, "compiled_bytes": memory,
            "build_ms": build_ms, "ruleset": engine.ruleset()});
        print(&format!("{report}\n"))?;
    } else {
        let mut report = String::new();
        for failure in &failures {
            failure.tell(&mut report);
        }
        let mark = if failures.is_empty() {
            color.paint("32", "ok")
        } else {
            color.paint("1;31", "FAILED")
        };
        let _ = writeln!(
            report,
            "{mark}: {rules} rules, {hits} hits, {passes} passes, {} failures",
            failures.len()
        );
        let _ = writeln!(
            report,
            "compiled: {} KiB in {build_ms:.1} ms, ruleset {}",
            memory / 1024,
            engine.ruleset()
        );
        print(&report)?;
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// As many findings as a policy may ask for: no rule is crowded out by others.
const FINDINGS: usize = 10_000;

/// A hit that was missed or a pass that was caught.
#[derive(Serialize)]
struct Failure<'r> {
    rule: &'r RuleId,
    kind: &'static str,
    /// Counted from 1, in the order of the file.
    number: usize,
    value: &'r str,
    /// Of the finding of this rule; 0 if there is none.
    score: u16,
}

impl Failure<'_> {
    fn tell(&self, report: &mut String) {
        let Failure { rule, kind, number, value, score } = self;
        let value = value.escape_debug();
        let _ = match *kind {
            "hit" => writeln!(report, "rule `{rule}`: hit {number} is not found: {value}"),
            _ => writeln!(report, "rule `{rule}`: pass {number} is found, score {score}: {value}"),
        };
    }
}

struct Checker {
    engine: Engine,
    scratch: Scratch,
}

impl Checker {
    fn check<'r>(&mut self, rule: &'r Rule, failures: &mut Vec<Failure<'r>>) {
        // What a detector says of an innocent value may be little; a pattern has no business to match it.
        let bound = match rule.matcher {
            Matcher::Detector(_) => Sensitivity::Default.threshold(),
            _ => 0,
        };
        for (at, value) in rule.hits.iter().enumerate() {
            if self.score(rule, value).is_none() {
                failures.push(Failure {
                    rule: &rule.id,
                    kind: "hit",
                    number: at + 1,
                    value,
                    score: 0,
                });
            }
        }
        for (at, value) in rule.passes.iter().enumerate() {
            if let Some(score) = self.score(rule, value).filter(|score| *score >= bound) {
                failures.push(Failure {
                    rule: &rule.id,
                    kind: "pass",
                    number: at + 1,
                    value,
                    score,
                });
            }
        }
    }

    /// The score that a rule gives a value, or a name if the rule looks at names only; `None` if it does not find it.
    fn score(&mut self, rule: &Rule, value: &str) -> Option<u16> {
        let place = rule.targets.first().copied().unwrap_or(Place::Query);
        let scratch = &mut self.scratch;
        let verdict = if rule.part == NameOrValue::Name {
            let name = Name::new(place, value);
            self.engine.inspect_with(scratch, &name.request())
        } else {
            self.engine.inspect_value(scratch, place, value.as_bytes())
        };
        let of_rule = |finding: &&Finding| finding.rule == rule.id;
        verdict.findings.iter().filter(of_rule).map(|finding| finding.score).max()
    }
}

/// A request that carries a name where a rule looks for it. Places without names stand for any.
struct Name {
    place: Place,
    target: String,
    cookie: String,
    body: String,
}

impl Name {
    fn new(place: Place, name: &str) -> Name {
        let pair: String = name.bytes().fold(String::new(), |mut coded, byte| {
            let _ = write!(coded, "%{byte:02X}");
            coded
        }) + "=1";
        let mut carrier =
            Name { place, target: "/".into(), cookie: String::new(), body: String::new() };
        match place {
            Place::Form => carrier.body = pair,
            Place::Json => carrier.body = json!({name: 1}).to_string(),
            Place::Xml => carrier.body = format!("<{name}/>"),
            Place::Cookie => carrier.cookie = format!("{name}=1"),
            _ => carrier.target = format!("/?{pair}"),
        }
        carrier
    }

    fn request(&self) -> Request<'_> {
        let request = match self.place {
            Place::Form | Place::Json | Place::Xml => Request::new("POST", &self.target),
            _ => Request::new("GET", &self.target),
        };
        match self.place {
            Place::Form => {
                request.header("Content-Type", "application/x-www-form-urlencoded").body(&self.body)
            }
            Place::Json => request.header("Content-Type", "application/json").body(&self.body),
            Place::Xml => request.header("Content-Type", "application/xml").body(&self.body),
            Place::Cookie => request.header("Cookie", &self.cookie),
            _ => request,
        }
    }
}
