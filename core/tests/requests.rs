//! Whole requests of `testdata/request`, judged whole and with the body split at every byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use abatis::model::Bundle;
use abatis::{Coverage, Engine, Finding, Part, Policy, Request, Scratch, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
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
    partial: Option<String>,
    rule: Option<String>,
    class: Option<String>,
    pointer: Option<String>,
    pattern: Option<String>,
    decoded: Option<Vec<String>>,
    span: Option<(String, String)>,
}

impl Case {
    fn policy(&self) -> &str {
        self.policy.as_deref().unwrap_or("{}")
    }

    fn engine(&self) -> Engine {
        let text = self.policy();
        let policy = Policy::from_yaml("case", text).expect("a policy");
        Engine::builder().build(&Bundle::new(policy).expect("a bundle")).expect("an engine")
    }

    fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_b64) {
            (Some(body), None) => body.clone().into_bytes(),
            (None, Some(coded)) => BASE64_STANDARD.decode(coded).expect("base64"),
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => panic!("{}: `body` and `body_b64`", self.why),
        }
    }

    /// What of the verdict is not as the case says.
    fn wrong(&self, verdict: &Verdict, body: &[u8]) -> Option<String> {
        let partial = match verdict.coverage {
            Coverage::Full => None,
            Coverage::Partial(limit) => Some(limit.as_str()),
        };
        if verdict.action.as_str() != self.action || partial != self.partial.as_deref() {
            return Some(format!("{} {:?}: {verdict:?}", verdict.action, verdict.coverage));
        }
        let asks = self.rule.is_some() || self.class.is_some() || self.pointer.is_some();
        let found = verdict.findings.iter().any(|finding| self.is(finding, verdict, body));
        (asks && !found).then(|| format!("no such finding in {:?}", verdict.findings))
    }

    fn is(&self, finding: &Finding, verdict: &Verdict, body: &[u8]) -> bool {
        let is = |wanted: &Option<String>, got: &str| wanted.as_ref().is_none_or(|w| w == got);
        let decoded: Vec<_> = finding.decoded.iter().map(|step| step.as_str()).collect();
        finding.action == verdict.action
            && is(&self.rule, finding.rule.as_str())
            && is(&self.class, finding.class.as_str())
            && is(&self.pointer, &finding.pointer)
            && is(&self.pattern, &finding.pattern)
            && self.decoded.as_ref().is_none_or(|wanted| *wanted == decoded)
            && self.span.as_ref().is_none_or(|(part, text)| {
                let bytes = match (part.as_str(), finding.span.part) {
                    ("target", Part::Target) => self.target.as_bytes(),
                    ("body", Part::Body) => body,
                    _ => return false,
                };
                bytes.get(finding.span.range.clone()) == Some(text.as_bytes())
            })
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/request");
    let files: BTreeSet<_> = fs::read_dir(folder)
        .expect("testdata")
        .map(|entry| entry.expect("a file").path())
        .collect();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).expect("a text");
        toml::from_str::<Cases>(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())).case
    };
    let cases: Vec<_> = files.iter().flat_map(read).collect();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn requests_are_judged_as_said_whole_and_in_pieces() {
    let (mut engines, mut wrong) = (BTreeMap::new(), Vec::new());
    for case in cases() {
        // To build one takes longer than most cases.
        let engine = engines.entry(case.policy().to_owned()).or_insert_with(|| case.engine());
        let (body, mut scratch) = (case.body(), Scratch::new());
        let request = Request::new(&case.method, &case.target).body(&body);
        let headers = case.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let trailers = case.trailers.iter();
        let request = trailers.fold(request, |request, (name, value)| request.trailer(name, value));
        let whole = engine.inspect_with(&mut scratch, &request).clone();
        if let Some(message) = case.wrong(&whole, &body) {
            wrong.push(format!("{}: {message}", case.why));
        }
        for at in 0..=body.len() {
            let mut session = engine.session();
            let _ = session.request_line(&mut scratch, request.method(), request.target());
            for (name, value) in request.headers() {
                let _ = session.header(&mut scratch, name, value);
            }
            let (first, second) = body.split_at(at);
            let _ = session.body(&mut scratch, first);
            let _ = session.body(&mut scratch, second);
            for (name, value) in request.trailers() {
                let _ = session.trailer(&mut scratch, name, value);
            }
            assert_eq!(*session.finish(&mut scratch), whole, "{} split at {at}", case.why);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_waits_for_its_end_is_told() {
    let engine = Engine::new(&Policy::default()).expect("an engine");
    let mut scratch = Scratch::new();
    for (kind, pieces) in [
        ("text/plain", &[("one", 3), (" two", 7)][..]),
        ("application/json", &[(r#"{"a": ""#, 1), ("one", 4), (r#"", "b": 1"#, 1), ("}", 0)]),
        // A form keeps its begin, to join what is repeated.
        ("application/x-www-form-urlencoded", &[("a=1", 6), ("&", 4)]),
        ("multipart/form-data; boundary=x", &[("--x\r\nA: b", 4), ("\r\n\r\n1\r\n--x--", 0)]),
    ] {
        let mut session = engine.session();
        let _ = session.request_line(&mut scratch, b"POST", b"/");
        let _ = session.header(&mut scratch, b"Content-Type", kind.as_bytes());
        for (piece, pending) in pieces {
            let _ = session.body(&mut scratch, piece.as_bytes());
            assert_eq!(session.pending(), *pending, "{kind} {piece}");
        }
    }
}
