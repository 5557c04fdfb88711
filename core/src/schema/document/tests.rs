//! The shared cases, and what must hold on hostile documents.

use std::ops::Range;

use serde_json::{Value, json};

use super::*;
use crate::compile::schema::SchemaOptions;
use crate::limits::Limits;
use crate::model::Draft;
use crate::parse::json::{JsonParser, JsonSink};

/// Reads a body into a document.
struct Reader<'s> {
    schema: &'s CompiledSchema,
    document: Document,
}

impl JsonSink for Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>, path: &Path) {
        self.document.event(self.schema, event, range, path);
    }

    fn problem(&mut self, problem: Problem, _: Range<usize>, _: &Path) {
        self.document.problem(problem);
    }

    fn rest(&mut self, _: &[u8], _: usize) {}
}

/// The document, fed in pieces of `size` bytes.
fn document(schema: &CompiledSchema, body: &str, size: usize, limits: &Limits) -> Document {
    let mut reader = Reader { schema, document: Document::default() };
    reader.document.begin(false);
    let mut parser = JsonParser::new(limits);
    parser.reset(limits, 0);
    for piece in body.as_bytes().chunks(size) {
        parser.feed(piece, &mut reader);
    }
    parser.finish(&mut reader);
    assert!(reader.document.finish(schema), "{body}");
    reader.document
}

fn compile_with(text: &str, draft: Option<&str>, full: bool) -> CompiledSchema {
    let value = serde_json::from_str(text).expect("a schema in JSON");
    let draft = draft.map(|name| name.parse().expect("a known draft"));
    let options = SchemaOptions { draft, full, ..SchemaOptions::default() };
    let schema = CompiledSchema::compile("case", &value, &options)
        .unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    assert_eq!(schema.fallback().is_some(), full, "{text}: {:?}", schema.fallback());
    schema
}

fn compile(text: &str, draft: Option<&str>) -> CompiledSchema {
    compile_with(text, draft, false)
}

/// For the crate.
fn compile_full(text: &str) -> CompiledSchema {
    compile_with(text, None, true)
}

/// Keyword, instance pointer, schema pointer, span text.
type Found = (String, String, String, String);

fn run(schema: &CompiledSchema, body: &str, max: usize) -> (Validity, Vec<Found>) {
    run_in_pieces(schema, body, max, usize::MAX)
}

