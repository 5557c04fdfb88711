//! The bounded lattice of readings of one value.
//!
//! Reading 0 is the value as the application gets it. From there on, breadth first, each reading is given to each decoder
//! whose trigger bytes it holds. Were all results kept, a text with percent escapes here, entities there and a
//! backslash escape at its end would have eight readings, and one more notation would double them, though nobody hides an
//! attack better by writing three notations side by side. So of the readings that decode one notation more *beside* those
//! already decoded only one line is kept: the main line, where the first decoder that applies is applied until none does.
//! What is *nested* (a decoder reads what another one wrote) is always kept, and only that is a round.
//!
//! ```text
//! a%20b &lt; \x41     main line: percent ─► percent, entity ─► percent, entity, js-escape        one round
//!                     beside it: entity;  js-escape
//! %2526lt%253B        percent ─► percent ─► entity                                               three rounds
//! ```

use std::ops::Range;

use super::notes::{Notes, Oddity};
use super::percent::Flavour;
use super::step::{STEPS, Step, TRIGGERS};
use super::view::{Transform, View};
use super::{base64, json_string, path, percent};
use crate::classes::Classes;
use crate::limits::{Budget, Limits};

/// How the parser says that the raw bytes of a value are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As they are: headers, cookies, bare values.
    None,
    /// `application/x-www-form-urlencoded`: query parameters and form fields.
    Form,
    /// Percent escapes: segments of the path.
    Percent,
    /// The inside of a JSON string.
    JsonString,
    /// As they are, and any byte is ordinary: the content of a file.
    File,
}

/// One reading and where it came from.
#[derive(Debug)]
struct Node {
    /// Empty if the reading is the raw value itself.
    view: View,
    is_raw: bool,
    /// The reading it was made from; itself if from the raw bytes.
    parent: usize,
    step: Option<Step>,
    /// All that was done to the raw bytes, outermost first.
    chain: Vec<Transform>,
    classes: Classes,
    /// Nested steps since reading 0.
    round: usize,
    on_main_line: bool,
}

impl Node {
    fn new() -> Node {
        Node {
            view: View::default(),
            is_raw: true,
            parent: 0,
            step: None,
            chain: Vec::new(),
            classes: Classes::NONE,
            round: 0,
            on_main_line: false,
        }
    }

    fn bytes<'a>(&'a self, raw: &'a [u8]) -> &'a [u8] {
        if self.is_raw { raw } else { self.view.bytes() }
    }

    /// The steps to try on this reading, as bits.
    fn steps(&self, raw: &[u8], is_root: bool) -> u8 {
        let allowed = match self.step {
            // The reading where `+` stays: all else comes of reading 0 as well.
            None if !is_root => Step::Base64.bit() | Step::Utf7.bit(),
            Some(Step::Path) => return 0,
            // Once is enough: it leaves nothing of its own kind.
            Some(Step::Unicode) => !Step::Unicode.bit(),
            _ => u8::MAX,
        };
        if !self.classes.intersects(TRIGGERS) && !base64::may_be(self.bytes(raw), self.classes) {
            return 0;
        }
        let applies = |step: &&Step| step.may_apply(self.bytes(raw), self.classes);
        STEPS.iter().filter(applies).fold(0, |set, step| set | step.bit()) & allowed
    }

    /// Takes over what the view holds, if it holds anything: how many bytes.
    fn settle(&mut self, changed: bool) -> usize {
        if !changed {
            return 0;
        }
        self.is_raw = false;
        self.chain.extend(self.view.transforms().iter());
        self.classes = Classes::of(self.view.bytes());
        self.view.bytes().len()
    }

    /// Becomes the raw value itself.
    fn reset(&mut self, own: usize, classes: Classes) {
        self.view.clear(0);
        self.is_raw = true;
        self.parent = own;
        self.step = None;
        self.chain.clear();
        self.classes = classes;
        self.round = 0;
        self.on_main_line = false;
    }
}

/// A reading, as the detectors get it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    /// What they read.
    pub(crate) bytes: &'a [u8],
    /// The classes of these bytes.
    pub(crate) classes: Classes,
    /// The classes of its percent decoding, if that is a reading too.
    pub(crate) decoded: Option<Classes>,
    /// The transform that made it; none if it is the raw value.
    pub(crate) last: Option<Transform>,
}

