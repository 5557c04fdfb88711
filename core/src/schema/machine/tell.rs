//! Why a value failed, worked out only where somebody is concerned: the failures of [`judge`](super::judge) once more, with causes.

use std::ops::Range;

use super::{Frame, Machine};
use crate::parse::json::Path;
use crate::schema::bits::Bits;
use crate::schema::cause::About;
use crate::schema::program::{Kind, Link, Node, Op, Program, Set, SetId};
use crate::schema::violation::Rule;

/// A value that is complete.
pub(super) enum Complete<'a> {
    /// Its kind and text.
    Scalar(Kind, &'a [u8]),
    Container(&'a Frame),
}

impl Machine {
    /// Works out why each node of the set failed. Where the causes start in `why`, and how long it was before.
    #[cold]
    pub(super) fn tell(
        &mut self,
        program: &Program,
        set: SetId,
        complete: &Complete<'_>,
        range: &Range<usize>,
        path: &Path,
    ) -> (usize, usize) {
        let set = program.set(set);
        let before = self.why.len();
        let (base, mut fail, seen) = match complete {
            Complete::Scalar(..) => {
                self.why.resize(before + set.nodes.len(), 0);
                (before, Bits::NONE, Bits::NONE)
            }
            Complete::Container(frame) => (frame.why, frame.fail, frame.seen),
        };
        let mut failures = Vec::new();
        for (at, &id) in (0u16..).zip(&set.nodes) {
            let Some(node) = program.nodes.get(id as usize) else { continue };
            self.own(program, node, complete, &mut |rule| failures.push((at, rule)));
        }
        if let Complete::Container(frame) = complete {
            if frame.open_ended {
                self.causes.set_end(frame.mark, frame.start, range.end);
            }
            self.own_failures(program, set, frame, &mut |node, rule| {
                // Those of checks have been told with their nodes.
                if rule != Rule::Never {
                    failures.push((node, rule));
                }
            });
        }
        for (at, rule) in failures {
            if set.branches.has(at) && fail.has(at) {
                continue;
            }
            fail.insert(at);
            self.add(set, base, at, rule, range, About::Value(path), 0);
        }
        for op in &set.ops {
            self.tell_op(program, set, op, complete, base, seen, &mut fail, range, path);
        }
        (base, before)
    }

    /// Tells the keywords of a node that look at the value alone and that it fails.
    fn own(
        &mut self,
        program: &Program,
        node: &Node,
        complete: &Complete<'_>,
        failed: &mut impl FnMut(Rule),
    ) {
        let (kind, text, capture) = match complete {
            Complete::Scalar(kind, text) => (*kind, *text, true),
            Complete::Container(frame) => {
                let start = frame.capture.unwrap_or_default();
                let text = self.canonical.bytes().get(start..).unwrap_or_default();
                (frame.kind(), text, frame.capture.is_some())
            }
        };
        if node.never {
            failed(Rule::Never);
        }
        if node.types.as_ref().is_some_and(|types| !types.kinds.has(kind)) {
            failed(Rule::Type);
        }
        for (at, check) in (0u16..).zip(&node.checks) {
            // Without the canonical form no value of the choice is of this kind.
            if check.concerns(kind)
                && !(capture && check.holds(program, kind, text, &mut self.caches))
            {
                failed(Rule::Check(at));
            }
        }
    }

    /// Adds a violation of node number `at` of the set.
    #[allow(clippy::too_many_arguments, reason = "what a violation consists of")]
    fn add(
        &mut self,
        set: &Set,
        base: usize,
        at: u16,
        rule: Rule,
        range: &Range<usize>,
        about: About<'_>,
        because: u32,
    ) {
        let node = set.nodes.get(usize::from(at)).copied().unwrap_or_default();
        let leaf = self.causes.leaf(node, rule, range.clone(), about, because);
        self.blame(base, at, leaf);
    }

    #[allow(clippy::too_many_arguments, reason = "the state of one value")]
    fn tell_op(
        &mut self,
        program: &Program,
        set: &Set,
        op: &Op,
        complete: &Complete<'_>,
        base: usize,
        seen: Bits,
        fail: &mut Bits,
        range: &Range<usize>,
        path: &Path,
    ) {
        let parent = op.parent();
        let why = |machine: &Machine, node: u16| {
            machine.why.get(base + usize::from(node)).copied().unwrap_or_default()
        };
        if let (Op::Unevaluated { .. }, Complete::Container(frame)) = (op, complete) {
            if let Some(record) = self.unevaluated(program, set, frame, parent, *fail) {
                let (rule, range) = if frame.object {
                    (Rule::UnevaluatedProperties, record.start..record.end)
                } else {
                    (Rule::UnevaluatedItems, range.clone())
                };
                fail.insert(parent);
                self.add(set, base, parent, rule, &range, About::Value(path), 0);
            }
            return;
        }
        // Whether it failed, not whether the parent had failed before.
        let mut joined = fail.without(Bits::one(parent));
        op.join(&mut joined, seen);
        if !joined.has(parent) {
            return;
        }
        fail.insert(parent);
        let nearest = |machine: &Machine, of: &[u16]| {
            of.iter().map(|child| why(machine, *child)).max_by_key(|&id| machine.causes.reach(id))
        };
        let (rule, because) = match op {
            Op::All { child, .. } | Op::Dependent { child, .. } => {
                let because = why(self, *child);
                return self.blame(base, parent, because);
            }
            Op::If { cond, then, otherwise, .. } => {
                let next = if fail.has(*cond) { otherwise } else { then };
                let because = next.map_or(0, |next| why(self, next));
                return self.blame(base, parent, because);
            }
            Op::Any { of, .. } => (Rule::Any, nearest(self, of)),
            Op::One { of, .. } if of.iter().all(|child| fail.has(*child)) => {
                (Rule::OneOfNone, nearest(self, of))
            }
            Op::One { .. } => (Rule::OneOfMany, None),
            Op::Not { .. } => (Rule::Not, None),
            Op::Unevaluated { .. } => return,
        };
        let because = because.unwrap_or_default();
        self.add(set, base, parent, rule, range, About::Value(path), because);
    }

    /// The key just read, where not all names are allowed.
    pub(super) fn name(&mut self, program: &Program, name: &[u8], path: &Path) {
        let Some(frame) = self.frames.last() else { return };
        let Some(step) = &program.object(frame.set).names else { return };
        let Some(set) = program.sets.get(step.set as usize) else { return };
        let (outer, around) = (frame.why, program.set(frame.set));
        let (range, start) = (frame.key.clone(), frame.start..frame.start);
        let fail = self.judge(program, set, Kind::String, name);
        if !step.must_fail(fail) {
            return;
        }
        if self.quiet {
            // A name fails nodes as a value does.
            return self.pass_on(program, step, fail);
        }
        let complete = Complete::Scalar(Kind::String, name);
        let (base, before) = self.tell(program, step.set, &complete, &range, path);
        for link in &step.links {
            let Link::Must { child, parent } = *link else { continue };
            if !fail.has(child) {
                continue;
            }
            let because = self.why.get(base + usize::from(child)).copied().unwrap_or_default();
            // Where the object ends is not known yet.
            let about = About::Container(path);
            self.add(around, outer, parent, Rule::Names, &start, about, because);
            if let Some(frame) = self.frames.last_mut() {
                frame.fail.insert(parent);
                frame.open_ended = true;
            }
        }
        self.why.truncate(before);
    }

    /// The member or item that just ended is not allowed by some nodes. Each tells the first alone.
    #[cold]
    pub(super) fn refuse(&mut self, program: &Program, end: usize, path: &Path) {
        let Some(frame) = self.frames.last_mut() else { return };
        let nodes = program.closed(frame.set, frame.at).without(frame.refused);
        frame.closed = false;
        frame.refused = frame.refused.or(nodes);
        let known = program.set(frame.set).branches.and(frame.fail);
        frame.fail = frame.fail.or(nodes);
        let nodes = nodes.without(known);
        frame.open_ended |= !frame.object;
        let (base, set) = (frame.why, program.set(frame.set));
        let (rule, range) = if frame.object {
            (Rule::Additional, frame.key.start..end)
        } else {
            (Rule::AdditionalItems, frame.start..frame.start)
        };
        for node in nodes.iter() {
            self.add(set, base, node, rule, &range, About::Container(path), 0);
        }
    }
}
