//! JSON Schemas of our own file formats, made from the types that read them. Editors complete and check against them.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::policy::Policy;
use super::rule::RuleFile;
use super::weights::WeightFile;

/// The schema of each file format by file name, as committed under `rules/schema/`.
///
/// Draft 2020-12. `cargo xtask schemas` writes the files; a test and `cargo xtask schemas --check` compare them.
///
/// ```
/// let schemas = abatis::model::schemas();
/// assert_eq!(schemas[0].0, "policy.schema.json");
/// assert_eq!(schemas[0].1["title"], "Policy");
/// ```
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("policy.schema.json", of::<Policy>()),
        ("rules.schema.json", of::<RuleFile>()),
        ("weights.schema.json", of::<WeightFile>()),
    ]
}

/// The schema of one type, as its reader sees it: what has a default is not required.
pub(crate) fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(RecursiveTransform(refuse_null))
        .with_transform(RecursiveTransform(bound_integers))
        .into_generator()
        .into_root_schema_for::<T>()
        .into()
}

/// A key without value (`rule:` and then nothing) is null to YAML and "left out" to serde, which would make an exclusion wider than
/// its author meant. What may be left out must be left out.
fn refuse_null(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    let Some(branches) = schema.get_mut("anyOf").and_then(Value::as_array_mut) else { return };
    branches.retain(|branch| branch.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = &branches[..] {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

/// The range of an integer type, where schemars gives only its name: else a number could pass here and fail in serde, which
/// knows no line.
fn bound_integers(schema: &mut Schema) {
    let range: (Value, Value) = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("uint" | "uint64") => (0.into(), u64::MAX.into()),
        _ => return,
    };
    let (minimum, maximum) = range;
    for (key, bound) in [("minimum", minimum), ("maximum", maximum)] {
        if schema.get(key).is_none() {
            schema.insert(key.to_owned(), bound);
        }
    }
}
