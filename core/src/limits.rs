//! How much of everything: [`Limits`] of a policy, the [`Budget`] of a run.
//!
//! Work is counted in bytes and steps, never in time: the same request gets the same verdict on any machine under
//! any load. One step is one byte looked at by one stage in one reading.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decode::STEPS;

/// Upper bounds of one request and of compiled structures.
///
/// ```
/// use abatis::{Action, Coverage, Engine, Limit, Policy, Request};
/// let mut policy = Policy::default();
/// policy.limits.body_bytes = 8;
/// let engine = Engine::new(&policy)?;
/// let verdict = engine.inspect(&Request::new("POST", "/").body("far too long"));
/// assert_eq!(verdict.coverage, Coverage::Partial(Limit::BodyBytes));
/// assert_eq!(verdict.action, Action::Block);
/// # Ok::<(), abatis::BuildError>(())
/// ```
///
/// Reaching one is never silent: the verdict carries a finding or
/// [`Coverage::Partial`](crate::Coverage::Partial), and `on_partial` of the policy decides.
///
/// # Defaults
///
/// | field | default |
/// |---|---|
/// | `target_bytes` | 16 KiB |
/// | `headers` | 200 |
/// | `header_bytes` | 64 KiB, all names and values together |
/// | `body_bytes` | 1 MiB |
/// | `file_bytes` | 0 = as many as `body_bytes` |
/// | `files` | 100 |
/// | `file_name_bytes` | 255 |
/// | `fields` | 10,000 |
/// | `depth` | 64 |
/// | `graphql_depth` | 24 |
/// | `graphql_aliases` | 100 |
/// | `graphql_operations` | 25 |
/// | `decode_rounds` | 4 |
/// | `views` | 24 readings of one value |
/// | `findings_max` | 16 |
/// | `steps` | 0 = derived: [`Limits::STEPS_PER_BYTE`] x (`body_bytes` + `header_bytes` + `target_bytes`), more if rules of your own are many |
/// | `rule_steps` | 4,000 |
/// | `compiled_bytes` | 64 MiB |
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Longest request target, in bytes.
    pub target_bytes: usize,
    /// Most header lines.
    pub headers: usize,
    /// Most bytes of header names and values together.
    pub header_bytes: usize,
    /// Longest body, in bytes.
    pub body_bytes: usize,
    /// Longest file of a multipart body, in bytes; 0 for no bound but that of the body.
    pub file_bytes: usize,
    /// Most files of a multipart body.
    pub files: usize,
    /// Longest name of a file, in bytes as sent.
    pub file_name_bytes: usize,
    /// Most fields (parameters, cookies, JSON leaves and keys) of one request.
    pub fields: usize,
    /// Deepest nesting of a structured body or value.
    pub depth: usize,
    /// Deepest nesting of selections in a GraphQL document.
    pub graphql_depth: usize,
    /// Most fields under another name in a GraphQL document.
    pub graphql_aliases: usize,
    /// Most GraphQL operations of one request: of one document, or of a batch.
    pub graphql_operations: usize,
    /// Most decodings of a value stacked on each other.
    pub decode_rounds: usize,
    /// Most readings of one value.
    pub views: usize,
    /// Most findings kept in a verdict; more are counted in `dropped`.
    pub findings_max: usize,
    /// Most steps of one request; 0 derives it so that a request within the other limits cannot exhaust it.
    pub steps: u64,
    /// Most steps that a byte may cost an expression: the states that it may be in at once. A rule beyond it cannot be compiled.
    pub rule_steps: usize,
    /// Most memory that compiled rules may take, in bytes.
    pub compiled_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            target_bytes: 16 << 10,
            headers: 200,
            header_bytes: 64 << 10,
            body_bytes: 1 << 20,
            file_bytes: 0,
            files: 100,
            file_name_bytes: 255,
            fields: 10_000,
            depth: 64,
            graphql_depth: 24,
            graphql_aliases: 100,
            graphql_operations: 25,
            decode_rounds: 4,
            views: 24,
            findings_max: 16,
            steps: 0,
            rule_steps: 4000,
            compiled_bytes: 64 << 20,
        }
    }
}

