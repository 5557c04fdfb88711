//! From schemas to nodes: references followed, every draft in one form.
//!
//! A node stands for a schema in a *dynamic scope*: the resources that were entered on the way to it, as far as `$dynamicRef` and
//! `$recursiveRef` ask about them. So these references are followed when the schema is compiled, like all others.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::draft;
use super::native::Unsupported;
use super::resource::{Place, Resource, Resources};
use crate::model::Draft;
use crate::schema::canonical::Canonical;
use crate::schema::format::Format;
use crate::schema::key::Keys;
use crate::schema::number::{Limit, Unit};
use crate::schema::pattern::{Pattern, PatternLimits};
use crate::schema::program::{
    ArrayRules, Asks, Check, Choice, Contains, Content, Kind, Kinds, NamedPattern, Node, NodeId,
    ObjectRules, Part, Program, Types,
};

/// The most references that are followed to get from one to a schema that asserts something.
const HOPS_MAX: usize = 256;
/// The most nodes of one schema.
const NODES_MAX: usize = 1 << 20;

type Object = Map<String, Value>;

/// The outermost resource for each name of a dynamic anchor, the name of `$recursiveAnchor` being empty.
type Scope = Vec<(String, usize)>;

/// Makes the nodes of a schema; the number of the root's.
pub(super) fn build<'a>(
    program: &mut Program,
    resources: &mut Resources<'a>,
    root: &Place<'a>,
    formats: Option<bool>,
) -> Result<NodeId, Unsupported> {
    let mut builder = Builder {
        program,
        resources,
        formats,
        scopes: vec![Scope::new()],
        known: HashMap::new(),
        open: Vec::new(),
        patterns: HashMap::new(),
    };
    let root = builder.node(root.clone(), 0)?;
    while let Some((id, place, scope)) = builder.open.pop() {
        let node = builder.fill(&place, scope)?;
        if let Some(empty) = builder.program.nodes.get_mut(id as usize) {
            *empty = node;
        }
    }
    Ok(root)
}

struct Builder<'b, 'a> {
    program: &'b mut Program,
    resources: &'b mut Resources<'a>,
    formats: Option<bool>,
    scopes: Vec<Scope>,
    /// By the address of the schema and its scope.
    known: HashMap<(*const Value, usize), NodeId>,
    /// Nodes that are still empty.
    open: Vec<(NodeId, Place<'a>, usize)>,
    patterns: HashMap<String, u32>,
}

impl<'a> Builder<'_, 'a> {
    /// The node of a schema in a scope; filled later.
    fn node(&mut self, place: Place<'a>, scope: usize) -> Result<NodeId, Unsupported> {
        let (place, scope) = self.target(place, scope)?;
        let key = (std::ptr::from_ref(place.value), scope);
        if let Some(&id) = self.known.get(&key) {
            return Ok(id);
        }
        let id = self.program.nodes.len();
        if id >= NODES_MAX {
            return Err(Unsupported::new("", "it has too many schemas"));
        }
        self.program.nodes.push(Node::default());
        self.known.insert(key, id as NodeId);
        self.open.push((id as NodeId, place, scope));
        Ok(id as NodeId)
    }

    fn resource(&self, place: &Place<'a>) -> Result<&Resource<'a>, Unsupported> {
        let resource = self.resources.list.get(place.resource);
        resource.ok_or_else(|| Unsupported::new(&place.pointer, "it is in no document"))
    }

    /// The schema that a schema without any other assertion refers to, however often.
    fn target(
        &mut self,
        mut place: Place<'a>,
        mut scope: usize,
    ) -> Result<(Place<'a>, usize), Unsupported> {
        for _ in 0..HOPS_MAX {
            if let Some(own) = self.resources.beginning_with(place.value) {
                place.resource = own;
            }
            scope = self.entered(scope, place.resource);
            let Value::Object(schema) = place.value else { return Ok((place, scope)) };
            let draft = self.resource(&place)?.draft;
            let overrides = draft <= Draft::Draft7 && schema.contains_key("$ref");
            let alone = |(key, _): (&String, &Value)| key == "$ref" || draft::is_annotation(key);
            if !(overrides || schema.contains_key("$ref") && schema.iter().all(alone)) {
                return Ok((place, scope));
            }
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                return Ok((place, scope));
            };
            place = self.resolve(&place, "$ref", reference)?;
        }
        Err(Unsupported::endless(&place.pointer))
    }

