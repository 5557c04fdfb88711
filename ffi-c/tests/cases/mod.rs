//! The cases of `testdata/` as orders for `tests/c/suite.c`, with the verdict of the Rust engine.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use abatis::{Action, Engine, Place, Policy, Request, Scratch, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// A line for the program, and what it must say to it.
pub(crate) struct Order {
    pub(crate) line: String,
    pub(crate) verdict: Option<String>,
}

/// What of `testdata/detect` is needed here; `core/tests/suite.rs` reads all of it.
#[derive(Deserialize)]
struct Values {
    #[serde(default)]
    hit: Vec<ValueCase>,
    #[serde(default)]
    pass: Vec<ValueCase>,
}

#[derive(Deserialize)]
struct ValueCase {
    value: Option<String>,
    value_b64: Option<String>,
    place: Option<String>,
    sensitivity: Option<String>,
}

/// What of `testdata/request` is needed here; `core/tests/requests.rs` reads all of it.
#[derive(Deserialize)]
struct Requests {
    case: Vec<RequestCase>,
}

#[derive(Deserialize)]
struct RequestCase {
    policy: Option<String>,
    method: String,
    target: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_b64: Option<String>,
    #[serde(default)]
    trailers: Vec<(String, String)>,
    action: String,
}

/// All of them.
pub(crate) fn orders() -> Vec<Order> {
    let mut orders = Vec::new();
    let mut scratch = Scratch::new();
    values(&mut orders, &mut scratch);
    requests(&mut orders, &mut scratch);
    orders
}

fn values(orders: &mut Vec<Order>, scratch: &mut Scratch) {
    let files: Vec<Values> = files("detect");
    for sensitivity in ["low", "default", "high", "paranoid"] {
        let engine = judge(orders, &format!("sensitivity: {sensitivity}"));
        for file in &files {
            let hits = file.hit.iter().map(|case| (case, true));
            for (case, hit) in hits.chain(file.pass.iter().map(|case| (case, false))) {
                if case.sensitivity.as_deref().unwrap_or("default") != sensitivity {
                    continue;
                }
                let value = bytes(case.value.as_ref(), case.value_b64.as_ref());
                let name = case.place.as_deref().unwrap_or("query");
                let place = Place::ALL.iter().position(|place| place.as_str() == name).unwrap();
                let verdict = engine.inspect_value(scratch, Place::ALL[place], &value);
                assert!(!hit || verdict.action > Action::Allow);
                orders.push(order(format!("value {place} {}\n", hex(&value)), verdict));
            }
        }
    }
}

fn requests(orders: &mut Vec<Order>, scratch: &mut Scratch) {
    for case in files::<Requests>("request").iter().flat_map(|file| &file.case) {
        let engine = judge(orders, case.policy.as_deref().unwrap_or("{}"));
        let body = bytes(case.body.as_ref(), case.body_b64.as_ref());
        let request = Request::new(&case.method, &case.target).body(&body);
        let request = case.headers.iter().fold(request, |request, (n, v)| request.header(n, v));
        let request = case.trailers.iter().fold(request, |request, (n, v)| request.trailer(n, v));
        let verdict = engine.inspect_with(scratch, &request).clone();
        assert_eq!(verdict.action.as_str(), case.action);
        let (method, target) = (hex(case.method.as_bytes()), hex(case.target.as_bytes()));
        for split in 0..=body.len().min(300) {
            let mut line = format!("request {method} {target} {} {split}", hex(&body));
            for (name, value) in &case.headers {
                write!(line, " {} {}", hex(name.as_bytes()), hex(value.as_bytes())).unwrap();
            }
            line.push_str(" |");
            for (name, value) in &case.trailers {
                write!(line, " {} {}", hex(name.as_bytes()), hex(value.as_bytes())).unwrap();
            }
            orders.push(order(line + "\n", &verdict));
        }
    }
}

/// An engine, and the order to build it.
fn judge(orders: &mut Vec<Order>, policy: &str) -> Engine {
    orders.push(Order { line: format!("policy {}\n", hex(policy.as_bytes())), verdict: None });
    Engine::new(&Policy::from_yaml("case", policy).unwrap()).unwrap()
}

fn order(line: String, verdict: &Verdict) -> Order {
    Order { line, verdict: Some(serde_json::to_string(verdict).unwrap()) }
}

fn files<T: for<'de> Deserialize<'de>>(folder: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(folder);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(read).collect()
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn bytes(text: Option<&String>, coded: Option<&String>) -> Vec<u8> {
    let Some(coded) = coded else {
        return text.map(|text| text.clone().into_bytes()).unwrap_or_default();
    };
    BASE64_STANDARD.decode(coded).unwrap()
}
