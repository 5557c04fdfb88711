//! Lexing: bytes to raw tokens, in the union of the dialects.
//!
//! One pass, no allocation. Every byte is looked at a bounded number of times:
//!
//! - blanks after a word are skipped once;
//! - a string or block comment that never closes ends the pass, as it ends the statement;
//! - `$tag$` and `q'[` are searched to the end in vain once at most, then no longer believed;
//! - `[name]` looks ahead no further than the next byte that cannot be part of a name.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

use super::SqlToken::{self, *};
use super::fold::Fold;
use super::words::{self, Word};
use crate::detect::segment::Sink;

/// On which side of the contradictions between dialects the value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `MySQL` and its kin: `#` begins a comment, `--` only before a blank, `\` escapes in strings, `/*!` is code.
    Mysql,
    /// The others: `--` always begins a comment, `#` and `\` are plain bytes.
    Ansi,
}

impl Family {
    /// Whether the two families could read `view` differently. O(len).
    pub(super) fn matters(view: &[u8]) -> bool {
        memchr2(b'#', b'\\', view).is_some()
            || memmem::find_iter(view, b"--").any(|at| !is_comment_start(view.get(at + 2)))
    }
}

/// Whether `--` before this byte is a comment in every dialect. The end counts: what the application appends is unknown;
/// and so does a plus, which was a blank before somebody decoded the value halfway.
fn is_comment_start(next: Option<&u8>) -> bool {
    next.is_none_or(|&byte| is_blank(byte) || byte == b'+')
}

/// Lexes `view`; inside a string if there is a quote. False if that string never closes. O(len).
pub(super) fn lex<S: Sink>(quote: Option<u8>, family: Family, view: &[u8], sink: &mut S) -> bool {
    let mut lexer = Lexer {
        view,
        at: 0,
        family,
        fold: Fold::new(view, sink),
        conditional: false,
        delimited: true,
    };
    if let Some(quote) = quote {
        let Some(end) = closer(view, 0, quote, family) else { return false };
        let token = match quote {
            b'`' => TICK,
            _ if between_letters(view, end) => APOS,
            _ => CLOSE,
        };
        lexer.fold.token(token, end..end + 1);
        lexer.at = end + 1;
    }
    while lexer.fold.parses() && lexer.step() {}
    lexer.fold.finish();
    true
}

struct Lexer<'v, 's, S> {
    view: &'v [u8],
    at: usize,
    family: Family,
    fold: Fold<'v, 's, S>,
    /// Inside `/*! ... */`.
    conditional: bool,
    /// Whether strings delimited by words (`$tag$`) may still close: false after one did not.
    delimited: bool,
}

