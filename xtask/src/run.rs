//! Running cargo and what it built.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// The folder that cargo builds in: that of this program.
pub(crate) fn target() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).map_or_else(|| root().join("target"), Path::to_owned)
}

/// A cargo command from blank-separated arguments, in the folder of the workspace.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments.split_whitespace()).current_dir(root());
    command
}

/// Whether cargo has a subcommand.
pub(crate) fn installed(subcommand: &str) -> bool {
    cargo(&format!("{subcommand} --version")).output().is_ok_and(|output| output.status.success())
}

/// Runs to the end; what is printed goes to the user.
pub(crate) fn execute(command: &mut Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", shown(command))),
        Err(error) => Err(format!("`{}` did not start: {error}", shown(command))),
    }
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = |word: &OsStr| word.to_string_lossy().into_owned();
    let set = command
        .get_envs()
        .filter_map(|(key, value)| Some(format!("{}={:?}", key.to_str()?, value?.to_str()?)));
    let program = Path::new(command.get_program()).file_stem().map(name).unwrap_or_default();
    set.chain([program]).chain(command.get_args().map(name)).collect::<Vec<_>>().join(" ")
}
