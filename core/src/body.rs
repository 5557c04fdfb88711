//! The body, read as its type says, resumable at any byte.
//!
//! JSON, forms and multipart are inspected event by event as they arrive; a token that a chunk cuts is carried over. What is one text
//! (`text/plain`, unknown types, what follows the point where JSON is broken) is one token: it is gathered, up to
//! `limits.body_bytes`, and inspected at the end, as XML, MessagePack and CBOR are. A body that comes in one piece is never copied.

use encoding_rs::Encoding;

use crate::ambiguity::Ambiguity;
use crate::charsets::{self, Charsets};
use crate::classes::Classes;
use crate::compile::plan::Plan;
use crate::contract::{self, Given, Parameters};
use crate::decode::{self, Coding};
use crate::elements;
use crate::facts::{Fields, Reading};
use crate::inspect::{At, Field, Origin, Run};
use crate::packed;
use crate::parse::form::{self, FormParser};
use crate::parse::json::{Event, JsonParser, JsonSink, Path, Problem, Text};
use crate::parse::query;
use crate::parts::Parts;
use crate::repeat;
use crate::schema::document::{CompiledSchema, Document};
use crate::session::Piece;
use crate::span::{Part, Place, Span};
use crate::trail::Trail;
use crate::verdict::Limit;

/// A body under way.
#[derive(Debug)]
pub(crate) struct Body {
    reading: Reading,
    json: Option<Box<JsonParser>>,
    /// The document, if the route has a schema for it.
    document: Option<Box<Document>>,
    judged: bool,
    form: Option<Box<FormParser>>,
    multipart: Option<Box<Parts>>,
    /// Those that the fields of a form are read in, too.
    charsets: Charsets,
    /// Text that waits for its end; of a form, its first bytes, for the joins of repeated fields.
    text: Vec<u8>,
    /// Where `text` starts in the body.
    text_at: usize,
    /// Whether the whole text was inspected as it came, so that none waits.
    inspected: bool,
    /// Whether a byte that is not blank was seen, which a form's type may contradict.
    begun: bool,
}

impl Default for Body {
    fn default() -> Body {
        Body {
            reading: Reading::Union,
            json: None,
            document: None,
            judged: false,
            form: None,
            multipart: None,
            charsets: Charsets::default(),
            text: Vec::new(),
            text_at: 0,
            inspected: false,
            begun: false,
        }
    }
}

fn at(offset: usize) -> Origin<'static> {
    Origin::Part { part: Part::Body, index: 0, offset }
}

impl Body {
    pub(crate) fn reset(&mut self) {
        self.text.clear();
        self.text_at = 0;
        self.inspected = false;
        self.begun = false;
        self.judged = false;
    }

    /// Bytes that wait for what follows.
    pub(crate) fn pending(&self) -> usize {
        let token = match self.reading {
            Reading::Json | Reading::Ndjson => self.json.as_ref().map(|json| json.pending()),
            Reading::Form => self.form.as_ref().map(|form| form.pending()),
            Reading::Multipart => self.multipart.as_ref().map(|multipart| multipart.pending()),
            Reading::Xml
            | Reading::Packed(_)
            | Reading::Text
            | Reading::Union
            | Reading::Opaque => None,
        };
        self.text.len() + token.unwrap_or_default()
    }

    /// How it is read.
    pub(crate) fn reading(&self) -> Reading {
        self.reading
    }

    /// Makes ready to read as `reading`, with what the type says of `fields`; `judged` if it will be held against a schema.
    pub(crate) fn begin(&mut self, plan: &Plan, reading: Reading, fields: &Fields, judged: bool) {
        self.reading = reading;
        self.charsets.begin(fields.charset);
        // A route's schema is for JSON: a body of no type is held against it too.
        self.judged = judged && reading == Reading::Json;
        match reading {
            Reading::Json => {
                self.json
                    .get_or_insert_with(|| Box::new(JsonParser::new(&plan.limits)))
                    .reset(&plan.limits, 0);
                if self.judged {
                    self.document.get_or_insert_default().begin(false);
                }
            }
            Reading::Ndjson => {
                self.json
                    .get_or_insert_with(|| Box::new(JsonParser::new(&plan.limits)))
                    .reset_for_several(&plan.limits);
            }
            Reading::Form => {
                self.form
                    .get_or_insert_with(|| Box::new(FormParser::new(plan.limits.body_bytes)))
                    .reset();
            }
            Reading::Multipart => {
                self.multipart.get_or_insert_with(|| Box::new(Parts::new())).reset(fields);
            }
            Reading::Xml
            | Reading::Packed(_)
            | Reading::Text
            | Reading::Union
            | Reading::Opaque => {}
        }
    }

