//! `cargo xtask suite`: the official test suite of JSON Schema, whole and with each document cut in two at every byte.
//!
//! It is got from the source package of `jsonschema` on `PyPI`, which holds it, and kept below `target/`. What is expected stands in
//! `testdata/schema/suite.toml`, and how it is run in `core/tests/conformance.rs`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, target};

/// The package, and what its bytes must be.
const PACKAGE: &str = "jsonschema-4.26.0";
const REQUIREMENT: &str = "jsonschema==4.26.0 --hash=sha256:0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326\n";

pub(crate) fn run() -> Result<(), Failure> {
    if let Some(why) = missing() {
        return Err(why);
    }
    let suite = folder().join(PACKAGE).join("json");
    if !suite.is_dir() {
        fetch().map_err(|failure| {
            format!("the suite could not be got, which needs PyPI: {failure}")
        })?;
    }
    // The features are those of the other steps of `cargo xtask test`, so that nothing is compiled twice.
    let arguments =
        "test --workspace --all-features --test conformance -- --include-ignored --nocapture";
    execute(cargo(arguments).env("ABATIS_SUITE", suite))
}

/// What `cargo xtask suite` would miss here: how to get it.
pub(crate) fn missing() -> Option<String> {
    let ready = Command::new("python3").args(["-c", "import ensurepip, venv"]).output();
    let is_ready = ready.is_ok_and(|output| output.status.success());
    (!is_ready).then(|| "python3 with venv is missing: apt-get install python3-venv".to_owned())
}

/// Where the suite is kept.
fn folder() -> PathBuf {
    target().join("json-schema-suite")
}

/// Gets the package and unpacks it.
fn fetch() -> Result<(), Failure> {
    let python = folder().join("python");
    execute(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
    let requirements = folder().join("requirements.txt");
    fs::write(&requirements, REQUIREMENT).map_err(|error| format!("requirements.txt: {error}"))?;
    let mut pip = Command::new(python.join("bin/python"));
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--no-binary", "jsonschema", "--require-hashes", "--requirement"]);
    execute(pip.arg(requirements).arg("--dest").arg(folder()))?;
    let mut unpack = Command::new("tar");
    unpack.arg("--extract").arg("--gzip").arg("--directory").arg(folder()).arg("--file");
    execute(unpack.arg(folder().join(format!("{PACKAGE}.tar.gz"))))
}
