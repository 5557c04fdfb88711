//! Requests that carry a value, or a name, where a rule looks for it.

use std::fmt::Write;

use abatis::{Place, Request};
use serde_json::{Value, json};

/// A request made up around one text.
#[derive(Debug)]
pub(crate) struct Carrier {
    method: &'static str,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Carrier {
    /// A request that carries a name. Places without names stand for any.
    pub(crate) fn name(place: Place, path: &str, name: &str) -> Carrier {
        let pair = coded(name) + "=1";
        match place {
            Place::Form => posted(path, FORM, pair),
            Place::Json => posted(path, JSON, json!({name: 1}).to_string()),
            Place::Xml => posted(path, XML, format!("<{name}/>")),
            Place::Cookie => got(path).header("Cookie", format!("{name}=1")),
            _ => got(&format!("{path}?{pair}")),
        }
    }

    /// A request that carries a value in the field of a pattern, as findings write patterns. What stands for many stands for one of them.
    pub(crate) fn value(place: Place, path: &str, pattern: &str, value: &str) -> Carrier {
        let steps = steps(pattern);
        let first = match steps.first() {
            Some(Step::Name(name)) => name.as_str(),
            _ => "x",
        };
        match place {
            Place::Path => got(&format!("{}/{}", path.trim_end_matches('/'), coded(value))),
            Place::Query => got(&format!("{path}?{}={}", coded(first), coded(value))),
            Place::Form => posted(path, FORM, format!("{}={}", coded(first), coded(value))),
            Place::Cookie => got(path).header("Cookie", format!("{first}={value}")),
            Place::Header => got(path).header(first, value.to_owned()),
            Place::Xml => posted(path, XML, xml(&steps, value)),
            Place::Json => posted(path, JSON, document(&steps, value).to_string()),
            _ => posted(path, "text/plain", value.to_owned()),
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        let request = Request::new(self.method, &self.target).body(&self.body);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    fn header(mut self, name: &str, value: String) -> Carrier {
        self.headers.push((name.to_owned(), value.into_bytes()));
        self
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const XML: &str = "application/xml";

fn got(target: &str) -> Carrier {
    Carrier { method: "GET", target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
}

fn posted(path: &str, kind: &str, body: String) -> Carrier {
    let carrier = Carrier { method: "POST", body: body.into_bytes(), ..got(path) };
    carrier.header("Content-Type", kind.to_owned())
}

/// Every byte percent-encoded.
fn coded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut coded, byte| {
        // Writing to a String cannot fail.
        let _ = write!(coded, "%{byte:02X}");
        coded
    })
}

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index,
}

/// The steps of a pattern that a finding wrote. O(len).
fn steps(pattern: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            steps.push(Step::Index);
            rest = index.split_once(']').map_or("", |(_, after)| after);
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut chars = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => match chars.next() {
                        // Two digits of a byte that is no text: any other byte does as well.
                        Some((_, 'x')) => drop(chars.nth(1)),
                        Some((_, escaped)) => name.push(escaped),
                        None => {}
                    },
                    c => name.push(c),
                }
            }
            steps.push(Step::Name(name));
            rest = quoted.get(end..).unwrap_or_default();
        } else {
            let rest_ = rest.strip_prefix('.').unwrap_or(rest);
            if rest_.starts_with('"') {
                rest = rest_;
                continue;
            }
            let end = rest_.find(['.', '[']).unwrap_or(rest_.len());
            let (name, after) = rest_.split_at(end);
            steps.push(Step::Name(if name.starts_with('*') { "x" } else { name }.to_owned()));
            rest = after;
        }
    }
    steps
}

/// A JSON document with the value at the end of the steps.
fn document(steps: &[Step], value: &str) -> Value {
    steps.iter().rev().fold(Value::from(value), |inner, step| match step {
        Step::Name(name) => json!({name: inner}),
        Step::Index => json!([inner]),
    })
}

/// Elements around the text.
fn xml(steps: &[Step], value: &str) -> String {
    let text = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let inner = steps.iter().rev().fold(text, |inner, step| match step {
        Step::Name(name) => format!("<{name}>{inner}</{name}>"),
        Step::Index => inner,
    });
    if inner.starts_with('<') { inner } else { format!("<x>{inner}</x>") }
}

#[cfg(test)]
mod tests {
    use abatis::{Engine, Policy};

    use super::*;

    /// What is carried is found in the field that it was meant for.
    #[test]
    fn values_arrive_in_their_fields() {
        let engine = Engine::new(&Policy::default()).unwrap();
        for (place, pattern) in [
            (Place::Query, "q"),
            (Place::Form, "\"a b\""),
            (Place::Cookie, "sid"),
            (Place::Header, "Referer"),
            (Place::Json, "items[*].note"),
            (Place::Json, "\"a.b\".c[*]"),
            (Place::Json, ""),
        ] {
            let carrier = Carrier::value(place, "/p", pattern, "1' or '1'='1");
            let verdict = engine.inspect(&carrier.request());
            let finding = verdict.findings.first().unwrap_or_else(|| panic!("{place} {pattern}"));
            assert_eq!((finding.place, finding.pattern.as_str()), (place, pattern));
        }
        for place in [Place::Path, Place::Body, Place::Xml] {
            let carrier = Carrier::value(place, "/p", "x", "<script>alert(1)</script>");
            let verdict = engine.inspect(&carrier.request());
            assert!(verdict.findings.iter().any(|finding| finding.place == place), "{place}");
        }
        let carrier = Carrier::name(Place::Json, "/p", "__proto__");
        assert!(engine.inspect(&carrier.request()).findings.iter().any(|finding| finding.name));
    }
}
