//! Rules and weights: ids, examples, literals, detectors, levels.

use std::collections::BTreeMap;

use super::is_reserved;
use crate::error::Diagnostic;
use crate::model::rule::{Matcher, Rule, RuleFile};
use crate::model::weights::{Levels, WeightFile};
use crate::model::{Bundle, Document, Source};

/// Shortest literal: one byte would open a rule on half of all values.
const SHORTEST: usize = 2;

/// One rule with its place.
struct Place<'b> {
    rule: &'b Rule,
    source: &'b Source,
    pointer: String,
}

impl Place<'_> {
    fn error(&self, below: &str, message: impl Into<String>) -> Diagnostic {
        let pointer = format!("{}{below}", self.pointer);
        self.source.diagnostic(&pointer, message).of_rule(self.rule.id.as_str())
    }

    /// `file:line` of the rule's id.
    fn shown(&self) -> String {
        shown(self.source, &format!("{}/id", self.pointer))
    }
}

pub(super) fn check(bundle: &Bundle, detectors: &[&str]) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let weights = check_weights(&bundle.weights, detectors, &mut errors);
    let mut first: BTreeMap<&str, Place<'_>> = BTreeMap::new();
    for place in bundle.rules.iter().flat_map(places) {
        check_id(&place, first.get(place.rule.id.as_str()), &mut errors);
        check_examples(&place, &mut errors);
        match &place.rule.matcher {
            Matcher::Literals(literals) => {
                check_literals(&place, "/matcher/literals", literals, &mut errors);
            }
            Matcher::Regex(regex) => {
                check_literals(&place, "/matcher/regex/with", &regex.with, &mut errors);
                if regex.pattern.is_empty() {
                    let message = "an empty pattern matches everything";
                    errors.push(place.error("/matcher/regex/pattern", message));
                }
            }
            Matcher::Detector(name) if !detectors.contains(&name.as_str()) => {
                let known = detectors.join(", ");
                let message = format!("unknown detector `{name}`, expected one of {known}");
                errors.push(place.error("/matcher/detector", message));
            }
            Matcher::Detector(name) if !weights.contains_key(name.as_str()) => {
                let message = format!("no weights for detector `{name}`");
                errors.push(place.error("/matcher/detector", message));
            }
            Matcher::Detector(_) => {}
        }
        first.entry(place.rule.id.as_str()).or_insert(place);
    }
    errors
}

fn places(file: &Document<RuleFile>) -> impl Iterator<Item = Place<'_>> {
    file.content.rules.iter().enumerate().map(|(at, rule)| Place {
        rule,
        source: &file.source,
        pointer: format!("/rules/{at}"),
    })
}

fn check_id(place: &Place<'_>, first: Option<&Place<'_>>, errors: &mut Vec<Diagnostic>) {
    let id = &place.rule.id;
    if !id.is_valid() {
        let message =
            "not a rule id: write lower-case words, digits and `-`, at least two, joined by dots";
        errors.push(place.error("/id", message));
    }
    if is_reserved(id.as_str()) {
        let message = "ids that begin with `protocol.` or `schema.` belong to findings of parsers and schemas; begin with another word";
        errors.push(place.error("/id", message));
    }
    if let Some(first) = first {
        let message = format!("the id is already that of the rule at {}", first.shown());
        errors.push(place.error("/id", message));
    }
}

/// A rule shows what it finds, and what it must leave alone.
fn check_examples(place: &Place<'_>, errors: &mut Vec<Diagnostic>) {
    let rule = place.rule;
    if !(1..=1000).contains(&rule.weight) {
        let message = format!("expected a number from 1 to 1000, found {}", rule.weight);
        errors.push(place.error("/weight", message));
    }
    for (key, text, what) in [
        ("/about", &rule.about, "a sentence for the person who reads a verdict"),
        ("/origin", &rule.origin, "where the knowledge comes from, or `own`"),
    ] {
        if text.trim().is_empty() {
            errors.push(place.error(key, format!("is empty; write {what}")));
        }
    }
    for (key, values, what) in [
        ("/hits", &rule.hits, "a value that the rule must match"),
        (
            "/passes",
            &rule.passes,
            "an innocent value that it must not match, as near to an attack as can be",
        ),
    ] {
        if values.is_empty() {
            errors.push(place.error(key, format!("is empty; give {what}")));
        }
    }
    let hits: BTreeMap<&str, usize> =
        rule.hits.iter().zip(1..).map(|(hit, number)| (hit.as_str(), number)).collect();
    for (at, value) in rule.passes.iter().enumerate() {
        if let Some(number) = hits.get(value.as_str()) {
            let message = format!("is also hit number {number}; it cannot be both");
            errors.push(place.error(&format!("/passes/{at}"), message));
        }
    }
}

fn check_literals(
    place: &Place<'_>,
    pointer: &str,
    literals: &[String],
    errors: &mut Vec<Diagnostic>,
) {
    if literals.is_empty() {
        errors.push(place.error(pointer, "is empty, so the rule could never match"));
    }
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (at, literal) in literals.iter().enumerate() {
        let here = format!("{pointer}/{at}");
        // A lone sign is rare enough; a lone letter, digit or blank is not.
        let common = literal.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() && c != '\r');
        if literal.len() < SHORTEST && common {
            let message =
                format!("has less than {SHORTEST} bytes; it would be tried on half of all values");
            errors.push(place.error(&here, message));
        }
        let first = *first.entry(literal.to_ascii_lowercase()).or_insert(at);
        if first != at {
            let message =
                format!("is the same as number {} (letters match in any case)", first + 1);
            errors.push(place.error(&here, message));
        }
    }
}

/// The weight file of each detector.
fn check_weights<'b>(
    weights: &'b [Document<WeightFile>],
    detectors: &[&str],
    errors: &mut Vec<Diagnostic>,
) -> BTreeMap<&'b str, &'b Document<WeightFile>> {
    let mut first: BTreeMap<&str, &Document<WeightFile>> = BTreeMap::new();
    for file in weights {
        let name = file.content.detector.as_str();
        let mut error = |pointer, message| errors.push(file.source.diagnostic(pointer, message));
        if !detectors.contains(&name) {
            let known = detectors.join(", ");
            error("/detector", format!("unknown detector `{name}`, expected one of {known}"));
        }
        if let Some(first) = first.get(name) {
            let place = shown(&first.source, "/detector");
            error("/detector", format!("the weights of `{name}` are already in {place}"));
        }
        let Levels { paranoid, high, default, low } = file.content.levels;
        if !(0 < paranoid && paranoid < high && high < default && default < low) {
            error(
                "/levels",
                format!(
                    "levels must be positive and increase: paranoid < high < default < low, found {paranoid}, {high}, {default}, {low}"
                ),
            );
        }
        first.entry(name).or_insert(file);
    }
    first
}

/// `file:line`, or the file alone where no line is known.
fn shown(source: &Source, pointer: &str) -> String {
    match source.position(pointer) {
        (0, _) => source.name().to_owned(),
        (line, _) => format!("{}:{line}", source.name()),
    }
}
