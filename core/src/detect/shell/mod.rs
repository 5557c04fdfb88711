//! The shell detector: commands smuggled into a command line of a POSIX shell, cmd.exe or PowerShell.
//!
//! One lexer reads all three, for a value does not say which of them will get it. A word is evaluated before it is looked
//! up, as a shell would (`c'a't`, `c\at`, `c$@at`, `w^hoami` are `cat` and `whoami`), and it is looked up as a command only
//! where a command can stand: after a separator, inside a substitution, at the begin of a whole command. What follows a
//! word that is no command is passed over until the next separator; so prose costs little and says nothing.
//!
//! ```text
//! "127.0.0.1;c'a't${IFS}/etc/passwd"   B_WORD SEP SPLIT CP_PROBE IFS A_SENS
//! ```
//!
//! What stands before the first separator is not lexed, whatever quotes it holds: a value may land inside quotes, outside
//! of them, or in a script that adds its own.

#![allow(clippy::enum_glob_use, reason = "token names are written as in the weight file")]

mod fold;
mod judge;
mod lex;
mod shape;
mod wildcard;
mod word;
mod words;

pub(crate) use judge::Shell;
pub(crate) use words::is_command;

tokens! {
    /// Tokens of the shell language.
    ShellToken {
        /// The value is a whole command.
        B_CMD,
        /// The first separator or substitution starts the value.
        B_START,
        /// It follows a quote.
        B_QUOTE,
        /// It follows one word.
        B_WORD,
        /// It follows what commands are given: a number, an address, a file, a host.
        B_ARG,
        /// It follows several words.
        B_TEXT,
        /// A whole command that needs no metacharacter to be one.
        SOLO,
        /// `;` or `|`, tight; `&&`, `||`.
        SEP,
        /// `;` or `|` followed by a blank, as in prose and tables.
        SEP_S,
        /// `&`, tight or followed by a blank: it also parts the fields of a query.
        AMP, AMP_S,
        /// A line break.
        NL,
        /// `$(` and its `)`.
        SUB_O, SUB_C,
        /// A backtick that opens, one that does so amid a word or around all of the value, one that closes.
        TICK_O, TICK_T, TICK_C,
        /// `<(`, `>(`.
        PROC,
        /// `>`, `<`, `<<`.
        R_OUT, R_IN, HERE,
        /// `2>&1`, `>&2`.
        R_DUP,
        /// Other parentheses.
        LP, RP,
        /// `[`, `[[`, `test`.
        TEST,
        /// `#` to the end of the line.
        COMMENT,
        /// In command position: a Unix command whose name is no English word.
        CP_UNIX,
        /// The favourites of a probe: `id`, `cat`, `sleep`, `echo`, `ping`.
        CP_PROBE,
        /// A command that is an English word, too.
        CP_AMB,
        /// A command of administrators: packages, power, containers, accounts; or one that runs another.
        CP_ADM,
        /// An interpreter.
        CP_INT,
        /// A network tool.
        CP_NET,
        /// A command of Windows, a cmdlet, a type of .NET.
        CP_WIN,
        /// `if`, `then`, `for`, `exec`, `eval`, `%{`, `f(){`.
        CP_KW,
        /// `/bin/sh`.
        CP_PATH,
        /// `/???/c?t`.
        CP_GLOB,
        /// `$x`.
        CP_VAR,
        /// `x=`.
        CP_ASSIGN,
        /// `name(`.
        CP_FN,
        /// Anything else.
        CP_OTHER,
        /// As an argument: `-x`, `--long`.
        A_FLAG,
        /// A flag that some interpreter takes code after: `-c`, `-e`, `/c`; the `exec:` of socat.
        A_EVAL,
        /// `/f`.
        A_SLASH,
        /// A path into the system, also by wildcards.
        A_SENS,
        /// Any other path that starts with a separator or a step.
        A_PATH,
        /// `https://…`.
        A_URL,
        /// An IPv4 address.
        A_IP,
        /// A number.
        A_NUM,
        /// A command that is no English word.
        A_CMD,
        /// A quoted text that starts with a command.
        A_QCMD,
        /// A quoted text.
        A_STR,
        /// `$x`, `%x%`.
        A_VAR,
        /// A word of `net user`, `reg query` and kin.
        A_SUB,
        /// A host or mail address by its looks.
        A_HOST,
        /// A file name with an extension.
        A_FILE,
        /// Any other word.
        A_WORD,
        /// The second word of such in a row; more are not told.
        A_WORDS,
        /// `/dev/tcp/…`.
        DEVTCP,
        /// Quotes, escapes or empty expansions inside of a known word.
        SPLIT,
        /// `^` inside of a known word.
        CARET,
        /// `$IFS`.
        IFS,
        /// `{a,b}` as a command.
        BRACE,
        /// `${x#…}`, `$((…))`, `$'…'`, `%x:~…%`, `$env:x`.
        EXPAND,
        /// The value ends, and a command with it.
        END,
    }
}
