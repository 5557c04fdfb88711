//! From matches to findings: exclusions, class scores, actions; and what no detector found.

use super::{At, Field, Found, Level, Match, Run};
use crate::ambiguity::Ambiguity;
use crate::compile::plan::{Exclusions, Plan};
use crate::decide::{BLOCKED, FLAGGED, FLOOR};
use crate::decode::{Coding, Notes, Oddity, Readings};
use crate::detect::Feature;
use crate::detect::segment::Trace;
use crate::model::policy::{Disposition, RuleMode};
use crate::model::rule::{Class, RuleId};
use crate::span::{Part, Place, Span};
use crate::trail::Trail;
use crate::verdict::{Action, Finding, Limit, Step};

impl Run<'_> {
    /// Turns the matches of all readings of a field into class scores and findings.
    pub(super) fn settle(&mut self, field: &Field<'_>, level: &mut Level) {
        let plan = self.plan;
        let Level { readings, found: Found { matches, trace }, .. } = level;
        let route = self.case.route.and_then(|route| plan.routes.get(route));
        let exclusions = [Some(&plan.exclusions), route.map(|route| &route.exclusions)];
        matches.retain(|found| {
            let rule = &plan.rules[found.rule as usize];
            !exclusions.into_iter().flatten().any(|exclusions: &Exclusions| {
                exclusions.cover(found.rule, rule.class, field.place, field.trail)
            })
        });
        for class in Class::ALL {
            let Some((reading, total, acting)) = best_reading(plan, matches, class) else {
                continue;
            };
            if total < FLOOR {
                continue;
            }
            let settings = self.case.settings;
            let mut strongest = Action::Allow;
            for found in matches.iter().filter(|found| found.reading == reading) {
                let rule = &plan.rules[found.rule as usize];
                if rule.class != class {
                    continue;
                }
                let sum = if rule.mode == RuleMode::Monitor { total } else { acting };
                let action = settings.action(sum, rule.mode);
                strongest = strongest.max(action);
                if !self.case.verdict.keeps(action, found.weight, plan.limits.findings_max) {
                    self.case.verdict.dropped += 1;
                    continue;
                }
                let finding = self.finding(field, readings, trace, found, action);
                self.case.verdict.add(finding, plan.limits.findings_max);
            }
            self.case.verdict.raise(strongest, total);
        }
        matches.clear();
        trace.clear();
    }

    fn finding(
        &self,
        field: &Field<'_>,
        readings: &Readings,
        trace: &Trace,
        found: &Match,
        action: Action,
    ) -> Finding {
        let plan = self.plan;
        let rule = &plan.rules[found.rule as usize];
        let mut decoded = Vec::new();
        field.origin.chain(&mut decoded);
        decoded.extend_from_slice(readings.chain(found.reading));
        let text =
            readings.get(found.reading, field.raw).map_or(field.raw, |reading| reading.bytes);
        let (context, evidence) = if let Some((id, evidence)) = &found.evidence {
            let features =
                plan.language(*id).map(|l| id.features(&l.weights, text, evidence, trace));
            (id.context(evidence.context), features.unwrap_or_default())
        } else {
            let feature = Feature { name: rule.id.to_string(), weight: i32::from(found.weight) };
            ("", vec![feature])
        };
        Finding {
            rule: rule.id.clone(),
            class: rule.class,
            score: found.weight,
            action,
            place: field.place,
            name: field.name,
            pointer: pointer_of(field.trail, field.name),
            pattern: pattern_of(field.trail, field.name),
            span: self
                .based(field.origin.span(readings.source(found.reading, found.range.clone()))),
            decoded,
            context,
            evidence,
            message: rule.about.to_string(),
            steps: steps(field, readings, found),
        }
    }

    /// The span, with what it counts.
    fn based(&self, mut span: Span) -> Span {
        if span.part == Part::Body {
            span.basis = self.case.basis;
        }
        span
    }

    /// Adds what decoding noticed as findings.
    pub(super) fn notes(&mut self, field: &Field<'_>, notes: &Notes) {
        for (oddity, offset) in notes.iter() {
            let ambiguity = match oddity {
                Oddity::Overlong => Ambiguity::OverlongUtf8,
                Oddity::InvalidUtf8 => Ambiguity::InvalidUtf8,
                Oddity::NulByte => Ambiguity::NulByte,
                Oddity::BadPercent => Ambiguity::BadPercent,
                Oddity::LoneSurrogate => Ambiguity::JsonLoneSurrogate,
                Oddity::DeepEncoding => Ambiguity::DeepEncoding,
                Oddity::TooMany => {
                    let spent = self.case.budget.exhausted();
                    self.case.partial(self.plan, if spent { Limit::Steps } else { Limit::Decode });
                    continue;
                }
                // The JSON parser has said so.
                Oddity::BadEscape => continue,
            };
            // Bytes that are odd in text are ordinary in a file.
            if field.coding == Coding::File
                && matches!(oddity, Oddity::Overlong | Oddity::InvalidUtf8 | Oddity::NulByte)
            {
                continue;
            }
            let at = offset..(offset + 1).min(field.raw.len()).max(offset);
            let span = field.origin.span(at);
            self.ambiguity(
                ambiguity,
                At { place: field.place, name: field.name, trail: field.trail, span },
            );
        }
    }

    /// Adds a finding for an ambiguity, if the policy does anything about it and no exclusion covers it.
    pub(crate) fn ambiguity(&mut self, ambiguity: Ambiguity, at: At<'_>) {
        self.ambiguity_told(ambiguity, at, ambiguity.message());
    }

    /// The same, in other words than the usual.
    pub(crate) fn ambiguity_told(&mut self, ambiguity: Ambiguity, at: At<'_>, message: &str) {
        let disposition = ambiguity.disposition(&self.plan.ambiguities);
        let action = self.case.settings.disposed(disposition);
        if action == Action::Allow {
            return;
        }
        let score = if disposition == Disposition::Block { BLOCKED } else { FLAGGED };
        self.report(ambiguity.rule(), Class::Protocol, score, action, at, message);
    }

    /// Adds a finding that no detector made: an ambiguity or a schema violation.
    pub(crate) fn report(
        &mut self,
        rule: &str,
        class: Class,
        score: u16,
        action: Action,
        at: At<'_>,
        message: &str,
    ) {
        let At { place, name, trail, span } = at;
        self.report_as(rule, class, score, action, (place, trail), |rule, action| Finding {
            rule,
            class,
            score,
            action,
            place,
            name,
            pointer: pointer_of(trail, name),
            pattern: pattern_of(trail, name),
            span,
            decoded: Vec::new(),
            context: "",
            evidence: Vec::new(),
            message: message.to_owned(),
            steps: Vec::new(),
        });
    }

    /// Adds what no rule file knows of, unless the policy excludes it or has it off; made only if it is kept.
    pub(crate) fn report_as(
        &mut self,
        rule: &str,
        class: Class,
        score: u16,
        action: Action,
        (place, trail): (Place, &Trail<'_>),
        make: impl FnOnce(RuleId, Action) -> Finding,
    ) {
        let plan = self.plan;
        let (rule_id, mode) = plan.protocol_rule(rule);
        let action = match mode {
            RuleMode::Off => return,
            RuleMode::Monitor => action.min(Action::Flag),
            RuleMode::On => action,
        };
        let route = self.case.route.and_then(|route| plan.routes.get(route));
        let excluded = [Some(&plan.exclusions), route.map(|route| &route.exclusions)]
            .into_iter()
            .flatten()
            .any(|exclusions| exclusions.cover_id(&rule_id, class, place, trail));
        if excluded {
            return;
        }
        self.case.verdict.raise(action, score);
        if !self.case.verdict.keeps(action, score, plan.limits.findings_max) {
            self.case.verdict.dropped += 1;
            return;
        }
        let mut finding = make(rule_id, action);
        finding.span = self.based(finding.span);
        self.case.verdict.add(finding, plan.limits.findings_max);
    }
}

