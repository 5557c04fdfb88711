//! The plan: everything that inspecting needs to know, compiled and immutable.
//!
//! Way: model -> check -> **plan** -> Engine.

use std::sync::Arc;

use crate::ambiguity::Ambiguity;
use crate::compile::check;
use crate::compile::field::FieldPattern;
use crate::compile::route::Routes;
use crate::compile::schema::CompiledSchema;
use crate::decide::Settings;
use crate::decode::Transform;
use crate::detect::LanguageId;
use crate::detect::pattern::Patterns;
use crate::detect::segment::Weights;
use crate::error::{BuildError, Diagnostic};
use crate::limits::Limits;
use crate::model::load::Bundle;
use crate::model::policy::{
    Ambiguities, BodyTypes, Disposition, Exclusion, OnPartial, Policy, RuleMode,
};
use crate::model::rule::{Class, Decoding, Matcher, NameOrValue, Rule, RuleId};
use crate::prefilter::gate::Classes;
use crate::prefilter::literals::Literals;
use crate::span::Place;
use crate::trail::Trail;
use crate::verdict::Limit;

/// What an engine knows.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) ambiguities: Ambiguities,
    pub(crate) body_types: BodyTypes,
    on_partial: OnPartial,
    /// Whether byte gates are asked; off only to prove that they change nothing.
    pub(crate) gated: bool,
    pub(crate) languages: Vec<LanguageRule>,
    pub(crate) literals: Literals,
    pub(crate) patterns: Patterns,
    /// Index into `rules` for each pattern.
    pub(crate) pattern_rules: Vec<u16>,
    pub(crate) rules: Vec<CompiledRule>,
    protocol: Vec<(RuleId, RuleMode)>,
    pub(crate) exclusions: Exclusions,
    pub(crate) router: Routes,
    pub(crate) routes: Vec<RoutePlan>,
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
        }
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
    pub(crate) body: Option<CompiledSchema>,
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
        file: &str,
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
                Some(Err(message)) => {
                    errors.push(
                        Diagnostic::new(file, message).at(0, 0, format!("{pointer}/{at}/field")),
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
    pub(crate) fn cover_id(&self, rule: &RuleId, class: Class, place: Place, trail: &Trail<'_>) -> bool {
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
            && self.field.as_ref().is_none_or(|field| trail.with_frames(|frames| field.matches(frames)))
    }
}

impl Plan {
    /// Compiles a bundle; all errors at once.
    pub(crate) fn compile(bundle: &Bundle, gated: bool, prefiltered: bool) -> Result<Plan, BuildError> {
        let mut errors = check::check(bundle);
        let policy = &bundle.policy;
        let file = bundle.policy_name.as_str();

        let mut rules = Vec::new();
        let mut languages = Vec::new();
        let mut pattern_sources: Vec<&Rule> = Vec::new();
        let mut pattern_rules = Vec::new();
        for (_, rule) in bundle.rules() {
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
                Ok(language) => languages.push(language),
                Err(messages) => errors.extend(messages),
            }
        }

        let patterns = Patterns::compile(&pattern_sources).unwrap_or_else(|found| {
            errors.extend(found);
            Patterns::default()
        });
        let words = languages.iter().flat_map(|language| {
            language.id.gate().words.iter().map(|word| (*word, language.id as u8))
        });
        let literals = Literals::build(words, &patterns, prefiltered).unwrap_or_else(|message| {
            errors.push(Diagnostic::new(file, message));
            Literals::default()
        });

        let exclusions =
            Exclusions::compile(file, "/exclusions", &policy.exclusions, &rules, &mut errors);
        let router = Routes::compile(&policy.routes).unwrap_or_else(|found| {
            errors.extend(found);
            Routes::default()
        });
        let routes = route_plans(bundle, &rules, &mut errors);

        if !errors.is_empty() {
            return Err(BuildError::invalid(errors));
        }
        let plan = Plan {
            settings: Settings { mode: policy.mode, sensitivity: policy.sensitivity },
            limits: policy.limits.clone(),
            ambiguities: policy.ambiguities.clone(),
            body_types: policy.body_types.clone(),
            on_partial: policy.on_partial.clone(),
            gated,
            languages,
            literals,
            patterns,
            pattern_rules,
            rules,
            protocol: protocol(policy),
            exclusions,
            router,
            routes,
            ruleset: digest(bundle),
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

    /// The language's weights and rule, which is compiled in if evidence of it exists.
    pub(crate) fn language(&self, id: LanguageId) -> Option<&LanguageRule> {
        self.languages.iter().find(|language| language.id == id)
    }

    /// Id and mode of a rule that stands in no file.
    pub(crate) fn protocol_rule(&self, rule: &str) -> (RuleId, RuleMode) {
        let known = self.protocol.iter().find(|(id, _)| id.as_str() == rule);
        known.cloned().unwrap_or_else(|| (RuleId::from(rule), RuleMode::On))
    }

    /// Bytes that automata and tables take.
    pub(crate) fn memory_usage(&self) -> usize {
        self.literals.memory_usage()
            + self.patterns.memory_usage()
            + self.languages.iter().map(|language| language.weights.memory_usage()).sum::<usize>()
            + self.rules.len() * size_of::<CompiledRule>()
    }
}

fn language(bundle: &Bundle, name: &str, rule: u16) -> Result<LanguageRule, Vec<Diagnostic>> {
    let id = LanguageId::ALL.into_iter().find(|id| id.name() == name);
    let file = bundle.weights.iter().find(|file| file.detector == name);
    // `check` has reported what is missing here.
    let (Some(id), Some(file)) = (id, file) else { return Err(Vec::new()) };
    let weights = Weights::new(id.tokens(), file).map_err(|messages| {
        let file = format!("weights/{name}.json");
        messages.into_iter().map(|message| Diagnostic::new(file.clone(), message)).collect::<Vec<_>>()
    })?;
    Ok(LanguageRule { id, gate: id.gate().classes, weights, rule })
}

fn route_plans(
    bundle: &Bundle,
    rules: &[CompiledRule],
    errors: &mut Vec<Diagnostic>,
) -> Vec<RoutePlan> {
    let policy = &bundle.policy;
    let file = bundle.policy_name.as_str();
    let mut plans = Vec::new();
    for (at, route) in policy.routes.iter().enumerate() {
        let pointer = format!("/routes/{at}");
        let mut compile = |name: &str, schema: &serde_json::Value, pointer: String| {
            CompiledSchema::compile(name, schema, None)
                .map_err(|found| {
                    errors.extend(found.into_iter().map(|mut diagnostic| {
                        diagnostic.file = file.to_owned();
                        diagnostic.pointer = format!("{pointer}{}", diagnostic.pointer);
                        diagnostic
                    }));
                })
                .ok()
        };
        let body = route.body.as_deref().and_then(|name| {
            let schema = bundle.schemas.get(name)?;
            compile(name, schema, format!("/schemas/{name}"))
        });
        let mut parameters = Vec::new();
        for (index, parameter) in route.parameters.iter().enumerate() {
            let pointer = format!("{pointer}/parameters/{index}/schema");
            let Some(schema) = bundle.parameter_schema(at, index) else { continue };
            if let Some(schema) = compile(&parameter.name, schema, pointer) {
                parameters.push(ParameterPlan {
                    name: parameter.name.clone(),
                    place: parameter.place,
                    required: parameter.required,
                    schema,
                });
            }
        }
        let exclusions = Exclusions::compile(
            file,
            &format!("{pointer}/exclusions"),
            &route.exclusions,
            rules,
            errors,
        );
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

/// FNV-1a over rules and weights as canonical JSON: the same rules give the same digest on any machine.
fn digest(bundle: &Bundle) -> Arc<str> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |value: Result<String, serde_json::Error>| {
        for byte in value.unwrap_or_default().bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for (_, rule) in bundle.rules() {
        add(serde_json::to_string(rule));
    }
    for weights in &bundle.weights {
        add(serde_json::to_string(weights));
    }
    format!("{hash:016x}").into()
}
