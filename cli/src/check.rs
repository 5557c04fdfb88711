//! `abatis check`: does every rule do what it says?

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use abatis::model::policy::{Policy, Sensitivity};
use abatis::model::rule::Rule;
use abatis::{Engine, Place, RuleId, Scratch, Verdict};
use serde_json::json;

use crate::output::{Color, Error};
use crate::policy::{PolicyArgs, build};

/// Check rules against their own hits and passes; sizes and build time of the automata.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Every hit of a rule must be found by that rule, every pass must stay below the threshold of sensitivity `default`. Exits \
    with 1 if one does not, with 2 if the policy or a rule file cannot be read; all errors are listed at once."
)]
pub(crate) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

/// A hit that was missed or a pass that was caught.
struct Failure {
    rule: RuleId,
    kind: &'static str,
    number: usize,
    score: u16,
}

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let bundle = args.policy.bundle()?;
    let start = Instant::now();
    let engine = build(&bundle)?;
    let build_time = start.elapsed();

    // Rules are checked under no policy but their own: settings and exclusions of the policy would hide them.
    let mut plain = bundle.clone();
    plain.policy = Policy::default();
    plain.policy.sensitivity = Sensitivity::Paranoid;
    let checker = build(&plain)?;
    let mut scratch = Scratch::new();
    let mut failures = Vec::new();
    let (mut rules, mut hits, mut passes) = (0, 0, 0);
    for rule in bundle.each_rule() {
        rules += 1;
        hits += rule.hits.len();
        passes += rule.passes.len();
        check_rule(&checker, &mut scratch, rule, &mut failures);
    }

    let memory = engine.memory_usage();
    let report = if args.json {
        let failures: Vec<_> = failures
            .iter()
            .map(|f| json!({"rule": f.rule, "kind": f.kind, "number": f.number, "score": f.score}))
            .collect();
        let build_ms = build_time.as_secs_f64() * 1e3;
        format!(
            "{}\n",
            json!({"rules": rules, "hits": hits, "passes": passes, "failures": failures, "compiled_bytes": memory,
                "build_ms": build_ms, "ruleset": engine.ruleset()})
        )
    } else {
        let mut report = String::new();
        for failure in &failures {
            let what = if failure.kind == "hit" { "is not found" } else { "is caught" };
            report.push_str(&format!(
                "rule `{}`: {} {} {what} (score {})\n",
                failure.rule, failure.kind, failure.number, failure.score
            ));
        }
        let mark = if failures.is_empty() { "ok" } else { "FAILED" };
        let mark = match (color.on(), failures.is_empty()) {
            (true, true) => format!("\x1b[32m{mark}\x1b[0m"),
            (true, false) => format!("\x1b[1;31m{mark}\x1b[0m"),
            (false, _) => mark.to_owned(),
        };
        report.push_str(&format!(
            "{mark}: {rules} rules, {hits} hits, {passes} passes, {} failures\ncompiled: {} KiB in {:.1} ms, ruleset {}\n",
            failures.len(),
            memory / 1024,
            build_time.as_secs_f64() * 1e3,
            engine.ruleset(),
        ));
        report
    };
    std::io::stdout().write_all(report.as_bytes()).map_err(Error::io("standard output"))?;
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn check_rule(engine: &Engine, scratch: &mut Scratch, rule: &Rule, failures: &mut Vec<Failure>) {
    let place = rule.targets.first().copied().unwrap_or(Place::Query);
    let mut fail = |kind, number, score| {
        failures.push(Failure { rule: rule.id.clone(), kind, number: number + 1, score });
    };
    for (number, hit) in rule.hits.iter().enumerate() {
        let verdict = engine.inspect_value(scratch, place, hit.as_bytes());
        if !found_by(verdict, rule) {
            fail("hit", number, verdict.score);
        }
    }
    for (number, pass) in rule.passes.iter().enumerate() {
        let verdict = engine.inspect_value(scratch, place, pass.as_bytes());
        if found_by(verdict, rule) && verdict.score >= Sensitivity::Default.threshold() {
            fail("pass", number, verdict.score);
        }
    }
}

fn found_by(verdict: &Verdict, rule: &Rule) -> bool {
    verdict.findings.iter().any(|finding| finding.rule == rule.id)
}
