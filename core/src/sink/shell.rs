//! The tokens of a command as a POSIX shell reads it (XCU 2.2, 2.3, 2.6).
//!
//! A word is told in pieces: what is bare, what is quoted, what is expanded. A value that stays inside of one piece and brings nothing that
//! the shell acts on there is data. Heredocs are read as commands, which overstates.

use super::token::{Escapes, Kind, Token};

/// Deepest nesting of substitutions and double quotes; what is deeper is one operator to the end.
const DEPTH: usize = 64;

/// What stands around the next byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    /// Commands, up to the end, `)` or a backtick.
    Command(Option<u8>),
    /// Double quotes.
    Quotes,
}

struct Lexer<'s> {
    statement: &'s [u8],
    at: usize,
    /// Innermost last; commands at the bottom.
    contexts: Vec<Context>,
    tokens: Vec<Token>,
}

/// Lexes a command line; false if it is nested too deep to be read in full. O(len).
pub(super) fn lex(statement: &[u8]) -> (Vec<Token>, bool) {
    let contexts = vec![Context::Command(None)];
    let mut lexer = Lexer { statement, at: 0, contexts, tokens: Vec::new() };
    let mut complete = true;
    while lexer.at < statement.len() {
        if lexer.contexts.len() > DEPTH {
            complete = false;
            lexer.push(Kind::Operator, "DEEP", statement.len() - lexer.at);
            break;
        }
        match lexer.contexts.last() {
            Some(Context::Quotes) => lexer.quotes(0),
            _ => lexer.command(),
        }
    }
    (lexer.tokens, complete)
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

    /// One token where commands stand.
    fn command(&mut self) {
        match *self.rest(0) {
            [b' ' | b'\t', ..] => self.at += 1,
            [b'\n' | b'\r', ..] => self.push(Kind::Operator, "NL", 1),
            [b')', ..] if self.ends(b')') => {}
            [b'`', ..] if self.ends(b'`') => {}
            [b'\'', ..] => self.single(1, false),
            [b'$', b'\'', ..] => self.single(2, true),
            [b'"', ..] => {
                self.contexts.push(Context::Quotes);
                self.quotes(1);
            }
            [b'$', b'"', ..] => {
                self.contexts.push(Context::Quotes);
                self.quotes(2);
            }
            [b'$' | b'`', ..] => self.expansion(),
            [b'<' | b'>', b'(', ..] => {
                self.contexts.push(Context::Command(Some(b')')));
                self.push(Kind::Operator, "PROC", 2);
            }
            [a, b, ..] if a == b && b"|&;<>".contains(&a) => self.push(Kind::Operator, "OP", 2),
            [b'|' | b'&' | b';' | b'(' | b')', ..] => self.push(Kind::Operator, "OP", 1),
            [b'<' | b'>', ..] => self.push(Kind::Operator, "REDIRECT", 1),
            [b'#', ..] if self.begins_word() => {
                let rest = self.rest(0);
                let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                self.push(Kind::Comment, "COMMENT", len);
                if let Some(comment) = self.tokens.last_mut() {
                    comment.inner.start += 1;
                }
            }
            _ => self.bare(),
        }
    }

    /// Ends a substitution that `close` closes here; false if there is none.
    fn ends(&mut self, close: u8) -> bool {
        let is_end = self.contexts.last() == Some(&Context::Command(Some(close)));
        if is_end {
            self.contexts.pop();
            self.push(Kind::Operator, "SUB_C", 1);
        }
        is_end
    }

    /// Whether a word may begin here.
    fn begins_word(&self) -> bool {
        self.tokens.last().is_none_or(|last| {
            last.range.end < self.at || last.kind == Kind::Operator && last.name != "SUB_C"
        })
    }

    /// Bytes of a word that are not quoted.
    fn bare(&mut self) {
        let rest = self.rest(0);
        let mut len = 0;
        loop {
            match rest.get(len..).unwrap_or_default() {
                [b'\\', _, ..] => len += 2,
                [] | [b' ' | b'\t' | b'\n' | b'\r', ..] => break,
                [byte, ..] if b"|&;<>()'\"$`".contains(byte) => break,
                _ => len += 1,
            }
        }
        // Whatever stands here, something is taken.
        self.push(Kind::Name, "WORD", len.max(1));
        if let Some(word) = self.tokens.last_mut() {
            word.escapes.backslash = true;
        }
    }

    /// A single-quoted text; one that is closed for a single quote only (`'\''`, `'"'"'`) goes on.
    fn single(&mut self, open: usize, backslash: bool) {
        let start = self.at + open;
        let mut at = start;
        let is_open = loop {
            match self.statement.get(at..).unwrap_or_default() {
                [] => break true,
                [b'\\', _, ..] if backslash => at += 2,
                [b'\'', b'\\', b'\'', b'\'', ..] if !backslash => at += 4,
                [b'\'', b'"', b'\'', b'"', b'\'', ..] if !backslash => at += 5,
                [b'\'', ..] => break false,
                _ => at += 1,
            }
        };
        let end = at.min(self.statement.len());
        let escapes = Escapes { doubled: None, backslash, reopened: !backslash };
        let range = self.at..end + usize::from(!is_open);
        self.at = range.end;
        let (kind, name) = (Kind::Quoted, "STR");
        self.tokens.push(Token { kind, name, range, inner: start..end, open: is_open, escapes });
    }

    /// Text in double quotes, `open` bytes of which open them, up to their end or an expansion.
    fn quotes(&mut self, open: usize) {
        let start = self.at + open;
        let mut at = start;
        let closes = loop {
            match self.statement.get(at..).unwrap_or_default() {
                [] => break None,
                [b'\\', _, ..] => at += 2,
                [b'"', ..] => break Some(true),
                [b'$', next, ..] if begins_expansion(*next) => break Some(false),
                [b'`', ..] => break Some(false),
                _ => at += 1,
            }
        };
        let end = at.min(self.statement.len());
        let range = self.at..end + usize::from(closes == Some(true));
        if !range.is_empty() {
            self.at = range.end;
            let escapes = Escapes { backslash: true, ..Escapes::default() };
            let (kind, name, open) = (Kind::Quoted, "STR", closes.is_none());
            self.tokens.push(Token { kind, name, range, inner: start..end, open, escapes });
        }
        match closes {
            Some(true) => drop(self.contexts.pop()),
            Some(false) if self.rest(0).first() == Some(&b'`') && self.ends(b'`') => {}
            Some(false) => self.expansion(),
            None => {}
        }
    }

    /// `$name`, `${…}`, `$(…)`, `` `…` ``.
    fn expansion(&mut self) {
        match *self.rest(0) {
            [b'`', ..] => {
                self.contexts.push(Context::Command(Some(b'`')));
                self.push(Kind::Expansion, "TICK", 1);
            }
            [b'$', b'(', ..] => {
                self.contexts.push(Context::Command(Some(b')')));
                self.push(Kind::Expansion, "SUB", 2);
            }
            [b'$', b'{', ..] => {
                let mut depth = 0_usize;
                let braces = self.rest(1).iter().position(|&byte| {
                    depth += usize::from(byte == b'{');
                    depth -= usize::from(byte == b'}').min(depth);
                    depth == 0
                });
                let len = braces.map_or(self.rest(0).len(), |len| len + 2);
                self.push(Kind::Expansion, "EXPAND", len);
            }
            [b'$', next, ..] if next.is_ascii_alphabetic() || next == b'_' => {
                let name = self.rest(1).iter();
                let len = name.take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                self.push(Kind::Expansion, "VAR", 1 + len);
            }
            [b'$', next, ..] if begins_expansion(next) => self.push(Kind::Expansion, "VAR", 2),
            _ => self.bare(),
        }
    }
}

