//! `abatis scan`: the contract that other programs rely on.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use common::{command, folder, run, run_on, write};
use serde_json::{Value, json};

fn values(lines: &str, more: &[&str]) -> Vec<Value> {
    run_on(&[&["scan", "--values", "-"], more].concat(), lines).exits(0).json_lines()
}

fn requests(lines: &str) -> Vec<Value> {
    run_on(&["scan", "--requests", "-"], lines).exits(0).json_lines()
}

fn keys(line: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_verdict_line_has_the_promised_keys() {
    let lines = values("{\"id\": \"a\", \"value\": \"1' or '1'='1\", \"label\": \"ignored\"}", &[]);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        keys(line),
        ["action", "class", "coverage", "findings", "id", "ruleset", "schema", "score"]
    );
    assert_eq!(line["id"], "a");
    assert_eq!(line["schema"], 1);
    assert_eq!(line["action"], "block");
    assert_eq!(line["class"], "sqli");
    assert_eq!(line["coverage"], "full");
    assert!((700..=1000).contains(&line["score"].as_u64().unwrap()));
    let finding = &line["findings"][0];
    assert_eq!(finding["rule"], "sql.injection");
    assert_eq!(finding["place"], "query");
    assert_eq!(finding["span"]["part"], "value");

    let clean = &values("{\"id\": 2, \"value\": \"Anna\"}", &[])[0];
    assert_eq!(clean["action"], "allow");
    assert_eq!(clean["score"], 0);
    assert_eq!(clean["class"], Value::Null);
    assert_eq!(clean["findings"], json!([]));
}

#[test]
fn ids_come_back_as_they_are() {
    let ids = ["7", "\"x\"", "null", "1.50", "123456789012345678901234567890", "{\"a\": [1 , 2]}"];
    let mut lines: Vec<_> =
        ids.iter().map(|id| format!("{{\"value\":\"a\",\"id\":{id}}}")).collect();
    lines.push("{\"value\":\"no id\"}".to_owned());
    let done = run_on(&["scan", "--values", "-"], lines.join("\n")).exits(0);
    for (line, id) in done.stdout.lines().zip(ids.iter().chain(&["null"])) {
        assert!(line.starts_with(&format!("{{\"id\":{id},")), "{line}");
    }
    assert_eq!(done.stdout.lines().count(), ids.len() + 1);
}

#[test]
fn lines_that_cannot_be_read_are_told_and_the_scan_goes_on() {
    // Line by line: what goes in, what `error` says.
    let cases = [
        ("{\"id\": 1, \"value\": \"tea\"}", None),
        ("", None),
        ("not json SECRET", Some("expected a JSON object")),
        ("{\"id\": 4, \"value\": \"tea\"", Some("EOF")),
        ("{\"id\": 5}", Some("expected `value` or `value_b64`")),
        ("{\"id\": 6, \"value\": 3}", Some("`value`: expected a string")),
        ("{\"id\": 7, \"value\": \"a\", \"value_b64\": \"YQ==\"}", Some("not both")),
        ("{\"id\": 8, \"value_b64\": \"SECRET!\"}", Some("`value_b64`: expected Base64")),
        (
            "{\"id\": 9, \"value\": \"a\", \"place\": \"SECRET\"}",
            Some("expected one of path, query, form"),
        ),
        ("{\"id\": 10, \"value\": \"a\", \"place\": 3}", Some("`place`: expected a string")),
        ("[11, \"SECRET\"]", Some("expected a JSON object")),
        ("\"SECRET\"", Some("expected a JSON object")),
        ("   \t", None),
        ("{\"id\": 14, \"value\": \"\\ud800\"}", Some("go into `value_b64`")),
        ("{\"id\": 15, \"id\": 16, \"value\": \"a\"}", Some("duplicate field `id`")),
        ("{\"id\": 16, \"value\": \"coffee\"}", None),
    ];
    for end in ["\n", "\r\n"] {
        let input: String = cases.iter().flat_map(|(line, _)| [*line, end]).collect();
        let done = run_on(&["scan", "--values", "-"], input).exits(0);
        assert!(!done.stdout.contains("SECRET"), "{}", done.stdout);
        assert!(done.stderr.contains("12 lines could not be read"), "{}", done.stderr);
        let lines = done.json_lines();
        let mut lines = lines.iter();
        for (at, (text, error)) in cases.iter().enumerate() {
            let Some(error) = error else {
                if !text.trim().is_empty() {
                    assert_eq!(lines.next().unwrap()["action"], "allow", "{text}");
                }
                continue;
            };
            let line = lines.next().unwrap();
            assert_eq!(line["line"], at + 1, "{line}");
            assert!(line["error"].as_str().unwrap().contains(error), "{line}: expected {error}");
            assert_eq!(keys(line), ["error", "id", "line"]);
            if (5..=10).contains(&(at + 1)) {
                assert_eq!(line["id"], at + 1);
            }
        }
        assert_eq!(lines.next(), None);
    }
}

