//! Structure inside a value: JSON, GraphQL, query strings and URLs are walked leaf by leaf. (XML: [`elements`](crate::elements).)
//!
//! `{"event":"ViewContent",...}` as a parameter looks like an attack to a lexer that reads it as one text, and a payload deep
//! inside a URL's query is only decoded if its coding is followed. So a reading that *is* such a structure is taken apart, and
//! each leaf is a field of its own, with its way back to the raw bytes.

use std::ops::Range;

use crate::ambiguity::Ambiguity;
use crate::classes::Classes;
use crate::compile::field::LONGEST_NAME;
use crate::decode::{Coding, Reading, Readings};
use crate::inspect::{At, Field, Origin, Run};
use crate::parse::graphql::{self, GraphqlEvent, GraphqlSize};
use crate::parse::json::{
    self, Event, JsonParser, JsonSink, Path, Problem, may_be_structured, pointer_key,
};
use crate::parse::query::{self, Url};
use crate::prefilter::literals::Hits;
use crate::trail::Trail;
use crate::verdict::Limit;

/// Classes of which one at least is needed for any structure.
pub(crate) const STARTS: Classes =
    Classes::BRACE.or(Classes::BRACKET).or(Classes::SLASH).or(Classes::EQUALS.or(Classes::AMP));

/// Walks the leaves of a structured reading. Returns whether the reading is a structure through and through; what only
/// begins like one has had some leaves inspected, and is inspected whole too.
pub(crate) fn walk(run: &mut Run<'_>, text: &Text<'_>, reading: Reading<'_>) -> bool {
    let mut leaves = Leaves { run, text };
    if reading.classes.intersects(Classes::BRACE)
        && graphql::may_be_document(reading.bytes)
        && leaves.graphql(reading.bytes)
    {
        return true;
    }
    if reading.classes.intersects(Classes::BRACE.or(Classes::BRACKET))
        && may_be_structured(reading.bytes)
    {
        return leaves.json(reading.bytes);
    }
    if reading.classes.intersects(Classes::SLASH)
        && let Some(url) = query::looks_like_url(reading.bytes)
    {
        leaves.url(reading.bytes, &url);
        return is_plain_before_query(reading.bytes, &url);
    }
    if reading.classes.intersects(Classes::EQUALS)
        && reading.classes.intersects(Classes::AMP)
        && query::looks_like_query(reading.bytes)
    {
        leaves.pairs(reading.bytes, 0..reading.bytes.len());
        return true;
    }
    false
}

/// Whether scheme, host and path hold nothing that another language could begin with: `http://a;id/` is a URL to some
/// readers and two commands to a shell, and `javascript://a?…` is a program, so they are inspected whole too.
fn is_plain_before_query(bytes: &[u8], url: &Url) -> bool {
    const PLAIN: Classes =
        Classes::ORDINARY.or(Classes::SLASH).or(Classes::PERCENT).or(Classes::EQUALS);
    let head = bytes.get(..url.path.end).unwrap_or(bytes);
    is_asked(bytes, url) && Classes::of(head).without(PLAIN).is_empty()
}

/// Whether a URL leads to a path of a host that is asked over the network; `file:` and wrappers like `php:` lead elsewhere.
fn is_of_the_web(bytes: &[u8], url: &Url) -> bool {
    is_asked(bytes, url)
        && url.host.as_ref().is_some_and(|host| !host.is_empty())
        && !url.path.is_empty()
}

