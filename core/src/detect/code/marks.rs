//! What begins with a sign: variables, annotations, comments, strings, tags and quotes with a name.

use super::lex::Lexer;
use super::text;
use super::words::{self, CodeToken as T};
use crate::detect::segment::Sink;
use crate::detect::shell;

impl<S: Sink> Lexer<'_, '_, S> {
    /// `$name`, a superglobal, or a lone sign.
    pub(super) fn variable(&mut self) {
        let rest = self.rest();
        let signs = rest.iter().take_while(|&&b| b == b'$').count();
        let inner = rest.get(signs..).unwrap_or_default();
        // `${'_GET'}` names a variable by a string.
        let quoted = match inner {
            [b'{', quote @ (b'\'' | b'"'), name @ ..] => Some((*quote, name)),
            _ => None,
        };
        if let Some((quote, name)) = quoted {
            let (len, closes) = text::string(name, quote);
            let end = signs + 2 + len + usize::from(closes);
            let end = end + usize::from(rest.get(end) == Some(&b'}'));
            let is_super = is_superglobal(name.get(..len).unwrap_or_default());
            self.operand(if is_super { T::NAME_STRING } else { T::VAR }, end);
            self.known = is_super;
            return;
        }
        let len = text::name(inner);
        if len == 0 {
            self.at += signs;
            return;
        }
        let token =
            if is_superglobal(inner.get(..len).unwrap_or_default()) { T::SUPER } else { T::VAR };
        self.operand(token, signs + len);
        self.known = token == T::SUPER;
    }

    /// `@` silences in PHP, names statics in OGNL, annotates in Java.
    pub(super) fn at_sign(&mut self) {
        let rest = self.rest();
        let name = rest.get(1..).unwrap_or_default();
        let len = name
            .iter()
            .take_while(|&&b| text::continues_name(b) || matches!(b, b'.' | b'$'))
            .count();
        let whole = name.get(..len).unwrap_or_default();
        let package = whole.split(|&b| b == b'.').next().unwrap_or_default();
        if words::STATICS.iter().any(|known| package.eq_ignore_ascii_case(known))
            && name.get(package.len()) == Some(&b'.')
            && name.get(len) == Some(&b'@')
        {
            self.operand(T::STATIC, len + 2);
            self.member = Some(true);
            self.operand = true;
            return;
        }
        self.at += 1;
    }

    /// `#` begins a comment, or names a variable in OGNL.
    pub(super) fn hash(&mut self) {
        let rest = self.rest();
        let len = text::name(rest.get(1..).unwrap_or_default());
        if rest.get(1) == Some(&b'{') {
            self.at += 1;
        } else if self.last == T::SEMI || len == 0 {
            self.comment();
        } else if !self.operand {
            self.operand(T::VAR, 1 + len);
        } else {
            self.juxtaposed();
            self.at += 1;
        }
    }

    pub(super) fn comment(&mut self) {
        let rest = self.rest();
        let len = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        self.emit(T::COMMENT, self.at, len);
    }

    pub(super) fn string(&mut self, quote: u8) {
        // An apostrophe in a word opens no string.
        let before = self.at.checked_sub(1).and_then(|at| self.view.get(at));
        if self.operand && before.is_some_and(|&b| text::continues_name(b)) {
            self.juxtaposed();
            self.at += 1;
            return;
        }
        let inside = self.view.get(self.at + 1..).unwrap_or_default();
        let (len, closes) = text::string(inside, quote);
        let inner = inside.get(..len).unwrap_or_default();
        let mut token = text::says(inner);
        let joins = self.last == T::CONCAT && self.joined.pieces > 0;
        if !joins {
            self.joined.clear();
        }
        self.joined.push(inner);
        if joins && token == T::STRING {
            token = text::says(self.joined.text());
        }
        self.piece(token, 1 + len + usize::from(closes));
        self.known = false;
    }

    /// A command in back-ticks; else it is a string of some kind.
    pub(super) fn backtick(&mut self) {
        let inside = self.view.get(self.at + 1..).unwrap_or_default();
        let (len, closes) = text::string(inside, b'`');
        let inner = inside.get(..len).unwrap_or_default();
        let is_run = text::is_command(inner) || inner.starts_with(b"$_");
        let token = if is_run { T::BACKTICK } else { text::says(inner) };
        self.operand(token, 1 + len + usize::from(closes));
        self.known = false;
    }

    pub(super) fn slash(&mut self) {
        let rest = self.rest();
        match rest.get(1) {
            Some(b'*') => {
                let end = memchr::memmem::find(rest, b"*/").map_or(rest.len(), |at| at + 2);
                if self.last == T::TAG {
                    self.emit(T::COMMENT, self.at, end.max(2));
                } else {
                    self.at += end.max(2);
                }
            }
            // Not that of a URL.
            Some(b'/') if self.last != T::OP => self.comment(),
            _ => self.take(T::OP, 1, false),
        }
    }

    /// `<?php`, `<?=`; else an operator.
    pub(super) fn less(&mut self) {
        let rest = self.rest();
        let len = match rest {
            [b'<', b'?', b'=', ..] => 3,
            [b'<', b'?', b'p' | b'P', b'h' | b'H', b'p' | b'P', ..] => 5,
            [b'<', b'?', b' ' | b'\n' | b'\r' | b'\t', ..] => 2,
            _ => return self.take(T::OP, 1, false),
        };
        self.take(T::TAG, len, false);
    }

    /// `%x(…)` of Ruby; else an operator.
    pub(super) fn percent(&mut self) {
        let rest = self.rest();
        match rest {
            [b'%', b'x', b'(' | b'{' | b'[' | b'|' | b'<' | b'!', ..] if !self.operand => {
                self.quoted(2);
            }
            _ => self.take(T::OP, 1, false),
        }
    }

    /// A command in quotes of its own kind, `%x(…)`, `qx{…}`: the name, the quote, and what it begins with.
    pub(super) fn quoted(&mut self, len: usize) {
        self.operand(T::PROCESS, len);
        self.take(T::CALL, 1, false);
        let len = text::name(self.rest());
        if shell::is_command(self.rest().get(..len).unwrap_or_default()) {
            self.operand(T::COMMAND_STRING, len);
        }
    }
}

/// `qx(`, `qx{`, `qx/` of Perl.
pub(super) fn is_quoted(name: &[u8], next: &[u8]) -> bool {
    name == b"qx" && matches!(next.first(), Some(b'(' | b'{' | b'/' | b'[' | b'|'))
}

fn is_superglobal(name: &[u8]) -> bool {
    words::SUPERGLOBALS.iter().any(|known| name.eq_ignore_ascii_case(known))
}
