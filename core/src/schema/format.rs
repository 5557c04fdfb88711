//! What `format` names: texts that follow the grammar of some standard.
//!
//! ```text
//! name, draft ─ named ─► Format ─┬ is_valid ─► whether a text is one
//!                                └ superset ─► an expression that every such text matches
//! ```
//!
//! Each format is a loop over the bytes by the grammar of its standard, linear in the text and without allocating. Only names and addresses
//! with labels beyond ASCII allocate, and they are bounded before they do. Where a standard leaves readers a choice, the doc of the function
//! says what was taken.
//!
//! Left out: `int32`, `int64`, `float` and `double` of `OpenAPI`, which speak of numbers and not of texts, and `byte`, `binary` and
//! `password`, which assert nothing. A format that is not known asserts nothing either.
//!
//! Way: parse -> **schema** -> decode.

mod idn;
mod mail;
mod name;
mod net;
mod pointer;
mod template;
mod time;
mod uri;

#[cfg(test)]
mod tests;

use jsonschema::Draft;

/// A format that asserts something about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// `date-time`, RFC 3339 section 5.6.
    DateTime,
    /// `date`, RFC 3339 section 5.6 (`full-date`).
    Date,
    /// `time`, RFC 3339 section 5.6 (`full-time`).
    Time,
    /// `duration`, RFC 3339 appendix A.
    Duration,
    /// `email`, RFC 5321 section 4.1.2 (`Mailbox`).
    Email,
    /// `idn-email`, RFC 6531 section 3.3.
    IdnEmail,
    /// `hostname` of drafts 4 and 6, RFC 1123 section 2.1: a label may begin like an A-label without being one.
    Hostname,
    /// `hostname` from draft 7 on, RFC 1123 section 2.1 with the A-labels of RFC 5890 section 2.3.2.1.
    HostnameIdna,
    /// `idn-hostname`, RFC 5890 section 2.3.2.3.
    IdnHostname,
    /// `ipv4`, the dotted quad of RFC 2673 section 3.2.
    Ipv4,
    /// `ipv6`, RFC 4291 section 2.2.
    Ipv6,
    /// `uri`, RFC 3986 appendix A.
    Uri,
    /// `uri-reference`, RFC 3986 appendix A.
    UriReference,
    /// `iri`, RFC 3987 section 2.2.
    Iri,
    /// `iri-reference`, RFC 3987 section 2.2.
    IriReference,
    /// `uri-template`, RFC 6570 section 2.
    UriTemplate,
    /// `uuid`, RFC 9562 section 4 (RFC 4122 section 3).
    Uuid,
    /// `json-pointer`, RFC 6901 section 3.
    JsonPointer,
    /// `relative-json-pointer` up to 2019-09, draft-handrews-relative-json-pointer section 3.
    RelativeJsonPointer,
    /// `relative-json-pointer` of 2020-12, draft-bhutton-relative-json-pointer-00 section 3, which can shift an index.
    ShiftedJsonPointer,
    /// `regex`, ECMA-262.
    Regex,
}

impl Format {
    /// All of them.
    pub(crate) const ALL: [Format; 21] = [
        Format::DateTime,
        Format::Date,
        Format::Time,
        Format::Duration,
        Format::Email,
        Format::IdnEmail,
        Format::Hostname,
        Format::HostnameIdna,
        Format::IdnHostname,
        Format::Ipv4,
        Format::Ipv6,
        Format::Uri,
        Format::UriReference,
        Format::Iri,
        Format::IriReference,
        Format::UriTemplate,
        Format::Uuid,
        Format::JsonPointer,
        Format::RelativeJsonPointer,
        Format::ShiftedJsonPointer,
        Format::Regex,
    ];

