//! `cargo xtask bench`: times, in the profile that is shipped.
//!
//! The bench of schemas also takes schemas that others wrote. They are got from a package on `PyPI` that gathers them, and kept below `target/`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, target};

/// What gathers schemas of well-known files, and what its bytes must be.
const SCHEMAS: &str = "check-jsonschema==0.39.0 --hash=sha256:14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b\n";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples: what did a change to the SQL detector cost? How fast are schemas, beside others?
  cargo xtask bench detect/sql -- --save-baseline before
  cargo xtask bench detect/sql -- --baseline before
  cargo xtask bench schema")]
pub(crate) struct Options {
    /// Only benches whose name holds this text
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// Optimized without link-time optimization: minutes less to build, a few per cent slower
    #[arg(long)]
    quick: bool,
    /// Arguments of criterion
    #[arg(last = true, value_name = "ARGUMENT")]
    criterion: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let is_schema = options.filter.as_deref() == Some("schema");
    let mut command = cargo("bench --package abatis-benches");
    if is_schema {
        command.args(["--bench", "schema"]).env("ABATIS_SCHEMAS", schemas()?);
    }
    if options.quick {
        command.args(["--profile", "quick"]);
    }
    command.arg("--").args(&options.filter).args(&options.criterion);
    execute(&mut command)
}

/// The folder of the schemas of others, got if need be.
fn schemas() -> Result<PathBuf, Failure> {
    let folder = target().join("bench-schemas");
    let schemas = folder.join("check_jsonschema/builtin_schemas/vendor");
    if schemas.is_dir() {
        return Ok(schemas);
    }
    let python = folder.join("python");
    execute(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, SCHEMAS).map_err(|error| format!("requirements.txt: {error}"))?;
    let mut pip = Command::new(python.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--require-hashes", "--requirement"]).arg(requirements);
    execute(pip.arg("--target").arg(&folder))?;
    Ok(schemas)
}
