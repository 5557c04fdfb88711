//! The cases of `testdata/schema/formats.toml`; every text, and pieces of them joined, against the expression of its format; all characters
//! against the classes of the expressions.

use std::collections::HashMap;

use jsonschema::Draft;
use regex_automata::meta::Regex;
use serde::Deserialize;

use super::Format;

const DRAFTS: [(&str, Draft); 5] = [
    ("4", Draft::Draft4),
    ("6", Draft::Draft6),
    ("7", Draft::Draft7),
    ("2019-09", Draft::Draft201909),
    ("2020-12", Draft::Draft202012),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    formats: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    format: String,
    why: String,
    drafts: Option<Vec<String>>,
    valid: Vec<String>,
    invalid: Vec<String>,
}

impl Case {
    /// The format in each draft that the case is about.
    fn formats(&self) -> Vec<Format> {
        let is_meant = |name: &str| {
            self.drafts.as_ref().is_none_or(|drafts| drafts.iter().any(|draft| draft == name))
        };
        let formats: Vec<_> = DRAFTS
            .iter()
            .filter(|(name, _)| is_meant(name))
            .filter_map(|&(name, draft)| {
                let format = Format::named(&self.format, draft);
                assert!(
                    format.is_some() || self.drafts.is_none(),
                    "{} is not known in draft {name}",
                    self.format
                );
                format
            })
            .collect();
        assert!(!formats.is_empty(), "{}", self.format);
        formats
    }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../testdata/schema/formats.toml");
    toml::from_str::<Cases>(text).unwrap().formats
}

/// All formats but that of expressions, which is not answered here.
fn asserting() -> impl Iterator<Item = Format> {
    Format::ALL.into_iter().filter(|format| *format != Format::Regex)
}

fn is_valid(format: Format, text: &str) -> bool {
    format.is_valid(text, |_| panic!("no regex"))
}

#[derive(Default)]
struct Supersets(HashMap<&'static str, Regex>);

impl Supersets {
    fn hold(&mut self, format: Format, text: &str) -> bool {
        let superset = format.superset().unwrap();
        self.0.entry(superset).or_insert_with(|| Regex::new(superset).unwrap()).is_match(text)
    }
}

#[test]
fn texts_are_what_their_formats_say() {
    let mut wrong = Vec::new();
    for case in cases() {
        for format in case.formats() {
            let valid = case.valid.iter().filter(|text| !is_valid(format, text));
            let invalid = case.invalid.iter().filter(|text| is_valid(format, text));
            wrong.extend(valid.map(|text| format!("valid as {format:?}: {text:?} ({})", case.why)));
            wrong.extend(
                invalid.map(|text| format!("invalid as {format:?}: {text:?} ({})", case.why)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_has_cases() {
    let named: Vec<_> = cases().iter().flat_map(Case::formats).collect();
    for format in asserting() {
        assert!(named.contains(&format), "{format:?}");
    }
}

#[test]
fn a_regex_is_what_the_function_says() {
    assert!(Format::Regex.is_valid("a+", |text| text == "a+"));
    assert!(!Format::Regex.is_valid("a+", |_| false));
    assert_eq!(Format::Regex.superset(), None);
}

#[test]
fn drafts_name_what_they_know() {
    let known =
        |name| DRAFTS.iter().filter(|(_, draft)| Format::named(name, *draft).is_some()).count();
    assert_eq!(["date-time", "email", "uri", "regex", "date"].map(known), [5; 5]);
    assert_eq!(["uri-reference", "uri-template", "json-pointer"].map(known), [4; 3]);
    assert_eq!(
        ["iri", "iri-reference", "idn-email", "idn-hostname", "relative-json-pointer"].map(known),
        [3; 5]
    );
    assert_eq!(["duration", "uuid"].map(known), [2; 2]);
    assert_eq!(["int32", "byte", "password", "color", "ip-address", "Date", ""].map(known), [0; 7]);
}

#[test]
fn supersets_hold_every_text_that_is_valid() {
    let mut supersets = Supersets::default();
    let cases = cases();
    let mut held = 0;
    for case in &cases {
        for format in case.formats() {
            let alike = || {
                cases
                    .iter()
                    .filter(|other| other.format == case.format)
                    .flat_map(|other| other.valid.iter().chain(&other.invalid))
            };
            for text in alike() {
                // A text as it is, and its front joined to the rear of another one of its format.
                let joined = alike().filter_map(|rear| {
                    let (front, _) = text.split_at_checked(text.len() / 2)?;
                    let (_, rear) = rear.split_at_checked(rear.len() / 2)?;
                    Some(format!("{front}{rear}"))
                });
                for text in joined.chain([text.clone()]).filter(|text| is_valid(format, text)) {
                    assert!(supersets.hold(format, &text), "{format:?} {text:?}");
                    held += 1;
                }
            }
        }
    }
    assert!(held > 1000, "{held}");
}

#[test]
fn supersets_hold_every_character_that_may_stand_in_a_text() {
    let mut supersets = Supersets::default();
    // The planes with letters, and the borders of the ranges beyond.
    let letters = '\0'..'\u{4_0000}';
    let borders = ('\u{D_FFF0}'..'\u{E_1010}')
        .chain('\u{E_FFF0}'..'\u{F_0010}')
        .chain('\u{F_FFF0}'..'\u{10_0010}')
        .chain('\u{10_FFF0}'..=char::MAX);
    for character in letters.chain(borders) {
        for (format, before, behind) in [
            (Format::IdnHostname, "", ""),
            (Format::IdnHostname, "l", "l"),
            (Format::IdnHostname, "α", "α"),
            (Format::IdnHostname, "א", "א"),
            (Format::IdnHostname, "क्", "क"),
            (Format::IdnHostname, "カ", "カ"),
            (Format::IdnEmail, "", "@a"),
            (Format::IdnEmail, "\"", "\"@a"),
            (Format::Iri, "a:", ""),
            (Format::Iri, "a:?", ""),
            (Format::Iri, "a:#", ""),
            (Format::Iri, "a://", ""),
            (Format::IriReference, "", ""),
            (Format::UriTemplate, "", ""),
            (Format::UriTemplate, "{", "}"),
            (Format::JsonPointer, "/", ""),
        ] {
            let text = format!("{before}{character}{behind}");
            assert!(
                !is_valid(format, &text) || supersets.hold(format, &text),
                "{format:?} {text:?}"
            );
        }
    }
}

#[test]
fn supersets_refuse_what_formats_are_there_to_refuse() {
    let mut supersets = Supersets::default();
    for case in cases().iter().filter(|case| case.format != "json-pointer") {
        for format in case.formats() {
            for text in ["1' or '1'='1", "<script>alert(1)</script>", "; id", "a\nb", "' --"] {
                assert!(!supersets.hold(format, text), "{format:?} {text:?}");
            }
        }
    }
}

#[test]
fn long_texts_are_answered_at_once() {
    // What is repeated, and a byte that spoils it at the end: a look at each place for each other place would take hours.
    for format in asserting() {
        for piece in [
            "a", "0", ".", "a.", ":", "/", "%41", "{a}", "~0", "ü", "ü.", "xn--", "@", "\"",
            "\\\\", "1:", "P1D", "a@[", "{a,",
        ] {
            let long = piece.repeat(1 << 18);
            is_valid(format, &long);
            is_valid(format, &format!("{long}\n"));
            is_valid(format, &format!("a:{long}@b"));
        }
    }
}
