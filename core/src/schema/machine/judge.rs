//! The results of a complete value: which nodes of its set fail. No causes here: most values are good, or fail for a branch alone.

use std::hash::BuildHasher;
use std::ops::Range;

use super::{Frame, Machine, Record};
use crate::schema::bits::Bits;
use crate::schema::number::Decimal;
use crate::schema::pattern::is_ecma;
use crate::schema::program::{
    ArrayPlan, Caches, Check, Choice, Kind, ObjectPlan, Op, Program, Set,
};
use crate::schema::violation::Rule;

impl Machine {
    /// The nodes that a scalar fails. O(len of `text` x checks).
    #[inline]
    pub(super) fn judge(&mut self, program: &Program, set: &Set, kind: Kind, text: &[u8]) -> Bits {
        let Some(outcome) = set.kinds.get(kind as usize) else { return Bits::NONE };
        let mut holds = |check: &Check| check.holds(program, kind, text, &mut self.caches);
        // PERF: nearly all values of requests end here.
        if outcome.plain && outcome.checks.iter().all(|(_, check)| holds(check)) {
            return Bits::NONE;
        }
        let mut fail = outcome.fail;
        if outcome.settled {
            return fail;
        }
        for (node, check) in &outcome.checks {
            if !fail.has(*node) && !check.holds(program, kind, text, &mut self.caches) {
                fail.insert(*node);
            }
        }
        for op in &set.ops {
            op.join(&mut fail, Bits::NONE);
        }
        fail
    }

    /// The nodes that a container fails, now that it is complete.
    pub(super) fn judge_container(&mut self, program: &Program, frame: &Frame) -> Bits {
        let set = program.set(frame.set);
        let mut fail = frame.fail;
        self.own_failures(program, set, frame, &mut |node, _| fail.insert(node));
        for op in &set.ops {
            if let Op::Unevaluated { parent } = *op {
                if !fail.has(parent)
                    && self.unevaluated(program, set, frame, parent, fail).is_some()
                {
                    fail.insert(parent);
                }
            } else {
                op.join(&mut fail, frame.seen);
            }
        }
        fail
    }

    /// Tells which nodes a container fails by its own keywords, and which keywords.
    pub(super) fn own_failures(
        &mut self,
        program: &Program,
        set: &Set,
        frame: &Frame,
        failed: &mut impl FnMut(u16, Rule),
    ) {
        let kind = frame.kind();
        if let (Some(start), Some(outcome)) = (frame.capture, set.kinds.get(kind as usize)) {
            let text = self.canonical.bytes().get(start..).unwrap_or_default();
            for (node, check) in &outcome.checks {
                if !check.holds(program, kind, text, &mut self.caches) {
                    failed(*node, Rule::Never);
                }
            }
        }
        if let (true, Some(plan)) = (frame.object, &set.object) {
            members(plan, frame, failed);
        }
        if let (false, Some(plan)) = (frame.object, &set.array) {
            let counters = self.counters.get(frame.counters..).unwrap_or_default();
            items(plan, frame, counters, failed);
            if !plan.unique.is_empty() && self.has_twins(frame.items) {
                plan.unique.iter().for_each(|node| failed(node, Rule::Unique));
            }
        }
    }

    /// Whether two of the items from number `first` on are equal. O(bytes + n log n).
    fn has_twins(&mut self, first: usize) -> bool {
        let items = self.items.get(first..).unwrap_or_default();
        let bytes = self.canonical.bytes();
        let item = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        self.hashes.clear();
        let hashed = items.iter().enumerate();
        self.hashes.extend(hashed.map(|(at, range)| (self.hasher.hash_one(item(range)), at)));
        self.hashes.sort_unstable();
        // Under a key of its own nobody can choose items of one hash; those that have it are compared.
        self.hashes.chunk_by(|one, other| one.0 == other.0).any(|same| {
            let get = |&(_, at): &(u64, usize)| items.get(at).map(&item);
            let mut same: Vec<_> =
                if same.len() > 1 { same.iter().map(get).collect() } else { Vec::new() };
            same.sort_unstable();
            same.windows(2).any(|pair| pair.first() == pair.last())
        })
    }

    /// The first member or item that neither `parent` nor what it applies evaluates, and that is not good for it anyway.
    pub(super) fn unevaluated(
        &self,
        program: &Program,
        set: &Set,
        frame: &Frame,
        parent: u16,
        fail: Bits,
    ) -> Option<Record> {
        // A node may ask it of arrays and not of objects, or the other way round.
        let asking = if frame.object {
            program.object(frame.set).unevaluated
        } else {
            program.array(frame.set).unevaluated
        };
        if !asking.has(parent) {
            return None;
        }
        let cover = cover(&set.ops, parent, fail, frame.seen);
        if cover.without(Bits::one(parent)).intersects(asking) {
            return None;
        }
        let records = self.records.get(frame.records..).unwrap_or_default();
        records
            .iter()
            .find(|record| !record.evaluated.intersects(cover) && !record.good.has(parent))
            .copied()
    }
}

impl Frame {
    pub(super) fn kind(&self) -> Kind {
        if self.object { Kind::Object } else { Kind::Array }
    }
}

