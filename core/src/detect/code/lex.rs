//! Bytes to code tokens.
//!
//! One pass, in which each byte is taken once; no stack: brackets are counted by kind. Nothing here fails. What cannot be code is
//! told as [`PROSE`](super::CodeToken::PROSE), and the weights make it the end of any evidence.

use std::ops::Range;

use super::calls::{
    begins_prose, call_len, calls_known_at, is_file_class, is_package, is_prose, is_variable,
    mention,
};
use super::marks::is_quoted;
use super::text::{self, Joined};
use super::words::{self, CodeToken as T, Word};
use crate::detect::segment::Sink;
use crate::detect::shell;

/// What ends the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The end of the value.
    End,
    /// These bytes; a single bracket only outside of those that were opened inside.
    At(&'static [u8]),
}

/// The lexer, at some place of a view.
pub(crate) struct Lexer<'v, 's, S> {
    pub(super) view: &'v [u8],
    pub(crate) at: usize,
    sink: &'s mut S,
    /// An operand ended: an operator, a call or an end may follow.
    pub(super) operand: bool,
    /// A line ended since.
    newline: bool,
    pub(super) last: T,
    /// A member follows, of something that is known or not.
    pub(super) member: Option<bool>,
    /// What the operand before belongs to is known.
    pub(super) known: bool,
    /// The strings of which the operand is put together.
    pub(super) joined: Joined,
    round: u32,
    square: u32,
    curly: u32,
    /// The innermost 64 open brackets, as bits: whether what they end is known.
    knowns: u64,
    /// Whether they only group.
    groups: u64,
}

/// Operands by their token.
const STRINGS: u64 = T::STRING.bit()
    | T::NAME_STRING.bit()
    | T::MODULE_STRING.bit()
    | T::DUNDER_STRING.bit()
    | T::COMMAND_STRING.bit()
    | T::PATH_STRING.bit()
    | T::CODE_STRING.bit()
    | T::CLOSE_STRING.bit();

/// What may be called though it is no name.
const CALLED: u64 = T::CLOSE.bit() | T::INDEX.bit() | T::VAR.bit() | T::SUPER.bit() | STRINGS;

/// Tokens behind which a statement begins.
const BEGINS: u64 = T::START.bit()
    | T::SEMI.bit()
    | T::TAG.bit()
    | T::OPEN.bit()
    | T::WEAK.bit()
    | T::ALONE.bit()
    | T::DIRECTIVE.bit()
    | T::CLOSE_STRING.bit()
    | T::OUT.bit()
    | T::KEYWORD.bit()
    | T::ASSIGN.bit()
    | T::CONCAT.bit()
    | T::PAREN.bit()
    | T::CALL.bit()
    | T::PRINT.bit()
    | T::OP.bit()
    | T::COMMA.bit();

impl<'v, 's, S: Sink> Lexer<'v, 's, S> {
    /// At the start of `view`, or behind what `last` told.
    pub(crate) fn new(view: &'v [u8], at: usize, last: T, sink: &'s mut S) -> Lexer<'v, 's, S> {
        Lexer {
            view,
            at,
            sink,
            operand: false,
            newline: false,
            last,
            member: None,
            known: false,
            joined: Joined::EMPTY,
            round: 0,
            square: 0,
            curly: 0,
            knowns: 0,
            groups: 0,
        }
    }

    /// Leaves a string in this quote; false if the value does not, or goes on as no code does. O(len).
    pub(crate) fn leave_string(&mut self, quote: u8) -> bool {
        let Some(end) = memchr::memchr(quote, self.view) else { return false };
        self.emit(T::CLOSE_STRING, end, 1);
        self.operand = true;
        let rest = self.rest().trim_ascii_start();
        // What follows a string is an operator or an end.
        rest.first().is_some_and(|b| b".;,)]}+|&^?-*/%=<>:~#".contains(b))
    }

