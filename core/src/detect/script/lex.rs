//! JavaScript bytes to tokens, with just enough grammar to know what cannot be JavaScript.
//!
//! The lexer keeps what ECMA-262 needs to tokenize at all (whether a slash divides or begins a regular expression depends
//! on what stands before it), and since it knows that much it also knows where no program goes on: two operands side by
//! side, an operator without its operand, brackets that close what never opened. There it gives up. Prose does not get
//! past its second word.
//!
//! One pass; memory is a stack of [`Nest::DEPTH`] bracket kinds, below that brackets are only counted.

use std::ops::Range;

use super::literal::{self, End, Template};
use super::nest::{Bracket, Expect, Nest};
use super::words::{ScriptToken as T, Word, lookup};
use crate::detect::segment::Sink;

/// What surrounds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// A program, or an expression in one.
    Statement,
    /// A string in this quote, `'` or `"`, or a template in `` ` ``, that the value must close.
    String(u8),
    /// A template that stays open: the value runs in a hole of its own, `${…}`.
    Template,
    /// A block comment that the value must close.
    Comment,
}

/// Lexes `view` as what may stand there; false if no program goes on like this. O(len).
///
/// Tokens up to the breach are sent all the same. A breach behind a call of something that runs or shows counts for
/// nothing: what follows the value in the page may mend it (`alert(1);/` before another slash), and so may what an
/// application cuts off.
pub(crate) fn lex<S: Sink>(view: &[u8], start: Start, sink: &mut S) -> bool {
    let mut lexer = Lexer {
        view,
        at: 0,
        sink,
        expect: Expect::Any,
        newline: false,
        last: T::SEMI,
        armed: false,
        ternaries: 0,
        nest: Nest::EMPTY,
    };
    lexer.enter(start).and_then(|()| lexer.program()).is_some() || lexer.armed
}

struct Lexer<'v, 's, S> {
    view: &'v [u8],
    at: usize,
    sink: &'s mut S,
    expect: Expect,
    /// A line ended since the last token, so that a statement may have.
    newline: bool,
    last: T,
    /// Something that runs or shows was called.
    armed: bool,
    /// `?` that wait for their `:`.
    ternaries: u32,
    nest: Nest,
}

/// `Some` while the grammar goes on, `None` where it cannot.
type Goes = Option<()>;

impl<S: Sink> Lexer<'_, '_, S> {
    /// Leaves what surrounds the value.
    fn enter(&mut self, start: Start) -> Goes {
        match start {
            Start::Statement => {}
            Start::String(quote) => {
                // The first quote closes, escaped or not: an application that escapes quotes may leave the backslash
                // before it alone, and then it is the backslash that is escaped.
                let end = memchr::memchr(quote, self.view)?;
                self.emit(T::CLOSE_STRING, end, 1);
                self.expect = Expect::Operator;
            }
            Start::Template => {
                let hole = memchr::memmem::find(self.view, b"${")?;
                self.emit(T::HOLE, hole, 2);
                self.nest.push(Bracket::Hole);
                self.expect = Expect::Operand;
            }
            Start::Comment => {
                let end = literal::block_comment(self.view)?;
                self.emit(T::CLOSE_COMMENT, end - 2, 2);
            }
        }
        Some(())
    }

