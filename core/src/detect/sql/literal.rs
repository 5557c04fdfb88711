//! Lexing of literals and quoted names: strings in all their spellings, numbers, variables.

use memchr::{memchr2, memmem};

use super::SqlToken::*;
use super::lex::{Family, Lexer, is_blank, is_word, word_len};
use super::words::{self, Word};
use crate::detect::segment::Sink;

/// What ends a string of Oracle that begins with `q'` and this byte.
pub(crate) const fn closing(open: u8) -> u8 {
    match open {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        b'<' => b'>',
        other => other,
    }
}

impl<S: Sink> Lexer<'_, '_, S> {
    /// A string behind the letter that says how it is written; false if it is none.
    pub(super) fn prefixed(&mut self, letter: u8, start: usize, quote: usize) -> bool {
        let token = match letter {
            b'x' => HEX,
            b'n' | b'e' | b'b' => STR,
            b'q' if self.delimited => {
                let Some(&open) = self.view.get(quote + 1) else { return false };
                let close = closing(open);
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
    pub(super) fn number(&mut self) {
        let start = self.at;
        let digits = |lexer: &Self, at: usize, is: fn(&u8) -> bool| {
            at + lexer.rest(at).iter().take_while(|&byte| is(byte)).count()
        };
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') {
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
                self.join(&[], &mut word);
                return self.fold.word(word, start..self.at);
            }
        }
        self.token(NUM, end - start);
    }

    /// A string; false if it never closes, for then nothing follows.
    pub(super) fn string(&mut self, start: usize, quote: u8) -> bool {
        if let Some(end) = closer(self.view, self.at + 1, quote, self.family) {
            self.at = end + 1;
            if quote == b'`' {
                self.fold.word(Word::UNKNOWN, start..self.at);
            } else {
                self.fold.token(STR, start..self.at);
            }
            true
        } else {
            // The application can close it only with its own quote; and after a blank it reads
            // like the rest of a sentence.
            let foreign = self.quote.map_or(quote == b'`', |own| own != quote);
            let rest = self.rest(start + 1);
            let sentence =
                rest.first().is_some_and(|&byte| is_blank(byte)) && !rest.trim_ascii().is_empty();
            let token = if foreign || sentence || self.mentions(start) { TAIL } else { OPEN };
            self.fold.token(token, start..self.view.len());
            false
        }
    }

    /// Whether the quotes that closed and open here are two around one word: `state="OR"`, `say 'like'`. What is compared
    /// with a text that no number or word of truth begins is false, so nobody gains by that.
    fn mentions(&self, open: usize) -> bool {
        let Some(closed) = self.closed else { return false };
        let before = closed.checked_sub(1).and_then(|at| self.view.get(at));
        let word = self.view.get(closed + 1..open).unwrap_or_default();
        let text = self.rest(open + 1).trim_ascii_start();
        before.is_some_and(|byte| is_blank(*byte) || b"=(,:[".contains(byte))
            && !word.is_empty()
            && word.iter().all(u8::is_ascii_alphabetic)
            && !matches!(text, [b'1'..=b'9' | b'.' | b'+' | b'-' | b't' | b'T' | b'y' | b'Y', ..])
    }

    /// `@name`, `@@name`, `@'name'`.
    pub(super) fn variable(&mut self) {
        let system = self.peek(1) == b'@';
        let name = self.at + 1 + usize::from(system);
        let len = word_len(self.rest(name));
        let quoted = matches!(self.view.get(name), Some(b'\'' | b'"' | b'`'));
        let token = match (len, quoted) {
            (0, false) => ODD,
            (0, true) => VAR,
            _ if system => SYSTEM,
            _ => VAR,
        };
        self.token(token, name + len - self.at);
    }

    /// `$1`, `$tag$...$tag$`.
    pub(super) fn dollar(&mut self) {
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
    pub(super) fn bracket(&mut self) {
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
}

/// Where the string that is open at `from` ends: the first `quote` that is neither doubled nor escaped. O(len).
pub(super) fn closer(view: &[u8], from: usize, quote: u8, family: Family) -> Option<usize> {
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
