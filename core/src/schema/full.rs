//! The full validator: every keyword of every draft, by the pinned `jsonschema` crate over our tape.
//!
//! First the question whether a document is valid, which the crate answers without allocating; only the few that are not
//! are gone through again for the errors. Both are counted in steps of the tape, since the crate's answers are bounded in the
//! document but its errors are not: where alternatives (`anyOf`, `oneOf`) fail within alternatives, it keeps the errors of every
//! branch, twice as many with each level. What cannot be decided or explained within the steps is a violation that says so.
//!
//! Messages are our own: they quote the schema, never the document.

use std::ops::Range;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};

use super::machine::Validity;
use super::node::TapeJson;
use super::tape::Tape;
use super::violation::Violation;

/// A schema for the crate.
#[derive(Debug)]
pub(crate) struct Full {
    pub(crate) validator: Validator<TapeJson>,
    /// How many JSON values the schema itself consists of; steps are counted in it.
    pub(crate) size: usize,
    /// The URI of every resource in the schema, the root's among them, and the JSON Pointer that leads to it.
    pub(crate) resources: Vec<(String, String)>,
    /// What relative URIs were made absolute with.
    pub(crate) base: &'static str,
}

/// Steps that a document may take however small it is.
const STEPS_MIN: u64 = 1 << 16;
/// Steps that a document may take however large it and its schema are.
const STEPS_MAX: u64 = 1 << 25;
/// Errors that are worth their memory: this many, and no more than have room for their instance pointers in so many bytes.
const ERRORS_MAX: usize = 10_000;
const POINTERS_MAX: usize = 4 << 20;

impl Full {
    /// Whether the document on the tape is as the schema wants it.
    ///
    /// Costs O(nodes of the tape x size of the schema) steps at most.
    pub(crate) fn validity(&self, tape: &Tape) -> Validity {
        let Some(root) = tape.root() else { return Validity::Undecided };
        tape.refuel(self.steps(tape));
        match self.validator.is_valid(root) {
            _ if tape.is_exhausted() => Validity::Undecided,
            true => Validity::Valid,
            false => Validity::Invalid,
        }
    }

    /// The steps that the document on the tape may take.
    fn steps(&self, tape: &Tape) -> u64 {
        (tape.len() as u64)
            .saturating_mul(self.size as u64)
            .saturating_mul(4)
            .clamp(STEPS_MIN, STEPS_MAX)
    }

