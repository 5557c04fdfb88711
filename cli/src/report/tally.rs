//! Counting, in bounded memory.

use std::collections::{BTreeMap, HashMap};

use abatis::{Action, Class, Coverage, Limit, Place, RuleId, Verdict};
use foldhash::fast::FixedState;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::About;

/// Rows of paths in a report.
const PATHS: usize = 1000;
/// Hours that are told apart: two years and a half.
const HOURS: usize = 22_000;
/// Worst lines in a report.
const WORST: usize = 50;
/// Unreadable lines in a report.
const UNREADABLE: usize = 20;
/// Scores that are counted together.
const SCORES: u16 = 50;

/// How often each action came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Actions {
    pub(super) allow: u64,
    pub(super) flag: u64,
    pub(super) sanitize: u64,
    pub(super) block: u64,
}

impl Actions {
    fn add(&mut self, action: Action) {
        match action {
            Action::Flag => self.flag += 1,
            Action::Sanitize => self.sanitize += 1,
            Action::Block => self.block += 1,
            _ => self.allow += 1,
        }
    }

    fn merge(&mut self, other: Actions) {
        self.allow += other.allow;
        self.flag += other.flag;
        self.sanitize += other.sanitize;
        self.block += other.block;
    }

    /// Everything but allow.
    pub(super) fn acted(&self) -> u64 {
        self.flag + self.sanitize + self.block
    }

    pub(super) fn total(&self) -> u64 {
        self.allow + self.acted()
    }
}

/// An hour, counted from 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour(i64);

impl Hour {
    pub(crate) fn of(time: Timestamp) -> Hour {
        Hour(time.as_second().div_euclid(3600))
    }

    /// `2026-10-10T11:00Z`
    fn name(self) -> String {
        Timestamp::from_second(self.0 * 3600).map_or_else(
            |_| String::new(),
            |time| time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:00Z").to_string(),
        )
    }
}

/// Counts by path. Beyond twice [`PATHS`] the rarest half goes to `other`.
#[derive(Debug, Default)]
struct Paths {
    rows: HashMap<Box<str>, Actions, FixedState>,
    other: Actions,
}

impl Paths {
    fn count(&mut self, path: &str, actions: Actions) {
        if let Some(known) = self.rows.get_mut(path) {
            known.merge(actions);
        } else {
            self.rows.insert(path.into(), actions);
        }
    }

    fn merge(&mut self, other: Paths) {
        self.other.merge(other.other);
        for (path, actions) in other.rows {
            self.count(&path, actions);
        }
        if self.rows.len() > 2 * PATHS {
            let sorted = self.sorted();
            for (path, actions) in sorted.into_iter().skip(PATHS) {
                self.rows.remove(&path);
                self.other.merge(actions);
            }
        }
    }

    /// What was acted on first, then what came most often.
    fn sorted(&self) -> Vec<(Box<str>, Actions)> {
        let mut rows: Vec<_> =
            self.rows.iter().map(|(path, count)| (path.clone(), *count)).collect();
        rows.sort_by(|(a_path, a), (b_path, b)| {
            (b.acted(), b.total(), a_path).cmp(&(a.acted(), a.total(), b_path))
        });
        rows
    }
}

/// One of the worst lines.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Worst {
    /// The `id` of the line, as JSON.
    pub(crate) id: serde_json::Value,
    pub(crate) line: usize,
    pub(crate) score: u16,
    pub(crate) action: Action,
    pub(crate) rule: RuleId,
    pub(crate) class: Class,
    pub(crate) place: Place,
    pub(crate) pointer: String,
    /// What stands there, masked unless the payload was asked for.
    pub(crate) excerpt: String,
}

/// Counts of judged lines.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    actions: Actions,
    /// Scores from 1 on, [`SCORES`] together.
    scores: [u64; (1000 / SCORES) as usize],
    classes: BTreeMap<Class, Actions>,
    rules: BTreeMap<RuleId, (Class, Actions)>,
    places: BTreeMap<Place, Actions>,
    partial: BTreeMap<Limit, u64>,
    paths: Paths,
    hours: BTreeMap<Hour, Actions>,
    worst: Vec<Worst>,
    unreadable: u64,
    unreadable_lines: Vec<(usize, String)>,
}

