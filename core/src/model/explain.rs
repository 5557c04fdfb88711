//! Schema violations in the terms of the author: what is wrong, and what would be right.
//!
//! The validator says "additional properties are not allowed"; the author of a policy wants to hear
//! "unknown key `mod`, did you mean `mode`? known keys: about, mode, ...".

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::plain::shown;
use super::rule::RuleId;
use super::yaml::{escape, unescape};

/// One difference between a value and its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The value.
    pub(crate) pointer: String,
    /// Whether its key is what is wrong.
    pub(crate) key: bool,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn value(pointer: &str, message: impl Into<String>) -> Wrong {
        Wrong { pointer: pointer.to_owned(), key: false, message: message.into() }
    }

    fn key(pointer: &str, name: &str, message: impl Into<String>) -> Wrong {
        let pointer = format!("{pointer}/{}", escape(name));
        Wrong { pointer, key: true, message: message.into() }
    }
}

/// Puts one violation of `schema` (the whole one) into words.
pub(crate) fn explain(schema: &Value, error: &ValidationError<'_>, out: &mut Vec<Wrong>) {
    let at = error.instance_path().as_str();
    let instance = error.instance();
    let node = parent(schema, error.schema_path().as_str());
    let mut value = |message: String| out.push(Wrong::value(at, message));
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                out.push(Wrong::key(at, name, unknown_key(name, node)));
            }
        }
        ValidationErrorKind::Required { .. } => {
            // One violation for each missing key, one after the other; told once, with all of them.
            let wrong = Wrong::value(at, missing_keys(instance, node));
            if out.last() != Some(&wrong) {
                out.push(wrong);
            }
        }
        ValidationErrorKind::Type { kind } => value(wrong_type(&expected(kind), instance)),
        ValidationErrorKind::OneOfNotValid { context }
        | ValidationErrorKind::OneOfMultipleValid { context }
        | ValidationErrorKind::AnyOf { context } => alternatives(schema, error, context, out),
        ValidationErrorKind::Enum { options } => value(unknown_word(at, instance, &names(options))),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            let bound = |name| node.get(name).map(ToString::to_string).unwrap_or_default();
            let (least, most) = (bound("minimum"), bound("maximum"));
            value(format!("expected a number from {least} to {most}, found {instance}"));
        }
        ValidationErrorKind::MinItems { limit } => {
            value(format!("expected at least {limit} of these, found {}", count(instance)));
        }
        ValidationErrorKind::Pattern { pattern } if pattern == RuleId::PATTERN => {
            value(format!("{} is not a rule id: {RULE_ID}", found(instance)));
        }
        // No other keyword is in our schemas; if one comes, its own words will do.
        _ => value(error.masked().to_string()),
    }
}

const RULE_ID: &str =
    "write lower-case words, digits and `-`, at least two, joined by dots, like `sql.injection`";

/// A value that fits none (or several) of a few alternatives. They are words, tagged mappings, or shapes.
fn alternatives(
    schema: &Value,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    out: &mut Vec<Wrong>,
) {
    let at = error.instance_path().as_str();
    let instance = error.instance();
    let branches: Vec<&Value> = schema
        .pointer(error.schema_path().as_str())
        .and_then(Value::as_array)
        .map(|branches| branches.iter().map(|branch| resolve(schema, branch)).collect())
        .unwrap_or_default();

    let words: Vec<String> = branches
        .iter()
        .filter_map(|branch| branch.get("const"))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if !words.is_empty() && words.len() == branches.len() {
        out.push(Wrong::value(at, unknown_word(at, instance, &words)));
        return;
    }

    // The alternative whose keys are there is the one that was meant.
    let tags: Vec<Vec<String>> = branches
        .iter()
        .map(|branch| branch.get("required").map(names).unwrap_or_default())
        .collect();
    if let Value::Object(map) = &**instance {
        let meant: Vec<usize> = (0..branches.len())
            .filter(|&at| {
                tags.get(at).is_some_and(|tags| {
                    !tags.is_empty() && tags.iter().all(|tag| map.contains_key(tag))
                })
            })
            .collect();
        if let [one] = meant[..] {
            for error in context.get(one).into_iter().flatten() {
                explain(schema, error, out);
            }
            return;
        }
        let known = tags.concat();
        let found: Vec<String> = map.keys().map(|key| format!("`{}`", shown(key))).collect();
        let found = if found.is_empty() { "none".to_owned() } else { found.join(" and ") };
        let hint = map
            .keys()
            .filter(|key| !known.contains(key))
            .find_map(|key| similar(key, &known))
            .map(|name| format!(", did you mean `{name}`?"))
            .unwrap_or_default();
        let message =
            format!("expected exactly one of the keys {}, found {found}{hint}", known.join(", "));
        out.push(Wrong::value(at, message));
        return;
    }

    let mut types: Vec<String> =
        branches.iter().filter_map(|branch| branch.get("type")).flat_map(names).collect();
    types.sort_unstable();
    types.dedup();
    let types: Vec<&str> = types.iter().map(|name| article(name)).collect();
    out.push(Wrong::value(at, wrong_type(&types.join(" or "), instance)));
}

