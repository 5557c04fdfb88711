//! The parts of a multipart body: which of their bytes are a name, a value, a file.
//!
//! ```text
//! Content-Disposition: form-data; name="note"; filename="a.txt"     note: a name;  a.txt: the value /note/filename
//! Content-Type: text/plain                                          a plain type: nothing
//! X-Other: …                                                        the value /note/x-other
//!
//! …                                                                 the value /note, or a file's text
//! ```
//!
//! A part that readers take apart differently is inspected as one text, too. A part that is itself multipart is taken apart in its turn.

use encoding_rs::Encoding;

use crate::ambiguity::Ambiguity;
use crate::charsets::{self, Charsets};
use crate::classes::Classes;
use crate::content::charset;
use crate::contract::{Given, Parameters};
use crate::decode::Coding;
use crate::facts::{self, Fields};
use crate::inspect::{At, Field, Origin, Run};
use crate::model::policy::BodyKind;
use crate::parse::header::{ContentType, is_plain_list};
use crate::parse::multipart::{self, MultipartParser, MultipartProblems, Part, Piece, Raw};
use crate::repeat::{self, Repeat};
use crate::span::{self, Place, Span};
use crate::trail::Trail;
use crate::verdict::Limit;

/// Bytes by which a file is judged to be binary.
const SNIFFED: usize = 512;
/// How deep parts are looked for in parts.
const DEEPEST: usize = 4;

/// A multipart body under way.
#[derive(Debug)]
pub(crate) struct Parts {
    parser: MultipartParser,
    known: Known,
}

/// What is known of the parts so far.
#[derive(Debug, Default)]
struct Known {
    /// Whether the parts are those of a form.
    is_form: bool,
    files: usize,
    /// Names and values of the first fields, up to [`repeat::SEARCHED`] bytes: for joins and charsets, which come at the end.
    text: Vec<u8>,
    fields: Vec<Repeat>,
    /// Whether a field had no room in `text`.
    cut_off: bool,
}

impl Parts {
    pub(crate) fn new() -> Parts {
        Parts { parser: MultipartParser::new(), known: Known::default() }
    }

    /// Starts another body; keeps the memory.
    pub(crate) fn reset(&mut self, of: &Fields) {
        self.parser.reset(&of.boundary, 0);
        let Known { is_form, files, text, fields, cut_off } = &mut self.known;
        (*is_form, *files, *cut_off) = (of.is_form, 0, false);
        text.clear();
        fields.clear();
    }

    /// Bytes that wait for what follows.
    pub(crate) fn pending(&self) -> usize {
        self.parser.pending() + self.known.text.len()
    }

    /// Takes the next bytes of the body; every part that ends in them is inspected.
    pub(crate) fn feed(
        &mut self,
        run: &mut Run<'_>,
        parameters: &mut Parameters,
        charsets: &mut Charsets,
        chunk: &[u8],
    ) {
        let Parts { parser, known } = self;
        let mut body = Whole { run, parameters, charsets, known };
        parser.feed(chunk, |piece| body.piece(&piece, &Around::BODY));
    }

    /// The body has ended.
    pub(crate) fn finish(
        &mut self,
        run: &mut Run<'_>,
        parameters: &mut Parameters,
        charsets: &mut Charsets,
    ) {
        let Parts { parser, known } = self;
        let mut body = Whole { run, parameters, charsets, known };
        parser.finish(|piece| body.piece(&piece, &Around::BODY));
        body.end();
    }
}

/// What a part stands in.
struct Around<'a> {
    depth: usize,
    /// The name of the part around it.
    name: Raw<'a>,
    /// Whether its text was inspected as part of a larger one.
    read: bool,
}

impl Around<'static> {
    const BODY: Around<'static> = Around { depth: 0, name: Raw { bytes: b"", at: 0 }, read: false };
}