impl Tally {
    /// Counts a line on which nothing was found.
    #[inline]
    pub(crate) fn clean(&mut self, path: Option<&str>, hour: Option<Hour>) {
        self.action(Action::Allow, path, hour);
    }

    /// Counts a line, and keeps it if it is one of the worst.
    pub(crate) fn add(
        &mut self,
        verdict: &Verdict,
        path: Option<&str>,
        hour: Option<Hour>,
        worst: impl FnOnce() -> Option<Worst>,
    ) {
        let action = verdict.action;
        self.action(action, path, hour);
        if let Some(bucket) = verdict.score.checked_sub(1).map(|score| score / SCORES)
            && let Some(count) = self.scores.get_mut(usize::from(bucket))
        {
            *count += 1;
        }
        if let Coverage::Partial(limit) = verdict.coverage {
            *self.partial.entry(limit).or_default() += 1;
        }
        let findings = || verdict.findings.iter().filter(|f| f.action > Action::Allow).enumerate();
        // Each once for a line, however many findings say it.
        for (at, finding) in findings() {
            let before = || findings().take(at).map(|(_, finding)| finding);
            if !before().any(|other| other.class == finding.class) {
                self.classes.entry(finding.class).or_default().add(action);
            }
            if !before().any(|other| other.place == finding.place) {
                self.places.entry(finding.place).or_default().add(action);
            }
            if !before().any(|other| other.rule == finding.rule) {
                let rule = self.rules.entry(finding.rule.clone());
                rule.or_insert((finding.class, Actions::default())).1.add(action);
            }
        }
        if action > Action::Allow
            && (self.worst.len() < WORST
                || self.worst.last().is_some_and(|last| last.score < verdict.score))
            && let Some(line) = worst()
        {
            self.keep(line);
        }
    }

    /// Counts a line that could not be read.
    pub(crate) fn unreadable(&mut self, line: usize, error: &str) {
        self.unreadable += 1;
        if self.unreadable_lines.len() < UNREADABLE {
            self.unreadable_lines.push((line, error.to_owned()));
        }
    }

    #[inline]
    fn action(&mut self, action: Action, path: Option<&str>, hour: Option<Hour>) {
        self.actions.add(action);
        let mut one = Actions::default();
        one.add(action);
        if let Some(path) = path {
            self.paths.count(path, one);
        }
        if let Some(hour) = hour {
            self.hours.entry(hour).or_default().merge(one);
        }
    }

    fn keep(&mut self, line: Worst) {
        let at = self.worst.partition_point(|other| other.score >= line.score);
        self.worst.insert(at, line);
        self.worst.truncate(WORST);
    }

    /// Adds the counts of the lines that follow.
    pub(crate) fn merge(&mut self, other: Tally) {
        self.actions.merge(other.actions);
        for (sum, count) in self.scores.iter_mut().zip(other.scores) {
            *sum += count;
        }
        for (class, actions) in other.classes {
            self.classes.entry(class).or_default().merge(actions);
        }
        for (rule, (class, actions)) in other.rules {
            self.rules.entry(rule).or_insert((class, Actions::default())).1.merge(actions);
        }
        for (place, actions) in other.places {
            self.places.entry(place).or_default().merge(actions);
        }
        for (limit, count) in other.partial {
            *self.partial.entry(limit).or_default() += count;
        }
        self.paths.merge(other.paths);
        for (hour, actions) in other.hours {
            self.hours.entry(hour).or_default().merge(actions);
        }
        while self.hours.len() > HOURS {
            self.hours.pop_first();
        }
        for line in other.worst {
            self.keep(line);
        }
        self.unreadable += other.unreadable;
        self.unreadable_lines.extend(other.unreadable_lines);
        self.unreadable_lines.truncate(UNREADABLE);
    }

    /// Every hour from the first to the last, those without requests too if there are not too many.
    fn each_hour(&self) -> impl Iterator<Item = (Hour, Actions)> {
        let first = self.hours.first_key_value().map_or(0, |(hour, _)| hour.0);
        let last = self.hours.last_key_value().map_or(-1, |(hour, _)| hour.0);
        let all = (last - first < HOURS as i64).then_some(first..=last);
        let empty = all.into_iter().flatten().map(|hour| (Hour(hour), Actions::default()));
        let mut hours: BTreeMap<Hour, Actions> = empty.collect();
        hours.extend(&self.hours);
        hours.into_iter()
    }

