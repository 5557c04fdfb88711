//! `cargo xtask bench`: times, in the profile that is shipped.

use crate::Failure;
use crate::run::{cargo, execute};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: what did a change to the SQL detector cost?
  cargo xtask bench detect/sql -- --save-baseline before
  cargo xtask bench detect/sql -- --baseline before")]
pub(crate) struct Options {
    /// Only benches whose name holds this text
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// Optimized without link-time optimization: minutes less to build, a few per cent slower
    #[arg(long)]
    quick: bool,
    /// Arguments of criterion
    #[arg(last = true, value_name = "ARGUMENT")]
    criterion: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut command = cargo("bench --package abatis-benches");
    if options.quick {
        command.args(["--profile", "quick"]);
    }
    command.arg("--").args(&options.filter).args(&options.criterion);
    execute(&mut command)
}
