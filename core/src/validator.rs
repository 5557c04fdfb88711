//! JSON documents against a JSON Schema, outside of any request: [`Schema`], and the [`Validator`] that runs it.
//!
//! ```text
//! bytes, in chunks ─ JsonParser ─► CompiledSchema ─► Violation { keyword, pointers, range, message }
//!                        └ problems ──────────────────────►
//! ```
//!
//! The parser and the compiled schema are those of the routes of a policy: what is valid here is valid there.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::compile::schema::SchemaOptions;
use crate::error::{BuildError, Diagnostic};
use crate::limits::Limits;
use crate::model::{Document, Draft, value};
use crate::parse::json::{Event, JsonParser, JsonSink, Path, Problem};
use crate::schema::document::{CompiledSchema, Document as Judged};
use crate::schema::machine::Validity;
use crate::schema::tape::Tape;
use crate::schema::violation::Violation as Found;
use crate::span::range_as_pair;

/// A JSON Schema, compiled: immutable, `Send + Sync`, cheap to clone (one reference count).
///
/// Drafts 4, 6, 7, 2019-09 and 2020-12. The schema says by `$schema` which one it is written in; one that says nothing is
/// 2020-12, unless [`SchemaBuilder::draft`] says otherwise. Nothing is ever fetched: what a `$ref` leads to is in the schema, or
/// handed in by [`SchemaBuilder::document`].
///
/// ```
/// use abatis::Schema;
/// let schema = Schema::new(r#"{
///     "type": "object",
///     "required": ["sku"],
///     "properties": {"sku": {"pattern": "^[A-Z]{2}-[0-9]{4}$"}, "quantity": {"minimum": 1}}
/// }"#)?;
/// let mut validator = schema.validator();
/// assert!(validator.is_valid(br#"{"sku": "OT-0042", "quantity": 2}"#));
///
/// let document = br#"{"sku": "OT-0042", "quantity": 0}"#;
/// let violations = validator.validate(document, 10);
/// assert_eq!(violations[0].keyword, "minimum");
/// assert_eq!(violations[0].instance_pointer, "/quantity");
/// assert_eq!(violations[0].schema_pointer, "/properties/quantity/minimum");
/// assert_eq!(&document[violations[0].range.clone()], b"0");
/// # Ok::<(), abatis::BuildError>(())
/// ```
///
/// To validate the bodies of requests, name the schema in a policy and build an [`Engine`](crate::Engine): then the same pass also looks for
/// attacks.
#[derive(Clone)]
pub struct Schema {
    inner: Arc<Inner>,
}

struct Inner {
    compiled: CompiledSchema,
    reading: Reading,
}

/// How documents are read.
#[derive(Clone, Debug)]
struct Reading {
    duplicate_keys: bool,
    byte_order_mark: bool,
    lone_surrogates: bool,
    depth: usize,
    bytes: usize,
}

impl Schema {
    /// Compiles a schema given as JSON or YAML, with every setting at its default.
    ///
    /// # Errors
    ///
    /// All that is wrong, with line and column:
    ///
    /// ```
    /// let error = abatis::Schema::new("type: strin\nminLength: -1\n").unwrap_err();
    /// let lines: Vec<_> = error.diagnostics().iter().map(|wrong| (wrong.line, &*wrong.pointer)).collect();
    /// assert_eq!(lines, [(1, "/type"), (2, "/minLength")]);
    /// ```
    pub fn new(text: &str) -> Result<Schema, BuildError> {
        Schema::options().build("schema", text)
    }

    /// For settings: the draft, formats, other documents, what counts as JSON.
    pub fn options() -> SchemaBuilder {
        SchemaBuilder::default()
    }

    /// Memory to validate with; one for each thread. It keeps the schema.
    pub fn validator(&self) -> Validator {
        let limits = Limits { depth: self.inner.reading.depth, ..Limits::default() };
        Validator {
            schema: self.clone(),
            parser: JsonParser::new(&limits),
            limits,
            judged: Judged::default(),
            problems: Vec::new(),
            fed: None,
        }
    }

