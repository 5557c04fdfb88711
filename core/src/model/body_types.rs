//! Which bodies are read, and how: [`BodyTypes`] of a policy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bodies are read, by media type.
///
/// Known without being listed: `application/json`, `text/json` and any `*/*+json` are JSON, `application/x-ndjson`, `application/jsonl`
/// and `application/json-seq` several JSON documents, `application/xml`, `text/xml` and any `*/*+xml` XML,
/// `application/x-www-form-urlencoded` is a form, `multipart/form-data` is one whose parts are fields and files, any other `multipart/*` is
/// made of parts, `application/msgpack` with its older names and `application/cbor` with any `*/*+cbor` are what they say, `text/plain` and `application/graphql` are one text. What is neither known nor listed, or missing, is read as
/// the union of all of these, and `ambiguities.body_type` says whether it passes.
///
/// # Defaults
///
/// `json` and `text` are empty; `accept` holds every kind; `opaque` is
/// `image/*`, `audio/*`, `video/*`, `font/*`, `application/pdf`, `application/zip`, `application/gzip`.
/// Not `application/octet-stream`: it says nothing, so a reader that guesses would guess, and so does abatis. List it where uploads
/// of that type are ordinary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BodyTypes {
    /// Media types read as JSON too, e.g. `application/csp-report`.
    pub json: Vec<String>,
    /// Media types read as one text too, e.g. `text/csv`.
    pub text: Vec<String>,
    /// Binary media types that are not read: `image/*`, `application/pdf`. Reported as `Partial(opaque)`.
    pub opaque: Vec<String>,
    /// Kinds of bodies that are wanted at all. A body of another kind is treated as `ambiguities.body_type` says, like one of
    /// unknown type. An empty body is always wanted.
    pub accept: Vec<BodyKind>,
}

impl Default for BodyTypes {
    fn default() -> BodyTypes {
        let opaque = [
            "image/*",
            "audio/*",
            "video/*",
            "font/*",
            "application/pdf",
            "application/zip",
            "application/gzip",
        ];
        BodyTypes {
            json: Vec::new(),
            text: Vec::new(),
            opaque: opaque.map(str::to_owned).into(),
            accept: BodyKind::ALL.into(),
        }
    }
}

