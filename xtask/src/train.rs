//! `cargo xtask generate` and `cargo xtask train`: values by grammar, and the weights of the detectors judged and corrected.
//!
//! What both do, and why so, stands in `rules/train/README.md`. The Python packages that they use are pinned beside it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, root, target};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Innocent values come out of packages; what is not installed is told and left out:
  apt-get install wamerican wngerman wfrench wspanish witalian fortunes fortunes-de fortunes-es fortunes-it

Example:
  cargo xtask generate --out ../data/generated --report")]
pub(crate) struct Generate {
    /// Folder for values.jsonl
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also tell what the engine makes of them: report.md, misses.md, alarms.md
    #[arg(long)]
    report: bool,
    /// Seed of the values
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Attacks of each technique
    #[arg(long, value_name = "N", default_value_t = 200)]
    per_family: u32,
    /// Size of the innocent part; 1 is 700,000 values
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    scale: f32,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each folder holds `values.jsonl`, as for `cargo xtask quality`.

Example:
  cargo xtask train --data ../data/dev ../data/generated")]
pub(crate) struct Train {
    /// Folders of labelled lines
    #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Only this language
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Replace the weights in rules/weights where what was learned is better
    #[arg(long)]
    write: bool,
}

/// The oldest Python that the pinned packages are for.
const OLDEST: &str = "import sys, venv; sys.exit(sys.version_info < (3, 11))";

pub(crate) fn generate(options: &Generate) -> Result<(), Failure> {
    let out = absolute(&options.out)?;
    let mut python = module("generate")?;
    python.arg("--out").arg(&out).args(["--seed", &options.seed.to_string()]);
    python.args(["--per-family", &options.per_family.to_string()]);
    execute(python.args(["--scale", &options.scale.to_string()]))?;
    if !options.report {
        return Ok(());
    }
    execute(&mut cargo("build --profile quick --package abatis-cli"))?;
    let mut report = module("report")?;
    report.arg("--values").arg(out.join("values.jsonl"));
    report.arg("--abatis").arg(target().join("quick/abatis"));
    for name in ["report", "misses", "alarms"] {
        report.arg(format!("--{name}")).arg(out.join(format!("{name}.md")));
    }
    execute(&mut report)
}

pub(crate) fn train(options: &Train) -> Result<(), Failure> {
    let mut tokens =
        cargo("run --quiet --profile quick --package abatis-benches --example tokens --");
    for folder in &options.data {
        tokens.arg(absolute(folder)?.join("values.jsonl"));
    }
    let streams = target().join("train/streams.jsonl");
    let written = |error: std::io::Error| format!("{}: {error}", streams.display());
    fs::create_dir_all(target().join("train")).map_err(written)?;
    execute(tokens.stdout(File::create(&streams).map_err(written)?))?;
    let weights = root().join("rules/weights");
    let mut learn = module("learn")?;
    learn.arg("--streams").arg(&streams).arg("--weights").arg(&weights);
    match &options.only {
        Some(name) => learn.args(["--only", name]),
        None => learn.arg("--record").arg(root().join("benches/record/train.md")),
    };
    if options.write {
        learn.arg("--out").arg(&weights);
    }
    execute(&mut learn)
}

/// A Python module of `rules/train`, to be run where its packages are.
fn module(name: &str) -> Result<Command, Failure> {
    let fits = Command::new("python3").args(["-c", OLDEST]).status();
    if !fits.is_ok_and(|status| status.success()) {
        return Err("missing: Python 3.11 or newer with venv: apt-get install python3-venv".into());
    }
    let folder = target().join("train/venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        execute(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let home = root().join("rules/train");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    execute(pip.arg(home.join("requirements.txt")))?;
    let mut command = Command::new(python);
    command.args(["-m", name]).current_dir(home).env("PYTHONDONTWRITEBYTECODE", "1");
    // Some packages draw from sets, whose order would change from run to run.
    command.env("PYTHONHASHSEED", "0");
    Ok(command)
}

/// What the user typed counts from where it was typed.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}