    /// What is told of it.
    pub(crate) fn report<'t>(&'t self, about: &'t About) -> Report<'t> {
        let row =
            |name: &str, actions: Actions| Row { name: name.to_owned(), class: None, actions };
        let strongest = |rows: &mut Vec<Row>| {
            rows.sort_by_key(|row| std::cmp::Reverse(row.actions.acted()));
        };
        let mut classes: Vec<_> =
            self.classes.iter().map(|(class, actions)| row(class.as_str(), *actions)).collect();
        let mut places: Vec<_> =
            self.places.iter().map(|(place, actions)| row(place.as_str(), *actions)).collect();
        let mut rules: Vec<_> = self
            .rules
            .iter()
            .map(|(rule, (class, actions))| Row {
                class: Some(*class),
                ..row(rule.as_str(), *actions)
            })
            .collect();
        strongest(&mut classes);
        strongest(&mut places);
        strongest(&mut rules);
        let mut paths = self.paths.sorted();
        let mut other = self.paths.other;
        for (_, actions) in paths.iter().skip(PATHS) {
            other.merge(*actions);
        }
        paths.truncate(PATHS);
        let scores = self.scores.iter().zip(0u16..).map(|(count, at)| Score {
            from: at * SCORES + 1,
            to: (at + 1) * SCORES,
            count: *count,
        });
        let partial = self.partial.iter().map(|(limit, count)| (limit.as_str(), *count));
        let unreadable_lines = self.unreadable_lines.iter();
        Report {
            schema: 1,
            about,
            items: self.actions.total(),
            unreadable: self.unreadable,
            actions: self.actions,
            classes,
            rules,
            places,
            paths: paths.into_iter().map(|(path, actions)| row(&path, actions)).collect(),
            other_paths: other,
            hours: self.each_hour().map(|(hour, actions)| row(&hour.name(), actions)).collect(),
            scores: scores.collect(),
            partial: partial.collect(),
            worst: &self.worst,
            unreadable_lines: unreadable_lines
                .map(|(line, error)| Unread { line: *line, error })
                .collect(),
        }
    }
}

/// A report, as it is written.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'t> {
    pub(super) schema: u32,
    #[serde(flatten)]
    pub(super) about: &'t About,
    pub(super) items: u64,
    pub(super) unreadable: u64,
    pub(super) actions: Actions,
    pub(super) classes: Vec<Row>,
    pub(super) rules: Vec<Row>,
    pub(super) places: Vec<Row>,
    pub(super) paths: Vec<Row>,
    /// Of all paths that have no row.
    pub(super) other_paths: Actions,
    pub(super) hours: Vec<Row>,
    pub(super) scores: Vec<Score>,
    /// Why requests were not inspected in full.
    pub(super) partial: BTreeMap<&'t str, u64>,
    pub(super) worst: &'t [Worst],
    pub(super) unreadable_lines: Vec<Unread<'t>>,
}

/// What is counted, and how often each action came.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<Class>,
    #[serde(flatten)]
    pub(super) actions: Actions,
}

/// Lines whose score is within bounds.
#[derive(Debug, Serialize)]
pub(crate) struct Score {
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) count: u64,
}

/// A line that could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct Unread<'t> {
    pub(super) line: usize,
    pub(super) error: &'t str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_paths_are_counted_together() {
        let mut all = Tally::default();
        for block in 0..100 {
            let mut tally = Tally::default();
            for at in 0..50 {
                tally.clean(Some(&format!("/rare/{block}-{at}")), None);
                tally.clean(Some("/often"), Some(Hour(at / 10)));
            }
            all.merge(tally);
            assert!(all.paths.rows.len() <= 2 * PATHS);
        }
        let about = About {
            input: String::new(),
            policy: String::new(),
            ruleset: String::new(),
            made: String::new(),
            seconds: 0.0,
        };
        let report = all.report(&about);
        assert_eq!(report.paths.len(), PATHS);
        assert_eq!(
            (report.paths[0].name.as_str(), report.paths[0].actions.allow),
            ("/often", 5000)
        );
        let shown: u64 = report.paths.iter().map(|row| row.actions.allow).sum();
        assert_eq!(shown + report.other_paths.allow, 10_000);
        assert_eq!(report.hours[1].name, "1970-01-01T01:00Z");
        assert_eq!(report.hours[1].actions.allow, 1000);
    }
}
