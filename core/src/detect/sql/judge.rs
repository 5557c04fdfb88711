//! The SQL detector as a [`Language`]: where a value may stand, and what its evidence cannot do without.

use std::ops::Range;

use super::SqlToken::{self, *};
use super::lex::{self, Family};
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};
use crate::prefilter::gate::Classes;

/// The SQL detector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql;

/// Start contexts: the quote of the string around the value, and how dialects read it where they differ.
const STARTS: [(Option<u8>, Family); 7] = [
    (None, Family::Mysql),
    (Some(b'\''), Family::Mysql),
    (Some(b'"'), Family::Mysql),
    (Some(b'`'), Family::Mysql),
    (None, Family::Ansi),
    (Some(b'\''), Family::Ansi),
    (Some(b'"'), Family::Ansi),
];

impl Language for Sql {
    const NAME: &'static str = "sql";
    const TOKENS: &'static [&'static str] = SqlToken::NAMES;
    const CONTEXTS: &'static [&'static str] = &[
        "none",
        "single-quote",
        "double-quote",
        "backquote",
        "none-ansi",
        "single-quote-ansi",
        "double-quote-ansi",
    ];

    // Every anchor below comes from one of these bytes or words.
    const GATE: Gate = Gate {
        classes: Classes::QUOTE
            .or(Classes::DQUOTE)
            .or(Classes::BACKTICK)
            .or(Classes::LT)
            .or(Classes::GT)
            .or(Classes::EQUALS)
            .or(Classes::BANG)
            .or(Classes::LPAREN)
            .or(Classes::RPAREN)
            .or(Classes::SEMICOLON)
            .or(Classes::PIPE)
            .or(Classes::AMP)
            .or(Classes::STAR)
            .or(Classes::HASH)
            .or(Classes::NEWLINE),
        words: &[
            "select",
            "union",
            "intersect",
            "except",
            "minus",
            "like",
            "regexp",
            "glob",
            "between",
            "order",
            "group",
            "having",
            "waitfor",
            "delay",
            "exec",
            "shutdown",
            "reconfigure",
            "openrowset",
            "opendatasource",
            "openquery",
            "declare",
            "prepare",
            "deallocate",
        ],
    };
    const ANCHORS: u64 = CLOSE.bit()
        | APOS.bit()
        | TICK.bit()
        | OPEN.bit()
        | STR.bit()
        | CMP.bit()
        | DOUBLE.bit()
        | FUNC.bit()
        | DELAY.bit()
        | CALL.bit()
        | RPX.bit()
        | SEMI.bit()
        | GLUE.bit()
        | COND.bit()
        | SELECT.bit()
        | UNION.bit()
        | ORDER.bit()
        | HAVING.bit()
        | WAITFOR.bit()
        | EXEC.bit()
        | DECLARE.bit()
        | TAUT.bit()
        | CONST.bit();

    fn applies(self, context: u8, view: &[u8], classes: Classes) -> bool {
        let Some((quote, family)) = STARTS.get(context as usize) else { return false };
        let quoted = match quote {
            Some(b'\'') => classes.intersects(Classes::QUOTE),
            Some(b'"') => classes.intersects(Classes::DQUOTE),
            Some(_) => classes.intersects(Classes::BACKTICK),
            None => true,
        };
        let contradictory = Classes::HASH.or(Classes::BACKSLASH).or(Classes::DASH);
        quoted
            && (*family == Family::Mysql
                || classes.intersects(contradictory) && Family::matters(view))
    }

    fn lex<S: Sink>(self, context: u8, view: &[u8], sink: &mut S) -> bool {
        match STARTS.get(context as usize) {
            Some(&(quote, family)) => lex::lex(quote, family, view, sink),
            None => false,
        }
    }
}
