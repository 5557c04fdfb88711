//! Lexing: bytes to raw tokens, in the union of the dialects.
//!
//! One pass, no allocation. Every byte is looked at a bounded number of times:
//!
//! - blanks after a word are skipped once;
//! - a string or block comment that never closes ends the pass, as it ends the statement;
//! - `$tag$` and `q'[` are searched to the end in vain once at most, then no longer believed;
//! - `[name]` looks ahead no further than the next byte that cannot be part of a name.

use memchr::{memchr, memchr_iter, memmem};

use super::SqlToken::{self, *};
use super::fold::Fold;
use super::literal::closer;
use super::words::{self, Word};
use crate::detect::segment::Sink;

/// Comments inside of one word that are believed.
const PIECES: usize = 8;

/// What a comment at the end of a value may say and still be there for nothing but to cut off what the application appends: so
/// many bytes without letters or digits, or after a sure mark (`-- `) one word, which tools put behind it so that the blank is
/// not trimmed.
const FILLER: usize = 12;

fn is_filler(text: &[u8], word: bool) -> bool {
    let mut words =
        text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    text.len() <= FILLER && words.nth(usize::from(word)).is_none()
}

/// Whether the value ends as a comment that cuts off what follows. O(1); overstates.
pub(super) fn may_stop(view: &[u8]) -> bool {
    let tail = view.get(view.len().saturating_sub(FILLER + 2)..).unwrap_or_default();
    tail.windows(2).any(|pair| pair == b"--")
}

/// On which side of the contradictions between dialects the value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `MySQL` and its kin: `#` begins a comment, `--` only before a blank, `\` escapes in strings, `/*! */` holds code.
    Mysql,
    /// The others: `--` always begins a comment, `#` and `\` are plain bytes.
    Ansi,
}

impl Family {
    /// Whether the two families could read `view` differently. O(len).
    pub(super) fn matters(view: &[u8]) -> bool {
        // A backslash escapes nothing but quotes, and `\N` is a word.
        let escapes = |at| matches!(view.get(at + 1), Some(b'\'' | b'"' | b'N'));
        // PERF: `memmem` for "--" would build its searcher for every value, at twice the cost of the rest.
        memchr(b'#', view).is_some()
            || memchr_iter(b'\\', view).any(escapes)
            || memchr_iter(b'!', view)
                .any(|at| view.get(..at).is_some_and(|before| before.ends_with(b"/*")))
            || memchr_iter(b'-', view)
                .any(|at| view.get(at + 1) == Some(&b'-') && !is_comment_start(view.get(at + 2)))
    }
}

/// Whether `--` before this byte is a comment in every dialect. The end counts, since what the application appends is
/// unknown, and so does a plus, which was a blank before somebody decoded the value halfway.
fn is_comment_start(next: Option<&u8>) -> bool {
    next.is_none_or(|&byte| is_blank(byte) || byte == b'+')
}

/// Lexes `view`; inside a string if there is a quote. False if that string never closes. O(len).
pub(super) fn lex<S: Sink>(quote: Option<u8>, family: Family, view: &[u8], sink: &mut S) -> bool {
    let mut lexer = Lexer {
        view,
        at: 0,
        quote,
        family,
        fold: Fold::new(view, sink),
        closed: None,
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
        lexer.closed = Some(end);
        lexer.at = end + 1;
    }
    while lexer.fold.parses() && lexer.step() {}
    lexer.fold.finish();
    true
}

/// The state of one pass; its literals are lexed in `literal.rs`.
pub(super) struct Lexer<'v, 's, S> {
    pub(super) view: &'v [u8],
    pub(super) at: usize,
    /// The quote of the string around the value.
    pub(super) quote: Option<u8>,
    pub(super) family: Family,
    pub(super) fold: Fold<'v, 's, S>,
    /// Where the string around the value was closed.
    pub(super) closed: Option<usize>,
    /// Inside `/*! ... */`.
    conditional: bool,
    /// Whether strings delimited by words (`$tag$`) may still close: false after one did not.
    pub(super) delimited: bool,
}

