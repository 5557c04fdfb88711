//! The policy: settings and exclusions that can act, routes that can be reached, limits that can be kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::hint;
use crate::error::Diagnostic;
use crate::limits::Limits;
use crate::model::policy::{
    Ambiguities, BodyTypes, Exclusion, OnPartial, Parameter, Policy, Route, RuleMode,
};
use crate::model::rule::{Class, Rule, RuleId};
use crate::model::{Bundle, escape};
use crate::span::Place;

/// What can be named: rules by id, and the ids of what the parsers find.
struct Known<'b> {
    rules: &'b BTreeMap<&'b str, &'b Rule>,
    protocol: BTreeSet<String>,
}

pub(super) fn check(bundle: &Bundle, rules: &BTreeMap<&str, &Rule>, errors: &mut Vec<Diagnostic>) {
    let policy = &bundle.policy;
    let known = Known { rules, protocol: protocol_rules() };
    let mut told: Vec<(String, String)> = Vec::new();
    let mut tell = |pointer: String, message: String| told.push((pointer, message));
    limits(&policy.limits, &mut tell);
    body_types(&policy.body_types, &mut tell);
    for id in policy.rules.keys() {
        if let Some(message) = unknown_rule(id, &known) {
            tell(format!("/rules/{}", escape(id.as_str())), message);
        }
    }
    exclusions("", &policy.exclusions, &[], policy, &known, &mut tell);
    for (at, route) in policy.routes.iter().enumerate() {
        let pointer = format!("/routes/{at}");
        check_route(&pointer, route, bundle, &mut tell);
        exclusions(&pointer, &route.exclusions, &policy.exclusions, policy, &known, &mut tell);
    }
    same_routes(&policy.routes, &mut tell);
    errors.extend(told.into_iter().map(
        |(pointer, message)| match pointer.strip_prefix("/rules/") {
            Some(id) => policy.source.diagnostic_of_key(&pointer, message).of_rule(id),
            None => policy.source.diagnostic(&pointer, message),
        },
    ));
}

/// Offsets are 32 bits wide and every body may be held in memory: upper bounds that no request needs.
fn limits(limits: &Limits, tell: &mut impl FnMut(String, String)) {
    const GIB: usize = 1 << 30;
    for (name, value, least, most) in [
        ("target_bytes", limits.target_bytes, 1, GIB / 16),
        ("headers", limits.headers, 1, 100_000),
        ("header_bytes", limits.header_bytes, 1, GIB / 16),
        ("body_bytes", limits.body_bytes, 0, GIB),
        ("fields", limits.fields, 1, 100_000_000),
        ("depth", limits.depth, 1, 10_000),
        ("decode_rounds", limits.decode_rounds, 0, 16),
        ("views", limits.views, 1, 1000),
        ("findings_max", limits.findings_max, 1, 10_000),
        ("compiled_bytes", limits.compiled_bytes, 1 << 20, usize::MAX),
    ] {
        if !(least..=most).contains(&value) {
            let message = format!("expected a number from {least} to {most}, found {value}");
            tell(format!("/limits/{name}"), message);
        }
    }
}

fn body_types(types: &BodyTypes, tell: &mut impl FnMut(String, String)) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for (list, entries) in [("json", &types.json), ("text", &types.text), ("opaque", &types.opaque)]
    {
        for (at, entry) in entries.iter().enumerate() {
            let pointer = format!("/body_types/{list}/{at}");
            if !is_media_type(entry) {
                let message = format!(
                    "`{entry}` is not a media type without parameters, like `text/csv` or `image/*`"
                );
                tell(pointer.clone(), message);
            }
            if let Some(first) = first.get(&entry.to_ascii_lowercase()) {
                tell(pointer.clone(), format!("`{entry}` is already at {first}"));
            }
            first.entry(entry.to_ascii_lowercase()).or_insert(pointer);
        }
    }
}

/// `type/subtype` or `type/*` (RFC 9110, section 8.3.1). `*/*` would leave every body unread.
fn is_media_type(entry: &str) -> bool {
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    entry.split_once('/').is_some_and(|(kind, subtype)| {
        is_token(kind)
            && !kind.contains('*')
            && is_token(subtype)
            && (subtype == "*" || !subtype.contains('*'))
    })
}

/// RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Why no finding can have this rule.
fn unknown_rule(id: &RuleId, known: &Known<'_>) -> Option<String> {
    let id = id.as_str();
    if known.rules.contains_key(id)
        || known.protocol.contains(id)
        || id.starts_with("schema.")
        || crate::sink::is_rule(id)
    {
        return None;
    }
    let names = known.rules.keys().copied().chain(known.protocol.iter().map(String::as_str));
    Some(format!("no rule has the id `{id}`{}", hint(id, names)))
}

/// `protocol.json-bom`, …: the ids of what the parsers find.
fn protocol_rules() -> BTreeSet<String> {
    let codes = [
        serde_json::to_value(Ambiguities::default()),
        // Entries that are not set are not written; each reason is named by the type's schema instead.
        Ok(crate::model::schema_of::<OnPartial>()["properties"].clone()),
    ];
    codes
        .iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|codes| codes.keys())
        .map(|code| format!("protocol.{}", code.replace('_', "-")))
        .collect()
}

/// Exclusions that exclude everything, or nothing. `outer` are those that hold here anyway.
fn exclusions(
    pointer: &str,
    list: &[Exclusion],
    outer: &[Exclusion],
    policy: &Policy,
    known: &Known<'_>,
    tell: &mut impl FnMut(String, String),
) {
    let key = |exclusion: &'_ Exclusion| {
        let Exclusion { rule, class, place, field, .. } = exclusion.clone();
        (rule, class, place, field)
    };
    let outer: BTreeSet<_> = outer.iter().map(key).collect();
    let mut before = BTreeSet::new();
    for (at, exclusion) in list.iter().enumerate() {
        let here = format!("{pointer}/exclusions/{at}");
        if outer.contains(&key(exclusion)) {
            tell(here.clone(), "the policy's own exclusions already hold it".to_owned());
        }
        if !before.insert(key(exclusion)) {
            tell(here.clone(), "the same exclusion stands before it".to_owned());
        }
        if let Some((below, message)) = dead(exclusion, policy, known) {
            tell(format!("{here}{below}"), message);
        }
    }
}

/// Why an exclusion cannot be meant: below which key, and in words.
fn dead(
    exclusion: &Exclusion,
    policy: &Policy,
    known: &Known<'_>,
) -> Option<(&'static str, String)> {
    let Exclusion { rule, class, place, field, .. } = exclusion;
    if rule.is_none() && class.is_none() && place.is_none() && field.is_none() {
        let message = "would exclude everything; give at least one of rule, class, place, field";
        return Some(("", message.to_owned()));
    }
    if field.as_ref().is_some_and(String::is_empty) {
        let message = "an empty pattern matches no field; leave it out to mean every field";
        return Some(("/field", message.to_owned()));
    }
    let is_off =
        |id: &RuleId| policy.rules.get(id).is_some_and(|setting| setting.mode == RuleMode::Off);
    if let Some(id) = rule {
        if let Some(message) = unknown_rule(id, known) {
            return Some(("/rule", message));
        }
        if is_off(id) {
            return Some(("/rule", format!("can match nothing: the rule `{id}` is off")));
        }
        if let Some(rule) = known.rules.get(id.as_str()) {
            if let Some(class) = class
                && *class != rule.class
            {
                let is = rule.class;
                let message =
                    format!("can match nothing: the rule `{id}` is of class `{is}`, not `{class}`");
                return Some(("/class", message));
            }
            if let Some(place) = place
                && !looks_at(rule, *place)
            {
                let message =
                    format!("can match nothing: the rule `{id}` does not look at `{place}`");
                return Some(("/place", message));
            }
        }
        return None;
    }
    let class = (*class)?;
    if matches!(class, Class::Schema | Class::Protocol) {
        return None;
    }
    let mut on =
        known.rules.values().filter(|rule| rule.class == class && !is_off(&rule.id)).peekable();
    if on.peek().is_none() {
        return Some(("/class", format!("can match nothing: no rule of class `{class}` is on")));
    }
    let place = (*place)?;
    let nowhere = !on.any(|rule| looks_at(rule, place));
    nowhere.then(|| {
        ("/place", format!("can match nothing: no rule of class `{class}` looks at `{place}`"))
    })
}

fn looks_at(rule: &Rule, place: Place) -> bool {
    rule.targets.is_empty() || rule.targets.contains(&place)
}

