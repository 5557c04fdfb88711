//! Where references lead: all documents, the resources in them (`$id`) and their anchors.
//!
//! Nothing is fetched. A reference leads into the schema itself, into a document that was given beside it, or into a published meta-schema.

use std::collections::HashMap;

use referencing::{Uri, meta, uri};
use serde_json::Value;

use super::{BASE, Documents, draft};
use crate::model::Draft;
use crate::parse::json::pointer_key;

/// A schema document or a part of one that has a URI of its own.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    pub(super) root: Place<'a>,
    pub(super) uri: Uri<String>,
    pub(super) draft: Draft,
    /// Names of `$dynamicAnchor`, and what they lead to.
    pub(super) dynamic: Vec<(String, Place<'a>)>,
    /// `$recursiveAnchor: true`
    pub(super) recursive: bool,
    /// What the meta-schema of a custom dialect leaves out or adds.
    pub(super) dialect: Dialect,
}

/// Which keywords assert, where a meta-schema says so by `$vocabulary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) validation: bool,
    pub(super) formats: Option<bool>,
}

/// A schema in a resource.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) value: &'a Value,
    pub(super) resource: usize,
    /// Where it stands in its document: a JSON Pointer, behind the URI of another document than the schema itself.
    pub(super) pointer: String,
}

impl<'a> Place<'a> {
    /// The schema under a key.
    pub(super) fn key(&self, value: &'a Value, key: &str) -> Place<'a> {
        let mut pointer = self.pointer.clone();
        pointer_key(key.as_bytes(), &mut pointer);
        Place { value, resource: self.resource, pointer }
    }
}

/// All documents.
#[derive(Debug, Default)]
pub(super) struct Resources<'a> {
    pub(super) list: Vec<Resource<'a>>,
    by_uri: HashMap<String, usize>,
    /// Roots of resources, by the address of their values.
    by_address: HashMap<*const Value, usize>,
    anchors: HashMap<(usize, String), Place<'a>>,
    /// Whether `$dynamicRef` or `$recursiveRef` is anywhere.
    pub(super) dynamic: bool,
}

/// The published meta-schemas.
fn published() -> [(&'static str, &'static Value); 19] {
    [
        ("http://json-schema.org/draft-04/schema", &meta::DRAFT4),
        ("http://json-schema.org/draft-06/schema", &meta::DRAFT6),
        ("http://json-schema.org/draft-07/schema", &meta::DRAFT7),
        ("https://json-schema.org/draft/2019-09/schema", &meta::DRAFT201909),
        ("https://json-schema.org/draft/2019-09/meta/applicator", &meta::DRAFT201909_APPLICATOR),
        ("https://json-schema.org/draft/2019-09/meta/content", &meta::DRAFT201909_CONTENT),
        ("https://json-schema.org/draft/2019-09/meta/core", &meta::DRAFT201909_CORE),
        ("https://json-schema.org/draft/2019-09/meta/format", &meta::DRAFT201909_FORMAT),
        ("https://json-schema.org/draft/2019-09/meta/meta-data", &meta::DRAFT201909_META_DATA),
        ("https://json-schema.org/draft/2019-09/meta/validation", &meta::DRAFT201909_VALIDATION),
        ("https://json-schema.org/draft/2020-12/schema", &meta::DRAFT202012),
        ("https://json-schema.org/draft/2020-12/meta/applicator", &meta::DRAFT202012_APPLICATOR),
        ("https://json-schema.org/draft/2020-12/meta/content", &meta::DRAFT202012_CONTENT),
        ("https://json-schema.org/draft/2020-12/meta/core", &meta::DRAFT202012_CORE),
        (
            "https://json-schema.org/draft/2020-12/meta/format-annotation",
            &meta::DRAFT202012_FORMAT_ANNOTATION,
        ),
        (
            "https://json-schema.org/draft/2020-12/meta/format-assertion",
            &meta::DRAFT202012_FORMAT_ASSERTION,
        ),
        ("https://json-schema.org/draft/2020-12/meta/meta-data", &meta::DRAFT202012_META_DATA),
        ("https://json-schema.org/draft/2020-12/meta/unevaluated", &meta::DRAFT202012_UNEVALUATED),
        ("https://json-schema.org/draft/2020-12/meta/validation", &meta::DRAFT202012_VALIDATION),
    ]
}

