//! The shared cases; chunked against whole; agreement with `serde_json` on mutated documents.

use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::parse::testing::cases;

/// Writes down all that a parser tells.
#[derive(Debug, Default, PartialEq)]
struct Log {
    /// Events and problems, each with range and pointer.
    lines: Vec<String>,
    /// Pointer and raw text of every leaf.
    leaves: Vec<(String, String)>,
    problems: Vec<(Problem, Range<usize>)>,
    rest: Vec<u8>,
    rest_at: Option<usize>,
}

impl Log {
    fn line(&mut self, what: &str, range: &Range<usize>, path: &Path) -> String {
        let mut pointer = String::new();
        path.pointer(&mut pointer);
        self.lines.push(format!("{what} {range:?} {pointer}"));
        pointer
    }
}

impl JsonSink for Log {
    fn event(&mut self, event: Event<'_>, range: Range<usize>, path: &Path) {
        let pointer = self.line(&format!("{event:?}"), &range, path);
        let leaf = match event {
            Event::String(text) => String::from_utf8_lossy(text.raw).into_owned(),
            Event::Number(text) => String::from_utf8_lossy(text).into_owned(),
            Event::Bool(value) => value.to_string(),
            Event::Null => "null".to_owned(),
            _ => return,
        };
        self.leaves.push((pointer, leaf));
    }

    fn problem(&mut self, problem: Problem, range: Range<usize>, path: &Path) {
        self.line(&format!("{problem:?}"), &range, path);
        self.problems.push((problem, range));
    }

    fn rest(&mut self, bytes: &[u8], offset: usize) {
        let at = *self.rest_at.get_or_insert(offset);
        assert_eq!(at + self.rest.len(), offset, "the rest has a gap");
        self.rest.extend_from_slice(bytes);
    }
}

fn parse(chunks: &[&[u8]], limits: &Limits) -> Log {
    let mut parser = JsonParser::new(limits);
    let mut log = Log::default();
    for chunk in chunks {
        parser.feed(chunk, &mut log);
    }
    parser.finish(&mut log);
    let fatal = log.problems.iter().find(|(problem, _)| problem.is_fatal());
    assert_eq!(parser.failed, fatal.map(|(problem, _)| *problem));
    assert_eq!((parser.state == State::End), fatal.is_none());
    log
}

/// All of it at once, after it came out the same cut in two at every byte and cut into single bytes.
fn parse_every_way(input: &[u8], limits: &Limits) -> Log {
    let whole = parse(&[input], limits);
    for at in 0..=input.len() {
        let (left, right) = input.split_at(at);
        assert_eq!(parse(&[left, right], limits), whole, "cut at {at}: {}", input.escape_ascii());
    }
    let bytes: Vec<_> = input.chunks(1).collect();
    assert_eq!(parse(&bytes, limits), whole, "byte by byte: {}", input.escape_ascii());
    whole
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    input: Option<String>,
    input_b64: Option<String>,
    depth: Option<usize>,
    #[serde(default)]
    problems: Vec<(String, usize)>,
    expected: Option<String>,
    rest: Option<String>,
    leaves: Option<Vec<(String, String)>>,
}

#[test]
fn shared_cases() {
    for case in cases::<Case>("parse/json.toml") {
        let input = match (&case.input, &case.input_b64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(coded)) => BASE64_STANDARD.decode(coded).unwrap(),
            _ => panic!("{}: `input` or `input_b64`", case.why),
        };
        let default = Limits::default();
        let limits = Limits { depth: case.depth.unwrap_or(default.depth), ..default };
        let log = parse_every_way(&input, &limits);

        let found: Vec<_> =
            log.problems.iter().map(|(p, range)| (p.as_str().to_owned(), range.start)).collect();
        assert_eq!(found, case.problems, "{}", case.why);
        let expected = log.problems.iter().find_map(|(problem, _)| match problem {
            Problem::Malformed(expected) => Some(expected.as_str()),
            _ => None,
        });
        assert_eq!(expected, case.expected.as_deref(), "{}", case.why);
        let rest = log.rest_at.map(|_| String::from_utf8_lossy(&log.rest));
        assert_eq!(rest.as_deref(), case.rest.as_deref(), "{}", case.why);
        if let Some(leaves) = case.leaves {
            assert_eq!(log.leaves, leaves, "{}", case.why);
        }
    }
}