    /// Takes the next bytes, which are held against `schema` if they are JSON; `last` if the caller knows that none follow.
    pub(crate) fn feed(
        &mut self,
        run: &mut Run<'_>,
        parameters: &mut Parameters,
        schema: Option<&CompiledSchema>,
        chunk: &[u8],
        last: bool,
    ) {
        self.contradict(run, chunk);
        match self.reading {
            Reading::Opaque => {}
            Reading::Json | Reading::Ndjson => {
                self.json(run, schema, |parser, sink| parser.feed(chunk, sink));
            }
            Reading::Form => {
                let whole = last && self.text.is_empty();
                if !whole {
                    // Blanks are kept whole: what follows may make them part of another reading.
                    let most = if self.begun { repeat::SEARCHED } else { usize::MAX };
                    let room = most.saturating_sub(self.text.len());
                    self.text.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
                }
                if let Some(form) = &mut self.form {
                    let charsets = &mut self.charsets;
                    form.feed(chunk, |field| form_field(run, parameters, charsets, field));
                }
                if whole {
                    self.end_of_form(run, parameters, chunk);
                    self.inspected = true;
                }
            }
            Reading::Multipart => {
                if let Some(multipart) = &mut self.multipart {
                    multipart.feed(run, parameters, &mut self.charsets, chunk);
                }
            }
            Reading::Xml | Reading::Packed(_) | Reading::Text | Reading::Union => {
                if last && self.text.is_empty() {
                    self.text(run, chunk, 0);
                    self.inspected = true;
                } else {
                    self.text.extend_from_slice(chunk);
                }
            }
        }
    }

    /// A body that is declared as a form and begins as JSON or XML is read every way: a form parser would cut it at each `=` and
    /// `&`, while an application that looks at the bytes would not. Decided on the first byte that is not blank.
    fn contradict(&mut self, run: &mut Run<'_>, chunk: &[u8]) {
        if self.begun || self.reading != Reading::Form {
            return;
        }
        let Some(first) = chunk.trim_ascii_start().first() else { return };
        self.begun = true;
        // 0xEF begins the mark of UTF-8, which readers of JSON pass over.
        if matches!(first, b'{' | b'[' | b'"' | b'<' | 0xEF) {
            // The blanks so far stand in `text`, where the joins of a form wait, and in its parser, which is not asked again.
            self.reading = Reading::Union;
            note_type(run);
        }
    }

    /// The end of the body, which is held against `schema` if it is JSON.
    pub(crate) fn finish(
        &mut self,
        run: &mut Run<'_>,
        parameters: &mut Parameters,
        schema: Option<&CompiledSchema>,
    ) {
        match self.reading {
            Reading::Opaque => run.case.partial(run.plan, Limit::Opaque),
            Reading::Json => {
                self.json(run, schema, |parser, sink| parser.finish(sink));
                if self.judged
                    && let (Some(schema), Some(document)) = (schema, &mut self.document)
                {
                    contract::body(run, schema, document);
                }
            }
            Reading::Form => {
                if !self.inspected {
                    let text = std::mem::take(&mut self.text);
                    self.end_of_form(run, parameters, &text);
                    self.text = text;
                }
                return;
            }
            Reading::Multipart => {
                if let Some(multipart) = &mut self.multipart {
                    multipart.finish(run, parameters, &mut self.charsets);
                }
            }
            Reading::Ndjson => self.json(run, None, |parser, sink| parser.finish(sink)),
            Reading::Xml | Reading::Packed(_) | Reading::Text | Reading::Union => {}
        }
        if !self.text.is_empty() && !self.inspected {
            let text = std::mem::take(&mut self.text);
            self.text(run, &text, self.text_at);
            self.text = text;
        }
    }

