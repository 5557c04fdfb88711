//! The `abatis` command, run by `python -m abatis`.

use std::ffi::OsString;
use std::process::ExitCode;

use pyo3::prelude::*;

use crate::error::guard;

/// Runs the `abatis` command as a process would: it reads standard input and writes standard output and error.
///
/// Args:
///     arguments: What follows its name on the command line.
///
/// Returns:
///     The exit code: 0 done, 1 an action reached `--fail-on` (or a rule failed its own check), 2 unusable input or policy.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> PyResult<u8> {
    let arguments = std::iter::once(OsString::from("abatis")).chain(arguments);
    let code = py.detach(|| guard(|| abatis_cli::run(arguments)))?;
    // Rust does not tell its number.
    let known = (0..=1).find(|known| code == ExitCode::from(*known));
    Ok(known.unwrap_or(2))
}
