//! The plan: everything that inspecting needs to know, compiled and immutable.
//!
//! Way: model -> check -> **plan** -> Engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ambiguity::Ambiguity;
use crate::classes::Classes;
use crate::compile::check;
use crate::compile::field::FieldPattern;
use crate::compile::route::Routes;
use crate::compile::schema::SchemaOptions;
use crate::decide::Settings;
use crate::decode::Transform;
use crate::detect::LanguageId;
use crate::detect::pattern::Patterns;
use crate::detect::segment::Weights;
use crate::error::{BuildError, Diagnostic};
use crate::limits::{Budget, Limits};
use crate::model::policy::{
    Ambiguities, BodyTypes, Disposition, Exclusion, OnPartial, Policy, RuleMode,
};
use crate::model::rule::{Class, Decoding, Matcher, NameOrValue, Rule, RuleId};
use crate::model::{Bundle, Document, Source};
use crate::prefilter::literals::{self, Hits, Literals, Owner};
use crate::schema::document::CompiledSchema;
use crate::span::Place;
use crate::trail::Trail;
use crate::verdict::Limit;

/// What an engine knows.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    /// The worst steps of a byte.
    pub(crate) steps_per_byte: u64,
    pub(crate) ambiguities: Ambiguities,
    pub(crate) body_types: BodyTypes,
    on_partial: OnPartial,
    /// Whether byte gates are asked; off only to prove that they change nothing.
    pub(crate) gated: bool,
    pub(crate) languages: Vec<LanguageRule>,
    /// Classes that open the gate of any language; all of them if gates are not asked.
    pub(crate) gates: Classes,
    /// The same language by language; none for one that is switched off.
    each_gate: [Classes; LanguageId::ALL.len()],
    literals: Literals,
    pub(crate) patterns: Patterns,
    /// Index into `rules` for each pattern.
    pub(crate) pattern_rules: Vec<u16>,
    pub(crate) rules: Vec<CompiledRule>,
    protocol: Vec<(RuleId, RuleMode)>,
    pub(crate) exclusions: Exclusions,
    pub(crate) router: Routes,
    pub(crate) routes: Vec<RoutePlan>,
    /// The policy's schemas by name, whether a route asks for them or not.
    schemas: BTreeMap<String, Arc<CompiledSchema>>,
    pub(crate) ruleset: Arc<str>,
}

/// A rule whose matcher is a language.
pub(crate) struct LanguageRule {
    pub(crate) id: LanguageId,
    pub(crate) gate: Classes,
    pub(crate) weights: Weights,
    /// Index into `Plan::rules`.
    pub(crate) rule: u16,
}

/// What of a rule is needed once its matcher has fired.
pub(crate) struct CompiledRule {
    pub(crate) id: RuleId,
    pub(crate) class: Class,
    pub(crate) weight: u16,
    pub(crate) mode: RuleMode,
    pub(crate) about: Arc<str>,
    /// Places as bits of [`Place::bit`].
    targets: u8,
    part: NameOrValue,
    decodings: Vec<Decoding>,
    /// The literals without which it cannot match; empty for a language.
    waits_for: Vec<Box<str>>,
}

impl CompiledRule {
    fn new(rule: &Rule, mode: RuleMode) -> CompiledRule {
        let targets = rule.targets.iter().fold(0, |set, place| set | place.bit());
        CompiledRule {
            id: rule.id.clone(),
            class: rule.class,
            weight: rule.weight,
            mode,
            about: rule.about.as_str().into(),
            targets: if targets == 0 { u8::MAX } else { targets },
            part: rule.part,
            decodings: rule.decodings.clone(),
            waits_for: match &rule.matcher {
                Matcher::Literals(literals) => {
                    literals.iter().map(|text| text.as_str().into()).collect()
                }
                Matcher::Regex(regex) => {
                    regex.with.iter().map(|text| text.as_str().into()).collect()
                }
                Matcher::Detector(_) => Vec::new(),
            },
        }
    }