/// The body, with all that a part is inspected with.
struct Whole<'w, 'r> {
    run: &'w mut Run<'r>,
    parameters: &'w mut Parameters,
    charsets: &'w mut Charsets,
    known: &'w mut Known,
}

impl Whole<'_, '_> {
    fn piece(&mut self, piece: &Piece<'_>, around: &Around<'_>) {
        match piece {
            Piece::Part(part) => self.part(part, around),
            Piece::Stray(raw, problems) => {
                // Text around parts is ordinary where they are none of a form (RFC 2046, 5.1.1).
                let odd = problems.without(MultipartProblems::STRAY);
                let is_form = self.known.is_form && around.depth == 0;
                let problems = if is_form { *problems } else { odd };
                if !problems.is_empty() {
                    note(self.run, *raw, problems);
                }
                if !around.read {
                    text(self.run, *raw, &Trail::Root);
                }
            }
        }
    }

    fn part(&mut self, part: &Part<'_>, around: &Around<'_>) {
        let is_form = self.known.is_form && around.depth == 0;
        // Elsewhere parts need no names, and may be multipart again.
        let ordinary = MultipartProblems::NAME.union(MultipartProblems::NESTED);
        let problems = if is_form { part.problems } else { part.problems.without(ordinary) };
        let mut read = around.read;
        if !problems.is_empty() {
            note(self.run, part.raw, problems);
            if !read {
                text(self.run, part.raw, &Trail::Root);
                read = true;
            }
        }
        let end = part.head.end..part.head.end;
        let name = part.name.as_ref().map(|name| part.cut(name));
        let (name, is_named) = (name.unwrap_or(part.cut(&end)), name.is_some());
        let name = if is_named || is_form { name } else { around.name };
        let content = part.cut(&part.content);
        let trail = match name.bytes {
            [] if !is_form => Trail::Root,
            name => Trail::name(name, Coding::None),
        };
        if is_named {
            value(self.run, name, true, &trail);
        }
        self.head(part, content, &trail);
        let nested = part.problems.has(MultipartProblems::NESTED);
        if nested && self.parts(part, content, &Around { depth: around.depth, name, read }) {
            return;
        }
        if part.filename.is_some() || !is_form && !is_named {
            self.file(part, content, &trail);
            return;
        }
        value(self.run, content, false, &trail);
        if let Some(charset) = charset_of(part) {
            in_charset(self.run, charset, content, Coding::None, &trail);
        }
        if charsets::is_name(name.bytes, Coding::None) && !self.charsets.learn(content.bytes) {
            self.ambiguity(Ambiguity::Charset, content);
        }
        self.keep(name, content);
        let given = Given { place: Place::Form, name: name.bytes, coding: Coding::None };
        let span = Span::new(span::Part::Body, content.range());
        self.parameters.add(self.run.route(), &given, content.bytes, span);
    }

    /// Inspects the parts within a part; whether there may be any.
    fn parts(&mut self, part: &Part<'_>, content: Raw<'_>, around: &Around<'_>) -> bool {
        let content_type = part.content_type.as_ref().map(|range| part.cut(range).bytes);
        let parsed = ContentType::parse(content_type.unwrap_or_default());
        let boundary = parsed.boundary.as_ref().map_or(&[][..], |range| parsed.text(range));
        if !facts::is_boundary(boundary) {
            self.ambiguity(Ambiguity::Multipart, part.raw);
            return false;
        }
        let inner = Around { depth: around.depth + 1, ..*around };
        if inner.depth > DEEPEST.min(self.run.plan.limits.depth) {
            self.run.case.partial(self.run.plan, Limit::Depth);
            return false;
        }
        let mut parser = MultipartParser::new();
        parser.reset(boundary, content.at);
        parser.feed(content.bytes, |piece| self.piece(&piece, &inner));
        parser.finish(|piece| self.piece(&piece, &inner));
        true
    }

