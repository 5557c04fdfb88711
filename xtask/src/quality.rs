//! `cargo xtask quality`: rates of detection and false positives, by class, on data that is not part of the repository; and what other
//! engines make of the same values, which `benches/quality/peers.py` asks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, root};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder holds `values.jsonl` or `requests.jsonl`, best both. Lines are those of `abatis scan` with two or three keys more: \
`label` (attack or benign), `class` and `cluster`. benches/quality/main.rs says it in full.

Rates go to benches/record, a page with plots and the worst lines to target/quality. Other engines are asked once: their answers are \
kept in target/quality/peers.json and shown from then on, until --peers asks again.

Example:
  cargo xtask quality --data ../data/dev --check
  cargo xtask quality --data ../data/dev --peers --pairs
  cargo xtask quality --data ../data/dev --wrong 20 --only sqli")]
pub(crate) struct Options {
    /// Folder of labelled lines
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Fail if the values miss the bars of the project
    #[arg(long)]
    check: bool,
    /// Ask other engines too: libddwaf and libinjection, installed by pip into target/quality, and libmodsecurity if it is there
    #[arg(long)]
    peers: bool,
    /// Write attacks otherwise by two mutators at once too
    #[arg(long)]
    pairs: bool,
    /// Also print the first N records of each class that were judged wrong
    #[arg(long, value_name = "N")]
    wrong: Option<usize>,
    /// Of those only classes whose name holds this text
    #[arg(long, value_name = "TEXT", requires = "wrong")]
    only: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    // Cargo runs in the folder of the workspace, and what the user typed counts from here.
    let data = std::path::absolute(&options.data)
        .map_err(|error| format!("{}: {error}", options.data.display()))?;
    let files = ["values.jsonl", "requests.jsonl"];
    if !data.is_dir() {
        return Err(format!(
            "{}: no such folder; expected one with {}",
            data.display(),
            files.join(" or ")
        ));
    }
    let missing: Vec<_> = files.into_iter().filter(|file| !data.join(file).is_file()).collect();
    if missing.len() == files.len() {
        return Err(format!("{}: holds neither {}", data.display(), files.join(" nor ")));
    }
    if options.check && missing.contains(&"values.jsonl") {
        return Err(format!("{}: --check needs values.jsonl", data.display()));
    }
    for file in missing {
        println!("{}: {file} is missing, so nothing is measured on it", data.display());
    }
    let peers = root().join("target/quality/peers.json");
    if options.peers {
        ask_peers(&data, &peers)?;
    }
    let mut command =
        cargo("run --quiet --profile quick --package abatis-benches --bin quality --");
    command.arg("--data").arg(data);
    if peers.is_file() {
        command.arg("--peers").arg(peers);
    }
    command.args(options.pairs.then_some("--pairs"));
    if options.check {
        command.arg("--check");
    }
    if let Some(wrong) = options.wrong {
        command.args(["--wrong", &wrong.to_string()]);
    }
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    execute(&mut command)
}

/// Asks the other engines, with a Python that has them.
fn ask_peers(data: &Path, answers: &Path) -> Result<(), Failure> {
    let folder = root().join("target/quality/python");
    let python = folder.join("bin/python");
    if !python.exists() {
        execute(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "ddtrace==4.*", "libinjection-python==1.*"]);
    if let Err(failure) = execute(&mut install) {
        println!("{failure}; engines that are not there are left out");
    }
    let mut ask = Command::new(&python);
    execute(ask.arg(root().join("benches/quality/peers.py")).arg(data).arg(answers))
}
