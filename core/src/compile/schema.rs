//! Compiling: JSON Schemas as loaded to [`CompiledSchema`].
//!
//! Nothing is ever fetched, neither from the network nor from files: what a schema refers to must be in it, be handed in beside it
//! ([`SchemaOptions::documents`]) or be one of the published meta-schemas. Patterns run on the linear engine alone; what it cannot
//! express is refused here, not at run time.

mod draft;
mod native;
mod node;
mod options;
mod resource;
mod set;
mod strict;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ReferencingError, ValidationError, ValidationOptions, uri};
use serde_json::Value;

use native::Unsupported;
pub(crate) use options::{Documents, SchemaOptions};

use crate::error::Diagnostic;
use crate::model::Draft;
use crate::parse::json::pointer_key;
use crate::schema::document::{CompiledSchema, Engine, TextTypes, Types};
use crate::schema::full::Full;
use crate::schema::node::TapeJson;
use crate::schema::pattern::{Pattern, PatternErrorKind, PatternLimits};

/// The base of relative references in a schema without `$id`. Any base makes the crate tell where a keyword stands.
const BASE: &str = "abatis:///";

/// Most memory that one pattern may take, and again its cache, in bytes.
const PATTERN_BYTES: usize = 2 << 20;

/// The most `$ref`s that are followed to find the type of a parameter.
const REF_HOPS: usize = 16;

/// The most meta-schemas that are followed to find the draft of a schema.
const META_HOPS: usize = 8;

impl CompiledSchema {
    /// Compiles a schema; `name` stands as the file in diagnostics. Its `$schema` says which draft it is written in, and
    /// `options` what it does not say.
    pub(crate) fn compile(
        name: &str,
        schema: &Value,
        options: &SchemaOptions,
    ) -> Result<CompiledSchema, Vec<Diagnostic>> {
        let at = |pointer: &str, message: String| Diagnostic::new(name, message).at(0, 0, pointer);
        let documents = options.documents.absolute(schema);
        let draft = draft_of(schema, options.draft, &documents)
            .map_err(|(pointer, message)| vec![at(pointer, message)])?;

        let meta = match draft {
            Draft::Draft4 => jsonschema::draft4::meta::validator(),
            Draft::Draft6 => jsonschema::draft6::meta::validator(),
            Draft::Draft7 => jsonschema::draft7::meta::validator(),
            Draft::Draft201909 => jsonschema::draft201909::meta::validator(),
            Draft::Draft202012 => jsonschema::draft202012::meta::validator(),
        };
        let mut wrong: Vec<_> = meta
            .iter_errors(schema)
            .map(|error| at(error.instance_path().as_str(), error.to_string()))
            .collect();
        check_patterns(schema, draft, &mut |pointer, message| wrong.push(at(pointer, message)));
        let settings = settings(draft, options.formats).with_retriever(documents.clone());
        if options.strict {
            let knows_format = |name: &str| settings.is_known_format(draft.into(), name);
            let mut report = |pointer: &str, message| wrong.push(at(pointer, message));
            strict::check(schema, draft, knows_format, &mut report);
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }

        let native = if options.full {
            Err(Unsupported::new("", "the full validator is asked for"))
        } else {
            native::compile(schema, draft, options.formats, &documents)
        };
        let engine = match native {
            Ok(program) => Engine::Native(Box::new(program)),
            Err(found) if found.wrong => return Err(vec![at(&found.pointer, found.reason)]),
            Err(found) => {
                let validator = settings.build(schema).map_err(|error| {
                    let (pointer, message) = build_error(schema, &error);
                    vec![at(&pointer, message)]
                })?;
                let full = Full {
                    validator,
                    size: documents.iter().map(size).fold(size(schema), usize::saturating_add),
                    resources: resources(schema, draft),
                    base: BASE,
                };
                Engine::Full(Box::new(full), found.to_string())
            }
        };
        let own = text_types(schema, schema, 0);
        let items = follow(schema, schema)
            .and_then(|schema| schema.get("items"))
            .map_or(Types::STRING, |items| text_types(items, schema, 0));
        Ok(CompiledSchema { engine, texts: TextTypes { own, items } })
    }
}

impl From<Draft> for jsonschema::Draft {
    fn from(draft: Draft) -> jsonschema::Draft {
        match draft {
            Draft::Draft4 => jsonschema::Draft::Draft4,
            Draft::Draft6 => jsonschema::Draft::Draft6,
            Draft::Draft7 => jsonschema::Draft::Draft7,
            Draft::Draft201909 => jsonschema::Draft::Draft201909,
            Draft::Draft202012 => jsonschema::Draft::Draft202012,
        }
    }
}