impl<S: Sink> Lexer<'_, '_, S> {
    fn peek(&self, ahead: usize) -> u8 {
        self.view.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The view from `at` on.
    fn rest(&self, at: usize) -> &[u8] {
        self.view.get(at..).unwrap_or_default()
    }

    /// Sends a token of `len` bytes.
    fn token(&mut self, token: SqlToken, len: usize) {
        let end = (self.at + len).min(self.view.len());
        self.fold.token(token, self.at..end);
        self.at = end;
    }

    /// Takes one token or blank; false at the end.
    fn step(&mut self) -> bool {
        let Some(&byte) = self.view.get(self.at) else { return false };
        let next = self.peek(1);
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            0..=b' ' | 127 => self.at += 1,
            0xA0 => self.at += 1,
            0xC2 if next == 0xA0 => self.at += 2,
            128.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'.' if next.is_ascii_digit() => self.number(),
            b'\'' | b'"' | b'`' => return self.string(self.at, byte),
            b'-' if next == b'-' && self.dashes() => {
                let sure = is_comment_start(self.view.get(self.at + 2));
                return self.line_comment(if sure { CUT } else { HASH });
            }
            b'-' if next == b'>' => self.token(OP, if self.peek(2) == b'>' { 3 } else { 2 }),
            b'#' if self.family == Family::Mysql => return self.line_comment(HASH),
            b'#' if next == b'>' => self.token(OP, 2),
            b'#' if is_word(next) => {
                self.at += 1;
                self.word();
            }
            b'/' if next == b'*' => return self.block_comment(),
            b'*' if next == b'/' => {
                if self.conditional {
                    self.conditional = false;
                } else {
                    self.fold.close_comment(self.at..self.at + 2);
                }
                self.at += 2;
            }
            b'+' | b'-' => self.token(SIGN, 1),
            b'*' => self.token(STAR, 1),
            b'/' | b'%' | b'^' | b'#' => self.token(ARITH, 1),
            b'=' => self.comparison(1),
            b'<' if next == b'@' => self.token(OP, 2),
            b'@' if next == b'>' => self.token(OP, 2),
            b'<' | b'>' if next == byte => self.token(ARITH, 2),
            b'<' | b'>' => self.comparison(1),
            b'!' if matches!(next, b'=' | b'<' | b'>' | b'~') => self.comparison(2),
            b'~' if matches!(next, b'*' | b'=') => self.comparison(2),
            b'!' | b'~' => {
                self.fold.negation(self.at..self.at + 1);
                self.at += 1;
            }
            b'|' | b'&' if next == byte => self.token(DOUBLE, 2),
            b'|' | b'&' => self.token(ARITH, 1),
            b':' if next == b':' => self.token(OP, 2),
            b':' if next == b'=' => self.token(OP, 2),
            b'(' => {
                self.fold.open(self.at..self.at + 1);
                self.at += 1;
            }
            b')' => {
                self.fold.close(self.at..self.at + 1);
                self.at += 1;
            }
            b',' => self.token(COMMA, 1),
            b';' => self.token(SEMI, 1),
            b'.' => self.token(DOT, 1),
            b'@' => self.variable(),
            b'$' => self.dollar(),
            b'[' => self.bracket(),
            _ => self.token(ODD, 1),
        }
        true
    }

    fn comparison(&mut self, least: usize) {
        let more = self
            .rest(self.at + least)
            .iter()
            .take(2)
            .take_while(|&&byte| matches!(byte, b'=' | b'>' | b'*'))
            .count();
        // `=*` and `*` after a comparison: only `~*` and `!~*` are operators; `=*` would eat a star.
        let more = if self.peek(least) == b'*' && self.peek(least - 1) != b'~' { 0 } else { more };
        self.token(CMP, least + more);
    }

    /// A word, or names joined by dots. Strings with a prefix (`x'41'`, `q'[...]'`) begin like words.
    fn word(&mut self) {
        let start = self.at;
        let end = start + word_len(self.rest(start));
        let first = self.view.get(start..end).unwrap_or_default();
        if let ([letter], Some(b'\'')) = (first, self.view.get(end))
            && self.prefixed(*letter | 0x20, start, end)
        {
            return;
        }
        if first.eq_ignore_ascii_case(b"not") {
            self.fold.not();
            self.at = end;
            return;
        }
        let mut word = words::lookup(first);
        self.at = end;
        if word.is_name() {
            self.join(&mut word);
        }
        self.fold.word(word, start..self.at);
    }

    /// Takes `.name`, `..name`, `:name`, `@host.name` after a name: one identifier, which is what its weightiest part is.
    fn join(&mut self, word: &mut Word) {
        loop {
            let gap = match *self.rest(self.at) {
                [b'.', b'.', next, ..] if is_word_start(next) => 2,
                [b'.' | b':' | b'@', next, ..] if is_word_start(next) => 1,
                _ => return,
            };
            let start = self.at + gap;
            let end = start + word_len(self.rest(start));
            let part = words::lookup(self.view.get(start..end).unwrap_or_default());
            let weighty = |token| matches!(token, SYSTEM | RISKY | DELAY);
            if weighty(part.plain) || weighty(part.call) {
                *word = part;
            } else if !weighty(word.plain) {
                *word = Word::UNKNOWN;
            }
            self.at = end;
        }
    }

