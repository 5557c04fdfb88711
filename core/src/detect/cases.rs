//! Runs a language alone on its shared cases and its rule's examples, for the unit tests of each `judge.rs`.

use serde::Deserialize;

use super::segment::{Recorder, Weights};
use super::{Language, WeightFile, judge};
use crate::limits::Budget;
use crate::model::rule::RuleFile;
use crate::prefilter::gate::Classes;

#[derive(Deserialize)]
struct Cases {
    hit: Vec<Case>,
    pass: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    value: Option<String>,
    sensitivity: Option<String>,
}

/// Asserts that `testdata/detect/<language>.toml` and the examples of `rules/detect/<language>.yaml` hold, as far as the
/// values are text.
pub(crate) fn hold<L: Language>(language: L) {
    let weights_name = format!("weights/{}.json", L::NAME);
    let weights: WeightFile =
        serde_json::from_str(text(abatis_rules::WEIGHTS, &weights_name)).expect("weights");
    let levels = weights.levels;
    let weights = Weights::new(L::TOKENS, &weights).expect("token names");
    let score = |value: &str| {
        let view = value.as_bytes();
        let evidence =
            judge(language, &weights, view, Classes::of(view), &mut Budget::UNLIMITED.clone());
        evidence.map_or(0, |evidence| evidence.score)
    };

    let path = format!("{}/../testdata/detect/{}.toml", env!("CARGO_MANIFEST_DIR"), L::NAME);
    let cases = std::fs::read_to_string(path).expect("testdata");
    let cases: Cases = toml::from_str(&cases).expect("cases");
    for case in &cases.hit {
        let Some(value) = &case.value else { continue };
        let least = match case.sensitivity.as_deref() {
            Some("low") => levels.low,
            Some("high") => levels.high,
            Some("paranoid") => levels.paranoid,
            _ => levels.default,
        };
        assert!(score(value) >= least, "missed at {least}: {value:?} has {}", score(value));
    }
    for value in cases.pass.iter().filter_map(|case| case.value.as_ref()) {
        assert!(score(value) < levels.default, "caught: {value:?} has {}", score(value));
    }

    let rules = text(abatis_rules::DETECT, &format!("detect/{}.yaml", L::NAME));
    let rules: RuleFile = serde_saphyr::from_str(rules).expect("rules");
    for rule in &rules.rules {
        for value in &rule.hits {
            assert!(score(value) >= levels.default, "{}: missed {value:?}", rule.id);
        }
        for value in &rule.passes {
            assert!(score(value) < levels.default, "{}: caught {value:?}", rule.id);
        }
    }
}

/// Asserts the law of the gate on strings made of `pieces`: where neither a class nor a word of it occurs, no anchor comes.
pub(crate) fn gate_never_understates<L: Language>(language: L, pieces: &[&[u8]]) {
    let mut random = 0x9e37_79b9_u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    let mut closed = 0;
    for _ in 0..20_000 {
        let view: Vec<u8> = (0..8).flat_map(|_| pieces[below(pieces.len())]).copied().collect();
        let lower = view.to_ascii_lowercase();
        let holds = |word: &&str| memchr::memmem::find(&lower, word.as_bytes()).is_some();
        if Classes::of(&view).intersects(L::GATE.classes) || L::GATE.words.iter().any(holds) {
            continue;
        }
        closed += 1;
        for context in 0..L::CONTEXTS.len() as u8 {
            let mut recorder = Recorder::default();
            language.lex(context, &view, &mut recorder);
            for (token, _) in recorder.tokens {
                let name = L::TOKENS[token as usize];
                assert!(L::ANCHORS & (1 << token) == 0, "{name} without a gate in {view:?}");
            }
        }
    }
    assert!(closed > 100, "the pieces hardly ever leave the gate closed");
}

fn text(files: &'static [abatis_rules::File], name: &str) -> &'static str {
    files.iter().find(|file| file.name == name).expect("built-in file").text
}