    /// Whether all of the schema is run by abatis itself, none of it by the validator that it falls back to. Changes the speed, never
    /// the answer.
    pub fn is_native(&self) -> bool {
        self.fallback().is_none()
    }

    /// What of the schema the machine cannot take, if it is run by the validator that it falls back to: where, and why.
    ///
    /// ```
    /// use abatis::Schema;
    /// assert_eq!(Schema::new("multipleOf: 0.01")?.fallback(), None);
    /// let schema = Schema::new("patternProperties: {^a: {}, ^b: {}, ^c: {}, ^d: {}, ^e: {}, ^f: {}, ^g: {}}")?;
    /// assert_eq!(schema.fallback(), Some("the schema: more than 6 patterns of names apply to one object"));
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn fallback(&self) -> Option<&str> {
        self.inner.compiled.fallback()
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("reading", &self.inner.reading).finish_non_exhaustive()
    }
}

/// Settings of a [`Schema`]: [`Schema::options`].
///
/// | setting | default |
/// |---|---|
/// | [`draft`](SchemaBuilder::draft) | 2020-12 |
/// | [`formats`](SchemaBuilder::formats) | as the draft has it |
/// | [`document`](SchemaBuilder::document) | none |
/// | [`strict`](SchemaBuilder::strict) | false |
/// | [`duplicate_keys`](SchemaBuilder::duplicate_keys) | false: refused |
/// | [`byte_order_mark`](SchemaBuilder::byte_order_mark) | false: refused |
/// | [`lone_surrogates`](SchemaBuilder::lone_surrogates) | false: refused |
/// | [`depth`](SchemaBuilder::depth) | 128, which is also the most |
/// | [`document_bytes`](SchemaBuilder::document_bytes) | 64 MiB |
///
/// ```
/// use abatis::{Draft, Schema};
/// let schema = Schema::options()
///     .draft(Draft::Draft201909)
///     .formats(true)
///     .document("https://shop.example/money.json", r#"{"type": "integer", "minimum": 0}"#)
///     .build("order.yaml", "
/// properties:
///   due: {format: date}
///   total: {$ref: 'https://shop.example/money.json'}
/// ")?;
/// let mut validator = schema.validator();
/// assert!(validator.is_valid(br#"{"due": "2026-02-28", "total": 5}"#));
/// assert!(!validator.is_valid(br#"{"due": "2026-02-30", "total": 5}"#));
/// let violations = validator.validate(br#"{"total": -5}"#, 1);
/// assert_eq!(violations[0].schema_pointer, "https://shop.example/money.json#/minimum");
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SchemaBuilder {
    options: SchemaOptions,
    reading: Reading,
    /// What is wrong with the documents.
    wrong: Vec<Diagnostic>,
}

impl Default for SchemaBuilder {
    fn default() -> SchemaBuilder {
        let reading = Reading {
            duplicate_keys: false,
            byte_order_mark: false,
            lone_surrogates: false,
            depth: Tape::MAX_DEPTH,
            bytes: 64 << 20,
        };
        SchemaBuilder { options: SchemaOptions::default(), reading, wrong: Vec::new() }
    }
}

impl SchemaBuilder {
    /// The draft of a schema that has no `$schema`.
    pub fn draft(mut self, draft: Draft) -> SchemaBuilder {
        self.options.draft = Some(draft);
        self
    }

    /// Whether `format` is asserted. Not set, it is up to draft 7 and is an annotation from 2019-09 on, unless the meta-schema asks for it.
    pub fn formats(mut self, asserted: bool) -> SchemaBuilder {
        self.options.formats = Some(asserted);
        self
    }

