//! Tokens to folded tokens: what is only dress is left out, so that an n-gram of three spans what matters.
//!
//! - runs of words and of [`PROSE`](super::CodeToken::PROSE) are one `PROSE`,
//! - runs of brackets, separators and keywords count once: `)))`, `;;`.

use std::ops::Range;

use super::words::CodeToken as T;
use crate::detect::segment::{Sink, Token};

/// A sink before a sink. O(1) memory and time per token.
pub(crate) struct Fold<'s, S> {
    sink: &'s mut S,
    last: Token,
    in_prose: bool,
}

impl<'s, S: Sink> Fold<'s, S> {
    pub(crate) fn new(sink: &'s mut S) -> Fold<'s, S> {
        Fold { sink, last: Token::MAX, in_prose: false }
    }
}

impl<S: Sink> Sink for Fold<'_, S> {
    #[inline]
    fn token(&mut self, token: Token, range: Range<usize>) {
        const ONCE: u64 = T::PAREN.bit()
            | T::CLOSE.bit()
            | T::OUT.bit()
            | T::SEMI.bit()
            | T::OP.bit()
            | T::KEYWORD.bit()
            | T::PROSE.bit()
            | T::WORD.bit();
        const OF_PROSE: u64 = T::PROSE.bit() | T::WORD.bit() | T::KEYWORD.bit() | T::NUMBER.bit();
        let bit = 1 << token;
        if self.in_prose && bit & OF_PROSE != 0 || token == self.last && bit & ONCE != 0 {
            return;
        }
        self.in_prose = token == T::PROSE as u8;
        self.last = token;
        self.sink.token(token, range);
    }
}
