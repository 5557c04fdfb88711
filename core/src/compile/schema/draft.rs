//! Drafts, and what schemas they put where.

use serde_json::Value;

use super::resource::Place;
use crate::model::Draft;

/// What stands under a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Schema,
    List,
    Map,
    /// A schema, or a list of them.
    SchemaOrList,
    /// By name, schemas or lists of names.
    Dependencies,
}

/// What a draft has schemas under.
fn holds(keyword: &str, draft: Draft) -> Option<Holds> {
    let since = |first: Draft| draft >= first;
    Some(match keyword {
        "properties" | "patternProperties" | "definitions" | "$defs" => Holds::Map,
        "dependentSchemas" if since(Draft::Draft201909) => Holds::Map,
        "dependencies" => Holds::Dependencies,
        "additionalItems" if since(Draft::Draft202012) => return None,
        "items" if !since(Draft::Draft202012) => Holds::SchemaOrList,
        "additionalProperties" | "not" | "additionalItems" | "items" => Holds::Schema,
        "prefixItems" if since(Draft::Draft202012) => Holds::List,
        "allOf" | "anyOf" | "oneOf" => Holds::List,
        "contains" | "propertyNames" if since(Draft::Draft6) => Holds::Schema,
        "if" | "then" | "else" if since(Draft::Draft7) => Holds::Schema,
        "unevaluatedItems" | "unevaluatedProperties" | "contentSchema"
            if since(Draft::Draft201909) =>
        {
            Holds::Schema
        }
        _ => return None,
    })
}

/// Calls `visit` with every schema directly inside of a schema.
pub(super) fn children<'a>(place: &Place<'a>, draft: Draft, visit: &mut impl FnMut(Place<'a>)) {
    let Value::Object(schema) = place.value else { return };
    for (keyword, value) in schema {
        let Some(holds) = holds(keyword, draft) else { continue };
        let inside = place.key(value, keyword);
        match (holds, value) {
            (Holds::Schema | Holds::SchemaOrList, Value::Object(_) | Value::Bool(_)) => {
                visit(inside);
            }
            (Holds::List | Holds::SchemaOrList, Value::Array(items)) => {
                let items = items.iter().enumerate();
                items.for_each(|(at, item)| visit(inside.key(item, &at.to_string())));
            }
            (Holds::Map | Holds::Dependencies, Value::Object(members)) => {
                let schemas = members.iter().filter(|(_, value)| !value.is_array());
                schemas.for_each(|(name, value)| visit(inside.key(value, name)));
            }
            _ => {}
        }
    }
}

/// Whether a keyword says something about a schema, and asserts nothing of a value.
pub(super) fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "$id"
            | "id"
            | "$schema"
            | "$anchor"
            | "$dynamicAnchor"
            | "$recursiveAnchor"
            | "$vocabulary"
            | "$comment"
            | "$defs"
            | "definitions"
            | "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "contentSchema"
    )
}
