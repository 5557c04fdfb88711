//! Why a node failed: kept only for failures that may matter, as a graph whose leaves are violations.
//!
//! A document that is as the schema wants it makes none, except where branches of `anyOf` and its like fail; theirs are dropped as soon as
//! the value that they were about is found good. All memory is bounded: what finds no room stays unexplained.

use std::fmt::Write;
use std::ops::Range;

use super::program::{NodeId, Program};
use super::violation::{Rule, Violation};
use crate::parse::json::Path;

/// Number of a cause plus 1; 0 for none.
pub(crate) type CauseId = u32;

/// Causes that are kept at one time.
const CAUSES_MAX: usize = 16 << 10;
/// Bytes of their instance pointers.
const TEXT_MAX: usize = 1 << 20;
/// Causes of one node.
const EACH_MAX: u32 = 256;

#[derive(Clone, Copy, Debug)]
struct Cause {
    what: What,
    /// How many leaves there are at most.
    count: u32,
    /// How far into the document the latest of them is.
    reach: usize,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Leaf(Leaf),
    Both(CauseId, CauseId),
}

/// A violation of one keyword.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub(crate) node: NodeId,
    pub(crate) rule: Rule,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where its instance pointer stands in `text`.
    pointer: (u32, u32),
    /// Of a branch: what was wrong with the one that got furthest.
    because: CauseId,
}

#[derive(Debug, Default)]
pub(crate) struct Causes {
    list: Vec<Cause>,
    text: String,
}

/// How much there was at some time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    list: usize,
    text: usize,
}

/// Which value a violation is about.
#[derive(Clone, Copy)]
pub(crate) enum About<'p> {
    /// The one that the path leads to.
    Value(&'p Path),
    /// The container around it.
    Container(&'p Path),
}

impl Causes {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.text.clear();
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { list: self.list.len(), text: self.text.len() }
    }

    /// Drops what came after the mark.
    pub(crate) fn drop_after(&mut self, mark: Mark) {
        self.list.truncate(mark.list);
        self.text.truncate(mark.text);
    }

    /// A violation; 0 if there is no room for it.
    pub(crate) fn leaf(
        &mut self,
        node: NodeId,
        rule: Rule,
        range: Range<usize>,
        about: About<'_>,
        because: CauseId,
    ) -> CauseId {
        if self.list.len() >= CAUSES_MAX || self.text.len() >= TEXT_MAX {
            return 0;
        }
        let start = self.text.len();
        match about {
            About::Value(path) => path.pointer(&mut self.text),
            About::Container(path) => {
                path.pointer(&mut self.text);
                let parent = self.text.rfind('/').unwrap_or(start);
                self.text.truncate(parent.max(start));
            }
        }
        let pointer = (start as u32, self.text.len() as u32);
        let reach = range.end.max(self.reach(because));
        let leaf = Leaf { node, rule, start: range.start, end: range.end, pointer, because };
        self.push(What::Leaf(leaf), 1, reach)
    }

    fn push(&mut self, what: What, count: u32, reach: usize) -> CauseId {
        self.list.push(Cause { what, count, reach });
        self.list.len() as CauseId
    }

    fn get(&self, id: CauseId) -> Option<&Cause> {
        self.list.get((id as usize).checked_sub(1)?)
    }

    /// Both causes; the first alone if it is many already.
    pub(crate) fn both(&mut self, one: CauseId, other: CauseId) -> CauseId {
        let (Some(first), Some(second)) = (self.get(one), self.get(other)) else {
            return one.max(other);
        };
        if first.count >= EACH_MAX || self.list.len() >= CAUSES_MAX {
            return one;
        }
        let (count, reach) = (first.count + second.count, first.reach.max(second.reach));
        self.push(What::Both(one, other), count, reach)
    }

    /// How far into the document it got; 0 for none.
    pub(crate) fn reach(&self, id: CauseId) -> usize {
        self.get(id).map_or(0, |cause| cause.reach)
    }

    /// Sets the end of the leaves after the mark that began at `start` and do not know theirs.
    pub(crate) fn set_end(&mut self, mark: Mark, start: usize, end: usize) {
        for cause in self.list.iter_mut().skip(mark.list) {
            if let What::Leaf(leaf) = &mut cause.what
                && leaf.start == start
                && leaf.end == start
            {
                leaf.end = end;
            }
        }
    }

    /// The leaves of a cause, in no order, each once.
    fn leaves(&self, root: CauseId) -> Vec<&Leaf> {
        let mut seen = vec![false; self.list.len()];
        let mut open = vec![root];
        let mut leaves = Vec::new();
        while let Some(id) = open.pop() {
            let Some(at) = (id as usize).checked_sub(1) else { continue };
            if seen.get_mut(at).is_none_or(|seen| std::mem::replace(seen, true)) {
                continue;
            }
            match self.list.get(at).map(|cause| &cause.what) {
                Some(What::Leaf(leaf)) => leaves.push(leaf),
                Some(What::Both(one, other)) => open.extend([*one, *other]),
                None => {}
            }
        }
        leaves
    }

    /// Tells the violations of a cause in the order of the document, at most `max`.
    pub(crate) fn report(
        &self,
        program: &Program,
        root: CauseId,
        max: usize,
        report: &mut impl FnMut(Violation<'_>),
    ) {
        let mut leaves = self.leaves(root);
        leaves.sort_by(|one, other| {
            let place = |leaf: &Leaf| (leaf.start, leaf.end);
            place(one).cmp(&place(other)).then_with(|| {
                let schema = |leaf: &Leaf| self.schema(program, leaf);
                schema(one).cmp(&schema(other))
            })
        });
        for leaf in leaves.into_iter().take(max) {
            let Some(node) = program.nodes.get(leaf.node as usize) else { continue };
            let mut message = leaf.rule.message(program, node);
            self.add_nearest(program, leaf, &mut message);
            report(Violation {
                keyword: leaf.rule.keyword(node),
                instance: self.pointer(leaf),
                schema: &self.schema(program, leaf),
                span: leaf.start..leaf.end,
                message,
            });
        }
    }

    fn pointer(&self, leaf: &Leaf) -> &str {
        self.text.get(leaf.pointer.0 as usize..leaf.pointer.1 as usize).unwrap_or_default()
    }

    /// Where the violated keyword stands; of a name, the keyword that the name violates.
    fn schema(&self, program: &Program, leaf: &Leaf) -> String {
        let inner = (leaf.rule == Rule::Names)
            .then(|| self.leaves(leaf.because))
            .and_then(|leaves| leaves.first().copied());
        let leaf = inner.unwrap_or(leaf);
        program
            .nodes
            .get(leaf.node as usize)
            .map(|node| leaf.rule.pointer(node))
            .unwrap_or_default()
    }

    /// Of the branches of `anyOf` and `oneOf`: what was wrong with the nearest.
    fn add_nearest(&self, program: &Program, leaf: &Leaf, message: &mut String) {
        if leaf.rule == Rule::Names {
            return;
        }
        let nearest = self.leaves(leaf.because);
        let Some(leaf) = nearest.iter().max_by_key(|leaf| leaf.end) else { return };
        let Some(node) = program.nodes.get(leaf.node as usize) else { return };
        // Writing to a String cannot fail.
        let _ = write!(
            message,
            "; nearest is {}: {}",
            leaf.rule.pointer(node),
            leaf.rule.message(program, node)
        );
    }
}
