//! The schema machine against the full validator: any schema, any documents, the same answers.

use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::compile::schema::SchemaOptions;
use crate::limits::Limits;
use crate::model::Draft;
use crate::parse::json::{Event, JsonParser, JsonSink, Path, Problem};
use crate::schema::document::{CompiledSchema, Document};
use crate::schema::machine::Validity;

/// Documents that are held against one schema: compiling costs more than they do.
const DOCUMENTS: usize = 40;
/// How deep schemas and documents nest.
const DEPTH: usize = 3;

const NAMES: [&str; 7] = ["a", "b", "c", "ab", "x", "", "é"];
const PATTERNS: [&str; 6] = ["^a", "b$", "^[ab]*$", "", "^.$", "^(?!a)"];
const STRINGS: [&str; 9] = ["", "a", "b", "ab", "abc", "é", "1", "2026-11-22", "😀😀"];
const FORMATS: [&str; 4] = ["date", "ipv4", "uuid", "json-pointer"];

/// The bytes of the fuzzer as choices; zeros when they are used up.
struct Choices<'d>(&'d [u8]);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first) % limit.max(1)
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn number(&mut self) -> Value {
        match self.below(12) {
            0 => json!(0),
            1 => json!(1),
            2 => json!(1.0),
            3 => json!(2),
            4 => json!(-1),
            5 => json!(1.5),
            6 => json!(0.1),
            7 => json!(100),
            8 => json!(3),
            9 => json!(1e20),
            10 => json!(0.25),
            _ => json!(12),
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 1),
            2 | 3 => self.number(),
            4 => json!(self.one(&STRINGS)),
            5 | 6 => {
                let items = self.below(5);
                (0..items).map(|_| self.value(depth - 1)).collect()
            }
            _ => {
                let members = self.below(6);
                (0..members)
                    .map(|_| (self.one(&NAMES).to_owned(), self.value(depth - 1)))
                    .collect::<Map<_, _>>()
                    .into()
            }
        }
    }

    fn names(&mut self) -> Value {
        let mut names: Vec<_> = (0..=self.below(3)).map(|_| self.one(&NAMES)).collect();
        names.sort_unstable();
        names.dedup();
        json!(names)
    }

    fn schemas(&mut self, draft: Draft, depth: usize) -> Value {
        (0..=self.below(3)).map(|_| self.schema(draft, depth)).collect()
    }

    fn named(&mut self, names: &[&str], draft: Draft, depth: usize) -> Value {
        let count = self.below(4);
        let member =
            |choices: &mut Self| (choices.one(names).to_owned(), choices.schema(draft, depth));
        (0..count).map(|_| member(self)).collect::<Map<_, _>>().into()
    }

    fn schema(&mut self, draft: Draft, depth: usize) -> Value {
        if self.below(12) == 0 {
            return if draft == Draft::Draft4 { json!({}) } else { json!(self.below(2) == 0) };
        }
        let mut schema = Map::new();
        for _ in 0..=self.below(3) {
            let (keyword, value) = self.keyword(draft, depth);
            schema.insert(keyword.to_owned(), value);
        }
        schema.into()
    }

    fn keyword(&mut self, draft: Draft, depth: usize) -> (&'static str, Value) {
        const TYPES: [&str; 7] =
            ["null", "boolean", "integer", "number", "string", "array", "object"];
        let simple: [&'static str; 14] = [
            "type",
            "enum",
            "minimum",
            "maximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "pattern",
            "required",
            "minItems",
            "maxItems",
            "uniqueItems",
            "maxProperties",
            "format",
        ];
        let nesting: [&'static str; 20] = [
            "properties",
            "additionalProperties",
            "patternProperties",
            "items",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "$ref",
            "dependencies",
            "additionalItems",
            "propertyNames",
            "contains",
            "if",
            "unevaluatedProperties",
            "unevaluatedItems",
            "dependentSchemas",
            "prefixItems",
            "const",
            "minContains",
        ];
        let keyword =
            if depth == 0 || self.below(3) == 0 { self.one(&simple) } else { self.one(&nesting) };
        let deeper = depth.saturating_sub(1);
        let value = match keyword {
            "type" if self.below(3) == 0 => json!([self.one(&TYPES[..4]), self.one(&TYPES[4..])]),
            "type" => json!(self.one(&TYPES)),
            "enum" => {
                let mut values: Vec<Value> = Vec::new();
                for _ in 0..=self.below(3) {
                    let value = self.value(1);
                    if !values.iter().any(|known| known == &value) {
                        values.push(value);
                    }
                }
                json!(values)
            }
            "const" => self.value(1),
            "minimum" | "maximum" => self.number(),
            "multipleOf" => {
                self.one(&[json!(1).as_f64(), json!(0.1).as_f64(), Some(1.5), Some(2.0)]).into()
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "maxProperties"
            | "minContains" => {
                json!(self.below(4))
            }
            "pattern" => json!(self.one(&PATTERNS)),
            "format" => json!(self.one(&FORMATS)),
            "required" => self.names(),
            "uniqueItems" => json!(true),
            "patternProperties" => self.named(&PATTERNS, draft, deeper),
            "dependencies" if self.below(2) == 0 => json!({ self.one(&NAMES): self.names() }),
            "properties" | "dependencies" | "dependentSchemas" => self.named(&NAMES, draft, deeper),
            "items" if draft < Draft::Draft202012 && self.below(2) == 0 => {
                self.schemas(draft, deeper)
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => self.schemas(draft, deeper),
            "$ref" => json!(self.one(&["#", "#/definitions/one", "#/definitions/two"])),
            _ => self.schema(draft, deeper),
        };
        (keyword, value)
    }
}

/// Reads a document and holds it against a schema.
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

/// What comes out: valid or not, and keyword and pointers of each violation.
fn judged(
    schema: &CompiledSchema,
    text: &[u8],
    cut: usize,
    quiet: bool,
) -> (Validity, Vec<String>) {
    let limits = Limits::default();
    let mut reader = Reader { schema, document: Document::default() };
    reader.document.begin(quiet);
    let mut parser = JsonParser::new(&limits);
    parser.reset(&limits, 0);
    for piece in text.chunks(cut.max(1)) {
        parser.feed(piece, &mut reader);
    }
    parser.finish(&mut reader);
    reader.document.finish(schema);
    let mut found = Vec::new();
    let validity = if quiet {
        reader.document.validity(schema)
    } else {
        reader.document.report(schema, usize::MAX, &mut |violation| {
            let range = &violation.span;
            assert!(range.start <= range.end && range.end <= text.len(), "{violation:?}");
            found
                .push(format!("{} {} {}", violation.keyword, violation.instance, violation.schema));
        })
    };
    (validity, found)
}

/// Any schema and documents: the machine says what the full validator says, in pieces of any size, with and without violations; what is invalid
/// has one.
pub(super) fn schema_machine(data: &[u8]) {
    let mut choices = Choices(data);
    let draft = choices.one(&Draft::ALL);
    let mut schema = choices.schema(draft, DEPTH);
    if let Value::Object(schema) = &mut schema {
        let definitions = json!({"one": choices.schema(draft, 1), "two": choices.schema(draft, 1)});
        schema.insert("definitions".to_owned(), definitions);
    }
    let text = schema.to_string();
    let has = |keyword: &str| text.contains(&format!("\"{keyword}"));
    // Where the two differ and we keep to the drafts: `contains` of 2019-09 evaluates no item (core, 9.3.1.3; an annotation of it came with
    // 2020-12), and what `dependencies` applies counts as what `dependentSchemas` does.
    if draft == Draft::Draft201909 && has("contains") && has("unevaluatedItems")
        || draft >= Draft::Draft201909 && has("dependencies") && has("unevaluated")
    {
        return;
    }
    let formats = [None, Some(true), Some(false)][choices.below(3)];
    let options =
        |full| SchemaOptions { draft: Some(draft), formats, full, ..SchemaOptions::default() };
    let Ok(machine) = CompiledSchema::compile("schema", &schema, &options(false)) else { return };
    if machine.fallback().is_some() {
        return;
    }
    let Ok(full) = CompiledSchema::compile("schema", &schema, &options(true)) else { return };
    for _ in 0..DOCUMENTS {
        let document = choices.value(DEPTH).to_string();
        let cut = choices.below(12) + 1;
        let (expected, wanted) = judged(&full, document.as_bytes(), usize::MAX, false);
        if expected == Validity::Undecided
            || wanted.iter().any(|found| found.starts_with("unexplained"))
        {
            continue;
        }
        let (validity, found) = judged(&machine, document.as_bytes(), cut, false);
        let (quiet, _) = judged(&machine, document.as_bytes(), usize::MAX, true);
        assert_eq!(validity, expected, "draft {draft} {schema}: {document}: {found:?} {wanted:?}");
        assert_eq!(quiet, expected, "draft {draft} {schema}: {document}, without violations");
        assert_eq!(
            found.is_empty(),
            expected == Validity::Valid,
            "draft {draft} {schema}: {document}"
        );
        if choices.0.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    /// As the fuzzer would, with numbers by xorshift.
    #[test]
    fn the_machine_and_the_full_validator_agree() {
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        for _ in 0..2000 {
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            };
            let data: Vec<u8> = (0..1500).map(|_| next()).collect();
            super::schema_machine(&data);
        }
    }
}
