//! What a route asks of its requests: the schema of the body, the schemas of parameters.
//!
//! The values are gathered as they are parsed, and held against their schemas when the request is complete. A violation is
//! a finding of class `schema` with the rule `schema.<keyword>`, which exclusions and rule settings can name.

use crate::compile::plan::{ParameterPlan, RoutePlan};
use crate::decide::BLOCKED;
use crate::decode::{self, Coding};
use crate::inspect::{At, Run};
use crate::model::policy::Disposition;
use crate::model::rule::Class;
use crate::schema::document::{CompiledSchema, Document};
use crate::schema::violation::Violation;
use crate::span::{Part, Place, Span};
use crate::trail::Trail;

/// Violations of one schema that are reported.
const VIOLATIONS: usize = 16;

/// A parameter as it was given.
pub(crate) struct Given<'a> {
    pub(crate) place: Place,
    /// Coded as `coding` says, like the text.
    pub(crate) name: &'a [u8],
    pub(crate) coding: Coding,
}

/// The parameters of a request that its route has schemas for.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    given: Vec<Text>,
    document: Document,
}

#[derive(Debug)]
struct Text {
    /// Index into `RoutePlan::parameters`.
    parameter: usize,
    bytes: Vec<u8>,
    span: Span,
}

impl Parameters {
    pub(crate) fn reset(&mut self) {
        self.given.clear();
    }

    /// Keeps the text of a parameter if the route has a schema for it. O(parameters of the route).
    #[inline]
    pub(crate) fn add(
        &mut self,
        route: Option<&RoutePlan>,
        given: &Given<'_>,
        text: &[u8],
        span: Span,
    ) {
        if let Some(route) = route.filter(|route| !route.parameters.is_empty()) {
            self.keep(route, given, text, span);
        }
    }

    fn keep(&mut self, route: &RoutePlan, given: &Given<'_>, text: &[u8], span: Span) {
        let name = decode::plain(given.name, given.coding);
        let wanted = |parameter: &&ParameterPlan| {
            parameter.place == given.place
                && match given.place {
                    Place::Header => name.eq_ignore_ascii_case(parameter.name.as_bytes()),
                    _ => *name == *parameter.name.as_bytes(),
                }
        };
        if let Some(parameter) = route.parameters.iter().position(|parameter| wanted(&parameter)) {
            let bytes = decode::plain(text, given.coding).into_owned();
            self.given.push(Text { parameter, bytes, span });
        }
    }

    /// Holds what was given against the schemas.
    pub(crate) fn settle(&mut self, run: &mut Run<'_>) {
        let Some(route) = run.route() else { return };
        for (index, parameter) in route.parameters.iter().enumerate() {
            let given = || self.given.iter().filter(|text| text.parameter == index);
            let trail = Trail::name(parameter.name.as_bytes(), Coding::None);
            let Some(first) = given().next().map(|text| text.span.clone()) else {
                if parameter.required {
                    let span = Span::new(Part::Target, 0..0);
                    let message = "a required parameter is missing";
                    violated(
                        run,
                        "required",
                        message,
                        At { place: parameter.place, name: false, trail: &trail, span },
                    );
                }
                continue;
            };
            let texts: Vec<_> =
                given().map(|text| (&text.bytes[..], text.span.range.clone())).collect();
            let mut found = Vec::new();
            let mut keep = |violation: Violation<'_>| found.push(Found::new(&violation));
            self.document.texts(&parameter.schema, &texts, VIOLATIONS, &mut keep);
            for found in found {
                let span = Span { range: found.range, ..first.clone() };
                let at = At { place: parameter.place, name: false, trail: &trail, span };
                violated(run, &found.keyword, &found.message, at);
            }
        }
    }
}

/// Tells what is wrong with the body by its schema.
pub(crate) fn body(run: &mut Run<'_>, schema: &CompiledSchema, document: &mut Document) {
    // What is no JSON document has been reported by the parser.
    if !document.finish(schema) {
        return;
    }
    let mut found = Vec::new();
    document.report(schema, VIOLATIONS, &mut |violation| found.push(Found::new(&violation)));
    for found in found {
        let trail = Trail::Pointer { parent: &Trail::Root, pointer: &found.instance };
        let span = Span::new(Part::Body, found.range);
        violated(
            run,
            &found.keyword,
            &found.message,
            At { place: Place::Json, name: false, trail: &trail, span },
        );
    }
}

/// A route with a schema for JSON got a body of another type, or none: a schema that can be walked around is none.
pub(crate) fn no_json(run: &mut Run<'_>) {
    let span = Span::new(Part::Body, 0..0);
    let message = "this route takes a JSON body, and its media type says so";
    violated(
        run,
        "body",
        message,
        At { place: Place::Body, name: false, trail: &Trail::Root, span },
    );
}

/// A violation, let go of the document.
struct Found {
    keyword: String,
    instance: String,
    range: std::ops::Range<usize>,
    message: String,
}

impl Found {
    fn new(violation: &Violation<'_>) -> Found {
        Found {
            keyword: violation.keyword.to_owned(),
            instance: violation.instance.to_owned(),
            range: violation.span.clone(),
            message: format!("{} (schema {})", violation.message, shown(violation.schema)),
        }
    }
}

fn shown(pointer: &str) -> &str {
    if pointer.is_empty() { "root" } else { pointer }
}

fn violated(run: &mut Run<'_>, keyword: &str, message: &str, at: At<'_>) {
    let action = run.case.settings.disposed(Disposition::Block);
    run.report(&rule_of(keyword), Class::Schema, BLOCKED, action, at, message);
}

/// `maxLength` is found by the rule `schema.max-length`.
fn rule_of(keyword: &str) -> String {
    let mut rule = String::from("schema.");
    for c in keyword.chars().filter(|c| *c != '$') {
        if c.is_ascii_uppercase() {
            rule.push('-');
        }
        rule.push(c.to_ascii_lowercase());
    }
    rule
}

#[cfg(test)]
mod tests {
    #[test]
    fn rules_are_named_after_keywords() {
        assert_eq!(super::rule_of("maxLength"), "schema.max-length");
        assert_eq!(super::rule_of("$ref"), "schema.ref");
    }
}
