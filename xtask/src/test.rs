//! `cargo xtask test`: everything that must hold before review, one step after the other.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{Failure, root, schemas};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also build what would be published, and fuzz each target for a while
    #[arg(long)]
    full: bool,
}

/// One step: what it is called, and what it does.
struct Step {
    name: &'static str,
    action: Action,
}

enum Action {
    /// Runs a command.
    Run(Command),
    /// Calls a chore of ours.
    Call(fn() -> Result<(), Failure>),
    /// Cannot be done here: why, and how it could.
    Skip(String),
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let start = Instant::now();
    let steps = steps(options);
    let count = steps.len();
    let mut skipped = Vec::new();
    for (at, step) in steps.into_iter().enumerate() {
        let title = format!("[{}/{count}] {}", at + 1, step.name);
        let begun = Instant::now();
        let outcome = match step.action {
            Action::Run(mut command) => {
                println!("{title}: {}", shown(&command));
                execute(&mut command)
            }
            Action::Call(chore) => {
                println!("{title}");
                chore()
            }
            Action::Skip(why) => {
                println!("{title}: skipped, {why}");
                skipped.push(step.name);
                continue;
            }
        };
        outcome.map_err(|failure| format!("{title}: FAILED\n{failure}"))?;
        println!("{title}: {:.1} s", begun.elapsed().as_secs_f32());
    }
    println!("all steps hold, in {:.0} s", start.elapsed().as_secs_f32());
    if !skipped.is_empty() {
        println!("skipped: {}", skipped.join(", "));
    }
    Ok(())
}

fn steps(options: &Options) -> Vec<Step> {
    let step = |name, action| Step { name, action };
    let mut steps = vec![
        step("format", Action::Run(cargo("fmt --all --check"))),
        step(
            "lints",
            Action::Run(cargo("clippy --workspace --all-targets --all-features -- -D warnings")),
        ),
        step("tests", Action::Run(tests())),
        step("documentation tests", Action::Run(cargo("test --workspace --doc"))),
        step("documentation", Action::Run(documentation())),
        step("schemas", Action::Call(|| schemas::run(&schemas::Options::check()))),
        step("packages", Action::Run(packages(options.full))),
        step("dependencies", dependencies()),
    ];
    steps.extend(fuzz(options.full));
    steps
}

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

/// What would be published: every file that a package needs is in it. Building from it takes minutes, so only when asked.
fn packages(full: bool) -> Command {
    let verify = if full { "" } else { " --no-verify" };
    cargo(&format!("package --workspace --allow-dirty --quiet{verify}"))
}

/// Licences, banned crates and sources, as `deny.toml` says. Advisories need a database from the network; see there.
fn dependencies() -> Action {
    if installed("deny") {
        Action::Run(cargo("deny --offline check licenses bans sources"))
    } else {
        Action::Skip("cargo-deny is missing: cargo install --locked cargo-deny".to_owned())
    }
}

/// A short run of each fuzz target. Libfuzzer needs flags that stable Rust has behind `RUSTC_BOOTSTRAP`.
fn fuzz(full: bool) -> Vec<Step> {
    const SECONDS: u32 = 10;
    let name = "fuzz";
    let skip = |why: &str| vec![Step { name, action: Action::Skip(why.to_owned()) }];
    let targets = fuzz_targets(&root().join("fuzz/fuzz_targets"));
    if targets.is_empty() {
        return skip("there is no target");
    }
    if !full {
        return skip("it takes minutes: cargo xtask test --full");
    }
    if !installed("fuzz") {
        return skip("cargo-fuzz is missing: cargo install --locked cargo-fuzz");
    }
    targets
        .iter()
        .map(|target| {
            let mut command =
                cargo(&format!("fuzz run {target} -- -max_total_time={SECONDS} -max_len=4096"));
            command.env("RUSTC_BOOTSTRAP", "1");
            Step { name, action: Action::Run(command) }
        })
        .collect()
}

fn fuzz_targets(folder: &Path) -> Vec<String> {
    let mut targets: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    targets.sort();
    targets
}

/// A cargo command from blank-separated arguments, in the folder of the workspace.
fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments.split_whitespace()).current_dir(root());
    command
}

fn installed(subcommand: &str) -> bool {
    cargo(&format!("{subcommand} --version")).output().is_ok_and(|output| output.status.success())
}

fn execute(command: &mut Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", shown(command))),
        Err(error) => Err(format!("`{}` did not start: {error}", shown(command))),
    }
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let mut words: Vec<String> = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={:?}", name.to_str()?, value?.to_str()?)))
        .collect();
    words.push("cargo".to_owned());
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