    /// Lexes on to the stop. O(len).
    pub(crate) fn run(&mut self, stop: Stop) {
        loop {
            self.blanks();
            let rest = self.rest();
            let Some(&byte) = rest.first() else { return };
            if let Stop::At(end) = stop
                && rest.starts_with(end)
                && (end.len() > 1 || self.is_outside(byte))
            {
                return;
            }
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
                b'$' => self.variable(),
                b'@' => self.at_sign(),
                b'#' => self.hash(),
                b'0'..=b'9' => {
                    let len = text::number(rest).max(1);
                    self.operand(T::NUMBER, len);
                }
                b'\'' | b'"' => self.string(byte),
                b'`' => self.backtick(),
                b'(' => self.open(),
                b'[' => {
                    self.square += 1;
                    self.push(self.known, !self.operand);
                    self.take(T::INDEX, 1, false);
                }
                b'{' => {
                    self.curly += 1;
                    self.push(false, false);
                    self.take(T::SEMI, 1, false);
                }
                b')' | b']' | b'}' => self.close(byte),
                b'.' | b'-' | b':' | b'?' => self.member_or_operator(byte),
                b'/' => self.slash(),
                b'<' => self.less(),
                b'%' => self.percent(),
                b';' => self.take(T::SEMI, 1, false),
                b',' => self.take(T::COMMA, 1, false),
                b'|' if rest.get(1) != Some(&b'|') => self.take(T::PIPE, 1, false),
                b'=' if !matches!(rest.get(1), Some(b'=' | b'>' | b'~')) => {
                    self.take(T::ASSIGN, 1, false);
                }
                b'+' | b'~' if self.operand => self.take(T::CONCAT, 1, false),
                b'=' | b'+' | b'*' | b'~' | b'&' | b'|' | b'^' | b'!' | b'>' => {
                    let len = rest.iter().take(3).take_while(|b| b"=+*~&|^!>".contains(b)).count();
                    self.take(T::OP, len.max(1), false);
                }
                _ => self.at += 1,
            }
        }
    }

    pub(super) fn rest(&self) -> &'v [u8] {
        self.view.get(self.at..).unwrap_or_default()
    }

    /// Whether no bracket of this kind is open.
    fn is_outside(&self, byte: u8) -> bool {
        match byte {
            b')' => self.round == 0,
            b']' => self.square == 0,
            _ => self.curly == 0,
        }
    }

    /// Sends a token of `len` bytes at `at`, and goes behind it.
    pub(super) fn emit(&mut self, token: T, at: usize, len: usize) {
        let range: Range<usize> = at..(at + len).min(self.view.len());
        self.at = range.end;
        self.last = token;
        self.sink.token(token as u8, range);
    }

    /// A token here; `operand`: whether an operand is complete behind it.
    pub(super) fn take(&mut self, token: T, len: usize, operand: bool) {
        if token != T::CONCAT {
            self.joined.clear();
        }
        self.emit(token, self.at, len);
        self.operand = operand;
        self.member = None;
        self.known = false;
    }

    /// An operand here. Behind another one it is prose, or on a line of its own the next statement.
    pub(super) fn operand(&mut self, token: T, len: usize) {
        if self.operand {
            self.joined.clear();
        }
        self.piece(token, len);
    }

    /// An operand that leaves the strings put together as they are.
    pub(super) fn piece(&mut self, token: T, len: usize) {
        self.part();
        self.emit(token, self.at, len);
        self.operand = true;
        self.newline = false;
        self.member = None;
    }

    pub(super) fn juxtaposed(&mut self) {
        if self.operand {
            self.joined.clear();
        }
        self.part();
    }

    /// Parts two operands.
    fn part(&mut self) {
        if self.operand {
            self.emit(if self.newline { T::SEMI } else { T::PROSE }, self.at, 0);
        }
    }

    fn blanks(&mut self) {
        while let Some(&byte) = self.rest().first() {
            match byte {
                b'\n' | b'\r' => self.newline = true,
                0..=b' ' | 0x7f => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let rest = self.rest();
        let len = text::name(rest).max(1);
        let name = rest.get(..len).unwrap_or_default();
        let next = rest.get(len..).unwrap_or_default();
        // A string with a prefix: `b'…'`, `f"…"`.
        if len <= 2 && matches!(next.first(), Some(b'\'' | b'"')) && self.member.is_none() {
            self.at += len;
            return;
        }
        if is_quoted(name, next) {
            return self.quoted(len);
        }
        let member = self.member.take();
        // Elixir and Ruby: `File.read!(…)`.
        let (len, next) = match next.strip_prefix(b"!") {
            Some(after) if member.is_some() && after.starts_with(b"(") => (len + 1, after),
            _ => (len, next),
        };
        let call = call_len(next);
        let found = words::lookup(name);
        #[allow(clippy::match_same_arms, reason = "the order is that of precedence")]
        let token = match (found, member) {
            (Some(Word::Keyword(token)), None) => return self.keyword(token, len),
            // What applications give is no member of anything.
            (Some(Word::Sure(T::OBJECT)), Some(_)) | (Some(Word::Sure(T::MODULE)), Some(false)) => {
                return self.plain_member(len, call.is_some());
            }
            (Some(Word::Sure(token)), _) => token,
            (Some(Word::Called(T::SYSTEM | T::OPENER | T::PRINT)), Some(false)) => T::METHOD,
            (Some(Word::Member(T::SYSTEM | T::OPENER)), Some(false)) => T::METHOD,
            (Some(Word::Called(token)), Some(_)) => token,
            (Some(Word::Called(token)), None) if call.is_some_and(|len| !is_prose(next, len)) => {
                token
            }
            // A filter of a template.
            (Some(Word::Called(token)), None) if self.last == T::PIPE => token,
            (Some(Word::Called(T::SYSTEM)), None) if self.is_quoted_command(name, next) => {
                self.operand(T::SYSTEM, len);
                self.take(T::CALL, 1, false);
                return;
            }
            (Some(Word::Called(token)), None) if self.is_command(token, next) => token,
            (Some(Word::Called(_)), None) if self.last == T::PAREN && next.starts_with(b")") => {
                T::NAME_STRING
            }
            (None | Some(Word::Called(T::OPENER)), None) if is_file_class(name, next) => T::OPENER,
            (_, None) if name == b"ENV" && next.starts_with(b"[") => T::INFO,
            (Some(Word::Member(token)), Some(true)) => token,
            (Some(Word::Member(token @ (T::DUNDER | T::REFLECT))), Some(_)) => token,
            // PHP takes a bare word for a string.
            (_, None)
                if self.last == T::CALL && next.starts_with(b")") && shell::is_command(name) =>
            {
                T::COMMAND_STRING
            }
            (_, Some(_)) => return self.plain_member(len, call.is_some()),
            _ if name.eq_ignore_ascii_case(b"t")
                && call.is_some_and(|len| is_package(next.get(len..))) =>
            {
                T::STATIC
            }
            _ if next.first() == Some(&b'.') && is_package(Some(rest)) => T::PACKAGE,
            _ if name.eq_ignore_ascii_case(b"runtime") && self.known => T::PROCESS,
            _ => T::WORD,
        };
        let is_word = token == T::WORD || token == T::METHOD;
        if member.is_some() {
            self.emit(token, self.at, len);
            self.operand = true;
        } else {
            self.operand(token, len);
        }
        // What prints, loads or opens may be given its argument without brackets.
        if matches!(token, T::PRINT | T::LOADER | T::OPENER) && call.is_none() && member.is_none() {
            self.operand = next.starts_with(b".") || next.starts_with(b":");
        }
        // Comments between a name and its bracket are nothing.
        if let Some(len) = call {
            self.at += len - 1;
        }
        self.known = !is_word || (self.known && member.is_some());
    }

    /// A member without interest: only its call is told.
    fn plain_member(&mut self, len: usize, is_called: bool) {
        let (at, name) = (self.at, self.rest().get(..len).unwrap_or_default());
        self.at += len;
        self.operand = true;
        if self.last == T::OBJECT && !is_called {
            self.emit(T::WORD, at, len);
            self.known = false;
        } else if name.eq_ignore_ascii_case(b"runtime") && self.known {
            self.emit(T::PROCESS, at, len);
        } else if !is_called && self.known {
            // Of what is known nothing is left once a member without interest was taken, but of a package all is.
            self.known = self.last == T::PACKAGE || self.last == T::STATIC;
        }
    }

    fn keyword(&mut self, token: T, len: usize) {
        // In prose they are words.
        if self.operand && !self.newline && matches!(token, T::NEW | T::LOADER) {
            self.juxtaposed();
        }
        self.take(token, len, false);
        self.newline = false;
    }

    /// Whether a name that is known is a command of its language, which takes its argument without brackets.
    fn is_command(&self, token: T, next: &[u8]) -> bool {
        let begins = !self.operand || self.newline;
        match token {
            T::PRINT => begins && self.last.bit() & BEGINS != 0,
            T::LOADER => begins && matches!(next.trim_ascii_start(), [b'"' | b'\'', ..]),
            T::OPENER => begins && matches!(next.trim_ascii_start(), [b'"' | b'\'' | b'$', ..]),
            _ => false,
        }
    }

    /// `system "id"`, with one blank, as the words of the gate have it.
    fn is_quoted_command(&self, name: &[u8], next: &[u8]) -> bool {
        (!self.operand || self.newline)
            && (name.eq_ignore_ascii_case(b"system") || name.eq_ignore_ascii_case(b"exec"))
            && matches!(next, [b' ', b'"' | b'\'', ..])
    }

    fn push(&mut self, known: bool, group: bool) {
        self.knowns = self.knowns << 1 | u64::from(known);
        self.groups = self.groups << 1 | u64::from(group);
    }

    /// A bracket: of a call, if something stands before it that can be called.
    fn open(&mut self) {
        self.round += 1;
        let rest = self.rest();
        let is_spaced = self
            .at
            .checked_sub(1)
            .and_then(|at| self.view.get(at))
            .is_none_or(|&b| !(text::continues_name(b) || b"/'\")]}$".contains(&b)));
        if !self.operand
            || self.last == T::NUMBER
            || (is_spaced && begins_prose(rest.get(1..).unwrap_or_default()))
        {
            self.push(false, true);
            return self.take(T::PAREN, 1, false);
        }
        let is_named = self.known || self.last == T::METHOD || self.last == T::VAR;
        if let Some(len) = mention(rest)
            && is_named
            && self.last != T::DUNDER
        {
            self.emit(T::MENTION, self.at, len);
            self.round -= 1;
            return;
        }
        let token = if self.last.bit() & CALLED != 0 && self.is_dynamic() {
            T::DYNAMIC
        } else if self.last != T::WORD && calls_known_at(self.view, self.at) {
            T::CALL
        } else {
            T::ANY_CALL
        };
        self.push(token == T::DYNAMIC || token == T::CALL && self.last != T::METHOD, false);
        self.take(token, 1, false);
    }

    /// Whether the byte before a bracket is that of something which is no name.
    fn is_dynamic(&self) -> bool {
        let before = self.view.get(..self.at).unwrap_or_default().trim_ascii_end();
        match before {
            [.., b')' | b']' | b'}' | b'\'' | b'"'] => true,
            _ => self.last.bit() & (T::VAR.bit() | T::SUPER.bit()) != 0 && is_variable(before),
        }
    }

    fn close(&mut self, byte: u8) {
        let open = match byte {
            b')' => &mut self.round,
            b']' => &mut self.square,
            _ => &mut self.curly,
        };
        let was_open = *open > 0;
        *open = open.saturating_sub(1);
        let token = match byte {
            _ if !was_open => T::OUT,
            b'}' => T::SEMI,
            _ => T::CLOSE,
        };
        let known = self.knowns & 1 != 0 || self.groups & 1 != 0 && self.known;
        (self.knowns, self.groups) = (self.knowns >> 1, self.groups >> 1);
        self.take(token, 1, byte != b'}');
        self.known = known;
    }

    /// `.`, `->`, `::`, `?.` before a name; else an operator.
    fn member_or_operator(&mut self, byte: u8) {
        let rest = self.rest();
        let len = match rest {
            [b'.', b'.', ..] => return self.take(T::OP, 2, false),
            [b'?', b'.', ..] | [b'-', b'>', ..] | [b':', b':', ..] => 2,
            [b'.' | b':', ..] => 1,
            [b'?', ..] => return self.builtin(),
            _ => return self.take(T::OP, 1, false),
        };
        let next = rest.get(len..).unwrap_or_default();
        let blank = next.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let first = next.get(blank).copied().unwrap_or(b' ');
        let names = text::continues_name(first) && !first.is_ascii_digit();
        if byte == b':' && len == 1 {
            // A symbol of Ruby names what is called; a method of Lua is one.
            if names && blank == 0 && !self.operand {
                self.symbol();
            } else {
                self.take(T::OP, 1, false);
            }
            return;
        }
        let is_text = self.last == T::CLOSE_STRING || !names;
        if byte == b'.' && len == 1 && is_text {
            // Joins strings in PHP; ends a sentence elsewhere.
            let joins = self.operand
                && (blank == 0 || self.last != T::WORD)
                && (names || b"'\"$`@(\\~{".contains(&first));
            let token = if joins { T::CONCAT } else { T::OP };
            return self.take(token, 1, false);
        }
        if byte == b'.' && blank > 0 && !self.newline_ahead(next, blank) {
            // The end of a sentence.
            self.juxtaposed();
            self.operand = false;
            self.at += 1;
            return;
        }
        let known = self.known || self.last.bit() & STRINGS != 0;
        self.at += len + blank;
        self.member = Some(known);
        self.operand = true;
    }

    fn newline_ahead(&self, next: &[u8], blank: usize) -> bool {
        next.get(..blank).is_some_and(|blank| blank.contains(&b'\n')) || self.newline
    }

    fn symbol(&mut self) {
        let rest = self.rest();
        let len = text::name(rest.get(1..).unwrap_or_default());
        let token = text::says(rest.get(1..=len).unwrap_or_default());
        self.operand(token, 1 + len);
    }

    /// `?name` of Freemarker.
    fn builtin(&mut self) {
        let rest = self.rest();
        let name = rest.get(1..).unwrap_or_default();
        let len = text::name(name);
        let name = name.get(..len).unwrap_or_default();
        if self.operand && words::BUILTINS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            self.emit(T::BUILTIN, self.at, 1 + len);
            self.known = true;
        } else {
            self.take(T::OP, 1, false);
        }
    }
}
