//! Literal and regex rules: for what has no grammar of its own.
//!
//! Way: prefilter -> **detect** -> decide. Rules are data (`rules/detect/*.yaml`); here they are compiled and run. Every
//! literal of every rule is found by the one scan of [`literals`], so a rule costs nothing until one of its literals
//! stands in the value. Then a literal rule is decided, and a regex rule runs its expression, alone, in linear time.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::Input;
use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;

use super::needs::Needs;
use crate::classes::Classes;
use crate::decode::Transform;
use crate::error::Diagnostic;
use crate::limits::Budget;
use crate::model::rule::{Decoding, Matcher, NameOrValue, Rule};
use crate::prefilter::literals::{self, Hits, LiteralId, Occurrence, Owner};
use crate::span::Place;

/// Most memory that the automaton of one expression may take. The largest of the built-in rules takes a tenth.
const NFA_BYTES: usize = 1 << 20;
/// Most memory that the lazily built states of one expression may take in a scratch.
const CACHE_BYTES: usize = 1 << 19;

impl Decoding {
    /// Whether a reading whose last decoding is `last` is of this kind.
    ///
    /// What the application undoes anyway (form and JSON string escapes) or only takes apart (leaves) is raw.
    pub(crate) fn covers(self, last: Option<Transform>) -> bool {
        let kind = match last {
            None
            | Some(
                Transform::Form
                | Transform::JsonString
                | Transform::Leaf
                | Transform::Join
                | Transform::Xml
                | Transform::Charset,
            ) => Decoding::Raw,
            Some(Transform::Percent | Transform::PercentU) => Decoding::Percent,
            Some(Transform::HtmlEntity) => Decoding::HtmlEntity,
            Some(Transform::JsEscape) => Decoding::JsEscape,
            Some(Transform::Base64) => Decoding::Base64,
            Some(
                Transform::Utf7 | Transform::Overlong | Transform::Fold | Transform::ZeroWidth,
            ) => Decoding::Unicode,
            Some(Transform::Path) => Decoding::Path,
        };
        self == kind
    }
}

/// What is looked at: which side of what field, under which reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// The kind of field.
    pub(crate) place: Place,
    /// Whether it is the field's name rather than its value.
    pub(crate) name: bool,
    /// The last decoding of the reading; `None` is the value as it came.
    pub(crate) last: Option<Transform>,
    /// The classes of its bytes, or more.
    pub(crate) classes: Classes,
}

/// Compiled literal and regex rules. Immutable; the memory of a run is [`PatternScratch`].
#[derive(Debug)]
pub(crate) struct Patterns {
    rules: Vec<Pattern>,
    /// Positions in `rules` of the rules that wait for a literal, by [`LiteralId`].
    waiting: Vec<Vec<u32>>,
    /// Tells scratches that were warmed by other rules.
    identity: Arc<()>,
}

#[derive(Debug)]
struct Pattern {
    /// Index into the rules given to [`Patterns::compile`].
    rule: usize,
    /// Places as bits.
    places: u8,
    part: NameOrValue,
    /// Readings; all if empty.
    decodings: Vec<Decoding>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Any of these, sorted.
    Literals(Vec<LiteralId>),
    /// An expression, tried if one of its literals was found and the classes are those that it needs.
    Regex(Box<Expression>),
}

/// A compiled expression.
#[derive(Debug)]
struct Expression {
    regex: Regex,
    needs: Needs,
    /// States that it may be in at once: what a byte costs at worst, where automata do not fit into their caches.
    states: usize,
}

