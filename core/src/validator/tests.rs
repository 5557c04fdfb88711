//! What is not JSON, what readers differ about, limits, and documents in chunks. Keywords: `schema/full/tests.rs`.

use super::*;

fn keywords(schema: &Schema, document: &[u8], max: usize) -> Vec<String> {
    let mut validator = schema.validator();
    let violations = validator.validate(document, max);
    assert_eq!(violations.is_empty(), validator.is_valid(document), "{violations:?}");
    let first = violations.first().map(|violation| &violation.keyword);
    for at in 0..=document.len() {
        let (one, other) = document.split_at(at);
        validator.feed(one);
        validator.feed(other);
        let chunked = validator.finish();
        assert_eq!(
            chunked.err().map(|violation| violation.keyword).as_ref().is_some(),
            first.is_some(),
            "{at}"
        );
    }
    violations.into_iter().map(|violation| violation.keyword).collect()
}

fn schema(text: &str) -> Schema {
    Schema::new(text).expect("a schema")
}

#[test]
fn what_is_no_json_is_invalid_with_a_word_of_its_own() {
    let all = schema("true");
    for (document, keyword) in [
        (&b""[..], "malformed"),
        (b"{", "malformed"),
        (b"[1,]", "malformed"),
        (b"nul", "malformed"),
        (b"1 2", "trailing"),
        (b"\"\xff\"", "invalid-utf8"),
        (b"\"\n\"", "control-character"),
        (b"\xEF\xBB\xBF1", "bom"),
        (br#""\ud800""#, "lone-surrogate"),
        (br#"{"a":1,"\u0061":2}"#, "duplicate-key"),
    ] {
        assert_eq!(keywords(&all, document, 9), [keyword], "{document:?}");
    }
    assert_eq!(keywords(&all, b" [1, \"\xc3\xa4\"] ", 9), [""; 0]);
}

#[test]
fn what_readers_differ_about_may_be_accepted() {
    let strict = "properties: {a: {type: integer}}";
    let lenient =
        Schema::options().duplicate_keys(true).byte_order_mark(true).lone_surrogates(true);
    let lenient = lenient.build("s", strict).expect("a schema");
    assert_eq!(keywords(&lenient, b"\xEF\xBB\xBF{\"b\":\"\\ud800\",\"a\":2,\"a\":1}", 9), [""; 0]);
    // Some readers take the first, some the last.
    assert_eq!(keywords(&lenient, br#"{"a":1,"a":"x"}"#, 9), ["type"]);
    assert_eq!(keywords(&lenient, br#"{"a":"x","a":1}"#, 9), ["type"]);
    let found = schema(strict).validator().validate(br#"{"a":1,"a":"x"}"#, 9);
    let found: Vec<_> =
        found.iter().map(|v| (&*v.keyword, &*v.instance_pointer, v.range.clone())).collect();
    assert_eq!(found, [("duplicate-key", "/a", 7..10), ("type", "/a", 11..14)]);
}

#[test]
fn limits_are_kept() {
    let small = Schema::options().depth(2).document_bytes(9).build("s", "true").expect("a schema");
    assert_eq!(keywords(&small, b"[[1,2,3]]", 9), [""; 0]);
    assert_eq!(keywords(&small, b"[[1,2,3] ]", 9), ["size"]);
    assert_eq!(keywords(&small, b"[[[1]]]", 9), ["depth"]);
    let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
    let deepest = Schema::options().depth(usize::MAX).build("s", "true").expect("a schema");
    assert_eq!(keywords(&deepest, &deep(128), 9), [""; 0]);
    assert_eq!(keywords(&deepest, &deep(129), 9), ["depth"]);
}

#[test]
fn at_most_max_are_told_and_never_none() {
    let numbers = schema("items: {type: integer}");
    let document = br#"["a","b",{"c":1,"c":2}]"#;
    assert_eq!(keywords(&numbers, document, 9), ["type", "type", "type", "duplicate-key"]);
    assert_eq!(keywords(&numbers, document, 2).len(), 2);
    assert_eq!(keywords(&numbers, document, 0).len(), 1);
}

#[test]
fn a_document_that_cannot_be_valid_any_more_is_told_early() {
    let mut validator = schema("true").validator();
    assert!(validator.feed(b"[1,"));
    assert!(!validator.feed(b"]"));
    assert!(!validator.feed(b"1]"));
    assert_eq!(validator.finish().unwrap_err().range, 3..4);
    // The next is a document of its own, and what was fed is dropped by a whole one.
    validator.feed(b"[1");
    assert!(validator.is_valid(b"1"));
    validator.feed(b"2");
    assert_eq!(validator.finish(), Ok(()));
    assert_eq!(validator.finish().unwrap_err().keyword, "malformed");
}

#[test]
fn documents_are_found_by_their_uri_and_their_id() {
    let root = r#"{"$id": "https://a.example/root.json", "items": {"$ref": "sub/item.json"}}"#;
    let item = r#"{"$ref": "https://b.example/int.json"}"#;
    let int = r#"{"$id": "https://b.example/int.json", "type": "integer"}"#;
    let with = |at: &str| {
        Schema::options().document(at, item).document("c.json", int).build("root.json", root)
    };
    for at in ["sub/item.json", "https://a.example/sub/item.json#"] {
        let schema = with(at).expect("a schema");
        assert_eq!(keywords(&schema, b"[1, 2]", 9), [""; 0]);
        let found = schema.validator().validate(b"[1, null]", 9);
        assert_eq!(found[0].schema_pointer, "https://b.example/int.json#/type");
    }
    let ignored = r##"{"$id": "https://a.example/", "$ref": "#/definitions/a", "definitions": {"a": {"type": "null"}}}"##;
    let schema = Schema::options().draft(Draft::Draft7).build("s", ignored).expect("a schema");
    assert_eq!(schema.validator().validate(b"1", 1)[0].schema_pointer, "/definitions/a/type");
    let relative = Schema::options().document("item.json", r#"{"type": "integer"}"#);
    let schema = relative.build("s", r#"{"$ref": "item.json"}"#).expect("a schema");
    assert_eq!(schema.validator().validate(b"null", 1)[0].schema_pointer, "item.json#/type");
    let error = with("https://a.example/item.json").expect_err("it is not there");
    assert!(error.to_string().contains("schemas are never fetched"), "{error}");
}

#[test]
fn a_draft_is_found_through_meta_schemas_of_others() {
    let meta = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://a.example/meta"}"#;
    let text = r#"{"$schema": "https://a.example/meta", "items": [{"type": "null"}]}"#;
    let schema = Schema::options().document("https://a.example/meta", meta).build("s", text);
    assert_eq!(keywords(&schema.expect("a schema"), b"[1]", 9), ["type"]);
    let unknown = Schema::new(text).expect_err("nobody knows it");
    assert!(unknown.to_string().contains("unknown `$schema`"), "{unknown}");
    let round = r#"{"$schema": "https://a.example/meta"}"#;
    let schema = Schema::options().document("https://a.example/meta", round).build("s", text);
    assert!(schema.expect_err("round and round").to_string().contains("lead to no draft"));
}

#[test]
fn errors_of_all_texts_are_told_at_once() {
    let builder = Schema::options().document("a.yaml", "a: [").document("b.yaml", "b: {");
    let error = builder.build("c.yaml", "\ntype: 5\npattern: '['").expect_err("nothing is right");
    let places: Vec<_> =
        error.diagnostics().iter().map(|wrong| (&*wrong.file, wrong.line)).collect();
    assert_eq!(places[2..], [("c.yaml", 2), ("c.yaml", 3)], "{error}");
    assert_eq!((places[0].0, places[1].0), ("a.yaml", "b.yaml"));
}

#[test]
fn what_is_shared_may_be_shared() {
    fn shared<T: Clone + Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Schema>();
    sent::<Validator>();
}
