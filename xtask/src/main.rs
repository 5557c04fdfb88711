//! Chores of the project: `cargo xtask --help`.
//!
//! Each chore is a file. What a person runs and what the pipeline runs are the same: `.ci/run` is `cargo xtask test`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]

mod schemas;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Chores of the project")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Everything that must hold before review; stops at the first step that fails
    Test(test::Options),
    /// Write the JSON Schemas of the file formats to rules/schema
    Schemas(schemas::Options),
}

/// Why a chore failed, for its user.
type Failure = String;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test(options) => test::run(&options),
        Chore::Schemas(options) => schemas::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
