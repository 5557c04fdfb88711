//! The `abatis` command; all of it stands in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    abatis_cli::run(std::env::args_os())
}
