//! What has no effect, though nothing is wrong with it: exclusions of fields that cannot be, or that another one covers; rules
//! that can match nothing, are excluded everywhere, or find what another one finds.

use std::collections::BTreeMap;

use crate::compile::field::FieldPattern;
use crate::error::Diagnostic;
use crate::model::Bundle;
use crate::model::policy::{Exclusion, Route};
use crate::model::rule::{Class, NameOrValue, Rule, RuleId};
use crate::span::Place;

use super::known_rules;

/// Everything of a bundle that has no effect. The bundle itself must be one that compiles.
pub(crate) fn unused(bundle: &Bundle) -> Vec<Diagnostic> {
    let policy = &bundle.policy;
    let rules = known_rules(bundle);
    let class_of = |id: &RuleId| rules.get(id.as_str()).map(|rule| rule.class);
    let mut found = Vec::new();
    let mut tell = |pointer: String, message: String| {
        found.push(policy.source.diagnostic(&pointer, message));
    };
    let parameters = |route: &Route| {
        let path = route.parameters.iter().filter(|parameter| parameter.place == Place::Path);
        path.map(|parameter| parameter.name.clone()).collect::<Vec<_>>()
    };
    let all: Vec<String> = policy.routes.iter().flat_map(parameters).collect();
    exclusions("", &policy.exclusions, &[], &all, &class_of, &mut tell);
    for (at, route) in policy.routes.iter().enumerate() {
        let pointer = format!("/routes/{at}");
        let (list, outer) = (&route.exclusions, &policy.exclusions);
        exclusions(&pointer, list, outer, &parameters(route), &class_of, &mut tell);
        let schema = route.body.as_deref().and_then(|name| bundle.schema(name));
        for (index, exclusion) in list.iter().enumerate() {
            let (Some(schema), Some(Place::Json), Some(field)) =
                (schema, exclusion.place, pattern_of(exclusion))
            else {
                continue;
            };
            if !field.may_be_in(&schema.content) {
                let body = route.body.as_deref().unwrap_or_default();
                let message = format!("the schema `{body}` of the route's body has no such field");
                tell(format!("{pointer}/exclusions/{index}/field"), message);
            }
        }
    }
    rules_of(bundle, &mut found);
    found
}

fn pattern_of(exclusion: &Exclusion) -> Option<FieldPattern> {
    FieldPattern::parse(exclusion.field.as_deref()?).ok()
}

/// What a part of a path may be called beside the parameters of a route.
const PARTS: [&str; 3] = ["path", "authority", "fragment"];

/// Exclusions of fields that cannot be, and those that another one covers; of two that cover each other the second.
fn exclusions(
    pointer: &str,
    list: &[Exclusion],
    outer: &[Exclusion],
    parameters: &[String],
    class_of: &impl Fn(&RuleId) -> Option<Class>,
    tell: &mut impl FnMut(String, String),
) {
    for (at, exclusion) in list.iter().enumerate() {
        let here = format!("{pointer}/exclusions/{at}");
        if exclusion.place == Some(Place::Path)
            && let Some(field) = pattern_of(exclusion)
            && !PARTS
                .into_iter()
                .chain(parameters.iter().map(String::as_str))
                .any(|name| field.may_begin(name))
        {
            let message = "no path has such a field: expected `path`, `authority`, `fragment` or the name of a path parameter";
            tell(format!("{here}/field"), message.to_owned());
        }
        let outer =
            outer.iter().enumerate().map(|(other, wide)| (format!("/exclusions/{other}"), wide));
        let same = list.iter().enumerate().filter(|(other, wide)| {
            *other < at || *other > at && !covers(exclusion, wide, class_of)
        });
        let same = same.map(|(other, wide)| (format!("{pointer}/exclusions/{other}"), wide));
        let mut wider = outer.chain(same).filter(|(_, wide)| covers(wide, exclusion, class_of));
        if let Some((other, _)) = wider.next() {
            tell(here, format!("{other} already covers it"));
        }
    }
}

/// Whether all that `narrow` excludes is excluded by `wide`.
fn covers(
    wide: &Exclusion,
    narrow: &Exclusion,
    class_of: &impl Fn(&RuleId) -> Option<Class>,
) -> bool {
    let class = narrow.class.or_else(|| narrow.rule.as_ref().and_then(class_of));
    let field = match (pattern_of(wide), pattern_of(narrow)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => wide.covers(&narrow),
    };
    (wide.rule.is_none() || wide.rule == narrow.rule)
        && (wide.class.is_none() || wide.class == class)
        && (wide.place.is_none() || wide.place == narrow.place)
        && field
}

