//! The cases of `testdata/sink`: a value, written into a statement, is found out where it crosses a boundary, and nowhere else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::fs;
use std::path::Path;

use abatis::model::Bundle;
use abatis::model::policy::Sensitivity;
use abatis::{
    Action, Class, Coverage, Dialect, Engine, Part, Place, Policy, Scratch, Sink, Values,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Templates {
    template: Vec<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    why: String,
    sinks: Vec<String>,
    #[serde(default)]
    base: String,
    statement: String,
    rule: String,
    hits: Vec<Case>,
    passes: Vec<Case>,
    /// Passes that do not stand in the statement at all.
    #[serde(default)]
    absent: Vec<String>,
    /// Hits that are too short to be looked for.
    #[serde(default)]
    short: Vec<String>,
}

/// A value, and how the application writes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    AsItIs(String),
    Written([String; 2]),
}

impl Case {
    fn value(&self) -> &str {
        let (Case::AsItIs(value) | Case::Written([value, _])) = self;
        value
    }

    fn written(&self) -> &str {
        let (Case::AsItIs(written) | Case::Written([_, written])) = self;
        written
    }
}

fn templates(file: &str) -> Vec<Template> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/sink").join(file);
    let text = fs::read_to_string(&path).unwrap();
    let read: Templates =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read.template
}

fn sink<'a>(name: &str, base: &'a str) -> Sink<'a> {
    match name {
        "shell" => Sink::Shell,
        "url" => Sink::Url,
        "path" => Sink::Path(base.as_bytes()),
        dialect => Sink::Sql(Dialect::from_name(dialect).unwrap()),
    }
}

fn engine(sensitivity: Sensitivity) -> Engine {
    let mut bundle = Bundle::new(Policy::default()).unwrap();
    bundle.policy.sensitivity = sensitivity;
    Engine::builder().build(&bundle).unwrap()
}

/// How many cases there are, with one for each sink.
fn run(file: &str, class: Class) -> usize {
    let engine = engine(Sensitivity::High);
    let mut failed = Vec::new();
    let mut count = 0;
    for template in templates(file) {
        for name in &template.sinks {
            let sink = sink(name, &template.base);
            let cases = template.hits.iter().map(|case| (case, true));
            for (case, is_hit) in cases.chain(template.passes.iter().map(|case| (case, false))) {
                count += 1;
                let value = case.value().to_owned();
                let at = template.statement.rfind("{}").unwrap_or(0);
                let absent = template.absent.contains(&value);
                let written = if absent { "?" } else { case.written() };
                let statement = template.statement.replacen("{}", written, 1);
                assert!(template.statement.matches("{}").count() <= 1, "{}", template.why);
                let mut values = Values::new();
                values.push(Place::Form, "v", &value);
                values.push(Place::Header, "accept", "text/html; q=0.9");
                let verdict = engine.check_sink(sink, &statement, &values);
                assert_eq!(verdict.coverage, Coverage::Full, "{value} in {statement}");
                let is_hit = is_hit && !template.short.contains(&value);
                let told = verdict.findings.first();
                let fits = match told {
                    None => !is_hit,
                    Some(finding) => {
                        let range = finding.span.range.clone();
                        let whole = at..at + written.len();
                        assert!(range.end <= statement.len(), "{value} in {statement}");
                        is_hit
                            && finding.rule.as_str() == template.rule
                            && finding.class == class
                            && finding.span.part == Part::Statement
                            && finding.pointer == "/v"
                            && finding.place == Place::Form
                            && range.start < whole.end
                            && whole.start < range.end
                            && verdict.action == Action::Block
                            && verdict.findings.len() == 1
                            && !finding.evidence.is_empty()
                    }
                };
                if !fits {
                    let told = told.map(|f| (f.rule.as_str().to_owned(), f.message.clone()));
                    let want = if is_hit { template.rule.as_str() } else { "nothing" };
                    failed.push(format!(
                        "{name} ({}): {value:?} in {statement:?}: {want}, got {told:?}",
                        template.why
                    ));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count}\n{}", failed.len(), failed.join("\n"));
    count
}

#[test]
fn sql() {
    assert!(run("sql.toml", Class::Sqli) > 300);
}

#[test]
fn shell() {
    assert!(run("shell.toml", Class::Cmdi) > 60);
}

#[test]
fn path() {
    assert!(run("path.toml", Class::Lfi) > 40);
}

#[test]
fn url() {
    assert!(run("url.toml", Class::Ssrf) > 50);
}

/// Values that nothing else asks about are kept as well: plain words in cookies, in JSON inside of a value, in a user agent.
#[test]
fn a_session_keeps_what_is_plain() {
    let engine = engine(Sensitivity::Default);
    let mut scratch = Scratch::new();
    for (target, header, field) in [
        ("/", ("Cookie", "id=7 or true; a=b"), "/id"),
        ("/?q=%7B%22a%22%3A%227%20or%20true%22%7D", ("Accept", "*/*"), "/q/a"),
        ("/", ("X-Id", "7 or true"), "/X-Id"),
        ("/", ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) 7 or true"), "/User-Agent"),
    ] {
        let mut session = engine.session();
        session.keep_values();
        let _ = session.request_line(&mut scratch, b"GET", target.as_bytes());
        let _ = session.header(&mut scratch, header.0.as_bytes(), header.1.as_bytes());
        assert_eq!(session.finish(&mut scratch).action, Action::Allow, "{header:?}");
        let kept: Vec<_> = session.values().unwrap().iter().map(|(_, at, _)| at).collect();
        assert!(kept.contains(&field), "{field} of {kept:?}");
    }
    // One that no rule asks about at all.
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
    let mut session = engine.session();
    session.keep_values();
    let _ = session.request_line(&mut scratch, b"GET", b"/");
    let _ = session.header(&mut scratch, b"User-Agent", agent.as_bytes());
    let kept = session.values().unwrap();
    assert!(kept.iter().any(|(_, _, bytes)| bytes == agent.as_bytes()), "{kept:?}");
}