    /// Another schema, in JSON or YAML, that `$ref` (or `$schema`) may lead to by this URI, or by the `$id` that it has. A relative URI counts
    /// from the `$id` of the schema that is built. What is wrong with the text is told by `build`.
    pub fn document(mut self, uri: &str, text: &str) -> SchemaBuilder {
        match value(uri, text) {
            Ok(document) => self.options.documents.insert(uri, document.content),
            Err(wrong) => self.wrong.extend(wrong),
        }
        self
    }

    /// As [`document`](SchemaBuilder::document), of a value.
    pub fn document_value(mut self, uri: &str, document: Value) -> SchemaBuilder {
        self.options.documents.insert(uri, document);
        self
    }

    /// Whether it is an error if the schema holds what its draft does not know: other keywords (names that begin with `x-` excepted), other
    /// formats, keywords that count for nothing beside a `$ref`.
    ///
    /// ```
    /// let strict = abatis::Schema::options().strict(true);
    /// let error = strict.build("s.json", r#"{"maxLenght": 5}"#).unwrap_err();
    /// assert!(error.to_string().contains("did you mean `maxLength`?"));
    /// ```
    pub fn strict(mut self, strict: bool) -> SchemaBuilder {
        self.options.strict = strict;
        self
    }

    /// Whether an object may have the same key twice. Then each of the values must be as the schema wants it, since readers differ in which one they
    /// take. (A schema that is not [native](Schema::is_native) is asked about the last.)
    pub fn duplicate_keys(mut self, accepted: bool) -> SchemaBuilder {
        self.reading.duplicate_keys = accepted;
        self
    }

    /// Whether a byte order mark may stand before the document.
    pub fn byte_order_mark(mut self, accepted: bool) -> SchemaBuilder {
        self.reading.byte_order_mark = accepted;
        self
    }

    /// Whether a `\u` escape may hold half of a surrogate pair. It counts as one character, U+FFFD.
    pub fn lone_surrogates(mut self, accepted: bool) -> SchemaBuilder {
        self.reading.lone_surrogates = accepted;
        self
    }

    /// The deepest nesting of a document; more than 128 counts as 128.
    pub fn depth(mut self, depth: usize) -> SchemaBuilder {
        self.reading.depth = depth.min(Tape::MAX_DEPTH);
        self
    }

    /// The longest document, in bytes; more than 4 GiB counts as 4 GiB.
    pub fn document_bytes(mut self, bytes: usize) -> SchemaBuilder {
        self.reading.bytes = bytes.min(u32::MAX as usize);
        self
    }

    /// Compiles a schema given as JSON or YAML; messages call it `name`.
    ///
    /// # Errors
    ///
    /// All that is wrong with the schema and the other documents, each with file, line and column.
    pub fn build(mut self, name: &str, text: &str) -> Result<Schema, BuildError> {
        match value(name, text) {
            Ok(document) => self.compile(name, &document),
            Err(wrong) => {
                self.wrong.extend(wrong);
                Err(BuildError::invalid(self.wrong))
            }
        }
    }

    /// As [`build`](SchemaBuilder::build), of a value. Errors have no line.
    pub fn build_value(self, name: &str, schema: &Value) -> Result<Schema, BuildError> {
        self.compile(name, &Document::new(name, schema.clone()))
    }

    fn compile(self, name: &str, schema: &Document<Value>) -> Result<Schema, BuildError> {
        let SchemaBuilder { options, reading, mut wrong } = self;
        match CompiledSchema::compile(name, &schema.content, &options) {
            Ok(compiled) if wrong.is_empty() => {
                Ok(Schema { inner: Arc::new(Inner { compiled, reading }) })
            }
            Ok(_) => Err(BuildError::invalid(wrong)),
            Err(found) => {
                let at =
                    |found: Diagnostic| schema.source.diagnostic(&found.pointer, found.message);
                wrong.extend(found.into_iter().map(at));
                wrong.sort_by(|one, other| {
                    (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column))
                });
                Err(BuildError::invalid(wrong))
            }
        }
    }
}