/// Rules that find nothing of their own.
fn rules_of(bundle: &Bundle, found: &mut Vec<Diagnostic>) {
    let mut same: BTreeMap<(Class, String), Vec<&Rule>> = BTreeMap::new();
    for rule in bundle.each_rule() {
        let matcher = serde_json::to_string(&rule.matcher).unwrap_or_default();
        same.entry((rule.class, matcher)).or_default().push(rule);
    }
    for file in &bundle.rules {
        for (at, rule) in file.content.rules.iter().enumerate() {
            let mut tell = |key: &str, message: String| {
                let pointer = format!("/rules/{at}{key}");
                found.push(file.source.diagnostic(&pointer, message).of_rule(rule.id.as_str()));
            };
            let nameless =
                |place: &Place| matches!(place, Place::Path | Place::Header | Place::Body);
            if rule.part == NameOrValue::Name
                && !rule.targets.is_empty()
                && rule.targets.iter().all(nameless)
            {
                tell("/targets", "can match nothing: these places have no names".to_owned());
            }
            let everywhere = bundle.policy.exclusions.iter().position(|exclusion| {
                exclusion.place.is_none()
                    && exclusion.field.is_none()
                    && exclusion.rule.as_ref().is_none_or(|id| *id == rule.id)
                    && exclusion.class.is_none_or(|class| class == rule.class)
            });
            if let Some(exclusion) = everywhere {
                let message = format!(
                    "never counts: /exclusions/{exclusion} of the policy excludes it everywhere; switch it off under `rules`"
                );
                tell("", message);
            }
            let matcher = serde_json::to_string(&rule.matcher).unwrap_or_default();
            let twins = same.get(&(rule.class, matcher)).map_or(&[][..], Vec::as_slice);
            let wider = twins.iter().find(|other| {
                let first = twins.iter().position(|twin| std::ptr::eq(*twin, rule));
                let second = twins.iter().position(|twin| std::ptr::eq(*twin, **other));
                !std::ptr::eq(**other, rule)
                    && finds_all_of(other, rule)
                    && (second < first || !finds_all_of(rule, other))
            });
            if let Some(other) = wider {
                tell("/matcher", format!("finds nothing that `{}` does not find", other.id));
            }
        }
    }
}

/// Whether a rule of the same matcher finds all that `rule` finds, with no less weight.
fn finds_all_of(other: &Rule, rule: &Rule) -> bool {
    let places = other.targets.is_empty()
        || !rule.targets.is_empty()
            && rule.targets.iter().all(|place| other.targets.contains(place));
    let part = other.part == NameOrValue::Both || other.part == rule.part;
    let decodings = other.decodings.is_empty()
        || !rule.decodings.is_empty()
            && rule.decodings.iter().all(|decoding| other.decodings.contains(decoding));
    places && part && decodings && other.weight >= rule.weight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::Policy;

    fn told(policy: &str) -> Vec<String> {
        let policy = Policy::from_yaml("p.yaml", policy).expect("a policy");
        let bundle = Bundle::new(policy).expect("a bundle");
        crate::Engine::builder().build(&bundle).expect("it compiles");
        unused(&bundle).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_ships_has_its_use() {
        assert_eq!(told("{}"), [""; 0]);
    }

    #[test]
    fn exclusions_without_effect_are_told_at_their_lines() {
        let policy = "
exclusions:
  - {class: sqli, place: json, field: '**.note'}
  - {rule: sql.injection, place: json, field: 'items[*].note'}
  - {class: xss, place: path, field: q}
routes:
  - path: /orders/{id}
    body: order
    parameters: [{name: id, in: path, schema: {type: integer}}]
    exclusions:
      - {class: xss, place: json, field: 'items[*].name'}
      - {class: xss, place: json, field: 'items[*].sku'}
      - {class: xss, place: json, field: 'items[*].sku.deep'}
      - {class: xss, place: json, field: note.a}
      - {class: schema, place: path, field: id}
      - {class: sqli, place: json, field: a.note}
      - {class: log4j, place: query, field: q}
      - {place: query, field: q}
schemas:
  order:
    type: object
    additionalProperties: false
    properties:
      note: {$ref: '#/$defs/any'}
      items: {type: array, items: {type: object, properties: {sku: {type: string}}, additionalProperties: false}}
    $defs: {any: true}
";
        let expected = [
            "p.yaml:4:5: /exclusions/0 already covers it (at /exclusions/1)",
            "p.yaml:5:38: no path has such a field: expected `path`, `authority`, `fragment` or the name of a path parameter (at /exclusions/2/field)",
            "p.yaml:16:9: /exclusions/0 already covers it (at /routes/0/exclusions/5)",
            "p.yaml:17:9: /routes/0/exclusions/7 already covers it (at /routes/0/exclusions/6)",
            "p.yaml:11:42: the schema `order` of the route's body has no such field (at /routes/0/exclusions/0/field)",
            "p.yaml:16:43: the schema `order` of the route's body has no such field (at /routes/0/exclusions/5/field)",
        ];
        let found = told(policy);
        assert!(found == expected, "{found:#?}");
    }

    #[test]
    fn rules_without_effect_are_told() {
        let found = told("exclusions: [{rule: log4j.jndi}]");
        assert!(found.len() == 1 && found[0].contains("never counts"), "{found:#?}");
        let mut bundle = Bundle::new(Policy::default()).expect("a bundle");
        let file = &mut bundle.rules[0].content.rules;
        let mut twin = file[0].clone();
        twin.id = "own.twin".into();
        twin.weight -= 1;
        twin.part = NameOrValue::Name;
        twin.targets = vec![Place::Header];
        let first = file[0].id.clone();
        file.push(twin);
        let found: Vec<_> = unused(&bundle).iter().map(|told| told.message.clone()).collect();
        let twin = format!("finds nothing that `{first}` does not find");
        assert_eq!(found, ["can match nothing: these places have no names", &twin]);
    }
}