/// Fields that a byte may be part of: a body of unknown type is one text, a pair of a form, and part of two joins.
const FIELDS_OF_A_BYTE: usize = 4;

impl Limits {
    /// Worst steps that one received byte can cost. It may be part of 4 fields (a body of unknown type is one text, a pair of
    /// a form, and part of two joins); each has 24 readings, with what is found inside of them; each of these is decoded by
    /// 8 steps, lexed in 28 contexts and searched by at most 150 expressions. Checked by a test.
    pub const STEPS_PER_BYTE: u64 = 18 << 10;

    /// Most bytes of values that a session keeps: each byte that it may receive, as part of two fields.
    pub(crate) fn kept_bytes(&self) -> usize {
        2 * (self.body_bytes + self.header_bytes + self.target_bytes)
    }

    /// The budget of one run under these limits, of rules that the constant was made for.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn budget(&self) -> Budget {
        self.budget_of(Self::STEPS_PER_BYTE)
    }

    /// The worst steps of a byte with so many lexers' contexts and expressions.
    pub(crate) fn steps_per_byte(&self, contexts: usize, expressions: usize) -> u64 {
        let per_reading = STEPS.len() + contexts + expressions;
        let steps = FIELDS_OF_A_BYTE.saturating_mul(self.views).saturating_mul(per_reading);
        (steps as u64).max(Self::STEPS_PER_BYTE)
    }

    /// The budget of one run under these limits, in which a byte costs so many steps at worst.
    pub(crate) fn budget_of(&self, per_byte: u64) -> Budget {
        let bytes = (self.body_bytes + self.header_bytes + self.target_bytes) as u64;
        let derived = bytes.saturating_mul(per_byte);
        Budget { left: if self.steps == 0 { derived } else { self.steps }, exhausted: false }
    }
}

/// Steps left to a run.
///
/// A stage asks *before* it works: `spend(bytes)` says whether the work may be done. Once refused, always refused,
/// so a verdict does not depend on which small piece happened to fit.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    left: u64,
    exhausted: bool,
}

impl Budget {
    /// A budget that never ends, for compile-time checks and tests.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) const UNLIMITED: Budget = Budget { left: u64::MAX, exhausted: false };

    /// Takes `steps`; false if they are not there, and then the budget is exhausted for good.
    #[inline]
    #[must_use]
    pub(crate) fn spend(&mut self, steps: usize) -> bool {
        match self.left.checked_sub(steps as u64) {
            Some(left) if !self.exhausted => {
                self.left = left;
                true
            }
            _ => {
                self.exhausted = true;
                false
            }
        }
    }

    /// Leaves no more than `steps`.
    pub(crate) fn at_most(&mut self, steps: u64) {
        self.left = self.left.min(steps);
    }

    /// So many.
    #[cfg(test)]
    pub(crate) fn of(steps: u64) -> Budget {
        Budget { left: steps, exhausted: false }
    }

    /// Steps that are still there.
    #[cfg(feature = "internals")]
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Whether work was refused.
    #[inline]
    pub(crate) fn exhausted(&self) -> bool {
        self.exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::LanguageId;
    use crate::model::rule::Matcher;
    use crate::model::{Bundle, policy::Policy};

    #[test]
    fn the_built_in_rules_keep_to_the_steps_of_a_byte() {
        let bundle = Bundle::new(Policy::default()).unwrap();
        let is_regex = |matcher: &Matcher| matches!(matcher, Matcher::Regex(_));
        let expressions = bundle.each_rule().filter(|rule| is_regex(&rule.matcher)).count();
        let contexts: usize = LanguageId::ALL.iter().map(|id| id.contexts()).sum();
        let per_byte = bundle.policy.limits.steps_per_byte(contexts, expressions);
        assert_eq!(
            per_byte,
            Limits::STEPS_PER_BYTE,
            "{expressions} expressions, {contexts} contexts: {per_byte} steps"
        );
        assert!(bundle.policy.limits.steps_per_byte(contexts, 1000) > 4 * Limits::STEPS_PER_BYTE);
    }

    #[test]
    fn once_refused_always_refused() {
        let mut budget = Limits { steps: 10, ..Limits::default() }.budget();
        assert!(budget.spend(8) && !budget.spend(3) && !budget.spend(1) && budget.exhausted());
    }
}
