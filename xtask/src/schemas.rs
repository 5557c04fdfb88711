//! `cargo xtask schemas`: the JSON Schemas of our file formats, as `abatis schema` prints them.
//!
//! That the committed ones are those is a test of the command (`cli/tests/policy.rs`).

use std::fs;

use crate::Failure;
use crate::run::{cargo, root, shown};

/// File formats that have a schema.
const FORMATS: [&str; 4] = ["policy", "rules", "weights", "event"];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail if the committed files differ
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut differing = Vec::new();
    for format in FORMATS {
        let name = format!("rules/schema/{format}.schema.json");
        let path = root().join(&name);
        let text = schema(format)?;
        if fs::read(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        if options.check {
            differing.push(name);
            continue;
        }
        fs::write(&path, text).map_err(|error| format!("{name}: {error}"))?;
        println!("wrote {name}");
    }
    if differing.is_empty() {
        Ok(())
    } else {
        Err(format!("{} differ; run `cargo xtask schemas`", differing.join(", ")))
    }
}

fn schema(format: &str) -> Result<Vec<u8>, Failure> {
    let mut command = cargo(&format!("run --quiet --package abatis-cli -- schema {format}"));
    match command.output() {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("`{}` ended with {}\n{error}", shown(&command), output.status))
        }
        Err(error) => Err(format!("`{}` did not start: {error}", shown(&command))),
    }
}
