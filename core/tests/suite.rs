//! The shared cases of `testdata/`, on every way through the engine.
//!
//! Each case is judged by the default engine, with gates off, with the prefilter off, with memory from the pool, and as part
//! of a request split at every byte: the verdicts must be equal in everything.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use abatis::model::Bundle;
use abatis::model::policy::Sensitivity;
use abatis::{Action, Builder, Class, Engine, Place, Policy, Request, Scratch, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// A file of `testdata/detect`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    class: String,
    #[serde(default)]
    hit: Vec<Case>,
    #[serde(default)]
    pass: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    value: Option<String>,
    value_b64: Option<String>,
    /// For readers of the file.
    #[serde(rename = "why")]
    _why: Option<String>,
    place: Option<String>,
    sensitivity: Option<Sensitivity>,
    class: Option<String>,
}

impl Case {
    fn value(&self) -> Vec<u8> {
        match (&self.value, &self.value_b64) {
            (Some(value), None) => value.clone().into_bytes(),
            (None, Some(coded)) => BASE64_STANDARD.decode(coded).expect("base64"),
            _ => panic!("a case needs either `value` or `value_b64`"),
        }
    }

    fn place(&self) -> Place {
        let name = self.place.as_deref().unwrap_or("query");
        Place::from_name(name).unwrap_or_else(|| panic!("unknown place `{name}`"))
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(folder);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

fn cases() -> Vec<(PathBuf, Cases)> {
    files("detect")
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let cases =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, cases)
        })
        .collect()
}

fn engine(sensitivity: Sensitivity, configure: impl FnOnce(Builder) -> Builder) -> Engine {
    let mut bundle = Bundle::new(Policy::default()).unwrap();
    bundle.policy.sensitivity = sensitivity;
    configure(Engine::builder()).build(&bundle).unwrap()
}

static DEFAULT: LazyLock<Engine> = LazyLock::new(|| engine(Sensitivity::Default, |b| b));

