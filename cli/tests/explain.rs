//! `abatis explain`, run as its users do.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::{command, run, run_on};

const VALUE: &str = "7' union select login,secret from users-- -";
/// Pieces of the payload that must not be seen unless asked for.
const PIECES: [&str; 5] = ["union", "select", "login", "secret", "users"];

#[test]
fn the_payload_is_masked_unless_asked_for() {
    let request = format!(
        "POST /find?q={0} HTTP/1.1\nHost: h\nX-Note: {VALUE}\nContent-Type: application/json\n\n{{\"a\": \"{VALUE}\"}}",
        VALUE.replace(' ', "+")
    );
    let explain =
        |more: &[&str]| run_on(&[&["explain", "-"], more].concat(), &request).exits(0).stdout;
    let masked = explain(&[]);
    let masked_json = explain(&["--json"]);
    let shown = explain(&["--show-payload"]);
    let shown_json = explain(&["--json", "--show-payload"]);
    for piece in PIECES {
        assert!(!masked.contains(piece), "{piece}: {masked}");
        assert!(!masked_json.contains(piece), "{piece}: {masked_json}");
        assert!(shown.contains(piece), "{piece}: {shown}");
        assert!(shown_json.contains(piece), "{piece}: {shown_json}");
    }
    assert!(masked.contains("The payload is masked."));
    assert!(!shown.contains("The payload is masked."));
    // Everything else is there all the same.
    for text in [&masked, &shown] {
        for part in [
            "BLOCK  score ",
            "sql.injection",
            "^^^^",
            "X-Note: ",
            "context   ",
            "UNION",
            "exclusions:",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("- {rule: sql.injection, place: query, field: \"q\"}"), "{text}");
    }
    let verdict: serde_json::Value = serde_json::from_str(&masked_json).unwrap();
    assert_eq!(verdict["schema"], 1);
    assert!(verdict["findings"][0].get("steps").is_none());
}

/// What one finding masks must not be seen around another.
#[test]
fn findings_do_not_show_each_other() {
    let value = "<script>alert(document.cookie)</script>";
    let done = run(&["explain", "--value", value]).exits(0);
    let findings = done.stdout.matches("^^").count();
    assert!(findings >= 1, "{}", done.stdout);
    for piece in ["script>", "alert(", "document.cookie"] {
        assert!(!done.stdout.contains(piece), "{piece}: {}", done.stdout);
    }
}

#[test]
fn the_advice_works() {
    let folder = common::folder("explain-advice");
    let explained = run(&["explain", "examples/requests/sql-tautology.http"]).exits(0).stdout;
    let at = explained.find("     exclusions:").unwrap();
    let advice: Vec<_> = explained[at..].lines().take(2).map(|line| &line[5..]).collect();
    let policy = common::write(&folder, "policy.yaml", advice.join("\n"));
    let done = run(&["inspect", "--policy", &policy, "examples/requests/sql-tautology.http"]);
    assert!(done.stdout.starts_with("allow"), "{advice:?}: {done:?}");
}

#[test]
fn values_have_a_place() {
    let explain = |place| run(&["explain", "--value", VALUE, "--place", place]);
    assert!(explain("cookie").exits(0).stdout.contains("in        cookie"));
    let wrong = explain("trailer").exits(2).stderr;
    let names = "unknown place, expected one of path, query, form, json, header, cookie, body, xml";
    assert!(wrong.contains(names), "{wrong}");
    let both = run(&["explain", "file.http", "--value", "x"]).exits(2).stderr;
    assert!(both.contains("cannot be used with"), "{both}");
    let none = run(&["explain"]).exits(2).stderr;
    assert!(none.contains("<FILE|--value <TEXT>>"), "{none}");
}

#[test]
fn nothing_found_is_said_too() {
    let done = run(&["explain", "--value", "Anna Schmidt"]).exits(0);
    assert!(done.stdout.starts_with("ALLOW  score 0"), "{}", done.stdout);
}

#[test]
fn what_is_no_request_is_said_without_showing_it() {
    let done = run_on(&["explain", "-"], "secret\nsecret").exits(2);
    assert!(done.stderr.contains("line 1: expected `METHOD target"), "{}", done.stderr);
    assert!(!done.stderr.contains("secret"), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn values_that_are_no_text_are_taken() {
    use std::os::unix::ffi::OsStrExt;
    let value = std::ffi::OsStr::from_bytes(b"\xff\xc0\xaf'");
    let output = command(&["explain", "--value"]).arg(value).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("protocol.overlong-utf8"));
}