    /// The name of the file, and the header lines that are no plain lists.
    fn head(&mut self, part: &Part<'_>, content: Raw<'_>, parent: &Trail<'_>) {
        let most = self.run.plan.limits.file_name_bytes;
        for filename in [&part.filename, &part.extended].into_iter().flatten() {
            let trail = Trail::Name { parent, name: b"filename", coding: Coding::None };
            let filename = part.cut(filename);
            value(self.run, filename, false, &trail);
            if filename.bytes.len() > most {
                self.beyond("the name of one", "file_name_bytes", filename, &trail);
            }
        }
        for line in multipart::lines(part.raw.bytes, part.head.clone()) {
            let text = part.cut(&line.value);
            let Some(header) = line.name.as_ref().map(|name| part.cut(name)) else {
                value(self.run, text, false, parent);
                continue;
            };
            if part.disposition.as_ref() != Some(&line.value) && !is_plain_list(text.bytes) {
                let trail = Trail::Name { parent, name: header.bytes, coding: Coding::None };
                value(self.run, text, false, &trail);
            }
        }
        if let Some(content_type) = &part.content_type {
            let text = part.cut(content_type);
            let parsed = ContentType::parse(text.bytes);
            let ascii = content.bytes.is_ascii() && parsed.extends_ascii();
            if !parsed.is_utf8() && !ascii {
                self.ambiguity(Ambiguity::Charset, text);
            }
        }
    }

    /// The content of a file: a text, unless its type is opaque and it does hold bytes that no text has.
    fn file(&mut self, part: &Part<'_>, content: Raw<'_>, trail: &Trail<'_>) {
        let named = part.filename.as_ref().is_some_and(|name| !name.is_empty());
        // Browsers send a file without name and content where none was chosen.
        if named || !content.bytes.is_empty() {
            self.known.files += 1;
            let limits = &self.run.plan.limits;
            if limits.file_bytes > 0 && content.bytes.len() > limits.file_bytes {
                self.beyond("one", "file_bytes", content, trail);
            }
            // Told once.
            if self.known.files == limits.files.saturating_add(1) {
                self.beyond("their number", "files", part.raw, trail);
            }
        }
        let media_type = part.content_type.as_ref().and_then(|range| {
            let bytes = part.cut(range).bytes;
            let parsed = ContentType::parse(bytes);
            std::str::from_utf8(bytes.get(parsed.kind.start..parsed.subtype.end)?).ok()
        });
        let types = &self.run.plan.body_types;
        let kind = media_type.and_then(|media_type| types.kind(media_type));
        if kind == Some(BodyKind::Opaque) && is_binary(content.bytes) {
            self.run.case.partial(self.run.plan, Limit::Opaque);
            return;
        }
        field(self.run, content, Coding::File, Place::Body, false, trail);
        if let Some(charset) = charset_of(part) {
            in_charset(self.run, charset, content, Coding::File, trail);
        }
    }

    /// Keeps a field for what comes at the end.
    fn keep(&mut self, name: Raw<'_>, content: Raw<'_>) {
        let Known { text, fields, cut_off, .. } = &mut *self.known;
        if name.bytes.is_empty() {
            return;
        }
        if text.len() + name.bytes.len() + content.bytes.len() > repeat::SEARCHED {
            *cut_off = true;
            return;
        }
        let start = text.len();
        text.extend_from_slice(name.bytes);
        let end = text.len();
        text.extend_from_slice(content.bytes);
        fields.push(Repeat::new(text, start..end, end..text.len(), content.at));
    }

