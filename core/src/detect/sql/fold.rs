//! Folding: raw tokens to their normal form, and the point from which no dialect can parse on.
//!
//! Everything here is O(1) a token and holds a handful of tokens at most:
//!
//! - a word waits for what follows it, since only a parenthesis makes it a call;
//! - `+`, `-` in place of an operand are unary and vanish, as do `not`, `!` and `~`; between an operand and a keyword `+`
//!   stands for a blank that was not decoded, and vanishes too;
//! - a parenthesis in place of an operand only groups and vanishes, unless a subquery begins there; closing ones are
//!   counted, and only what closes more than was opened comes through;
//! - constant, comparison, constant becomes [`TAUT`] or [`CONST`], unless the first belongs to a term (`n % 10 = 1`,
//!   `a = 1 = 1`);
//! - comments that stand for blanks come through once.
//!
//! # Where parsing ends
//!
//! [`Fold::parses`] turns false at a construct that no dialect has: then the server would refuse the statement as a whole,
//! so tokens from there on are no evidence. The rules are few and sure:
//!
//! - three operands in a row (`a b c`): at most an alias follows an operand. Adjacent strings are one string, though.
//! - a number, variable or unknown call right after the string around the value was closed (`5'10`);
//! - a name there is an alias, and no alias is followed by an operator (`O'Brien and Sons`) or a second name;
//! - no statement ends inside a parenthesis that the value itself opened (`(X11; Linux x86_64)`);
//! - a statement after `;` begins with a word, and neither that word nor the `;` is followed by an operator (`peas; 1 = 1`).

use std::ops::Range;

use super::SqlToken::{self, *};
use super::words::{self, Word};
use crate::detect::segment::Sink;

/// What the grammar has just seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// An operator, a keyword, an opening parenthesis or nothing: an operand may follow.
    Operator,
    /// The end of the string around the value.
    Close,
    /// A name after that end.
    Alias,
    /// `;`: a statement begins.
    Statement,
    /// A name there, which may be a command that no table of ours holds.
    Command,
    /// So many operands in a row.
    Operands(u8),
}

/// Operands in a row that some dialect can parse: one and its alias.
const OPERANDS: u8 = 2;

/// Folds raw tokens into `sink`.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub(super) struct Fold<'v, 's, S> {
    view: &'v [u8],
    sink: &'s mut S,
    after: After,
    /// The last operand was a string.
    string: bool,
    /// A word that waits for a parenthesis.
    word: Option<(Word, Range<usize>)>,
    /// A sign that waits for its right operand.
    sign: Option<Range<usize>>,
    /// A grouping parenthesis that waits for a subquery.
    group: Option<Range<usize>>,
    /// A constant that waits for a comparison.
    constant: Option<(SqlToken, Range<usize>)>,
    /// That comparison, waiting for its right side.
    comparison: Option<(SqlToken, Range<usize>)>,
    /// A list opened behind `in`.
    listed: bool,
    /// What went out last.
    last: SqlToken,
    /// Where that began.
    sent: usize,
    /// Parentheses open in the value.
    depth: usize,
    /// Which of them hold the arguments of a call, the innermost in the lowest bit; those further out are forgotten.
    calls: u64,
    /// A comment came through already.
    glued: bool,
    parses: bool,
}

impl<'v, 's, S: Sink> Fold<'v, 's, S> {
    pub(super) fn new(view: &'v [u8], sink: &'s mut S) -> Fold<'v, 's, S> {
        Fold {
            view,
            sink,
            after: After::Operator,
            string: false,
            word: None,
            sign: None,
            group: None,
            constant: None,
            comparison: None,
            listed: false,
            last: COMMA,
            sent: 0,
            depth: 0,
            calls: 0,
            glued: false,
            parses: true,
        }
    }

    /// Whether some dialect could still parse what came so far. Once false, nothing more comes out.
    #[inline]
    pub(super) fn parses(&self) -> bool {
        self.parses
    }

    /// A word; what it is depends on what follows.
    pub(super) fn word(&mut self, word: Word, range: Range<usize>) {
        self.settle();
        self.word = Some((word, range));
    }