    /// Whether the rule looks at such fields at all.
    pub(crate) fn looks_at(&self, place: Place) -> bool {
        self.targets & place.bit() != 0
    }

    /// Whether the rule looks at such a field under such a reading.
    #[inline]
    pub(crate) fn applies(&self, place: Place, name: bool, last: Option<Transform>) -> bool {
        let part = match self.part {
            NameOrValue::Both => true,
            NameOrValue::Name => name,
            NameOrValue::Value => !name,
        };
        part && self.targets & place.bit() != 0
            && (self.decodings.is_empty() || self.decodings.iter().any(|d| d.covers(last)))
    }
}

/// What is compiled of one route.
pub(crate) struct RoutePlan {
    pub(crate) settings: Settings,
    pub(crate) exclusions: Exclusions,
    pub(crate) body: Option<Arc<CompiledSchema>>,
    pub(crate) parameters: Vec<ParameterPlan>,
}

/// The schema of one parameter of a route.
pub(crate) struct ParameterPlan {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) schema: CompiledSchema,
}

/// Compiled exclusions of a policy or a route.
#[derive(Debug, Default)]
pub(crate) struct Exclusions(Vec<CompiledExclusion>);

#[derive(Debug)]
struct CompiledExclusion {
    rule: Option<RuleId>,
    /// The rule's index, if it is a rule of a file.
    index: Option<u16>,
    class: Option<Class>,
    place: Option<Place>,
    field: Option<FieldPattern>,
}

impl Exclusions {
    fn compile(
        source: &Source,
        pointer: &str,
        exclusions: &[Exclusion],
        rules: &[CompiledRule],
        errors: &mut Vec<Diagnostic>,
    ) -> Exclusions {
        let mut compiled = Vec::new();
        for (at, exclusion) in exclusions.iter().enumerate() {
            let field = match exclusion.field.as_deref().map(FieldPattern::parse) {
                None => None,
                Some(Ok(field)) => Some(field),
                Some(Err(error)) => {
                    errors.push(
                        source.diagnostic(&format!("{pointer}/{at}/field"), error.to_string()),
                    );
                    continue;
                }
            };
            let index = exclusion.rule.as_ref().and_then(|id| {
                rules.iter().position(|rule| &rule.id == id).map(|index| index as u16)
            });
            compiled.push(CompiledExclusion {
                rule: exclusion.rule.clone(),
                index,
                class: exclusion.class,
                place: exclusion.place,
                field,
            });
        }
        Exclusions(compiled)
    }

    /// Whether evidence of this rule does not count in this field.
    pub(crate) fn cover(&self, rule: u16, class: Class, place: Place, trail: &Trail<'_>) -> bool {
        self.0.iter().any(|exclusion| {
            (exclusion.rule.is_none() || exclusion.index == Some(rule))
                && exclusion.covers(class, place, trail)
        })
    }

    /// The same for rules that stand in no file (`protocol.*`, `schema.*`).
    pub(crate) fn cover_id(
        &self,
        rule: &RuleId,
        class: Class,
        place: Place,
        trail: &Trail<'_>,
    ) -> bool {
        self.0.iter().any(|exclusion| {
            exclusion.rule.as_ref().is_none_or(|id| id == rule)
                && exclusion.covers(class, place, trail)
        })
    }
}

impl CompiledExclusion {
    fn covers(&self, class: Class, place: Place, trail: &Trail<'_>) -> bool {
        self.class.is_none_or(|known| known == class)
            && self.place.is_none_or(|known| known == place)
            && self
                .field
                .as_ref()
                .is_none_or(|field| trail.with_frames(|frames| field.matches(frames)))
    }
}

