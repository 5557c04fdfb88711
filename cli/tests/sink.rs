//! `abatis sink`, run as its users do.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::run;

const STATEMENT: &str = "select * from t where id = 1 or true";

#[test]
fn what_is_code_is_underlined_in_the_statement() {
    let given = ["sink", "sqlite", "--statement", STATEMENT, "--value", "id=1 or true"];
    let ask = |more: &[&str]| run(&[&given[..], more].concat()).exits(0).stdout;
    let masked = ask(&[]);
    assert!(masked.starts_with("BLOCK") && masked.contains("sink.sql.crossed"), "{masked}");
    assert!(masked.contains("where id = *********\n"), "{masked}");
    assert!(
        masked.contains("statement 27..36") && masked.contains("query parameter /id"),
        "{masked}"
    );
    run(&[&given[..], &["--fail-on", "block"]].concat()).exits(1);
    assert!(ask(&["--show-payload"]).contains(STATEMENT));
    let verdict: serde_json::Value = serde_json::from_str(&ask(&["--json"])).unwrap();
    assert_eq!(verdict["findings"][0]["span"]["part"], "statement");
}

#[test]
fn what_is_data_is_allowed_and_what_is_no_sink_is_refused() {
    let quoted = "select * from t where note = '1 or true'";
    let given = ["sink", "sqlite", "--statement", quoted, "--value", "n=1 or true"];
    let done = run(&[&given[..], &["--fail-on", "flag"]].concat()).exits(0);
    assert!(done.stdout.starts_with("ALLOW"), "{}", done.stdout);
    let path = ["--statement", "/srv/files/../key", "--value", "f=../key"];
    let done = run(&[&["sink", "path", "--base", "/srv/files"][..], &path].concat()).exits(0);
    assert!(done.stdout.contains("sink.path.left"), "{}", done.stdout);
    let done = run(&["sink", "dbase", "--statement", "x", "--value", "n=x"]).exits(2);
    assert!(done.stderr.contains("expected one of mysql"), "{}", done.stderr);
    let done = run(&["sink", "url", "--statement", "x", "--value", "n"]).exits(2);
    assert!(done.stderr.contains("NAME=TEXT"), "{}", done.stderr);
}