    /// The format of this name in `draft`; none if it asserts nothing there.
    ///
    /// `date`, `time` and `regex` are known in every draft: drafts 4 and 6 do not name them, but draft 3 and `OpenAPI` do, and who writes
    /// one of them means it.
    pub(crate) fn named(name: &str, draft: Draft) -> Option<Format> {
        Some(match name {
            "date-time" => Format::DateTime,
            "date" => Format::Date,
            "time" => Format::Time,
            "email" => Format::Email,
            "hostname" if draft < Draft::Draft7 => Format::Hostname,
            "hostname" => Format::HostnameIdna,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            "uri" => Format::Uri,
            "regex" => Format::Regex,

            "uri-reference" if draft >= Draft::Draft6 => Format::UriReference,
            "uri-template" if draft >= Draft::Draft6 => Format::UriTemplate,
            "json-pointer" if draft >= Draft::Draft6 => Format::JsonPointer,

            "idn-email" if draft >= Draft::Draft7 => Format::IdnEmail,
            "idn-hostname" if draft >= Draft::Draft7 => Format::IdnHostname,
            "iri" if draft >= Draft::Draft7 => Format::Iri,
            "iri-reference" if draft >= Draft::Draft7 => Format::IriReference,
            "relative-json-pointer" if draft >= Draft::Draft202012 => Format::ShiftedJsonPointer,
            "relative-json-pointer" if draft >= Draft::Draft7 => Format::RelativeJsonPointer,

            "duration" if draft >= Draft::Draft201909 => Format::Duration,
            "uuid" if draft >= Draft::Draft201909 => Format::Uuid,
            _ => return None,
        })
    }

    /// Whether `text` follows the grammar of this format. Linear in the text; `is_regex`, which is asked by [`Format::Regex`] alone, is to
    /// be so too.
    pub(crate) fn is_valid(self, text: &str, is_regex: impl FnOnce(&str) -> bool) -> bool {
        match self {
            Format::DateTime => time::is_date_time(text),
            Format::Date => time::is_date(text),
            Format::Time => time::is_time(text),
            Format::Duration => time::is_duration(text),
            Format::Email => mail::is_mailbox(text),
            Format::IdnEmail => mail::is_international_mailbox(text),
            Format::Hostname => name::is_hostname(text),
            Format::HostnameIdna => idn::is_hostname(text),
            Format::IdnHostname => idn::is_international_hostname(text),
            Format::Ipv4 => net::is_ipv4(text),
            Format::Ipv6 => net::is_ipv6(text),
            Format::Uri => uri::is_uri(text),
            Format::UriReference => uri::is_uri_reference(text),
            Format::Iri => uri::is_iri(text),
            Format::IriReference => uri::is_iri_reference(text),
            Format::UriTemplate => template::is_uri_template(text),
            Format::Uuid => net::is_uuid(text),
            Format::JsonPointer => pointer::is_json_pointer(text),
            Format::RelativeJsonPointer => pointer::is_relative_json_pointer(text),
            Format::ShiftedJsonPointer => pointer::is_shifted_json_pointer(text),
            Format::Regex => is_regex(text),
        }
    }

    /// An expression, in the syntax of `regex-syntax` and anchored at both ends, that every text of this format matches. It may match more:
    /// days of months, leap seconds, lengths and the tables of Unicode are left out, so that its automaton stays small.
    pub(crate) fn superset(self) -> Option<&'static str> {
        Some(match self {
            Format::DateTime => time::DATE_TIME,
            Format::Date => time::DATE,
            Format::Time => time::TIME,
            Format::Duration => time::DURATION,
            Format::Email => mail::MAILBOX,
            Format::IdnEmail => mail::INTERNATIONAL_MAILBOX,
            Format::Hostname | Format::HostnameIdna => name::HOSTNAME,
            Format::IdnHostname => idn::INTERNATIONAL_HOSTNAME,
            Format::Ipv4 => net::IPV4,
            Format::Ipv6 => net::IPV6,
            Format::Uri => uri::URI,
            Format::UriReference => uri::URI_REFERENCE,
            Format::Iri => uri::IRI,
            Format::IriReference => uri::IRI_REFERENCE,
            Format::UriTemplate => template::URI_TEMPLATE,
            Format::Uuid => net::UUID,
            Format::JsonPointer => pointer::JSON_POINTER,
            Format::RelativeJsonPointer => pointer::RELATIVE_JSON_POINTER,
            Format::ShiftedJsonPointer => pointer::SHIFTED_JSON_POINTER,
            Format::Regex => return None,
        })
    }
}
