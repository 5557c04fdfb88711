//! `cargo xtask quality`: rates of detection and false positives, by class, on data that is not part of the repository.

use std::path::PathBuf;

use crate::Failure;
use crate::run::{cargo, execute};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder holds `values.jsonl` or `requests.jsonl`, best both. Lines are those of `abatis scan` with two or three keys more: \
`label` (attack or benign), `class` and `cluster`. benches/quality/main.rs says it in full.

Example:
  cargo xtask quality --data ../data/dev --check
  cargo xtask quality --data ../data/dev --wrong 20 --only sqli")]
pub(crate) struct Options {
    /// Folder of labelled lines
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Fail if the values miss the bars of the project
    #[arg(long)]
    check: bool,
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
    let mut command =
        cargo("run --quiet --profile quick --package abatis-benches --bin quality --");
    command.arg("--data").arg(data);
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
