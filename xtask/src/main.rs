//! Chores of the project: `cargo xtask --help`.
//!
//! Each chore is a file. What a person runs and what the pipeline runs are the same: `.ci/run` is `cargo xtask test`. Chores run
//! cargo and the command as anybody does and depend on neither, so that they start in seconds on a bare machine.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]

mod bench;
mod differential;
mod ffi;
mod fuzz;
mod header;
mod install;
mod nginx;
mod python;
mod quality;
mod run;
mod schemas;
mod suite;
mod test;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Chores of the project")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Everything that must hold before review; stops at the first step that fails
    Test(test::Options),
    /// Rates of detection and false positives on labelled data; writes benches/record
    Quality(quality::Options),
    /// Times of the stages and of whole requests, answers checked first
    Bench(bench::Options),
    /// Requests that other readers (Django, werkzeug, busboy, …) see values in which were not inspected
    Differential(differential::Options),
    /// Let fuzz targets look for inputs that break them
    Fuzz(fuzz::Options),
    /// The C library installed, linked, under valgrind and with the ABI that was promised
    Ffi(ffi::Options),
    /// Write the C header to ffi-c/include
    Header,
    /// Write attacks by grammar and innocent values, to see what the engine makes of them
    Generate(train::Generate),
    /// Install the C library: header, libabatis.so, libabatis.a, abatis.pc
    Install(install::Options),
    /// The nginx module, built against the installed nginx and tried in it
    Nginx(nginx::Options),
    /// The same work done by others, side by side; writes benches/record
    Peers(nginx::Peers),
    /// The Python package, built as a wheel and tried with real frameworks
    Python(python::Options),
    /// Write the JSON Schemas of the file formats to rules/schema
    Schemas(schemas::Options),
    /// The official test suite of JSON Schema
    Suite,
    /// Judge corrections to the weights of the detectors; writes benches/record/train.md
    Train(train::Train),
}

/// Why a chore failed, for its user.
type Failure = String;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test(options) => test::run(&options),
        Chore::Quality(options) => quality::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Differential(options) => differential::run(&options),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Ffi(options) => ffi::run(&options),
        Chore::Generate(options) => train::generate(&options),
        Chore::Header => header::run(),
        Chore::Install(options) => install::run(&options),
        Chore::Nginx(options) => nginx::run(&options),
        Chore::Peers(options) => nginx::peers(&options),
        Chore::Python(options) => python::run(&options),
        Chore::Schemas(options) => schemas::run(&options),
        Chore::Suite => suite::run(),
        Chore::Train(options) => train::train(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
