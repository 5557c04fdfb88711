//! A tape: a JSON document as a flat list of nodes, made from the parser's events where a route has a schema.
//!
//! Each node knows where it stands in the body and where its subtree ends on the tape, so that members and items are
//! walked by skipping. Texts are copied, unescaped, into one buffer: a body that comes in chunks is gone by the time
//! it is validated. Nothing is allocated once the tape has seen a document of the size.
//!
//! ```text
//! {"a":[1,"x"]}   nodes  0 Object(1 member, ends 5)  1 Key "a"  2 Array(2 items, ends 5)  3 Number "1"  4 String "x"
//! ```

use std::cell::Cell;
use std::ops::Range;

use crate::parse::json::{Event, JsonSink, Path, Problem, Text, unescape};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number,
    /// A string.
    String,
    /// The key of a member; its value is the next node.
    Key,
    /// An array; its items follow.
    Array,
    /// An object; its keys and values follow in turn.
    Object,
}

/// A node.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// Where it stands in the body.
    start: u32,
    end: u32,
    /// Of a text: where it starts in `text`. Of a container: how many members or items it has.
    first: u32,
    /// Of a text: where it ends in `text`. Of a container: the number of the node after its subtree.
    last: u32,
}

impl Node {
    /// The number of the node after this one's subtree, if this one is `number`.
    #[inline]
    fn after(&self, number: u32) -> u32 {
        match self.kind {
            Kind::Array | Kind::Object => self.last,
            _ => number + 1,
        }
    }
}

/// How a document came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Building,
    /// Complete and closed: may be read.
    Complete,
    /// Not a whole document, or too deep.
    Broken,
}

/// A document. Filled by [`event`](Tape::event) (or as a [`JsonSink`]), closed by [`finish`](Tape::finish), then read.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
    /// The numbers of the containers that are open.
    open: Vec<u32>,
    /// All texts; empty until `finish`, which makes it from `bytes` by one check.
    text: String,
    bytes: Vec<u8>,
    state: State,
    duplicates: bool,
    /// Steps that readers may still take; see [`refuel`](Tape::refuel).
    fuel: Cell<u64>,
    /// How many values may still be asked for, if they are masked; see [`mask`](Tape::mask).
    masked: Cell<Option<u32>>,
}

impl Tape {
    /// The deepest document that a tape takes. The validator recurses with the document, so this bounds its stack.
    pub(crate) const MAX_DEPTH: usize = 128;