/// Whether the scheme, if there is one, is of a protocol that asks a host.
fn is_asked(bytes: &[u8], url: &Url) -> bool {
    let scheme = url.scheme.clone().and_then(|scheme| bytes.get(scheme));
    scheme.is_none_or(|scheme| {
        [&b"http"[..], b"https", b"ws", b"wss", b"ftp"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// The reading that is taken apart.
pub(crate) struct Text<'l> {
    pub(crate) field: &'l Field<'l>,
    pub(crate) bytes: &'l [u8],
    pub(crate) readings: &'l Readings,
    /// Which of the readings.
    pub(crate) index: usize,
    /// The literals that it holds.
    pub(crate) hits: &'l Hits,
    /// How many structures it stands in.
    pub(crate) depth: usize,
    /// Whether an earlier reading of the same field was a structure: what is counted was counted there.
    pub(crate) again: bool,
}

struct Leaves<'l, 'r> {
    run: &'l mut Run<'r>,
    text: &'l Text<'l>,
}

impl Leaves<'_, '_> {
    fn leaf(&mut self, raw: &[u8], offset: usize, coding: Coding, name: bool, trail: &Trail<'_>) {
        if raw.is_empty() {
            return;
        }
        let &Text { field, bytes, readings, index, hits, depth, .. } = self.text;
        let range = offset..offset + raw.len();
        // What a parser put together from pieces of the reading is scanned by itself.
        let piece = bytes.get(range.clone());
        let clean = piece.is_some_and(|piece| std::ptr::eq(piece, raw)) && hits.is_clean(range);
        let (classes, place) = (Classes::of(raw), field.place);
        let inert = self.run.is_inert(raw, classes);
        // PERF: most keys and strings end here, before it is said where they stand.
        if inert && clean && !self.run.keeps_values() {
            return self.run.inert_inside(raw);
        }
        let origin = &Origin::Reading { field, readings, index, offset };
        let leaf = Field { raw, classes, coding, place, name, clean, origin, trail };
        self.run.field_at(&leaf, inert, depth + 1);
    }

    /// `name=value&…`
    fn pairs(&mut self, bytes: &[u8], within: Range<usize>) {
        for pair in query::pairs(bytes, within) {
            let name = bytes.get(pair.name.clone()).unwrap_or_default();
            let trail = Trail::Name { parent: self.text.field.trail, name, coding: Coding::Form };
            self.leaf(name, pair.name.start, Coding::Form, true, &trail);
            if let Some(value) = pair.value {
                let text = bytes.get(value.clone()).unwrap_or_default();
                self.leaf(text, value.start, Coding::Form, false, &trail);
            }
        }
    }

    /// Path, query and fragment; scheme and host hold nothing but what a URL may hold there.
    fn url(&mut self, bytes: &[u8], url: &Url) {
        let trail = self.text.field.trail;
        // Below a host of the web, `/etc/…` is a folder of that host's pages and no file of this machine.
        let path = url.path.start + usize::from(is_of_the_web(bytes, url))..url.path.end;
        let text = bytes.get(path.clone()).unwrap_or_default();
        self.leaf(text, path.start, Coding::Percent, false, trail);
        if let Some(query) = &url.query {
            self.pairs(bytes, query.clone());
        }
        if let Some(fragment) = &url.fragment {
            let text = bytes.get(fragment.clone()).unwrap_or_default();
            self.leaf(text, fragment.start, Coding::Percent, false, trail);
        }
    }

    /// Whether the whole is a document of GraphQL, beyond doubt: it says so, or selects within what it selects.
    fn graphql(&mut self, bytes: &[u8]) -> bool {
        let limits = &self.run.plan.limits;
        let mut pointer = String::new();
        let mut ends = Vec::new();
        let size = graphql::read(bytes, limits.depth, |event, range| match event {
            GraphqlEvent::Field(name) | GraphqlEvent::Key(name) => {
                ends.push(pointer.len());
                pointer_key(name.get(..LONGEST_NAME).unwrap_or(name), &mut pointer);
                if let GraphqlEvent::Key(_) = event {
                    let trail = Trail::Pointer { parent: self.text.field.trail, pointer: &pointer };
                    self.leaf(name, range.start, Coding::None, true, &trail);
                }
            }
            GraphqlEvent::Leave => pointer.truncate(ends.pop().unwrap_or_default()),
            GraphqlEvent::String { text, escaped } => {
                let coding = if escaped { Coding::JsonString } else { Coding::None };
                let trail = Trail::Pointer { parent: self.text.field.trail, pointer: &pointer };
                self.leaf(text, range.start, coding, false, &trail);
            }
            GraphqlEvent::Comment(text) => {
                self.leaf(text, range.start, Coding::None, false, self.text.field.trail);
            }
        });
        let Some(size) = size else { return false };
        let is_document = size.depth > 1 || !bytes.trim_ascii_start().starts_with(b"{");
        if is_document {
            self.graphql_size(bytes.len(), &size);
        }
        is_document
    }

    /// Holds a document, and all documents of the request so far, against the limits.
    fn graphql_size(&mut self, len: usize, size: &GraphqlSize) {
        let case = &mut *self.run.case;
        if !self.text.again {
            case.operations = case.operations.saturating_add(size.operations);
        }
        let limits = &self.run.plan.limits;
        let beyond = [
            ("graphql_depth", size.depth, limits.graphql_depth),
            ("graphql_aliases", size.aliases, limits.graphql_aliases),
            ("graphql_operations", case.operations, limits.graphql_operations),
        ];
        for (limit, size, most) in beyond {
            if size > most {
                let message = format!(
                    "{}: {size} where limits.{limit} is {most}",
                    Ambiguity::GraphqlSize.message()
                );
                let &Text { field, readings, index, .. } = self.text;
                let span = field.origin.span(readings.source(index, 0..len));
                let at = At { place: field.place, name: field.name, trail: field.trail, span };
                self.run.ambiguity_told(Ambiguity::GraphqlSize, at, &message);
            }
        }
    }

    /// Whether the whole is JSON, one document or several: lines of a log, header and claims of a web token.
    fn json(&mut self, bytes: &[u8]) -> bool {
        let limits = &self.run.plan.limits;
        let parser = self.run.memory.parsers.get_mut(self.text.depth).and_then(Option::take);
        let mut parser = parser.unwrap_or_else(|| Box::new(JsonParser::new(limits)));
        let whole = parser.walk_several(bytes, limits, self).is_ok();
        let parsers = &mut self.run.memory.parsers;
        if parsers.len() <= self.text.depth {
            parsers.resize_with(self.text.depth + 1, || None);
        }
        if let Some(slot) = parsers.get_mut(self.text.depth) {
            *slot = Some(parser);
        }
        whole
    }

    fn string(&mut self, text: json::Text<'_>, offset: usize, name: bool, path: &Path) {
        let coding = if text.escaped { Coding::JsonString } else { Coding::None };
        let trail = Trail::Json { parent: self.text.field.trail, path };
        self.leaf(text.raw, offset, coding, name, &trail);
    }
}

impl JsonSink for Leaves<'_, '_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>, path: &Path) {
        match event {
            // Past the quote.
            Event::Key(text) => self.string(text, range.start + 1, true, path),
            Event::String(text) => self.string(text, range.start + 1, false, path),
            _ => {}
        }
    }

    // A value is no body: what is not JSON through and through is inspected whole. But a limit is never silent.
    fn problem(&mut self, problem: Problem, _: Range<usize>, _: &Path) {
        if problem == Problem::Depth {
            self.run.case.partial(self.run.plan, Limit::Depth);
        }
    }

    fn rest(&mut self, _: &[u8], _: usize) {}
}
