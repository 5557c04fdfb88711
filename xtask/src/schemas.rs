//! `cargo xtask schemas`: the JSON Schemas of our file formats, from the types that read them.

use std::fs;

use crate::{Failure, root};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail if the committed files differ
    #[arg(long)]
    check: bool,
}

impl Options {
    /// As `--check`.
    pub(crate) fn check() -> Options {
        Options { check: true }
    }
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let folder = root().join("rules/schema");
    let mut differing = Vec::new();
    for (name, schema) in abatis::model::schemas() {
        let path = folder.join(name);
        let text = format!("{schema:#}\n");
        if fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        if options.check {
            differing.push(name);
            continue;
        }
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote rules/schema/{name}");
    }
    if differing.is_empty() {
        Ok(())
    } else {
        Err(format!("rules/schema: {} differ; run `cargo xtask schemas`", differing.join(", ")))
    }
}