impl<'v, S: Sink> Lexer<'v, '_, S> {
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.view.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The view from `at` on.
    pub(super) fn rest(&self, at: usize) -> &'v [u8] {
        self.view.get(at..).unwrap_or_default()
    }

    /// Sends a token of `len` bytes.
    pub(super) fn token(&mut self, token: SqlToken, len: usize) {
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
            // General punctuation: dashes, typographic quotes. No letters of any script.
            0xE2 if matches!(next, 0x80 | 0x81) => self.token(ODD, 3),
            128.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'.' if next.is_ascii_digit() => self.number(),
            b'\'' | b'"' | b'`' => return self.string(self.at, byte),
            b'-' if next == b'-' && self.dashes() => {
                let sure = is_comment_start(self.view.get(self.at + 2));
                return self.line_comment(2, if sure { CUT } else { HASH });
            }
            b'-' if next == b'>' => self.token(OP, if self.peek(2) == b'>' { 3 } else { 2 }),
            b'#' if self.family == Family::Mysql => return self.line_comment(1, HASH),
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
            b'=' if next == b'>' => self.token(OP, 2),
            b'=' => self.comparison(1),
            b'<' if next == b'@' => self.token(OP, 2),
            b'@' if next == b'>' => self.token(OP, 2),
            b'<' | b'>' if next == byte => self.token(ARITH, 2),
            b'<' | b'>' => self.comparison(1),
            b'!' if next == b'~' => self.comparison(if self.peek(2) == b'*' { 3 } else { 2 }),
            b'!' if matches!(next, b'=' | b'<' | b'>') => self.comparison(2),
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
            b'\\' if next == b'N' && self.family == Family::Mysql => self.token(LIT, 2),
            _ => self.token(ODD, 1),
        }
        true
    }

    /// A comparison of `least` bytes or more: `<=`, `<>`, `==`, `<=>`.
    fn comparison(&mut self, least: usize) {
        let more = self.rest(self.at + least).iter().take(2);
        let more = more.take_while(|&&byte| matches!(byte, b'=' | b'>')).count();
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
        if first.eq_ignore_ascii_case(b"not") || first.eq_ignore_ascii_case(b"binary") {
            self.fold.modifier();
            self.at = end;
            return;
        }
        let mut word = words::lookup(first);
        self.at = end;
        if self.view.get(end) == Some(&b'/') {
            word = self.mend(first, word);
        } else if word.is_name() {
            self.join(first, &mut word);
        }
        self.fold.word(word, start..self.at);
    }

    /// A word that comments follow without a blank: filters that remove comments make one word of the pieces
    /// (`SEL/**/ECT`), and a function may stand so before its parenthesis (`sleep/**/(5)`). Looks ahead no further than the
    /// longest word of the tables and [`PIECES`] comments without text.
    fn mend(&mut self, first: &[u8], word: Word) -> Word {
        let mut whole = [0; words::LONGEST];
        let Some(slot) = whole.get_mut(..first.len()) else { return word };
        slot.copy_from_slice(first);
        let (mut len, mut at, mut found) = (first.len(), self.at, None);
        for _ in 0..PIECES {
            if !self.rest(at).starts_with(b"/**/") {
                break;
            }
            at += 4;
            let rest = self.rest(at);
            if rest.first() == Some(&b'(') && !matches!(word.call, CALL) {
                found = found.or(Some((word, at)));
                break;
            }
            let near = rest.get(..=words::LONGEST).unwrap_or(rest);
            let piece = near.get(..word_len(near)).unwrap_or_default();
            // `is/**/null` is two words.
            let own = words::lookup(piece);
            if piece.is_empty() || !(word.is_name() || own.is_name()) {
                break;
            }
            let Some(slot) = whole.get_mut(len..len + piece.len()) else { break };
            slot.copy_from_slice(piece);
            len += piece.len();
            at += piece.len();
            let joined = words::lookup(whole.get(..len).unwrap_or_default());
            if !joined.is_name() {
                found = Some((joined, at));
            }
        }
        let Some((word, end)) = found else { return word };
        let start = self.at - first.len();
        self.fold.glue(start..start);
        self.at = end;
        word
    }

    /// Takes `.name`, `..name`, `:name`, `@host.name` after a name: all together are one identifier,
    /// which is what its weightiest part is.
    pub(super) fn join(&mut self, mut last: &'v [u8], word: &mut Word) {
        while matches!(self.peek(0), b'.' | b':' | b'@') {
            let gap = match *self.rest(self.at) {
                [b'.', b'.', next, ..] if is_word_start(next) => 2,
                [_, next, ..] if is_word_start(next) => 1,
                _ => return,
            };
            let start = self.at + gap;
            let end = start + word_len(self.rest(start));
            let part = words::lookup(self.view.get(start..end).unwrap_or_default());
            let weighty = |token| matches!(token, SYSTEM | RISKY | DELAY);
            if weighty(part.plain) || weighty(part.call) {
                *word = part;
            } else if self.peek(0) == b'.' && words::is_system_schema(last) {
                *word = Word::SYSTEM;
            } else if !weighty(word.plain) {
                *word = Word::UNKNOWN;
            }
            last = self.view.get(start..end).unwrap_or_default();
            self.at = end;
        }
    }

    /// Whether `--` here begins a comment.
    fn dashes(&self) -> bool {
        self.family == Family::Ansi || is_comment_start(self.view.get(self.at + 2))
    }

    /// A comment to the end of the line, behind a mark of so many bytes; false if nothing follows it.
    fn line_comment(&mut self, mark: usize, token: SqlToken) -> bool {
        if let Some(len) = memchr(b'\n', self.rest(self.at)) {
            self.fold.glue(self.at..self.at + len);
            self.at += len + 1;
            true
        } else {
            let stops = is_filler(self.rest(self.at + mark), token == CUT);
            self.last_comment(token, stops);
            false
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
        if let Some(len) = memmem::find(self.rest(self.at + 2), b"*/") {
            let end = self.at + 2 + len + 2;
            if self.tight(self.at, end) {
                self.fold.glue(self.at..end);
            }
            self.at = end;
            true
        } else {
            let stops = is_filler(self.rest(self.at + 2), false);
            self.last_comment(if stops { CUT } else { HASH }, stops);
            false
        }
    }

    /// A comment that goes on to the end of the value; whether it is there for nothing but that.
    fn last_comment(&mut self, token: SqlToken, stops: bool) {
        self.token(token, self.view.len());
        if stops {
            self.token(GLUE, 0);
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
pub(super) fn is_word(byte: u8) -> bool {
    WORD_BYTES[byte as usize]
}

static WORD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii =
            (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' || byte as u8 == b'$';
        table[byte] = ascii || byte >= 128;
        byte += 1;
    }
    table
};

/// Blanks, and the control bytes that some server takes for one.
pub(super) const fn is_blank(byte: u8) -> bool {
    byte <= b' ' || byte == 127
}

/// Length of the identifier that `rest` begins with. A no-break space ends it, in Latin-1 as in UTF-8, and so
/// does general punctuation.
pub(super) fn word_len(rest: &[u8]) -> usize {
    for (at, &byte) in rest.iter().enumerate() {
        if byte < 128 {
            if !is_word(byte) {
                return at;
            }
            continue;
        }
        let next = rest.get(at + 1);
        let after_ascii = at == 0 || rest.get(at - 1).is_some_and(u8::is_ascii);
        if (byte == 0xA0 && after_ascii)
            || (byte == 0xC2 && next == Some(&0xA0))
            || (byte == 0xE2 && matches!(next, Some(0x80 | 0x81)))
        {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::segment::Recorder;
    use crate::detect::sql::SqlToken;

    fn tokens(quote: Option<u8>, family: Family, value: &str) -> String {
        let mut recorder = Recorder::default();
        if !lex(quote, family, value.as_bytes(), &mut recorder) {
            return "dead".into();
        }
        let names = recorder.tokens.iter().map(|(token, _)| SqlToken::NAMES[*token as usize]);
        names.collect::<Vec<_>>().join(" ")
    }

    fn bare(value: &str) -> String {
        tokens(None, Family::Mysql, value)
    }

    fn quoted(value: &str) -> String {
        tokens(Some(b'\''), Family::Mysql, value)
    }

    #[test]
    fn literals() {
        assert_eq!(
            bare("1, 1.5, .5, 1e9, 0x4F, 1.e(2)"),
            "NUM COMMA NUM COMMA NUM COMMA NUM COMMA HEX COMMA SCI LP NUM"
        );
        assert_eq!(bare("2nd, 0xyz, 5px"), "NAME COMMA NAME COMMA NAME");
        assert_eq!(bare("'a''b', \"c\", 'd\\'e', x'41'"), "STR COMMA STR COMMA STR COMMA HEX");
        assert_eq!(bare("q'[it's]', $t$ a $ b $t$, $1"), "STR COMMA STR COMMA NAME");
        assert_eq!(
            bare("`a b`, [c d], [c, @v, @@v"),
            "NAME COMMA NAME COMMA ODD NAME COMMA VAR COMMA SYSTEM"
        );
    }

    #[test]
    fn keywords_may_touch_numbers() {
        assert_eq!(bare("1union"), "NUM UNION");
        assert_eq!(bare("1e1union"), "NUM UNION");
        assert_eq!(bare("1.union"), "NUM UNION");
        assert_eq!(bare("1\\Nunion"), "NUM LIT UNION");
    }

    #[test]
    fn names_are_joined() {
        assert_eq!(bare("a.b.c"), "NAME");
        assert_eq!(bare("x@example.com"), "NAME");
        assert_eq!(bare("master..whatever"), "SYSTEM");
        assert_eq!(bare("a.sleep(1)"), "DELAY NUM");
        assert_eq!(bare("from.t"), "FROM DOT NAME");
    }

    #[test]
    fn a_call_needs_its_parenthesis() {
        assert_eq!(bare("sleep (1)"), "DELAY NUM");
        assert_eq!(bare("sleep"), "NAME");
        assert_eq!(bare("user(1)"), "FUNC NUM");
        assert_eq!(bare("user (1)"), "NAME LP NUM");
        assert_eq!(bare("nobody(1)"), "CALL NUM");
    }

    #[test]
    fn comparisons_of_constants_become_one_token() {
        assert_eq!(bare("1=1"), "TAUT");
        assert_eq!(bare("(1) <= ((2))"), "CONST");
        assert_eq!(bare("'a' not like 'a'"), "TAUT");
        assert_eq!(bare("- 1 = + !1"), "TAUT");
        assert_eq!(bare("n % 10 = 1"), "NAME ARITH NUM CMP NUM");
        assert_eq!(bare("'a'='a"), "TAUT OPEN");
        assert_eq!(bare("n = 1"), "NAME CMP NUM");
        assert_eq!(bare("1 or User=USER"), "NUM LOGIC TAUT");
        assert_eq!(bare("x = y"), "NAME CMP NAME");
        assert_eq!(bare("x = x.y"), "NAME CMP NAME");
        assert_eq!(bare("x = 1 = 1"), "NAME CMP NUM CMP NUM");
    }

    #[test]
    fn comments_are_blanks_or_ends() {
        assert_eq!(bare("1/**/or/**/2"), "NUM GLUE LOGIC NUM");
        assert_eq!(bare("1 /* */ or /* */ 2"), "NUM LOGIC NUM");
        assert_eq!(bare("1#a\nor 2"), "NUM GLUE LOGIC NUM");
        assert_eq!(bare("1 # or 2"), "NUM HASH");
        assert_eq!(bare("1 -- or 2"), "NUM CUT");
        assert_eq!(bare("1 --"), "NUM CUT GLUE");
        assert_eq!(bare("1 -- wXyZ"), "NUM CUT GLUE");
        assert_eq!(bare("1 # "), "NUM HASH GLUE");
        assert_eq!(bare("1 # x"), "NUM HASH");
        assert_eq!(bare("1 /*"), "NUM CUT GLUE");
        assert_eq!(bare("1 /* or 2"), "NUM HASH");
        assert_eq!(bare("1 */ or 2"), "NUM RPX LOGIC NUM");
        assert_eq!(bare("1/*!50000or*/2"), "NUM COND LOGIC NUM");
    }

    #[test]
    fn words_are_mended_through_comments() {
        assert_eq!(bare("1 un/**/ion sel/**/ect/**/2"), "NUM GLUE UNION SELECT NUM");
        assert_eq!(bare("1 O/**/R 2"), "NUM GLUE LOGIC NUM");
        assert_eq!(bare("1 is/**/null"), "NUM IS GLUE LIT");
        assert_eq!(bare("sleep/**/(5)"), "GLUE DELAY NUM");
        assert_eq!(bare("1 and/**/name"), "NUM LOGIC GLUE NAME");
    }

    #[test]
    fn families_differ_where_dialects_do() {
        let ansi = |value| tokens(None, Family::Ansi, value);
        assert_eq!(ansi("1 # or 2"), "NUM ARITH LOGIC NUM");
        assert_eq!(ansi("1--or 2"), "NUM HASH");
        assert_eq!(bare("1--1 or 2"), "NUM SIGN NUM LOGIC NUM");
        assert_eq!(tokens(Some(b'\''), Family::Ansi, "a\\' or 1=1"), "CLOSE LOGIC TAUT");
        assert_eq!(quoted("a\\' or 1=1"), "dead");
    }

    #[test]
    fn the_string_around_the_value() {
        assert_eq!(quoted("no quote"), "dead");
        assert_eq!(quoted("a '' b"), "dead");
        assert_eq!(quoted("a' or 'b'='b"), "CLOSE LOGIC TAUT OPEN");
        assert_eq!(quoted("a'or 1"), "APOS LOGIC NUM");
        assert_eq!(quoted("a') or (1=1"), "CLOSE RPX LOGIC TAUT");
        assert_eq!(quoted("a' and ' b c"), "CLOSE LOGIC TAIL");
        assert_eq!(tokens(Some(b'`'), Family::Mysql, "a` where 1=1"), "TICK WHERE TAUT");
    }

    #[test]
    fn nothing_counts_after_what_no_dialect_parses() {
        assert_eq!(bare("three little words or 1=1"), "NAME NAME");
        assert_eq!(bare("1 or 1=1 three little words union"), "NUM LOGIC TAUT NAME");
        assert_eq!(bare("'a' 'b' 'c' or 1"), "STR STR STR LOGIC NUM");
        assert_eq!(quoted("O'Brien and Sons union select"), "APOS NAME");
        assert_eq!(quoted("O'Brien Smith union select"), "APOS NAME");
        assert_eq!(quoted("5'10 union select"), "CLOSE");
        assert_eq!(bare("1 or (2; drop table t"), "NUM LOGIC NUM");
        assert_eq!(quoted("a'); drop table t"), "CLOSE RPX SEMI DDL OBJECT NAME");
        assert_eq!(quoted("a' x, 2 from t"), "CLOSE NAME COMMA NUM FROM NAME");
    }

    #[test]
    fn signs_between_keywords_are_blanks() {
        assert_eq!(quoted("a'+union+select+1"), "CLOSE UNION SELECT NUM");
        assert_eq!(quoted("a'+'b"), "CLOSE SIGN OPEN");
        assert_eq!(bare("1-(select 2)"), "NUM SIGN LP SELECT NUM");
        assert_eq!(bare("1-(2)"), "NUM SIGN NUM");
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert_eq!(bare("1\u{a0}or\u{a0}2"), "NUM LOGIC NUM");
        assert_eq!(bare("1\u{2013}2"), "NUM ODD NUM");
        let mut recorder = Recorder::default();
        assert!(lex(None, Family::Mysql, b"1\xa0or\xff\xe2", &mut recorder));
    }
}