type Settings = ValidationOptions<'static, std::sync::Arc<dyn jsonschema::Retrieve>, TapeJson>;

/// What the crate is told of every schema and of every pattern.
fn settings(draft: Draft, formats: Option<bool>) -> Settings {
    let settings = jsonschema::options_for::<TapeJson>()
        .with_draft(draft.into())
        .offline()
        .with_base_uri(BASE)
        .with_pattern_options(pattern_options());
    match formats {
        Some(asserted) => settings.should_validate_formats(asserted),
        None => settings,
    }
}

fn pattern_options() -> PatternOptions<jsonschema::Regex> {
    PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES)
}

/// The draft that a schema is written in, or where and why that cannot be said. A meta-schema that is no draft's is looked up
/// among the documents: the draft it is itself written in counts.
fn draft_of(
    schema: &Value,
    default: Option<Draft>,
    documents: &Documents,
) -> Result<Draft, (&'static str, String)> {
    if !schema.is_object() && !schema.is_boolean() {
        return Err(("", "a schema is an object, `true` or `false`".to_owned()));
    }
    let mut written = schema;
    for _ in 0..META_HOPS {
        let uri = match written.get("$schema") {
            None => return Ok(default.unwrap_or_default()),
            Some(Value::String(uri)) => uri,
            Some(_) => return Err(("/$schema", "`$schema` is the URI of a draft".to_owned())),
        };
        match (jsonschema::Draft::from_schema_uri(uri), documents.get(uri)) {
            (jsonschema::Draft::Draft4, _) => return Ok(Draft::Draft4),
            (jsonschema::Draft::Draft6, _) => return Ok(Draft::Draft6),
            (jsonschema::Draft::Draft7, _) => return Ok(Draft::Draft7),
            (jsonschema::Draft::Draft201909, _) => return Ok(Draft::Draft201909),
            (jsonschema::Draft::Draft202012, _) => return Ok(Draft::Draft202012),
            (_, Some(meta)) => written = meta,
            (_, None) => {
                let known = Draft::ALL.map(Draft::uri).join(", ");
                let message = format!("unknown `$schema` `{uri}`, expected one of {known}");
                return Err(("/$schema", message));
            }
        }
    }
    Err(("/$schema", "the meta-schemas lead to no draft".to_owned()))
}

/// Compiles every `pattern` and key of `patternProperties` alone, so that all that fail are told.
fn check_patterns(schema: &Value, draft: Draft, report: &mut impl FnMut(&str, String)) {
    walk(schema, &mut |pointer, key, value| {
        let patterns: Vec<&str> = match (key, value) {
            ("pattern", Value::String(pattern)) => vec![pattern],
            ("patternProperties", Value::Object(object)) => {
                object.keys().map(String::as_str).collect()
            }
            _ => return,
        };
        for source in patterns {
            let Err(error) = Pattern::compile(source, PatternLimits::default()) else { continue };
            // What is a pattern but none for an automaton may still be one for the crate's.
            let alone = serde_json::json!({ "pattern": source });
            let known = error.kind() == PatternErrorKind::Unsupported
                && settings(draft, None).build(&alone).is_ok();
            if !known {
                report(pointer, format!("the pattern `{source}` cannot be used: {error}"));
            }
        }
    });
}

/// Calls `visit` with pointer, keyword and value of every member of every object that may be a schema.
fn walk(schema: &Value, visit: &mut impl FnMut(&str, &str, &Value)) {
    let mut open = vec![(String::new(), schema)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let mut pointer = pointer.clone();
                    pointer_key(key.as_bytes(), &mut pointer);
                    visit(&pointer, key, value);
                    if !is_data(key) {
                        open.push((pointer, value));
                    }
                }
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(index, item)| (format!("{pointer}/{index}"), item)));
            }
            _ => {}
        }
    }
}