    /// The end of the body: fields joined that share a name, and in the charsets that it names.
    fn end(&mut self) {
        let text = std::mem::take(&mut self.known.text);
        let mut fields = std::mem::take(&mut self.known.fields);
        let body = Origin::Part { part: span::Part::Body, index: 0, offset: 0 };
        let place = Place::Form;
        repeat::joins_of(self.run, &text, &mut fields, &body, place, Coding::None);
        for &charset in self.charsets.settle(self.run, !self.known.cut_off) {
            for field in &fields {
                let cut = |range| text.get(range).unwrap_or_default();
                let content = Raw { bytes: cut(field.value.clone()), at: field.at };
                let trail = Trail::name(cut(field.name.clone()), Coding::None);
                in_charset(self.run, charset, content, Coding::None, &trail);
            }
        }
        (self.known.text, self.known.fields) = (text, fields);
    }

    fn ambiguity(&mut self, ambiguity: Ambiguity, raw: Raw<'_>) {
        let span = Span::new(span::Part::Body, raw.range());
        let trail = &Trail::Root;
        self.run.ambiguity(ambiguity, At { place: Place::Form, name: false, trail, span });
    }

    /// Files beyond a limit: which of their sizes, and where.
    fn beyond(&mut self, what: &str, limit: &str, raw: Raw<'_>, trail: &Trail<'_>) {
        let message =
            format!("{}: {what} is beyond limits.{limit}", Ambiguity::FileLimits.message());
        let span = Span::new(span::Part::Body, raw.range());
        let at = At { place: Place::Form, name: false, trail, span };
        self.run.ambiguity_told(Ambiguity::FileLimits, at, &message);
    }
}

/// The charset that the type of a part names, if it is known and not UTF-8.
fn charset_of(part: &Part<'_>) -> Option<&'static Encoding> {
    let content_type = part.cut(part.content_type.as_ref()?);
    let parsed = ContentType::parse(content_type.bytes);
    let name = parsed.charset.as_ref().filter(|_| !parsed.is_utf8())?;
    charset::of_name(parsed.text(name))
}

/// Says what is odd about a piece.
fn note(run: &mut Run<'_>, raw: Raw<'_>, problems: MultipartProblems) {
    let names: Vec<_> = problems.names().collect();
    let message = format!("{}: {}", Ambiguity::Multipart.message(), names.join(", "));
    let span = Span::new(span::Part::Body, raw.range());
    let at = At { place: Place::Form, name: false, trail: &Trail::Root, span };
    run.ambiguity_told(Ambiguity::Multipart, at, &message);
}

fn text(run: &mut Run<'_>, raw: Raw<'_>, trail: &Trail<'_>) {
    field(run, raw, Coding::None, Place::Body, false, trail);
}

fn value(run: &mut Run<'_>, raw: Raw<'_>, name: bool, trail: &Trail<'_>) {
    field(run, raw, Coding::None, Place::Form, name, trail);
}

fn field(
    run: &mut Run<'_>,
    raw: Raw<'_>,
    coding: Coding,
    place: Place,
    name: bool,
    trail: &Trail<'_>,
) {
    if !raw.bytes.is_empty() {
        let origin = Origin::Part { part: span::Part::Body, index: 0, offset: raw.at };
        let (raw, clean, origin) = (raw.bytes, false, &origin);
        let classes = Classes::of(raw);
        run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
    }
}

fn in_charset(
    run: &mut Run<'_>,
    charset: &'static Encoding,
    raw: Raw<'_>,
    coding: Coding,
    trail: &Trail<'_>,
) {
    let origin = Origin::Part { part: span::Part::Body, index: 0, offset: raw.at };
    let (raw, clean, name, origin) = (raw.bytes, false, false, &origin);
    let (classes, place) = (Classes::of(raw), Place::Form);
    let field = Field { raw, classes, coding, place, name, clean, origin, trail };
    charsets::inspect(run, charset, &field);
}

/// Whether the first bytes hold a NUL, or are not UTF-8.
fn is_binary(content: &[u8]) -> bool {
    let head = content.get(..SNIFFED).unwrap_or(content);
    let broken = |error: std::str::Utf8Error| error.error_len().is_some();
    head.contains(&0) || std::str::from_utf8(head).err().is_some_and(broken)
}
