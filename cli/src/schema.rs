//! `abatis schema`: the JSON Schemas of the files that people write, for editors and CI.

use std::io::Write;
use std::process::ExitCode;

use crate::output::Error;

/// Print the JSON Schema of a file format.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: let an editor check policies while you write\n  abatis schema policy > policy.schema.json\n  # in the \
    policy: # yaml-language-server: $schema=policy.schema.json"
)]
pub(crate) struct Args {
    /// Which file format
    #[arg(value_enum)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Policy,
    Rules,
    Weights,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let name = match args.format {
        Format::Policy => "policy.schema.json",
        Format::Rules => "rules.schema.json",
        Format::Weights => "weights.schema.json",
    };
    let schemas = abatis::model::schemas();
    let schema = schemas.iter().find(|(file, _)| *file == name).map(|(_, schema)| schema);
    let text =
        serde_json::to_string_pretty(&schema).map_err(|error| Error::Message(error.to_string()))?;
    writeln!(std::io::stdout(), "{text}").map_err(Error::io("standard output"))?;
    Ok(ExitCode::SUCCESS)
}