    /// A string behind the letter that says how it is written; false if it is none.
    fn prefixed(&mut self, letter: u8, start: usize, quote: usize) -> bool {
        let token = match letter {
            b'x' | b'b' => HEX,
            b'n' | b'e' => STR,
            b'q' if self.delimited => {
                let Some(&open) = self.view.get(quote + 1) else { return false };
                let close = match open {
                    b'[' => b']',
                    b'(' => b')',
                    b'{' => b'}',
                    b'<' => b'>',
                    other => other,
                };
                let Some(len) = memmem::find(self.rest(quote + 2), &[close, b'\'']) else {
                    self.delimited = false;
                    return false;
                };
                self.at = quote + 2 + len + 2;
                self.fold.token(STR, start..self.at);
                return true;
            }
            _ => return false,
        };
        let Some(end) = closer(self.view, quote + 1, b'\'', self.family) else { return false };
        self.at = end + 1;
        self.fold.token(token, start..self.at);
        true
    }

    /// `12`, `1.5`, `1e9`, `0x41`, `.5`; a keyword may follow without a blank (`1union`), as databases allow.
    fn number(&mut self) {
        let start = self.at;
        let digits = |lexer: &Self, at: usize, is: fn(&u8) -> bool| {
            at + lexer.rest(at).iter().take_while(|&byte| is(byte)).count()
        };
        if self.peek(0) == b'0' && matches!(self.peek(1) | 0x20, b'x' | b'b') {
            let end = digits(self, start + 2, u8::is_ascii_hexdigit);
            if end > start + 2 && word_len(self.rest(end)) == 0 {
                return self.token(HEX, end - start);
            }
        }
        let mut end = digits(self, start, u8::is_ascii_digit);
        let mut point = false;
        if self.view.get(end) == Some(&b'.') {
            end = digits(self, end + 1, u8::is_ascii_digit);
            point = true;
        }
        if let [b'e' | b'E', tail @ ..] = self.rest(end) {
            let sign = usize::from(matches!(tail.first(), Some(b'+' | b'-')));
            let exponent = digits(self, end + 1 + sign, u8::is_ascii_digit);
            if exponent > end + 1 + sign {
                end = exponent;
            } else if point && !tail.first().is_some_and(|&byte| is_word(byte)) {
                return self.token(SCI, end + 1 - start);
            }
        }
        let letters = word_len(self.rest(end));
        if letters > 0 {
            let glued = words::lookup(self.view.get(end..end + letters).unwrap_or_default());
            if glued.is_name() {
                // `2nd`, `90s`, `1a2b3c`: an identifier that begins with a digit.
                self.at = end + letters;
                let mut word = Word::UNKNOWN;
                self.join(&mut word);
                return self.fold.word(word, start..self.at);
            }
        }
        self.token(NUM, end - start);
    }

    /// A string; false if it never closes, for then nothing follows.
    fn string(&mut self, start: usize, quote: u8) -> bool {
        if let Some(end) = closer(self.view, self.at + 1, quote, self.family) {
            self.at = end + 1;
            if quote == b'`' {
                self.fold.word(Word::UNKNOWN, start..self.at);
            } else {
                self.fold.token(STR, start..self.at);
            }
            true
        } else {
            self.fold.token(OPEN, start..self.view.len());
            false
        }
    }

    /// `@name`, `@@name`, `@'name'`.
    fn variable(&mut self) {
        let system = self.peek(1) == b'@';
        let name = self.at + 1 + usize::from(system);
        let len = word_len(self.rest(name));
        self.token(if system && len > 0 { SYSTEM } else { VAR }, name + len - self.at);
    }