impl Plan {
    /// Compiles a bundle; all errors at once.
    pub(crate) fn compile(
        bundle: &Bundle,
        gated: bool,
        prefiltered: bool,
    ) -> Result<Plan, BuildError> {
        let detectors = LanguageId::ALL.map(LanguageId::name);
        let mut errors = check::check(bundle, &detectors);
        let policy = &bundle.policy;

        let mut rules = Vec::new();
        let mut languages = Vec::new();
        let mut pattern_sources: Vec<&Rule> = Vec::new();
        let mut pattern_rules = Vec::new();
        let mut words = literals::Builder::default();
        for rule in bundle.each_rule() {
            let mode = policy.rules.get(&rule.id).map_or(RuleMode::On, |setting| setting.mode);
            if mode == RuleMode::Off {
                continue;
            }
            let index = rules.len() as u16;
            rules.push(CompiledRule::new(rule, mode));
            let Matcher::Detector(name) = &rule.matcher else {
                pattern_sources.push(rule);
                pattern_rules.push(index);
                continue;
            };
            match language(bundle, name, index) {
                Ok(language) => {
                    for word in language.id.gate().words {
                        words.add(word, Owner::Language(language.id as u8));
                    }
                    languages.push(language);
                }
                Err(found) => errors.extend(found),
            }
        }
        let patterns = Patterns::compile(&pattern_sources, &mut words, policy.limits.rule_steps)
            .map_err(|found| {
                errors.extend(found.into_iter().map(|diagnostic| at_rule(bundle, diagnostic)));
            });
        let exclusions = Exclusions::compile(
            &policy.source,
            "/exclusions",
            &policy.exclusions,
            &rules,
            &mut errors,
        );
        let router = Routes::compile(&policy.routes).map_err(|found| {
            errors
                .extend(found.into_iter().map(|d| policy.source.diagnostic(&d.pointer, d.message)));
        });
        let schemas = named_schemas(bundle, &mut errors);
        let routes = route_plans(bundle, &rules, &schemas, &mut errors);

        let (Ok(patterns), Ok(router), true) = (patterns, router, errors.is_empty()) else {
            return Err(BuildError::invalid(errors));
        };
        // One by one only to prove that it changes nothing.
        let literals = if prefiltered { words.build() } else { words.build_slow() };
        let gates = if gated {
            languages.iter().fold(Classes::NONE, |set, language| set.or(language.gate))
        } else {
            Classes::ALL
        };
        let contexts = languages.iter().map(|language| language.id.contexts()).sum();
        let steps_per_byte = policy.limits.steps_per_byte(contexts, patterns.expressions());
        let mut each_gate = [Classes::NONE; LanguageId::ALL.len()];
        for language in &languages {
            each_gate[language.id as usize] = language.gate;
        }
        let plan = Plan {
            steps_per_byte,
            settings: Settings { mode: policy.mode, sensitivity: policy.sensitivity },
            limits: policy.limits.clone(),
            ambiguities: policy.ambiguities.clone(),
            body_types: policy.body_types.clone(),
            on_partial: policy.on_partial.clone(),
            gated,
            languages,
            gates,
            each_gate,
            literals,
            patterns,
            pattern_rules,
            rules,
            protocol: protocol(policy),
            exclusions,
            router,
            routes,
            schemas,
            ruleset: bundle.digest().into(),
        };
        let needed = plan.memory_usage();
        if needed > policy.limits.compiled_bytes {
            return Err(BuildError::too_large(policy.limits.compiled_bytes, needed));
        }
        Ok(plan)
    }

    /// What the policy does when inspection ended early for this reason.
    pub(crate) fn on_partial(&self, limit: Limit) -> Disposition {
        let policy = &self.on_partial;
        let own = match limit {
            Limit::Opaque => Some(policy.opaque),
            Limit::BodyBytes => policy.body_bytes,
            Limit::Fields => policy.fields,
            Limit::Depth => policy.depth,
            Limit::Decode => policy.decode,
            Limit::Steps => policy.steps,
            Limit::Headers => policy.headers,
            Limit::Target => policy.target,
            Limit::Stopped => policy.stopped,
            Limit::Misuse => policy.misuse,
        };
        own.unwrap_or(policy.default)
    }