#[test]
fn bytes_come_as_base64() {
    // c0 af is an overlong slash; the same without padding.
    let lines = values("{\"value_b64\": \"wK8=\"}\n{\"value_b64\": \"wK8\"}\n", &[]);
    for line in &lines {
        assert_eq!(line["findings"][0]["rule"], "protocol.overlong-utf8", "{line}");
    }
    let body = "{\"method\":\"POST\",\"target\":\"/\",\"headers\":[[\"Content-Type\",\"application/json\"]],\"body_b64\":\"eyJhIjoxLCJhIjoyfQ==\"}";
    assert_eq!(requests(body)[0]["findings"][0]["rule"], "protocol.json-duplicate-key");
}

/// A plus is a plus in a value that the application has decoded, and a blank in a query.
#[test]
fn values_are_decoded_and_requests_are_not() {
    let value = |text: &str| values(&json!({"value": text, "place": "json"}).to_string(), &[]);
    let line = &value("1 or 1=1")[0];
    assert_eq!(line["action"], "block");
    assert_eq!(line["findings"][0]["place"], "json");
    assert_eq!(line["findings"][0]["decoded"], json!([]));
    let line = &requests("{\"method\": \"GET\", \"target\": \"/?a=1+or+1=1\"}")[0];
    assert_eq!(line["action"], "block");
    assert_eq!(line["findings"][0]["decoded"], json!(["form"]));
}

#[test]
fn request_lines_say_what_is_missing() {
    let cases = [
        ("{\"id\": 1, \"target\": \"/\"}", "`method` is missing"),
        ("{\"id\": 2, \"method\": \"GET\"}", "`target` is missing"),
        ("{\"id\": 3, \"method\": \"GET\", \"target\": 3}", "`target`: expected a string"),
        (
            "{\"id\": 4, \"method\": \"GET\", \"target\": \"/\", \"headers\": {\"a\": \"b\"}}",
            "[name, value] pairs",
        ),
        (
            "{\"id\": 5, \"method\": \"GET\", \"target\": \"/\", \"headers\": [[\"a\"]]}",
            "[name, value] pairs",
        ),
        (
            "{\"id\": 6, \"method\": \"GET\", \"target\": \"/\", \"body\": \"\", \"body_b64\": \"\"}",
            "not both",
        ),
        (
            "{\"id\": 7, \"method\": \"GET\", \"target\": \"/\", \"body_b64\": \"*\"}",
            "expected Base64",
        ),
    ];
    let input: String = cases.iter().flat_map(|(line, _)| [line, "\n"]).collect();
    for (at, (line, (_, error))) in requests(&input).iter().zip(cases).enumerate() {
        assert_eq!(line["id"], at + 1);
        assert!(line["error"].as_str().unwrap().contains(error), "{line}: expected {error}");
    }
}

#[test]
fn requests_are_judged_whole() {
    let lines = requests(concat!(
        "{\"id\": 1, \"method\": \"GET\", \"target\": \"/\", \"headers\": [[\"Cookie\", \"a=<script>alert(1)</script>\"]]}\n",
        "{\"id\": 2, \"method\": \"POST\", \"target\": \"/\", \"headers\": [[\"content-type\", \"application/x-www-form-urlencoded\"]], \"body\": \"q=x';drop+table+users--\"}\n",
        "{\"id\": 3, \"method\": \"POST\", \"target\": \"/\", \"headers\": [[\"Content-Type\", \"image/png\"]], \"body\": \"abc\"}\n",
    ));
    assert_eq!(lines[0]["findings"][0]["place"], "cookie");
    assert_eq!(lines[1]["findings"][0]["pointer"], "/q");
    assert_eq!(lines[2]["coverage"], json!({"partial": "opaque"}));
    assert_eq!(lines[2]["action"], "allow");
}

