//! Broken files of `testdata/load/` give exactly the diagnostics beside them; any text at all gives some answer.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use abatis::model::policy::Policy;
use abatis::model::rule::RuleFile;
use abatis::model::{Bundle, schema_from_yaml, schemas};
use abatis::{LoadError, WeightFile};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/load")
}

/// The texts of `testdata/load/` by file name.
fn texts() -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml" || end == "json"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    texts.sort();
    texts
}

/// Reads a text as what the first word of its name says.
fn load(name: &str, text: &str) -> Result<(), LoadError> {
    match name.split('-').next() {
        Some("policy") => Policy::from_yaml(name, text).map(drop),
        // Read from its folder with the files that it names.
        Some("bundle") => Bundle::new(Policy::from_yaml(name, text)?.in_folder(folder())).map(drop),
        Some("rules") => RuleFile::from_yaml(name, text).map(drop),
        Some("weights") => WeightFile::from_json(name, text).map(drop),
        Some("schema") => schema_from_yaml(name, text).map(drop),
        _ => panic!("{name}: begin the name with policy-, bundle-, rules-, weights- or schema-"),
    }
}

#[test]
fn broken_files_give_the_diagnostics_beside_them() {
    let texts = texts();
    assert!(texts.len() >= 8, "cases are missing");
    let root = format!("{}/", folder().display());
    let mut differing = String::new();
    for (name, text) in &texts {
        let beside = Path::new(name).with_extension("expected");
        let found = match load(name, text) {
            Ok(()) => String::new(),
            Err(error) => format!("{error}\n").replace(&root, ""),
        };
        let expected = std::fs::read_to_string(folder().join(&beside)).unwrap_or_default();
        if found != expected {
            write!(differing, "--- {} should be\n{found}\n", beside.display()).unwrap();
        }
    }
    assert!(differing.is_empty(), "{differing}");
}

#[test]
fn what_ships_is_readable_and_the_default_policy_says_the_defaults() {
    for name in ["default", "strict", "monitor", "api-json"] {
        let policy = Policy::builtin(name).unwrap_or_else(|error| panic!("{error}"));
        Bundle::new(policy).unwrap_or_else(|error| panic!("{error}"));
    }
    let said = serde_json::to_value(Policy::builtin("default").unwrap()).unwrap();
    let mut default = serde_json::to_value(Policy::default()).unwrap();
    default["about"] = said["about"].clone();
    assert_eq!(said, default);
}

#[test]
fn policies_survive_a_round_trip() {
    for name in ["default", "strict", "monitor", "api-json"] {
        let policy = Policy::builtin(name).unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        let again = Policy::from_yaml(name, &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}

#[test]
fn committed_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/schema");
    for (name, schema) in schemas() {
        let committed = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let committed: serde_json::Value = serde_json::from_str(&committed).unwrap_or_default();
        assert!(committed == schema, "{name} differs: run `cargo xtask schemas`");
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn numbers_at_the_edge_of_their_type_are_read() {
    let text = format!("limits: {{body_bytes: {}, depth: 1e3}}", u64::MAX);
    assert_eq!(Policy::from_yaml("p", &text).unwrap().limits.depth, 1000);
    let error = Policy::from_yaml("p", "limits: {steps: 18446744073709551616}").unwrap_err();
    assert_eq!(error.location(), ("p", 1, 17));
}

#[test]
fn a_policy_of_no_known_folder_reads_no_files() {
    let policy = Policy::from_yaml("p", "rulesets: [r.yaml]").unwrap();
    let error = Bundle::new(policy).unwrap_err();
    assert!(error.to_string().contains("in_folder"), "{error}");
}

#[test]
fn hostile_documents_are_cheap() {
    let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |mut text, n| {
        let before = n - 1;
        writeln!(text, "a{n}: &a{n} [*a{before}, *a{before}]").unwrap();
        text
    });
    let aliases_in_depth = (1..200).fold("- &a0 x\n".to_owned(), |mut text, n| {
        writeln!(text, "- &a{n} [[[*a{}]]]", n - 1).unwrap();
        text
    });
    for (text, message) in [
        (laughs, "more than 67108864 bytes"),
        (aliases_in_depth, "levels deep"),
        ("[".repeat(100_000), "levels deep"),
        (format!("{}1{}", "[".repeat(150), "]".repeat(150)), "levels deep"),
        ("- ".repeat(100_000), "levels deep"),
        ("a: ".repeat(100_000), ""),
        ("&a [*a]".to_owned(), "an alias stands inside"),
        ("a: &a {<<: *a}".to_owned(), "an alias stands inside"),
        ("[1,2,".repeat(10) + &"1,".repeat(4_000_000), "bytes"),
        ("x".repeat((8 << 20) + 1), "more than 8388608"),
    ] {
        let error = schema_from_yaml("h.yaml", &text).unwrap_err();
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
}

/// A fixed walk of xorshift64: the same texts on every machine.
struct Walk(u64);

impl Walk {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn no_text_makes_loading_panic() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
        "'",
        "\"",
        "&a ",
        "*a",
        "!t ",
        "|\n",
        ">-\n",
        "#",
        "? ",
        ",",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "<<: ",
        "~",
        "no",
        "1e999",
        "0x",
        "\\",
        "\\ud800",
        "\u{feff}",
        "\0",
        "日",
        "file: ",
        "null",
        "rules:",
        "-9223372036854775809",
        ".inf",
        "/~0~1",
    ];
    let mut texts = texts();
    texts
        .extend(abatis_rules::POLICY.iter().map(|f| (f.name.replace('/', "-"), f.text.to_owned())));
    let mut walk = Walk(0x9e37_79b9_7f4a_7c15);
    let mut refused = 0;
    for round in 0..1500 {
        let (name, text) = &texts[round % texts.len()];
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=walk.below(4) {
            let at = walk.below(chars.len());
            let until = (at + walk.below(12)).min(chars.len());
            let piece = PIECES[walk.below(PIECES.len())];
            match walk.below(4) {
                0 => drop(chars.drain(at..until)),
                1 => drop(chars.splice(at..until, piece.chars())),
                2 => drop(chars.splice(at..at, piece.chars())),
                _ => chars.truncate(at),
            }
        }
        let text: String = chars.into_iter().collect();
        if let Err(error) = load(name, &text) {
            refused += 1;
            for diagnostic in error.diagnostics() {
                assert!(!diagnostic.message.is_empty());
                let lines = text.lines().count() as u32 + 1;
                let here = diagnostic.file == *name;
                assert!(!here || diagnostic.line <= lines, "{diagnostic} in {text}");
            }
        }
    }
    assert!((500..1500).contains(&refused), "{refused} refused: the mutations do not bite");
}

#[test]
fn layout_does_not_matter() {
    let policy = Policy::from_yaml("p", "\u{feff}mode: detect\r\nsensitivity: high\r\n").unwrap();
    assert_eq!(policy.sensitivity.as_str(), "high");
    // One line of JSON, longer than what YAML lets a key take, with escapes of its own.
    let long = "x".repeat(5000);
    let text = format!(
        r#"{{"detector":"sql","origin":"{long} \/ \ud83d\ude00	","levels":{{"paranoid":1,"high":2,"default":3,"low":4}},"weights":{{"A":-1}}}}"#
    );
    let weights = WeightFile::from_json("w", &text).unwrap();
    assert!(weights.origin.ends_with("/ 😀\t"), "{:?}", weights.origin);
    let tabs = "{\n\t\"type\":\t\"string\",\n\t\"maxLength\": 5\n}\n";
    assert_eq!(schema_from_yaml("s", tabs).unwrap()["maxLength"], 5);
}
