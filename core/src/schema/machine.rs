//! The machine: runs a [`Program`] on the parser's events, one pass, no document in memory.
//!
//! Each open container is a frame: the set of nodes that are live for it, which of them have failed, and what has been seen (bits of
//! names, counts). A key or an index leads to the set of the inner value; when that value is complete, its results are handed to the
//! frame around it. All that an event needs is in the frames, so a document may be cut anywhere, and nothing recurses.
//!
//! Costs O(bytes + values x nodes of their set); memory O(depth + what `uniqueItems`, `enum` and `const` of containers must keep).

use std::hash::RandomState;
use std::ops::Range;

use super::bits::Bits;
use super::canonical::Canonical;
use super::cause::{CauseId, Causes, Mark};
use super::number::{self, Whole};
use super::pattern::SetCache;
use super::program::{At, Caches, Kind, Link, NO_SET, Program, SetId, Step};
use super::violation::Violation;
use crate::parse::json::{Event, Path, Text, unescape};

mod judge;
mod tell;

use tell::Complete;

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// As the schema wants it.
    Valid,
    /// Not; there was a violation at least.
    Invalid,
    /// It cannot be said: there is no whole document, or a bound was met. Told as a violation too.
    Undecided,
}

/// A run's memory.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    frames: Vec<Frame>,
    /// For each frame and node of its set, why the node failed.
    why: Vec<CauseId>,
    /// For each open array and `contains`, how many items matched.
    counters: Vec<u64>,
    records: Vec<Record>,
    /// Where the items of arrays stand in `canonical`, if they must be unique.
    items: Vec<Range<usize>>,
    canonical: Canonical,
    /// How many open values need the canonical form.
    capturing: usize,
    /// How many containers are open in a value that nobody asks about.
    idle: usize,
    causes: Causes,
    /// Whether nobody will ask for violations.
    quiet: bool,
    /// A text without its escapes.
    text: Vec<u8>,
    hashes: Vec<(u64, usize)>,
    hasher: RandomState,
    caches: Caches,
    names: SetCache,
    result: Option<Judged>,
}

#[derive(Clone, Copy, Debug)]
struct Judged {
    valid: bool,
    why: CauseId,
}

/// An open container.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is asked alone, most of them for every member"
)]
struct Frame {
    set: u32,
    object: bool,
    /// The way to the value inside that is current.
    at: At,
    /// Its set.
    next: SetId,
    /// Whether it counts even if it is good.
    tracks: bool,
    /// Whether some node does not allow a value there.
    closed: bool,
    /// Whether items must be unique.
    unique: bool,
    /// Nodes that have failed.
    fail: Bits,
    /// Names that are there.
    seen: Bits,
    /// Nodes for which a value that they do not allow was told.
    refused: Bits,
    /// Whether a cause was told that ends where the container does.
    open_ended: bool,
    /// Members or items so far.
    count: u64,
    start: usize,
    /// The current key.
    key: Range<usize>,
    mark: Mark,
    why: usize,
    counters: usize,
    records: usize,
    items: usize,
    /// Where its canonical form starts, if `enum` or `const` need it.
    capture: Option<usize>,
    /// Where that of the current item starts.
    item: usize,
}

/// What is asked about members or items at the end: who evaluated one, and for whom it is good anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    evaluated: Bits,
    good: Bits,
    start: usize,
    end: usize,
}

impl Machine {
    /// Makes ready for another document; keeps the memory. `quiet` if nobody will ask for its violations.
    pub(crate) fn begin(&mut self, quiet: bool) {
        self.quiet = quiet;
        self.frames.clear();
        self.why.clear();
        self.counters.clear();
        self.records.clear();
        self.items.clear();
        self.canonical.clear();
        self.capturing = 0;
        self.idle = 0;
        self.causes.clear();
        self.result = None;
    }

    /// The verdict on a document that is complete.
    pub(crate) fn validity(&self) -> Validity {
        match self.result {
            None => Validity::Undecided,
            Some(judged) if judged.valid => Validity::Valid,
            Some(_) => Validity::Invalid,
        }
    }

