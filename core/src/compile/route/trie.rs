//! The tree of routes, a node for each segment.
//!
//! Why not a router crate: matchit (0.9.2) was tried and refuses sets of routes that policies and API descriptions have:
//! `/{*rest}` for all else beside `/{tenant}/orders`, or `/compare/{base}...{head}`. Here any templates go together; only
//! the same one twice is an error.
//!
//! Where several routes match, the first segment in which they differ decides: text goes before a parameter with text
//! around it, the more text the better, that before a bare parameter, that before a rest. A route that does not answer to
//! the method is no match, and the next best is taken.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;

use super::path::{Canonical, Reading, push_canonical};
use super::template::Template;
use crate::decode::view::View;

/// The routes of a policy under one reading.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    reading: Reading,
    /// The first is the root; each is the child of one before it.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    texts: BTreeMap<Box<[u8]>, usize>,
    /// Most text first.
    patterns: Vec<(Pattern, usize)>,
    /// Routes that end here.
    here: Vec<Entry>,
    /// Routes that take any rest from here on.
    rest: Vec<Entry>,
}

/// A route at its node.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Index into `routes` of the policy.
    pub(super) route: usize,
    /// Empty for all.
    pub(super) methods: Box<[Box<str>]>,
}

/// A segment with parameters: the text before, between and after them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    texts: Box<[Box<[u8]>]>,
}

/// What [`Trie::find`] found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Index into `routes` of the policy.
    pub(super) route: usize,
    /// Whether the path ends in the rest of the route's template.
    pub(super) by_rest: bool,
}

/// Memory for [`Trie::find`].
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    frames: Vec<Frame>,
}

/// A node on the way down; its place on the stack is the number of the segment.
#[derive(Clone, Debug)]
struct Frame {
    node: usize,
    /// What to try next: 0 the child by text, then the patterns, then the rest.
    choice: usize,
    /// How many values were known on arrival.
    values: usize,
}

impl Trie {
    pub(super) fn new(reading: Reading) -> Trie {
        Trie { reading, nodes: vec![Node::default()] }
    }

    /// Adds a route. If another is already there for one of its methods, that one goes before and is the error.
    pub(super) fn insert(&mut self, template: &Template, entry: Entry) -> Result<(), usize> {
        let mut at = 0;
        for texts in &template.segments {
            at = self.child(at, texts);
        }
        let Some(node) = self.nodes.get_mut(at) else { return Ok(()) };
        let entries = if template.rest { &mut node.rest } else { &mut node.here };
        let other = entries.iter().find(|other| other.overlaps(&entry)).map(|other| other.route);
        entries.push(entry);
        other.map_or(Ok(()), Err)
    }

    /// The child of node `at` for a segment, made if it is not there.
    fn child(&mut self, at: usize, texts: &[String]) -> usize {
        let canonical = texts.iter().map(|text| {
            let mut view = View::default();
            push_canonical(text.as_bytes(), self.reading, &mut view);
            view.bytes().into()
        });
        let texts: Box<[Box<[u8]>]> = canonical.collect();
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        let child = if let [text] = &*texts {
            *node.texts.entry(text.clone()).or_insert(new)
        } else if let Some((_, child)) = node.patterns.iter().find(|(p, _)| *p.texts == *texts) {
            *child
        } else {
            node.patterns.push((Pattern { texts }, new));
            node.patterns.sort_by_key(|(pattern, _)| Reverse(pattern.text_len()));
            new
        };
        if child == new {
            self.nodes.push(Node::default());
        }
        child
    }

    /// The route of a path, and where its parameters stand in the canonical form.
    ///
    /// Each node is visited once at most: O(len x patterns of a node), whatever the path.
    pub(super) fn find(
        &self,
        method: &[u8],
        path: Canonical<'_>,
        stack: &mut Stack,
        values: &mut Vec<Range<usize>>,
    ) -> Option<Found> {
        let frames = &mut stack.frames;
        frames.clear();
        frames.push(Frame { node: 0, choice: 0, values: 0 });
        while let Some(frame) = frames.last_mut() {
            values.truncate(frame.values);
            let node = self.nodes.get(frame.node)?;
            let choice = frame.choice;
            frame.choice += 1;
            let depth = frames.len() - 1;
            let Some(segment) = path.segments.get(depth) else {
                if let Some(route) = answering(&node.here, method) {
                    return Some(Found { route, by_rest: false });
                }
                if let Some(route) = answering(&node.rest, method) {
                    return Some(Found { route, by_rest: true });
                }
                frames.pop();
                continue;
            };
            let text = path.bytes.get(segment.clone()).unwrap_or_default();
            let child = if choice == 0 {
                node.texts.get(text).copied()
            } else if let Some((pattern, child)) = node.patterns.get(choice - 1) {
                pattern.matches(text, segment.start, values).then_some(*child)
            } else {
                if let Some(route) = answering(&node.rest, method) {
                    let end = path.segments.last().map_or(segment.end, |last| last.end);
                    values.push(segment.start..end);
                    return Some(Found { route, by_rest: true });
                }
                frames.pop();
                continue;
            };
            frames.extend(child.map(|node| Frame { node, choice: 0, values: values.len() }));
        }
        None
    }
}

/// The route for a method: one that names it, for HEAD one that names GET, or one for all.
///
/// Methods match in any case, as some servers read them.
fn answering(entries: &[Entry], method: &[u8]) -> Option<usize> {
    let naming = |method: &[u8]| entries.iter().find(|entry| entry.names(method));
    let get = || method.eq_ignore_ascii_case(b"HEAD").then(|| naming(b"GET")).flatten();
    let all = || entries.iter().find(|entry| entry.methods.is_empty());
    naming(method).or_else(get).or_else(all).map(|entry| entry.route)
}

impl Entry {
    fn names(&self, method: &[u8]) -> bool {
        self.methods.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(method))
    }

    fn overlaps(&self, other: &Entry) -> bool {
        (self.methods.is_empty() && other.methods.is_empty())
            || self.methods.iter().any(|method| other.names(method.as_bytes()))
    }
}

impl Pattern {
    fn text_len(&self) -> usize {
        self.texts.iter().map(|text| text.len()).sum()
    }

    /// Whether a segment, which starts at `at`, has the texts with something between each two of them; appends where that
    /// stands. A parameter takes as little as it can. O(len x texts).
    fn matches(&self, segment: &[u8], at: usize, values: &mut Vec<Range<usize>>) -> bool {
        let [first, between @ .., last] = &*self.texts else { return false };
        // PERF: comparing with an empty box calls memcmp on a dangling pointer, which costs its masked loads 40 ns.
        if !(first.is_empty() || segment.starts_with(first))
            || !(last.is_empty() || segment.ends_with(last))
        {
            return false;
        }
        let known = values.len();
        let (mut start, end) = (first.len(), segment.len() - last.len());
        for text in between {
            let found = segment.get(start + 1..end).and_then(|rest| memmem::find(rest, text));
            let Some(len) = found.map(|len| len + 1) else {
                values.truncate(known);
                return false;
            };
            values.push(at + start..at + start + len);
            start += len + text.len();
        }
        if start >= end {
            values.truncate(known);
            return false;
        }
        values.push(at + start..at + end);
        true
    }
}
