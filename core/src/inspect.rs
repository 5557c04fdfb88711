//! One field through the stages: decode, structure, prefilter, detect, decide.
//!
//! ```text
//! Field ─ readings ─┬─ structured? ─► its leaves are fields again (bounded by decode_rounds)
//!                   └─ literals ─► languages whose gate is open, pattern rules ─► matches
//! matches of all readings ─ settle ─► exclusions, class scores, findings
//! ```
//!
//! The clean value is the hot path: one reading, no literal, no gate open, nothing written but counters.

mod field;
mod report;

use std::ops::Range;

pub(crate) use field::{At, Field, Origin};

use crate::classes::Classes;
use crate::compile::plan::{LanguageRule, Plan};
use crate::compile::route::RouteBuf;
use crate::decide::Settings;
use crate::decode::view::View;
use crate::decode::{Reading, Readings};
use crate::detect::pattern::{PatternScratch, Site};
use crate::detect::segment::Trace;
use crate::detect::{Evidence, LanguageId};
use crate::elements;
use crate::limits::Budget;
use crate::parse::json::JsonParser;
use crate::prefilter::literals::Hits;
use crate::repeat::Repeat;
use crate::sink::Values;
use crate::span::{Basis, Span};
use crate::structure::{self, Text};
use crate::verdict::{Action, Finding, Limit, Verdict};

/// Bytes that the readings of a field may have however short it is.
const READING_BYTES: usize = 16 << 10;

/// One rule that matched one reading.
#[derive(Debug)]
struct Match {
    rule: u16,
    weight: u16,
    reading: usize,
    range: Range<usize>,
    /// For a language: what it found, to be explained if it counts.
    evidence: Option<(LanguageId, Evidence)>,
}

/// Readings and matches of the field at one depth of nesting; reused.
#[derive(Debug, Default)]
struct Level {
    readings: Readings,
    /// What the reading holds that is looked at.
    hits: Hits,
    found: Found,
}

/// What was found in the readings of a field.
#[derive(Debug, Default)]
struct Found {
    matches: Vec<Match>,
    /// The tokens of what languages found.
    trace: Trace,
}

/// Memory that any run can use for the length of one call: what [`Scratch`](crate::Scratch) holds.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// By depth; none while it is in use.
    levels: Vec<Option<Box<Level>>>,
    /// For JSON found in values, by depth.
    pub(crate) parsers: Vec<Option<Box<JsonParser>>>,
    /// For the joins of repeated parameters.
    pub(crate) repeats: Vec<Repeat>,
    pub(crate) joined: View,
    hits: Hits,
    /// Of a text that holds many fields.
    pub(crate) whole: Hits,
    patterns: PatternScratch,
    pub(crate) route: RouteBuf,
    /// What each language was asked about, if somebody wants to know: for training.
    #[cfg(feature = "internals")]
    pub(crate) judged: Option<Vec<(LanguageId, Vec<u8>)>>,
}

/// What is known of one request so far: what a session owns.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) verdict: Verdict,
    pub(crate) settings: Settings,
    /// Route whose exclusions hold beside the policy's.
    pub(crate) route: Option<usize>,
    pub(crate) budget: Budget,
    /// What spans of the body count.
    pub(crate) basis: Basis,
    pub(crate) fields: usize,
    /// Operations of GraphQL so far.
    pub(crate) operations: usize,
    /// Bytes that the readings of the current field, and of what is found inside of it, may still have.
    reading_bytes: usize,
    /// The fields that were inspected, if somebody wants to look for them in statements.
    pub(crate) values: Option<Values>,
}

impl Case {
    pub(crate) fn new(plan: &Plan) -> Case {
        Case {
            verdict: Verdict::default(),
            settings: plan.settings,
            route: None,
            budget: plan.budget(),
            basis: Basis::Raw,
            fields: 0,
            operations: 0,
            reading_bytes: 0,
            values: None,
        }
    }

    pub(crate) fn reset(&mut self, plan: &Plan) {
        self.verdict.reset(&plan.ruleset);
        self.settings = plan.settings;
        self.route = None;
        self.budget = plan.budget();
        self.basis = Basis::Raw;
        self.fields = 0;
        self.operations = 0;
        self.values = None;
    }

    /// Notes that not all was inspected, and what the policy does about it.
    pub(crate) fn partial(&mut self, plan: &Plan, limit: Limit) {
        let action = self.settings.disposed(plan.on_partial(limit));
        self.verdict.partial(limit, action);
    }
}

/// One call's view of engine, memory and request.
pub(crate) struct Run<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) memory: &'r mut Memory,
    pub(crate) case: &'r mut Case,
}

