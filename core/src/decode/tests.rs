//! The cases of `testdata/decode`, and what must hold for any input at all.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::percent::Flavour;
use super::view::{Transform, View};
use super::{
    Coding, Oddity, Readings, html_entity, js_escape, json_string, path, percent, unicode,
};
use crate::classes::Classes;
use crate::limits::{Budget, Limits};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    input: Option<String>,
    input_b64: Option<String>,
    output: Option<String>,
    output_b64: Option<String>,
    #[expect(dead_code, reason = "for readers")]
    why: Option<String>,
}

/// The text of `testdata/decode/<name>.toml`.
pub(super) fn testdata(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/decode");
    std::fs::read_to_string(folder.join(name).with_extension("toml")).expect(name)
}

/// Runs every case of `testdata/decode/<name>.toml`.
pub(super) fn suite(name: &str, decode: impl Fn(&[u8], &mut View) -> bool) {
    let suite: Suite = toml::from_str(&testdata(name)).expect(name);
    assert!(!suite.case.is_empty());
    for case in suite.case {
        let input = bytes(case.input, case.input_b64).expect("`input` or `input_b64`");
        let output = bytes(case.output, case.output_b64);
        let mut view = View::default();
        let changed = decode(&input, &mut view);
        let shown = input.escape_ascii();
        assert_eq!(changed, output.is_some(), "{name}: {shown}: {}", view.bytes().escape_ascii());
        let expected = output.unwrap_or_default();
        assert_eq!(
            view.bytes().escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "{name}: {shown}"
        );
    }
}

/// A value written as text or in base64.
pub(super) fn bytes(text: Option<String>, base64: Option<String>) -> Option<Vec<u8>> {
    match (text, base64) {
        (Some(text), None) => Some(text.into_bytes()),
        (None, Some(base64)) => Some(BASE64_STANDARD.decode(base64).expect("base64")),
        (None, None) => None,
        (Some(_), Some(_)) => panic!("text and base64 of one value"),
    }
}