    /// What literals a reading holds.
    #[inline]
    pub(crate) fn literals(&self, reading: &[u8], hits: &mut Hits) {
        self.literals.find(reading, hits);
    }

    /// The languages whose gate opens for a text of these classes, as bits.
    #[inline]
    pub(crate) fn opened(&self, classes: Classes) -> u32 {
        let bit = |(id, gate): (&LanguageId, &Classes)| {
            if classes.intersects(*gate) { id.bit() } else { 0 }
        };
        LanguageId::ALL.iter().zip(&self.each_gate).map(bit).fold(0, |open, bit| open | bit)
    }

    /// The policy's schema of that name.
    pub(crate) fn schema(&self, name: &str) -> Option<&CompiledSchema> {
        self.schemas.get(name).map(|schema| &**schema)
    }

    /// Every schema with its name, and why the machine does not run it.
    pub(crate) fn schemas(&self) -> Vec<(&str, Option<&str>)> {
        let named = self.schemas.iter().map(|(name, schema)| (&**name, schema.fallback()));
        let parameters = self.routes.iter().flat_map(|route| &route.parameters);
        let parameters = parameters.map(|known| (&*known.name, known.schema.fallback()));
        named.chain(parameters).collect()
    }

    /// Whether the literals of the rules are searched for by windows.
    #[cfg(test)]
    pub(crate) fn scans_by_windows(&self) -> bool {
        self.literals.has_windows()
    }

    /// The language's weights and rule, which is compiled in if evidence of it exists.
    pub(crate) fn language(&self, id: LanguageId) -> Option<&LanguageRule> {
        self.languages.iter().find(|language| language.id == id)
    }

    /// Every rule with the literals without which it cannot match.
    pub(crate) fn rules_with_literals(
        &self,
    ) -> impl Iterator<Item = (&CompiledRule, impl Iterator<Item = &str>)> {
        self.rules.iter().map(|rule| (rule, rule.waits_for.iter().map(|text| &**text)))
    }

    /// Whether `rule` is that of `language`.
    pub(crate) fn is_rule_of(&self, language: &LanguageRule, rule: &CompiledRule) -> bool {
        self.rules.get(language.rule as usize).is_some_and(|own| std::ptr::eq(own, rule))
    }

    /// Id and mode of a rule that stands in no file.
    pub(crate) fn protocol_rule(&self, rule: &str) -> (RuleId, RuleMode) {
        let known = self.protocol.iter().find(|(id, _)| id.as_str() == rule);
        known.cloned().unwrap_or_else(|| (RuleId::from(rule), RuleMode::On))
    }

    /// The budget of one run.
    pub(crate) fn budget(&self) -> Budget {
        self.limits.budget_of(self.steps_per_byte)
    }

    /// What each rule costs a byte at worst, in the order of the rules.
    pub(crate) fn rule_steps(&self) -> Vec<(RuleId, usize)> {
        let of_languages = self.languages.iter().map(|of| (of.rule, of.id.contexts()));
        let of_patterns =
            self.patterns.steps().map(|(pattern, steps)| (self.pattern_rules[pattern], steps));
        let mut steps: Vec<_> = of_languages.chain(of_patterns).collect();
        steps.sort_unstable();
        let named = |(rule, steps): (u16, usize)| {
            Some((self.rules.get(usize::from(rule))?.id.clone(), steps))
        };
        steps.into_iter().filter_map(named).collect()
    }

    /// Bytes that automata and tables take.
    pub(crate) fn memory_usage(&self) -> usize {
        self.literals.memory_usage()
            + self.patterns.memory_usage()
            + self.languages.iter().map(|language| language.weights.memory_usage()).sum::<usize>()
            + self.schemas.values().map(|schema| schema.memory_usage()).sum::<usize>()
            + self
                .routes
                .iter()
                .flat_map(|route| &route.parameters)
                .map(|parameter| parameter.schema.memory_usage())
                .sum::<usize>()
            + self.rules.len() * size_of::<CompiledRule>()
    }
}