    /// Validates the document on the tape and reports its violations in the order of the document. Of more than `max` those are
    /// told whose pointers come first in the alphabet: where a value stands is looked up for so many alone.
    ///
    /// Costs O(nodes of the tape x (size of the schema + `max`)) steps at most.
    pub(crate) fn validate(
        &self,
        tape: &Tape,
        max: usize,
        report: &mut impl FnMut(Violation<'_>),
    ) -> Validity {
        let Some(root) = tape.root() else {
            report(whole(0..0, "undecided", "there is no whole document to validate"));
            return Validity::Undecided;
        };
        match self.validity(tape) {
            Validity::Valid => return Validity::Valid,
            Validity::Invalid => {}
            Validity::Undecided => {
                let message = "validation took more steps than a document of its size may take";
                report(whole(root.span(), "undecided", message));
                return Validity::Undecided;
            }
        }

        let steps = self.steps(tape);
        tape.refuel(steps);
        tape.mask((POINTERS_MAX / tape.longest_pointer()).min(ERRORS_MAX) as u32);
        let mut errors: Vec<_> = self.validator.iter_errors(root).collect();
        if tape.is_exhausted() || errors.is_empty() {
            let message = "the document does not satisfy the schema, in more ways than can be told";
            report(whole(root.span(), "unexplained", message));
            return Validity::Invalid;
        }
        // The crate's order may depend on hashes.
        errors.sort_by(|one, other| {
            let order = one.instance_path().as_str().cmp(other.instance_path().as_str());
            order.then_with(|| one.schema_path().as_str().cmp(other.schema_path().as_str()))
        });
        errors.truncate(max);
        let mut places: Vec<_> = errors.iter().map(|error| (span(tape, error), error)).collect();
        places.sort_by_key(|(span, _)| (span.start, span.end));
        for (span, error) in places {
            report(Violation {
                keyword: keyword(error),
                instance: error.instance_path().as_str(),
                schema: &self.pointer(error),
                span,
                message: message(error.kind()),
            });
        }
        Validity::Invalid
    }

    /// Where the keyword of an error stands in the schema. The crate counts from the resource (`$id`) it is in. In another document:
    /// the URI of that, and the pointer as its fragment.
    fn pointer(&self, error: &ValidationError<'_>) -> String {
        let own = || error.schema_path().as_str().to_owned();
        let Some(uri) = error.absolute_keyword_location() else { return own() };
        let Some((resource, _)) = uri.as_str().split_once('#') else { return own() };
        let Some((_, pointer)) = self.resources.iter().find(|(known, _)| known == resource) else {
            let uri = uri.as_str();
            return uri.strip_prefix(self.base).unwrap_or(uri).to_owned();
        };
        match uri.fragment() {
            Some(fragment) if !pointer.is_empty() => {
                format!("{pointer}{}", fragment.decode().to_string_lossy())
            }
            _ => own(),
        }
    }
}

fn whole(span: Range<usize>, keyword: &'static str, message: &str) -> Violation<'static> {
    Violation { keyword, instance: "", schema: "", span, message: message.to_owned() }
}

/// Where the value stands that an error is about, or the member that should not be there.
fn span(tape: &Tape, error: &ValidationError<'_>) -> Range<usize> {
    let Some(value) = tape.resolve(error.instance_path().as_str()) else { return 0..0 };
    if let ValidationErrorKind::AdditionalProperties { unexpected }
    | ValidationErrorKind::UnevaluatedProperties { unexpected } = error.kind()
        && let Some(name) = unexpected.first()
        && let Some((key, value)) = value.members().find(|(key, _)| key.text() == name)
    {
        return key.span().start..value.span().end;
    }
    value.span()
}

/// The keyword that an error is about. The crate knows fewer kinds than there are keywords.
fn keyword<'e>(error: &'e ValidationError<'_>) -> &'e str {
    let last = error.schema_path().as_str().rsplit('/').next();
    match (error.kind(), last) {
        (ValidationErrorKind::FalseSchema, _) => "false",
        (_, Some(last @ ("minContains" | "maxContains" | "dependentRequired"))) => last,
        (kind, _) => kind.keyword(),
    }
}

/// What the schema wants, in its own words.
fn message(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    let count = |limit: u64, one: &str, many: &str| {
        format!("{limit} {}", if limit == 1 { one } else { many })
    };
    let items = |limit| count(limit, "item", "items");
    let characters = |limit| count(limit, "character", "characters");
    let properties = |limit| count(limit, "property", "properties");
    match kind {
        Kind::AdditionalItems { limit } => {
            format!("has more than the {} that are allowed", items(*limit as u64))
        }
        Kind::AdditionalProperties { unexpected } => {
            format!("has {} that the schema does not allow", properties(unexpected.len() as u64))
        }
        Kind::AnyOf { .. } => "matches none of the schemas of `anyOf`".to_owned(),
        Kind::OneOfNotValid { .. } => "matches none of the schemas of `oneOf`".to_owned(),
        Kind::OneOfMultipleValid { .. } => {
            "matches more than one of the schemas of `oneOf`".to_owned()
        }
        Kind::Constant { expected_value } => format!("is not {expected_value}"),
        Kind::Contains => "has not the items that `contains` asks for".to_owned(),
        Kind::ContentEncoding { content_encoding } => format!("is not `{content_encoding}`"),
        Kind::ContentMediaType { content_media_type } => format!("is not `{content_media_type}`"),
        Kind::Custom { .. } | Kind::FromUtf8 { .. } => "is not as the schema wants it".to_owned(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "cannot be matched against the pattern".to_owned()
        }
        Kind::Enum { options } => format!("is none of {options}"),
        Kind::ExclusiveMaximum { limit } => format!("is not less than {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("is not greater than {limit}"),
        Kind::Maximum { limit } => format!("is greater than {limit}"),
        Kind::Minimum { limit } => format!("is less than {limit}"),
        Kind::FalseSchema => "is not allowed here".to_owned(),
        Kind::Format { format } => format!("is no `{format}`"),
        Kind::MaxItems { limit } => format!("has more than {}", items(*limit)),
        Kind::MinItems { limit } => format!("has fewer than {}", items(*limit)),
        Kind::MaxLength { limit } => format!("is longer than {}", characters(*limit)),
        Kind::MinLength { limit } => format!("is shorter than {}", characters(*limit)),
        Kind::MaxProperties { limit } => {
            format!("has more than {}", properties(*limit))
        }
        Kind::MinProperties { limit } => {
            format!("has fewer than {}", properties(*limit))
        }
        Kind::MultipleOf { multiple_of } => format!("is no multiple of {multiple_of}"),
        Kind::Not { .. } => "matches the schema of `not`".to_owned(),
        Kind::Pattern { pattern } => format!("does not match the pattern `{pattern}`"),
        Kind::PropertyNames { .. } => "has a property whose name is not allowed".to_owned(),
        Kind::Required { property } => format!("has not the required property {property}"),
        Kind::Type { kind: TypeKind::Single(wanted) } => format!("is not of type `{wanted}`"),
        Kind::Type { kind: TypeKind::Multiple(wanted) } => {
            let wanted: Vec<_> = wanted.iter().map(|wanted| format!("`{wanted}`")).collect();
            format!("is of none of the types {}", wanted.join(", "))
        }
        Kind::UnevaluatedItems { .. } => "has items that no subschema evaluated".to_owned(),
        Kind::UnevaluatedProperties { .. } => {
            "has properties that no subschema evaluated".to_owned()
        }
        Kind::UniqueItems => "has the same item twice".to_owned(),
        Kind::Referencing(_) => "cannot be validated: a reference leads nowhere".to_owned(),
    }
}
