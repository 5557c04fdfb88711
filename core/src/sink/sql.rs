//! The tokens of an SQL statement, as one dialect reads it.
//!
//! Not the lexer of the detector (`detect/sql/lex.rs`): that one reads a lone value as the union of all dialects would, folds what it reads, and
//! stops where nothing can go on. Here the statement is whole and its dialect is known, and every byte must be told apart: what
//! this string is, that one may not be. What they share is the table of words.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::Dialect;
use super::token::{Escapes, Kind, Token};
use crate::detect::sql::{closing, keyword};

/// Where dialects differ.
#[allow(clippy::struct_excessive_bools, reason = "each is a difference of its own")]
struct Rules {
    /// `\` escapes in strings.
    backslash: bool,
    /// `` `name` ``
    backticks: bool,
    /// `[name]`
    brackets: bool,
    /// `#` begins a comment, `--` only before a blank, `/*!` is code.
    mysql_comments: bool,
    /// `/* /* */ */`
    nested: bool,
    /// `$tag$ … $tag$`, `E'\n'`
    postgres: bool,
    /// `q'[ … ]'`
    alternative: bool,
}

impl Rules {
    fn of(dialect: Dialect) -> Rules {
        use Dialect::{Mssql, Mysql, Oracle, Postgres, Sqlite};
        Rules {
            backslash: dialect == Mysql,
            backticks: matches!(dialect, Mysql | Sqlite),
            brackets: matches!(dialect, Mssql | Sqlite),
            mysql_comments: dialect == Mysql,
            nested: matches!(dialect, Postgres | Mssql),
            postgres: dialect == Postgres,
            alternative: dialect == Oracle,
        }
    }
}

struct Lexer<'s> {
    statement: &'s [u8],
    at: usize,
    rules: Rules,
    tokens: Vec<Token>,
    /// Delimiters (`$tag$`, `q'[`) may still close: false after one did not.
    delimited: bool,
}

/// Lexes a statement, or several. O(len).
pub(super) fn lex(dialect: Dialect, statement: &[u8]) -> Vec<Token> {
    let rules = Rules::of(dialect);
    let mut lexer = Lexer { statement, at: 0, rules, tokens: Vec::new(), delimited: true };
    while let Some(&byte) = statement.get(lexer.at) {
        lexer.step(byte);
    }
    lexer.tokens
}

impl<'s> Lexer<'s> {
    fn rest(&self, ahead: usize) -> &'s [u8] {
        self.statement.get(self.at + ahead..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, name: &'static str, len: usize) {
        let end = (self.at + len).min(self.statement.len());
        self.tokens.push(Token::new(kind, name, self.at..end));
        self.at = end;
    }

    fn operator(&mut self, name: &'static str, len: usize) {
        self.push(Kind::Operator, name, len);
    }

    fn step(&mut self, byte: u8) {
        let rules = &self.rules;
        match *self.rest(0) {
            [0..=b' ' | 127, ..] => self.at += 1,
            [b'\'', ..] => self.quoted("STR", 1, b'\'', rules.backslash),
            [b'"', ..] if rules.backslash => self.quoted("STR", 1, b'"', true),
            [b'"', ..] => self.quoted("QNAME", 1, b'"', false),
            [b'`', ..] if rules.backticks => self.quoted("QNAME", 1, b'`', false),
            [b'[', ..] if rules.brackets => self.quoted("QNAME", 1, b']', false),
            [b'-', b'-', ref rest @ ..] if !rules.mysql_comments || is_blank(rest.first()) => {
                self.line_comment(2);
            }
            [b'#', ..] if rules.mysql_comments => self.line_comment(1),
            [b'/', b'*', b'!', ..] if rules.mysql_comments => {
                let version = self.rest(3).iter().take_while(|b| b.is_ascii_digit()).count();
                self.operator("COND", 3 + version);
            }
            [b'/', b'*', ..] => self.block_comment(),
            [b'$', ..] if rules.postgres => self.dollar(),
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => self.number(),
            [b'@' | b':' | b'#', next, ..] if is_word(next) => self.variable(1),
            [b'@', b'@', next, ..] if is_word(next) => self.variable(2),
            _ if is_word(byte) => self.word(),
            _ => self.punctuation(),
        }
    }

