//! Evidence to action: scores, thresholds, exclusions, modes.
//!
//! Way: detect -> **decide** -> verdict. The scores of all rules of one class that match in one reading of one value add
//! up; the best reading counts. From the threshold of the sensitivity on, the class asks for block (in mode detect:
//! flag). The verdict takes the strongest action of all.

use crate::model::policy::{Disposition, Mode, RuleMode, Sensitivity};
use crate::verdict::{Action, Coverage, Finding, Limit, Verdict};

/// The score of a finding that an [`Ambiguity`](crate::ambiguity::Ambiguity) blocks for.
pub(crate) const BLOCKED: u16 = 1000;
/// The score of a finding that is only worth a flag.
pub(crate) const FLAGGED: u16 = 300;
/// The least class score that is kept as evidence: what fires at sensitivity paranoid.
pub(crate) const FLOOR: u16 = 300;

/// Mode and sensitivity that hold for one request: those of its route, else of the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) sensitivity: Sensitivity,
}

impl Settings {
    /// What a class of this score asks for; `rule` is the mode of the rule that is asked about.
    pub(crate) fn action(self, score: u16, rule: RuleMode) -> Action {
        if score < self.sensitivity.threshold() || rule == RuleMode::Off {
            Action::Allow
        } else if rule == RuleMode::Monitor {
            Action::Flag
        } else {
            self.disposed(Disposition::Block)
        }
    }

    /// What a disposition asks for.
    pub(crate) fn disposed(self, disposition: Disposition) -> Action {
        match (disposition, self.mode) {
            (Disposition::Accept, _) => Action::Allow,
            (Disposition::Flag, _) | (Disposition::Block, Mode::Detect) => Action::Flag,
            (Disposition::Block, Mode::Block) => Action::Block,
        }
    }
}

impl Verdict {
    /// Back to allow, keeping memory.
    pub(crate) fn reset(&mut self, ruleset: &std::sync::Arc<str>) {
        self.action = Action::Allow;
        self.score = 0;
        self.findings.clear();
        self.dropped = 0;
        self.coverage = Coverage::Full;
        if !std::sync::Arc::ptr_eq(&self.ruleset, ruleset) {
            self.ruleset = ruleset.clone();
        }
    }

    /// Whether a finding of this strength would be kept, so that weaker ones need not be made.
    pub(crate) fn keeps(&self, action: Action, score: u16, max: usize) -> bool {
        self.findings.len() < max
            || self.findings.last().is_some_and(|last| (last.action, last.score) < (action, score))
    }

    /// Adds a finding in order of strength, then arrival; at most `max` are kept.
    pub(crate) fn add(&mut self, finding: Finding, max: usize) {
        let strength = (finding.action, finding.score);
        let at = self.findings.partition_point(|f| (f.action, f.score) >= strength);
        self.findings.insert(at, finding);
        if self.findings.len() > max {
            self.findings.pop();
            self.dropped += 1;
        }
    }

    /// Notes what asks for `action` at `score`, whether or not a finding is kept for it.
    pub(crate) fn raise(&mut self, action: Action, score: u16) {
        self.action = self.action.max(action);
        self.score = self.score.max(score);
    }

    /// Notes that not all was inspected.
    pub(crate) fn partial(&mut self, limit: Limit, action: Action) {
        let rank = |limit: Limit| if limit == Limit::Opaque { u8::MAX } else { limit as u8 };
        self.coverage = match self.coverage {
            Coverage::Partial(known) if rank(known) <= rank(limit) => Coverage::Partial(known),
            _ => Coverage::Partial(limit),
        };
        self.action = self.action.max(action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_modes_and_monitor() {
        let block = Settings { mode: Mode::Block, sensitivity: Sensitivity::Default };
        assert_eq!(block.action(699, RuleMode::On), Action::Allow);
        assert_eq!(block.action(700, RuleMode::On), Action::Block);
        assert_eq!(block.action(1000, RuleMode::Monitor), Action::Flag);
        assert_eq!(block.action(1000, RuleMode::Off), Action::Allow);
        let detect = Settings { mode: Mode::Detect, ..block };
        assert_eq!(detect.action(1000, RuleMode::On), Action::Flag);
        assert_eq!(detect.disposed(Disposition::Accept), Action::Allow);
    }

    #[test]
    fn the_first_real_reason_names_the_coverage() {
        let mut verdict = Verdict::default();
        verdict.partial(Limit::Opaque, Action::Allow);
        verdict.partial(Limit::Steps, Action::Block);
        verdict.partial(Limit::BodyBytes, Action::Block);
        verdict.partial(Limit::Opaque, Action::Allow);
        assert_eq!(verdict.coverage, Coverage::Partial(Limit::BodyBytes));
        assert_eq!(verdict.action, Action::Block);
    }
}
