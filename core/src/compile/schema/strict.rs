//! What a draft does not know: keywords and formats that would hold nothing, though their author may think so.
//!
//! Schemas are looked for where the draft has them: under its own keywords. What stands elsewhere is data.

use serde_json::{Map, Value};

use crate::model::{Draft, similar};
use crate::parse::json::pointer_key;

/// What stands under a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// No schema.
    Data,
    /// A schema.
    Schema,
    /// An array of schemas.
    Array,
    /// A schema, or an array of them.
    SchemaOrArray,
    /// Schemas by name; what is no schema among them (`dependencies`) is data.
    Map,
}

use Draft::{Draft4, Draft6, Draft7, Draft201909, Draft202012};
use Holds::{Array, Data, Map as Named, Schema, SchemaOrArray};

/// Every keyword, the first and the last draft that has it, and what it holds.
const KEYWORDS: &[(&str, Draft, Draft, Holds)] = &[
    ("$anchor", Draft201909, Draft202012, Data),
    ("$comment", Draft7, Draft202012, Data),
    ("$defs", Draft201909, Draft202012, Named),
    ("$dynamicAnchor", Draft202012, Draft202012, Data),
    ("$dynamicRef", Draft202012, Draft202012, Data),
    ("$id", Draft6, Draft202012, Data),
    ("$recursiveAnchor", Draft201909, Draft201909, Data),
    ("$recursiveRef", Draft201909, Draft201909, Data),
    ("$ref", Draft4, Draft202012, Data),
    ("$schema", Draft4, Draft202012, Data),
    ("$vocabulary", Draft201909, Draft202012, Data),
    ("additionalItems", Draft4, Draft201909, Schema),
    ("additionalProperties", Draft4, Draft202012, Schema),
    ("allOf", Draft4, Draft202012, Array),
    ("anyOf", Draft4, Draft202012, Array),
    ("const", Draft6, Draft202012, Data),
    ("contains", Draft6, Draft202012, Schema),
    ("contentEncoding", Draft7, Draft202012, Data),
    ("contentMediaType", Draft7, Draft202012, Data),
    ("contentSchema", Draft201909, Draft202012, Schema),
    ("default", Draft4, Draft202012, Data),
    // Kept by the meta-schemas of the drafts after 7 for what came before.
    ("definitions", Draft4, Draft202012, Named),
    ("dependencies", Draft4, Draft202012, Named),
    ("dependentRequired", Draft201909, Draft202012, Data),
    ("dependentSchemas", Draft201909, Draft202012, Named),
    ("deprecated", Draft201909, Draft202012, Data),
    ("description", Draft4, Draft202012, Data),
    ("else", Draft7, Draft202012, Schema),
    ("enum", Draft4, Draft202012, Data),
    ("examples", Draft6, Draft202012, Data),
    ("exclusiveMaximum", Draft4, Draft202012, Data),
    ("exclusiveMinimum", Draft4, Draft202012, Data),
    ("format", Draft4, Draft202012, Data),
    ("id", Draft4, Draft4, Data),
    ("if", Draft7, Draft202012, Schema),
    ("items", Draft4, Draft202012, SchemaOrArray),
    ("maxContains", Draft201909, Draft202012, Data),
    ("maxItems", Draft4, Draft202012, Data),
    ("maxLength", Draft4, Draft202012, Data),
    ("maxProperties", Draft4, Draft202012, Data),
    ("maximum", Draft4, Draft202012, Data),
    ("minContains", Draft201909, Draft202012, Data),
    ("minItems", Draft4, Draft202012, Data),
    ("minLength", Draft4, Draft202012, Data),
    ("minProperties", Draft4, Draft202012, Data),
    ("minimum", Draft4, Draft202012, Data),
    ("multipleOf", Draft4, Draft202012, Data),
    ("not", Draft4, Draft202012, Schema),
    ("oneOf", Draft4, Draft202012, Array),
    ("pattern", Draft4, Draft202012, Data),
    ("patternProperties", Draft4, Draft202012, Named),
    ("prefixItems", Draft202012, Draft202012, Array),
    ("properties", Draft4, Draft202012, Named),
    ("propertyNames", Draft6, Draft202012, Schema),
    ("readOnly", Draft7, Draft202012, Data),
    ("required", Draft4, Draft202012, Data),
    ("then", Draft7, Draft202012, Schema),
    ("title", Draft4, Draft202012, Data),
    ("type", Draft4, Draft202012, Data),
    ("unevaluatedItems", Draft201909, Draft202012, Schema),
    ("unevaluatedProperties", Draft201909, Draft202012, Schema),
    ("uniqueItems", Draft4, Draft202012, Data),
    ("writeOnly", Draft7, Draft202012, Data),
];

