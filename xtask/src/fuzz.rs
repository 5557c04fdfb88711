//! `cargo xtask fuzz`: each target for a while.
//!
//! Libfuzzer needs compiler flags that stable Rust keeps behind `RUSTC_BOOTSTRAP`; the crates themselves build without.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, installed, root};

/// How to get what is missing.
pub(crate) const INSTALL: &str =
    "cargo-fuzz is missing: cargo install --locked cargo-fuzz (it needs a C++ compiler)";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Stops at the first target that finds something; cargo-fuzz then says how to run that input again.

Examples:
  cargo xtask fuzz --seconds 60
  cargo xtask fuzz --seconds 600 inspect chunked")]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u32,
    /// Targets; all that there are if none is given
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let known = targets();
    if let Some(unknown) = options.targets.iter().find(|target| !known.contains(target)) {
        return Err(format!("no target `{unknown}`; there are {}", known.join(", ")));
    }
    if !installed("fuzz") {
        return Err(INSTALL.to_owned());
    }
    let chosen = if options.targets.is_empty() { &known } else { &options.targets };
    for (at, target) in chosen.iter().enumerate() {
        println!("[{}/{}] {target}", at + 1, chosen.len());
        execute(&mut command(target, options.seconds))?;
    }
    Ok(())
}

/// The targets that there are, by name.
pub(crate) fn targets() -> Vec<String> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut targets: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    targets.sort();
    targets
}

/// One target for so many seconds, from its seeds and regressions if it has some; what is new goes to its corpus.
pub(crate) fn command(target: &str, seconds: u32) -> Command {
    // cargo-fuzz makes that folder itself only if it is not named. Where it cannot be made the fuzzer says so.
    let _ = fs::create_dir_all(root().join("fuzz/corpus").join(target));
    let mut command = cargo(&format!("fuzz run {target} fuzz/corpus/{target}"));
    for folder in ["seeds", "regressions"] {
        let folder = format!("fuzz/{folder}/{target}");
        if Path::new(&root()).join(&folder).is_dir() {
            command.arg(folder);
        }
    }
    command.args(["--", &format!("-max_total_time={seconds}"), "-max_len=4096"]);
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}
