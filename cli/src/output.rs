//! What the subcommands share in talking to people and programs.

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use abatis::Action;

/// Whether standard output takes colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Color(bool);

impl Color {
    /// `auto` means a terminal, and no `NO_COLOR` in the environment.
    pub(crate) fn new(choice: clap::ColorChoice) -> Color {
        Color(match choice {
            clap::ColorChoice::Always => true,
            clap::ColorChoice::Never => false,
            clap::ColorChoice::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        })
    }

    pub(crate) fn on(self) -> bool {
        self.0
    }

    /// `text` in the colour of an action, padded to `width`.
    pub(crate) fn action(self, action: Action, width: usize) -> String {
        let text = format!("{:width$}", action.as_str());
        let code = match action {
            Action::Block => "1;31",
            Action::Allow => "32",
            _ => "33",
        };
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text }
    }
}

/// Why a subcommand gave up: always exit code 2.
#[derive(Debug)]
pub(crate) enum Error {
    /// A file or stream, with its name.
    Io(String, io::Error),
    /// Anything that has a message of its own.
    Message(String),
}

impl Error {
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Error {
        let path = path.as_ref().display().to_string();
        move |error| Error::Io(path, error)
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::Io(_, error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(path, error) => write!(f, "{path}: {error}"),
            Error::Message(message) => f.write_str(message),
        }
    }
}

/// `--fail-on`: exit code 1 from this action on.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum FailOn {
    Flag,
    Sanitize,
    Block,
}

impl FailOn {
    /// The exit code, given the strongest action that came up.
    pub(crate) fn code(bound: Option<FailOn>, strongest: Action) -> ExitCode {
        let bound = match bound {
            None => return ExitCode::SUCCESS,
            Some(FailOn::Flag) => Action::Flag,
            Some(FailOn::Sanitize) => Action::Sanitize,
            Some(FailOn::Block) => Action::Block,
        };
        if strongest >= bound { ExitCode::from(1) } else { ExitCode::SUCCESS }
    }
}