    /// Tells the violations in the order of the document, at most `max`.
    pub(crate) fn report(
        &self,
        program: &Program,
        max: usize,
        report: &mut impl FnMut(Violation<'_>),
    ) {
        let special = |keyword, message: &str| Violation {
            keyword,
            instance: "",
            schema: "",
            span: 0..0,
            message: message.to_owned(),
        };
        match self.result {
            None => report(special("undecided", "there is no whole document to validate")),
            Some(Judged { valid: false, why: 0 }) => report(special(
                "unexplained",
                "the document does not satisfy the schema, in more ways than can be told",
            )),
            Some(judged) if !judged.valid => self.causes.report(program, judged.why, max, report),
            Some(_) => {}
        }
    }

    /// Takes the next event of the document.
    #[inline]
    pub(crate) fn event(
        &mut self,
        program: &Program,
        event: Event<'_>,
        range: Range<usize>,
        path: &Path,
    ) {
        match event {
            // Inside of a value that nobody asks about only the brackets count.
            Event::ObjectStart | Event::ArrayStart if self.idle > 0 => self.idle += 1,
            Event::ObjectEnd | Event::ArrayEnd if self.idle > 0 => self.idle -= 1,
            _ if self.idle > 0 => {}
            Event::Key(Text { raw, escaped: false, utf8: true }) => {
                self.key(program, raw, range, path);
            }
            Event::String(Text { raw, escaped: false, utf8: true }) => {
                self.scalar(program, Kind::String, raw, range, path);
            }
            Event::Key(text) => self.with_text(text, |machine, text| {
                machine.key(program, text, range, path);
            }),
            Event::String(text) => self.with_text(text, |machine, text| {
                machine.scalar(program, Kind::String, text, range, path);
            }),
            Event::Number(text) => {
                let kind = match number::whole(text) {
                    Whole::Written => Kind::Integer,
                    Whole::ByValue => Kind::IntegerByValue,
                    Whole::No => Kind::Fraction,
                };
                self.scalar(program, kind, text, range, path);
            }
            Event::Bool(true) => self.scalar(program, Kind::True, b"true", range, path),
            Event::Bool(false) => self.scalar(program, Kind::False, b"false", range, path),
            Event::Null => self.scalar(program, Kind::Null, b"null", range, path),
            Event::ObjectStart => self.open(program, Kind::Object, range.start),
            Event::ArrayStart => self.open(program, Kind::Array, range.start),
            Event::ObjectEnd | Event::ArrayEnd => self.close(program, range.end, path),
        }
    }

    /// Calls `then` with the text as it is meant: without escapes, in UTF-8.
    #[cold]
    fn with_text(&mut self, text: Text<'_>, then: impl FnOnce(&mut Machine, &[u8])) {
        let mut plain = std::mem::take(&mut self.text);
        plain.clear();
        let lossy = String::from_utf8_lossy(if text.utf8 { b"" } else { text.raw });
        let raw = if text.utf8 { text.raw } else { lossy.as_bytes() };
        if text.escaped {
            unescape(raw, &mut plain);
        } else {
            plain.extend_from_slice(raw);
        }
        then(self, &plain);
        self.text = plain;
    }

    #[inline]
    fn key(&mut self, program: &Program, name: &[u8], range: Range<usize>, path: &Path) {
        if self.capturing > 0 {
            self.canonical.key(name);
        }
        let Some(frame) = self.frames.last_mut() else { return };
        let plan = program.object(frame.set);
        frame.count += 1;
        frame.key = range;
        frame.at = if let Some(number) = plan.keys.find(name) {
            At::Member(number)
        } else {
            let mut matching = 0;
            if let Some(set) = &plan.which {
                set.matches(name, &mut self.names, |bit| matching |= 1 << bit);
            } else {
                for (bit, &pattern) in plan.patterns.iter().enumerate() {
                    let matches = program.matches(pattern, name, &mut self.caches);
                    matching |= u32::from(matches) << bit;
                }
            }
            At::Other(matching)
        };
        let Some(member) = plan.member(frame.at) else {
            (frame.next, frame.tracks, frame.closed) = (NO_SET, false, false);
            return;
        };
        if let Some(bit) = member.bit {
            frame.seen.insert(bit);
        }
        frame.next = member.step.set;
        frame.tracks = member.step.tracks;
        frame.closed = member.refused;
        if member.named {
            self.name(program, name, path);
        }
    }

    #[inline]
    fn scalar(
        &mut self,
        program: &Program,
        kind: Kind,
        text: &[u8],
        range: Range<usize>,
        path: &Path,
    ) {
        let set = self.enter(program);
        if self.capturing > 0 {
            match kind {
                Kind::Null => self.canonical.null(),
                Kind::False | Kind::True => self.canonical.boolean(kind == Kind::True),
                Kind::String => self.canonical.string(text),
                _ => self.canonical.number(text),
            }
        }
        let fail = match program.sets.get(set as usize) {
            Some(set) => self.judge(program, set, kind, text),
            None => Bits::NONE,
        };
        if let Some(frame) = self.frames.last()
            && fail.is_empty()
            && !(frame.tracks || frame.unique || frame.closed)
        {
            return;
        }
        let step = self.step(program);
        self.leave(program, step, fail, &Complete::Scalar(kind, text), &range, path);
        self.keep(program, step, fail, &range);
    }

    /// The way to the current value of the innermost frame.
    fn step<'p>(&self, program: &'p Program) -> &'p Step {
        match self.frames.last() {
            Some(frame) => program.step(frame.set, frame.at),
            None => &program.root,
        }
    }

    /// The set of the value that begins now.
    #[inline]
    fn enter(&mut self, program: &Program) -> SetId {
        let Some(frame) = self.frames.last_mut() else { return program.root.set };
        if !frame.object {
            let plan = program.array(frame.set);
            let index = frame.count;
            frame.count += 1;
            frame.at =
                if index < plan.prefix.len() as u64 { At::Prefix(index as u32) } else { At::Rest };
            if let Some(item) = plan.item(frame.at) {
                frame.next = item.step.set;
                frame.tracks = item.step.tracks;
                frame.closed = item.refused;
            }
            frame.item = self.canonical.bytes().len();
        }
        frame.next
    }

    fn open(&mut self, program: &Program, kind: Kind, start: usize) {
        let id = self.enter(program);
        let set = program.sets.get(id as usize);
        let outcome = set.and_then(|set| set.kinds.get(kind as usize));
        let captures = outcome.is_some_and(|outcome| outcome.captures);
        let object = kind == Kind::Object;
        let unique = !object && !program.array(id).unique.is_empty();
        // Nothing in it matters, and nobody will ask where it ends.
        let good = outcome.is_none_or(|outcome| outcome.settled && outcome.fail.is_empty());
        let asks = |frame: &Frame| frame.closed || frame.tracks;
        if good && !self.frames.last().is_some_and(asks) && self.capturing == 0 {
            self.idle = 1;
            if self.frames.is_empty() {
                self.result = Some(Judged { valid: true, why: 0 });
            }
            return;
        }
        let capture = captures.then_some(self.canonical.bytes().len());
        self.capturing += usize::from(captures) + usize::from(unique);
        if self.capturing > 0 {
            self.canonical.open(object);
        }
        self.frames.push(Frame {
            set: id,
            object,
            at: At::Nothing,
            next: NO_SET,
            tracks: false,
            closed: false,
            unique,
            fail: outcome.map_or(Bits::NONE, |outcome| outcome.fail),
            seen: Bits::NONE,
            refused: Bits::NONE,
            open_ended: false,
            count: 0,
            start,
            key: 0..0,
            mark: self.causes.mark(),
            why: self.why.len(),
            counters: self.counters.len(),
            records: self.records.len(),
            items: self.items.len(),
            capture,
            item: 0,
        });
        let Some(set) = set else { return };
        self.why.resize(self.why.len() + set.nodes.len(), 0);
        if let (Kind::Array, Some(plan)) = (kind, &set.array) {
            self.counters.resize(self.counters.len() + plan.counters.len(), 0);
        }
    }

    fn close(&mut self, program: &Program, end: usize, path: &Path) {
        let Some(frame) = self.frames.pop() else { return };
        if self.capturing > 0 {
            self.canonical.close();
        }
        let fail = self.judge_container(program, &frame);
        let step = self.step(program);
        let range = frame.start..end;
        let told = self.leave(program, step, fail, &Complete::Container(&frame), &range, path);
        if !told {
            self.causes.drop_after(frame.mark);
        }
        self.why.truncate(frame.why);
        self.counters.truncate(frame.counters);
        self.records.truncate(frame.records);
        self.items.truncate(frame.items);
        self.capturing -= usize::from(frame.capture.is_some()) + usize::from(frame.unique);
        self.keep(program, step, fail, &range);
        if self.capturing == 0 {
            self.canonical.clear();
        }
    }

    /// Hands the results of a complete value to the frame around it. Whether its causes are part of somebody else's now.
    #[inline]
    fn leave(
        &mut self,
        program: &Program,
        step: &Step,
        fail: Bits,
        complete: &Complete<'_>,
        range: &Range<usize>,
        path: &Path,
    ) -> bool {
        let Some(frame) = self.frames.last() else {
            return self.end(program, step, fail, complete, range, path);
        };
        if fail.is_empty() && !frame.closed {
            return false;
        }
        self.hand_over(program, step, fail, complete, range, path)
    }

    /// [`Machine::leave`] where something is to be told.
    fn hand_over(
        &mut self,
        program: &Program,
        step: &Step,
        fail: Bits,
        complete: &Complete<'_>,
        range: &Range<usize>,
        path: &Path,
    ) -> bool {
        let mut told = false;
        if self.quiet {
            self.pass_on(program, step, fail);
            return false;
        }
        let Some(frame) = self.frames.last() else { return false };
        let (outer, known) = (frame.why, program.set(frame.set).branches.and(frame.fail));
        let is_new = |link: &&Link| matches!(link, Link::Must { child, parent } if fail.has(*child) && !known.has(*parent));
        if step.links.iter().any(|link| is_new(&link)) {
            told = true;
            let (base, before) = self.tell(program, step.set, complete, range, path);
            for link in step.links.iter().filter(is_new) {
                if let Link::Must { child, parent } = *link {
                    let because = self.why.get(base + usize::from(child)).copied().unwrap_or(0);
                    self.blame(outer, parent, because);
                    if let Some(frame) = self.frames.last_mut() {
                        frame.fail.insert(parent);
                    }
                }
            }
            self.why.truncate(before);
        }
        if self.frames.last().is_some_and(|frame| frame.closed) {
            self.refuse(program, range.end, path);
            told = true;
        }
        told
    }

    /// Hands over what fails, without causes.
    fn pass_on(&mut self, program: &Program, step: &Step, fail: Bits) {
        let Some(frame) = self.frames.last_mut() else { return };
        for link in &step.links {
            if let Link::Must { child, parent } = *link
                && fail.has(child)
            {
                frame.fail.insert(parent);
            }
        }
        if frame.closed {
            frame.fail = frame.fail.or(program.closed(frame.set, frame.at));
        }
    }

    /// Keeps what the frame around a complete value will ask about it at its end.
    #[inline]
    fn keep(&mut self, program: &Program, step: &Step, fail: Bits, range: &Range<usize>) {
        let Some(frame) = self.frames.last() else { return };
        if frame.unique {
            self.items.push(frame.item..self.canonical.bytes().len());
        }
        if step.tracks {
            self.track(program, step, fail, range);
        }
    }

    /// Counts for `contains`, keeps for `unevaluated…` what the value is.
    fn track(&mut self, program: &Program, step: &Step, fail: Bits, range: &Range<usize>) {
        let Some(frame) = self.frames.last() else { return };
        let (mut evaluated, mut good) = (step.evaluated, Bits::NONE);
        let plan = program.array(frame.set);
        for link in &step.links {
            match *link {
                Link::Count { child, counter } if !fail.has(child) => {
                    let at = frame.counters + usize::from(counter);
                    if let Some(count) = self.counters.get_mut(at) {
                        *count += 1;
                    }
                    let counter = plan.counters.get(usize::from(counter));
                    if let Some(counter) = counter.filter(|counter| counter.evaluates) {
                        evaluated.insert(counter.parent);
                    }
                }
                Link::Unevaluated { child, parent } if !fail.has(child) => good.insert(parent),
                _ => {}
            }
        }
        let asked =
            if frame.object { program.object(frame.set).unevaluated } else { plan.unevaluated };
        if asked.is_empty() {
            return;
        }
        let start = if frame.object { frame.key.start } else { range.start };
        let record = Record { evaluated, good, start, end: range.end };
        let known = self.records.get(frame.records..).unwrap_or_default();
        // There are as many kinds of members as there are ways inside, and mostly one or two.
        if !known.iter().any(|known| known.evaluated == evaluated && known.good == good) {
            self.records.push(record);
        }
    }

    /// The document is complete.
    fn end(
        &mut self,
        program: &Program,
        step: &Step,
        fail: Bits,
        complete: &Complete<'_>,
        range: &Range<usize>,
        path: &Path,
    ) -> bool {
        if !step.must_fail(fail) {
            self.result = Some(Judged { valid: true, why: 0 });
            return false;
        }
        if self.quiet {
            self.result = Some(Judged { valid: false, why: 0 });
            return false;
        }
        let (base, before) = self.tell(program, step.set, complete, range, path);
        let mut why = 0;
        for link in &step.links {
            if let Link::Must { child, .. } = *link
                && fail.has(child)
            {
                let because = self.why.get(base + usize::from(child)).copied().unwrap_or(0);
                why = self.causes.both(why, because);
            }
        }
        self.why.truncate(before);
        self.result = Some(Judged { valid: false, why });
        true
    }

    /// Adds a cause to those of a node of the frame whose causes start at `base`.
    fn blame(&mut self, base: usize, node: u16, cause: CauseId) {
        if let Some(why) = self.why.get_mut(base + usize::from(node)) {
            *why = self.causes.both(*why, cause);
        }
    }
}
