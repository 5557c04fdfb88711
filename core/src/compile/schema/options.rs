//! How a schema is to be read: [`SchemaOptions`], and the [`Documents`] that it may refer to.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use jsonschema::{Retrieve, Uri, uri};
use serde_json::Value;

use super::BASE;
use crate::model::Draft;

/// What a schema does not say itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchemaOptions {
    /// The draft of a schema without `$schema`; 2020-12 if not set.
    pub(crate) draft: Option<Draft>,
    /// Whether `format` is asserted. Not set: as the draft has it, up to 7 yes, from 2019-09 on no.
    pub(crate) formats: Option<bool>,
    /// Other schemas, that `$ref` and `$schema` may lead to, by URI. A relative URI counts from that of the schema.
    pub(crate) documents: Documents,
    /// Whether keywords and formats that the draft does not know are errors.
    pub(crate) strict: bool,
    /// Whether the crate decides even what the machine could: to compare them.
    pub(crate) full: bool,
}

/// Schemas by URI. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents(Arc<BTreeMap<String, Arc<Value>>>);

impl Documents {
    /// Adds a document, in place of one that has the URI already.
    pub(crate) fn insert(&mut self, uri: &str, document: Value) {
        Arc::make_mut(&mut self.0).insert(bare(uri).to_owned(), Arc::new(document));
    }

    /// The document of an absolute URI, with `#` or without.
    pub(crate) fn get(&self, uri: &str) -> Option<&Value> {
        self.0.get(bare(uri)).map(|document| &**document)
    }

    /// The documents.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.values().map(|document| &**document)
    }

    /// The documents and their URIs.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(uri, document)| (&**uri, &**document))
    }

    /// The same documents by absolute URIs: those they came with, counted from that of `schema`, and their own `$id`s.
    pub(super) fn absolute(&self, schema: &Value) -> Documents {
        if self.0.is_empty() {
            return Documents::default();
        }
        let Ok(base) = uri::from_str(BASE) else { return self.clone() };
        let base = identifier(schema)
            .and_then(|id| uri::resolve_against(&base.borrow(), id).ok())
            .unwrap_or(base);
        let mut all = BTreeMap::new();
        for (given, document) in self.0.iter() {
            let resolved = uri::resolve_against(&base.borrow(), given);
            let Ok(given) = resolved else { continue };
            let own =
                identifier(document).and_then(|id| uri::resolve_against(&given.borrow(), id).ok());
            if let Some(own) = own {
                all.entry(bare(own.as_str()).to_owned()).or_insert_with(|| document.clone());
            }
            all.insert(bare(given.as_str()).to_owned(), document.clone());
        }
        Documents(Arc::new(all))
    }
}

/// The URI that a schema gives itself.
fn identifier(schema: &Value) -> Option<&str> {
    let id = schema.get("$id").or_else(|| schema.get("id"))?.as_str()?;
    (!id.starts_with('#')).then_some(id)
}

/// A URI without an empty fragment.
fn bare(uri: &str) -> &str {
    uri.trim_end_matches('#')
}

/// In place of the network.
impl Retrieve for Documents {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        self.get(uri.as_str()).cloned().ok_or_else(|| "not among the documents".into())
    }
}
