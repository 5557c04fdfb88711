//! Logs: `abatis scan` with `--format`, `--only`, `--report` and `--events`, and `abatis replay`.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use common::{folder, run, run_on, write};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

const ACCESS: &str = r#"203.0.113.9 - - [10/Oct/2026:13:55:36 +0200] "GET /search?q=oak HTTP/1.1" 200 2326 "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64) Firefox/142.0"
203.0.113.9 - - [10/Oct/2026:13:56:01 +0200] "GET /orders/4711?id=1%27+or+%271%27=%271 HTTP/1.1" 403 10 "-" "Fox"
198.51.100.2 - - [10/Oct/2026:14:00:00 +0200] "-" 408 0 "-" "-"
198.51.100.2 - - [10/Oct/2026:15:00:00 +0200] "GET / HTTP/1.1" 200 1 "-" "() { :; }; /bin/id"
198.51.100.2 - - [10/Oct/2026:15:00:01 +0200] "GET /?a=\x22><script>alert(1)</script> HTTP/1.1" 200 1
"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

const COMBINED: [&str; 5] = ["scan", "--requests", "-", "--format", "combined"];

#[test]
fn access_logs_are_judged_line_by_line() {
    let done = run_on(&COMBINED, ACCESS).exits(0);
    let lines = done.json_lines();
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    let classes: Vec<_> = lines.iter().map(|line| line["class"].clone()).collect();
    assert_eq!(
        classes,
        [json!(null), json!("sqli"), json!(null), json!("shellshock"), json!("xss")]
    );
    assert!(lines[2]["error"].as_str().unwrap().contains("METHOD target HTTP/version"));
    assert_eq!(lines[2]["line"], 3);
    assert_eq!(lines[3]["findings"][0]["pointer"], "/User-Agent");
    assert_eq!(done.stderr, "abatis: 1 line could not be read, see `error`\n");
    // Compressed, in two members, it is the same.
    let (head, tail) = ACCESS.split_at(300);
    let members = [gzip(head), gzip(tail)].concat();
    assert_eq!(run_on(&COMBINED, members).exits(0).stdout, done.stdout);
}

#[test]
fn only_leaves_out_what_asks_for_less() {
    let only = |action: &str, more: &[&str]| -> Vec<u64> {
        let done = run_on(&[&COMBINED[..], &["--only", action], more].concat(), ACCESS).exits(0);
        done.json_lines().iter().map(|line| line["id"].as_u64().unwrap()).collect()
    };
    // Line 3 cannot be read.
    assert_eq!(only("flag", &[]), [2, 3, 4, 5]);
    assert_eq!(only("flag", &["--detect"]), [2, 3, 4, 5]);
    assert_eq!(only("block", &["--detect"]), [3]);
}

#[test]
fn broken_compression_is_told() {
    let folder = folder("log-broken");
    let mut cut = gzip(&ACCESS.repeat(50));
    cut.truncate(cut.len() - 20);
    let path = write(&folder, "access.log.gz", cut);
    let done = run(&["scan", "--requests", &path, "--format", "combined"]).exits(2);
    assert_eq!(done.stderr, format!("abatis: {path}: broken gzip: it ends too early\n"));
}

#[test]
fn archives_are_read_entry_by_entry() {
    let entry = |url: &str, body: Value| {
        json!({"startedDateTime": "2026-10-10T13:55:36Z", "response": {"content": {"text": "x"}},
            "request": {"method": "POST", "url": url, "headers": [{"name": "Content-Type", "value": "application/json"}],
                "postData": body}})
    };
    let attack =
        json!({"mimeType": "application/json", "text": "{\"user\": \"admin' or sleep(5)#\"}"});
    let fine = json!({"mimeType": "application/json", "text": "{\"user\": \"Anna\"}"});
    let entries =
        [entry("https://h/a", fine), json!({"request": {"url": 3}}), entry("https://h/b", attack)];
    let archive = json!({"log": {"version": "1.2", "entries": entries}}).to_string();
    let har = ["scan", "--requests", "-", "--format", "har"];
    let lines = run_on(&har, &archive).exits(0).json_lines();
    let ids: Vec<_> = lines.iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, [json!(0), json!(1), json!(2)]);
    assert_eq!(lines[0]["action"], "allow");
    assert!(lines[1]["error"].as_str().unwrap().contains("`request.method`"));
    assert_eq!(lines[2]["findings"][0]["pointer"], "/user");
    let done = run_on(&har, "[1]").exits(2);
    assert!(done.stderr.contains("not an HTTP Archive"), "{}", done.stderr);
}

#[test]
fn a_format_is_for_requests_alone() {
    run_on(&["scan", "--values", "-", "--format", "har"], "").exits(2);
    run_on(&["scan", "--requests", "-", "--format", "clf"], "").exits(2);
}

