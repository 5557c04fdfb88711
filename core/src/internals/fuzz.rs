//! What the fuzz targets run: each function of [`TARGETS`] takes any bytes and panics if a promise is broken.
//!
//! They stand here and not in `fuzz/`, so that the tests can run what was found once (`fuzz/regressions`) without a fuzzer.

mod languages;
mod machine;
mod parsers;
mod patterns;
mod requests;
mod schemas;
mod sinks;

use std::ops::Range;
use std::sync::LazyLock;

use crate::detect::{code, html, path, script, shell, sql, template, url};
use crate::engine::{Builder, Engine};
use crate::model::policy::Policy;
use crate::model::rule::RuleFile;
use crate::model::weights::WeightFile;
use crate::model::{self, Bundle};

/// Takes what the fuzzer made up, and panics if a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by the name of its file in `fuzz/fuzz_targets`.
pub const TARGETS: &[(&str, Target)] = &[
    ("inspect", requests::inspect),
    ("chunked", requests::chunked),
    ("gates", requests::gates),
    ("content", parsers::content),
    ("decode", parsers::decode),
    ("parse_target", parsers::parse_target),
    ("parse_query", parsers::parse_query),
    ("parse_form", parsers::parse_form),
    ("parse_multipart", parsers::parse_multipart),
    ("parse_cookie", parsers::parse_cookie),
    ("parse_header", parsers::parse_header),
    ("parse_json", parsers::parse_json),
    ("parse_xml", parsers::parse_xml),
    ("parse_packed", parsers::parse_packed),
    ("parse_graphql", parsers::parse_graphql),
    ("detect_sql", |view| languages::holds(sql::Sql, view)),
    ("detect_shell", |view| languages::holds(shell::Shell, view)),
    ("detect_html", |view| languages::holds(html::Html, view)),
    ("detect_script", |view| languages::holds(script::Script, view)),
    ("detect_path", |view| languages::holds(path::Path, view)),
    ("detect_url", |view| languages::holds(url::Url, view)),
    ("detect_code", |view| languages::holds(code::Code, view)),
    ("detect_template", |view| languages::holds(template::Template, view)),
    ("schema_pattern", patterns::schema_pattern),
    ("schema_format", schemas::schema_format),
    ("schema_machine", machine::schema_machine),
    ("sink", sinks::sink),
    ("load", load),
];

/// Runs the target of this name.
///
/// # Panics
///
/// If a promise is broken, or there is no such target.
pub fn run(target: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let Some((_, run)) = found else { panic!("no target `{target}`") };
    run(data);
}

/// Policy, rule, weight and schema texts: a model or diagnostics that say where, for any text.
fn load(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let errors = [
        Policy::from_yaml("fuzz", &text).err(),
        RuleFile::from_yaml("fuzz", &text).err(),
        WeightFile::from_json("fuzz", &text).err(),
        model::schema_from_yaml("fuzz", &text).err(),
    ];
    for error in errors.iter().flatten() {
        assert!(!error.diagnostics().is_empty());
        let _ = (error.to_string(), error.location());
    }
}

/// The built-in policy.
static DEFAULT: LazyLock<Engine> = LazyLock::new(|| engine("{}", |builder| builder));

fn engine(policy: &str, configure: impl FnOnce(Builder) -> Builder) -> Engine {
    let built = Policy::from_yaml("fuzz", policy).map_err(|error| error.to_string());
    let bundle = built.and_then(|policy| Bundle::new(policy).map_err(|error| error.to_string()));
    let engine = bundle.and_then(|bundle| {
        configure(Engine::builder()).build(&bundle).map_err(|error| error.to_string())
    });
    engine.unwrap_or_else(|error| panic!("{error}"))
}

fn inside(range: &Range<usize>, len: usize) {
    assert!(range.start <= range.end && range.end <= len, "{range:?} of {len}");
}
