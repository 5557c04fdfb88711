//! `cargo xtask differential`: what other readers of requests see was inspected, or the request refused.
//!
//! How it is found out stands in `differential/run.py`; the readers are Python and Node packages, pinned there.

use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, root, target};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Seed of the requests
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// How many times each kind of request is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: u32,
    /// Profile of the command
    #[arg(long, value_name = "NAME", default_value = "dev")]
    profile: String,
}

const NEEDS: [&str; 3] = ["python3", "node", "npm"];

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if let Some(why) = missing() {
        return Err(format!("missing: {why}"));
    }
    let mut build = cargo("build --package abatis-cli");
    build.args(["--profile", &options.profile]);
    execute(&mut build)?;
    install().map_err(|failure| {
        format!("the readers could not be installed, which needs PyPI and npm: {failure}")
    })?;
    let profile = if options.profile == "dev" { "debug" } else { &options.profile };
    let mut compare = Command::new(folder().join("python/bin/python"));
    compare.arg(root().join("differential/run.py"));
    compare.arg(target().join(profile).join("abatis")).arg(folder());
    compare.args(["--seed", &options.seed.to_string(), "--repeat", &options.repeat.to_string()]);
    execute(compare.env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// What `cargo xtask differential` would miss here: how to get it.
pub(crate) fn missing() -> Option<String> {
    let starts = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let lacking: Vec<_> = NEEDS.into_iter().filter(|name| !starts(name)).collect();
    (!lacking.is_empty())
        .then(|| format!("{}: apt-get install python3-venv nodejs npm", lacking.join(", ")))
}

/// Where the readers are installed.
fn folder() -> PathBuf {
    target().join("differential")
}

/// Installs the readers that are not there yet.
fn install() -> Result<(), Failure> {
    let python = folder().join("python");
    execute(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
    let mut pip = Command::new(python.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    execute(pip.arg(root().join("differential/requirements.txt")))?;
    for name in ["package.json", "package-lock.json"] {
        let copied = std::fs::copy(root().join("differential").join(name), folder().join(name));
        copied.map_err(|error| format!("{name}: {error}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline"]);
    execute(npm.current_dir(folder()))
}
