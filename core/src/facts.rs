//! What the headers say about the body: its type, coding and length, and where they contradict each other.

use encoding_rs::Encoding;

use crate::ambiguity::Ambiguity;
use crate::classes::Classes;
use crate::compile::plan::Plan;
use crate::content::{Codings, charset};
use crate::model::policy::BodyKind;
use crate::parse::header::{ContentLength, ContentType, TypeProblems};
use crate::parse::packed::Packing;

/// What the types and parameters of ordinary bodies are made of: `multipart/form-data; boundary=----x7`.
const OF_TYPES: Classes = Classes::LETTER
    .or(Classes::DIGIT)
    .or(Classes::SPACE)
    .or(Classes::PLAIN)
    .or(Classes::DOT)
    .or(Classes::DASH)
    .or(Classes::PLUS)
    .or(Classes::SLASH)
    .or(Classes::SEMICOLON)
    .or(Classes::EQUALS);

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// JSON, event by event.
    Json,
    /// JSON documents behind each other.
    Ndjson,
    /// `application/x-www-form-urlencoded`, field by field.
    Form,
    /// `multipart/form-data` and its kin, part by part.
    Multipart,
    /// XML, once it is whole.
    Xml,
    /// MessagePack or CBOR, once it is whole.
    Packed(Packing),
    /// One text.
    Text,
    /// Not read, since the policy lists its type as opaque.
    Opaque,
    /// Every way: the type is missing, unknown or contradicted.
    Union,
}

/// What the type says of the fields of a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// What divides the parts of a multipart body.
    pub(crate) boundary: Box<[u8]>,
    /// Whether its parts are those of a form.
    pub(crate) is_form: bool,
    /// The charset of what fields hold, if it is not UTF-8 and the body as a whole is not in it.
    pub(crate) charset: Option<&'static Encoding>,
}

/// What the headers said so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    reading: Option<Reading>,
    /// The last `Content-Type`, to be compared with another.
    content_type: Option<u64>,
    /// Two types differ, so that none counts.
    contradicted: bool,
    fields: Fields,
    codings: Codings,
    length: Option<ContentLength>,
    transfer_coded: bool,
}

impl Facts {
    /// Learns from one header line; `note` is told what readers differ about. Whether that was all there is to the line, so
    /// that its value need not be inspected.
    pub(crate) fn learn(
        &mut self,
        plan: &Plan,
        name: &[u8],
        value: &[u8],
        mut note: impl FnMut(Ambiguity),
    ) -> bool {
        // The length tells most headers apart.
        match name.len() {
            12 if name.eq_ignore_ascii_case(b"content-type") => {
                return self.content_type(plan, value, note);
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = ContentLength::parse(value);
                let exact = matches!(length, ContentLength::Exact(_));
                let same = self.length.is_none_or(|known| known == length);
                if !exact || !same || self.transfer_coded {
                    note(Ambiguity::ContentLength);
                }
                self.length = Some(length);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.transfer_coded = true;
                if self.length.is_some() {
                    note(Ambiguity::ContentLength);
                }
            }
            16 if name.eq_ignore_ascii_case(b"content-encoding") && !self.codings.learn(value) => {
                note(Ambiguity::ContentEncoding);
            }
            _ => {}
        }
        false
    }