/// Reports, with their JSON Pointers, keywords and formats that `draft` does not know, and keywords that it ignores beside `$ref`.
/// Names that begin with `x-` are an author's own.
pub(super) fn check(
    schema: &Value,
    draft: Draft,
    knows_format: impl Fn(&str) -> bool,
    report: &mut impl FnMut(&str, String),
) {
    let mut open = vec![(String::new(), schema)];
    while let Some((pointer, schema)) = open.pop() {
        let Some(object) = schema.as_object() else { continue };
        // Up to draft 7 nothing beside `$ref` counts, not even definitions; but references may lead there.
        let alone = draft <= Draft7 && object.contains_key("$ref");
        for (key, value) in object {
            let mut pointer = pointer.clone();
            pointer_key(key.as_bytes(), &mut pointer);
            let Some(holds) = known(key, draft) else {
                if !key.starts_with("x-") {
                    report(&pointer, unknown(key, draft));
                }
                continue;
            };
            if alone && asserts(key) {
                report(&pointer, format!("`{key}` beside `$ref` has no effect in draft {draft}"));
            }
            match value {
                Value::String(name) if key == "format" && !knows_format(name) => {
                    report(&pointer, format!("unknown format `{name}`, which asserts nothing"));
                }
                Value::Object(named) if holds == Named => {
                    open.extend(members(&pointer, named));
                }
                Value::Array(items) if matches!(holds, Array | SchemaOrArray) => {
                    let items = items.iter().enumerate();
                    open.extend(items.map(|(index, item)| (format!("{pointer}/{index}"), item)));
                }
                Value::Object(_) if matches!(holds, Schema | SchemaOrArray) => {
                    open.push((pointer, value));
                }
                _ => {}
            }
        }
    }
}

fn members<'v>(
    pointer: &str,
    named: &'v Map<String, Value>,
) -> impl Iterator<Item = (String, &'v Value)> {
    named.iter().map(move |(name, schema)| {
        let mut pointer = pointer.to_owned();
        pointer_key(name.as_bytes(), &mut pointer);
        (pointer, schema)
    })
}

/// What a keyword holds, if the draft knows it.
fn known(key: &str, draft: Draft) -> Option<Holds> {
    let found = KEYWORDS.iter().find(|(name, ..)| *name == key)?;
    let (_, first, last, holds) = *found;
    (first..=last).contains(&draft).then_some(holds)
}

/// Whether a keyword would refuse something; the others only name, hold or describe.
fn asserts(key: &str) -> bool {
    let silent = ["title", "description", "default", "examples", "definitions", "$defs"];
    !key.starts_with('$') && !silent.contains(&key)
}

fn unknown(key: &str, draft: Draft) -> String {
    let hint = match KEYWORDS.iter().find(|(name, ..)| *name == key) {
        Some((_, first, last, _)) if first == last => format!("; draft {first} has it"),
        Some((_, first, last, _)) => format!("; drafts {first} to {last} have it"),
        None => {
            let names: Vec<_> = KEYWORDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
            similar(key, &names)
                .map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
        }
    };
    format!("draft {draft} has no keyword `{key}`{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(schema: &Value, draft: Draft) -> Vec<(String, String)> {
        let mut found = Vec::new();
        check(schema, draft, |name| name == "date", &mut |pointer, message| {
            found.push((pointer.to_owned(), message));
        });
        found.sort();
        found
    }

    #[test]
    fn keywords_stand_in_order() {
        assert!(KEYWORDS.is_sorted_by_key(|(name, ..)| *name));
    }

    #[test]
    fn what_asserts_nothing_is_told_where_schemas_stand() {
        let schema = serde_json::json!({
            "minLenght": 3, "x-abatis": {"minLenght": 3}, "default": {"minLenght": 3},
            "properties": {"minLenght": {"format": "dat"}, "b": {"prefixItems": [{"nulable": true}]}},
            "items": [{"format": "date"}, {"q": 1}],
        });
        let places: Vec<_> = found(&schema, Draft202012).into_iter().map(|found| found.0).collect();
        let expected = [
            "/items/1/q",
            "/minLenght",
            "/properties/b/prefixItems/0/nulable",
            "/properties/minLenght/format",
        ];
        assert_eq!(places, expected);
        let message = &found(&schema, Draft202012)[1].1;
        assert_eq!(message, "draft 2020-12 has no keyword `minLenght`, did you mean `minLength`?");
    }

    #[test]
    fn what_other_drafts_know_is_told_with_the_draft() {
        let schema =
            serde_json::json!({"$ref": "#/definitions/a", "maxLength": 1, "prefixItems": []});
        let messages: Vec<_> = found(&schema, Draft7).into_iter().map(|found| found.1).collect();
        let expected = [
            "`maxLength` beside `$ref` has no effect in draft 7",
            "draft 7 has no keyword `prefixItems`; draft 2020-12 has it",
        ];
        assert_eq!(messages, expected);
    }
}