    /// `$1`, `$tag$...$tag$`.
    fn dollar(&mut self) {
        let tag = 1 + self
            .rest(self.at + 1)
            .iter()
            .take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'_')
            .count();
        let body = self.at + tag + 1;
        if self.peek(tag) == b'$' && self.delimited {
            let tag = self.view.get(self.at..body).unwrap_or_default();
            match memmem::find(self.rest(body), tag) {
                Some(len) => return self.token(STR, len + 2 * tag.len()),
                None => self.delimited = false,
            }
        }
        self.token(if tag > 1 { NAME } else { ODD }, tag);
    }

    /// `[name]` is a quoted identifier; any other bracket stands alone.
    fn bracket(&mut self) {
        let inside = self
            .rest(self.at + 1)
            .iter()
            .take_while(|&&byte| is_word(byte) || matches!(byte, b' ' | b'.' | b'-'))
            .count();
        if inside > 0 && self.peek(inside + 1) == b']' {
            let name = self.view.get(self.at + 1..=self.at + inside).unwrap_or_default();
            let word = words::lookup(name);
            let token = if word.plain == SYSTEM { SYSTEM } else { NAME };
            self.token(token, inside + 2);
        } else {
            self.token(ODD, 1);
        }
    }

    /// Whether `--` here begins a comment.
    fn dashes(&self) -> bool {
        self.family == Family::Ansi || is_comment_start(self.view.get(self.at + 2))
    }

    /// A comment to the end of the line; false if nothing follows it.
    fn line_comment(&mut self, token: SqlToken) -> bool {
        match memchr(b'\n', self.rest(self.at)) {
            Some(len) => {
                self.fold.glue(self.at..self.at + len);
                self.at += len + 1;
                true
            }
            None => {
                self.token(token, self.view.len());
                false
            }
        }
    }

    /// `/* ... */`; false if it never closes.
    fn block_comment(&mut self) -> bool {
        if self.peek(2) == b'!' && self.family == Family::Mysql {
            let version = self.rest(self.at + 3).iter().take_while(|b| b.is_ascii_digit()).count();
            self.conditional = true;
            self.token(COND, 3 + version);
            return true;
        }
        match memmem::find(self.rest(self.at + 2), b"*/") {
            Some(len) => {
                let end = self.at + 2 + len + 2;
                if self.tight(self.at, end) {
                    self.fold.glue(self.at..end);
                }
                self.at = end;
                true
            }
            None => {
                self.token(CUT, self.view.len());
                false
            }
        }
    }

    /// Whether a comment touches text on both sides, as one that replaces a blank does.
    fn tight(&self, start: usize, end: usize) -> bool {
        let touches = |at: Option<usize>| {
            at.and_then(|at| self.view.get(at)).is_some_and(|&byte| !is_blank(byte))
        };
        touches(start.checked_sub(1)) && touches(Some(end))
    }
}

/// Where the string that is open at `from` ends: the first `quote` that is neither doubled nor escaped. O(len).
fn closer(view: &[u8], from: usize, quote: u8, family: Family) -> Option<usize> {
    let escape = if family == Family::Mysql && quote != b'`' { b'\\' } else { quote };
    let mut at = from;
    loop {
        at += memchr2(quote, escape, view.get(at..)?)?;
        if view.get(at) == Some(&quote) && view.get(at + 1) != Some(&quote) {
            return Some(at);
        }
        at += 2;
    }
}

fn between_letters(view: &[u8], at: usize) -> bool {
    let letter = |at: Option<usize>| {
        at.and_then(|at| view.get(at))
            .is_some_and(|&byte| byte.is_ascii_alphabetic() || byte >= 128)
    };
    letter(at.checked_sub(1)) && letter(Some(at + 1))
}

/// Bytes that begin an identifier.
const fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 128
}

/// Bytes of an identifier.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 128
}

/// Blanks, and the control bytes that some server takes for one.
const fn is_blank(byte: u8) -> bool {
    byte <= b' ' || byte == 127
}

/// Length of the identifier that `rest` begins with. A no-break space ends it, in Latin-1 as in UTF-8.
fn word_len(rest: &[u8]) -> usize {
    let mut len = 0;
    for (at, &byte) in rest.iter().enumerate() {
        let ascii_before = at == 0 || rest.get(at - 1).is_some_and(u8::is_ascii);
        let no_break =
            (byte == 0xA0 && ascii_before) || (byte == 0xC2 && rest.get(at + 1) == Some(&0xA0));
        if !is_word(byte) || no_break {
            break;
        }
        len = at + 1;
    }
    len
}