/// A small generator of the splitmix family: the same documents on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % end
    }
}

const SEEDS: [&str; 4] = [
    r#"{"user":"anna","age":31,"tags":["a","b c",""],"nested":{"x":-1.5e+3,"y":null,"z":[[],{}]},"ok":true}"#,
    "[ 0, -0, 1.25, 1E5 ,\n\t\"\\u00e9\\ud83d\\ude00\\n\", false , \"näïve\" ]",
    r#"{"a":{"b":{"c":[1,2,{"d":"e\\\"f"}]}},"long key with spaces":"a string that is longer than a word"}"#,
    r#""just text""#,
];

const PIECES: [&[u8]; 30] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\n",
    b"0",
    b"-",
    b".",
    b"e",
    b"1",
    b"true",
    b"null",
    b"\\u12",
    b"\\ud800",
    b"\\n",
    b"\\x",
    b"\x00",
    b"\x1f",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"NaN",
    b"'",
    b"//",
    b"\"a\":1,",
];

fn mutate(seed: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        match random.below(4) {
            0 => drop(bytes.drain(at..(at + 1 + random.below(3)).min(bytes.len()))),
            1 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {
                let other = SEEDS[random.below(SEEDS.len())].as_bytes();
                let from = random.below(other.len());
                let to = from + random.below(other.len() - from);
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// Accepts and rejects as `serde_json` does. Known differences: `serde_json` lets duplicate keys pass (told apart by the
/// problem), and refuses lone surrogates, numbers beyond `f64` and more than 128 levels (left out here).
#[test]
fn agrees_with_serde_json() {
    let mut random = Random(7);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..40_000 {
        let bytes = mutate(SEEDS[round % SEEDS.len()], &mut random);
        let log = parse(&[&bytes], &Limits::default());
        let has = |wanted: Problem| log.problems.iter().any(|(problem, _)| *problem == wanted);
        if has(Problem::LoneSurrogate) {
            continue;
        }
        let ours = log.problems.iter().all(|(problem, _)| *problem == Problem::DuplicateKey);
        let theirs = match serde_json::from_slice::<serde_json::Value>(&bytes) {
            Ok(_) => true,
            Err(error) if error.to_string().contains("number out of range") => continue,
            Err(_) => false,
        };
        assert_eq!(ours, theirs, "{}", bytes.escape_ascii());
        if round % 40 == 0 {
            parse_every_way(&bytes, &Limits::default());
        }
        *(if ours { &mut accepted } else { &mut refused }) += 1;
    }
    assert!(accepted > 5_000 && refused > 5_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn offsets_count_from_the_origin_and_memory_is_reused() {
    let mut parser = JsonParser::new(&Limits::default());
    for _ in 0..2 {
        let mut log = Log::default();
        let result = parser.walk(b"\xef\xbb\xbf[\"x\", }", 100, &Limits::default(), &mut log);
        assert_eq!(result, Err(Problem::Malformed(Expected::Value)));
        assert_eq!(log.problems[0], (Problem::Bom, 100..103));
        assert_eq!(log.problems[1].1, 109..110);
        assert_eq!(log.leaves, [("/0".to_owned(), "x".to_owned())]);
        assert_eq!((log.rest_at, &*log.rest), (Some(109), &b"}"[..]));
    }
    assert_eq!(parser.walk(b" 1 ", 0, &Limits::default(), &mut Log::default()), Ok(()));
}

#[test]
fn structured_values_are_told_by_their_ends() {
    for (bytes, expected) in [
        (&b" {\"a\":1}\n"[..], true),
        (b"[1]", true),
        (b"\xef\xbb\xbf {}", true),
        (b"{", false),
        (b"[", false),
        (b"", false),
        (b"\"[1]\"", false),
        (b"[1] x", false),
    ] {
        assert_eq!(may_be_structured(bytes), expected, "{}", bytes.escape_ascii());
    }
}