    fn resolve(
        &mut self,
        place: &Place<'a>,
        keyword: &str,
        reference: &str,
    ) -> Result<Place<'a>, Unsupported> {
        self.resources.resolve(place.resource, reference).map_err(|missing| {
            let pointer = format!("{}/{keyword}", place.pointer);
            Unsupported::missing(&pointer, missing.message())
        })
    }

    /// The scope after a resource was entered.
    fn entered(&mut self, scope: usize, resource: usize) -> usize {
        if !self.resources.dynamic {
            return scope;
        }
        let Some(resource_of) = self.resources.list.get(resource) else { return scope };
        let Some(mut names) = self.scopes.get(scope).cloned() else { return scope };
        let before = names.len();
        let recursive = resource_of.recursive.then(String::new);
        let own = resource_of.dynamic.iter().map(|(name, _)| name.clone());
        for name in own.chain(recursive) {
            if !names.iter().any(|(known, _)| *known == name) {
                names.push((name, resource));
            }
        }
        if names.len() == before {
            return scope;
        }
        names.sort();
        if let Some(known) = self.scopes.iter().position(|known| *known == names) {
            return known;
        }
        self.scopes.push(names);
        self.scopes.len() - 1
    }

    /// What `$dynamicRef` leads to: where the outermost resource in scope has the anchor, else what it leads to like any reference.
    fn dynamic(
        &mut self,
        place: &Place<'a>,
        reference: &str,
        scope: usize,
    ) -> Result<Place<'a>, Unsupported> {
        let target = self.resolve(place, "$dynamicRef", reference)?;
        let name = reference.split_once('#').map_or("", |(_, name)| name);
        let is_dynamic = target.value.get("$dynamicAnchor").and_then(Value::as_str) == Some(name);
        if name.is_empty() || name.starts_with('/') || !is_dynamic {
            return Ok(target);
        }
        let outermost = self.outermost(scope, name);
        let anchors = outermost.map(|resource| &resource.dynamic[..]).unwrap_or_default();
        let anchor = anchors.iter().find(|(known, _)| known == name);
        Ok(anchor.map_or(target, |(_, place)| place.clone()))
    }

    /// What `$recursiveRef` leads to.
    fn recursive(&mut self, place: &Place<'a>, scope: usize) -> Result<Place<'a>, Unsupported> {
        let root = self.resource(place)?;
        let outermost = if root.recursive { self.outermost(scope, "") } else { None };
        match outermost {
            Some(resource) => Ok(resource.root.clone()),
            None => Ok(root.root.clone()),
        }
    }

    fn outermost(&self, scope: usize, name: &str) -> Option<&Resource<'a>> {
        let names = self.scopes.get(scope)?;
        let (_, resource) = names.iter().find(|(known, _)| known == name)?;
        self.resources.list.get(*resource)
    }

    fn fill(&mut self, place: &Place<'a>, scope: usize) -> Result<Node, Unsupported> {
        let pointer = place.pointer.as_str().into();
        let schema = match place.value {
            Value::Object(schema) => schema,
            value => {
                let never = *value == Value::Bool(false);
                return Ok(Node { pointer, never, ..Node::default() });
            }
        };
        let resource = self.resource(place)?;
        let (draft, dialect) = (resource.draft, resource.dialect);
        let own = Schema { keywords: schema, place, draft, scope };
        let mut node = Node { pointer, ..Node::default() };
        if dialect.validation {
            node.types = own.types();
        }
        let formats = dialect.formats.or(self.formats).unwrap_or(draft <= Draft::Draft7);
        node.checks = self.checks(&own, dialect.validation, formats)?.into();
        node.object = self.object(&own, dialect.validation)?.map(Box::new);
        node.array = self.array(&own, dialect.validation)?.map(Box::new);
        node.parts = self.parts(&own)?.into();
        Ok(node)
    }

    /// The nodes under a keyword that holds a list of schemas.
    fn list(&mut self, own: &Schema<'_, 'a>, keyword: &str) -> Result<Vec<NodeId>, Unsupported> {
        let Some(value @ Value::Array(items)) = own.keywords.get(keyword) else {
            return Ok(Vec::new());
        };
        let inside = own.place.key(value, keyword);
        let each = items.iter().enumerate();
        each.map(|(at, item)| self.node(inside.key(item, &at.to_string()), own.scope)).collect()
    }

    /// The node under a keyword that holds a schema.
    fn one(&mut self, own: &Schema<'_, 'a>, keyword: &str) -> Result<Option<NodeId>, Unsupported> {
        match own.keywords.get(keyword) {
            Some(value @ (Value::Object(_) | Value::Bool(_))) => {
                self.node(own.place.key(value, keyword), own.scope).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The nodes under a keyword that holds schemas by name.
    fn map(
        &mut self,
        own: &Schema<'_, 'a>,
        keyword: &str,
    ) -> Result<Vec<(&'a str, NodeId)>, Unsupported> {
        let Some(value @ Value::Object(members)) = own.keywords.get(keyword) else {
            return Ok(Vec::new());
        };
        let inside = own.place.key(value, keyword);
        let schemas = members.iter().filter(|(_, value)| !value.is_array());
        schemas
            .map(|(name, value)| Ok((&**name, self.node(inside.key(value, name), own.scope)?)))
            .collect()
    }

    fn pattern(&mut self, source: &str, pointer: &str) -> Result<u32, Unsupported> {
        if let Some(&known) = self.patterns.get(source) {
            return Ok(known);
        }
        let pattern = Pattern::compile(source, PatternLimits::default())
            .map_err(|error| Unsupported::pattern(pointer, source, &error))?;
        let number = self.program.patterns.len() as u32;
        self.program.patterns.push(NamedPattern { source: source.into(), pattern });
        self.patterns.insert(source.to_owned(), number);
        Ok(number)
    }

    fn checks(
        &mut self,
        own: &Schema<'_, 'a>,
        validation: bool,
        formats: bool,
    ) -> Result<Vec<Check>, Unsupported> {
        let mut checks = Vec::new();
        if validation {
            checks.extend(own.count("minLength").filter(|&min| min > 0).map(Check::MinLength));
            checks.extend(own.count("maxLength").map(Check::MaxLength));
        }
        if let Some(source) = own.text("pattern").filter(|_| validation) {
            checks.push(Check::Pattern(self.pattern(source, &own.pointer("pattern"))?));
        }
        if let Some(name) = own.text("format").filter(|_| formats) {
            checks.extend(Format::named(name, own.draft.into()).map(Check::Format));
        }
        let content = Content {
            base64: own.text("contentEncoding") == Some("base64"),
            json: own.text("contentMediaType") == Some("application/json"),
        };
        if own.draft == Draft::Draft7 && (content.base64 || content.json) {
            checks.push(Check::Content(content));
        }
        if !validation {
            return Ok(checks);
        }
        checks.extend(own.limits());
        if let Some(unit) = own.number("multipleOf") {
            let unit = Unit::new(&unit).ok_or_else(|| {
                Unsupported::new(&own.pointer("multipleOf"), "its unit has more than 19 digits")
            })?;
            checks.push(Check::MultipleOf(unit));
        }
        if let Some(Value::Array(values)) = own.keywords.get("enum") {
            let text = Value::Array(values.clone()).to_string();
            checks.push(Check::Enum(self.choice(values, &text)));
        }
        if let Some(value) = own.keywords.get("const").filter(|_| own.draft >= Draft::Draft6) {
            checks.push(Check::Const(self.choice(std::slice::from_ref(value), &value.to_string())));
        }
        Ok(checks)
    }

    fn choice(&mut self, values: &[Value], text: &str) -> u32 {
        let mut strings: Vec<&[u8]> =
            values.iter().filter_map(Value::as_str).map(str::as_bytes).collect();
        strings.sort_unstable();
        strings.dedup();
        let containers = |wanted: fn(&Value) -> bool| {
            let mut forms: Vec<_> =
                values.iter().filter(|value| wanted(value)).map(Canonical::of).collect();
            forms.sort_unstable();
            forms.into()
        };
        let numbers = values.iter().filter(|value| value.is_number());
        self.program.choices.push(Choice {
            null: values.contains(&Value::Null),
            falsity: values.contains(&Value::Bool(false)),
            truth: values.contains(&Value::Bool(true)),
            strings: Keys::new(&strings),
            numbers: numbers.map(|number| Limit::new(&number.to_string())).collect(),
            arrays: containers(Value::is_array),
            objects: containers(Value::is_object),
            text: text.into(),
        });
        self.program.choices.len() as u32 - 1
    }

    fn object(
        &mut self,
        own: &Schema<'_, 'a>,
        validation: bool,
    ) -> Result<Option<ObjectRules>, Unsupported> {
        let mut rules = ObjectRules {
            additional: self.one(own, "additionalProperties")?,
            ..ObjectRules::default()
        };
        for (name, node) in self.map(own, "properties")? {
            rules.properties.push((name.into(), node));
        }
        for (source, node) in self.map(own, "patternProperties")? {
            let pattern = self.pattern(source, &own.pointer("patternProperties"))?;
            rules.patterns.push((pattern, node));
        }
        if own.draft >= Draft::Draft6 {
            rules.names = self.one(own, "propertyNames")?;
        }
        if own.draft >= Draft::Draft201909 {
            rules.unevaluated = self.one(own, "unevaluatedProperties")?;
        }
        if validation {
            rules.required = names(own.keywords.get("required"));
            rules.min = own.count("minProperties").unwrap_or_default();
            rules.max = own.count("maxProperties");
            let keywords: &[&'static str] = if own.draft >= Draft::Draft201909 {
                &["dependentRequired", "dependencies"]
            } else {
                &["dependencies"]
            };
            for &keyword in keywords {
                let Some(Value::Object(members)) = own.keywords.get(keyword) else { continue };
                for (name, needs) in members.iter().filter(|(_, value)| value.is_array()) {
                    let (name, needs) = (name.as_str().into(), names(Some(needs)));
                    rules.dependent.push(Asks { keyword, name, needs });
                }
            }
        }
        Ok((rules != ObjectRules::default()).then_some(rules))
    }

    fn array(
        &mut self,
        own: &Schema<'_, 'a>,
        validation: bool,
    ) -> Result<Option<ArrayRules>, Unsupported> {
        let mut rules = ArrayRules::default();
        if own.draft >= Draft::Draft202012 {
            rules.prefix = self.list(own, "prefixItems")?;
            rules.rest = self.one(own, "items")?;
        } else {
            rules.prefix = self.list(own, "items")?;
            rules.rest = self.one(own, "items")?;
            if own.keywords.get("items").is_some_and(Value::is_array) {
                rules.rest = self.one(own, "additionalItems")?;
                rules.rest_keyword = "additionalItems";
            }
        }
        if own.draft >= Draft::Draft201909 {
            rules.unevaluated = self.one(own, "unevaluatedItems")?;
        }
        if own.draft >= Draft::Draft6
            && let Some(node) = self.one(own, "contains")?
        {
            let limits = own.draft >= Draft::Draft201909 && validation;
            let min = own.count("minContains").filter(|_| limits);
            rules.contains = Some(Contains {
                node,
                min: min.unwrap_or(1),
                max: own.count("maxContains").filter(|_| limits),
                min_given: min.is_some(),
                evaluates: own.draft >= Draft::Draft202012,
            });
        }
        if validation {
            rules.min = own.count("minItems").unwrap_or_default();
            rules.max = own.count("maxItems");
            rules.unique = own.keywords.get("uniqueItems") == Some(&Value::Bool(true));
        }
        let plain = ArrayRules { rest_keyword: rules.rest_keyword, ..ArrayRules::default() };
        Ok((rules != plain).then_some(rules))
    }

    fn parts(&mut self, own: &Schema<'_, 'a>) -> Result<Vec<Part>, Unsupported> {
        let mut parts = Vec::new();
        if let Some(reference) = own.text("$ref") {
            let target = self.resolve(own.place, "$ref", reference)?;
            parts.push(Part::All(self.node(target, own.scope)?));
        }
        if let Some(reference) = own.text("$dynamicRef").filter(|_| own.draft >= Draft::Draft202012)
        {
            let target = self.dynamic(own.place, reference, own.scope)?;
            parts.push(Part::All(self.node(target, own.scope)?));
        }
        if own.draft == Draft::Draft201909 && own.text("$recursiveRef").is_some() {
            let target = self.recursive(own.place, own.scope)?;
            parts.push(Part::All(self.node(target, own.scope)?));
        }
        parts.extend(self.list(own, "allOf")?.into_iter().map(Part::All));
        let any = self.list(own, "anyOf")?;
        if !any.is_empty() {
            parts.push(Part::Any(any.into()));
        }
        let one = self.list(own, "oneOf")?;
        if !one.is_empty() {
            parts.push(Part::One(one.into()));
        }
        parts.extend(self.one(own, "not")?.map(Part::Not));
        if own.draft >= Draft::Draft7
            && let Some(cond) = self.one(own, "if")?
        {
            let (then, otherwise) = (self.one(own, "then")?, self.one(own, "else")?);
            parts.push(Part::If { cond, then, otherwise });
        }
        let mut dependent = self.map(own, "dependencies")?;
        if own.draft >= Draft::Draft201909 {
            dependent.extend(self.map(own, "dependentSchemas")?);
        }
        parts.extend(dependent.into_iter().map(|(name, node)| Part::Dependent(name.into(), node)));
        Ok(parts)
    }
}

/// A schema object that is being read.
struct Schema<'s, 'a> {
    keywords: &'a Object,
    place: &'s Place<'a>,
    draft: Draft,
    scope: usize,
}

impl Schema<'_, '_> {
    fn pointer(&self, keyword: &str) -> String {
        format!("{}/{keyword}", self.place.pointer)
    }

    fn text(&self, keyword: &str) -> Option<&str> {
        self.keywords.get(keyword)?.as_str()
    }

    /// A count; drafts let it be written as `2.0`.
    fn count(&self, keyword: &str) -> Option<u64> {
        let value = self.keywords.get(keyword)?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and the meta-schema wants no less than 0"
        )]
        value.as_u64().or_else(|| value.as_f64().map(|count| count as u64))
    }

    fn number(&self, keyword: &str) -> Option<String> {
        match self.keywords.get(keyword)? {
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn limits(&self) -> Vec<Check> {
        let limit = |keyword: &str| self.number(keyword).map(|text| Limit::new(&text));
        let is = |keyword: &str| self.keywords.get(keyword) == Some(&Value::Bool(true));
        let mut checks = Vec::new();
        if self.draft == Draft::Draft4 {
            // There the exclusive ones are flags.
            checks.extend(limit("minimum").map(if is("exclusiveMinimum") {
                Check::ExclusiveMinimum
            } else {
                Check::Minimum
            }));
            checks.extend(limit("maximum").map(if is("exclusiveMaximum") {
                Check::ExclusiveMaximum
            } else {
                Check::Maximum
            }));
            return checks;
        }
        checks.extend(limit("minimum").map(Check::Minimum));
        checks.extend(limit("exclusiveMinimum").map(Check::ExclusiveMinimum));
        checks.extend(limit("maximum").map(Check::Maximum));
        checks.extend(limit("exclusiveMaximum").map(Check::ExclusiveMaximum));
        checks
    }

    fn types(&self) -> Option<Types> {
        let names: Vec<&str> = match self.keywords.get("type")? {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => return None,
        };
        let kinds = names.iter().map(|name| kinds_of(name, self.draft));
        Some(Types {
            kinds: kinds.fold(Kinds::of(&[]), Kinds::or),
            names: names.into_iter().map(Into::into).collect(),
        })
    }
}

fn kinds_of(name: &str, draft: Draft) -> Kinds {
    match name {
        "null" => Kinds::of(&[Kind::Null]),
        "boolean" => Kinds::of(&[Kind::False, Kind::True]),
        // Draft 4 speaks of numbers as they are written.
        "integer" if draft == Draft::Draft4 => Kinds::of(&[Kind::Integer]),
        "integer" => Kinds::of(&[Kind::Integer, Kind::IntegerByValue]),
        "number" => Kinds::of(&[Kind::Integer, Kind::IntegerByValue, Kind::Fraction]),
        "string" => Kinds::of(&[Kind::String]),
        "array" => Kinds::of(&[Kind::Array]),
        "object" => Kinds::of(&[Kind::Object]),
        _ => Kinds::of(&[]),
    }
}

fn names(list: Option<&Value>) -> Vec<Box<str>> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(Into::into).collect()
}
