//! The shared cases, and what must hold for each engine.

use std::process::Command;

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
fn engines() -> [PatternLimits; 4] {
    let runs = PatternLimits::default();
    let dense = PatternLimits { runs: false, ..runs };
    let lazy = PatternLimits { dense: 0, ..dense };
    [runs, dense, lazy, PatternLimits { cache: 0, ..lazy }]
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

#[test]
fn sets_tell_what_each_pattern_tells() {
    let cases = cases().pattern;
    for cases in cases.chunks(7) {
        let sources: Vec<_> = cases.iter().map(|case| &case.pattern[..]).collect();
        let default = PatternLimits::default();
        let sets = [default, PatternLimits { dense: 0, ..default }];
        let sets = sets.map(|limits| PatternSet::compile(&sources, limits).unwrap());
        let patterns = sources.iter().map(|source| Pattern::compile(source, default).unwrap());
        let patterns: Vec<_> = patterns.collect();
        for text in cases.iter().flat_map(|case| case.matches.iter().chain(&case.others)) {
            let text = text.as_bytes();
            let mut cache = Cache::default();
            let matches = patterns.iter().map(|pattern| pattern.is_match(text, &mut cache));
            let expected: Vec<_> = matches.enumerate().filter(|(_, is_match)| *is_match).collect();
            for set in &sets {
                let mut found = Vec::new();
                set.matches(text, &mut SetCache::default(), |index| found.push((index, true)));
                assert_eq!(found, expected, "{sources:?} in {text:?}");
            }
        }
    }
}

#[test]
fn a_set_tells_which_pattern_is_wrong() {
    let set = PatternSet::compile(&["a", "b)", "("], PatternLimits::default());
    assert_eq!(set.unwrap_err().0, 1);
}

/// What `differential/patterns.mjs` writes.
#[derive(serde::Deserialize)]
struct Sample {
    pattern: String,
    flag: Option<String>,
    texts: Vec<(String, bool)>,
}

/// Patterns and texts by grammar, more than 100,000 pairs: what `new RegExp(pattern, "u").test(text)` says, or without the flag
/// where Annex B alone allows the pattern.
#[test]
#[allow(clippy::print_stderr, reason = "says why it compares nothing")]
fn node_finds_the_same() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../differential/patterns.mjs");
    let Ok(node) = Command::new("node").args([script, "1", "9000"]).output() else {
        eprintln!("nothing compared: there is no node here");
        return;
    };
    assert!(node.status.success(), "{}", String::from_utf8_lossy(&node.stderr));
    let (mut pairs, mut matches) = (0, 0);
    for (number, line) in String::from_utf8(node.stdout).unwrap().lines().enumerate() {
        let Sample { pattern, flag, texts } = serde_json::from_str(line).unwrap();
        let limits = engines()[number % engines().len()];
        assert_eq!(is_ecma(&pattern), flag.as_deref() == Some("u"), "`{pattern}`");
        let compiled = match Pattern::compile(&pattern, limits) {
            Ok(compiled) => compiled,
            Err(error) if error.kind() == PatternErrorKind::Unsupported => {
                assert!(flag.is_some(), "`{pattern}` is none, but {error}");
                assert!(pattern.contains("(?") || pattern.contains('\\'), "`{pattern}`: {error}");
                continue;
            }
            Err(error) => {
                // Annex B knows escapes of letters that mean nothing; see the head of the module.
                let refused = pattern.contains(r"\Z") || pattern.contains(r"\k<n>");
                let known = flag.is_none() || flag.as_deref() == Some("") && refused;
                assert!(known, "`{pattern}`: {error}");
                continue;
            }
        };
        assert!(flag.is_some(), "`{pattern}` is no pattern");
        let mut cache = Cache::default();
        for (text, expected) in texts {
            let is_match = compiled.is_match(text.as_bytes(), &mut cache);
            assert_eq!(is_match, expected, "`{pattern}` in {text:?}");
            pairs += 1;
            matches += usize::from(expected);
        }
    }
    assert!(pairs > 100_000 && matches > 10_000, "{matches} of {pairs} pairs match");
}
