//! Groups of tests as the official suite of JSON Schema has them: `testdata/schema/seed.json`, written by us, and the suite itself, which
//! `cargo xtask suite` gets and names in `ABATIS_SUITE`. What is expected of it stands in `testdata/schema/suite.toml`.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "the figures of the suite")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use abatis::{Draft, Schema, SchemaBuilder};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Group {
    description: String,
    /// Of the seed: what it is tried in. In the suite the folder says so.
    #[serde(default)]
    drafts: Vec<String>,
    /// As it is written, so that it is read as the schemas of policies are.
    schema: Box<RawValue>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    description: String,
    /// As it is written: numbers keep their digits.
    data: Box<RawValue>,
    valid: bool,
}

/// What came of some groups.
#[derive(Debug, Default)]
struct Tally {
    groups: usize,
    native: usize,
    tests: usize,
    /// `file: group: test` of each answer that is not the suite's.
    differ: Vec<String>,
}

impl Tally {
    /// Runs each test whole and cut in two at every byte.
    fn add(&mut self, file: &str, options: &SchemaBuilder, groups: &[Group]) {
        for Group { description, schema, tests, .. } in groups {
            self.groups += 1;
            self.tests += tests.len();
            let name = format!("{file}: {description}");
            let schema = match options.clone().build("schema", schema.get()) {
                Ok(schema) => schema,
                Err(error) => {
                    self.differ.extend(
                        tests.iter().map(|test| format!("{name}: {}: {error}", test.description)),
                    );
                    continue;
                }
            };
            self.native += usize::from(schema.is_native());
            let mut validator = schema.validator();
            for test in tests {
                let document = test.data.get().as_bytes();
                let mut agrees = validator.is_valid(document) == test.valid;
                agrees &= validator.validate(document, 9).is_empty() == test.valid;
                for at in 0..=document.len() {
                    let (one, other) = document.split_at(at);
                    let open = validator.feed(one) && validator.feed(other);
                    let valid = validator.finish().is_ok();
                    agrees &= valid == test.valid && (open || !valid);
                }
                if !agrees {
                    self.differ.push(format!("{name}: {}", test.description));
                }
            }
        }
    }
}

fn testdata(name: &str) -> String {
    let path = format!("{}/../testdata/schema/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn groups(path: &Path) -> Vec<Group> {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn seed() {
    let document =
        r#"{"$id": "http://localhost:1234/seed/amount.json", "type": "number", "minimum": 0}"#;
    let options = Schema::options().document("http://localhost:1234/seed/amount.json", document);
    let mut tally = BTreeMap::<Draft, Tally>::new();
    for group in serde_json::from_str::<Vec<Group>>(&testdata("seed.json")).unwrap() {
        for draft in &group.drafts {
            let draft: Draft = draft.parse().unwrap();
            let of_draft = tally.entry(draft).or_default();
            of_draft.add("seed", &options.clone().draft(draft), std::slice::from_ref(&group));
        }
    }
    for (draft, tally) in tally {
        assert_eq!(tally.differ, [""; 0], "draft {draft}");
        assert!(tally.tests > 5, "draft {draft}: {} tests", tally.tests);
    }
}

/// `testdata/schema/suite.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    drafts: BTreeMap<String, Counts>,
    #[serde(default)]
    differs: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    groups: usize,
    tests: usize,
    native: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    draft: String,
    /// `file: group: test`
    test: String,
    why: String,
}

/// The files of the suite for a draft: in its folder, and those of `optional`; then those of `optional/format`.
fn files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let inside = |folder: PathBuf| -> Vec<PathBuf> {
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
        files.sort();
        files
    };
    let optional = folder.join("optional");
    let formats = inside(optional.join("format"));
    ([inside(folder.to_owned()), inside(optional)].concat(), formats)
}

/// Adds what stands in `remotes/` by the URI that the suite gives it.
fn remotes(folder: &Path) -> SchemaBuilder {
    let mut options = Schema::options();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let inside = path.strip_prefix(folder).unwrap().to_str().unwrap();
            let uri = format!("http://localhost:1234/{}", inside.replace('\\', "/"));
            options = options.document(&uri, &fs::read_to_string(&path).unwrap());
        }
    }
    options
}

#[test]
#[ignore = "the suite is not part of the repository: cargo xtask suite"]
fn official_suite() {
    let suite = std::env::var_os("ABATIS_SUITE").expect("ABATIS_SUITE is the suite's folder");
    let suite = Path::new(&suite);
    let expected: Expected = toml::from_str(&testdata("suite.toml")).unwrap();
    let options = remotes(&suite.join("remotes"));
    let mut wrong = Vec::new();
    for draft in Draft::ALL {
        let options = options.clone().draft(draft);
        let (files, formats) = files(&suite.join(format!("tests/draft{draft}")));
        // Everywhere else `format` is an annotation, also where the draft says otherwise; from 2019-09 on a meta-schema may ask for it.
        let plain =
            if draft <= Draft::Draft7 { options.clone().formats(false) } else { options.clone() };
        let asserted = options.formats(true);
        let mut tally = Tally::default();
        for (files, options) in [(files, plain), (formats, asserted)] {
            for file in files {
                let name = file.file_stem().unwrap().to_str().unwrap();
                tally.add(name, &options, &groups(&file));
            }
        }
        let known: Vec<_> =
            expected.differs.iter().filter(|differs| differs.draft == draft.as_str()).collect();
        assert!(known.iter().all(|differs| !differs.why.is_empty()));
        println!(
            "draft {draft}: {} of {} tests agree, {} of {} groups natively, {} known to differ",
            tally.tests - tally.differ.len(),
            tally.tests,
            tally.native,
            tally.groups,
            known.len()
        );
        let is_known = |test: &&String| known.iter().any(|differs| differs.test == **test);
        wrong.extend(
            tally
                .differ
                .iter()
                .filter(|test| !is_known(test))
                .map(|test| format!("draft {draft}: {test}")),
        );
        let gone = known.iter().filter(|known| !tally.differ.contains(&known.test));
        wrong.extend(gone.map(|known| format!("draft {draft}: {}: differs no more", known.test)));
        let counts = expected.drafts.get(draft.as_str()).expect("every draft has its counts");
        if (tally.groups, tally.tests) != (counts.groups, counts.tests) {
            wrong.push(format!(
                "draft {draft}: {} groups of {} tests are another suite",
                tally.groups, tally.tests
            ));
        }
        if tally.native < counts.native {
            wrong.push(format!(
                "draft {draft}: {} groups natively, {} before",
                tally.native, counts.native
            ));
        } else if tally.native > counts.native {
            println!(
                "draft {draft}: {} groups natively are more than before: write it to testdata/schema/suite.toml",
                tally.native
            );
        }
    }
    assert_eq!(wrong, [""; 0]);
}