    fn end_of_form(&mut self, run: &mut Run<'_>, parameters: &mut Parameters, text: &[u8]) {
        if let Some(form) = &mut self.form {
            let charsets = &mut self.charsets;
            form.finish(|field| form_field(run, parameters, charsets, field));
            if form.cut_off() {
                run.case.partial(run.plan, Limit::BodyBytes);
            }
            let whole = form.seen() <= repeat::SEARCHED;
            for &charset in charsets.settle(run, whole) {
                in_charset(run, charset, text.get(..repeat::SEARCHED).unwrap_or(text));
            }
        }
        repeat::joins(run, text, 0..text.len(), &at(0), Place::Form);
    }

    fn json(
        &mut self,
        run: &mut Run<'_>,
        schema: Option<&CompiledSchema>,
        step: impl FnOnce(&mut JsonParser, &mut BodySink<'_, '_>),
    ) {
        let Some(parser) = &mut self.json else { return };
        let document = self.document.as_deref_mut().filter(|_| self.judged);
        let judge = schema.zip(document);
        let mut sink = BodySink { run, judge, text: &mut self.text, text_at: &mut self.text_at };
        step(parser, &mut sink);
    }

    /// One text: as a value, and if its type is unknown as a form too (its structure as JSON is found in the value).
    fn text(&self, run: &mut Run<'_>, text: &[u8], offset: usize) {
        let mut coding = Coding::None;
        match self.reading {
            Reading::Xml if elements::inspect(run, text, offset, true) => return,
            Reading::Packed(packing) => {
                if packed::inspect(run, text, packing) {
                    return;
                }
                coding = Coding::File;
            }
            Reading::Union if text.trim_ascii_start().starts_with(b"<") => {
                elements::inspect(run, text, offset, false);
            }
            _ => {}
        }
        let (place, trail) = (Place::Body, &Trail::Root);
        let origin = at(offset);
        let (raw, classes, name, clean) = (text, Classes::of(text), false, false);
        run.field(&Field { raw, classes, coding, place, name, clean, origin: &origin, trail });
        if self.reading == Reading::Union {
            pairs(run, text, offset);
        }
    }
}

/// Text in a body whose coding was removed, as it came: for servers that do not remove it.
pub(crate) fn coded_text(run: &mut Run<'_>, text: &[u8], offset: usize) {
    let (place, coding, trail) = (Place::Body, Coding::File, &Trail::Root);
    let origin = at(offset);
    let basis = std::mem::take(&mut run.case.basis);
    let (raw, classes, name, clean) = (text, Classes::of(text), false, false);
    run.field(&Field { raw, classes, coding, place, name, clean, origin: &origin, trail });
    pairs(run, text, offset);
    run.case.basis = basis;
}

/// A text as a form.
fn pairs(run: &mut Run<'_>, text: &[u8], offset: usize) {
    if memchr::memchr(b'=', text).is_none() {
        return;
    }
    for pair in query::pairs(text, 0..text.len()) {
        let value = pair.value.unwrap_or(pair.name.end..pair.name.end);
        let piece = |range: std::ops::Range<usize>| Piece {
            raw: text.get(range.clone()).unwrap_or_default(),
            clean: false,
            offset: offset + range.start,
        };
        run.pair(&piece(pair.name), &piece(value), Place::Form, Coding::Form, at);
    }
    repeat::joins(run, text, 0..text.len(), &at(offset), Place::Form);
}

/// Notes that the body's type is missing, unknown or contradicted.
pub(crate) fn note_type(run: &mut Run<'_>) {
    let (place, trail) = (Place::Body, &Trail::Root);
    let span = Span::new(Part::Body, 0..0);
    run.ambiguity(Ambiguity::BodyType, At { place, name: false, trail, span });
}

/// A form in a charset that it names.
fn in_charset(run: &mut Run<'_>, charset: &'static Encoding, form: &[u8]) {
    for pair in query::pairs(form, 0..form.len()) {
        let name = form.get(pair.name.clone()).unwrap_or_default();
        let trail = &Trail::name(name, Coding::Form);
        for (range, name) in [(Some(pair.name), true), (pair.value, false)] {
            let Some(range) = range else { continue };
            let raw = form.get(range.clone()).unwrap_or_default();
            let (classes, coding, place) = (Classes::of(raw), Coding::Form, Place::Form);
            let (clean, origin) = (false, &at(range.start));
            let field = Field { raw, classes, coding, place, name, clean, origin, trail };
            charsets::inspect(run, charset, &field);
        }
    }
}