    fn program(&mut self) -> Goes {
        loop {
            self.blanks();
            let Some(&byte) = self.view.get(self.at) else { return Some(()) };
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'\\' | 0x80.. => self.word()?,
                b'0'..=b'9' => self.number()?,
                b'\'' | b'"' => self.string(byte)?,
                b'`' => {
                    let token =
                        if self.expect == Expect::Operator { T::TAGGED } else { T::TEMPLATE };
                    if token == T::TEMPLATE {
                        self.operand()?;
                    }
                    self.emit(token, self.at, 1);
                    self.template();
                }
                b'/' => self.slash()?,
                b'(' | b'[' | b'{' => self.open(byte)?,
                b')' | b']' | b'}' => self.close(byte)?,
                b'.' => self.dot()?,
                b',' | b';' => {
                    if self.expect == Expect::Operand {
                        return None;
                    }
                    self.emit(if byte == b',' { T::COMMA } else { T::SEMI }, self.at, 1);
                    self.expect = Expect::Open;
                }
                b':' => self.colon()?,
                b'<' if self.rest().starts_with(b"<!--") => self.line_comment(),
                // The element that holds the script ends.
                b'<' if matches!(self.rest(), [_, b'/', b'a'..=b'z' | b'A'..=b'Z', ..]) => {
                    return Some(());
                }
                b'=' | b'+' | b'-' | b'*' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>' | b'?'
                | b'!' | b'~' => self.operator(byte)?,
                _ => return None,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.view.get(self.at..).unwrap_or_default()
    }

    /// Sends a token of `len` bytes at `at`, and goes behind it.
    fn emit(&mut self, token: T, at: usize, len: usize) {
        const REACHES: u64 =
            T::ALERT.bit() | T::EVAL.bit() | T::TIMER.bit() | T::WRITE.bit() | T::ESCAPED.bit();
        const CALLS: u64 = T::CALL.bit() | T::TAGGED.bit();
        self.armed |= token.bit() & CALLS != 0 && self.last.bit() & REACHES != 0;
        let range: Range<usize> = at..(at + len).min(self.view.len());
        self.at = range.end;
        self.last = token;
        self.newline = false;
        self.sink.token(token as u8, range);
    }

    fn blanks(&mut self) {
        while let Some(&byte) = self.view.get(self.at) {
            match byte {
                b'\n' | b'\r' => self.newline = true,
                0..=b' ' | 0x7f => {}
                0x80.. => match literal::blank(self.rest()) {
                    Some((len, ends_line)) => {
                        self.newline |= ends_line;
                        self.at += len;
                        continue;
                    }
                    None => return,
                },
                _ => return,
            }
            self.at += 1;
        }
    }

    /// An operand begins here; behind another only where a line end makes a new statement of it.
    fn operand(&mut self) -> Goes {
        self.begin()?;
        self.expect = Expect::Operator;
        Some(())
    }

    fn begin(&mut self) -> Goes {
        if self.expect == Expect::Operator {
            if !self.newline {
                return None;
            }
            self.emit(T::NEWLINE, self.at, 0);
        }
        Some(())
    }

    fn word(&mut self) -> Goes {
        let (len, escaped) = literal::name(self.rest());
        let at = self.at;
        let word = self.view.get(at..at + len).filter(|word| !word.is_empty())?;
        let known = lookup(word);
        if self.last == T::DOT {
            let token = match known {
                Some(Word::Name(token) | Word::Member(token)) => token,
                _ if word == b"Function" => T::EVAL,
                _ => T::MEMBER,
            };
            self.emit(token, at, len);
            self.expect = Expect::Operator;
            return Some(());
        }
        match known {
            // The constructor, not the keyword.
            _ if word == b"Function" => self.name(T::EVAL, len),
            // Shows that script runs where `alert` no longer does. Elsewhere it prints something.
            None | Some(Word::Member(_)) if word == b"print" && self.calls_with_nothing(len) => {
                self.name(T::ALERT, len)
            }
            None | Some(Word::Member(_)) => {
                self.name(if escaped { T::ESCAPED } else { T::WORD }, len)
            }
            Some(Word::Name(token)) => self.name(token, len),
            Some(Word::Infix) => {
                if matches!(self.expect, Expect::Operand | Expect::Open) {
                    return None;
                }
                self.emit(T::OP, at, len);
                self.expect = Expect::Operand;
                Some(())
            }
            Some(Word::Prefix(token)) => {
                self.begin()?;
                self.emit(token, at, len);
                self.expect = Expect::Operand;
                Some(())
            }
            Some(Word::Statement) => {
                self.begin()?;
                self.emit(T::KEYWORD, at, len);
                self.expect = Expect::Open;
                Some(())
            }
            Some(Word::Control) => {
                self.begin()?;
                self.emit(T::CONTROL, at, len);
                self.expect = Expect::Operand;
                Some(())
            }
            Some(Word::Scheme) => {
                if self.view.get(at + len) == Some(&b':') {
                    self.begin()?;
                    self.emit(T::SCHEME, at, len + 1);
                    self.expect = Expect::Any;
                    Some(())
                } else {
                    self.name(T::WORD, len)
                }
            }
        }
    }

    /// Whether `()` follows the word of this length.
    fn calls_with_nothing(&self, len: usize) -> bool {
        self.rest().get(len..).is_some_and(|rest| rest.starts_with(b"()"))
    }

    fn name(&mut self, token: T, len: usize) -> Goes {
        self.operand()?;
        self.emit(token, self.at, len);
        Some(())
    }

    fn number(&mut self) -> Goes {
        self.operand()?;
        self.emit(T::NUMBER, self.at, literal::number(self.rest()));
        Some(())
    }

    fn string(&mut self, quote: u8) -> Goes {
        let key = self.last == T::INDEX;
        self.operand()?;
        let inside = self.view.get(self.at + 1..).unwrap_or_default();
        let len = match literal::string(inside, quote) {
            End::At(end) => end,
            End::Open => inside.len(),
            End::Broken => return None,
        };
        let text = inside.get(..len.saturating_sub(1)).unwrap_or_default();
        self.emit(spells(text, key), self.at, len + 1);
        Some(())
    }

    /// The rest of a template, to its end or its next hole.
    fn template(&mut self) {
        match literal::template(self.rest()) {
            Template::Closed(len) => {
                self.at += len;
                self.expect = Expect::Operator;
            }
            Template::Hole(len) => {
                self.at += len;
                self.nest.push(Bracket::Hole);
                self.expect = Expect::Operand;
            }
            Template::Open => self.at = self.view.len(),
        }
    }

    fn slash(&mut self) -> Goes {
        let (at, rest) = (self.at, self.rest());
        match rest.get(1) {
            Some(b'/') => self.line_comment(),
            Some(b'*') => {
                let inside = rest.get(2..).unwrap_or_default();
                let len = literal::block_comment(inside).unwrap_or(inside.len());
                let (newline, last) = (self.newline, self.last);
                self.emit(T::BLOCK_COMMENT, at, len + 2);
                (self.newline, self.last) = (newline, last);
            }
            _ if self.expect == Expect::Operator => return self.operator(b'/'),
            _ => {
                let len = literal::regex(rest.get(1..).unwrap_or_default())?;
                self.operand()?;
                self.emit(T::REGEX, at, len + 1);
            }
        }
        Some(())
    }

    fn line_comment(&mut self) {
        let (len, last) = (literal::line(self.rest()), self.last);
        self.emit(T::LINE_COMMENT, self.at, len);
        self.last = last;
    }

    fn open(&mut self, byte: u8) -> Goes {
        let behind_operand = self.expect == Expect::Operator;
        let (token, bracket) = match byte {
            b'(' if self.last == T::CONTROL => (T::PAREN, Bracket::Control),
            b'(' if self.last == T::UNINDEX => (T::MEMBER_CALL, Bracket::Paren),
            // No number can be called.
            b'(' if behind_operand && self.last != T::NUMBER => (T::CALL, Bracket::Paren),
            b'(' => (T::PAREN, Bracket::Paren),
            b'[' if behind_operand => (T::INDEX, Bracket::Index),
            b'[' => (T::ARRAY, Bracket::Array),
            // Behind an operand only the bracket of parameters or of a condition has a body; the value may have closed it.
            _ if behind_operand && !self.newline && !matches!(self.last, T::CLOSE | T::OUT) => {
                return None;
            }
            _ => (T::BRACE, Bracket::Brace),
        };
        self.emit(token, self.at, 1);
        self.nest.push(bracket);
        self.expect = Expect::Open;
        Some(())
    }

    fn close(&mut self, byte: u8) -> Goes {
        if self.expect == Expect::Operand {
            return None;
        }
        let at = self.at;
        let top = self.nest.top();
        if !self.nest.pop() {
            self.emit(T::OUT, at, 1);
            self.expect = if byte == b'}' { Expect::Any } else { Expect::Operator };
            return Some(());
        }
        let (token, expect) = match (byte, top) {
            (b')', Some(Bracket::Control)) => (T::CLOSE, Expect::Any),
            (b']', Some(Bracket::Index)) => (T::UNINDEX, Expect::Operator),
            (b')', Some(Bracket::Paren) | None) | (b']', Some(Bracket::Array) | None) => {
                (T::CLOSE, Expect::Operator)
            }
            (b'}', Some(Bracket::Brace) | None) => (T::UNBRACE, Expect::Any),
            (b'}', Some(Bracket::Hole)) => {
                self.at += 1;
                self.template();
                return Some(());
            }
            _ => return None,
        };
        self.emit(token, at, 1);
        self.expect = expect;
        Some(())
    }

    fn dot(&mut self) -> Goes {
        let rest = self.rest();
        if self.expect != Expect::Operator {
            if rest.starts_with(b"...") {
                self.at += 3;
                self.expect = Expect::Operand;
                return Some(());
            }
            if matches!(rest.get(1), Some(b'0'..=b'9')) {
                return self.number();
            }
            if self.expect != Expect::Any {
                return None;
            }
        }
        self.emit(T::DOT, self.at, 1);
        self.expect = Expect::Operand;
        Some(())
    }

    /// Of a label, a property, a case or a conditional.
    fn colon(&mut self) -> Goes {
        let in_conditional = self.ternaries > 0;
        let may = in_conditional
            || (self.last != T::SCHEME && matches!(self.nest.top(), None | Some(Bracket::Brace)));
        if !may || matches!(self.expect, Expect::Operand | Expect::Open) {
            return None;
        }
        self.ternaries = self.ternaries.saturating_sub(1);
        self.emit(T::COLON, self.at, 1);
        self.expect = if in_conditional { Expect::Operand } else { Expect::Open };
        Some(())
    }

    /// A run of operator bytes, as long as one operator can be.
    fn operator(&mut self, byte: u8) -> Goes {
        let rest = self.rest();
        let same = rest.iter().take(3).take_while(|&&b| b == byte).count();
        let assigns = byte != b'=' && rest.get(same) == Some(&b'=');
        let prefix = match (byte, same) {
            (b'+' | b'-', 2..) => {
                // `++` and `--` stand on either side of their operand.
                self.emit(T::UNARY, self.at, 2);
                if self.expect != Expect::Operator {
                    self.expect = Expect::Operand;
                }
                return Some(());
            }
            (b'+' | b'-', _) => !matches!(self.expect, Expect::Operator | Expect::Any) && !assigns,
            (b'!', _) => !(assigns && self.expect == Expect::Operator),
            (b'~', _) => true,
            _ => false,
        };
        if prefix {
            self.begin()?;
            self.emit(T::UNARY, self.at, 1);
            self.expect = Expect::Operand;
            return Some(());
        }
        if matches!(self.expect, Expect::Operand | Expect::Open) {
            return None;
        }
        let (token, len) = match (byte, same, rest.get(1)) {
            (b'=', 1, Some(b'>')) => (T::ARROW, 2),
            (b'=', 1, _) => (T::ASSIGN, 1),
            (b'=', _, _) => (T::OP, same),
            (b'?', 1, Some(b'.')) if !matches!(rest.get(2), Some(b'0'..=b'9')) => {
                let call = matches!(rest.get(2), Some(b'(' | b'['));
                if call {
                    // `f?.(x)` and `a?.[k]`: the bracket says what it is.
                    self.at += 2;
                    return Some(());
                }
                (T::DOT, 2)
            }
            (b'?', 1, _) => {
                self.ternaries += 1;
                (T::QUESTION, 1)
            }
            (b'!', _, _) => {
                (T::OP, rest.iter().skip(1).take(2).take_while(|&&b| b == b'=').count() + 1)
            }
            (b'<' | b'>', _, _) => (T::OP, same + usize::from(assigns)),
            _ if assigns => (T::ASSIGN, same + 1),
            (b'+', _, _) => (T::PLUS, 1),
            (b'*' | b'&' | b'|' | b'?', 2.., _) => (T::OP, 2),
            _ => (T::OP, 1),
        };
        self.emit(token, self.at, len);
        self.expect = Expect::Operand;
        Some(())
    }
}

/// The token of a string: a known name where a key is wanted, a URL, or anything.
fn spells(text: &[u8], key: bool) -> T {
    let colon = text.iter().take(12).position(|&b| b == b':');
    let scheme = colon.and_then(|colon| text.get(..colon)).unwrap_or_default();
    let is = |known: &[u8]| text.eq_ignore_ascii_case(known);
    if (key && matches!(lookup(text), Some(Word::Name(_))))
        || !scheme.is_empty() && lookup(scheme) == Some(Word::Scheme)
        || is(b"script")
        || is(b"iframe")
    {
        T::NAME_STRING
    } else if text.starts_with(b"//")
        || scheme.eq_ignore_ascii_case(b"http")
        || scheme.eq_ignore_ascii_case(b"https")
    {
        T::REMOTE_STRING
    } else {
        T::STRING
    }
}

/// Whether a parenthesis behind `before` may be a call: not behind a number, an operator or nothing. O(blanks and number).
pub(super) fn may_be_callee(before: &[u8]) -> bool {
    let word = before.iter().rposition(|&byte| !matches!(byte, 0..=b' ' | 0x7f));
    let before = word.and_then(|at| before.get(..=at)).unwrap_or_default();
    match before {
        [] => false,
        [.., b'+', b'+'] | [.., b'-', b'-'] => true,
        [.., b'0'..=b'9'] => {
            let name = before.iter().rposition(|b| !b.is_ascii_digit() && *b != b'.');
            name.and_then(|at| before.get(at)).is_some_and(|&byte| literal::continues_name(byte))
        }
        [.., last] => !b"(,;:{=+-*%&|^<>?!~".contains(last),
    }
}