impl Patterns {
    /// Compiles the literal and regex rules among `rules`, their literals into `literals`. Reports every error, and expressions
    /// that may take more than `most` steps a byte.
    pub(crate) fn compile(
        rules: &[&Rule],
        literals: &mut literals::Builder,
        most: usize,
    ) -> Result<Patterns, Vec<Diagnostic>> {
        let mut compiled =
            Patterns { rules: Vec::new(), waiting: Vec::new(), identity: Arc::new(()) };
        let mut errors = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let mut error = |message: String| {
                errors.push(Diagnostic::new("", message).of_rule(rule.id.as_str()));
            };
            let (texts, regex) = match &rule.matcher {
                Matcher::Literals(texts) => (texts, None),
                Matcher::Regex(matcher) => match regex(&matcher.pattern) {
                    Ok(Expression { states, .. }) if states > most => {
                        error(format!(
                            "the expression may take {states} steps a byte, more than limits.rule_steps, which is {most}; \
                             repeat less, or divide it into rules"
                        ));
                        continue;
                    }
                    Ok(regex) => (&matcher.with, Some(regex)),
                    Err(message) => {
                        error(message);
                        continue;
                    }
                },
                Matcher::Detector(_) => continue,
            };
            if texts.is_empty() || texts.iter().any(String::is_empty) {
                error("a rule needs at least one literal, and none may be empty".to_owned());
                continue;
            }
            let mut ids: Vec<LiteralId> =
                texts.iter().map(|text| literals.add(text, Owner::Rule)).collect();
            ids.sort_unstable();
            ids.dedup();
            compiled.add(index, rule, ids, regex);
        }
        if errors.is_empty() { Ok(compiled) } else { Err(errors) }
    }

    fn add(&mut self, index: usize, rule: &Rule, ids: Vec<LiteralId>, regex: Option<Expression>) {
        for id in &ids {
            if self.waiting.len() <= id.index() {
                self.waiting.resize(id.index() + 1, Vec::new());
            }
            self.waiting[id.index()].push(self.rules.len() as u32);
        }
        let places = if rule.targets.is_empty() { &Place::ALL[..] } else { &rule.targets };
        self.rules.push(Pattern {
            rule: index,
            places: places.iter().fold(0, |bits, place| bits | place.bit()),
            part: rule.part,
            decodings: rule.decodings.clone(),
            kind: match regex {
                Some(regex) => Kind::Regex(Box::new(regex)),
                None => Kind::Literals(ids),
            },
        });
    }

    /// Tells `found` the first match of each rule that applies at `site`, in the order of the rules.
    ///
    /// `hits` is what the prefilter found in `view`. Linear: one pass for each regex rule of which a literal was found,
    /// one step a byte; none for literal rules. Nothing is allocated once `scratch` has met each rule.
    pub(crate) fn find(
        &self,
        view: &[u8],
        site: Site,
        hits: &Hits,
        scratch: &mut PatternScratch,
        budget: &mut Budget,
        mut found: impl FnMut(usize, Range<usize>),
    ) {
        if hits.is_empty() {
            return;
        }
        scratch.warm_for(self);
        scratch.candidates.clear();
        for occurrence in hits.found() {
            if let Some(waiting) = self.waiting.get(occurrence.literal.index()) {
                scratch.candidates.extend_from_slice(waiting);
            }
        }
        scratch.candidates.sort_unstable();
        scratch.candidates.dedup();
        for &candidate in &scratch.candidates {
            let Some(pattern) = self.rules.get(candidate as usize) else { continue };
            if !pattern.applies(site) {
                continue;
            }
            let range = match &pattern.kind {
                Kind::Literals(ids) => first_of(ids, hits),
                Kind::Regex(expression) if !expression.needs.allow(site.classes) => None,
                Kind::Regex(expression) => {
                    let regex = &expression.regex;
                    let Some(cache) = scratch.caches.get_mut(candidate as usize) else { continue };
                    if !budget.spend(view.len()) {
                        return;
                    }
                    let cache = cache.get_or_insert_with(|| regex.create_cache());
                    regex.search_with(cache, &Input::new(view)).map(|found| found.range())
                }
            };
            if let Some(range) = range {
                found(pattern.rule, range);
            }
        }
    }

    /// What each rule costs a byte at worst, by its index: nothing if the scan for literals decides it.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        self.rules.iter().map(|pattern| match &pattern.kind {
            Kind::Literals(_) => (pattern.rule, 0),
            Kind::Regex(expression) => (pattern.rule, expression.states),
        })
    }

    /// How many rules are expressions.
    pub(crate) fn expressions(&self) -> usize {
        self.rules.iter().filter(|pattern| matches!(pattern.kind, Kind::Regex(_))).count()
    }

    /// Memory taken, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let waiting: usize =
            self.waiting.iter().map(|w| size_of_val(w) + size_of_val(&w[..])).sum();
        let patterns: usize = self
            .rules
            .iter()
            .map(|pattern| {
                size_of::<Pattern>()
                    + match &pattern.kind {
                        Kind::Literals(ids) => size_of_val(&ids[..]),
                        Kind::Regex(expression) => {
                            expression.regex.memory_usage() + expression.needs.memory_usage()
                        }
                    }
            })
            .sum();
        waiting + patterns
    }
}

