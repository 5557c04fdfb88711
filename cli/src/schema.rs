//! `abatis schema`: the JSON Schemas of the files that people write, for editors and CI.

use std::process::ExitCode;

use crate::output::{Error, print};

/// Print the JSON Schema of a file format.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example: let an editor check policies while you write
  abatis schema policy > policy.schema.json
  # first line of the policy: # yaml-language-server: $schema=policy.schema.json")]
pub(crate) struct Args {
    /// Which file format
    #[arg(value_enum)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// What is asked of requests: `--policy FILE`
    Policy,
    /// Rules of your own, named by `rulesets` of a policy
    Rules,
    /// Weights of a detector
    Weights,
    /// Lines of `--events`
    Event,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let name = match args.format {
        Format::Policy => "policy.schema.json",
        Format::Rules => "rules.schema.json",
        Format::Weights => "weights.schema.json",
        Format::Event => {
            print(&format!("{:#}\n", crate::events::schema()))?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let schemas = abatis::model::schemas();
    let schema = schemas.iter().find(|(file, _)| *file == name).map(|(_, schema)| schema);
    let schema = schema.ok_or_else(|| Error::Message(format!("{name} is not built in")))?;
    print(&format!("{schema:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}