/// A place where a document is not as its schema wants it, or is not the JSON that is accepted.
///
/// | keyword | means |
/// |---|---|
/// | one of the schema | that keyword refuses the value |
/// | `false` | the value stands where the schema is `false` |
/// | `undecided`, `unexplained` | the steps that a document of its size may take did not suffice to decide, or to say why |
/// | `malformed`, `trailing`, `invalid-utf8`, `control-character` | the document is no JSON |
/// | `duplicate-key`, `bom`, `lone-surrogate` | readers of JSON differ in what they make of it |
/// | `depth`, `size` | the document is beyond the limits |
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// The keyword, or one of the words above. Words with a hyphen, and those of one word that JSON Schema has not, are the parser's.
    pub keyword: String,
    /// Where the keyword stands in the schema: a JSON Pointer, behind the URI and `#` if it is in another document. Empty if the
    /// parser refused the document.
    pub schema_pointer: String,
    /// Which value, as a JSON Pointer into the document. Holds names that stand in the document: escape it where you print it.
    pub instance_pointer: String,
    /// Where the value stands, in bytes of the document. Of a member that should not be there: key and value. In JSON a pair.
    #[serde(serialize_with = "range_as_pair")]
    pub range: Range<usize>,
    /// What the schema wants. Holds nothing of the document.
    pub message: String,
}

/// Says whether documents are as a [`Schema`] wants them; the memory of a run. Reusable: once warm, it allocates nothing for documents that are
/// valid.
///
/// Made by [`Schema::validator`]. It answers alike for a document that is whole and one that comes in chunks:
///
/// ```
/// let schema = abatis::Schema::new("maxItems: 2")?;
/// let mut validator = schema.validator();
/// validator.feed(b"[1, 2");
/// validator.feed(b", 3]");
/// assert_eq!(validator.finish().unwrap_err().keyword, "maxItems");
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Validator {
    schema: Schema,
    parser: JsonParser,
    limits: Limits,
    judged: Judged,
    problems: Vec<Violation>,
    /// Bytes of the document that is being fed.
    fed: Option<usize>,
}

impl Validator {
    /// Whether the document is valid. What was fed before is dropped.
    ///
    /// O(bytes of the document) to read it, O(values of the document x size of the schema) to validate it.
    pub fn is_valid(&mut self, document: &[u8]) -> bool {
        self.read(document, 1, true);
        self.problems.is_empty()
            && self.judged.validity(&self.schema.inner.compiled) == Validity::Valid
    }

    /// The violations of the document in its order, at most `max` of them, but never none for a document that is invalid: so it is valid just
    /// if nothing is told. What was fed before is dropped.
    pub fn validate(&mut self, document: &[u8], max: usize) -> Vec<Violation> {
        let max = max.max(1);
        self.read(document, max, false);
        self.violations(max)
    }

    /// Takes the next bytes of a document. Whether it may still be valid: if not, there is no need for the rest of it.
    ///
    /// O(bytes of the chunk).
    pub fn feed(&mut self, chunk: &[u8]) -> bool {
        if self.fed.is_none() {
            self.begin(false);
        }
        self.take(chunk, 1);
        self.problems.is_empty()
    }

    /// Says that the document which was fed is complete: the first violation, if it is not valid. The next one may be fed then.
    pub fn finish(&mut self) -> Result<(), Violation> {
        if self.fed.is_none() {
            self.begin(false);
        }
        self.end(1);
        self.violations(1).into_iter().next().map_or(Ok(()), Err)
    }

    fn read(&mut self, document: &[u8], max: usize, quiet: bool) {
        self.begin(quiet);
        self.take(document, max);
        self.end(max);
    }

    fn begin(&mut self, quiet: bool) {
        self.parser.reset(&self.limits, 0);
        self.judged.begin(quiet);
        self.problems.clear();
        self.fed = Some(0);
    }