fn run_in_pieces(
    schema: &CompiledSchema,
    body: &str,
    max: usize,
    size: usize,
) -> (Validity, Vec<Found>) {
    let mut found = Vec::new();
    let document = document(schema, body, size, &Limits::default());
    let validity = document.report(schema, max, &mut |violation| {
        found.push((
            violation.keyword.to_owned(),
            violation.instance.to_owned(),
            violation.schema.to_owned(),
            body[violation.span.clone()].to_owned(),
        ));
    });
    (validity, found)
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/../testdata/schema/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("testdata");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Schemas {
    schema: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    schema: String,
    drafts: Option<Vec<String>>,
    valid: Vec<String>,
    #[serde(default)]
    invalid: Vec<Invalid>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Invalid {
    instance: String,
    violations: Vec<Found>,
}

const ALL: [&str; 5] = ["4", "6", "7", "2019-09", "2020-12"];

/// By the machine, in pieces of any size, and by the crate: the same violations.
#[test]
fn shared_cases() {
    for (file, drafts) in [("keywords", &ALL[..]), ("drafts", &ALL[4..])] {
        for case in read::<Schemas>(file).schema {
            let own = case.drafts.iter().flatten().map(String::as_str).collect::<Vec<_>>();
            for draft in if own.is_empty() { drafts } else { &own } {
                let schema = compile(&case.schema, Some(draft));
                let full = compile_with(&case.schema, Some(draft), true);
                let good = case.valid.iter().map(|body| (body, &[][..], Validity::Valid));
                let bad = case.invalid.iter();
                let bad = bad.map(|case| (&case.instance, &case.violations[..], Validity::Invalid));
                for (body, violations, validity) in good.chain(bad) {
                    let why = format!("{} (draft {draft}): {body}", case.why);
                    assert_eq!(run(&full, body, 100), (validity, violations.to_vec()), "{why}");
                    for size in 1..=body.len() {
                        let found = run_in_pieces(&schema, body, 100, size);
                        assert_eq!(found, (validity, violations.to_vec()), "{why} by {size}");
                    }
                }
            }
        }
    }
}

/// Every schema against every instance, over the tape and over `serde_json`: the representation must not matter.
#[test]
fn agrees_with_the_crate_over_serde_values() {
    let cases: Vec<_> = ["keywords", "drafts"]
        .map(read::<Schemas>)
        .into_iter()
        .flat_map(|file| file.schema)
        .collect();
    let instances = cases.iter().flat_map(|case| {
        case.valid.iter().chain(case.invalid.iter().map(|invalid| &invalid.instance))
    });
    let instances: Vec<(&str, Value)> = instances
        // The other side cannot hold numbers beyond `f64`.
        .filter_map(|body| Some((&**body, serde_json::from_str(body).ok()?)))
        .collect();
    let (mut valid, mut invalid) = (0, 0);
    for case in &cases {
        let schema: Value = serde_json::from_str(&case.schema).expect("JSON");
        for draft in Draft::ALL {
            let compile = |full| {
                let options =
                    SchemaOptions { draft: Some(draft), full, ..SchemaOptions::default() };
                CompiledSchema::compile("case", &schema, &options)
            };
            let (Ok(machine), Ok(full)) = (compile(false), compile(true)) else { continue };
            let draft = if schema.get("$schema").is_some() { None } else { Some(draft) };
            let options = draft.map_or(jsonschema::options(), |draft| {
                jsonschema::options().with_draft(draft.into())
            });
            let theirs = options.offline().build(&schema).expect("a schema");
            for (body, value) in &instances {
                let expected = theirs.is_valid(value);
                for ours in [&machine, &full] {
                    let (validity, found) = run(ours, body, 100);
                    assert_eq!(validity == Validity::Valid, expected, "{}: {body}", case.schema);
                    let errors = theirs.iter_errors(value).count();
                    assert_eq!(found.len(), errors, "{}: {body}: {found:?}", case.schema);
                }
                *(if expected { &mut valid } else { &mut invalid }) += 1;
            }
        }
    }
    assert!(valid > 1000 && invalid > 1000, "{valid} valid, {invalid} invalid");
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusals {
    refused: Vec<Refused>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    why: String,
    schema: String,
    errors: Vec<(String, String)>,
}

#[test]
fn refused_schemas() {
    for case in read::<Refusals>("refused").refused {
        let schema: Value = serde_json::from_str(&case.schema).expect("JSON");
        let mut wrong = CompiledSchema::compile("case", &schema, &SchemaOptions::default())
            .err()
            .unwrap_or_default();
        wrong.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        let pointers: Vec<_> = wrong.iter().map(|wrong| &*wrong.pointer).collect();
        let expected: Vec<_> = case.errors.iter().map(|(pointer, _)| &**pointer).collect();
        assert_eq!(pointers, expected, "{}: {wrong:?}", case.why);
        for (wrong, (_, part)) in wrong.iter().zip(&case.errors) {
            assert!(wrong.message.contains(part), "{}: {}", case.why, wrong.message);
            assert_eq!(wrong.file, "case");
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    texts: Vec<TextCase>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TextCase {
    why: String,
    schema: String,
    valid: Vec<Vec<String>>,
    invalid: Vec<Vec<String>>,
    keyword: String,
}

#[test]
fn texts() {
    let mut document = Document::default();
    for case in read::<Texts>("texts").texts {
        let schema = compile(&case.schema, None);
        for (cases, expected) in [(&case.valid, None), (&case.invalid, Some(&*case.keyword))] {
            for texts in cases {
                // As if they stood one after another in the request.
                let places: Vec<(&[u8], Range<usize>)> = texts
                    .iter()
                    .enumerate()
                    .map(|(at, text)| (text.as_bytes(), at * 100..at * 100 + text.len()))
                    .collect();
                let mut keyword = None;
                let validity = document.texts(&schema, &places, 1, &mut |violation| {
                    keyword = Some(violation.keyword.to_owned());
                    let parts: Vec<_> = places.iter().map(|(_, place)| place.clone()).collect();
                    let whole = 0..parts.last().map_or(0, |place| place.end);
                    assert!(parts.contains(&violation.span) || violation.span == whole);
                });
                assert_eq!(keyword.as_deref(), expected, "{}: {texts:?}", case.why);
                assert_eq!(
                    validity == Validity::Valid,
                    expected.is_none(),
                    "{}: {texts:?}",
                    case.why
                );
            }
        }
    }
}

#[test]
fn bytes_that_are_no_utf8_can_be_validated() {
    let schema = compile(r#"{"type":"string","pattern":"^[a-z]*$"}"#, None);
    let mut document = Document::default();
    let validity = document.texts(&schema, &[(b"a\xff", 5..7)], 1, &mut |violation| {
        assert_eq!((violation.keyword, violation.span), ("pattern", 5..7));
    });
    assert_eq!(validity, Validity::Invalid);
}

#[test]
fn at_most_max_are_reported_in_order() {
    let schema = compile(r#"{"items":{"type":"string"}}"#, None);
    let (validity, found) = run(&schema, "[1,2,3,4]", 2);
    assert_eq!(validity, Validity::Invalid);
    assert_eq!(found.iter().map(|found| &*found.1).collect::<Vec<_>>(), ["/0", "/1"]);
    assert_eq!(run(&schema, "[1,2,3,4]", 0), (Validity::Invalid, vec![]));
}

/// A marker in every key and value must never come out in a message.
#[test]
fn messages_hold_nothing_of_the_document() {
    let schema = json!({
        "properties": {
            "type": {"type": "integer"}, "types": {"type": ["null", "integer"]}, "const": {"const": 1}, "enum": {"enum": [1]},
            "minLength": {"minLength": 99}, "maxLength": {"maxLength": 1}, "pattern": {"pattern": "^$"},
            "maxItems": {"maxItems": 0}, "unique": {"uniqueItems": true}, "contains": {"contains": {"type": "null"}},
            "false": false, "not": {"not": {}}, "any": {"anyOf": [false]}, "one": {"oneOf": [false, {"type": "null"}]},
            "names": {"propertyNames": {"maxLength": 1}}, "more": {"additionalProperties": false},
            "required": {"required": ["r"]}, "left": {"unevaluatedProperties": false}, "rest": {"unevaluatedItems": false},
            "prefix": {"prefixItems": [{}], "items": false}, "min": {"minProperties": 9}, "max": {"maxProperties": 0},
            "format": {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "f", "format": "date"}
        }
    });
    let scalar = r#""MARK""#;
    let array = r#"["MARK","MARK"]"#;
    let object = r#"{"MARK":"MARK"}"#;
    let members: Vec<_> = schema["properties"]
        .as_object()
        .expect("an object")
        .keys()
        .map(|name| {
            let value = match &**name {
                "maxItems" | "unique" | "contains" | "rest" | "prefix" => array,
                "names" | "more" | "required" | "left" | "min" | "max" => object,
                _ => scalar,
            };
            format!("\"{name}\":{value}")
        })
        .collect();
    let body = format!("{{{}}}", members.join(","));
    let compiled =
        CompiledSchema::compile("case", &schema, &SchemaOptions::default()).expect("a schema");
    let mut keywords = std::collections::BTreeSet::new();
    document(&compiled, &body, 7, &Limits::default()).report(&compiled, 100, &mut |violation| {
        assert!(!violation.message.contains("MARK"), "{}", violation.message);
        keywords.insert(violation.instance.split('/').nth(1).map(str::to_owned));
    });
    assert_eq!(keywords.len(), members.len(), "every keyword fails once");
}

/// The crate keeps the errors of each branch of alternatives that fail, twice as many with each level.
#[test]
fn nested_alternatives_end() {
    let text = r##"{"anyOf":[{"required":["x"],"properties":{"a":{"$ref":"#"}}},{"required":["y"],"properties":{"a":{"$ref":"#"}}}]}"##;
    let schema = compile_full(text);
    let body = |levels: usize| format!("{}{{}}{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let (validity, found) = run(&schema, &body(3), 10);
    assert_eq!((validity, &*found[0].0), (Validity::Invalid, "anyOf"));
    let (validity, found) = run(&schema, &body(60), 10);
    assert_eq!((validity, found.len(), &*found[0].0), (Validity::Invalid, 1, "unexplained"));
    // The machine reads each value once, whatever looks at it.
    let (validity, found) = run(&compile(text, None), &body(60), 10);
    assert_eq!((validity, found.len(), &*found[0].0), (Validity::Invalid, 1, "anyOf"));
}

#[test]
fn many_errors_are_not_kept() {
    let schema = compile_full(r#"{"items":{"type":"string"}}"#);
    let body = format!("[{}0]", "0,".repeat(20_000));
    let (validity, found) = run(&schema, &body, 3);
    assert_eq!((validity, &*found[0].0), (Validity::Invalid, "unexplained"));
}

/// Each error holds the pointer to its value: under a key of 256 KiB nine thousand of them took more than a gigabyte.
#[test]
fn errors_are_kept_as_far_as_their_pointers_have_room() {
    let schema = compile_full(r#"{"additionalProperties":{"items":{"type":"string"}}}"#);
    let body =
        |key: usize, items: usize| format!("{{\"{}\":[{}0]}}", "k".repeat(key), "0,".repeat(items));
    let (_, found) = run(&schema, &body(1 << 18, 9_000), 3);
    assert_eq!(found[0].0, "unexplained");
    let (_, found) = run(&schema, &body(1 << 18, 5), 3);
    assert_eq!((found.len(), &*found[0].0), (3, "type"));
    let (_, found) = run(&schema, &body(1, 9_000), 3);
    assert_eq!((found.len(), &*found[0].0), (3, "type"));
}

/// The crate recurses with the document: the deepest that a tape takes must fit a small stack.
#[test]
fn the_deepest_document_fits_the_stack_of_a_thread() {
    let work = || {
        let text = r##"{"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"integer"},{"allOf":[{"properties":{"a":{"items":{"$ref":"#/$defs/n"}}}}],"unevaluatedProperties":false}]}}}"##;
        let (machine, full) = (compile(text, None), compile_full(text));
        let levels = Tape::MAX_DEPTH / 2;
        let limits = Limits { depth: Tape::MAX_DEPTH, ..Limits::default() };
        for (inside, expected) in
            [("1", Validity::Valid), ("null", Validity::Valid), ("{\"b\":1}", Validity::Invalid)]
        {
            let levels = levels - usize::from(inside.starts_with('{'));
            let body = format!("{}{inside}{}", "{\"a\":[".repeat(levels), "]}".repeat(levels));
            for schema in [&machine, &full] {
                let document = document(schema, &body, usize::MAX, &limits);
                assert_eq!(document.report(schema, 10, &mut |_| ()), expected, "{inside}");
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work);
    thread.expect("a thread").join().expect("no overflow");
}

#[test]
fn what_is_no_document_is_undecided() {
    let schema = compile("true", None);
    let mut keywords = Vec::new();
    let validity = Document::default().report(&schema, 1, &mut |violation| {
        keywords.push(violation.keyword.to_owned());
    });
    assert_eq!((validity, keywords), (Validity::Undecided, vec!["undecided".to_owned()]));
}