    /// Whether the type is well-formed and of such bytes that no language can be attacked with it.
    fn content_type(&mut self, plan: &Plan, value: &[u8], mut note: impl FnMut(Ambiguity)) -> bool {
        let parsed = ContentType::parse(value);
        let mut reading = reading(plan, value, &parsed);
        if reading == Reading::Multipart {
            let boundary = parsed.boundary.as_ref().map_or(&[][..], |range| parsed.text(range));
            self.fields.is_form = parsed.text(&parsed.subtype).eq_ignore_ascii_case(b"form-data");
            if is_boundary(boundary) {
                self.fields.boundary = boundary.into();
            } else {
                note(Ambiguity::Multipart);
                reading = Reading::Union;
            }
        }
        let malformed = parsed.problems.has(TypeProblems::MALFORMED);
        if malformed && value.windows(9).any(|word| word.eq_ignore_ascii_case(b"multipart")) {
            // Lenient readers find a boundary in it.
            note(Ambiguity::Multipart);
        }
        let hash = value.trim_ascii().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let differs = self.content_type.is_some_and(|known| known != hash);
        self.contradicted |= differs;
        if differs
            || parsed.problems.has(TypeProblems::TWO_CHARSETS)
            || parsed.problems.has(TypeProblems::TWO_BOUNDARIES)
            || parsed.problems.has(TypeProblems::EXTENDED)
            || parsed.problems.has(TypeProblems::ESCAPED)
        {
            note(Ambiguity::TwoContentTypes);
        }
        self.content_type = Some(hash);
        let reading = if self.contradicted { Reading::Union } else { reading };
        self.reading = Some(reading);
        if !self.charset(&parsed, reading) {
            note(Ambiguity::Charset);
        }
        parsed.problems.is_empty() && Classes::of(value).without(OF_TYPES).is_empty()
    }

    /// Sees to it that the body is turned into UTF-8. Whether readers that heed the charset and those that do not see the same
    /// language in it: yes, if bytes of ASCII are characters of ASCII, each by itself.
    fn charset(&mut self, parsed: &ContentType<'_>, reading: Reading) -> bool {
        self.codings.set_charset(None);
        self.fields.charset = None;
        let Some(name) = parsed.charset.as_ref().filter(|_| !parsed.is_utf8()) else { return true };
        let twice = parsed.problems.has(TypeProblems::TWO_CHARSETS) || self.contradicted;
        let Some(charset) = charset::of_name(parsed.text(name)).filter(|_| !twice) else {
            return false;
        };
        // What a form escapes is in the charset as well, and parts have charsets of their own.
        let whole = match reading {
            Reading::Json | Reading::Ndjson | Reading::Xml | Reading::Text | Reading::Union => true,
            Reading::Form => charset.is_single_byte(),
            Reading::Multipart | Reading::Packed(_) | Reading::Opaque => false,
        };
        self.codings.set_charset(Some(charset).filter(|_| whole));
        self.fields.charset = Some(charset).filter(|_| !whole);
        whole && charset.is_single_byte()
    }

    /// How the content is coded.
    pub(crate) fn codings(&self) -> &Codings {
        &self.codings
    }

    /// How the body is read.
    pub(crate) fn reading(&self) -> Reading {
        self.reading.unwrap_or(Reading::Union)
    }

    /// What is known of the fields of the body.
    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Whether the body's type is missing, unknown or contradicted.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.reading() == Reading::Union
    }
}

/// Whether all readers take `text` for the same boundary (RFC 2046, 5.1.1).
pub(crate) fn is_boundary(text: &[u8]) -> bool {
    const LONGEST: usize = 70;
    (1..=LONGEST).contains(&text.len())
        && !text.ends_with(b" ")
        && text.iter().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(b))
}

fn reading(plan: &Plan, value: &[u8], content_type: &ContentType<'_>) -> Reading {
    if content_type.problems.has(TypeProblems::MALFORMED) {
        return Reading::Union;
    }
    let media_type =
        value.get(content_type.kind.start..content_type.subtype.end).unwrap_or_default();
    let kind = std::str::from_utf8(media_type)
        .ok()
        .and_then(|media_type| plan.body_types.kind(media_type));
    match kind {
        Some(kind) if !plan.body_types.accept.contains(&kind) => Reading::Union,
        Some(BodyKind::Json) => Reading::Json,
        Some(BodyKind::Ndjson) => Reading::Ndjson,
        Some(BodyKind::Xml) => Reading::Xml,
        Some(BodyKind::Form) => Reading::Form,
        Some(BodyKind::Multipart) => Reading::Multipart,
        Some(BodyKind::Msgpack) => Reading::Packed(Packing::Msgpack),
        Some(BodyKind::Cbor) => Reading::Packed(Packing::Cbor),
        Some(BodyKind::Text) => Reading::Text,
        Some(BodyKind::Opaque) => Reading::Opaque,
        None => Reading::Union,
    }
}