fn language(bundle: &Bundle, name: &str, rule: u16) -> Result<LanguageRule, Vec<Diagnostic>> {
    let id = LanguageId::ALL.into_iter().find(|id| id.name() == name);
    let file = bundle.weights.iter().find(|file| file.content.detector == name);
    // `check` has reported what is missing here.
    let (Some(id), Some(file)) = (id, file) else { return Err(Vec::new()) };
    let weights = Weights::new(id.tokens(), &file.content).map_err(|messages| {
        let at = |message| file.source.diagnostic("/weights", message);
        messages.into_iter().map(at).collect::<Vec<_>>()
    })?;
    Ok(LanguageRule { id, gate: id.gate().classes, weights, rule })
}

/// Finds the place of a diagnostic that only knows its rule.
fn at_rule(bundle: &Bundle, diagnostic: Diagnostic) -> Diagnostic {
    let Some(id) = diagnostic.rule.as_deref() else { return diagnostic };
    for file in &bundle.rules {
        if let Some(index) = file.content.rules.iter().position(|rule| rule.id.as_str() == id) {
            let pointer = format!("/rules/{index}/matcher");
            return file.source.diagnostic(&pointer, diagnostic.message).of_rule(id);
        }
    }
    diagnostic
}

/// Each schema of the policy once, however many routes ask for it.
fn named_schemas(
    bundle: &Bundle,
    errors: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Arc<CompiledSchema>> {
    let mut schemas = BTreeMap::new();
    for name in bundle.policy.schemas.keys() {
        let document = bundle.schema(name);
        if let Some(schema) = document.and_then(|found| compile_schema(name, found, errors)) {
            schemas.insert(name.clone(), Arc::new(schema));
        }
    }
    schemas
}

fn route_plans(
    bundle: &Bundle,
    rules: &[CompiledRule],
    schemas: &BTreeMap<String, Arc<CompiledSchema>>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<RoutePlan> {
    let policy = &bundle.policy;
    let mut plans = Vec::new();
    for (at, route) in policy.routes.iter().enumerate() {
        // A name that leads nowhere has been reported by `check`.
        let body = route.body.as_deref().and_then(|name| schemas.get(name).cloned());
        let parameters = route.parameters.iter().enumerate().filter_map(|(index, parameter)| {
            let document = bundle.parameter_schema(at, index)?;
            Some(ParameterPlan {
                name: parameter.name.clone(),
                place: parameter.place,
                required: parameter.required,
                schema: compile_schema(&parameter.name, document, errors)?,
            })
        });
        let parameters = parameters.collect();
        let pointer = format!("/routes/{at}/exclusions");
        let exclusions =
            Exclusions::compile(&policy.source, &pointer, &route.exclusions, rules, errors);
        plans.push(RoutePlan {
            settings: Settings {
                mode: route.mode.unwrap_or(policy.mode),
                sensitivity: route.sensitivity.unwrap_or(policy.sensitivity),
            },
            exclusions,
            body,
            parameters,
        });
    }
    plans
}

fn compile_schema(
    name: &str,
    document: &Document<serde_json::Value>,
    errors: &mut Vec<Diagnostic>,
) -> Option<CompiledSchema> {
    let at = |found: Diagnostic| document.source.diagnostic(&found.pointer, found.message);
    CompiledSchema::compile(name, &document.content, &SchemaOptions::default())
        .map_err(|found| errors.extend(found.into_iter().map(at)))
        .ok()
}

/// Rule ids of ambiguities, made once so that findings share them.
fn protocol(policy: &Policy) -> Vec<(RuleId, RuleMode)> {
    let mode = |id: &RuleId| policy.rules.get(id).map_or(RuleMode::On, |setting| setting.mode);
    Ambiguity::ALL
        .iter()
        .map(|ambiguity| {
            let id = ambiguity.rule_id();
            let mode = mode(&id);
            (id, mode)
        })
        .chain(policy.rules.iter().map(|(id, setting)| (id.clone(), setting.mode)))
        .collect()
}