fn pointer_of(trail: &Trail<'_>, name: bool) -> String {
    if name { trail.pointer_of_name() } else { trail.pointer() }
}

fn pattern_of(trail: &Trail<'_>, name: bool) -> String {
    if name { trail.pattern_of_name() } else { trail.pattern() }
}

/// The reading in which `class` scores most: its index, the score of all rules, and of those that act.
///
/// Pattern rules are weighed by people to add up. Languages are not added to each other or to patterns: what two lexers
/// say of the same bytes is one piece of evidence, and the strongest counts.
fn best_reading(plan: &Plan, matches: &[Match], class: Class) -> Option<(usize, u16, u16)> {
    let mut best: Option<(usize, u16, u16)> = None;
    // Matches come in the order of readings.
    for group in matches.chunk_by(|a, b| a.reading == b.reading) {
        let mut all = Score::default();
        let mut acting = Score::default();
        for found in group {
            let rule = &plan.rules[found.rule as usize];
            if rule.class == class {
                all.add(found);
                if rule.mode == RuleMode::On {
                    acting.add(found);
                }
            }
        }
        let Some(first) = group.first().filter(|_| all.total() > 0) else { continue };
        let better = best.is_none_or(|(_, known, known_acting)| {
            (acting.total(), all.total()) > (known_acting, known)
        });
        if better {
            best = Some((first.reading, all.total(), acting.total()));
        }
    }
    best
}

/// The score of one class in one reading.
#[derive(Clone, Copy, Default)]
struct Score {
    language: u16,
    patterns: u16,
}

impl Score {
    fn add(&mut self, found: &Match) {
        if found.evidence.is_some() {
            self.language = self.language.max(found.weight);
        } else {
            self.patterns = self.patterns.saturating_add(found.weight).min(1000);
        }
    }

    fn total(self) -> u16 {
        self.language.max(self.patterns)
    }
}

/// The guilty text in each reading from the raw bytes to the one that was judged, cut to a length that can be shown.
fn steps(field: &Field<'_>, readings: &Readings, found: &Match) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut index = Some(found.reading);
    let mut range = found.range.clone();
    while let Some(at) = index
        && let Some(reading) = readings.get(at, field.raw)
    {
        let text = reading.bytes.get(range.clone()).unwrap_or_default();
        let is_raw = readings.is_raw(at);
        steps.push(Step::new(if is_raw { None } else { reading.last }, text));
        (index, range) = readings.outward(at, range);
        if index.is_none() && !is_raw {
            steps.push(Step::new(None, field.raw.get(range.clone()).unwrap_or_default()));
        }
    }
    steps.reverse();
    steps
}