impl Run<'_> {
    /// Inspects a field of the request itself. O(readings x detectors x len) steps, all counted.
    #[inline]
    pub(crate) fn field(&mut self, field: &Field<'_>) {
        self.field_told(field, self.is_inert(field.raw, field.classes));
    }

    /// The same where it is known whether the field [`is_inert`](Run::is_inert).
    #[inline]
    pub(crate) fn field_told(&mut self, field: &Field<'_>, inert: bool) {
        // Structures inside of readings are read again: without a bound for all of them together, each level of nesting
        // would multiply the work.
        self.case.reading_bytes = READING_BYTES + self.plan.limits.views * field.raw.len();
        self.field_at(field, inert, 0);
    }

    /// Inspects a field found at `depth` structures inside another; `inert` is what [`is_inert`](Run::is_inert) said of it.
    #[inline]
    pub(crate) fn field_at(&mut self, field: &Field<'_>, inert: bool, depth: usize) {
        if !self.count() {
            return;
        }
        if let Some(values) = &mut self.case.values {
            values.keep(field, self.plan.limits.kept_bytes());
        }
        let mut scanned = false;
        // PERF: a value of words and numbers ends here, before any memory is touched: a name of 18 bytes takes a third of
        // the time that it took to go through the readings.
        if inert {
            if !self.spend_reading(field.raw.len()) || field.clean {
                return;
            }
            self.plan.literals(field.raw, &mut self.memory.hits);
            if self.memory.hits.is_empty() {
                return;
            }
            scanned = true;
        }
        self.readings(field, scanned, depth);
    }

    /// Inspects a field of the request that [`is_inert`](Run::is_inert) and was found clean as a piece of something longer: all of
    /// [`field`](Run::field) that is left to do.
    // PERF: most cookies and parameters end here, before it is said where they stand.
    #[inline]
    pub(crate) fn inert(&mut self) {
        self.count();
    }

    /// The same for a field found inside another: what is left of [`field_at`](Run::field_at).
    #[inline]
    pub(crate) fn inert_inside(&mut self, raw: &[u8]) {
        if self.count() {
            self.spend_reading(raw.len());
        }
    }

    /// Whether values are kept, so that each must be seen with its name.
    #[inline]
    pub(crate) fn keeps_values(&self) -> bool {
        self.case.values.is_some()
    }

    /// Whether a value is of plain words, none of which any rule knows. O(len).
    pub(crate) fn is_plain(&mut self, raw: &[u8], classes: Classes) -> bool {
        classes.without(Classes::ORDINARY).is_empty() && Readings::only_raw(raw, classes) && {
            self.plan.literals(raw, &mut self.memory.hits);
            self.memory.hits.is_empty()
        }
    }

    /// Whether a literal that some rule waits for stands in a text. O(len).
    pub(crate) fn wakes_rules(&mut self, text: &[u8]) -> bool {
        self.plan.literals(text, &mut self.memory.hits);
        self.memory.hits.wake_rules()
    }

    /// Counts a field; false if it is one too many.
    #[inline]
    fn count(&mut self) -> bool {
        self.case.fields += 1;
        let fits = !self.is_full();
        if !fits {
            self.case.partial(self.plan, Limit::Fields);
        }
        fits
    }

    /// Whether the request has more fields than are inspected.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.case.fields > self.plan.limits.fields
    }

    /// Whether a value is its only reading, no structure, and opens no gate by its bytes.
    #[inline]
    pub(crate) fn is_inert(&self, raw: &[u8], classes: Classes) -> bool {
        if classes.intersects(self.plan.gates.or(structure::STARTS)) {
            return self.leads_nowhere(raw, classes);
        }
        Readings::only_raw(raw, classes)
    }

    /// The same for a value that holds slashes or dashes beside what is ordinary: nothing to resolve, and no language that they
    /// open suspects it. O(len).
    // PERF: paths, dates and units end here, at two thirds of what it costs to go through the readings.
    #[inline(never)]
    fn leads_nowhere(&self, raw: &[u8], classes: Classes) -> bool {
        const SLASHED: Classes = Classes::LETTER
            .or(Classes::DIGIT)
            .or(Classes::SPACE)
            .or(Classes::PLAIN)
            .or(Classes::DOT)
            .or(Classes::DASH)
            .or(Classes::SLASH);
        let plan = self.plan;
        let suspects = |language: &LanguageRule| {
            classes.intersects(language.gate) && language.id.opens(raw, classes, false)
        };
        plan.gated
            && classes.without(SLASHED).is_empty()
            // A URL, or a path to a shell. What else is a URL has a colon.
            && !raw.starts_with(b"/")
            && Readings::only_raw_but_slashes(raw, classes)
            && !plan.languages.iter().any(suspects)
    }

    /// Takes the bytes of a reading from what the field may have; false if they are not there.
    #[inline]
    fn spend_reading(&mut self, bytes: usize) -> bool {
        let left = self.case.reading_bytes.checked_sub(bytes);
        if left.is_none() {
            self.case.partial(self.plan, Limit::Decode);
        }
        self.case.reading_bytes = left.unwrap_or(self.case.reading_bytes);
        left.is_some()
    }

    /// Inspects a field under all its readings; `scanned` if the literals of its only reading were found already.
    // PERF: out of line, so that the values that end before need not make room for it.
    #[inline(never)]
    fn readings(&mut self, field: &Field<'_>, scanned: bool, depth: usize) {
        let known = self.memory.levels.get_mut(depth).and_then(Option::take);
        let mut level = known.unwrap_or_default();
        if scanned {
            std::mem::swap(&mut level.hits, &mut self.memory.hits);
        }
        let rounds = self.plan.limits.decode_rounds.saturating_sub(depth);
        let notes = level.readings.read_classed(
            field.raw,
            field.classes,
            field.coding,
            rounds,
            &self.plan.limits,
            &mut self.case.budget,
        );
        if !notes.is_empty() {
            self.notes(field, &notes);
        }
        let (mut again, mut markup) = (false, false);
        for index in 0..level.readings.len() {
            let Level { readings, hits, found } = &mut *level;
            let Some(reading) = readings.get(index, field.raw) else { break };
            if !scanned && !self.spend_reading(reading.bytes.len()) {
                break;
            }
            if field.clean && readings.is_raw(index) {
                hits.clear();
            } else if !scanned {
                self.plan.literals(reading.bytes, hits);
            }
            let bytes = reading.bytes;
            let text = Text { field, bytes, readings, index, hits, depth, again };
            let structured = rounds > 0 && structure::walk(self, &text, reading);
            again |= structured;
            markup |= reading.classes.intersects(Classes::LT);
            self.detect(field, index, reading, hits, structured, found);
        }
        if !level.found.matches.is_empty() {
            self.settle(field, &mut level);
        }
        if markup && rounds > 0 {
            self.documents(field, &level.readings, depth);
        }
        if self.case.budget.exhausted() {
            self.case.partial(self.plan, Limit::Steps);
        }
        if self.memory.levels.len() <= depth {
            self.memory.levels.resize_with(depth + 1, || None);
        }
        if let Some(slot) = self.memory.levels.get_mut(depth) {
            *slot = Some(level);
        }
    }

    /// Inspects the texts of readings that are documents of XML, unless the field is blocked: nothing is told twice.
    fn documents(&mut self, field: &Field<'_>, readings: &Readings, depth: usize) {
        let Span { part, index: line, range, .. } = field.origin.span(0..field.raw.len());
        let told = |f: &Finding| {
            let here = f.span.range.start < range.end && range.start < f.span.range.end;
            f.action == Action::Block && (f.span.part, f.span.index) == (part, line) && here
        };
        for index in 0..readings.len() {
            if self.case.verdict.findings.iter().any(told) {
                return;
            }
            if let Some(reading) = readings.get(index, field.raw) {
                let value = elements::Value { field, readings, index, depth };
                elements::inspect_value(self, reading.bytes, value);
            }
        }
    }

    /// Runs what may fire on one reading, whose literals are found. Of a structured reading only the pattern rules and the detectors of paths and URLs see the
    /// text as a whole: its leaves are inspected one by one.
    fn detect(
        &mut self,
        field: &Field<'_>,
        index: usize,
        reading: Reading<'_>,
        hits: &Hits,
        structured: bool,
        found: &mut Found,
    ) {
        let Found { matches, trace } = found;
        let Run { plan, memory, case } = self;
        let open =
            if plan.gated { hits.languages() | plan.opened(reading.opening()) } else { u32::MAX };
        if open == 0 && hits.is_empty() {
            return;
        }
        for language in &plan.languages {
            if open & language.id.bit() == 0 || structured && !language.id.reads_whole() {
                continue;
            }
            let word = hits.languages() & language.id.bit() != 0;
            let rule = &plan.rules[language.rule as usize];
            if !rule.applies(field.place, field.name, reading.last)
                || plan.gated && !language.id.opens(reading.bytes, reading.classes, word)
            {
                continue;
            }
            #[cfg(feature = "internals")]
            if let Some(judged) = &mut memory.judged {
                judged.push((language.id, reading.bytes.to_vec()));
            }
            let Some(evidence) = language.id.judge(
                &language.weights,
                reading.bytes,
                reading.classes,
                &mut case.budget,
                trace,
            ) else {
                continue;
            };
            let score = u32::from(language.weights.calibrate(evidence.score))
                * u32::from(rule.weight)
                / 1000;
            matches.push(Match {
                rule: language.rule,
                weight: score as u16,
                reading: index,
                range: evidence.range.clone(),
                evidence: Some((language.id, evidence)),
            });
        }
        if hits.is_empty() {
            return;
        }
        plan.patterns.find(
            reading.bytes,
            Site {
                place: field.place,
                name: field.name,
                last: reading.last,
                classes: if plan.gated { reading.classes } else { Classes::ALL },
            },
            hits,
            &mut memory.patterns,
            &mut case.budget,
            |pattern, range| {
                let rule = plan.pattern_rules[pattern];
                let weight = plan.rules[rule as usize].weight;
                matches.push(Match { rule, weight, reading: index, range, evidence: None });
            },
        );
    }
}