impl<'a> Resources<'a> {
    /// The resources of a schema, and of `documents` by their URIs.
    pub(super) fn new(
        schema: &'a Value,
        default: Draft,
        documents: &'a Documents,
    ) -> Resources<'a> {
        let mut resources = Resources::default();
        let base = uri::from_str(BASE).ok();
        resources.add(schema, base, default, "", documents);
        for (address, document) in documents.pairs() {
            resources.document(address, document, default, documents);
        }
        resources
    }

    fn document(
        &mut self,
        address: &str,
        document: &'a Value,
        default: Draft,
        documents: &Documents,
    ) {
        let bare = address.trim_end_matches('#');
        let name = format!("{}#", bare.strip_prefix(BASE).unwrap_or(bare));
        self.add(document, uri::from_str(bare).ok(), default, &name, documents);
    }

    /// Takes in the resources of a document; `name` stands before its pointers.
    fn add(
        &mut self,
        document: &'a Value,
        base: Option<Uri<String>>,
        default: Draft,
        name: &str,
        documents: &Documents,
    ) {
        let Some(base) = base else { return };
        let place = Place { value: document, resource: self.list.len(), pointer: name.to_owned() };
        let (draft, dialect) = dialect_of(document, default, documents);
        self.resource(place.clone(), base.clone(), draft, dialect);
        let mut open = vec![(place, base, draft, dialect)];
        while let Some((place, base, draft, dialect)) = open.pop() {
            let Value::Object(schema) = place.value else { continue };
            let (mut place, mut base, mut draft, mut dialect) = (place, base, draft, dialect);
            if schema.contains_key("$schema") {
                (draft, dialect) = dialect_of(place.value, draft, documents);
            }
            let id = schema.get(if draft == Draft::Draft4 { "id" } else { "$id" });
            let mut id = id.and_then(Value::as_str);
            if draft <= Draft::Draft7 && schema.contains_key("$ref") {
                // It overrides what stands beside it.
                id = None;
            }
            if let Some(id) = id {
                let (bare, fragment) = id.split_once('#').unwrap_or((id, ""));
                if !bare.is_empty()
                    && let Ok(own) = uri::resolve_against(&base.borrow(), bare)
                {
                    base = own;
                    place.resource = self.resource(place.clone(), base.clone(), draft, dialect);
                }
                if !fragment.is_empty() && draft <= Draft::Draft7 {
                    self.anchors.insert((place.resource, fragment.to_owned()), place.clone());
                }
            }
            if draft >= Draft::Draft201909 {
                self.anchor(schema, &place);
            }
            draft::children(&place, draft, &mut |child| {
                open.push((child, base.clone(), draft, dialect));
            });
        }
    }

    fn anchor(&mut self, schema: &'a serde_json::Map<String, Value>, place: &Place<'a>) {
        let name = |key: &str| schema.get(key).and_then(Value::as_str);
        self.dynamic |= schema.contains_key("$dynamicRef") || schema.contains_key("$recursiveRef");
        for anchor in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(name) {
            self.anchors.insert((place.resource, anchor.to_owned()), place.clone());
        }
        let recursive = schema.get("$recursiveAnchor") == Some(&Value::Bool(true));
        if let Some(resource) = self.list.get_mut(place.resource) {
            if let Some(anchor) = name("$dynamicAnchor") {
                resource.dynamic.push((anchor.to_owned(), place.clone()));
            }
            resource.recursive |= recursive && std::ptr::eq(resource.root.value, place.value);
        }
    }

    /// Adds a resource, or finds it if it is there.
    fn resource(
        &mut self,
        mut root: Place<'a>,
        uri: Uri<String>,
        draft: Draft,
        dialect: Dialect,
    ) -> usize {
        let number = self.by_address.get(&std::ptr::from_ref(root.value)).copied();
        let number = number.unwrap_or(self.list.len());
        root.resource = number;
        self.by_uri.entry(bare(&uri)).or_insert(number);
        self.by_address.insert(root.value, number);
        let (dynamic, recursive) = (Vec::new(), false);
        let resource = Resource { root, uri, draft, dynamic, recursive, dialect };
        match self.list.get_mut(number) {
            Some(known) => *known = resource,
            None => self.list.push(resource),
        }
        number
    }

    /// Takes in a published meta-schema, if that is what the URI names.
    pub(super) fn publish(&mut self, address: &str) -> bool {
        let bare = address.trim_end_matches('#');
        let Some((_, document)) = published().into_iter().find(|(known, _)| *known == bare) else {
            return false;
        };
        if self.by_uri.contains_key(bare) {
            return false;
        }
        self.document(bare, document, Draft::default(), &Documents::default());
        true
    }

    /// What a reference in a resource leads to, or the URI of the document that is missing, or where in it nothing is.
    pub(super) fn resolve(&mut self, from: usize, reference: &str) -> Result<Place<'a>, Missing> {
        let nowhere = || Missing::Nothing(reference.to_owned());
        let base = self.list.get(from).map(|resource| resource.uri.clone()).ok_or_else(nowhere)?;
        let target = uri::resolve_against(&base.borrow(), reference).map_err(|_| nowhere())?;
        let document = bare(&target);
        if !self.by_uri.contains_key(&document) && !self.publish(&document) {
            return Err(Missing::Document(document));
        }
        let number = self.by_uri.get(&document).copied().ok_or_else(nowhere)?;
        let root =
            self.list.get(number).map(|resource| resource.root.clone()).ok_or_else(nowhere)?;
        let fragment = target.fragment().map(|text| text.decode().to_string_lossy().into_owned());
        let fragment = fragment.unwrap_or_default();
        if fragment.is_empty() {
            return Ok(root);
        }
        if !fragment.starts_with('/') {
            return self.anchors.get(&(number, fragment)).cloned().ok_or_else(nowhere);
        }
        let mut place = root;
        for segment in fragment.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            let value = match place.value {
                Value::Object(object) => object.get(&segment),
                Value::Array(items) => segment.parse().ok().and_then(|at: usize| items.get(at)),
                _ => None,
            };
            place = place.key(value.ok_or_else(nowhere)?, &segment);
            if let Some(number) = self.by_address.get(&std::ptr::from_ref(place.value)) {
                place.resource = *number;
            }
        }
        Ok(place)
    }

    /// The resource that begins with this schema.
    pub(super) fn beginning_with(&self, value: &Value) -> Option<usize> {
        self.by_address.get(&std::ptr::from_ref(value)).copied()
    }
}