#[test]
fn reports_count_and_mask() {
    let folder = folder("log-report");
    let input = write(&folder, "access.log", ACCESS);
    let report = folder.join("report.json");
    let scan = |more: &[&str]| {
        run(&[&["scan", "--requests", &input, "--format", "combined"], more].concat())
    };
    let done = scan(&["--report", report.to_str().unwrap(), "--only", "block"]).exits(0);
    assert!(
        done.stderr.contains("4 judged: 1 allow, 0 flag, 3 block; 1 unreadable"),
        "{}",
        done.stderr
    );
    let text = fs::read_to_string(&report).unwrap();
    assert!(!text.contains("alert") && !text.contains("/bin/id"), "{text}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["items"], &told["unreadable"]), (&json!(4), &json!(1)));
    assert_eq!(told["actions"], json!({"allow": 1, "flag": 0, "sanitize": 0, "block": 3}));
    let named = |key: &str, name: &str| {
        let rows = told[key].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{key}: {name}"))["block"].clone()
    };
    assert_eq!(named("classes", "sqli"), 1);
    assert_eq!(named("places", "header"), 1);
    assert_eq!(named("paths", "/orders/{id}"), 1);
    assert_eq!(named("rules", "sql.injection"), 1);
    let hours: Vec<_> =
        told["hours"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(hours, ["2026-10-10T11:00Z", "2026-10-10T12:00Z", "2026-10-10T13:00Z"]);
    assert_eq!(told["worst"].as_array().unwrap().len(), 3);
    assert_eq!(told["unreadable_lines"][0]["line"], 3);

    let page = folder.join("report.html");
    scan(&["--report", page.to_str().unwrap(), "--show-payload"]).exits(0);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
    let wrong = scan(&["--report", "report.txt"]).exits(2).stderr;
    assert!(wrong.contains("ends in .html or .json"), "{wrong}");
}

/// Counted block by block, on however many threads.
#[test]
fn reports_do_not_depend_on_the_number_of_workers() {
    let folder = folder("log-jobs");
    let mut log = String::new();
    for at in 0..3000 {
        writeln!(
            log,
            "- - - [10/Oct/2026:{:02}:55:36 +0000] \"GET /p{}/{at}?q={at}'+or+1=1 HTTP/1.1\" 200 1",
            at % 24,
            at % 1500
        )
        .unwrap();
    }
    let input = write(&folder, "access.log", log);
    let report = |jobs: &str| {
        let path = folder.join(format!("{jobs}.json"));
        let path = path.to_str().unwrap();
        run(&[
            "scan",
            "--requests",
            &input,
            "--format",
            "combined",
            "--jobs",
            jobs,
            "--report",
            path,
        ])
        .exits(0);
        let mut report: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        report["seconds"].take();
        report["made"].take();
        report
    };
    assert_eq!(report("1"), report("3"));
}

#[test]
fn events_hold_no_evidence() {
    let done = run_on(&[&COMBINED[..], &["--events", "-"]].concat(), ACCESS).exits(0);
    assert!(!done.stdout.contains("alert") && !done.stdout.contains("/bin/id"), "{}", done.stdout);
    let events = done.json_lines();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["time"], "2026-10-10T11:56:01Z");
    assert_eq!(
        events[0]["request"],
        json!({"method": "GET", "path": "/orders/{id}", "client": "203.0.113.9"})
    );
    assert_eq!(events[0]["findings"][0]["rule"], "sql.injection");
    assert_eq!(events[0]["policy"]["mode"], "block");
    let text = run(&["schema", "event"]).exits(0).stdout;
    let schema: Value = serde_json::from_str(&text).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&schema["properties"]), keys(&events[0]));

    let folder = folder("log-events");
    let path = folder.join("events.jsonl");
    let ocsf = ["--events", path.to_str().unwrap(), "--events-format", "ocsf", "--only", "block"];
    let done = run_on(&[&COMBINED[..], &ocsf].concat(), ACCESS).exits(0);
    assert_eq!(done.json_lines().len(), 4);
    let text = fs::read_to_string(&path).unwrap();
    let event: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&event["class_uid"], &event["type_uid"]), (&json!(4002), &json!(400_203)));
    assert_eq!((&event["action_id"], &event["disposition_id"]), (&json!(2), &json!(2)));
    assert_eq!(event["src_endpoint"]["ip"], "203.0.113.9");
    assert_eq!(event["time"], 1_791_633_361_000_u64);
}

#[test]
fn inspect_writes_events_too() {
    let done = run(&["inspect", "examples/requests", "--events", "-"]).exits(0);
    let events = done.json_lines();
    assert!(events.iter().all(|event| event["action"] == "block"), "{}", done.stdout);
    let hosts = events.iter().filter(|event| event["request"]["host"] == "shop.example").count();
    assert!(hosts > 3, "{}", done.stdout);
    assert!(events.iter().any(|event| event["id"] == "examples/requests/sql-in-json.http"));
}