    fn take(&mut self, chunk: &[u8], max: usize) {
        let limit = self.schema.inner.reading.bytes;
        let before = self.fed.unwrap_or(0);
        self.fed = Some(before.saturating_add(chunk.len()));
        if self.problems.len() >= max {
            return;
        }
        if chunk.len() > limit - before.min(limit) {
            let message = format!("is longer than the {limit} bytes that a document may have");
            self.problems.clear();
            self.problems.push(refused("size", String::new(), limit..limit, message));
            return;
        }
        let Validator { parser, schema, judged, problems, .. } = self;
        parser.feed(chunk, &mut Reader { schema: &schema.inner, judged, problems, max });
    }

    fn end(&mut self, max: usize) {
        let fed = self.fed.take().unwrap_or(0);
        if fed > self.schema.inner.reading.bytes || self.problems.len() >= max {
            return;
        }
        let Validator { parser, schema, judged, problems, .. } = self;
        parser.finish(&mut Reader { schema: &schema.inner, judged, problems, max });
        judged.finish(&schema.inner.compiled);
    }

    /// What the parser told, and then what the schema says of a document that is whole.
    fn violations(&mut self, max: usize) -> Vec<Violation> {
        let mut all = std::mem::take(&mut self.problems);
        let compiled = &self.schema.inner.compiled;
        if self.judged.is_whole(compiled) {
            let left = max - all.len().min(max);
            self.judged.report(compiled, left, &mut |found| all.push(Violation::new(&found)));
            all.sort_by_key(|violation| (violation.range.start, violation.range.end));
        }
        all
    }
}

impl Violation {
    fn new(found: &Found<'_>) -> Violation {
        Violation {
            keyword: found.keyword.to_owned(),
            schema_pointer: found.schema.to_owned(),
            instance_pointer: found.instance.to_owned(),
            range: found.span.clone(),
            message: found.message.clone(),
        }
    }
}

/// A violation that is no keyword's.
fn refused(keyword: &str, instance: String, range: Range<usize>, message: String) -> Violation {
    Violation {
        keyword: keyword.to_owned(),
        schema_pointer: String::new(),
        instance_pointer: instance,
        range,
        message,
    }
}

/// Holds the document against the schema, and keeps what the parser says is wrong with it.
struct Reader<'v> {
    schema: &'v Inner,
    judged: &'v mut Judged,
    problems: &'v mut Vec<Violation>,
    max: usize,
}

impl JsonSink for Reader<'_> {
    #[inline]
    fn event(&mut self, event: Event<'_>, range: Range<usize>, path: &Path) {
        self.judged.event(&self.schema.compiled, event, range, path);
    }

    fn problem(&mut self, problem: Problem, range: Range<usize>, path: &Path) {
        self.judged.problem(problem);
        let reading = &self.schema.reading;
        let accepted = match problem {
            Problem::DuplicateKey => reading.duplicate_keys,
            Problem::Bom => reading.byte_order_mark,
            Problem::LoneSurrogate => reading.lone_surrogates,
            _ => false,
        };
        if accepted || self.problems.len() >= self.max {
            return;
        }
        let mut instance = String::new();
        path.pointer(&mut instance);
        let message = match problem {
            Problem::Bom => "a byte order mark stands before the document".to_owned(),
            Problem::DuplicateKey => "the object has this key already".to_owned(),
            Problem::LoneSurrogate => "an escape holds half of a surrogate pair".to_owned(),
            Problem::InvalidUtf8 => "is not UTF-8".to_owned(),
            Problem::ControlCharacter => "a control character must be escaped".to_owned(),
            Problem::Malformed(expected) => {
                format!("is not JSON; {} would be right here", expected.as_str())
            }
            Problem::Trailing => "something follows the document".to_owned(),
            Problem::Depth => format!("is nested deeper than {}", reading.depth),
        };
        self.problems.push(refused(problem.as_str(), instance, range, message));
    }

    fn rest(&mut self, _: &[u8], _: usize) {}
}

#[cfg(test)]
mod tests;
