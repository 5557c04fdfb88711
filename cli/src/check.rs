//! `abatis check`: does every rule do what it says?

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use abatis::model::policy::{Policy, Sensitivity};
use abatis::model::rule::{Matcher, NameOrValue, Rule};
use abatis::{Diagnostic, Engine, Finding, Place, RuleId, Scratch};
use serde::Serialize;
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::output::{Color, Error, print, tame};
use crate::policy::{PolicyArgs, build};

/// Check policy and rules: each rule against its own hits and passes; sizes and build time of the automata.
///
/// Every hit of a rule must be found by that rule. No pass may be found by it; by a detector, not with a score that counts at
/// sensitivity `default`. Rules that look at names get their hits and passes as names. Settings and exclusions of the policy
/// do not count here.
///
/// Steps are what one byte may cost at worst: the states that an expression may be in at once, the contexts in which a detector
/// lexes, none for literals, which one scan finds for all rules. `limits.rule_steps` bounds those of a rule.
///
/// Warnings tell what has no effect: exclusions of fields that cannot be, or that another exclusion covers; rules that can match
/// nothing, are excluded everywhere, or look as another one does; schemas that the schema machine cannot take. Hints tell rules of your own whose hits another rule finds too.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 all is well, 1 a rule does not do what it says (with --strict: or there is a warning), 2 the policy or a file that it names cannot be used: \
all errors are listed at once, with file:line:column.

Examples:
  abatis check
  abatis check --policy policy.yaml --strict
  abatis check --policy policy.yaml --json")]
pub(crate) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Warnings are errors
    #[arg(long)]
    strict: bool,
    /// Show the worst-case steps of every rule, not of the most expensive ones alone
    #[arg(long)]
    steps: bool,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

/// Rules whose steps are shown.
const STEPS_SHOWN: usize = 5;

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
    let warnings = Engine::builder().warnings(&bundle);
    let mut hints = Vec::new();
    let (mut rules, mut hits, mut passes) = (0, 0, 0);
    for file in &bundle.rules {
        // What ships overlaps on purpose.
        let is_own = !file.source.name().starts_with("builtin:");
        for rule in &file.content.rules {
            rules += 1;
            hits += rule.hits.len();
            passes += rule.passes.len();
            checker.check(rule, &mut failures);
            if let Some(others) =
                is_own.then(|| checker.also_found_by(rule)).filter(|o| !o.is_empty())
            {
                hints.push(Hint { rule: &rule.id, found_by: others });
            }
        }
    }

    let memory = engine.memory_usage();
    let schemas = engine.schemas();
    let fallbacks: Vec<_> = schemas.iter().filter_map(|&(name, why)| Some((name, why?))).collect();
    let mut steps = engine.rule_steps();
    steps.sort_by_key(|(_, steps)| std::cmp::Reverse(*steps));
    if args.json {
        let report = json!({"rules": rules, "hits": hits, "passes": passes, "failures": failures,
            "schemas": schemas.len(),
            "fallbacks": fallbacks.iter().map(|(name, why)| json!({"schema": name, "why": why})).collect::<Vec<_>>(),
            "warnings": warnings.iter().map(as_json).collect::<Vec<_>>(), "hints": hints, "compiled_bytes": memory,
            "build_ms": build_ms, "ruleset": engine.ruleset(), "steps_per_byte": engine.steps_per_byte(),
            "rule_steps": steps.iter().map(|(rule, steps)| json!({"rule": rule, "steps": steps})).collect::<Vec<_>>()});
        print(&format!("{report}\n"))?;
    } else {
        let mut report = String::new();
        for failure in &failures {
            failure.tell(&mut report);
        }
        for warning in &warnings {
            let warning = tame(&warning.to_string());
            let _ = writeln!(report, "{}: {warning}", color.paint("33", "warning"));
        }
        for (name, why) in &fallbacks {
            let warning = tame(&format!(
                "schema `{name}` is run by the full validator, which is slower; {why}"
            ));
            let _ = writeln!(report, "{}: {warning}", color.paint("33", "warning"));
        }
        for hint in &hints {
            let others: Vec<_> = hint.found_by.iter().map(|id| format!("`{id}`")).collect();
            let _ = writeln!(
                report,
                "hint: rule `{}`: all of its hits are found by {} too, with no less weight",
                hint.rule,
                others.join(" and by ")
            );
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
        let native = schemas.len() - fallbacks.len();
        let _ =
            writeln!(report, "schemas: {}, {native} of them by the schema machine", schemas.len());
        let _ = writeln!(
            report,
            "compiled: {} KiB in {build_ms:.1} ms, ruleset {}",
            memory / 1024,
            engine.ruleset()
        );
        let _ = writeln!(
            report,
            "steps: at most {} a byte, all readings and rules together; of one rule in one reading:",
            engine.steps_per_byte()
        );
        let shown = if args.steps { steps.len() } else { STEPS_SHOWN };
        for (rule, steps) in steps.iter().take(shown) {
            let _ = writeln!(report, "  {steps:>5}  {rule}");
        }
        print(&report)?;
    }
    let is_quiet = warnings.is_empty() && fallbacks.is_empty();
    let is_well = failures.is_empty() && (is_quiet || !args.strict);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn as_json(warning: &Diagnostic) -> Value {
    let Diagnostic { file, line, column, pointer, rule, message, .. } = warning;
    json!({"file": file, "line": line, "column": column, "pointer": pointer, "rule": rule, "message": message})
}

/// A rule whose hits others find too.
#[derive(Serialize)]
struct Hint<'r> {
    rule: &'r RuleId,
    found_by: Vec<RuleId>,
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

    /// The rules of the same class that find every hit, each with at least the weight of `rule`.
    fn also_found_by(&mut self, rule: &Rule) -> Vec<RuleId> {
        let mut others: Option<Vec<RuleId>> = None;
        for hit in &rule.hits {
            let as_strong = |finding: &&Finding| {
                finding.rule != rule.id
                    && finding.class == rule.class
                    && finding.score >= rule.weight
            };
            let found: Vec<_> =
                self.findings(rule, hit).iter().filter(as_strong).map(|f| f.rule.clone()).collect();
            let mut both = others.unwrap_or_else(|| found.clone());
            both.retain(|id| found.contains(id));
            both.dedup();
            others = Some(both);
        }
        others.unwrap_or_default()
    }

    /// The score that a rule gives a value, or a name if the rule looks at names only; `None` if it does not find it.
    fn score(&mut self, rule: &Rule, value: &str) -> Option<u16> {
        let of_rule = |finding: &&Finding| finding.rule == rule.id;
        self.findings(rule, value).iter().filter(of_rule).map(|finding| finding.score).max()
    }

    /// What is found in a value, or in a name if the rule looks at names only.
    fn findings(&mut self, rule: &Rule, value: &str) -> &[Finding] {
        let place = rule.targets.first().copied().unwrap_or(Place::Query);
        let scratch = &mut self.scratch;
        let verdict = if rule.part == NameOrValue::Name {
            let carrier = Carrier::name(place, "/", value);
            self.engine.inspect_with(scratch, &carrier.request())
        } else {
            self.engine.inspect_value(scratch, place, value.as_bytes())
        };
        &verdict.findings
    }
}