    /// Any token but words, parentheses and comments.
    pub(super) fn token(&mut self, token: SqlToken, range: Range<usize>) {
        self.settle();
        self.accept(token, range);
    }

    /// `!`, `~` or another sign of negation that stands alone.
    pub(super) fn negation(&mut self, range: Range<usize>) {
        self.settle();
        if !self.expects_operand() && self.sign.is_none() {
            self.accept(ODD, range);
        }
    }

    /// The words `not` and `binary`: they change nothing of what an attack looks like.
    pub(super) fn modifier(&mut self) {
        self.settle();
    }

    /// `(`
    pub(super) fn open(&mut self, range: Range<usize>) {
        self.depth += 1;
        self.calls <<= 1;
        if let Some((word, at)) = self.word.take() {
            let calls = matches!(word.call, FUNC | RISKY | DELAY | CALL | TYPE);
            if calls && (word.loose || at.end == range.start) {
                self.calls |= 1;
                self.accept(word.call, at);
                self.after = After::Operator;
                return;
            }
            self.accept(word.plain, at);
        }
        self.listed = matches!(self.comparison, Some((IN, _)));
        if self.expects_operand() || self.sign.is_some() {
            self.group = Some(range);
        } else {
            self.accept(LP, range);
        }
    }

    /// `)`
    pub(super) fn close(&mut self, range: Range<usize>) {
        self.settle();
        self.group = None;
        if let Some(depth) = self.depth.checked_sub(1) {
            self.depth = depth;
            self.sign = None;
            self.after = After::Operands(1);
            self.string = false;
            // What a call yields is no constant, though its last argument may be one: `sqrt(4) = 2`.
            if self.calls & 1 != 0 {
                self.flush();
            }
            self.calls >>= 1;
        } else {
            self.accept(RPX, range);
        }
    }

    /// A comment that stands for a blank.
    pub(super) fn glue(&mut self, range: Range<usize>) {
        if !self.glued {
            self.settle();
            self.flush();
            self.emit(GLUE, range);
            self.glued = true;
        }
    }

    /// A stray `*/`: it closes a comment around the value.
    pub(super) fn close_comment(&mut self, range: Range<usize>) {
        self.settle();
        self.accept(RPX, range);
        self.after = After::Operator;
    }

    /// The end of the value.
    pub(super) fn finish(&mut self) {
        self.settle();
        self.flush();
    }

    /// A waiting word is no call.
    fn settle(&mut self) {
        if let Some((word, at)) = self.word.take() {
            self.accept(word.plain, at);
        }
    }

    /// Whether an operand would go on from here as the grammar has it.
    fn expects_operand(&self) -> bool {
        matches!(self.after, After::Operator | After::Statement)
    }

    /// Takes a token whose part of speech is settled: signs and groups first, then the grammar.
    fn accept(&mut self, token: SqlToken, range: Range<usize>) {
        if !self.parses {
            return;
        }
        if token == SIGN {
            if !self.expects_operand() && self.sign.is_none() {
                self.sign = Some(range);
            }
            return;
        }
        if let Some(sign) = self.sign.take()
            && (is_operand(token) || token == ODD || token == SELECT)
        {
            self.advance(SIGN, sign);
        }
        if let Some(group) = self.group.take()
            && token == SELECT
        {
            self.advance(LP, group);
        }
        let token = match token {
            STAR if !self.expects_operand() => ARITH,
            NAME | WORD
                if self.after == After::Statement
                    && words::begins_statement(
                        self.view.get(range.clone()).unwrap_or_default(),
                    ) =>
            {
                ROUTINE
            }
            NAME if self.last == DDL
                && words::is_object(self.view.get(range.clone()).unwrap_or_default()) =>
            {
                OBJECT
            }
            token => token,
        };
        self.advance(token, range);
    }