fn form_field(
    run: &mut Run<'_>,
    parameters: &mut Parameters,
    charsets: &mut Charsets,
    field: form::Field<'_>,
) {
    let end = form::Raw { bytes: b"", at: field.name.range().end };
    let value = field.value.unwrap_or(end);
    let name = Piece { raw: field.name.bytes, clean: false, offset: field.name.at };
    let text = Piece { raw: value.bytes, clean: false, offset: value.at };
    run.pair(&name, &text, Place::Form, Coding::Form, at);
    if charsets::is_name(name.raw, Coding::Form)
        && !charsets.learn(&decode::plain(text.raw, Coding::Form))
    {
        let (place, trail) = (Place::Form, &Trail::Root);
        let span = Span::new(Part::Body, value.range());
        run.ambiguity(Ambiguity::Charset, At { place, name: false, trail, span });
    }
    let given = Given { place: Place::Form, name: name.raw, coding: Coding::Form };
    parameters.add(run.route(), &given, text.raw, Span::new(Part::Body, value.range()));
}

/// Inspects a JSON body as it is parsed.
struct BodySink<'s, 'r> {
    run: &'s mut Run<'r>,
    judge: Option<(&'s CompiledSchema, &'s mut Document)>,
    text: &'s mut Vec<u8>,
    text_at: &'s mut usize,
}

impl BodySink<'_, '_> {
    fn string(&mut self, text: Text<'_>, offset: usize, name: bool, path: &Path) {
        if text.raw.is_empty() {
            return;
        }
        let coding = if text.escaped { Coding::JsonString } else { Coding::None };
        let trail = Trail::Json { parent: &Trail::Root, path };
        let origin = at(offset);
        let field = Field {
            raw: text.raw,
            classes: Classes::of(text.raw),
            coding,
            place: Place::Json,
            name,
            clean: false,
            origin: &origin,
            trail: &trail,
        };
        self.run.field(&field);
    }
}

impl JsonSink for BodySink<'_, '_> {
    fn event(&mut self, event: Event<'_>, range: std::ops::Range<usize>, path: &Path) {
        match event {
            // Past the quote.
            Event::Key(text) => self.string(text, range.start + 1, true, path),
            Event::String(text) => self.string(text, range.start + 1, false, path),
            _ => {}
        }
        if let Some((schema, document)) = &mut self.judge {
            document.event(schema, event, range, path);
        }
    }

    fn problem(&mut self, problem: Problem, range: std::ops::Range<usize>, path: &Path) {
        if let Some((_, document)) = &mut self.judge {
            document.problem(problem);
        }
        let trail = Trail::Json { parent: &Trail::Root, path };
        let span = Span::new(Part::Body, range);
        let at = At { place: Place::Json, name: false, trail: &trail, span };
        let ambiguity = match problem {
            Problem::Malformed(expected) => {
                let detail = format!(
                    "{}; here {} would be right",
                    Ambiguity::JsonMalformed.message(),
                    expected.as_str()
                );
                return self.run.ambiguity_told(Ambiguity::JsonMalformed, at, &detail);
            }
            Problem::Bom => Ambiguity::JsonBom,
            Problem::DuplicateKey => Ambiguity::JsonDuplicateKey,
            Problem::LoneSurrogate => Ambiguity::JsonLoneSurrogate,
            Problem::InvalidUtf8 | Problem::ControlCharacter | Problem::Trailing => {
                Ambiguity::JsonMalformed
            }
            Problem::Depth => {
                self.run.case.partial(self.run.plan, Limit::Depth);
                return;
            }
        };
        self.run.ambiguity(ambiguity, at);
    }

    fn rest(&mut self, bytes: &[u8], offset: usize) {
        if self.text.is_empty() {
            *self.text_at = offset;
        }
        self.text.extend_from_slice(bytes);
    }
}