/// The view of an input under one decoder.
pub(super) fn run(input: &[u8], decode: impl Fn(&[u8], &mut View) -> bool) -> View {
    let mut view = View::default();
    decode(input, &mut view);
    view
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LatticeSuite {
    case: Vec<LatticeCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LatticeCase {
    input: Option<String>,
    input_b64: Option<String>,
    #[serde(default)]
    coding: String,
    rounds: Option<usize>,
    /// The number of readings.
    readings: usize,
    #[serde(default)]
    reading: Vec<Expected>,
    /// Oddities with their raw offsets.
    #[serde(default)]
    notes: Vec<(String, usize)>,
    #[expect(dead_code, reason = "for readers")]
    why: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    text: String,
    chain: Vec<String>,
}

fn coding(name: &str) -> Coding {
    match name {
        "" => Coding::None,
        "form" => Coding::Form,
        "percent" => Coding::Percent,
        "json-string" => Coding::JsonString,
        other => panic!("unknown coding {other}"),
    }
}

/// Every reading as text, with its chain.
fn all(readings: &Readings, raw: &[u8]) -> Vec<(String, Vec<&'static str>)> {
    let one = |index| {
        let reading = readings.get(index, raw).expect("live");
        let chain = readings.chain(index).iter().map(|t| t.as_str()).collect();
        (reading.bytes.escape_ascii().to_string(), chain)
    };
    (0..readings.len()).map(one).collect()
}

fn unlimited() -> Budget {
    Budget::UNLIMITED
}

#[test]
fn lattice_cases() {
    let suite: LatticeSuite = toml::from_str(&testdata("readings")).expect("readings");
    let limits = Limits::default();
    let mut readings = Readings::default();
    for case in suite.case {
        let raw = bytes(case.input, case.input_b64).expect("`input` or `input_b64`");
        let rounds = case.rounds.unwrap_or(limits.decode_rounds);
        let coding = coding(&case.coding);
        let notes = readings.read(&raw, coding, rounds, &limits, &mut unlimited());
        let found = all(&readings, &raw);
        let shown = raw.escape_ascii();
        assert_eq!(found.len(), case.readings, "{shown}: {found:#?}");
        for expected in case.reading {
            let text = expected.text.as_bytes().escape_ascii().to_string();
            assert!(
                found.iter().any(|(t, chain)| *t == text && *chain == expected.chain),
                "{shown}: no {text} by {:?} in {found:#?}",
                expected.chain
            );
        }
        let notes: Vec<_> = notes.iter().map(|(o, at)| (kebab(o), at)).collect();
        assert_eq!(notes, case.notes, "{shown}");
    }
}

/// `DeepEncoding` as `deep-encoding`.
fn kebab(oddity: Oddity) -> String {
    let mut name = String::new();
    for c in format!("{oddity:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// Values made of what the decoders look for, always the same ones (xorshift).
struct Values(u64);

impl Values {
    const PIECES: &'static [&'static [u8]] = &[
        b"a",
        b"Z",
        b"0",
        b" ",
        b"+",
        b"=",
        b"'",
        b"<",
        b"select",
        b"e/passwd",
        b"%",
        b"%2",
        b"%25",
        b"%27",
        b"%2e",
        b"%u003c",
        b"%ud83d",
        b"&",
        b"&lt",
        b"&lt;",
        b"&amp;",
        b"&#",
        b"&#x3c",
        b"&#37;",
        b";",
        b"\\",
        b"\\x3c",
        b"\\u005c",
        b"\\u{3",
        b"}",
        b"\\047",
        b"\\n",
        b"/",
        b"//",
        b".",
        b"..",
        b"../",
        b"..\\",
        b";x=1/",
        b"\0",
        b"\xc0",
        b"\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\xbd",
        b"\xe2\x80\x8b",
        b"\xef\xbc\x9c",
        b"\xef\xbc\x8c",
        b"\xc2\xa0",
        b"\xc3\xa9",
        b"\xe4\xbd\xa0",
        b"\xf0\x9f\x98\x80",
        b"PHNjcmlwdD4xPC9zY3JpcHQ",
        b"data:;base64,",
    ];

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn next(&mut self) -> Vec<u8> {
        let pieces = self.below(12);
        (0..pieces).flat_map(|_| Self::PIECES[self.below(Self::PIECES.len())]).copied().collect()
    }
}

const VALUES: usize = 20_000;

#[test]
fn what_a_range_came_from_decodes_to_it() {
    type Decode = fn(&[u8], &mut View) -> bool;
    let decoders: [(&str, Decode); 6] = [
        ("form", |i, o| percent::decode(i, Flavour::Form, o)),
        ("percent", |i, o| percent::decode(i, Flavour::Strict, o)),
        ("percent-u", |i, o| percent::decode(i, Flavour::Lenient, o)),
        ("html-entity", html_entity::decode),
        ("js-escape", js_escape::decode),
        ("json-string", json_string::decode),
    ];
    let mut values = Values(0x5eed_0001);
    for _ in 0..VALUES {
        let input = values.next();
        for (name, decode) in decoders {
            let view = run(&input, decode);
            if !view.changed() {
                continue;
            }
            assert!(view.bytes().len() <= input.len(), "{name} grows {}", input.escape_ascii());
            let start = values.below(view.bytes().len() + 1);
            let end = start + values.below(view.bytes().len() + 1 - start);
            let mut part = input[view.source(start..end)].to_vec();
            if name == "js-escape" {
                // The one-letter escapes are read beside one by number only.
                part.extend(br"\x41");
            }
            let again = run(&part, decode);
            let mut read = if again.changed() { again.bytes() } else { &part }.to_vec();
            let mut wanted = view.bytes()[start..end].to_vec();
            if name == "percent-u" {
                // A sign is nothing only beside others.
                read.retain(|&byte| byte != b'%');
                wanted.retain(|&byte| byte != b'%');
            }
            assert!(
                wanted.is_empty() || read.windows(wanted.len()).any(|window| window == wanted),
                "{name}: {start}..{end} of {} came from {}",
                input.escape_ascii(),
                part.escape_ascii()
            );
        }
    }
}

#[test]
fn normalizers_leave_nothing_of_their_own() {
    let mut values = Values(0x5eed_0002);
    for _ in 0..VALUES {
        let input = values.next();
        let view = run(&input, path::decode);
        assert!(view.bytes().len() <= input.len());
        if view.changed() {
            let again = run(view.bytes(), path::decode);
            assert!(!again.changed(), "{} {}", input.escape_ascii(), view.bytes().escape_ascii());
        }
        let view = run(&input, unicode::decode);
        assert!(view.bytes().len() <= input.len());
        if view.changed() {
            assert!(std::str::from_utf8(view.bytes()).is_ok(), "{}", input.escape_ascii());
            assert!(!view.bytes().contains(&0));
        }
    }
}

#[test]
fn readings_are_bounded_distinct_and_the_same_each_time() {
    let limits = Limits::default();
    let (mut warm, mut values) = (Readings::default(), Values(0x5eed_0003));
    for _ in 0..VALUES {
        let raw = values.next();
        let coding = [Coding::None, Coding::Form, Coding::Percent, Coding::JsonString];
        let coding = coding[values.below(coding.len())];
        let read = |readings: &mut Readings| {
            let notes = readings.read(&raw, coding, 4, &limits, &mut unlimited());
            (notes, all(readings, &raw))
        };
        let mut cold = Readings::default();
        let (notes, found) = read(&mut warm);
        assert_eq!((notes, found.clone()), read(&mut cold));
        assert!(warm.len() <= limits.views);
        for (index, (text, _)) in found.iter().enumerate() {
            let bytes = warm.get(index, &raw).expect("live").bytes;
            assert!(bytes.len() <= raw.len(), "{}: {text}", raw.escape_ascii());
            assert!(
                found[..index].iter().all(|(earlier, _)| earlier != text),
                "{}: {text} twice",
                raw.escape_ascii()
            );
            // A wider range comes from a wider one, and none from outside.
            let mut before = 0..0;
            for end in 0..=bytes.len() {
                let source = warm.source(index, 0..end);
                assert!(source.start <= source.end && source.end <= raw.len());
                assert!(
                    before.is_empty() || source.start <= before.start && source.end >= before.end
                );
                before = source;
            }
        }
        assert!(notes.iter().all(|(_, at)| at <= raw.len()));
    }
}

#[test]
fn nothing_makes_readings_explode() {
    let nested =
        |seed: &str, wrap: fn(&str) -> String| (0..9).fold(seed.to_owned(), |v, _| wrap(&v));
    let side_by_side = r"%41 &lt; \x41 ＜ a/../b +( ".repeat(2_000);
    let deep_and_wide = (0..8).map(|n| {
        format!("%{}41&{}lt;\\{}x41", "25".repeat(n), "amp;".repeat(n), "u005c".repeat(n))
    });
    let values: Vec<String> = vec![
        "%25".repeat(20_000),
        format!("%{}41", "25".repeat(20_000)),
        format!("&{}lt;", "amp;".repeat(20_000)),
        format!("\\{}u0041", "u005c".repeat(20_000)),
        nested("%<script>", |v| v.replace('%', "%25")),
        nested("<script>alert(1)</script>", |v| BASE64_URL_SAFE_NO_PAD.encode(v.as_bytes())),
        "../".repeat(20_000),
        "&#x26;#x26;".repeat(5_000),
        r"\u{0".repeat(20_000),
        "\u{200b}%".repeat(20_000),
        deep_and_wide.collect(),
        side_by_side,
    ];
    let limits = Limits::default();
    let mut readings = Readings::default();
    for value in &values {
        let raw = value.as_bytes();
        let mut budget = unlimited();
        readings.read(raw, Coding::None, limits.decode_rounds, &limits, &mut budget);
        let shown = &value[..value.len().min(40)];
        assert!(readings.len() <= limits.views, "{shown}");
        let total: usize =
            (0..readings.len()).map(|i| readings.get(i, raw).expect("live").bytes.len()).sum();
        assert!(total <= 13 * raw.len() + (64 << 10), "{shown}: {total}");
        // Well below what `Limits::STEPS_PER_BYTE` promises to the whole run.
        let steps = limits.views * 8 * raw.len();
        let mut enough = Limits { steps: steps as u64, ..Limits::default() }.budget();
        let notes = readings.read(raw, Coding::None, limits.decode_rounds, &limits, &mut enough);
        assert!(readings.len() == limits.views || notes.get(Oddity::TooMany).is_none(), "{shown}");
    }
}

#[test]
fn bounds_are_reported() {
    let raw = br"%41 &lt; \x41 /a/../b";
    let read = |limits: &Limits, budget: &mut Budget| {
        let mut readings = Readings::default();
        let notes = readings.read(raw, Coding::None, 4, limits, budget);
        (readings.len(), notes.get(Oddity::TooMany))
    };
    let few = Limits { views: 3, ..Limits::default() };
    assert_eq!(read(&few, &mut unlimited()), (3, Some(0)));
    let one = Limits { views: 1, ..Limits::default() };
    let notes = Readings::default().read(b"a+b", Coding::Form, 4, &one, &mut unlimited());
    assert_eq!(notes.get(Oddity::TooMany), Some(0));
    let poor = Limits { steps: 30, ..Limits::default() };
    assert_eq!(read(&poor, &mut poor.budget()), (2, Some(0)));
    assert_eq!(read(&Limits::default(), &mut unlimited()).1, None);
}

#[test]
fn the_last_transform_is_told() {
    let mut readings = Readings::default();
    let raw = b"a%2527";
    readings.read(raw, Coding::Percent, 4, &Limits::default(), &mut unlimited());
    let last = |index| readings.get(index, raw).expect("live").last;
    assert_eq!(last(0), Some(Transform::Percent));
    assert_eq!(readings.chain(1), [Transform::Percent, Transform::Percent]);
    assert_eq!(readings.source(1, 1..2), 1..6);
    assert!(readings.get(2, raw).is_none());
}

#[test]
fn percent_opens_gates_only_if_something_comes_of_it() {
    let mut readings = Readings::default();
    let opens = |readings: &mut Readings, raw: &[u8]| {
        readings.read(raw, Coding::None, 4, &Limits::default(), &mut unlimited());
        readings.get(0, raw).is_some_and(|reading| reading.opening().intersects(Classes::PERCENT))
    };
    for raw in [&b"%7B%22a%22%3A3%7D"[..], b"a%2Cb-%41", b"%u0041"] {
        assert!(!opens(&mut readings, raw), "{}", raw.escape_ascii());
    }
    // A dot, separators, a second coding, what is no escape, NUL, a blank that ends names, bytes beyond ASCII.
    for raw in
        [&b"%2eenv"[..], b"a.%41", b"%2f", b"%5c", b"%2541", b"50%", b"%00", b"%0a", b"%c0%af"]
    {
        assert!(opens(&mut readings, raw), "{}", raw.escape_ascii());
    }
}