fn missing_keys(instance: &Value, node: &Value) -> String {
    let required = node.get("required").map(names).unwrap_or_default();
    let missing: Vec<String> = required
        .iter()
        .filter(|name| instance.get(name.as_str()).is_none())
        .map(|name| format!("`{name}`"))
        .collect();
    let keys = if missing.len() == 1 { "key" } else { "keys" };
    format!("missing {keys} {}; needed here: {}", missing.join(", "), required.join(", "))
}

fn unknown_key(name: &str, node: &Value) -> String {
    if node.get("patternProperties").and_then(|p| p.get(RuleId::PATTERN)).is_some() {
        return format!("`{}` is not a rule id: {RULE_ID}", shown(name));
    }
    let known: Vec<String> = node
        .get("properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default();
    let hint = similar(name, &known).map(|name| format!(", did you mean `{name}`?"));
    let separator = if hint.is_some() { " " } else { "; " };
    format!(
        "unknown key `{}`{}{separator}known keys: {}",
        shown(name),
        hint.unwrap_or_default(),
        known.join(", ")
    )
}

fn unknown_word(pointer: &str, instance: &Value, words: &[String]) -> String {
    let expected = words.join(", ");
    let Value::String(word) = instance else {
        return format!("expected one of {expected}; found {}", found(instance));
    };
    let hint = similar(word, words).map(|word| format!(", did you mean `{word}`?"));
    let separator = if hint.is_some() { " " } else { "; " };
    format!(
        "unknown {} `{}`{}{separator}expected one of {expected}",
        noun(pointer),
        shown(word),
        hint.unwrap_or_default()
    )
}

/// What a value is called: its key, or the key of the list that it is in.
fn noun(pointer: &str) -> String {
    let mut tokens = pointer.rsplit('/');
    match tokens.next() {
        Some(index) if !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()) => {
            let list = tokens.next().unwrap_or_default();
            format!("entry of `{}`", unescape(list))
        }
        Some(key) if !key.is_empty() => unescape(key),
        _ => "value".to_owned(),
    }
}

fn wrong_type(expected: &str, instance: &Value) -> String {
    let hint = match instance {
        Value::Number(_) | Value::Bool(_) if expected == "a string" => "; put it in quotes",
        Value::Null if expected == "a string" => {
            "; write \"\" for an empty one, or leave the key out if it may be left out"
        }
        Value::Object(_) if expected == "a string" => {
            "; put text that holds `: ` or begins with `{` in quotes"
        }
        Value::Array(_) if expected == "a string" => "; put text that begins with `[` in quotes",
        Value::String(text) if expected == "a boolean" => {
            match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" => "; write true",
                "no" | "off" | "n" => "; write false",
                _ => "",
            }
        }
        Value::String(_) if expected == "a list" => "; begin each entry with `- `",
        Value::String(text) if expected == "an integer" && text.parse::<f64>().is_ok() => {
            "; write it without quotes, in decimal"
        }
        _ => "",
    };
    format!("expected {expected}, found {}{hint}", found(instance))
}

fn found(instance: &Value) -> String {
    match instance {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string `{}`", shown(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

fn count(instance: &Value) -> String {
    match instance.as_array().map_or(0, Vec::len) {
        0 => "none".to_owned(),
        n => n.to_string(),
    }
}

fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => type_name(*one).to_owned(),
        TypeKind::Multiple(set) => set.iter().map(type_name).collect::<Vec<_>>().join(" or "),
    }
}

fn type_name(kind: JsonType) -> &'static str {
    article(kind.as_str())
}

/// JSON Schema's name of a type with its article.
fn article(name: &str) -> &'static str {
    match name {
        "array" => "a list",
        "boolean" => "a boolean",
        "integer" => "an integer",
        "null" => "nothing",
        "number" => "a number",
        "object" => "a mapping",
        _ => "a string",
    }
}

/// The strings of a list, or the one string.
fn names(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let list = value.as_array().map_or(one, Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The schema object that holds the keyword at `path`.
fn parent<'s>(schema: &'s Value, path: &str) -> &'s Value {
    let path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema.pointer(path).map_or(&Value::Null, |node| resolve(schema, node))
}

/// The schema that a `$ref` names. Our definitions do not refer to one another in circles; one step is enough for each.
fn resolve<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    node.get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| schema.pointer(reference.strip_prefix('#')?))
        .unwrap_or(node)
}

/// The known word nearest to a misspelled one, if any is near: a third of its letters may differ.
pub(crate) fn similar<'w>(word: &str, known: &'w [String]) -> Option<&'w str> {
    const LONGEST: usize = 64;
    let word: Vec<char> = word.to_lowercase().chars().take(LONGEST + 1).collect();
    if word.len() > LONGEST {
        return None;
    }
    known
        .iter()
        .map(|known| (distance(&word, &known.chars().collect::<Vec<_>>()), known))
        .filter(|(distance, known)| *distance <= (known.chars().count().max(word.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known.as_str())
}

/// Edit distance with transpositions of neighbours (optimal string alignment). O(len a x len b).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == y && x == b[j - 1] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = last;
        last = row;
    }
    last.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["mode", "about", "limits", "sqli"].map(str::to_owned);
        for (word, near) in [
            ("mod", Some("mode")),
            ("moed", Some("mode")),
            ("Limits", Some("limits")),
            ("sql", Some("sqli")),
            ("routes", None),
            ("", None),
        ] {
            assert_eq!(similar(word, &known), near, "{word}");
        }
    }
}