    /// Makes ready for another document; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.open.clear();
        if self.bytes.capacity() < self.text.capacity() {
            self.bytes = std::mem::take(&mut self.text).into_bytes();
        }
        self.text.clear();
        self.bytes.clear();
        self.state = State::Building;
        self.duplicates = false;
    }

    /// Takes the next event of the document. O(length of its text).
    pub(crate) fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::ObjectStart => self.open(Kind::Object, range),
            Event::ArrayStart => self.open(Kind::Array, range),
            Event::ObjectEnd | Event::ArrayEnd => self.close(range.end),
            Event::Key(text) => self.string(Kind::Key, text, range),
            Event::String(text) => self.string(Kind::String, text, range),
            Event::Number(text) => {
                let first = self.bytes.len();
                self.bytes.extend_from_slice(text);
                self.push(Kind::Number, first, range);
            }
            Event::Bool(value) => self.push(Kind::Bool(value), 0, range),
            Event::Null => self.push(Kind::Null, 0, range),
        }
    }

    /// Takes a string that is not part of a document, such as the value of a parameter.
    pub(crate) fn plain_string(&mut self, text: &[u8], range: Range<usize>) {
        let utf8 = simdutf8::basic::from_utf8(text).is_ok();
        self.string(Kind::String, Text { raw: text, escaped: false, utf8 }, range);
    }

    /// Takes what is wrong with the document.
    pub(crate) fn note(&mut self, problem: Problem) {
        self.duplicates |= problem == Problem::DuplicateKey;
        if problem.is_fatal() {
            self.state = State::Broken;
        }
    }

    /// Closes the document; whether it is one, and may be read.
    pub(crate) fn finish(&mut self) -> bool {
        if self.state == State::Building {
            let whole = self.open.is_empty()
                && self
                    .nodes
                    .first()
                    .is_some_and(|root| root.after(0) as usize == self.nodes.len());
            // Texts are UTF-8 each by itself, so all of them together are too.
            match String::from_utf8(std::mem::take(&mut self.bytes)) {
                Ok(text) if whole => {
                    self.text = text;
                    self.state = State::Complete;
                }
                _ => self.state = State::Broken,
            }
        }
        self.state == State::Complete
    }

    fn open(&mut self, kind: Kind, range: Range<usize>) {
        if self.open.len() >= Self::MAX_DEPTH {
            self.state = State::Broken;
        }
        if self.state != State::Building {
            return;
        }
        self.count();
        self.open.push(self.nodes.len() as u32);
        let (start, end) = (range.start as u32, range.end as u32);
        self.nodes.push(Node { kind, start, end, first: 0, last: 0 });
    }

    fn close(&mut self, end: usize) {
        let after = self.nodes.len() as u32;
        if let Some(number) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(number as usize)
        {
            node.end = end as u32;
            node.last = after;
        }
    }

    fn string(&mut self, kind: Kind, text: Text<'_>, range: Range<usize>) {
        let first = self.bytes.len();
        let lossy;
        let raw = if text.utf8 {
            text.raw
        } else {
            lossy = String::from_utf8_lossy(text.raw);
            lossy.as_bytes()
        };
        if text.escaped {
            unescape(raw, &mut self.bytes);
        } else {
            self.bytes.extend_from_slice(raw);
        }
        self.push(kind, first, range);
    }

    fn push(&mut self, kind: Kind, first: usize, range: Range<usize>) {
        if self.state != State::Building {
            return;
        }
        if kind != Kind::Key {
            self.count();
        }
        self.nodes.push(Node {
            kind,
            start: range.start as u32,
            end: range.end as u32,
            first: first as u32,
            last: self.bytes.len() as u32,
        });
    }

    /// Counts a value in the innermost open container.
    fn count(&mut self) {
        let parent = self.open.last().and_then(|&number| self.nodes.get_mut(number as usize));
        if let Some(parent) = parent {
            parent.first += 1;
        }
    }

    /// How many nodes there are, keys among them.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// About how many bytes the longest JSON Pointer to a value takes; never 0. O(nodes).
    pub(super) fn longest_pointer(&self) -> usize {
        /// About what an index or the slash before a key takes.
        const STEP: usize = 8;
        // Where each open container ends, and how long the pointer to it is.
        let mut open: Vec<(u32, usize)> = Vec::new();
        let (mut key, mut longest) = (0, STEP);
        for (number, node) in (0u32..).zip(&self.nodes) {
            while open.pop_if(|(end, _)| *end <= number).is_some() {}
            if node.kind == Kind::Key {
                key = (node.last - node.first) as usize;
                continue;
            }
            let pointer = open.last().map_or(0, |(_, around)| around + key + STEP);
            key = 0;
            longest = longest.max(pointer);
            if matches!(node.kind, Kind::Array | Kind::Object) {
                open.push((node.last, pointer));
            }
        }
        longest
    }

    /// The document; `None` before [`finish`](Tape::finish) said that there is one.
    pub(crate) fn root(&self) -> Option<Cursor<'_>> {
        (self.state == State::Complete).then_some(Cursor { tape: self, number: 0 })
    }

    /// The first node, whether or not the document is whole.
    pub(super) fn first(&self) -> Cursor<'_> {
        Cursor { tape: self, number: 0 }
    }

    /// Sets how many steps readers may take from now on. When they are used up, all containers read as empty, so
    /// that a reader soon ends; the caller asks [`is_exhausted`](Tape::is_exhausted) and trusts nothing it was told.
    pub(super) fn refuel(&self, steps: u64) {
        self.fuel.set(steps);
        self.masked.set(None);
    }

    /// From now on values read as null, since they are only asked for to stand in errors, where no payload shall be. After
    /// `values` of them the steps are used up too: so many errors and no more are worth their memory.
    pub(super) fn mask(&self, values: u32) {
        self.masked.set(Some(values));
    }

    /// Whether a value that is asked for must be masked.
    pub(super) fn is_masked(&self) -> bool {
        let Some(left) = self.masked.get() else { return false };
        match left.checked_sub(1) {
            Some(left) => self.masked.set(Some(left)),
            None => self.fuel.set(0),
        }
        true
    }

    /// Whether the steps were used up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.fuel.get() == 0
    }

    /// Takes `steps`; false if they are not there, and then none are left.
    #[inline]
    fn spend(&self, steps: usize) -> bool {
        let left = self.fuel.get().saturating_sub(steps as u64);
        self.fuel.set(left);
        left > 0
    }

    /// The value that a JSON Pointer leads to. O(nodes on the way and beside it).
    pub(crate) fn resolve(&self, pointer: &str) -> Option<Cursor<'_>> {
        self.refuel(u64::MAX);
        let mut cursor = self.root()?;
        for segment in pointer.split('/').skip(1) {
            cursor = match cursor.kind() {
                Kind::Object => {
                    let name = segment.replace("~1", "/").replace("~0", "~");
                    cursor.member(&name)?
                }
                Kind::Array => cursor.items().nth(segment.parse().ok()?)?,
                _ => return None,
            };
        }
        Some(cursor)
    }
}