    /// Follows the grammar by one token.
    fn advance(&mut self, token: SqlToken, range: Range<usize>) {
        let next = if is_operand(token) {
            let string = matches!(token, STR | OPEN | TAIL);
            let next = match self.after {
                After::Operator => Some(After::Operands(1)),
                After::Close => match token {
                    NAME | WORD | SYSTEM => Some(After::Alias),
                    NUM | HEX | LIT | VAR | CALL => None,
                    _ => Some(After::Operands(1)),
                },
                After::Alias => None,
                After::Statement => match token {
                    NUM | HEX | LIT | STR | STAR => None,
                    NAME | WORD => Some(After::Command),
                    _ => Some(After::Operands(1)),
                },
                After::Command => Some(After::Operands(1)),
                After::Operands(run) if string && self.string => Some(After::Operands(run)),
                After::Operands(run) if run < OPERANDS => Some(After::Operands(run + 1)),
                After::Operands(_) => None,
            };
            self.string = string;
            next
        } else {
            match (token, self.after) {
                (CLOSE | APOS | TICK, _) => Some(After::Close),
                (
                    LOGIC | DOUBLE | CMP | LIKE | IN | IS | SIGN | ARITH | OP | DOT | ODD | AS | LP,
                    After::Alias,
                )
                | (
                    LOGIC | DOUBLE | CMP | LIKE | IN | IS | ARITH,
                    After::Statement | After::Command,
                ) => None,
                (SEMI, _) if self.depth > 0 => None,
                (SEMI, _) => Some(After::Statement),
                (RPX, _) => Some(After::Operands(1)),
                _ => Some(After::Operator),
            }
        };
        if let Some(next) = next {
            self.after = next;
            self.compare(token, range);
        } else {
            self.flush();
            self.parses = false;
        }
    }

    /// Folds comparisons of constants, and of a name with itself.
    fn compare(&mut self, token: SqlToken, range: Range<usize>) {
        let literal = matches!(token, NUM | HEX | STR | LIT | OPEN | TAIL);
        let name = is_name(token);
        match (&self.constant, &self.comparison) {
            (Some((constant, left)), Some((by, _)))
                if literal && !is_name(*constant) && (*by != IN || self.listed)
                    || name
                        && is_name(*constant)
                        && *by != IN
                        && text(self.view, left).eq_ignore_ascii_case(text(self.view, &range)) =>
            {
                let same = name || text(self.view, left) == text(self.view, &range);
                let whole = left.start..range.end;
                self.constant = None;
                self.comparison = None;
                self.emit(if same { TAUT } else { CONST }, whole);
                if matches!(token, OPEN | TAIL) {
                    self.emit(token, range);
                }
            }
            (Some(_), None) if matches!(token, CMP | LIKE | IN) => {
                self.comparison = Some((token, range));
            }
            _ => {
                self.flush();
                let term = matches!(self.last, ARITH | SIGN | OP | DOT | CMP);
                if (literal && !matches!(token, OPEN | TAIL) || name) && !term {
                    self.constant = Some((token, range));
                } else {
                    self.emit(token, range);
                }
            }
        }
    }

    fn flush(&mut self) {
        if let Some((token, range)) = self.constant.take() {
            self.emit(token, range);
        }
        if let Some((token, range)) = self.comparison.take() {
            self.emit(token, range);
        }
    }

    #[inline]
    fn emit(&mut self, token: SqlToken, range: Range<usize>) {
        self.last = token;
        // A sign or group that waited may be older than the comment that was sent meanwhile.
        let range = range.start.max(self.sent)..range.end.max(self.sent);
        self.sent = range.start;
        self.sink.token(token as u8, range);
    }
}

/// Whether a token stands where an operand does. A type name does not count: it may stand beside one (`date '...'`).
const fn is_operand(token: SqlToken) -> bool {
    matches!(
        token,
        OPEN | STR
            | NUM
            | HEX
            | LIT
            | VAR
            | NAME
            | WORD
            | SYSTEM
            | FUNC
            | RISKY
            | DELAY
            | CALL
            | STAR
            | SCI
    )
}

const fn is_name(token: SqlToken) -> bool {
    matches!(token, NAME | SYSTEM)
}

/// A literal without its quotes: `'a'` compared with `'a` is a tautology once the application closes the string.
fn text<'v>(view: &'v [u8], range: &Range<usize>) -> &'v [u8] {
    let text = view.get(range.clone()).unwrap_or_default();
    match text {
        [quote @ (b'\'' | b'"' | b'`'), text @ .., end] if quote == end => text,
        [b'\'' | b'"' | b'`', text @ ..] => text,
        text => text,
    }
}