/// What a body is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BodyKind {
    /// JSON (RFC 8259).
    Json,
    /// One JSON document a line, or behind each other (JSON Lines; RFC 7464).
    Ndjson,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data` (RFC 7578), and any other `multipart/*` (RFC 2046, 5.1).
    Multipart,
    /// XML 1.0.
    Xml,
    /// MessagePack.
    Msgpack,
    /// CBOR (RFC 8949).
    Cbor,
    /// One text.
    Text,
    /// Not at all: binary.
    Opaque,
}

impl BodyKind {
    /// Every kind.
    pub const ALL: [BodyKind; 9] = [
        BodyKind::Json,
        BodyKind::Ndjson,
        BodyKind::Form,
        BodyKind::Multipart,
        BodyKind::Xml,
        BodyKind::Msgpack,
        BodyKind::Cbor,
        BodyKind::Text,
        BodyKind::Opaque,
    ];
}

impl BodyTypes {
    /// What a body of this media type is read as; `None` if the type is neither known nor listed.
    ///
    /// `media_type` is the type without parameters, in any case: `Application/JSON`. Lists of the policy come before what is
    /// known, and an entry for the very type before one that ends in `/*`. A type with a structured suffix
    /// (`image/svg+xml`) is opaque only if listed by its full name: what is in it is text with a grammar.
    ///
    /// ```
    /// use abatis::model::policy::{BodyKind, BodyTypes};
    /// let types = BodyTypes::default();
    /// assert_eq!(types.kind("image/png"), Some(BodyKind::Opaque));
    /// assert_eq!(types.kind("application/problem+json"), Some(BodyKind::Json));
    /// assert_eq!(types.kind("image/svg+xml"), Some(BodyKind::Xml));
    /// ```
    pub fn kind(&self, media_type: &str) -> Option<BodyKind> {
        let lists = [
            (&self.json, BodyKind::Json),
            (&self.text, BodyKind::Text),
            (&self.opaque, BodyKind::Opaque),
        ];
        let listed = |matches: &dyn Fn(&str) -> bool| {
            lists
                .iter()
                .find(|(list, _)| list.iter().any(|entry| matches(entry)))
                .map(|found| found.1)
        };
        listed(&|entry| entry.eq_ignore_ascii_case(media_type))
            .or_else(|| known(media_type))
            .or_else(|| {
                listed(&|entry| in_range(entry, media_type))
                    .filter(|kind| *kind != BodyKind::Opaque || !media_type.contains('+'))
            })
    }

    /// Whether a body of this kind is wanted.
    pub fn accepts(&self, kind: BodyKind) -> bool {
        self.accept.contains(&kind)
    }
}

fn known(media_type: &str) -> Option<BodyKind> {
    const KNOWN: [(&str, BodyKind); 16] = [
        ("application/json", BodyKind::Json),
        ("text/json", BodyKind::Json),
        ("application/x-ndjson", BodyKind::Ndjson),
        ("application/ndjson", BodyKind::Ndjson),
        ("application/jsonl", BodyKind::Ndjson),
        ("application/x-jsonlines", BodyKind::Ndjson),
        ("application/json-seq", BodyKind::Ndjson),
        ("application/x-www-form-urlencoded", BodyKind::Form),
        ("application/xml", BodyKind::Xml),
        ("text/xml", BodyKind::Xml),
        ("application/msgpack", BodyKind::Msgpack),
        ("application/x-msgpack", BodyKind::Msgpack),
        ("application/vnd.msgpack", BodyKind::Msgpack),
        ("application/cbor", BodyKind::Cbor),
        ("application/graphql", BodyKind::Text),
        ("text/plain", BodyKind::Text),
    ];
    let ends_in = |suffix: &str| {
        let start = media_type.len().checked_sub(suffix.len());
        let end = start.and_then(|start| media_type.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    };
    match () {
        () if in_range("multipart/*", media_type) => Some(BodyKind::Multipart),
        () if ends_in("+json") => Some(BodyKind::Json),
        () if ends_in("+xml") => Some(BodyKind::Xml),
        () if ends_in("+cbor") => Some(BodyKind::Cbor),
        () => {
            KNOWN.iter().find(|known| known.0.eq_ignore_ascii_case(media_type)).map(|known| known.1)
        }
    }
}

/// Whether `image/*` covers `image/png`.
fn in_range(range: &str, media_type: &str) -> bool {
    range.strip_suffix('*').is_some_and(|prefix| {
        prefix.ends_with('/')
            && media_type
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_entry_decides() {
        let types = BodyTypes {
            json: vec!["application/csp-report".into()],
            text: vec!["image/x-note".into(), "text/*".into()],
            opaque: vec!["image/*".into(), "image/svg+xml".into(), "application/json".into()],
            ..BodyTypes::default()
        };
        for (media_type, kind) in [
            ("Application/CSP-Report", Some(BodyKind::Json)),
            ("image/x-note", Some(BodyKind::Text)),
            ("IMAGE/PNG", Some(BodyKind::Opaque)),
            ("image/svg+xml", Some(BodyKind::Opaque)),
            ("image/x+xml", Some(BodyKind::Xml)),
            ("application/json", Some(BodyKind::Opaque)),
            ("text/json", Some(BodyKind::Json)),
            ("text/csv", Some(BodyKind::Text)),
            ("multipart/form-data", Some(BodyKind::Multipart)),
            ("Multipart/Mixed", Some(BodyKind::Multipart)),
            ("image", None),
            ("imagé/p", None),
            ("", None),
        ] {
            assert_eq!(types.kind(media_type), kind, "{media_type}");
        }
    }
}