fn members(plan: &ObjectPlan, frame: &Frame, failed: &mut impl FnMut(u16, Rule)) {
    for required in &plan.required {
        if frame.seen.contains_all(required.needs) {
            continue;
        }
        for (at, bit) in (0u16..).zip(&required.bits) {
            if !frame.seen.has(*bit) {
                failed(required.parent, Rule::Required(at));
            }
        }
    }
    for rule in &plan.dependent {
        if frame.seen.has(rule.key) {
            for (at, bit) in (0u16..).zip(&rule.needs) {
                if !frame.seen.has(*bit) {
                    failed(rule.parent, Rule::Dependent(rule.rule, at));
                }
            }
        }
    }
    for size in &plan.sizes {
        if frame.count < size.min {
            failed(size.parent, Rule::MinProperties);
        }
        if frame.count > size.max {
            failed(size.parent, Rule::MaxProperties);
        }
    }
}

fn items(plan: &ArrayPlan, frame: &Frame, counters: &[u64], failed: &mut impl FnMut(u16, Rule)) {
    for size in &plan.sizes {
        if frame.count < size.min {
            failed(size.parent, Rule::MinItems);
        }
        if frame.count > size.max {
            failed(size.parent, Rule::MaxItems);
        }
    }
    for (counter, &count) in plan.counters.iter().zip(counters) {
        if count < counter.min {
            let rule = if counter.min_given { Rule::MinContains } else { Rule::Contains };
            failed(counter.parent, rule);
        }
        if count > counter.max {
            failed(counter.parent, Rule::MaxContains);
        }
    }
}

impl Op {
    /// Adds the parent to those that fail, if its children say so.
    #[inline]
    pub(crate) fn join(&self, fail: &mut Bits, seen: Bits) {
        let failed = match self {
            Op::All { child, .. } => fail.has(*child),
            Op::Any { of, .. } => of.iter().all(|child| fail.has(*child)),
            Op::One { of, .. } => of.iter().filter(|child| !fail.has(**child)).count() != 1,
            Op::Not { child, .. } => !fail.has(*child),
            Op::If { cond, then, otherwise, .. } => {
                let next = if fail.has(*cond) { otherwise } else { then };
                next.is_some_and(|next| fail.has(next))
            }
            Op::Dependent { key, child, .. } => seen.has(*key) && fail.has(*child),
            Op::Unevaluated { .. } => false,
        };
        if failed {
            fail.insert(self.parent());
        }
    }
}

/// The nodes whose evaluations count for `parent`: itself, and what it applies with success. O(ops).
fn cover(ops: &[Op], parent: u16, fail: Bits, seen: Bits) -> Bits {
    let mut cover = Bits::one(parent);
    let add = |cover: &mut Bits, node: u16| {
        if !fail.has(node) {
            cover.insert(node);
        }
    };
    for op in ops.iter().rev() {
        if !cover.has(op.parent()) {
            continue;
        }
        match op {
            Op::All { child, .. } => add(&mut cover, *child),
            Op::Any { of, .. } | Op::One { of, .. } => {
                of.iter().for_each(|child| add(&mut cover, *child));
            }
            Op::If { cond, then, otherwise, .. } => {
                add(&mut cover, *cond);
                let next = if fail.has(*cond) { otherwise } else { then };
                if let Some(next) = next {
                    add(&mut cover, *next);
                }
            }
            Op::Dependent { key, child, .. } if seen.has(*key) => add(&mut cover, *child),
            Op::Dependent { .. } | Op::Not { .. } | Op::Unevaluated { .. } => {}
        }
    }
    cover
}

impl Check {
    /// Whether a value is as the check wants it; `text` is a string without escapes, a number as written, or the canonical form of a container.
    /// O(len).
    pub(super) fn holds(
        &self,
        program: &Program,
        kind: Kind,
        text: &[u8],
        caches: &mut Caches,
    ) -> bool {
        match self {
            // A character takes four bytes at most.
            Check::MinLength(limit) => {
                let len = text.len() as u64;
                len / 4 >= *limit || (len >= *limit && characters(text) >= *limit)
            }
            Check::MaxLength(limit) => text.len() as u64 <= *limit || characters(text) <= *limit,
            Check::Pattern(at) => program.matches(*at, text, caches),
            Check::Format(format) => {
                str::from_utf8(text).is_ok_and(|text| format.is_valid(text, is_ecma))
            }
            Check::Content(content) => content.holds(text),
            Check::Minimum(limit) => limit.compare(text).is_ge(),
            Check::ExclusiveMinimum(limit) => limit.compare(text).is_gt(),
            Check::Maximum(limit) => limit.compare(text).is_le(),
            Check::ExclusiveMaximum(limit) => limit.compare(text).is_lt(),
            Check::MultipleOf(unit) => Decimal::new(text).is_multiple_of(unit),
            Check::Enum(at) | Check::Const(at) => {
                program.choices.get(*at as usize).is_some_and(|choice| choice.has(kind, text))
            }
        }
    }
}

impl Choice {
    fn has(&self, kind: Kind, text: &[u8]) -> bool {
        let container =
            |known: &[Box<[u8]>]| known.binary_search_by(|one| (**one).cmp(text)).is_ok();
        match kind {
            Kind::Null => self.null,
            Kind::False => self.falsity,
            Kind::True => self.truth,
            Kind::String => self.strings.find(text).is_some(),
            Kind::Array => container(&self.arrays),
            Kind::Object => container(&self.objects),
            Kind::Integer | Kind::IntegerByValue | Kind::Fraction => {
                self.numbers.iter().any(|known| known.compare(text).is_eq())
            }
        }
    }
}

/// How many characters (code points) a text in UTF-8 has. O(len).
fn characters(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u64
}