impl Pattern {
    fn applies(&self, site: Site) -> bool {
        let part = match self.part {
            NameOrValue::Both => true,
            NameOrValue::Name => site.name,
            NameOrValue::Value => !site.name,
        };
        part && self.places & site.place.bit() != 0
            && (self.decodings.is_empty() || self.decodings.iter().any(|d| d.covers(site.last)))
    }
}

/// The leftmost of these literals, the longest of those that begin there.
fn first_of(ids: &[LiteralId], hits: &Hits) -> Option<Range<usize>> {
    hits.found()
        .iter()
        .filter(|occurrence| ids.binary_search(&occurrence.literal).is_ok())
        .map(Occurrence::range)
        .min_by_key(|range| (range.start, usize::MAX - range.end))
}

/// Compiles an expression: bytes, `.` matches everything, ASCII letters in any case.
fn regex(pattern: &str) -> Result<Expression, String> {
    let syntax = syntax::Config::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(true)
        .dot_matches_new_line(true);
    let config = Config::new()
        // The literals were found already.
        .auto_prefilter(false)
        // The one engine with a panic that is known (rust-lang/regex#1344); the others are linear as well.
        .backtrack(false)
        .utf8_empty(false)
        .which_captures(WhichCaptures::Implicit)
        .nfa_size_limit(Some(NFA_BYTES))
        .onepass_size_limit(Some(NFA_BYTES))
        .hybrid_cache_capacity(CACHE_BYTES);
    let regex =
        Regex::builder().syntax(syntax).configure(config).build(pattern).map_err(|error| {
            match error.size_limit() {
                Some(limit) => format!("the expression takes more than {limit} bytes; repeat less"),
                None => match error.syntax_error() {
                    Some(error) => format!("not an expression: {error}"),
                    None => format!("the expression cannot be compiled: {error}"),
                },
            }
        })?;
    if regex.is_match("") {
        return Err("the expression matches nothing at all, so it matches everywhere".to_owned());
    }
    let unreadable = |error: &dyn std::fmt::Display| format!("not an expression: {error}");
    let hir = syntax::parse_with(pattern, &syntax).map_err(|error| unreadable(&error))?;
    let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(NFA_BYTES));
    let config = config.which_captures(WhichCaptures::None);
    let nfa = NFA::compiler().configure(config).build_from_hir(&hir);
    let states = nfa.map_err(|error| unreadable(&error))?.states().len();
    Ok(Expression { regex, needs: Needs::of(&hir), states })
}

/// The memory of a run: caches of the lazy automata, made when a rule first runs.
#[derive(Debug, Default)]
pub(crate) struct PatternScratch {
    candidates: Vec<u32>,
    caches: Vec<Option<Cache>>,
    /// Whose caches these are. Held, so that the address stays taken.
    owner: Option<Arc<()>>,
}

