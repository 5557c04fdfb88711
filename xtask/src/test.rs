//! `cargo xtask test`: everything that must hold before review, one step after the other.
//!
//! All steps that run code share one profile and one set of features, so that a clean checkout compiles each dependency once to
//! run and once to check.

use std::process::Command;
use std::time::Instant;

use crate::run::{cargo, execute, installed, shown};
use crate::{Failure, differential, fuzz, nginx, python, suite};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also build what would be published, compare with other readers, and run each fuzz target for 10 seconds
    #[arg(long)]
    full: bool,
}

/// One step: what it is called, and what it does.
struct Step {
    name: String,
    action: Action,
}

enum Action {
    /// Runs a command.
    Run(Command),
    /// Cannot be done here: why, and how it could.
    Skip(String),
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let start = Instant::now();
    let steps = steps(options);
    let count = steps.len();
    let mut skipped = Vec::new();
    for (at, Step { name, action }) in steps.into_iter().enumerate() {
        let title = format!("[{}/{count}] {name}", at + 1);
        let begun = Instant::now();
        match action {
            Action::Run(mut command) => {
                println!("{title}: {}", shown(&command));
                execute(&mut command).map_err(|failure| format!("{title}: FAILED\n{failure}"))?;
                println!("{title}: {:.1} s", begun.elapsed().as_secs_f32());
            }
            Action::Skip(why) => {
                println!("{title}: skipped, {why}");
                skipped.push(name);
            }
        }
    }
    println!("all steps hold, in {:.0} s", start.elapsed().as_secs_f32());
    if !skipped.is_empty() {
        println!("skipped: {}", skipped.join(", "));
    }
    Ok(())
}

fn steps(options: &Options) -> Vec<Step> {
    let step = |name: &str, action| Step { name: name.to_owned(), action };
    let run = |arguments: &str| Action::Run(cargo(arguments));
    let mut steps = vec![
        step("format", run("fmt --all --check")),
        step("lints", run("clippy --workspace --all-targets --all-features -- -D warnings")),
        // Schemas unchanged and `abatis check` are tests of the command.
        step("tests", Action::Run(tests())),
        step("documentation tests", run("test --workspace --all-features --doc")),
        // Under `cargo test`, criterion runs each bench once: its answers are checked, its times are not taken.
        step("bench answers", run("test --workspace --all-features --benches --quiet")),
        // As it is shipped: without what is open to benches and fuzz targets only.
        step("tests without features", run(SHIPPED)),
        step("JSON Schema suite", schema_suite()),
        step("C library", run(if options.full { "xtask ffi --full" } else { "xtask ffi" })),
        step("nginx module", nginx_module(options.full)),
        step("Python package", python_package(options.full)),
        step("other readers", other_readers(options.full)),
        step("documentation", Action::Run(documentation())),
        step("packages", Action::Run(packages(options.full))),
        step("dependencies", dependencies()),
    ];
    steps.extend(fuzz(options.full));
    steps
}

const SHIPPED: &str =
    "test --workspace --exclude abatis-benches --no-default-features --lib --tests --quiet";

/// The suite, by cargo-nextest where it is installed: it runs test binaries side by side.
fn tests() -> Command {
    if installed("nextest") {
        cargo("nextest run --workspace --all-features --no-fail-fast")
    } else {
        // --tests leaves the documentation tests to their own step.
        cargo("test --workspace --all-features --lib --bins --tests --no-fail-fast")
    }
}

fn documentation() -> Command {
    let mut command = cargo("doc --workspace --no-deps --all-features");
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// The module in a real nginx, where there is one.
fn nginx_module(full: bool) -> Action {
    match nginx::missing() {
        Some(why) => {
            Action::Skip(format!("nginx or what its modules are built with is missing: {why}"))
        }
        None => Action::Run(cargo(if full { "xtask nginx --full" } else { "xtask nginx" })),
    }
}

/// The wheel in a real Python, where there is one.
fn python_package(full: bool) -> Action {
    match python::missing() {
        Some(why) => Action::Skip(why),
        None => Action::Run(cargo(if full { "xtask python --full" } else { "xtask python" })),
    }
}

/// The official suite, where it can be got.
fn schema_suite() -> Action {
    match suite::missing() {
        Some(why) => Action::Skip(why),
        None => Action::Run(cargo("xtask suite")),
    }
}

/// What other readers see, where they can be installed.
fn other_readers(full: bool) -> Action {
    match differential::missing() {
        _ if !full => Action::Skip("it installs them: cargo xtask test --full".to_owned()),
        Some(why) => Action::Skip(why),
        None => Action::Run(cargo("xtask differential --repeat 4")),
    }
}

/// What would be published: every file that a package needs is in it. Building from it takes minutes, so only when asked.
fn packages(full: bool) -> Command {
    let verify = if full { "" } else { " --no-verify" };
    cargo(&format!("package --workspace --allow-dirty --quiet{verify}"))
}

/// Licences, banned crates and sources, as `deny.toml` says. Advisories need a database from the network; see there.
fn dependencies() -> Action {
    if installed("deny") {
        Action::Run(cargo("deny check licenses bans sources"))
    } else {
        Action::Skip("cargo-deny is missing: cargo install --locked cargo-deny".to_owned())
    }
}

/// A short run of each fuzz target.
fn fuzz(full: bool) -> Vec<Step> {
    let skip =
        |why: &str| vec![Step { name: "fuzz".to_owned(), action: Action::Skip(why.to_owned()) }];
    if !full {
        return skip("it takes minutes: cargo xtask test --full");
    }
    if !installed("fuzz") {
        return skip(fuzz::INSTALL);
    }
    let step = |target: String| {
        let action = Action::Run(fuzz::command(&target, 10));
        Step { name: format!("fuzz {target}"), action }
    };
    fuzz::targets().into_iter().map(step).collect()
}