impl JsonSink for Tape {
    fn event(&mut self, event: Event<'_>, range: Range<usize>, _: &Path) {
        Tape::event(self, event, range);
    }

    fn problem(&mut self, problem: Problem, _: Range<usize>, _: &Path) {
        self.note(problem);
    }

    fn rest(&mut self, _: &[u8], _: usize) {}
}

/// A node of a complete tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    tape: &'a Tape,
    number: u32,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn node(self) -> Node {
        // A cursor is only made for a node that is there.
        const NONE: Node = Node { kind: Kind::Null, start: 0, end: 0, first: 0, last: 0 };
        self.tape.nodes.get(self.number as usize).copied().unwrap_or(NONE)
    }

    /// The tape it is on.
    pub(super) fn tape(self) -> &'a Tape {
        self.tape
    }

    /// The number of the node on its tape.
    pub(super) fn number(self) -> u32 {
        self.number
    }

    /// What it is.
    #[inline]
    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// Where it stands in the body.
    pub(crate) fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// The text of a string or key, unescaped, or of a number, as written; else empty.
    #[inline]
    pub(crate) fn text(self) -> &'a str {
        let node = self.node();
        match node.kind {
            Kind::Number | Kind::String | Kind::Key => {
                self.tape.text.get(node.first as usize..node.last as usize).unwrap_or_default()
            }
            _ => "",
        }
    }

    /// How many members or items it has.
    #[inline]
    pub(crate) fn len(self) -> usize {
        let node = self.node();
        match node.kind {
            Kind::Array | Kind::Object if self.tape.spend(1) => node.first as usize,
            _ => 0,
        }
    }

    /// The items of an array. A step each.
    pub(crate) fn items(self) -> Items<'a> {
        let node = self.node();
        let end = if node.kind == Kind::Array { node.last } else { 0 };
        Items { tape: self.tape, next: self.number + 1, end }
    }

    /// The keys and values of an object. A step each.
    pub(crate) fn members(self) -> Members<'a> {
        let node = self.node();
        let end = if node.kind == Kind::Object { node.last } else { 0 };
        Members { tape: self.tape, next: self.number + 1, end }
    }

    /// The value of the member of that name; of several the last, as most readers have it. O(members).
    pub(crate) fn member(self, name: &str) -> Option<Cursor<'a>> {
        // PERF: most keys differ in length, which costs no look at the text.
        let is_wanted = |key: Cursor<'_>| {
            let node = key.node();
            (node.last - node.first) as usize == name.len() && key.text() == name
        };
        let mut found = self.members().filter(|(key, _)| is_wanted(*key)).map(|(_, value)| value);
        if self.tape.duplicates { found.last() } else { found.next() }
    }
}

/// The items of an array.
#[derive(Clone, Debug)]
pub(crate) struct Items<'a> {
    tape: &'a Tape,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Cursor<'a>;

    #[inline]
    fn next(&mut self) -> Option<Cursor<'a>> {
        if self.next >= self.end || !self.tape.spend(1) {
            return None;
        }
        let item = Cursor { tape: self.tape, number: self.next };
        self.next = item.node().after(self.next);
        Some(item)
    }
}

