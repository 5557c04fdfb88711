//! `--policy` everywhere, `abatis check` and `abatis schema`.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::{folder, run, run_on, write};
use serde_json::Value;

const BROKEN: &str = "\
mode: blok
limits:
  body_bytes: many
routes:
  - methods: [GET]
";

#[test]
fn all_errors_of_a_policy_are_told_with_their_lines() {
    let folder = folder("policy-broken");
    let policy = write(&folder, "broken.yaml", BROKEN);
    let value = "{\"value\": \"a\"}";
    for arguments in [
        &["inspect", "examples/requests"][..],
        &["explain", "--value", "a"],
        &["scan", "--values", "-"],
        &["check"],
    ] {
        let arguments = [arguments, &["--policy", &policy]].concat();
        let done = run_on(&arguments, value).exits(2);
        assert_eq!(done.stdout, "", "{arguments:?}");
        let lines: Vec<_> = done.stderr.lines().collect();
        assert_eq!(lines[0], "abatis: the policy cannot be used, 3 errors:", "{}", done.stderr);
        for (line, place) in lines[1..].iter().zip(["1:7", "3:15", "5:5"]) {
            assert!(line.starts_with(&format!("{policy}:{place}: ")), "{line}: expected {place}");
        }
        assert!(lines[1].contains("expected one of detect, block"), "{}", lines[1]);
        assert_eq!(lines.len(), 4, "{}", done.stderr);
    }
}

#[test]
fn policies_come_by_name_or_path() {
    for name in ["default", "strict", "monitor", "api-json"] {
        run(&["explain", "--value", "a", "--policy", name]).exits(0);
    }
    let action = |policy: &str| {
        run(&["inspect", "--policy", policy, "examples/requests/sql-tautology.http"])
            .exits(0)
            .stdout
    };
    assert!(action("monitor").starts_with("flag"));
    assert!(action("rules/policy/monitor.yaml").starts_with("flag"));
    let near = run(&["check", "--policy", "strikt"]).exits(2).stderr;
    assert!(near.contains("did you mean `strict`?"), "{near}");
    let missing = run(&["check", "--policy", "no/such.yaml"]).exits(2).stderr;
    assert!(missing.contains("no/such.yaml") && missing.contains("No such file"), "{missing}");
    let binary = write(&folder("policy-binary"), "p.yaml", [0u8, 255, 254]);
    run(&["check", "--policy", &binary]).exits(2);
}

#[test]
fn routes_and_exclusions_of_a_policy_hold() {
    let folder = folder("policy-routes");
    let policy = write(
        &folder,
        "policy.yaml",
        "routes:\n  - path: /reports/{id}\n    mode: detect\n  - path: /sql\n    exclusions: [{class: sqli, field: q}]\n",
    );
    let action = |target: &str| {
        let line = format!("{{\"method\":\"GET\",\"target\":\"{target}?q=1'+or+'1'='1\"}}");
        let done = run_on(&["scan", "--requests", "-", "--policy", &policy], line).exits(0);
        done.json_lines()[0]["action"].clone()
    };
    assert_eq!(action("/"), "block");
    assert_eq!(action("/reports/7"), "flag");
    assert_eq!(action("/sql"), "allow");
}