impl PatternScratch {
    /// Drops what other rules left behind.
    fn warm_for(&mut self, patterns: &Patterns) {
        if self.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, &patterns.identity)) {
            return;
        }
        self.caches.clear();
        self.caches.resize_with(patterns.rules.len(), || None);
        self.owner = Some(Arc::clone(&patterns.identity));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::model::policy::Sensitivity;
    use crate::model::rule::{Class, RuleFile};
    use crate::prefilter::literals::Literals;

    /// Rule files that hold no detector of their own, each with its cases in `testdata/detect`.
    const FILES: [&str; 12] = [
        "rce-code",
        "serialised",
        "ssti",
        "nosql",
        "ldap",
        "xpath",
        "xxe",
        "ssrf",
        "header",
        "log4j",
        "ssi",
        "prototype",
    ];

    fn rules_of(file: &str) -> Vec<Rule> {
        let name = format!("detect/{file}.yaml");
        let text = abatis_rules::DETECT.iter().find(|f| f.name == name).unwrap().text;
        serde_saphyr::from_str::<RuleFile>(text).unwrap().rules
    }

    fn builtin() -> Vec<Rule> {
        FILES.into_iter().flat_map(rules_of).collect()
    }

    fn rule(yaml: &str) -> Rule {
        let common = "class: ssti\nabout: a\nweight: 700\norigin: own\nhits: [a]\npasses: [b]\n";
        serde_saphyr::from_str(&format!("{common}{yaml}")).unwrap()
    }

    struct Run {
        patterns: Patterns,
        literals: Literals,
        hits: Hits,
        scratch: PatternScratch,
    }

    impl Run {
        fn new(rules: &[Rule]) -> Run {
            Run::with(rules, literals::Builder::build)
        }

        /// With literals that are searched for one by one.
        fn slow(rules: &[Rule]) -> Run {
            Run::with(rules, literals::Builder::build_slow)
        }

        fn with(rules: &[Rule], build: fn(literals::Builder) -> Literals) -> Run {
            let mut literals = literals::Builder::default();
            let rules: Vec<&Rule> = rules.iter().collect();
            let patterns = Patterns::compile(&rules, &mut literals, usize::MAX).unwrap();
            let literals = build(literals);
            Run { patterns, literals, hits: Hits::default(), scratch: PatternScratch::default() }
        }

        fn at(&mut self, site: Site, view: &[u8]) -> Vec<(usize, Range<usize>)> {
            self.within(site, view, &mut Budget::UNLIMITED.clone())
        }

        fn within(
            &mut self,
            site: Site,
            view: &[u8],
            budget: &mut Budget,
        ) -> Vec<(usize, Range<usize>)> {
            self.literals.find(view, &mut self.hits);
            let site = Site { classes: Classes::of(view), ..site };
            let mut found = Vec::new();
            let mut report = |rule, range| found.push((rule, range));
            self.patterns.find(view, site, &self.hits, &mut self.scratch, budget, &mut report);
            found
        }

        fn value(&mut self, view: &str) -> Vec<(usize, Range<usize>)> {
            self.at(VALUE, view.as_bytes())
        }
    }

    const VALUE: Site =
        Site { place: Place::Query, name: false, last: None, classes: Classes::ALL };

    #[test]
    fn every_rule_matches_its_hits_and_none_of_its_passes() {
        let rules = builtin();
        let mut run = Run::new(&rules);
        let mut wrong = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let place = rule.targets.first().copied().unwrap_or(Place::Query);
            let name = rule.part == NameOrValue::Name;
            let site = Site { place, name, ..VALUE };
            assert!(rule.hits.len() > 1 && rule.passes.len() > 1, "{} has too few cases", rule.id);
            for (values, expected) in [(&rule.hits, true), (&rule.passes, false)] {
                for value in values {
                    let found = run.at(site, value.as_bytes());
                    if found.iter().any(|(found, _)| *found == index) != expected {
                        wrong.push(format!("{} {value:?}, expected {expected}", rule.id));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[derive(Deserialize)]
    struct Cases {
        class: Class,
        hit: Vec<Case>,
        pass: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        value: String,
        place: Option<Place>,
        sensitivity: Option<Sensitivity>,
        class: Option<Class>,
    }

    #[test]
    fn the_cases_of_testdata_come_out_as_written() {
        let rules = builtin();
        let mut run = Run::new(&rules);
        let mut wrong = Vec::new();
        for file in FILES {
            let path = format!("{}/../testdata/detect/{file}.toml", env!("CARGO_MANIFEST_DIR"));
            let cases: Cases = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let (hits, passes) = (cases.hit.iter(), cases.pass.iter());
            for (case, hit) in hits.map(|c| (c, true)).chain(passes.map(|c| (c, false))) {
                let site = Site { place: case.place.unwrap_or(Place::Query), ..VALUE };
                let mut scores = BTreeMap::new();
                for (index, _) in run.at(site, case.value.as_bytes()) {
                    *scores.entry(rules[index].class).or_insert(0) += rules[index].weight;
                }
                let score = if hit {
                    scores.get(&case.class.unwrap_or(cases.class)).copied()
                } else {
                    scores.values().max().copied()
                };
                let threshold = case.sensitivity.unwrap_or_default().threshold();
                if (score.unwrap_or(0) >= threshold) != hit {
                    wrong.push(format!("{file} {:?} scores {scores:?}", case.value));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn switching_the_prefilter_off_changes_nothing() {
        let rules = builtin();
        let (mut fast, mut slow) = (Run::new(&rules), Run::slow(&rules));
        for rule in &rules {
            for value in rule.hits.iter().chain(&rule.passes) {
                assert_eq!(fast.value(value), slow.value(value), "{value:?}");
            }
        }
    }

    #[test]
    fn the_leftmost_and_then_longest_literal_is_told() {
        let mut run = Run::new(&[rule("id: a.b\nmatcher: {literals: [cd, abc, abcd]}")]);
        assert_eq!(run.value("xxABCD cd abc"), [(0, 2..6)]);
        assert_eq!(run.value("cd abcd"), [(0, 0..2)]);
        assert_eq!(run.value("c d"), []);
    }

    #[test]
    fn an_expression_needs_one_of_its_literals() {
        let yaml = "id: a.b\nmatcher: {regex: {pattern: '[a-z]+\\d', with: ['7', 'x']}}";
        let mut run = Run::new(&[rule(yaml)]);
        assert_eq!(run.value("-ab3"), []);
        assert_eq!(run.value("-AB7"), [(0, 1..4)]);
    }

    #[test]
    fn a_rule_looks_where_it_is_told_to() {
        let rules = [
            rule("id: a.name\npart: name\nmatcher: {literals: [abc]}"),
            rule("id: a.cookie\ntargets: [cookie]\nmatcher: {literals: [abc]}"),
            rule("id: a.base64\ndecodings: [base64]\nmatcher: {literals: [abc]}"),
            rule("id: a.sql\nmatcher: {detector: sql}"),
            rule("id: a.all\nmatcher: {literals: [abc]}"),
        ];
        let mut run = Run::new(&rules);
        let mut at = |site| run.at(site, b"abc").iter().map(|(rule, _)| *rule).collect::<Vec<_>>();
        assert_eq!(at(VALUE), [4]);
        assert_eq!(at(Site { name: true, ..VALUE }), [0, 4]);
        assert_eq!(at(Site { place: Place::Cookie, ..VALUE }), [1, 4]);
        assert_eq!(at(Site { last: Some(Transform::Base64), ..VALUE }), [2, 4]);
        assert_eq!(at(Site { last: Some(Transform::Leaf), ..VALUE }), [4]);
    }

    #[test]
    fn work_ends_with_the_budget() {
        let yaml = "matcher: {regex: {pattern: 'ab+', with: [ab]}}";
        let rules = [rule(&format!("id: a.a\n{yaml}")), rule(&format!("id: a.b\n{yaml}"))];
        let mut run = Run::new(&rules);
        let limits = crate::limits::Limits { steps: 9, ..crate::limits::Limits::default() };
        assert_eq!(run.within(VALUE, b"xabbx", &mut limits.budget()), [(0, 1..4)]);
    }

    #[test]
    fn a_scratch_serves_other_rules() {
        let mut a = Run::new(&[rule("id: a.a\nmatcher: {regex: {pattern: 'a+b', with: [a]}}")]);
        let mut b = Run::new(&[
            rule("id: b.a\nmatcher: {regex: {pattern: '(x|y)+z$', with: [z]}}"),
            rule("id: b.b\nmatcher: {regex: {pattern: '^x', with: [x]}}"),
        ]);
        assert_eq!(a.value("aab"), [(0, 0..3)]);
        std::mem::swap(&mut a.scratch, &mut b.scratch);
        assert_eq!(b.value("xyz"), [(0, 0..3), (1, 0..1)]);
        assert_eq!(a.value("aab"), [(0, 0..3)]);
    }

    #[test]
    fn every_error_is_reported_with_its_rule() {
        let rules = [
            rule("id: a.open\nmatcher: {regex: {pattern: '(', with: [a]}}"),
            rule("id: a.empty\nmatcher: {regex: {pattern: 'x*', with: [a]}}"),
            rule("id: a.large\nmatcher: {regex: {pattern: '((\\w{99}){99}){99}', with: [a]}}"),
            rule("id: a.none\nmatcher: {literals: []}"),
            rule("id: a.blank\nmatcher: {literals: ['']}"),
            rule("id: a.fine\nmatcher: {literals: [a]}"),
        ];
        let rules: Vec<&Rule> = rules.iter().collect();
        let errors =
            Patterns::compile(&rules, &mut literals::Builder::default(), usize::MAX).unwrap_err();
        let named: Vec<_> = errors.iter().filter_map(|error| error.rule.as_deref()).collect();
        assert_eq!(named, ["a.open", "a.empty", "a.large", "a.none", "a.blank"]);
        assert!(errors[2].message.contains("repeat less"), "{}", errors[2]);
    }
}
