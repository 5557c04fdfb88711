//! The `abatis` command, as a library, so that others can be it: `python -m abatis` is.
//!
//! One file for each subcommand; `policy` loads what they share, `http` reads request texts, `log` reads
//! logs, `report` and `events` tell what came of them, `output` prints.

mod bowtie;
mod carrier;
mod check;
mod events;
mod explain;
mod http;
mod inspect;
mod log;
mod mask;
mod output;
mod policy;
mod propose;
mod replay;
mod report;
mod scan;
mod schema;
mod sink;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Input validation and attack detection for APIs.
#[derive(Parser)]
#[command(name = "abatis", version, about, long_about = LONG, after_help = AFTER)]
struct Cli {
    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t = clap::ColorChoice::Auto)]
    color: clap::ColorChoice,
    #[command(subcommand)]
    command: Command,
}

const LONG: &str = "Input validation and attack detection for APIs.\n\n\
    abatis compiles a policy (limits, routes with JSON Schemas, rules) into automata and says for each request: allow, flag \
    or block, and exactly why: which rule, which bytes, how they were decoded. Without --policy, the built-in policy blocks \
    at sensitivity `default`.";

const AFTER: &str = "\
Exit codes: 0 done, 1 an action reached --fail-on (a rule failed its own check, a replay differs, a document is invalid), 2 unusable input or policy.

Start here:
  abatis inspect examples/requests
  abatis explain --value \"1' or '1'='1\"
  abatis COMMAND --help";

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Args),
    Explain(explain::Args),
    Scan(scan::Args),
    Replay(replay::Args),
    Propose(propose::Args),
    Check(check::Args),
    Schema(schema::Args),
    Sink(sink::Args),
    Validate(validate::Args),
    Bowtie(bowtie::Args),
}

/// Runs the command: 0 done, 1 an action reached `--fail-on` (or a rule failed its own check, or a document is
/// invalid), 2 unusable input or policy.
///
/// `arguments` begin with the name of the program. Reads standard input and writes standard output and error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, but not to the user.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let color = output::Color::new(cli.color);
    let done = match cli.command {
        Command::Inspect(args) => inspect::run(&args, color),
        Command::Explain(args) => explain::run(&args, color),
        Command::Scan(args) => scan::run(&args),
        Command::Replay(args) => replay::run(&args, color),
        Command::Propose(args) => propose::run(&args),
        Command::Check(args) => check::run(&args, color),
        Command::Schema(args) => schema::run(&args),
        Command::Sink(args) => sink::run(&args, color),
        Command::Validate(args) => validate::run(&args, color),
        Command::Bowtie(args) => bowtie::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(error);
            ExitCode::from(2)
        }
    }
}