#[test]
fn the_rules_that_ship_do_what_they_say() {
    let done = run(&["check"]);
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(done.stdout.starts_with("ok: "), "{}", done.stdout);
    let report: Value = serde_json::from_str(&run(&["check", "--json"]).exits(0).stdout).unwrap();
    assert!(report["rules"].as_u64().unwrap() > 100);
    assert!(report["compiled_bytes"].as_u64().unwrap() > 0);
    assert!(report["build_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(report["failures"].as_array().unwrap().len(), 0);
}

const RULES: &str = r"
rules:
  - id: own.word
    class: rce-code
    about: A word of ours
    weight: 900
    matcher: {literals: [frobnicate]}
    origin: own
    hits: [please frobnicate it, 'frob nicate']
    passes: ['frob', FROBNICATED]
  - id: own.name
    class: prototype
    about: A name of ours
    weight: 900
    part: name
    matcher: {literals: [__frob__]}
    origin: own
    hits: [__frob__, 'a[__frob__]=%', 'no']
    passes: [frob]
  - id: own.json-name
    class: prototype
    about: A key of ours
    weight: 900
    part: name
    targets: [json]
    matcher: {literals: [__jfrob__]}
    origin: own
    hits: ['a.__jfrob__']
    passes: [jfrob]
";

#[test]
fn a_rule_that_does_not_do_what_it_says_fails() {
    let folder = folder("check-rules");
    write(&folder, "rules.yaml", RULES);
    let policy = write(&folder, "policy.yaml", "rulesets: [builtin, rules.yaml]\n");
    let done = run(&["check", "--policy", &policy]).exits(1);
    let expected = "\
rule `own.word`: hit 2 is not found: frob nicate
rule `own.word`: pass 2 is found, score 900: FROBNICATED
rule `own.name`: hit 3 is not found: no
FAILED: ";
    assert!(done.stdout.starts_with(expected), "{}", done.stdout);
    assert!(done.stdout.contains(" 3 failures\n"), "{}", done.stdout);
    let done = run(&["check", "--policy", &policy, "--json"]).exits(1);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["failures"][0]["rule"], "own.word");
    assert_eq!(report["failures"][1]["kind"], "pass");
    assert_eq!(report["failures"][2]["number"], 3);
}

#[test]
fn what_a_rule_costs_is_told_and_bounded() {
    let report: Value = serde_json::from_str(&run(&["check", "--json"]).exits(0).stdout).unwrap();
    let steps = report["rule_steps"].as_array().unwrap();
    assert_eq!(steps.len() as u64, report["rules"].as_u64().unwrap());
    assert!(report["steps_per_byte"].as_u64().unwrap() > 0);
    let of = |rule: &str| {
        steps.iter().find(|told| told["rule"] == rule).unwrap()["steps"].as_u64().unwrap()
    };
    assert!(of("xxe.external-entity") > 10);
    // Contexts of its detector.
    assert!((1..10).contains(&of("sql.injection")));
    let text = run(&["check"]).exits(0).stdout;
    assert!(text.contains("steps: at most "), "{text}");
    assert!(run(&["check", "--steps"]).exits(0).stdout.contains("sql.injection\n"));

    let folder = folder("check-steps");
    let rules = "\
rules:
  - id: own.long
    class: cmdi
    about: A long one
    weight: 900
    matcher:
      regex: {pattern: 'frob.{0,900}nicate', with: [frob]}
    origin: own
    hits: [frob and nicate]
    passes: [frob]
";
    write(&folder, "rules.yaml", rules);
    let text = "rulesets: [builtin, rules.yaml]\nlimits: {rule_steps: 1500}\n";
    let policy = write(&folder, "policy.yaml", text);
    let done = run(&["check", "--policy", &policy]).exits(2);
    let place =
        format!("{}/rules.yaml:7:7: rule `own.long`: the expression may take ", folder.display());
    assert!(done.stderr.contains(&place), "{}", done.stderr);
    assert!(
        done.stderr.contains(" a byte, more than limits.rule_steps, which is 1500;"),
        "{}",
        done.stderr
    );
    let text = "rulesets: [builtin, rules.yaml]\n";
    let policy = write(&folder, "policy.yaml", text);
    run(&["check", "--policy", &policy]).exits(0);
}

#[test]
fn rules_are_checked_whatever_the_policy_sets() {
    let folder = folder("check-settings");
    let policy = write(
        &folder,
        "policy.yaml",
        "sensitivity: low\nrules:\n  sql.injection: {mode: off}\nexclusions: [{class: xss}]\nlimits: {findings_max: 1}\n",
    );
    run(&["check", "--policy", &policy]).exits(0);
}

#[test]
fn schemas_are_those_that_ship() {
    for name in ["policy", "rules", "weights", "event"] {
        let printed = run(&["schema", name]).exits(0).stdout;
        let path = format!("{}/../rules/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        assert!(std::fs::read_to_string(path).unwrap() == printed, "{name}: cargo xtask schemas");
    }
    let unknown = run(&["schema", "verdict"]).exits(2).stderr;
    assert!(unknown.contains("policy, rules, weights, event"), "{unknown}");
}

#[test]
fn help_of_each_command_teaches() {
    for command in ["inspect", "explain", "scan", "replay", "propose", "check", "schema"] {
        let help = run(&[command, "--help"]).exits(0).stdout;
        assert!(help.contains("Example") && help.contains(&format!("abatis {command}")), "{help}");
    }
    let help = run(&["--help"]).exits(0).stdout;
    assert!(help.contains("Exit codes: 0 done"), "{help}");
    assert_eq!(run(&["--version"]).exits(0).stdout, "abatis 0.1.0\n");
    run(&[]).exits(2);
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let folder = folder("check-warnings");
    let rules = RULES
        .replace("'frob nicate'", "frobnicate")
        .replace("FROBNICATED", "frobnic")
        .replace(", 'no'", "")
        + "  - {id: own.same, class: rce-code, about: The same, weight: 800, matcher: {literals: [frobnicat]}, origin: own, hits: [frobnicate], passes: [frob]}\n";
    write(&folder, "rules.yaml", rules);
    let text = "rulesets: [builtin, rules.yaml]\nexclusions:\n  - {class: xss}\n  - {class: xss, place: query}\n";
    let policy = write(&folder, "policy.yaml", text);
    let done = run(&["check", "--policy", &policy]).exits(0);
    let warning =
        format!("warning: {policy}:4:5: /exclusions/0 already covers it (at /exclusions/1)\n");
    assert!(done.stdout.contains(&warning), "{}", done.stdout);
    assert!(done.stdout.contains("never counts: /exclusions/0"), "{}", done.stdout);
    let hint =
        "hint: rule `own.same`: all of its hits are found by `own.word` too, with no less weight\n";
    assert!(done.stdout.contains(hint), "{}", done.stdout);
    run(&["check", "--policy", &policy, "--strict"]).exits(1);
    run(&["check", "--strict"]).exits(0);
    let done = run(&["check", "--policy", &policy, "--json"]).exits(0);
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    let at_line_4 =
        told["warnings"].as_array().unwrap().iter().find(|warning| warning["line"] == 4);
    assert_eq!(at_line_4.unwrap()["pointer"], "/exclusions/1");
    assert_eq!(told["hints"][0]["found_by"][0], "own.word");
}

#[test]
fn check_tells_which_schemas_the_machine_cannot_take() {
    let folder = folder("policy-schemas");
    let names: Vec<_> = ('a'..='g').map(|c| format!("^{c}: {{}}")).collect();
    let text = format!(
        "schemas:\n  easy: {{type: object}}\n  odd: {{patternProperties: {{{}}}}}\n",
        names.join(", ")
    );
    let policy = write(&folder, "policy.yaml", &text);
    let done = run(&["check", "--policy", &policy]).exits(0);
    assert!(done.stdout.contains("schemas: 2, 1 of them by the schema machine"), "{}", done.stdout);
    let report = run(&["check", "--policy", &policy, "--json"]).exits(0);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["fallbacks"][0]["schema"], "odd");
    assert!(report["fallbacks"][0]["why"].as_str().unwrap().contains("more than 6 patterns"));
    run(&["check", "--policy", &policy, "--strict"]).exits(1);
}
