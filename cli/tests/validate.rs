//! `abatis validate` and `abatis bowtie`, run as their users do.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::{folder, run, run_on, write};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{
    "type": "object",
    "required": ["sku"],
    "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"}, "due": {"format": "date"}}
}"#;

#[test]
fn violations_are_told_with_their_place_and_without_the_value() {
    let folder = folder("validate_text");
    let schema = write(&folder, "schema.json", SCHEMA);
    let good = write(&folder, "good.json", r#"{"sku": "OT-0042"}"#);
    let bad = write(&folder, "bad.json", "{\n  \"sku\": \"secret\",\n  \"sku\": 5}");
    let done = run(&["validate", "--schema", &schema, &good]).exits(0);
    assert_eq!(done.stdout, format!("{good}: valid\n"));

    let ask = |more: &[&str]| {
        run(&[&["validate", "--schema", &schema, &good, &bad], more].concat()).exits(1).stdout
    };
    let told = ask(&[]);
    assert!(told.contains(&format!("{bad}:3:3: duplicate-key: ")), "{told}");
    assert!(told.contains(&format!("{bad}:3:10: type: is not of type `string`\n    value /sku, schema /properties/sku/type\n")), "{told}");
    assert!(!told.contains("secret") && told.starts_with(&good), "{told}");
    assert!(ask(&["--show-payload"]).ends_with("\n    5\n"));
    assert_eq!(ask(&["--max", "1"]).matches(&bad).count(), 1);
    let told = ask(&["--duplicate-keys"]);
    assert!(!told.contains("duplicate-key") && told.contains(": type: "), "{told}");
    assert!(ask(&["--color", "always"]).contains("\x1b[1;31mtype\x1b[0m"));
}

#[test]
fn json_has_pointers_and_bytes() {
    let folder = folder("validate_json");
    let schema = write(&folder, "schema.yaml", "items: {type: integer}");
    let done = run_on(&["validate", "--schema", &schema, "--json", "-"], "[1, \"a\"]").exits(1);
    let expected = json!({"file": "-", "valid": false, "violations": [{
        "keyword": "type", "schema_pointer": "/items/type", "instance_pointer": "/1", "range": [4, 7],
        "message": "is not of type `integer`",
    }]});
    assert_eq!(done.json_lines(), [expected]);

    let lines = "[1]\n\n{}\n[null]\n[";
    let done = run_on(&["validate", "--schema", &schema, "--json", "--lines", "-"], lines).exits(1);
    let told: Vec<_> = done
        .json_lines()
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["valid"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [(1, true), (3, true), (4, false), (5, false)]);
    let done = run_on(&["validate", "--schema", &schema, "--lines", "-"], lines).exits(1);
    assert_eq!(done.stdout.lines().next().unwrap(), "-:4:2: type: is not of type `integer`");
}

#[test]
fn settings_of_the_schema() {
    let folder = folder("validate_settings");
    let schema = write(&folder, "schema.json", SCHEMA);
    let document = write(&folder, "document.json", r#"{"sku": "OT-0042", "due": "2026-02-30"}"#);
    let ask = |more: &[&str], code| {
        run(&[&["validate", "--schema", &schema, &document], more].concat()).exits(code).stdout
    };
    ask(&[], 0);
    ask(&["--draft", "7", "--format-assertion", "off"], 0);
    assert!(ask(&["--draft", "7"], 1).contains("schema /properties/due/format"));
    assert!(ask(&["--format-assertion", "on"], 1).contains(": format: "));
    let done = run(&["validate", "--schema", &schema, "--draft", "8", &document]).exits(2);
    assert!(done.stderr.contains("expected one of 4, 6, 7, 2019-09, 2020-12"), "{}", done.stderr);

    let typo = write(&folder, "typo.json", "{\n\"minLenght\": 3}");
    run(&["validate", "--schema", &typo, &document]).exits(0);
    let done = run(&["validate", "--schema", &typo, "--strict", &document]).exits(2);
    assert!(
        done.stderr.contains(
            "typo.json:2:14: draft 2020-12 has no keyword `minLenght`, did you mean `minLength`?"
        ),
        "{}",
        done.stderr
    );
}

#[test]
fn references_lead_into_the_folder_and_nowhere_else() {
    let folder = folder("validate_documents");
    let schema =
        write(&folder, "api/order.json", r#"{"items": {"$ref": "parts/item%20one.json"}}"#);
    write(&folder, "api/parts/item one.json", r#"{"$ref": "https://shop.example/id"}"#);
    write(&folder, "api/parts/id.yaml", "$id: https://shop.example/id\ntype: integer\n");
    write(&folder, "api/parts/README.md", "no schema");
    let api = folder.join("api");
    let ask = |more: &[&str], input: &str| {
        run_on(&[&["validate", "--schema", &schema, "-"], more].concat(), input)
    };
    let with = ["--documents", api.to_str().unwrap()];
    ask(&with, "[1]").exits(0);
    let done = ask(&with, "[\"a\"]").exits(1);
    assert!(done.stdout.contains("schema https://shop.example/id#/type"), "{}", done.stdout);
    let done = ask(&[], "[1]").exits(2);
    assert!(done.stderr.contains("schemas are never fetched"), "{}", done.stderr);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_validated() {
    let folder = folder("validate_unusable");
    let schema = write(&folder, "schema.json", "true");
    let good = write(&folder, "good.json", "1");
    let done = run(&["validate", "--schema", &schema, "missing.json", &good]).exits(2);
    assert!(done.stdout.contains(": valid") && done.stderr.contains("missing.json"), "{done:?}");
    let broken = write(&folder, "broken.json", "{\"type\": 5,\n \"pattern\": \"[\"}");
    let done = run(&["validate", "--schema", &broken, &good]).exits(2);
    assert!(done.stderr.contains("the schema cannot be used, 2 errors:"), "{}", done.stderr);
    assert!(
        done.stderr.contains("broken.json:1:10:") && done.stderr.contains("broken.json:2:13:"),
        "{}",
        done.stderr
    );
    run(&["validate", &good]).exits(2);
}

fn bowtie(lines: &[Value]) -> Vec<Value> {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    run_on(&["bowtie"], lines.join("\n")).exits(0).json_lines()
}

#[test]
fn bowtie_is_answered_line_by_line() {
    let case = |seq: u32, schema: Value| {
        let tests =
            json!([{"description": "d", "instance": 1}, {"description": "d", "instance": "a@b"}]);
        let registry = json!({"http://localhost:1234/int.json": {"type": "integer"}});
        let case =
            json!({"description": "c", "schema": schema, "registry": registry, "tests": tests});
        json!({"cmd": "run", "seq": seq, "case": case})
    };
    let answers = bowtie(&[
        json!({"cmd": "start", "version": 1}),
        json!({"cmd": "dialect", "dialect": "http://json-schema.org/draft-07/schema#"}),
        case(1, json!({"$ref": "http://localhost:1234/int.json"})),
        case(2, json!({"format": "ipv4"})),
        case(3, json!({"type": "strin"})),
        json!({"cmd": "dialect", "dialect": "http://json-schema.org/draft-03/schema#"}),
        json!({"cmd": "stop"}),
    ]);
    assert_eq!(answers[0]["implementation"]["dialects"].as_array().unwrap().len(), 5);
    assert_eq!(answers[1], json!({"ok": true}));
    assert_eq!(answers[2], json!({"seq": 1, "results": [{"valid": true}, {"valid": false}]}));
    assert_eq!(answers[3], json!({"seq": 2, "results": [{"valid": true}, {"valid": true}]}));
    assert_eq!((&answers[4]["seq"], &answers[4]["errored"]), (&json!(3), &json!(true)));
    assert_eq!(answers[5], json!({"ok": false}));
    assert_eq!(answers.len(), 6);
    run_on(&["bowtie"], "{\"cmd\":\"start\",\"version\":9}\n").exits(2);
    run_on(&["bowtie"], "hello\n").exits(2);
}