#[test]
fn replay_tells_what_would_change() {
    let folder = folder("replay");
    let new = write(
        &folder,
        "new.yaml",
        "exclusions: [{rule: sql.injection, place: query, field: id}]\n",
    );
    let replay =
        |more: &[&str]| run_on(&[&["replay", "-", "--format", "combined"], more].concat(), ACCESS);
    let same = replay(&["--old", "default", "--new", "default"]).exits(0);
    assert_eq!(same.stdout, "4 requests: 0 stricter, 0 looser\n");
    let looser = ["--old", "default", "--new", &new];
    let done = replay(&looser).exits(1);
    assert!(done.stdout.contains("block -> allow: 1"), "{}", done.stdout);
    assert!(!done.stdout.contains("or+"), "{}", done.stdout);
    replay(&[&looser[..], &["--fail-on", "stricter"]].concat()).exits(0);
    let done = replay(&[&looser[..], &["--fail-on", "looser", "--json"]].concat()).exits(1);
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&told["looser"], &told["stricter"]), (&json!(1), &json!(0)));
    let change = &told["changes"][0];
    assert_eq!(
        (
            &change["from"],
            &change["to"],
            &change["rule"],
            &change["path"],
            &change["example"]["id"]
        ),
        (
            &json!("block"),
            &json!("allow"),
            &json!("sql.injection"),
            &json!("/orders/{id}"),
            &json!(2)
        )
    );
    replay(&["--old", "default", "--new", "monitor"]).exits(1);
    replay(&["--old", "default", "--new", "nowhere.yaml"]).exits(2);
}

#[test]
fn exclusions_are_proposed_where_the_alarms_are() {
    let folder = folder("propose");
    let policy = write(&folder, "policy.yaml", "routes: [{path: /reports}]\n");
    let mut log = String::new();
    for at in 0..4 {
        // A report takes SQL; so does one field of one page; notes hold markup everywhere.
        writeln!(
            log,
            "{}",
            json!({"method": "GET", "target": format!("/reports?query={at}'+or+'1'='1")})
        )
        .unwrap();
        writeln!(
            log,
            "{}",
            json!({"method": "GET", "target": format!("/orders/{at}?find={at}'+or+'1'='1")})
        )
        .unwrap();
        for page in 0..3 {
            let body = json!({"items": [{"note": "<img src=x onerror=alert(1)>"}]}).to_string();
            let kind = [["Content-Type", "application/json"]];
            writeln!(log, "{}", json!({"method": "POST", "target": format!("/p{page}-{at}"), "headers": kind, "body": body})).unwrap();
        }
    }
    log.push_str("{\"method\": \"GET\", \"target\": \"/a b\"}\n{\"method\": \"GET\", \"target\": \"/?q=tea\"}\n");
    let input = write(&folder, "log.jsonl", log);
    let propose =
        |more: &[&str]| run(&[&["propose", &input, "--policy", &policy], more].concat()).exits(0);
    let told: Value = serde_json::from_str(&propose(&["--json"]).stdout).unwrap();
    assert_eq!(
        (&told["items"], &told["alarms"], &told["removed"]),
        (&json!(22), &json!(21), &json!(20))
    );
    assert_eq!(told["others"], json!({"protocol.bad-target": 1}));
    let proposals = told["proposals"].as_array().unwrap();
    let of = |field: &str| {
        let is_it = |p: &&Value| {
            p["exclusion"]["field"] == field && p["exclusion"]["rule"] != "script.injection"
        };
        proposals.iter().find(is_it).unwrap_or_else(|| panic!("{field}: {told:#}"))
    };
    let (report, order, note) = (of("query"), of("find"), of("items[*].note"));
    assert_eq!(
        (&report["route"], &report["alarms"], &report["removes"]),
        (&json!(0), &json!(4), &json!(4))
    );
    assert_eq!((&order["route"], &order["new_route"]), (&json!(null), &json!("/orders/{id}")));
    assert_eq!(
        (&note["route"], &note["new_route"], &note["alarms"]),
        (&json!(null), &json!(null), &json!(12))
    );
    assert_eq!(order["exclusion"]["rule"], "sql.injection");
    // SQL in that field is all let pass; in others it is still caught.
    assert!(order["examples"].as_u64() > Some(5));
    assert!(order["lets_pass"].as_array().unwrap().len() > 5);

    // What is told can be a policy, but for the route that is there already.
    let yaml = propose(&[]).stdout;
    assert!(yaml.contains("these exclusions remove 20."), "{yaml}");
    let proposed = write(&folder, "proposed.yaml", &yaml);
    run(&["check", "--policy", &proposed]).exits(0);
    let done =
        run(&["scan", "--requests", &input, "--policy", &proposed, "--only", "flag"]).exits(0);
    assert_eq!(done.json_lines().len(), 1, "{yaml}");
}

#[test]
fn a_log_in_another_format_is_no_answer() {
    for command in [&["replay", "-", "--old", "default", "--new", "strict"][..], &["propose", "-"]]
    {
        let done = run_on(command, ACCESS).exits(2);
        assert!(done.stderr.contains("no line is jsonl; `--format` is one of"), "{}", done.stderr);
        run_on(command, "").exits(0);
    }
}