    /// A string or quoted name, whose opening is `open` bytes long.
    fn quoted(&mut self, name: &'static str, open: usize, close: u8, backslash: bool) {
        let start = self.at + open;
        let mut at = start;
        let (end, is_open) = loop {
            match self.statement.get(at..).unwrap_or_default() {
                [] => break (at, true),
                [b'\\', _, ..] if backslash => at += 2,
                [a, b, ..] if *a == close && *b == close => at += 2,
                [a, ..] if *a == close => break (at, false),
                _ => at += 1,
            }
        };
        let escapes = Escapes { doubled: Some(close), backslash, ..Escapes::default() };
        self.delimit(name, start..end, usize::from(!is_open), escapes);
    }

    /// Takes a token whose inside is known, and `close` bytes behind it.
    fn delimit(&mut self, name: &'static str, inner: Range<usize>, close: usize, escapes: Escapes) {
        let range = self.at..inner.end + close;
        self.at = range.end;
        let kind = if name == "COMMENT" { Kind::Comment } else { Kind::Quoted };
        self.tokens.push(Token { kind, name, range, inner, open: close == 0, escapes });
    }

    /// A comment to the end of the line, where it may end with the statement.
    fn line_comment(&mut self, open: usize) {
        let len = memchr(b'\n', self.rest(0)).unwrap_or(self.rest(0).len());
        let inner = self.at + open..self.at + len;
        self.delimit("COMMENT", inner, 0, Escapes::default());
        if let Some(comment) = self.tokens.last_mut() {
            comment.open = false;
        }
    }