/// The URI of every resource in the schema, and the JSON Pointer that leads to it.
fn resources(schema: &Value, draft: Draft) -> Vec<(String, String)> {
    let keyword = if draft == Draft::Draft4 { "id" } else { "$id" };
    // Up to draft 7 an `$id` beside `$ref` counts for nothing: the root may have two names here, of which the crate knows one.
    let mut found = vec![(BASE.to_owned(), String::new())];
    let mut open = vec![(String::new(), schema, uri::from_str(BASE).ok())];
    while let Some((pointer, value, base)) = open.pop() {
        match value {
            Value::Object(object) => {
                let own =
                    object.get(keyword).and_then(Value::as_str).filter(|id| !id.starts_with('#'));
                let own = own
                    .zip(base.as_ref())
                    .and_then(|(id, base)| uri::resolve_against(&base.borrow(), id).ok());
                if let Some(uri) = &own {
                    found.push((uri.as_str().trim_end_matches('#').to_owned(), pointer.clone()));
                }
                let base = own.or(base);
                for (key, value) in object.iter().filter(|(key, _)| !is_data(key)) {
                    let mut pointer = pointer.clone();
                    pointer_key(key.as_bytes(), &mut pointer);
                    open.push((pointer, value, base.clone()));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    open.push((format!("{pointer}/{index}"), item, base.clone()));
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether the value of a keyword is data, in which no schema stands.
fn is_data(key: &str) -> bool {
    matches!(key, "const" | "enum" | "default" | "examples")
}

/// Where and why a schema that its meta-schema accepts cannot be compiled.
fn build_error(schema: &Value, error: &ValidationError<'_>) -> (String, String) {
    let pointer = error.instance_path().as_str().to_owned();
    let ValidationErrorKind::Referencing(cause) = error.kind() else {
        return (pointer, error.to_string());
    };
    match cause {
        ReferencingError::Unretrievable { uri, .. } => {
            let uri = uri.trim_end_matches('#');
            let uri = uri.strip_prefix(BASE).unwrap_or(uri);
            let mut place = None;
            walk(schema, &mut |pointer, key, value| {
                let reference = value.as_str().and_then(|text| text.split('#').next());
                if key == "$ref"
                    && reference.is_some_and(|text| !text.is_empty() && uri.ends_with(text))
                {
                    place.get_or_insert_with(|| pointer.to_owned());
                }
            });
            let message = format!(
                "`{uri}` is not in this schema, and schemas are never fetched: put it under `$defs` with `{uri}` as its `$id`, \
                 or hand it in beside the schema"
            );
            (place.unwrap_or(pointer), message)
        }
        cause => (pointer, format!("a reference leads nowhere: {cause}")),
    }
}

/// How many JSON values a schema consists of.
fn size(schema: &Value) -> usize {
    let mut open = vec![schema];
    let mut count = 0;
    while let Some(value) = open.pop() {
        count += 1;
        match value {
            Value::Object(object) => open.extend(object.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    count
}

/// The schema that a chain of local `$ref`s leads to.
fn follow<'a>(mut schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    for _ in 0..REF_HOPS {
        match schema.get("$ref") {
            None => return Some(schema),
            Some(Value::String(reference)) => {
                schema = root.pointer(reference.strip_prefix('#')?)?;
            }
            Some(_) => return None,
        }
    }
    None
}

/// What a text may be read as: by `type`, else by the types of the alternatives, else by the values of `enum` and `const`, else
/// as a number if the schema speaks of numbers, and as a string.
fn text_types(schema: &Value, root: &Value, hops: usize) -> Types {
    let Some(schema) = follow(schema, root).filter(|_| hops < REF_HOPS) else {
        return Types::STRING;
    };
    match schema.get("type") {
        Some(Value::String(name)) => return type_named(name),
        Some(Value::Array(names)) => {
            return names
                .iter()
                .filter_map(Value::as_str)
                .map(type_named)
                .fold(Types::NONE, Types::or);
        }
        _ => {}
    }
    let branches = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(key)?.as_array());
    if let Some(branches) = branches {
        let types = branches.iter().map(|branch| text_types(branch, root, hops + 1));
        return types.fold(Types::NONE, Types::or);
    }
    let values =
        schema.get("enum").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let types = values.iter().chain(schema.get("const")).map(type_of).fold(Types::NONE, Types::or);
    if types != Types::NONE {
        return types;
    }
    let numeric = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    if numeric.iter().any(|key| schema.get(key).is_some()) {
        return Types::STRING.or(Types::NUMBER);
    }
    Types::STRING
}

fn type_named(name: &str) -> Types {
    match name {
        "null" => Types::NULL,
        "boolean" => Types::BOOLEAN,
        "integer" | "number" => Types::NUMBER,
        "array" => Types::ARRAY,
        "object" => Types::OBJECT,
        _ => Types::STRING,
    }
}

fn type_of(value: &Value) -> Types {
    match value {
        Value::Null => Types::NULL,
        Value::Bool(_) => Types::BOOLEAN,
        Value::Number(_) => Types::NUMBER,
        Value::String(_) => Types::STRING,
        Value::Array(_) => Types::ARRAY,
        Value::Object(_) => Types::OBJECT,
    }
}
