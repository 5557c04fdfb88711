//! What every [`Language`] must keep, checked the same way for each: the shared cases of `testdata/detect`, the law of
//! its gate, and that it reads any bytes at all.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::segment::{Recorder, Trace, Weights};
use super::{Evidence, Language, features, is_anchored, judge, opens};
use crate::classes::Classes;
use crate::limits::Budget;
use crate::model::weights::WeightFile;

#[derive(Deserialize)]
struct Cases {
    hit: Vec<Case>,
    pass: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    value: Option<String>,
    value_b64: Option<String>,
    why: String,
    sensitivity: Option<String>,
}

/// The names of the tokens that a language reads in a context, with a blank between.
pub(crate) fn tokens<L: Language>(language: L, context: u8, text: &[u8]) -> String {
    let mut recorder = Recorder::default();
    language.lex(context, text, &mut recorder);
    let names = recorder.tokens.iter().map(|(token, _)| L::TOKENS[*token as usize]);
    names.collect::<Vec<_>>().join(" ")
}

/// Runs `testdata/detect/<language>.toml` and the rule's own examples on the language alone, without decoding.
pub(crate) fn hold<L: Language>(language: L) {
    let weights = weights::<L>();
    let path = format!("{}/../testdata/detect/{}.toml", env!("CARGO_MANIFEST_DIR"), L::NAME);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let cases: Cases = toml::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut wrong = Vec::new();
    for case in &cases.hit {
        let needs = match case.sensitivity.as_deref().unwrap_or("default") {
            "low" => 900,
            "default" => 700,
            "high" => 500,
            "paranoid" => 300,
            other => panic!("unknown sensitivity {other}"),
        };
        let score = score(language, &weights, &case.bytes());
        if score < needs {
            wrong.push(format!("missed at {score}: {:?} ({})", case.text(), case.why));
        }
    }
    for case in &cases.pass {
        let score = score(language, &weights, &case.bytes());
        if score >= 700 {
            wrong.push(format!("caught at {score}: {:?} ({})", case.text(), case.why));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the gate is closed no context emits an anchor of each set, neither in views without a byte of the gate's classes nor
/// in views of any bytes.
pub(crate) fn gate_is_a_law<L: Language>(language: L, pieces: &[impl AsRef<[u8]>]) {
    let mut random = Random(1);
    let plain: Vec<u8> =
        (0..=255).filter(|&byte| !Classes::of_byte(byte).intersects(L::GATE.classes)).collect();
    let mut told = [0, 0];
    for round in 0..40_000 {
        let any = round % 2 == 1;
        let mut view = Vec::new();
        for _ in 0..random.below(8) {
            match random.below(3) {
                0 if any && random.below(2) == 0 => view.push(random.below(256) as u8),
                0 if any => view.push(b"&|;/%:()=.~!^?"[random.below(14)]),
                0 => view.push(plain[random.below(plain.len())]),
                1 if !L::GATE.words.is_empty() => {
                    let word = L::GATE.words[random.below(L::GATE.words.len())];
                    view.extend_from_slice(&word.as_bytes()[..random.below(word.len())]);
                }
                _ => view.extend_from_slice(pieces[random.below(pieces.len())].as_ref()),
            }
        }
        if gate_opens(language, &view) {
            continue;
        }
        told[usize::from(any)] += 1;
        for context in 0..L::CONTEXTS.len() as u8 {
            let mut recorder = Recorder::default();
            language.lex(context, &view, &mut recorder);
            let seen = recorder.tokens.iter().fold(0, |seen, (token, _)| seen | 1 << token);
            assert!(
                !is_anchored::<L>(seen),
                "context {context} of {:?}: {:?}",
                String::from_utf8_lossy(&view),
                recorder.tokens.iter().map(|(t, _)| L::TOKENS[*t as usize]).collect::<Vec<_>>(),
            );
        }
    }
    assert!(told[0] > 1000 && told[1] > 1000, "too few closed gates to tell: {told:?}");
}

/// Any bytes are read without panic, and token ranges lie in the view and never go backwards.
pub(crate) fn reads_anything<L: Language>(language: L, pieces: &[impl AsRef<[u8]>]) {
    let mut random = Random(2);
    for _ in 0..20_000 {
        let mut view = Vec::new();
        for _ in 0..random.below(24) {
            match random.below(8) {
                0 => view.push(random.below(256) as u8),
                _ => view.extend_from_slice(pieces[random.below(pieces.len())].as_ref()),
            }
        }
        for context in 0..L::CONTEXTS.len() as u8 {
            let mut recorder = Recorder::default();
            language.lex(context, &view, &mut recorder);
            let mut from = 0;
            for (token, range) in recorder.tokens {
                assert!(
                    from <= range.start && range.start <= range.end && range.end <= view.len(),
                    "{} at {range:?} after {from}, context {context} of {:?}",
                    L::TOKENS[token as usize],
                    String::from_utf8_lossy(&view)
                );
                from = range.start;
            }
        }
    }
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        match (&self.value, &self.value_b64) {
            (Some(value), None) => value.clone().into_bytes(),
            (None, Some(base64)) => BASE64_STANDARD.decode(base64).unwrap(),
            _ => panic!("a case has either value or value_b64"),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

fn weights<L: Language>() -> Weights {
    let name = format!("weights/{}.json", L::NAME);
    let file = abatis_rules::WEIGHTS.iter().find(|file| file.name == name);
    let file = file.unwrap_or_else(|| panic!("no {name}"));
    let file: WeightFile =
        serde_json::from_str(file.text).unwrap_or_else(|e| panic!("{name}: {e}"));
    Weights::new(L::TOKENS, &file).unwrap_or_else(|e| panic!("{name}: {e:?}"))
}

/// As the engine scores one reading: nothing behind a closed gate. What the tokens that were kept explain is what lexing again does.
fn score<L: Language>(language: L, weights: &Weights, view: &[u8]) -> u16 {
    if !gate_opens(language, view) {
        return 0;
    }
    let (mut budget, mut trace) = (Budget::UNLIMITED, Trace::default());
    let found = judge(language, weights, view, Classes::of(view), &mut budget, &mut trace);
    let Some(evidence) = found else { return 0 };
    let told = features(language, weights, view, &evidence, &trace);
    let again = Evidence { tokens: None, ..evidence.clone() };
    assert_eq!(told, features(language, weights, view, &again, &trace));
    weights.calibrate(evidence.score)
}

fn gate_opens<L: Language>(language: L, view: &[u8]) -> bool {
    let holds = |word: &&str| {
        view.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    opens(language, view, Classes::of(view), L::GATE.words.iter().any(holds))
}

/// A linear congruential generator (the constants of MMIX): the same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }
}