impl Reading<'_> {
    /// Its classes as far as they may open gates. A `%` means something by itself to readers of paths alone, and only where a dot, a
    /// separator or an oddity comes of it; where percent decoding brings none to light, it opens nothing.
    pub(crate) fn opening(&self) -> Classes {
        const TOLD: Classes = Classes::PERCENT
            .or(Classes::DOT)
            .or(Classes::SLASH)
            .or(Classes::BACKSLASH)
            .or(Classes::CONTROL)
            .or(Classes::NEWLINE)
            .or(Classes::TAB)
            .or(Classes::HIGH);
        match self.decoded {
            Some(decoded) if !decoded.intersects(TOLD) => self.classes.without(Classes::PERCENT),
            _ => self.classes,
        }
    }
}

/// The readings of one value. Part of a run's scratch: reused, allocates nothing when warm.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    /// Those of this value, then spare ones.
    nodes: Vec<Node>,
    len: usize,
    /// Bytes of all decoded readings.
    bytes: usize,
    /// Whether anything was tried on the value.
    explored: bool,
    notes: Notes,
}

impl Readings {
    /// Bytes that decoded readings may take together: this many for each raw byte, and a little more.
    ///
    /// No decoder writes more than it reads, so ordinary values meet `Limits::views` first. It bounds memory for bodies of
    /// a megabyte, since each escape of a reading takes a dozen bytes more.
    const BYTES_PER_BYTE: usize = 12;
    const BYTES_AT_LEAST: usize = 64 << 10;
    /// Memory of one reading that is kept for the next value.
    const KEPT: usize = 256 << 10;

    /// Reads a value every plausible way, `rounds` nested decodings deep. Says what is odd about it, with raw offsets.
    ///
    /// Oddities of the bytes (NUL, UTF-8, `%`) are those of reading 0, which is what the application gets; overlong forms
    /// count under further percent decodings too. O(len) for each of at most `limits.views` readings and seven steps; a
    /// value without trigger bytes costs its class pass.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn read(
        &mut self,
        raw: &[u8],
        coding: Coding,
        rounds: usize,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Notes {
        self.read_classed(raw, Classes::of(raw), coding, rounds, limits, budget)
    }

