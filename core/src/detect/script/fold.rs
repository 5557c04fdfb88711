//! Tokens to folded tokens: what is only dress is left out, so that an n-gram of three spans what matters.
//!
//! - block comments and line ends before an operator go,
//! - dots go, and members without interest with them: `document.body.firstChild.innerHTML` is `DOM DOM WRITE`,
//! - runs of the same bracket or prefix operator count once: `((((`, `!!~+`.

use std::ops::Range;

use super::words::ScriptToken as T;
use crate::detect::segment::{Sink, Token};

/// A sink before a sink. O(1) memory and time per token.
pub(super) struct Fold<'s, S> {
    sink: &'s mut S,
    last: Token,
}

impl<'s, S: Sink> Fold<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Fold<'s, S> {
        Fold { sink, last: Token::MAX }
    }
}

impl<S: Sink> Sink for Fold<'_, S> {
    #[inline]
    fn token(&mut self, token: Token, range: Range<usize>) {
        const DRESS: u64 = T::BLOCK_COMMENT.bit() | T::DOT.bit() | T::MEMBER.bit();
        const ONCE: u64 = T::PAREN.bit()
            | T::CLOSE.bit()
            | T::OUT.bit()
            | T::UNARY.bit()
            | T::SEMI.bit()
            | T::NEWLINE.bit()
            | T::BRACE.bit()
            | T::UNBRACE.bit();
        let bit = 1 << token;
        if bit & DRESS != 0 || (token == self.last && bit & ONCE != 0) {
            return;
        }
        self.last = token;
        self.sink.token(token, range);
    }
}
