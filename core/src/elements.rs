//! The elements of an XML document: which of its bytes are a name, a value.
//!
//! ```text
//! <order id="7">                     order, id: names;  7: the value /order/@id
//!   <note>it&#39;s <![CDATA[<b>]]></note>      the value /order/note: it's <b>
//! </order>
//! ```
//!
//! What an application takes for the text of an element comes in pieces: comments, CDATA sections and references part it, and so do child
//! elements for readers that ask for all text below (`textContent`). The pieces are inspected joined, as such readers join them.

use std::ops::Range;

use crate::ambiguity::Ambiguity;
use crate::classes::Classes;
use crate::compile::field::LONGEST_NAME;
use crate::decode::{Coding, Readings, Transform};
use crate::inspect::{At, Field, Origin, Run};
use crate::parse::json::pointer_key;
use crate::parse::xml::{self, XmlEnd, XmlEvent};
use crate::span::{Part, Place, Span};
use crate::trail::Trail;
use crate::verdict::Limit;

/// Inspects a document that begins at `offset` of the body; whether it is one through and through.
///
/// `told` if what is odd about it is to be told; else it is no more than a text that may be a document.
pub(crate) fn inspect(run: &mut Run<'_>, document: &[u8], offset: usize, told: bool) -> bool {
    let end = walk(run, document, Within::Body { offset, told });
    if end.too_deep {
        run.case.partial(run.plan, Limit::Depth);
    }
    if told && !end.problems.is_empty() {
        let names: Vec<_> = end.problems.names().collect();
        let message = format!("{}: {}", Ambiguity::XmlMalformed.message(), names.join(", "));
        let span = Span::new(Part::Body, offset..offset + document.len());
        let at = At { place: Place::Xml, name: false, trail: &Trail::Root, span };
        run.ambiguity_told(Ambiguity::XmlMalformed, at, &message);
    }
    end.problems.is_empty() && !end.too_deep
}

/// Inspects texts and attributes of a reading that is a document, beside the reading itself, which may be HTML as well. What is found there
/// is told of the field: who lets a field hold anything does not know of elements.
pub(crate) fn inspect_value(run: &mut Run<'_>, document: &[u8], value: Value<'_>) {
    if !may_be_document(document) {
        return;
    }
    let end = xml::read(document, run.plan.limits.depth, |_| {});
    if end.too_deep && document.trim_ascii_start().starts_with(b"<?xml") {
        run.case.partial(run.plan, Limit::Depth);
    }
    if end.problems.is_empty() && !end.too_deep {
        walk(run, document, Within::Value(value));
    }
}

/// Whether a text begins and ends as documents do. O(blanks).
fn may_be_document(text: &[u8]) -> bool {
    match text.trim_ascii() {
        [b'<', first, .., b'>'] => first.is_ascii_alphabetic() || b"_:?!".contains(first),
        _ => false,
    }
}

fn walk(run: &mut Run<'_>, document: &[u8], within: Within<'_>) -> XmlEnd {
    let depth = run.plan.limits.depth;
    let mut walk = Walk {
        run,
        document,
        within,
        pointer: String::new(),
        open: Vec::new(),
        pieces: Vec::new(),
        first: 0,
        mixed: Vec::new(),
    };
    let end = xml::read(document, depth, |event| walk.event(event));
    walk.end_of_text();
    // What is broken leaves elements open.
    while !walk.open.is_empty() {
        walk.end_of_element();
    }
    walk.joins();
    end
}

/// What a document stands in.
#[derive(Clone, Copy)]
enum Within<'w> {
    /// The body, at an offset.
    Body { offset: usize, told: bool },
    /// A reading of a field.
    Value(Value<'w>),
}

/// A reading of a field, at a depth of structures.
#[derive(Clone, Copy)]
pub(crate) struct Value<'w> {
    pub(crate) field: &'w Field<'w>,
    pub(crate) readings: &'w Readings,
    pub(crate) index: usize,
    pub(crate) depth: usize,
}

/// A stretch of the document, and what it reads as if that is a single character.
type Piece = (Range<usize>, Option<char>);

/// An element that is open.
#[derive(Debug)]
struct Open {
    name: Range<usize>,
    /// Where the pointer to its parent ends.
    pointer: usize,
    /// Its first piece.
    first: usize,
    has_children: bool,
    has_text: bool,
}

struct Walk<'w, 'r> {
    run: &'w mut Run<'r>,
    document: &'w [u8],
    within: Within<'w>,
    /// The way to the element that is open, as a JSON Pointer.
    pointer: String,
    open: Vec<Open>,
    pieces: Vec<Piece>,
    /// The first piece of the text that no tag has ended yet.
    first: usize,
    /// Pieces of elements that hold text and elements, with the names that lead there; none lies within another.
    mixed: Vec<(Range<usize>, Vec<Range<usize>>)>,
}

