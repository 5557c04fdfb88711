//! What the subcommands share in talking to people and programs.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use abatis::{Action, Diagnostic};

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
        self.paint(code, &text)
    }

    /// `text` between the escape sequence of `code` and the one that ends it.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Text that came from outside, so that nothing in it can act on a terminal.
pub(crate) fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::io("standard output"))
}

/// Tells the user what is wrong. Whether anybody reads it changes nothing.
pub(crate) fn complain(message: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "abatis: {message}");
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

    /// A policy or what belongs to it cannot be used: each error on a line of its own, as compilers write them.
    pub(crate) fn unusable(diagnostics: &[Diagnostic], otherwise: &dyn fmt::Display) -> Error {
        Error::unusable_as("policy", diagnostics, otherwise)
    }

    /// As [`unusable`](Error::unusable), for `what` is not a policy.
    pub(crate) fn unusable_as(
        what: &str,
        diagnostics: &[Diagnostic],
        otherwise: &dyn fmt::Display,
    ) -> Error {
        let mut text = match diagnostics {
            [] => return Error::Message(otherwise.to_string()),
            [_] => format!("the {what} cannot be used:"),
            all => format!("the {what} cannot be used, {} errors:", all.len()),
        };
        for diagnostic in diagnostics {
            let _ = write!(text, "\n{}", tame(&diagnostic.to_string()));
        }
        Error::Message(text)
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::Io(_, error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(path, error) => write!(f, "{}: {error}", tame(path)),
            Error::Message(message) => f.write_str(message),
        }
    }
}

/// An action that counts, as a bound: `--fail-on`, `--only`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// Flagged or anything stronger
    Flag,
    /// Sanitized or blocked
    Sanitize,
    /// Blocked
    Block,
}

impl FailOn {
    /// The exit code, given the strongest action that came up.
    pub(crate) fn code(bound: Option<FailOn>, strongest: Action) -> ExitCode {
        let reached = bound.is_some_and(|bound| strongest >= bound.bound());
        if reached { ExitCode::from(1) } else { ExitCode::SUCCESS }
    }

    /// The action itself.
    pub(crate) fn bound(self) -> Action {
        match self {
            FailOn::Flag => Action::Flag,
            FailOn::Sanitize => Action::Sanitize,
            FailOn::Block => Action::Block,
        }
    }
}

/// Tells of lines that could not be read, if there were any; `where_told` says where more is to be learned.
pub(crate) fn complain_of_unreadable(lines: u64, where_told: &str) {
    match lines {
        0 => {}
        1 => complain(format_args!("1 line could not be read{where_told}")),
        _ => complain(format_args!("{lines} lines could not be read{where_told}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_tamed() {
        assert_eq!(tame("/\u{1b}[31ma\u{9b}ß\n"), "/·[31ma·ß·");
    }
}
