//! The code [`Language`].

use super::calls;
use super::fold::Fold;
use super::lex::{Lexer, Stop};
use super::words::CodeToken as T;
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

/// Code of the server's languages, by itself or behind a string that it closes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code;

/// Tags, superglobals, statics and quoted commands, each of which is told without a call.
const WORDS: &[&str] = &[
    "<?php",
    "<?=",
    "<? ",
    "<?\n",
    "<?\r",
    "<?\t",
    "$_get",
    "$_post",
    "$_request",
    "$_cookie",
    "$_server",
    "$_files",
    "$_session",
    "$_env",
    "$globals",
    "@java.",
    "@javax.",
    "@org.",
    "@com.",
    "@sun.",
    "@ognl.",
    "@groovy.",
    "%x(",
    "%x{",
    "%x[",
    "%x|",
    "%x<",
    "%x!",
    "qx(",
    "qx{",
    "qx/",
    "qx[",
    "qx|",
    "system \"",
    "system '",
    "exec \"",
    "exec '",
];

impl Language for Code {
    const NAME: &'static str = "code";
    const TOKENS: &'static [&'static str] = T::NAMES;
    const CONTEXTS: &'static [&'static str] =
        &["statement", "single-quoted string", "double-quoted string"];
    const GATE: Gate = Gate { classes: Classes::LPAREN.or(Classes::BACKTICK), words: WORDS };
    // Nothing runs that is not called; a tag, what the request sent, a static member and a quoted command are told by themselves.
    const ANCHORS: &'static [u64] = &[T::CALL.bit()
        | T::DYNAMIC.bit()
        | T::BACKTICK.bit()
        | T::TAG.bit()
        | T::SUPER.bit()
        | T::STATIC.bit()];

    // PERF: brackets of user agents and prose stand behind nothing that is called.
    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        classes.intersects(Classes::BACKTICK) || calls::may_call(view)
    }

    fn applies(self, context: u8, _view: &[u8], classes: Classes) -> bool {
        match context {
            0 => true,
            1 => classes.intersects(Classes::QUOTE),
            _ => classes.intersects(Classes::DQUOTE),
        }
    }

    fn lex<S: Sink>(self, context: u8, view: &[u8], sink: &mut S) -> bool {
        let mut fold = Fold::new(sink);
        if context == 0 {
            fold.token(T::START as u8, 0..0);
        }
        let mut lexer = Lexer::new(view, 0, T::START, &mut fold);
        if context > 0 && !lexer.leave_string(if context == 1 { b'\'' } else { b'"' }) {
            return false;
        }
        lexer.run(Stop::End);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::cases;
    use crate::detect::segment::Recorder;

    const PIECES: &[&str] = &[
        "system",
        "exec",
        "getRuntime",
        "x",
        "T",
        "java.lang",
        "$",
        "$f",
        "$_GET",
        "@",
        "#",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        "->",
        "::",
        ";",
        ",",
        "'",
        "\"",
        "`",
        "id",
        "+",
        "=",
        "?new",
        "/*",
        "*/",
        "//",
        "\n",
        " ",
        "%x",
        "qx",
        "<?",
        "php",
        "1",
        "_GET",
        "__class__",
        ":",
    ];

    #[test]
    fn the_shared_cases_hold() {
        cases::hold(Code);
    }

    #[test]
    fn a_closed_gate_hides_no_anchor() {
        cases::gate_is_a_law(Code, PIECES);
    }

    #[test]
    fn any_bytes_are_read_in_order() {
        cases::reads_anything(Code, PIECES);
    }

    #[test]
    fn calls_are_told_by_what_they_reach_and_get() {
        for (context, text, expected) in [
            (0, "shell_exec('id')", "START PROCESS CALL COMMAND_STRING CLOSE"),
            (
                1,
                "'.shell_exec('id').'",
                "CLOSE_STRING CONCAT PROCESS CALL COMMAND_STRING CLOSE CONCAT STRING",
            ),
            (
                0,
                "('sys'.'tem')('id')",
                "START PAREN MODULE_STRING CONCAT NAME_STRING CLOSE DYNAMIC COMMAND_STRING CLOSE",
            ),
            (0, "$f('id')", "START VAR DYNAMIC COMMAND_STRING CLOSE"),
            (0, "system/*x*/('id')", "START SYSTEM CALL COMMAND_STRING CLOSE"),
            (0, "os.system('id')", "START MODULE SYSTEM CALL COMMAND_STRING CLOSE"),
            (0, "db.exec('a')", "START WORD METHOD CALL STRING CLOSE"),
            (0, "use system() to do so", "START KEYWORD SYSTEM MENTION PROSE"),
            (0, "the system (see 5)", "START WORD PROSE PAREN WORD PROSE CLOSE"),
            (0, "@java.lang.Runtime@getRuntime()", "START STATIC PROCESS CALL CLOSE"),
        ] {
            assert_eq!(cases::tokens(Code, context, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn an_apostrophe_closes_no_string() {
        let mut recorder = Recorder::default();
        assert!(!Code.lex(1, b"O'Neil (exec)", &mut recorder));
        assert!(!Code.lex(2, b"none", &mut recorder));
    }
}