fn check_route(
    pointer: &str,
    route: &Route,
    bundle: &Bundle,
    tell: &mut impl FnMut(String, String),
) {
    let names = match template(&route.path) {
        Ok(names) => names,
        Err(message) => {
            tell(format!("{pointer}/path"), message);
            Vec::new()
        }
    };
    for (at, method) in route.methods.iter().enumerate() {
        let is_token = !method.is_empty() && method.bytes().all(is_token_byte);
        let message = if !is_token {
            format!("`{method}` is not a method")
        } else if method.bytes().any(|b| b.is_ascii_lowercase()) {
            // Methods are case-sensitive (RFC 9110, section 9.1): `get` would match no request.
            format!("methods are upper-case: write `{}`", method.to_ascii_uppercase())
        } else if route.methods.iter().take(at).any(|before| before == method) {
            format!("`{method}` is listed twice")
        } else {
            continue;
        };
        tell(format!("{pointer}/methods/{at}"), message);
    }
    if let Some(name) = &route.body
        && !bundle.policy.schemas.contains_key(name)
    {
        let known = bundle.policy.schemas.keys().map(String::as_str);
        let message = format!("no schema is called `{name}`{}", hint(name, known));
        tell(format!("{pointer}/body"), message);
    }
    for (at, parameter) in route.parameters.iter().enumerate() {
        let Parameter { name, place, .. } = parameter;
        let here = format!("{pointer}/parameters/{at}");
        if matches!(place, Place::Json | Place::Body) {
            let message = format!(
                "expected one of query, path, header, cookie, form; found {place}; `body` of the route is for bodies"
            );
            tell(format!("{here}/in"), message);
        }
        if *place == Place::Path && !names.contains(name) {
            let message = format!(
                "the path has no `{{{name}}}`{}",
                hint(name, names.iter().map(String::as_str))
            );
            tell(format!("{here}/name"), message);
        }
        // Header names are the same in any case (RFC 9110, section 5.1).
        let same = |other: &Parameter| {
            other.place == *place
                && if *place == Place::Header {
                    other.name.eq_ignore_ascii_case(name)
                } else {
                    other.name == *name
                }
        };
        if route.parameters.iter().take(at).any(same) {
            tell(here, format!("the parameter `{name}` in {place} is listed twice"));
        }
    }
}

/// Names of the parameters of a path template. O(len).
fn template(path: &str) -> Result<Vec<String>, String> {
    let Some(segments) = path.strip_prefix('/') else {
        return Err(format!("`{path}` does not begin with `/`"));
    };
    if path.contains(['?', '#']) {
        return Err("a path ends before `?` and `#`; describe the query in `parameters`".to_owned());
    }
    let mut names: Vec<String> = Vec::new();
    let mut segments = segments.split('/').peekable();
    while let Some(segment) = segments.next() {
        let mut rest = segment;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("`{{` without `}}` in `{segment}`"));
            };
            let (is_rest, name) = match name.strip_prefix('*') {
                Some(name) => (true, name),
                None => (false, name),
            };
            if before.contains('}') || name.is_empty() || name.contains(['{', '*']) {
                return Err(format!("`{segment}` is not text with `{{name}}` in it"));
            }
            if is_rest && (segments.peek().is_some() || !after.is_empty() || !before.is_empty()) {
                return Err(format!(
                    "`{{*{name}}}` stands for the rest, so it must be the whole last segment"
                ));
            }
            if names.iter().any(|known| known == name) {
                return Err(format!("`{{{name}}}` stands twice in the path"));
            }
            names.push(name.to_owned());
            rest = after;
        }
        if rest.contains('}') {
            return Err(format!("`}}` without `{{` in `{segment}`"));
        }
    }
    Ok(names)
}

/// Two routes for the same method and path: the second could never be reached.
fn same_routes(routes: &[Route], tell: &mut impl FnMut(String, String)) {
    let mut first: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (at, route) in routes.iter().enumerate() {
        let all = route.methods.is_empty().then_some("*");
        let methods = all.into_iter().chain(route.methods.iter().map(String::as_str));
        let taken = methods
            .map(|method| *first.entry((shape(&route.path), method)).or_insert(at))
            .find(|known| *known != at);
        if let Some(known) = taken {
            let message = format!("routes/{known} already has this path for the same method");
            tell(format!("/routes/{at}/path"), message);
        }
    }
}

/// A template with its names left out: `/a/{x}` and `/a/{y}` are the same path.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            '*' if inside => {}
            _ if inside => continue,
            _ => {}
        }
        shape.push(c);
    }
    shape
}
