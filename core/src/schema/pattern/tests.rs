//! The shared cases, and what must hold for each engine.

use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input};

use super::*;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    pattern: Vec<Case>,
    refused: Vec<Refused>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    pattern: String,
    matches: Vec<String>,
    others: Vec<String>,
    #[serde(default)]
    annex_b: bool,
    parts: Option<usize>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    why: String,
    pattern: String,
    kind: String,
    at: Option<usize>,
}

fn cases() -> Cases {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/schema/patterns.toml");
    let text = std::fs::read_to_string(path).expect("testdata");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Limits that lead to each engine.
fn engines() -> [PatternLimits; 3] {
    let dense = PatternLimits::default();
    let lazy = PatternLimits { dense: 0, ..dense };
    [dense, lazy, PatternLimits { cache: 0, ..lazy }]
}

/// As compiled, but rows of runs are left to the automata.
fn general(source: &str, limits: PatternLimits) -> Pattern {
    let conjuncts = look::conjuncts(parse::parse(source).unwrap().node).unwrap();
    let part = |conjunct: look::Conjunct| Part {
        engine: Engine::general(&conjunct.node, limits).unwrap(),
        positive: conjunct.positive,
    };
    Pattern { parts: conjuncts.into_iter().map(part).collect(), identity: Arc::new(()) }
}

#[test]
fn shared_cases() {
    for case in cases().pattern {
        let Case { why, pattern, .. } = &case;
        assert_eq!(is_ecma(pattern), !case.annex_b, "{why}: `{pattern}`");
        let texts = case.matches.iter().map(|text| (text, true));
        let texts: Vec<_> = texts.chain(case.others.iter().map(|text| (text, false))).collect();
        let mut patterns = Vec::new();
        for limits in engines() {
            let compiled = Pattern::compile(pattern, limits);
            patterns.push(compiled.unwrap_or_else(|error| panic!("{why}: `{pattern}`: {error}")));
            patterns.push(general(pattern, limits));
        }
        if let Some(parts) = case.parts {
            assert_eq!(patterns[0].parts.len(), parts, "{why}: `{pattern}`");
        }
        // One cache for all: it is not to mix them up.
        let mut shared = Cache::default();
        for (engine, pattern) in patterns.iter().enumerate() {
            let mut own = Cache::default();
            for &(text, expected) in &texts {
                let at = format!("{why}: `{}` in {text:?}, engine {engine}", case.pattern);
                assert_eq!(pattern.is_match(text.as_bytes(), &mut own), expected, "{at}");
                assert_eq!(pattern.is_match(text.as_bytes(), &mut shared), expected, "{at}");
            }
        }
    }
}

#[test]
fn languages_are_of_whole_texts() {
    for case in cases().pattern {
        let language = language(&case.pattern, PatternLimits::default()).unwrap();
        let automata: Vec<_> =
            language.iter().map(|(hir, positive)| (whole(hir), positive)).collect();
        let texts = case.matches.iter().map(|text| (text, true));
        for (text, expected) in texts.chain(case.others.iter().map(|text| (text, false))) {
            let input = Input::new(text).anchored(Anchored::Yes);
            let is_match = automata.iter().all(|(dfa, positive)| {
                let found = dfa.try_search_fwd(&input).unwrap();
                assert!(found.is_none_or(|found| found.offset() == text.len()));
                found.is_some() == **positive
            });
            assert_eq!(is_match, expected, "{}: `{}` in {text:?}", case.why, case.pattern);
        }
    }
}

fn whole(hir: &Hir) -> dense::DFA<Vec<u32>> {
    let config = thompson::Config::new().utf8(false);
    let nfa = thompson::NFA::compiler().configure(config).build_from_hir(hir).unwrap();
    dense::Builder::new().build_from_nfa(&nfa).unwrap()
}

#[test]
fn refused_patterns() {
    for case in cases().refused {
        let error = Pattern::compile(&case.pattern, PatternLimits::default()).unwrap_err();
        let expected = match &case.kind[..] {
            "syntax" => PatternErrorKind::Syntax(case.at.expect("where it is wrong")),
            "unsupported" => PatternErrorKind::Unsupported,
            "too-large" => PatternErrorKind::TooLarge,
            kind => panic!("no kind `{kind}`"),
        };
        assert_eq!(error.kind(), expected, "{}: `{}`: {error}", case.why, case.pattern);
        let is_ecma = is_ecma(&case.pattern);
        assert_eq!(is_ecma, case.kind != "syntax", "{}: `{}`", case.why, case.pattern);
        assert_eq!(language(&case.pattern, PatternLimits::default()).unwrap_err(), error);
    }
}