#[test]
fn at_most_sixteen_findings_then_dropped() {
    let mut target = String::from("/?");
    for at in 0..40 {
        write!(target, "p{at}=1'+or+'1'='1&").unwrap();
    }
    let line = &requests(&json!({"method": "GET", "target": target}).to_string())[0];
    let findings = line["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 16);
    assert!(line["dropped"].as_u64().unwrap() >= 24, "{}", line["dropped"]);
    let scores: Vec<_> = findings.iter().map(|f| f["score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

#[test]
fn many_lines_keep_their_order_on_several_threads() {
    let mut input = String::new();
    for id in 0..5000 {
        // Some lines take much longer than others.
        let value = if id % 97 == 0 { "select ' or ".repeat(500) } else { format!("tea {id}") };
        writeln!(input, "{}", json!({"id": id, "value": value})).unwrap();
        if id % 1000 == 0 {
            input.push_str("broken\n\n");
        }
    }
    let lines = values(&input, &["--jobs", "2"]);
    let ids: Vec<_> = lines.iter().filter_map(|line| line["id"].as_u64()).collect();
    assert!(ids.iter().copied().eq(0..5000), "{} ids", ids.len());
    assert_eq!(lines.iter().filter(|line| line.get("error").is_some()).count(), 5);
    assert_eq!(lines, values(&input, &["--jobs", "1"]));
}

#[test]
fn sensitivity_and_mode_are_set_from_outside() {
    // Evidence that suffices at paranoid alone.
    let weak = "{\"value\": \"x' or y\"}";
    let action = |more: &[&str]| values(weak, more)[0]["action"].clone();
    assert_eq!(action(&[]), "allow");
    assert_eq!(action(&["--sensitivity", "low"]), "allow");
    assert_eq!(action(&["--sensitivity", "paranoid"]), "block");
    assert_eq!(action(&["--sensitivity", "paranoid", "--detect"]), "flag");
    let done = run(&["scan", "--values", "-", "--sensitivity", "extreme"]).exits(2);
    assert!(done.stderr.contains("low, default, high, paranoid"), "{}", done.stderr);
}

#[test]
fn fail_on_sets_the_exit_code() {
    let scan = |value: &str, more: &[&str]| {
        let line = json!({"value": value}).to_string();
        run_on(&[&["scan", "--values", "-"], more].concat(), line).code
    };
    assert_eq!(scan("1' or '1'='1", &[]), 0);
    assert_eq!(scan("1' or '1'='1", &["--fail-on", "block"]), 1);
    assert_eq!(scan("1' or '1'='1", &["--fail-on", "block", "--detect"]), 0);
    assert_eq!(scan("1' or '1'='1", &["--fail-on", "flag", "--detect"]), 1);
    assert_eq!(scan("tea", &["--fail-on", "flag"]), 0);
}

#[test]
fn timing_is_one_object_on_standard_error() {
    let input = "{\"value\": \"tea\"}\n{\"value\": \"1' or '1'='1\"}\nbroken\n";
    let done = run_on(&["scan", "--values", "-", "--timing"], input).exits(0);
    assert_eq!(done.stdout.lines().count(), 3);
    let timing: Value = serde_json::from_str(&done.stderr).unwrap();
    assert_eq!(timing["items"], 2);
    assert_eq!(timing["bytes"], 15);
    assert!(timing["ns_per_item_median"].as_u64().unwrap() > 0);
    assert!(timing["ns_per_item_max"].as_u64() >= timing["ns_per_item_median"].as_u64());
}

#[test]
fn files_are_read_and_bad_ones_are_named() {
    let folder = folder("scan-files");
    let good =
        write(&folder, "values.jsonl", "{\"id\":1,\"value\":\"a\"}\n{\"id\":2,\"value\":\"b\"}");
    let empty = write(&folder, "empty.jsonl", "");
    assert_eq!(run(&["scan", "--values", &good]).exits(0).json_lines().len(), 2);
    assert_eq!(run(&["scan", "--values", &empty]).exits(0).stdout, "");
    let missing = run(&["scan", "--values", "nowhere.jsonl"]).exits(2).stderr;
    assert_eq!(missing, "abatis: nowhere.jsonl: No such file or directory (os error 2)\n");
    let is_folder = run(&["scan", "--requests", folder.to_str().unwrap()]).exits(2).stderr;
    assert!(is_folder.contains("is a folder; expected a file of JSON Lines"), "{is_folder}");
    let neither = run(&["scan"]).exits(2).stderr;
    assert!(neither.contains("--values") && neither.contains("--requests"), "{neither}");
    for jobs in ["0", "1025", "4000000000"] {
        run(&["scan", "--values", &good, "--jobs", jobs]).exits(2);
    }
}

#[test]
fn lines_without_end_are_refused_not_kept() {
    let mut input = b"{\"id\": 1, \"value\": \"".to_vec();
    input.resize(20 << 20, b'a');
    input.extend_from_slice(
        b"\"}\n{\"id\": 2, \"value\": \"tea\"}\n\xff\xfe\n{\"id\": 4, \"value\": \"tea\"}\n",
    );
    let lines = run_on(&["scan", "--values", "-"], input).exits(0).json_lines();
    assert_eq!(lines.len(), 4);
    assert!(lines[0]["error"].as_str().unwrap().contains("longer than"), "{}", lines[0]);
    assert_eq!(lines[0]["line"], 1);
    assert_eq!(lines[1]["id"], 2);
    assert_eq!(lines[2]["line"], 3);
    assert_eq!(lines[3]["id"], 4);
}

/// A program may send one line, wait for its verdict, and send the next.
#[test]
fn every_line_is_answered_as_it_comes() {
    let mut child = command(&["scan", "--values", "-", "--jobs", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for id in 0..3 {
        writeln!(stdin, "{{\"id\": {id}, \"value\": \"tea\"}}").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.starts_with(&format!("{{\"id\":{id},")), "{line}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The reader of the lines leaves while more input could come: no message, and nobody waits for that input.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = command(&["scan", "--values", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut some = [0; 10];
    stdin.write_all(b"{\"value\": \"tea\"}\n").unwrap();
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    stdin.write_all(b"{\"value\": \"tea\"}\n").unwrap();
    // `stdin` stays open until the command has ended by itself.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "");
    drop(stdin);
}
