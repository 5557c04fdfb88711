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
//! A part that readers take apart differently is inspected as one text, too.

use crate::ambiguity::Ambiguity;
use crate::classes::Classes;
use crate::contract::{Given, Parameters};
use crate::decode::Coding;
use crate::inspect::{At, Field, Origin, Run};
use crate::model::policy::BodyKind;
use crate::parse::header::{ContentType, is_plain_list, is_utf8};
use crate::parse::multipart::{self, MultipartProblems, Part, Piece, Raw};
use crate::span::{self, Place, Span};
use crate::trail::Trail;
use crate::verdict::Limit;

/// Bytes by which a file is judged to be binary.
const SNIFFED: usize = 512;

/// Inspects what a multipart body consists of.
pub(crate) fn inspect(run: &mut Run<'_>, parameters: &mut Parameters, piece: &Piece<'_>) {
    match piece {
        Piece::Part(part) => PartRun { run, part }.inspect(parameters),
        Piece::Stray(raw, problems) => {
            note(run, *raw, *problems);
            text(run, *raw, &Trail::Root);
        }
    }
}

/// One part.
struct PartRun<'p, 'r> {
    run: &'p mut Run<'r>,
    part: &'p Part<'p>,
}

impl PartRun<'_, '_> {
    fn inspect(&mut self, parameters: &mut Parameters) {
        let part = self.part;
        if !part.problems.is_empty() {
            note(self.run, part.raw, part.problems);
            text(self.run, part.raw, &Trail::Root);
        }
        let end = part.head.end..part.head.end;
        let name = part.cut(part.name.as_ref().unwrap_or(&end));
        let content = part.cut(&part.content);
        let trail = Trail::name(name.bytes, Coding::None);
        self.value(name, true, &trail);
        self.head(&trail);
        if part.filename.is_some() {
            self.file(content, &trail);
            return;
        }
        self.value(content, false, &trail);
        if name.bytes.eq_ignore_ascii_case(b"_charset_") && !is_utf8(content.bytes.trim_ascii()) {
            self.ambiguity(Ambiguity::Charset, content);
        }
        let given = Given { place: Place::Form, name: name.bytes, coding: Coding::None };
        let span = Span::new(span::Part::Body, content.range());
        parameters.add(self.run.route(), &given, content.bytes, span);
    }

    /// The name of the file, and the header lines that are no plain lists.
    fn head(&mut self, parent: &Trail<'_>) {
        let part = self.part;
        for filename in [&part.filename, &part.extended].into_iter().flatten() {
            let trail = Trail::Name { parent, name: b"filename", coding: Coding::None };
            self.value(part.cut(filename), false, &trail);
        }
        for line in multipart::lines(part.raw.bytes, part.head.clone()) {
            let value = part.cut(&line.value);
            let Some(header) = line.name.as_ref().map(|name| part.cut(name)) else {
                self.value(value, false, parent);
                continue;
            };
            if part.disposition.as_ref() != Some(&line.value) && !is_plain_list(value.bytes) {
                let trail = Trail::Name { parent, name: header.bytes, coding: Coding::None };
                self.value(value, false, &trail);
            }
        }
        if let Some(content_type) = &part.content_type {
            let value = part.cut(content_type);
            let parsed = ContentType::parse(value.bytes);
            let ascii = part.cut(&part.content).bytes.is_ascii() && parsed.extends_ascii();
            if !parsed.is_utf8() && !ascii {
                self.ambiguity(Ambiguity::Charset, value);
            }
        }
    }

    /// The content of a file: a text, unless its type is opaque and it does hold bytes that no text has.
    fn file(&mut self, content: Raw<'_>, trail: &Trail<'_>) {
        let part = self.part;
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
    }

    fn value(&mut self, raw: Raw<'_>, name: bool, trail: &Trail<'_>) {
        field(self.run, raw, Coding::None, Place::Form, name, trail);
    }

    fn ambiguity(&mut self, ambiguity: Ambiguity, raw: Raw<'_>) {
        let span = Span::new(span::Part::Body, raw.range());
        let trail = &Trail::Root;
        self.run.ambiguity(ambiguity, At { place: Place::Form, name: false, trail, span });
    }
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

/// Whether the first bytes hold a NUL, or are not UTF-8.
fn is_binary(content: &[u8]) -> bool {
    let head = content.get(..SNIFFED).unwrap_or(content);
    let broken = |error: std::str::Utf8Error| error.error_len().is_some();
    head.contains(&0) || std::str::from_utf8(head).err().is_some_and(broken)
}
