//! Where something stands in the request: [`Part`], [`Span`], [`Place`].
//!
//! Vocabulary of every stage; uses nothing. Offsets always count bytes of the part *as it was received*,
//! so a span can be cut out of the request and shown.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The piece of the request that a [`Span`] counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Part {
    /// The method token.
    Method,
    /// The request target as sent, e.g. `/search?q=1`.
    Target,
    /// The value of header number [`Span::index`] in the order received; trailers are counted on from the headers.
    Header,
    /// The name of header number [`Span::index`], counted as for [`Part::Header`].
    HeaderName,
    /// The body, counted from its first byte over all chunks.
    Body,
    /// A bare value, as given to `inspect_value`.
    Value,
    /// The statement that was given to `check_sink`.
    Statement,
}

/// Whether offsets count received bytes or bytes after a content coding was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Basis {
    /// Bytes as received.
    #[default]
    Raw,
    /// Bytes after `Content-Encoding` was removed.
    Decoded,
}

/// A byte range of one part of the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Span {
    /// Which part.
    pub part: Part,
    /// Which header, for [`Part::Header`] and [`Part::HeaderName`]; else 0.
    pub index: u32,
    /// Bytes of the part, end exclusive.
    #[serde(serialize_with = "range_as_pair")]
    pub range: Range<usize>,
    /// What the range counts.
    pub basis: Basis,
}

impl Span {
    /// A raw span of a part that exists once.
    pub fn new(part: Part, range: Range<usize>) -> Span {
        Span { part, index: 0, range, basis: Basis::Raw }
    }

    /// The same span in header number `index`.
    pub fn with_index(mut self, index: u32) -> Span {
        self.index = index;
        self
    }
}

pub(crate) fn range_as_pair<S: serde::Serializer>(
    range: &Range<usize>,
    out: S,
) -> Result<S::Ok, S::Error> {
    [range.start, range.end].serialize(out)
}

/// The kind of field that a value came from. Policies, rules and gates differ by it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Place {
    /// The path of the target.
    Path,
    /// A query parameter.
    Query,
    /// A field of an `application/x-www-form-urlencoded` body.
    Form,
    /// A string (or key) of a JSON body.
    Json,
    /// A header value.
    Header,
    /// A cookie.
    Cookie,
    /// A body read as one text, since its type names no structure that is parsed.
    Body,
    /// A name, an attribute or the text of an element of an XML body.
    Xml,
}

impl Place {
    /// Every place, in a fixed order.
    pub const ALL: [Place; 8] = [
        Place::Path,
        Place::Query,
        Place::Form,
        Place::Json,
        Place::Header,
        Place::Cookie,
        Place::Body,
        Place::Xml,
    ];

    /// The name used in policies, rules and verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::Form => "form",
            Place::Json => "json",
            Place::Header => "header",
            Place::Cookie => "cookie",
            Place::Body => "body",
            Place::Xml => "xml",
        }
    }

    /// The place of that name.
    ///
    /// ```
    /// use abatis::Place;
    /// assert_eq!(Place::from_name("cookie"), Some(Place::Cookie));
    /// assert_eq!(Place::from_name("trailer"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Place> {
        Place::ALL.into_iter().find(|place| place.as_str() == name)
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