#[test]
fn hits_are_caught_and_passes_pass() {
    let engines: Vec<_> = Sensitivity::ALL.into_iter().map(|s| (s, engine(s, |b| b))).collect();
    let mut scratch = Scratch::new();
    let mut wrong = Vec::new();
    for (path, cases) in cases() {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for case in &cases.hit {
            let sensitivity = case.sensitivity.unwrap_or_default();
            let (_, engine) = engines.iter().find(|(s, _)| *s == sensitivity).unwrap();
            let class = case.class.as_ref().unwrap_or(&cases.class);
            let verdict = engine.inspect_value(&mut scratch, case.place(), &case.value());
            let of_class = |verdict: &Verdict| {
                verdict
                    .findings
                    .iter()
                    .any(|f| f.action > Action::Allow && f.class.as_str() == class)
            };
            if verdict.action == Action::Allow || !of_class(verdict) {
                wrong.push(format!(
                    "{file}: missed {class}: {:?} score {}",
                    show(case),
                    verdict.score
                ));
            }
        }
        for case in &cases.pass {
            let sensitivity = case.sensitivity.unwrap_or_default();
            let (_, engine) = engines.iter().find(|(s, _)| *s == sensitivity).unwrap();
            let verdict = engine.inspect_value(&mut scratch, case.place(), &case.value());
            let caught = verdict.findings.iter().any(|finding| {
                finding.action > Action::Allow
                    && case.class.as_ref().is_none_or(|class| finding.class.as_str() == class)
            });
            if caught {
                let rule = verdict.findings.first().map(|f| f.rule.to_string());
                wrong.push(format!("{file}: caught {rule:?} {}: {:?}", verdict.score, show(case)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn show(case: &Case) -> String {
    case.value().escape_ascii().to_string()
}

#[test]
fn gates_and_prefilter_change_no_verdict() {
    let no_gate = engine(Sensitivity::Default, |b| b.gate(false));
    let no_prefilter = engine(Sensitivity::Default, |b| b.prefilter(false));
    let mut scratches = [Scratch::new(), Scratch::new(), Scratch::new()];
    let [default, gateless, prefilterless] = &mut scratches;
    for (path, cases) in cases() {
        for case in cases.hit.iter().chain(&cases.pass) {
            let value = case.value();
            let expected = DEFAULT.inspect_value(default, case.place(), &value);
            let context = || format!("{}: {}", path.display(), show(case));
            assert_eq!(
                no_gate.inspect_value(gateless, case.place(), &value),
                expected,
                "gate {}",
                context()
            );
            let verdict = no_prefilter.inspect_value(prefilterless, case.place(), &value);
            assert_eq!(verdict, expected, "prefilter {}", context());
        }
    }
}

#[test]
fn pool_and_own_scratch_agree() {
    let mut scratch = Scratch::new();
    for (_, cases) in cases() {
        for case in cases.hit.iter().chain(&cases.pass) {
            let target = format!("/?v={}", percent(&case.value()));
            let request = Request::new("GET", &target);
            assert_eq!(
                DEFAULT.inspect(&request),
                *DEFAULT.inspect_with(&mut scratch, &request),
                "{}",
                show(case)
            );
        }
    }
}

#[test]
fn bodies_split_at_every_byte_agree() {
    let mut scratch = Scratch::new();
    for (_, cases) in cases() {
        for case in cases.hit.iter().chain(&cases.pass) {
            let text = String::from_utf8_lossy(&case.value()).into_owned();
            if text.len() > 300 {
                continue;
            }
            let json = serde_json::json!({"a": [1, {"v": text}], "b": true}).to_string();
            let form = format!("a=1&v={}&b=2&b=3", percent(text.as_bytes()));
            for (content_type, body) in [
                ("application/json", &json),
                ("application/x-www-form-urlencoded", &form),
                ("text/plain", &text),
                ("x/y", &form),
            ] {
                let request =
                    Request::new("POST", "/p").header("Content-Type", content_type).body(body);
                let whole = DEFAULT.inspect_with(&mut scratch, &request).clone();
                for at in 0..=body.len() {
                    let pieces = split(&mut scratch, content_type, body.as_bytes(), at);
                    assert_eq!(pieces, whole, "{content_type} split at {at}: {body}");
                }
            }
        }
    }
}

#[test]
fn gate_automata_never_understate() {
    let engine = engine(Sensitivity::Paranoid, |b| b);
    let mut scratch = Scratch::new();
    let mut gates = std::collections::HashMap::new();
    let mut closed = 0;
    for (_, cases) in cases() {
        for case in cases.hit.iter().chain(&cases.pass) {
            let value = case.value();
            // One place: each automaton takes a while to build.
            let verdict = engine.inspect_value(&mut scratch, Place::Query, &value).clone();
            for class in Class::ALL {
                if matches!(class, Class::Schema | Class::Protocol) {
                    continue;
                }
                let gate =
                    gates.entry(class).or_insert_with(|| engine.gate(Place::Query, class).unwrap());
                let found = verdict.findings.iter().any(|finding| finding.class == class);
                let open = gate.may_matter(&value);
                assert!(open || !found, "{class} {}", show(case));
                closed += u32::from(!open);
            }
        }
    }
    assert!(closed > 100, "the gates must close on something: {closed}");
}

fn split(scratch: &mut Scratch, content_type: &str, body: &[u8], at: usize) -> Verdict {
    let mut session = DEFAULT.session();
    let _ = session.request_line(scratch, b"POST", b"/p");
    let _ = session.header(scratch, b"Content-Type", content_type.as_bytes());
    let (first, second) = body.split_at(at);
    let _ = session.body(scratch, first);
    let _ = session.body(scratch, second);
    session.finish(scratch).clone()
}

fn percent(value: &[u8]) -> String {
    value.iter().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}
