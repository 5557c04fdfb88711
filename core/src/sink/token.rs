//! What the lexers of statements have in common: tokens that together tell where each byte stands, and whether a value stays inside of one.

use std::ops::Range;

/// What a token is to a value that stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string or a quoted name: what stands between the quotes is data.
    Quoted,
    /// A number.
    Number,
    /// A name, dots and all; a bare word of a shell.
    Name,
    /// A word of the language.
    Word,
    /// Punctuation.
    Operator,
    /// A variable or a substitution.
    Expansion,
    Comment,
}

/// A token of a statement.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// What evidence calls it.
    pub(super) name: &'static str,
    pub(super) range: Range<usize>,
    /// What of it stands between its quotes, or behind the sign that begins it.
    pub(super) inner: Range<usize>,
    /// It ends with the statement, and not with its own end.
    pub(super) open: bool,
    pub(super) escapes: Escapes,
}

/// How a byte stands for itself in the inside of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Escapes {
    /// This one, doubled.
    pub(super) doubled: Option<u8>,
    /// Any, behind a backslash.
    pub(super) backslash: bool,
    /// A single quote, as `'\\''` and `'"'"'`: the quotes of a shell are closed for it and opened again.
    pub(super) reopened: bool,
}

/// The longest run of quotes or backslashes of which it is told where each escape ends; in what is longer every byte is taken for a split
/// one, so that a statement of nothing else is not read again for each byte of it.
const RUN: usize = 256;

impl Escapes {
    /// Whether `at` stands in the midst of an escape of `inner`. O(1).
    fn is_split(self, inner: &[u8], at: usize) -> bool {
        let before = inner.get(..at).unwrap_or_default();
        let run = |text: &[u8], byte: u8| {
            text.iter().rev().take(RUN).take_while(|&&found| found == byte).count()
        };
        let backslashes = |text: &[u8]| if self.backslash { run(text, b'\\') } else { 0 };
        if backslashes(before) % 2 == 1 || backslashes(before) == RUN {
            return true;
        }
        if let Some(byte) = self.doubled {
            let quotes = run(before, byte);
            let ahead = before.get(..before.len() - quotes).unwrap_or_default();
            let first_is_escaped = quotes > 0 && backslashes(ahead) % 2 == 1;
            if (quotes - usize::from(first_is_escaped)) % 2 == 1 || quotes == RUN {
                return true;
            }
        }
        let reopenings: [&[u8]; 2] = [br"'\''", br#"'"'"'"#];
        self.reopened
            && reopenings.iter().any(|spelled| {
                (1..spelled.len()).any(|ahead| {
                    let start = at.checked_sub(ahead).and_then(|start| inner.get(start..));
                    start.is_some_and(|rest| rest.starts_with(spelled))
                })
            })
    }
}

impl Token {
    pub(super) fn new(kind: Kind, name: &'static str, range: Range<usize>) -> Token {
        let inner = range.clone();
        Token { kind, name, range, inner, open: false, escapes: Escapes::default() }
    }

    /// Whether an escape of the token's inside stands across one of the ends of `at`. O(1).
    fn is_split(&self, statement: &[u8], at: &Range<usize>) -> bool {
        let inner = statement.get(self.inner.clone()).unwrap_or_default();
        [at.start, at.end].into_iter().any(|end| {
            let end = end.checked_sub(self.inner.start).filter(|end| *end <= inner.len());
            end.is_some_and(|end| self.escapes.is_split(inner, end))
        })
    }
}

/// The boundary that a value crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    /// It begins a string or a quoted name.
    Opens,
    /// It ends the string or quoted name that it stands in.
    Ends,
    /// What it begins never ends.
    LeavesOpen,
    /// It ends or begins in the midst of an escape.
    SplitsEscape,
    /// It begins a comment.
    Comments,
    /// It is more than one token.
    Covers,
}

impl Boundary {
    /// What the value does, for people.
    pub(super) fn says(self) -> &'static str {
        match self {
            Boundary::Opens => "begins a quoted text",
            Boundary::Ends => "ends the quoted text that it stands in",
            Boundary::LeavesOpen => "leaves a quoted text without its end",
            Boundary::SplitsEscape => "takes the escape of a quote apart",
            Boundary::Comments => "begins a comment",
            Boundary::Covers => "holds more than one token",
        }
    }
}

/// The tokens that `at` touches, as a range of indexes. O(log tokens).
pub(super) fn touched(tokens: &[Token], at: &Range<usize>) -> Range<usize> {
    let first = tokens.partition_point(|token| token.range.end <= at.start);
    let end = tokens.partition_point(|token| token.range.start < at.end);
    first..end.max(first)
}

/// Which boundary a value at `at` crosses, where `touched` are the tokens that it touches. O(touched).
pub(super) fn crossed(statement: &[u8], touched: &[Token], at: &Range<usize>) -> Option<Boundary> {
    let [only] = touched else {
        let (Some(first), Some(last)) = (touched.first(), touched.last()) else { return None };
        let quoted = |token: &Token| token.kind == Kind::Quoted && token.inner != token.range;
        let comments =
            |token: &&Token| token.kind == Kind::Comment && token.range.start >= at.start;
        return Some(if quoted(first) && at.start >= first.inner.start {
            Boundary::Ends
        } else if touched.iter().any(|token| comments(&token)) {
            Boundary::Comments
        } else if quoted(last) && last.open {
            Boundary::LeavesOpen
        } else if quoted(last) && at.end < last.range.end {
            Boundary::Opens
        } else {
            Boundary::Covers
        });
    };
    match only.kind {
        Kind::Comment if at.start < only.inner.start => Some(Boundary::Comments),
        // The value is the string.
        Kind::Quoted if !only.open && *at == only.range && only.inner != only.range => None,
        Kind::Quoted if at.start < only.inner.start && at.end > only.inner.start => {
            Some(if only.open { Boundary::LeavesOpen } else { Boundary::Opens })
        }
        Kind::Quoted if at.end > only.inner.end => Some(Boundary::Ends),
        Kind::Comment | Kind::Quoted if only.open => Some(Boundary::LeavesOpen),
        Kind::Quoted | Kind::Name if only.is_split(statement, at) => Some(Boundary::SplitsEscape),
        _ => None,
    }
}