    /// As [`read`](Readings::read), for a caller who knows the classes of the raw bytes.
    #[inline]
    pub(crate) fn read_classed(
        &mut self,
        raw: &[u8],
        classes: Classes,
        coding: Coding,
        rounds: usize,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Notes {
        self.recycle(classes);
        // What is no base64 at a closer look is found out below.
        if !classes.intersects(TRIGGERS) && !base64::may_be(raw, classes) {
            return Notes::default();
        }
        self.explore(raw, coding, rounds, limits, budget);
        self.notes
    }

    /// Whether a value of these classes has no reading but itself, and nothing odd about it. O(1).
    #[inline]
    pub(crate) fn only_raw(raw: &[u8], classes: Classes) -> bool {
        !classes.intersects(TRIGGERS)
            && (!base64::may_be(raw, classes) || !base64::is_plausible(raw))
    }

    /// The same for a value of which no byte but slashes triggers a step. O(len).
    pub(crate) fn only_raw_but_slashes(raw: &[u8], classes: Classes) -> bool {
        debug_assert!(!classes.without(Classes::SLASH).intersects(TRIGGERS));
        // PERF: a name with a dash holds none to look for: 100 of its 890 instructions.
        let resolves = classes.intersects(Classes::SLASH)
            && path::may_resolve(raw, classes.intersects(Classes::SPACE));
        !resolves && (!base64::may_be(raw, classes) || !base64::is_plausible(raw))
    }

    /// How many readings there are; at least one once a value was read.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Reading `index` of the value last read, whose raw bytes are given again. None from [`len`](Readings::len) on.
    pub(crate) fn get<'a>(&'a self, index: usize, raw: &'a [u8]) -> Option<Reading<'a>> {
        let node = self.live().get(index)?;
        Some(Reading {
            bytes: node.bytes(raw),
            classes: node.classes,
            last: node.chain.last().copied(),
            decoded: self.percent_decoded(index),
        })
    }

    /// The classes of what percent decoding makes of reading `index`, if that is the reading made from it first.
    fn percent_decoded(&self, index: usize) -> Option<Classes> {
        let next = self.live().get(index + 1)?;
        let made = next.step == Some(Step::Percent) && next.parent == index;
        made.then_some(next.classes)
    }

    /// How the raw bytes were decoded to reading `index`, outermost first, the parser's coding included.
    pub(crate) fn chain(&self, index: usize) -> &[Transform] {
        self.live().get(index).map_or(&[], |node| &node.chain)
    }

    /// The raw bytes that `range` of reading `index` came from. O(depth x log(edits)).
    pub(crate) fn source(&self, index: usize, range: Range<usize>) -> Range<usize> {
        let (mut index, mut range) = (index, range);
        while let Some(node) = self.live().get(index) {
            if !node.is_raw {
                range = node.view.source(range);
            }
            if node.parent == index {
                break;
            }
            index = node.parent;
        }
        range
    }

    /// One step out: the reading that `index` was made from, and what of it `range` came from; no reading, but the raw bytes,
    /// for one that was made from those.
    pub(crate) fn outward(
        &self,
        index: usize,
        range: Range<usize>,
    ) -> (Option<usize>, Range<usize>) {
        let Some(node) = self.live().get(index) else { return (None, range) };
        let range = if node.is_raw { range } else { node.view.source(range) };
        ((node.parent != index).then_some(node.parent), range)
    }

    /// Whether reading `index` is the raw value itself.
    pub(crate) fn is_raw(&self, index: usize) -> bool {
        self.live().get(index).is_none_or(|node| node.is_raw)
    }

    fn live(&self) -> &[Node] {
        self.nodes.get(..self.len).unwrap_or_default()
    }

    /// Starts over with the raw value as the only reading.
    #[inline]
    fn recycle(&mut self, classes: Classes) {
        if self.explored {
            // The spare one that was tried last is not live.
            self.nodes.iter_mut().take(self.len + 1).for_each(|node| node.view.shrink(Self::KEPT));
            self.bytes = 0;
            self.explored = false;
        }
        if self.nodes.is_empty() {
            self.nodes.push(Node::new());
        }
        if let Some(root) = self.nodes.first_mut() {
            root.reset(0, classes);
            root.on_main_line = true;
        }
        self.len = 1;
        self.notes = Notes::default();
    }

    /// Makes reading 0 and all that follow from it.
    fn explore(
        &mut self,
        raw: &[u8],
        coding: Coding,
        rounds: usize,
        limits: &Limits,
        budget: &mut Budget,
    ) {
        self.explored = true;
        let bounds = Bounds {
            rounds,
            views: limits.views.max(1),
            bytes: Self::BYTES_AT_LEAST + Self::BYTES_PER_BYTE * raw.len(),
        };
        if self.apply_coding(raw, coding, &bounds, budget).is_none() {
            self.notes.add(Oddity::TooMany, 0);
            return;
        }
        let mut index = 0;
        while index < self.len {
            if self.expand(index, raw, &bounds, budget).is_none() {
                self.notes.add(Oddity::TooMany, 0);
                return;
            }
            index += 1;
        }
    }

    /// Decodes the parser's own coding; none if a bound was met.
    ///
    /// A form value whose `+` becomes a blank has a second reading where it stays, for applications that do without form
    /// decoding, and for base64.
    fn apply_coding(
        &mut self,
        raw: &[u8],
        coding: Coding,
        bounds: &Bounds,
        budget: &mut Budget,
    ) -> Option<()> {
        let root = self.nodes.first_mut()?;
        let classes = root.classes;
        let escaped = match coding {
            Coding::None | Coding::File => Classes::NONE,
            Coding::Form => Classes::PERCENT.or(Classes::PLUS),
            Coding::Percent => Classes::PERCENT,
            Coding::JsonString => Classes::BACKSLASH,
        };
        if !classes.intersects(escaped) {
            return Some(());
        }
        if !budget.spend(raw.len()) {
            return None;
        }
        let changed = match coding {
            Coding::None | Coding::File => false,
            Coding::Form => percent::decode(raw, Flavour::Form, &mut root.view),
            Coding::Percent => percent::decode(raw, Flavour::Strict, &mut root.view),
            Coding::JsonString => json_string::decode(raw, &mut root.view),
        };
        self.notes = root.view.notes();
        self.bytes += root.settle(changed);
        if coding == Coding::Form && classes.intersects(Classes::PLUS) {
            if bounds.views < 2 || !budget.spend(raw.len()) {
                return None;
            }
            let own = self.len;
            let spare = self.spare();
            spare.reset(own, classes);
            let changed = percent::decode(raw, Flavour::Strict, &mut spare.view);
            let len = spare.settle(changed);
            self.bytes += len;
            self.len += 1;
        }
        Some(())
    }

    /// The node behind the live ones.
    fn spare(&mut self) -> &mut Node {
        if self.nodes.len() <= self.len {
            self.nodes.push(Node::new());
        }
        &mut self.nodes[self.len] // just made sure that it is there
    }

    /// Tries every step on one reading; none if a bound was met.
    fn expand(
        &mut self,
        index: usize,
        raw: &[u8],
        bounds: &Bounds,
        budget: &mut Budget,
    ) -> Option<()> {
        let is_root = index == 0;
        let steps = self.nodes.get(index)?.steps(raw, is_root);
        if steps == 0 {
            return Some(());
        }
        let mut first = true;
        for step in STEPS.into_iter().filter(|step| steps & step.bit() != 0) {
            self.spare();
            let (live, spares) = self.nodes.split_at_mut(self.len);
            let (parent, spare) = (live.get(index)?, spares.first_mut()?);
            let input = parent.bytes(raw);
            if !budget.spend(input.len()) {
                return None;
            }
            spare.view.clear(0);
            let changed = step.decode(input, &mut spare.view);
            let noted = spare.view.notes();
            let nested = is_root || step == Step::Base64 || spare.view.builds_on(&parent.view);
            let on_main_line = parent.on_main_line && first;
            let round = parent.round + usize::from(nested && (step.nests() || step == Step::Plus));
            if step == Step::Unicode && !noted.is_empty() {
                self.note(index, noted);
            }
            if !changed {
                continue;
            }
            first = false;
            if !nested && !on_main_line {
                continue;
            }
            if let Some(known) = self.known(raw) {
                // Decoders that commute meet here; the main line goes on from the reading that is there.
                if known > index
                    && let Some(node) = self.nodes.get_mut(known)
                {
                    node.on_main_line |= on_main_line;
                }
                continue;
            }
            if round > bounds.rounds {
                if step.nests() {
                    self.note_deep(index);
                }
                continue;
            }
            self.accept(index, step, round, on_main_line, bounds)?;
        }
        Some(())
    }

    /// The live reading that equals the spare one. O(len x readings) at worst; they mostly differ in length or soon.
    fn known(&self, raw: &[u8]) -> Option<usize> {
        let bytes = self.nodes.get(self.len)?.view.bytes();
        self.live().iter().position(|node| node.bytes(raw) == bytes)
    }

    /// Makes the spare node live; none if that is one too many.
    fn accept(
        &mut self,
        parent: usize,
        step: Step,
        round: usize,
        on_main_line: bool,
        bounds: &Bounds,
    ) -> Option<()> {
        let (live, spares) = self.nodes.split_at_mut(self.len);
        let (from, node) = (live.get(parent)?, spares.first_mut()?);
        let len = node.view.bytes().len();
        if self.len >= bounds.views || self.bytes + len > bounds.bytes {
            return None;
        }
        node.parent = parent;
        node.step = Some(step);
        node.round = round;
        node.on_main_line = on_main_line;
        node.chain.clear();
        node.chain.extend_from_slice(&from.chain);
        self.bytes += node.settle(true);
        self.len += 1;
        Some(())
    }

    /// Takes over what the Unicode pass found odd about a reading, as far as the application is sure to meet it.
    fn note(&mut self, index: usize, noted: Notes) {
        let percent =
            |t: &Transform| matches!(t, Transform::Form | Transform::Percent | Transform::PercentU);
        let by_percent = self.chain(index).iter().all(percent);
        for (oddity, at) in noted.iter() {
            if index == 0 || (oddity == Oddity::Overlong && by_percent) {
                let source = self.source(index, at..at + 1);
                self.notes.add(oddity, source.start);
            }
        }
    }

    /// Notes that the spare reading is one round too deep.
    fn note_deep(&mut self, parent: usize) {
        if let Some(edit) = self.nodes.get(self.len).and_then(|spare| spare.view.first_edit()) {
            let source = self.source(parent, edit);
            self.notes.add(Oddity::DeepEncoding, source.start);
        }
    }
}

/// How far to go.
struct Bounds {
    rounds: usize,
    views: usize,
    bytes: usize,
}