/// Whether a dollar sign before this byte expands.
fn begins_expansion(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_({@*#?-$!".contains(&byte)
}

/// Whether the piece of a word that stands at `token` begins the word.
pub(super) fn begins_word(tokens: &[Token], token: usize) -> bool {
    let (Some(this), Some(before)) = (tokens.get(token), token.checked_sub(1)) else { return true };
    tokens
        .get(before)
        .is_none_or(|before| before.range.end < this.range.start || before.kind == Kind::Operator)
}

/// Whether a bare text holds what a shell replaces by the names of files or folders.
pub(super) fn has_pattern(text: &[u8]) -> bool {
    let escaped = |at: usize| at > 0 && text.get(at - 1) == Some(&b'\\');
    text.first() == Some(&b'~')
        || text.iter().enumerate().any(|(at, byte)| b"*?[".contains(byte) && !escaped(at))
}

/// How many tokens a command is followed back.
const BACK: usize = 64;

/// Whether options are over: `--` stands before `token` in its command, and not far. O(1).
pub(super) fn is_behind_dashes(statement: &[u8], tokens: &[Token], token: usize) -> bool {
    let before = tokens.get(..token).unwrap_or_default().iter().rev().take(BACK);
    before
        .take_while(|token| token.kind != Kind::Operator)
        .any(|token| token.kind == Kind::Name && statement.get(token.range.clone()) == Some(b"--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(statement: &str) -> String {
        let told = lex(statement.as_bytes()).0.into_iter().map(|token| {
            let open = if token.open { "~" } else { "" };
            format!("{}{open}[{}]", token.name, &statement[token.range])
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn commands_are_told_in_pieces() {
        for (statement, expected) in [
            ("ls -l a\\ b", "WORD[ls] WORD[-l] WORD[a\\ b]"),
            ("echo 'a b'\"c d\"e", "WORD[echo] STR['a b'] STR[\"c d\"] WORD[e]"),
            ("echo 'it'\\''s' 'x'\"'\"'y'", "WORD[echo] STR['it'\\''s'] STR['x'\"'\"'y']"),
            (
                "a; b | c && d > e",
                "WORD[a] OP[;] WORD[b] OP[|] WORD[c] OP[&&] WORD[d] REDIRECT[>] WORD[e]",
            ),
            ("echo \"a $b c\"", "WORD[echo] STR[\"a ] VAR[$b] STR[ c\"]"),
            (
                "echo \"$(cat \"x y\")z\"",
                "WORD[echo] STR[\"] SUB[$(] WORD[cat] STR[\"x y\"] SUB_C[)] STR[z\"]",
            ),
            ("echo `id` ${x:-y}", "WORD[echo] TICK[`] WORD[id] SUB_C[`] EXPAND[${x:-y}]"),
            ("a # b ; c\nd", "WORD[a] COMMENT[# b ; c] NL[\n] WORD[d]"),
            ("a#b", "WORD[a#b]"),
            ("echo 'a", "WORD[echo] STR~['a]"),
            ("echo \"a", "WORD[echo] STR~[\"a]"),
            ("echo \"`id`\"", "WORD[echo] STR[\"] TICK[`] WORD[id] SUB_C[`] STR[\"]"),
            ("echo $'a\\'b' $", "WORD[echo] STR[$'a\\'b'] WORD[$]"),
            ("diff <(a) b", "WORD[diff] PROC[<(] WORD[a] SUB_C[)] WORD[b]"),
            ("echo 5$ \"5$\"", "WORD[echo] WORD[5] WORD[$] STR[\"5$\"]"),
        ] {
            assert_eq!(tokens(statement), expected, "{statement}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let (tokens, complete) = lex("$(".repeat(100_000).as_bytes());
        assert!(!complete && tokens.len() < 100);
    }
}