impl<'w> Walk<'w, '_> {
    fn event(&mut self, event: XmlEvent) {
        // Beyond the limit nothing is inspected, so nothing need be remembered.
        if self.run.is_full() {
            return;
        }
        match event {
            XmlEvent::Start(name) => {
                self.end_of_text();
                if let Some(parent) = self.open.last_mut() {
                    parent.has_children = true;
                }
                let (pointer, first) = (self.pointer.len(), self.pieces.len());
                self.name(&name);
                self.open.push(Open { name, pointer, first, has_children: false, has_text: false });
            }
            XmlEvent::Attribute(name, value) => {
                let end = self.pointer.len();
                self.name(&name);
                self.pointer.insert(end + 1, '@');
                let pieces: Vec<_> = xml::references(self.document, value).collect();
                self.pieces(&pieces, Transform::Xml);
                self.pointer.truncate(end);
            }
            XmlEvent::End => {
                self.end_of_text();
                self.end_of_element();
            }
            XmlEvent::Text(range) => self.pieces.push((range, None)),
            XmlEvent::Character(range, character) => self.pieces.push((range, Some(character))),
            XmlEvent::Aside(range) => self.pieces(&[(range, None)], Transform::Xml),
            XmlEvent::DocType(range) => {
                self.doctype(&range);
                self.pieces(&[(range, None)], Transform::Xml);
            }
        }
    }

    /// A declaration in a body is told; in a value, which may be a page, if it declares something itself.
    fn doctype(&mut self, range: &Range<usize>) {
        let text = self.document.get(range.clone()).unwrap_or_default();
        let (place, name, trail) = match self.within {
            Within::Body { told: true, .. } => (Place::Xml, false, &Trail::Root),
            Within::Value(Value { field, .. }) if text.contains(&b'[') => {
                (field.place, field.name, field.trail)
            }
            _ => return,
        };
        let span = self.origin(range.start).span(0..range.len());
        self.run.ambiguity(Ambiguity::XmlDoctype, At { place, name, trail, span });
    }

    /// Inspects a name, and goes down to what has it.
    fn name(&mut self, name: &Range<usize>) {
        self.enter(name);
        let text = self.document.get(name.clone()).unwrap_or_default();
        self.field(text, &self.origin(name.start), true);
    }

    fn enter(&mut self, name: &Range<usize>) {
        let text = self.document.get(name.clone()).unwrap_or_default();
        pointer_key(text.get(..LONGEST_NAME).unwrap_or(text), &mut self.pointer);
    }

    /// A tag ends a stretch of text.
    fn end_of_text(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        let text = pieces.get(self.first..).unwrap_or_default();
        if text.iter().any(|(range, character)| character.is_some() || !self.is_blank(range)) {
            self.pieces(text, Transform::Xml);
            if let Some(element) = self.open.last_mut() {
                element.has_text = true;
            }
        }
        self.first = pieces.len();
        self.pieces = pieces;
    }

    fn end_of_element(&mut self) {
        let Some(element) = self.open.pop() else { return };
        if element.has_children && element.has_text {
            while self.mixed.pop_if(|(inner, _)| inner.start >= element.first).is_some() {}
            // Written out, they could be as long as the document, each.
            let names = self.open.iter().chain([&element]).map(|open| open.name.clone()).collect();
            self.mixed.push((element.first..self.pieces.len(), names));
        }
        self.pointer.truncate(element.pointer);
    }

    /// Inspects elements that hold text and elements as one text each.
    fn joins(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        for (range, names) in std::mem::take(&mut self.mixed) {
            self.pointer.clear();
            for name in &names {
                self.enter(name);
            }
            self.pieces(pieces.get(range).unwrap_or_default(), Transform::Join);
        }
    }

    fn is_blank(&self, range: &Range<usize>) -> bool {
        self.document.get(range.clone()).unwrap_or_default().trim_ascii().is_empty()
    }

    /// Inspects pieces as one text.
    fn pieces(&mut self, pieces: &[Piece], transform: Transform) {
        let body = self.origin(0);
        let document = self.document;
        let cut = |range: &Range<usize>| document.get(range.clone()).unwrap_or_default();
        if let [(range, None)] = pieces {
            let origin = self.origin(range.start);
            self.field(cut(range), &origin, false);
            return;
        }
        let Some(start) = pieces.first().map(|(range, _)| range.start) else { return };
        let mut view = std::mem::take(&mut self.run.memory.joined);
        view.clear(start);
        for (range, character) in pieces {
            let skipped = range.start.saturating_sub(view.source_of_end());
            if skipped > 0 {
                view.replace(skipped, b"");
            }
            match character {
                None => view.copy(cut(range)),
                Some(character) => {
                    let mut buffer = [0; 4];
                    view.replace(range.len(), character.encode_utf8(&mut buffer).as_bytes());
                }
            }
        }
        self.field(view.bytes(), &Origin::View { view: &view, transform, origin: &body }, false);
        self.run.memory.joined = view;
    }

    fn origin(&self, at: usize) -> Origin<'w> {
        match self.within {
            Within::Body { offset, .. } => {
                Origin::Part { part: Part::Body, index: 0, offset: offset + at }
            }
            Within::Value(Value { field, readings, index, .. }) => {
                Origin::Reading { field, readings, index, offset: at }
            }
        }
    }

    fn field(&mut self, raw: &[u8], origin: &Origin<'_>, name: bool) {
        if raw.is_empty() {
            return;
        }
        let (classes, coding, pointer) = (Classes::of(raw), Coding::None, &self.pointer);
        match self.within {
            Within::Body { .. } => {
                let trail = &Trail::Pointer { parent: &Trail::Root, pointer };
                let (clean, place) = (false, Place::Xml);
                self.run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
            }
            // The reading as a whole showed names and plain words: a page has thousands of them.
            Within::Value(_)
                if name || !self.run.keeps_values() && self.run.is_plain(raw, classes) => {}
            Within::Value(Value { field, depth, .. }) => {
                let (clean, place, trail) = (false, field.place, field.trail);
                let leaf = Field { raw, classes, coding, place, name, clean, origin, trail };
                let inert = self.run.is_inert(raw, classes);
                self.run.field_at(&leaf, inert, depth + 1);
            }
        }
    }
}