    fn block_comment(&mut self) {
        let (start, mut at, mut depth) = (self.at + 2, self.at + 2, 1_usize);
        while depth > 0 {
            let rest = self.statement.get(at..).unwrap_or_default();
            let Some(len) = memchr::memchr2(b'*', b'/', rest) else {
                let inner = start..self.statement.len();
                return self.delimit("COMMENT", inner, 0, Escapes::default());
            };
            at += len;
            match self.statement.get(at..).unwrap_or_default() {
                [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
                [b'/', b'*', ..] if self.rules.nested => (depth, at) = (depth + 1, at + 2),
                _ => at += 1,
            }
        }
        self.delimit("COMMENT", start..at - 2, 2, Escapes::default());
    }

    /// `$1`, `$tag$ … $tag$`.
    fn dollar(&mut self) {
        let name = self.rest(1).iter().take_while(|&&b| is_word(b) && b != b'$').count();
        let tag = name + 2;
        let is_tag = !self.rest(1).first().is_some_and(u8::is_ascii_digit)
            && self.rest(1 + name).first() == Some(&b'$');
        if is_tag && self.delimited {
            let (opening, body) = self.rest(0).split_at_checked(tag).unwrap_or_default();
            let start = self.at + tag;
            let found = memmem::find(body, opening);
            self.delimited = found.is_some();
            let end = found.map_or(self.statement.len(), |len| start + len);
            let close = found.map_or(0, |_| tag);
            return self.delimit("STR", start..end, close, Escapes::default());
        }
        self.push(Kind::Operator, "VAR", 1 + name);
    }

    /// `12`, `1.5`, `1e9`, `0x41`; with letters behind it a name (`2nd`), unless they are a word of the language (`1or`).
    fn number(&mut self) {
        let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
        let rest = self.rest(0);
        let mut len = match rest {
            [b'0', b'x' | b'X', hex @ ..] => {
                2 + hex.iter().take_while(|b| b.is_ascii_hexdigit()).count()
            }
            _ => digits(rest),
        };
        if rest.get(len) == Some(&b'.') {
            len += 1 + digits(rest.get(len + 1..).unwrap_or_default());
        }
        if let Some([b'e' | b'E', exponent @ ..]) = rest.get(len..) {
            let sign = usize::from(matches!(exponent.first(), Some(b'+' | b'-')));
            let power = digits(exponent.get(sign..).unwrap_or_default());
            len += if power > 0 { 1 + sign + power } else { 0 };
        }
        let letters = word_len(rest.get(len..).unwrap_or_default());
        let glued = rest.get(len..len + letters).unwrap_or_default();
        if letters > 0 && keyword(glued).is_none() {
            self.push(Kind::Name, "NAME", len + letters);
        } else {
            self.push(Kind::Number, "NUM", len);
        }
    }

    /// `@name`, `:name`, `#name`.
    fn variable(&mut self, signs: usize) {
        let len = signs + word_len(self.rest(signs));
        self.push(Kind::Name, "VAR", len);
    }

    /// A word, a name with its dots, or a string with what stands before its quote.
    fn word(&mut self) {
        let rest = self.rest(0);
        let mut len = word_len(rest);
        let first = rest.get(..len).unwrap_or_default();
        if rest.get(len) == Some(&b'\'') && self.prefixed(len) {
            return;
        }
        if let Some(name) = keyword(first) {
            return self.push(Kind::Word, name, len);
        }
        while let Some([b'.', next, ..]) = rest.get(len..)
            && is_word(*next)
            && !next.is_ascii_digit()
        {
            len += 1 + word_len(rest.get(len + 1..).unwrap_or_default());
        }
        self.push(Kind::Name, "NAME", len);
    }

    /// A string behind `len` letters that say how it is written; false if they are a word of their own.
    fn prefixed(&mut self, len: usize) -> bool {
        let prefix = self.rest(0).get(..len).unwrap_or_default().to_ascii_lowercase();
        match prefix.as_slice() {
            b"q" | b"nq" if self.rules.alternative && self.delimited => {
                let Some(&open) = self.rest(len + 1).first() else { return false };
                let close = closing(open);
                let start = self.at + len + 2;
                let found = memmem::find(self.rest(len + 2), &[close, b'\'']);
                self.delimited = found.is_some();
                let end = found.map_or(self.statement.len(), |len| start + len);
                let close = if found.is_some() { 2 } else { 0 };
                self.delimit("STR", start..end, close, Escapes::default());
            }
            b"e" if self.rules.postgres => self.quoted("STR", len + 1, b'\'', true),
            b"n" | b"b" | b"x" | b"_utf8" | b"_utf8mb4" => {
                self.quoted("STR", len + 1, b'\'', self.rules.backslash);
            }
            _ => return false,
        }
        true
    }

    fn punctuation(&mut self) {
        let (name, len) = match *self.rest(0) {
            [b'*', b'/', ..] if self.rules.mysql_comments => ("COND", 2),
            [b'<', b'=', b'>', ..] | [b'-' | b'#', b'>', b'>', ..] => ("OP", 3),
            [b'<', b'=' | b'>', ..] | [b'>' | b'!', b'=', ..] => ("CMP", 2),
            [b'|', b'|', ..] | [b'&', b'&', ..] => ("DOUBLE", 2),
            [b':', b':' | b'=', ..] | [b'-' | b'#' | b'=' | b'@', b'>', ..] | [b'<', b'@', ..] => {
                ("OP", 2)
            }
            [b'%', b's', ..] => ("VAR", 2),
            [b'=' | b'<' | b'>', ..] => ("CMP", 1),
            [b'+' | b'-', ..] => ("SIGN", 1),
            [b'(', ..] => ("LP", 1),
            [b')', ..] => ("RP", 1),
            [b',', ..] => ("COMMA", 1),
            [b';', ..] => ("SEMI", 1),
            [b'?', ..] => ("VAR", 1),
            _ => ("OP", 1),
        };
        self.operator(name, len);
    }
}

fn is_blank(byte: Option<&u8>) -> bool {
    byte.is_none_or(|&byte| byte <= b' ' || byte == 127)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 128
}

fn word_len(rest: &[u8]) -> usize {
    rest.iter().take_while(|&&byte| is_word(byte)).count()
}

/// Whether tokens can do no more than name and order columns, or be a list of numbers: `name desc, id`, `1, 2`, `-5`.
pub(super) fn is_list(statement: &[u8], tokens: &[Token]) -> bool {
    let mut operands = 0;
    tokens.iter().all(|token| {
        let text = statement.get(token.range.clone()).unwrap_or_default();
        let orders = [&b"asc"[..], b"desc"].iter().any(|word| text.eq_ignore_ascii_case(word));
        match token.name {
            "COMMA" => operands = 0,
            "SIGN" => return operands == 0,
            _ if orders => return operands == 1,
            "NUM" | "NAME" => operands += 1,
            _ => return false,
        }
        operands < 2
    })
}

/// Whether tokens are a number with its sign.
pub(super) fn is_signed_number(tokens: &[Token]) -> bool {
    matches!(tokens, [sign, number] if sign.name == "SIGN" && number.kind == Kind::Number
        && sign.range.end == number.range.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(dialect: Dialect, statement: &str) -> String {
        let told = lex(dialect, statement.as_bytes()).into_iter().map(|token| {
            let open = if token.open { "~" } else { "" };
            format!("{}{open}[{}]", token.name, &statement[token.range])
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn dialects_read_each_their_way() {
        use Dialect::{Mssql, Mysql, Oracle, Postgres, Sqlite};
        for (dialect, statement, expected) in [
            (Mysql, r"'a\'b' # c", r"STR['a\'b'] COMMENT[# c]"),
            (Sqlite, r"'a\' c'", r"STR['a\'] NAME[c] STR~[']"),
            (Postgres, r"E'a\'b' 'c\'", r"STR[E'a\'b'] STR['c\']"),
            (Postgres, "$t$a$b$t$ $1 $$x", "STR[$t$a$b$t$] VAR[$1] STR~[$$x]"),
            (Postgres, "a::int @> b", "NAME[a] OP[::] NAME[int] OP[@>] NAME[b]"),
            (Oracle, "q'[it's]' q", "STR[q'[it's]'] NAME[q]"),
            (Mssql, "[a]]b] 1--x", "QNAME[[a]]b]] NUM[1] COMMENT[--x]"),
            (Mysql, "1--1", "NUM[1] SIGN[-] SIGN[-] NUM[1]"),
            (Mysql, "/*!50000or*/ /*x*/", "COND[/*!50000] LOGIC[or] COND[*/] COMMENT[/*x*/]"),
            (Postgres, "/*a/*b*/c*/ d", "COMMENT[/*a/*b*/c*/] NAME[d]"),
            (Sqlite, "/*a/*b*/c", "COMMENT[/*a/*b*/] NAME[c]"),
            (
                Sqlite,
                "a.b.c, 1.5e3, 2nd, 1or",
                "NAME[a.b.c] COMMA[,] NUM[1.5e3] COMMA[,] NAME[2nd] COMMA[,] NUM[1] LOGIC[or]",
            ),
            (Mysql, "\"a\" `b`", "STR[\"a\"] QNAME[`b`]"),
            (Sqlite, "\"a\"\"b\"", "QNAME[\"a\"\"b\"]"),
            (Mssql, "N'a''b' @p", "STR[N'a''b'] VAR[@p]"),
        ] {
            assert_eq!(tokens(dialect, statement), expected, "{dialect:?} {statement}");
        }
    }

    #[test]
    fn lists_order_and_count() {
        for (text, expected) in [
            ("name, id desc", true),
            ("1, 2, -3", true),
            ("u.name asc, u.id", true),
            ("name id", false),
            ("1 or 2", false),
            ("a, (b)", false),
            ("a-1", false),
        ] {
            let tokens = lex(Dialect::Sqlite, text.as_bytes());
            assert_eq!(is_list(text.as_bytes(), &tokens), expected, "{text}");
        }
    }
}
