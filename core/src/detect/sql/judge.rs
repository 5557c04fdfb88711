//! The SQL detector as a [`Language`]: where a value may stand, and what its evidence cannot do without.

use super::SqlToken::{self, *};
use super::lex::{self, Family};
use crate::classes::Classes;
use crate::detect::segment::Sink;
use crate::detect::{Gate, Language};

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
            .or(Classes::DASH)
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
            "outfile",
            "dumpfile",
            "infile",
        ],
    };
    const ANCHORS: &'static [u64] = &[CLOSE.bit()
        | APOS.bit()
        | TICK.bit()
        | OPEN.bit()
        | CMP.bit()
        | DOUBLE.bit()
        | FUNC.bit()
        | DELAY.bit()
        | RISKY.bit()
        | FILE.bit()
        | TAIL.bit()
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
        | CONST.bit()];

    // PERF: a lone `&`, `|`, `?` or `^` is in every other query, table and question, and only twins and `!~` are operators
    // that evidence is made of; dashes are evidence where they cut off what follows the value.
    fn suspects(self, view: &[u8], classes: Classes) -> bool {
        let told = Sql::GATE
            .classes
            .without(Classes::AMP.or(Classes::PIPE).or(Classes::BANG).or(Classes::DASH));
        let twin = |class, byte| {
            classes.intersects(class)
                && memchr::memchr_iter(byte, view).any(|at| view.get(at + 1) == Some(&byte))
        };
        classes.intersects(told)
            || twin(Classes::AMP, b'&')
            || twin(Classes::PIPE, b'|')
            || classes.intersects(Classes::BANG) && memchr::memchr(b'~', view).is_some()
            || classes.intersects(Classes::DASH) && lex::may_stop(view)
    }

    fn applies(self, context: u8, view: &[u8], classes: Classes) -> bool {
        let Some((quote, family)) = STARTS.get(context as usize) else { return false };
        let quoted = match quote {
            Some(b'\'') => classes.intersects(Classes::QUOTE),
            Some(b'"') => classes.intersects(Classes::DQUOTE),
            Some(_) => classes.intersects(Classes::BACKTICK),
            None => true,
        };
        let contradictory =
            Classes::HASH.or(Classes::BACKSLASH).or(Classes::DASH).or(Classes::BANG);
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::detect::segment::{Recorder, Trace, WeightFile, Weights};
    use crate::detect::{Evidence, is_anchored, judge, opens};
    use crate::limits::Budget;
    use crate::model::rule::RuleFile;

    fn weights() -> Weights {
        let file = abatis_rules::WEIGHTS.iter().find(|file| file.name == "weights/sql.json");
        let file: WeightFile = serde_json::from_str(file.unwrap().text).unwrap();
        assert_eq!(file.detector, Sql::NAME);
        Weights::new(Sql::TOKENS, &file).unwrap()
    }

    fn evidence(weights: &Weights, value: &[u8]) -> Option<Evidence> {
        let mut budget = Budget::UNLIMITED;
        judge(Sql, weights, value, Classes::of(value), &mut budget, &mut Trace::default())
    }

    /// The calibrated score, as the verdict has it.
    fn score(weights: &Weights, value: &[u8]) -> u16 {
        evidence(weights, value).map_or(0, |evidence| weights.calibrate(evidence.score))
    }

    #[derive(Deserialize)]
    struct Cases {
        hit: Vec<Case>,
        pass: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        value: String,
        sensitivity: Option<String>,
    }

    #[test]
    fn cases() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/detect/sql.toml");
        let cases: Cases = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let weights = weights();
        let mut wrong = Vec::new();
        for case in &cases.hit {
            let least = match case.sensitivity.as_deref() {
                Some("paranoid") => 300,
                Some("high") => 500,
                Some("low") => 900,
                _ => 700,
            };
            let score = score(&weights, case.value.as_bytes());
            if score < least {
                wrong.push(format!("missed at {score}: {:?}", case.value));
            }
        }
        for case in &cases.pass {
            let score = score(&weights, case.value.as_bytes());
            if score >= 700 {
                wrong.push(format!("caught at {score}: {:?}", case.value));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_rule_keeps_its_promises() {
        let file = abatis_rules::DETECT.iter().find(|file| file.name == "detect/sql.yaml").unwrap();
        let file: RuleFile = serde_saphyr::from_str(file.text).unwrap();
        let weights = weights();
        for rule in &file.rules {
            for hit in &rule.hits {
                assert!(score(&weights, hit.as_bytes()) >= 700, "missed {hit:?}");
            }
            for pass in &rule.passes {
                assert!(score(&weights, pass.as_bytes()) < 700, "caught {pass:?}");
            }
        }
    }

    /// A pseudo-random stream of fragments; deterministic, so that a failure can be run again.
    fn fragments(pool: &[&str], seed: u64, count: usize) -> String {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut text = String::new();
        for _ in 0..count {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(pool[(state % pool.len() as u64) as usize]);
        }
        text
    }

    #[test]
    fn without_the_gate_no_anchor() {
        let pool = [
            " ",
            "-",
            "--",
            "-- ",
            "+",
            "%",
            "/",
            "\\",
            "$",
            "$a$",
            "@",
            "@@x",
            ".",
            "..",
            ":",
            "::",
            ",",
            "1",
            "0x41",
            "1.e",
            "a",
            "é",
            "\u{a0}",
            "\u{2019}",
            "or",
            "and",
            "from",
            "where",
            "by",
            "sleep",
            "user",
            "into",
            "set",
            "null",
            "x",
            "q",
            "not",
            "in",
            "is",
            "as",
            "if",
            "case",
            "when",
            "drop",
            "table",
            "insert",
            "load_file",
            "xp_x",
            "sys",
            "dual",
            "information_schema",
            "[a]",
            "{",
            "}",
            "\t",
            "\u{1}",
        ];
        for seed in 0..4000 {
            let text = fragments(&pool, seed, 12);
            let value = text.as_bytes();
            let lower = text.to_ascii_lowercase();
            let word = Sql::GATE.words.iter().any(|word| lower.contains(word));
            if opens(Sql, value, Classes::of(value), word) {
                continue;
            }
            for context in 0..Sql::CONTEXTS.len() as u8 {
                let mut recorder = Recorder::default();
                if Sql.lex(context, value, &mut recorder) {
                    let seen = recorder.tokens.iter().fold(0, |seen, (token, _)| seen | 1 << token);
                    assert!(!is_anchored::<Sql>(seen), "context {context}: {text:?}");
                }
            }
        }
    }

    #[test]
    fn any_bytes_give_ordered_ranges_within_the_view() {
        let pool = [
            "'", "\"", "`", "\\", "''", "/*", "*/", "/*!", "--", "#", "\n", "(", ")", "[", "]",
            "$a$", "$$", "q'[", "x'", "=", "<", "!", "~", "|", "&", ":", ";", ",", ".", "*", "+",
            "-", "1", "1.", "e", "0x", "or", "select", "not", "a", "@", "\u{a0}", "é", "\u{2019}",
            " ",
        ];
        for seed in 0..4000 {
            let text = fragments(&pool, seed, 16);
            // Cut anywhere, also inside a character.
            let value = text.as_bytes().get(..text.len() - seed as usize % 3).unwrap();
            for context in 0..Sql::CONTEXTS.len() as u8 {
                let mut recorder = Recorder::default();
                Sql.lex(context, value, &mut recorder);
                let mut start = 0;
                for (token, range) in &recorder.tokens {
                    assert!((*token as usize) < Sql::TOKENS.len());
                    assert!(start <= range.start && range.start <= range.end, "{text:?} {range:?}");
                    assert!(range.end <= value.len(), "{text:?} {range:?}");
                    start = range.start;
                }
            }
        }
    }

    #[test]
    fn families_are_read_apart_only_where_they_differ() {
        let applies = |value: &[u8]| Sql.applies(4, value, Classes::of(value));
        assert!(applies(b"1 #x") && applies(b"\\'") && applies(b"1--x") && applies(b"\\N"));
        assert!(applies(b"/*!a*/") && applies(b"a\\\\\\\"b"));
        assert!(!applies(b"1-- x") && !applies(b"1--") && !applies(b"well-known"));
        assert!(!applies(b"'a\\b' c:\\d") && !applies(b"/* note! */"));
    }

    #[test]
    fn evidence_says_where() {
        let value = b"a long story about nothing' union select 1,2-- ";
        let evidence = evidence(&weights(), value).unwrap();
        assert_eq!(Sql::CONTEXTS[evidence.context as usize], "single-quote");
        assert_eq!(&value[evidence.range][..14], b"' union select");
    }
}