/// The draft of a document, and what its meta-schema says of vocabularies.
fn dialect_of(document: &Value, default: Draft, documents: &Documents) -> (Draft, Dialect) {
    let plain = Dialect { validation: true, formats: None };
    let Some(uri) = document.get("$schema").and_then(Value::as_str) else {
        return (default, plain);
    };
    if let Some(draft) = Draft::of_uri(uri) {
        return (draft, plain);
    }
    let bare = uri.trim_end_matches('#');
    let Some(meta) = documents.get(bare) else { return (default, plain) };
    let draft = meta.get("$schema").and_then(Value::as_str).and_then(Draft::of_uri);
    let draft = draft.unwrap_or(default);
    let Some(vocabulary) = meta.get("$vocabulary").and_then(Value::as_object) else {
        return (draft, plain);
    };
    let has = |name: &str| vocabulary.keys().any(|uri| uri.rsplit('/').next() == Some(name));
    let formats = has("format-assertion").then_some(true);
    (draft, Dialect { validation: has("validation"), formats })
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// No document has this URI.
    Document(String),
    /// There is nothing of that name.
    Nothing(String),
}

fn bare(uri: &Uri<String>) -> String {
    let text = uri.as_str();
    text.split_once('#').map_or(text, |(bare, _)| bare).to_owned()
}

impl Missing {
    /// What would be right.
    pub(super) fn message(&self) -> String {
        match self {
            Missing::Document(uri) => {
                let uri = uri.strip_prefix(BASE).unwrap_or(uri);
                format!(
                    "`{uri}` is not in this schema, and schemas are never fetched: put it under `$defs` with `{uri}` as its `$id`"
                )
            }
            Missing::Nothing(reference) => {
                format!("a reference leads nowhere: there is no `{reference}`")
            }
        }
    }
}