/// The members of an object: key and value.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    tape: &'a Tape,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cursor<'a>, Cursor<'a>);

    #[inline]
    fn next(&mut self) -> Option<(Cursor<'a>, Cursor<'a>)> {
        if self.next >= self.end || !self.tape.spend(1) {
            return None;
        }
        let key = Cursor { tape: self.tape, number: self.next };
        let value = Cursor { tape: self.tape, number: self.next + 1 };
        self.next = value.node().after(self.next + 1);
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::parse::json::JsonParser;

    fn tape(text: &[u8]) -> Tape {
        let mut tape = Tape::default();
        let _ = JsonParser::new(&Limits::default()).walk(text, 0, &Limits::default(), &mut tape);
        tape.finish();
        tape
    }

    #[test]
    fn the_longest_pointer_bounds_every_pointer() {
        for (text, longest) in [
            ("1", 8),
            ("[[1],2]", 16),
            (r#"{"abc":{"de":1},"fgh":[{"i":2}],"j":0}"#, 8 + 3 + 8 + 8 + 1),
            (r#"[{"long key":[]},{"a":1}]"#, 8 + 8 + 8),
        ] {
            assert_eq!(tape(text.as_bytes()).longest_pointer(), longest, "{text}");
        }
    }

    fn span_text<'t>(tape: &Tape, text: &'t str, pointer: &str) -> Option<&'t str> {
        tape.resolve(pointer).map(|cursor| &text[cursor.span()])
    }

    #[test]
    fn pointers_lead_to_spans() {
        let text = r#" {"a": [1, {"b~/c": "x\n"}, [ ]], "": null, "d":{}} "#;
        let tape = tape(text.as_bytes());
        assert_eq!(span_text(&tape, text, ""), Some(text.trim()));
        assert_eq!(span_text(&tape, text, "/a"), Some(r#"[1, {"b~/c": "x\n"}, [ ]]"#));
        assert_eq!(span_text(&tape, text, "/a/0"), Some("1"));
        assert_eq!(span_text(&tape, text, "/a/1/b~0~1c"), Some(r#""x\n""#));
        assert_eq!(span_text(&tape, text, "/a/2"), Some("[ ]"));
        assert_eq!(span_text(&tape, text, "/"), Some("null"));
        assert_eq!(span_text(&tape, text, "/d"), Some("{}"));
        for nowhere in ["/x", "/a/3", "/a/x", "/a/0/0", "/d/e"] {
            assert_eq!(span_text(&tape, text, nowhere), None, "{nowhere}");
        }
        assert_eq!(tape.resolve("/a").map(Cursor::len), Some(3));
        assert_eq!(tape.resolve("").map(Cursor::len), Some(3));
        assert_eq!(tape.resolve("/a/1/b~0~1c").map(Cursor::text), Some("x\n"));
    }

    #[test]
    fn only_whole_documents_can_be_read() {
        for text in [&b""[..], b"[1", b"{\"a\":", b"[1] 2", b"[1}", b"\"x"] {
            assert!(tape(text).root().is_none(), "{}", text.escape_ascii());
        }
        let mut reused = tape(b"[");
        reused.clear();
        let limits = Limits::default();
        let result = JsonParser::new(&limits).walk(b"[2]", 0, &limits, &mut reused);
        assert_eq!(result, Ok(()));
        assert!(reused.finish() && reused.len() == 2);

        let limits = Limits { depth: 1000, ..Limits::default() };
        let deep = [b"[".repeat(Tape::MAX_DEPTH + 1), b"]".repeat(Tape::MAX_DEPTH + 1)].concat();
        let mut tape = Tape::default();
        assert_eq!(JsonParser::new(&limits).walk(&deep, 0, &limits, &mut tape), Ok(()));
        assert!(!tape.finish());
    }

    #[test]
    fn texts_that_are_no_utf8_are_read_with_replacements() {
        let tape = tape(b"[\"a\xffb\", \"\xc3\", \"\xa9\", \"\\ud800\"]");
        let texts: Vec<_> =
            tape.resolve("").into_iter().flat_map(Cursor::items).map(Cursor::text).collect();
        assert_eq!(texts, ["a\u{fffd}b", "\u{fffd}", "\u{fffd}", "\u{fffd}"]);
    }

    #[test]
    fn of_a_repeated_key_the_last_counts() {
        let tape = tape(br#"{"a":1,"b":2,"a":3}"#);
        assert_eq!(tape.resolve("/a").map(Cursor::text), Some("3"));
        assert_eq!(tape.resolve("/b").map(Cursor::text), Some("2"));
    }

    #[test]
    fn without_steps_containers_read_as_empty() {
        let tape = tape(b"[[1],[2]]");
        tape.refuel(2);
        let items: Vec<_> = tape.root().into_iter().flat_map(Cursor::items).collect();
        assert_eq!(items.len(), 1);
        assert!(tape.is_exhausted());
        assert_eq!(items[0].len(), 0);
    }
}
