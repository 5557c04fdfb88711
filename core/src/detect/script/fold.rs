//! Tokens to folded tokens: what is only dress is left out, so that an n-gram of three spans what matters.
//!
//! - block comments and line ends before an operator go,
//! - dots go, and members without interest with them, but for the last: `document.a.b.innerHTML` is `DOM WRITE`,
//!   `prompt.a.strip(` is `ALERT MEMBER CALL`,
//! - runs of the same bracket or prefix operator count once: `((((`, `!!~+`.

use std::ops::Range;

use super::words::ScriptToken as T;
use crate::detect::segment::{Sink, Token};

/// A sink before a sink. O(1) memory and time per token.
pub(super) struct Fold<'s, S> {
    sink: &'s mut S,
    last: Token,
    /// Where a member without interest stands that may yet be the last.
    member: Option<Range<usize>>,
}

impl<'s, S: Sink> Fold<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Fold<'s, S> {
        Fold { sink, last: Token::MAX, member: None }
    }
}

impl<S: Sink> Sink for Fold<'_, S> {
    #[inline]
    fn token(&mut self, token: Token, range: Range<usize>) {
        const DRESS: u64 = T::BLOCK_COMMENT.bit() | T::DOT.bit();
        const ONCE: u64 = T::PAREN.bit()
            | T::CLOSE.bit()
            | T::OUT.bit()
            | T::UNARY.bit()
            | T::SEMI.bit()
            | T::NEWLINE.bit()
            | T::BRACE.bit()
            | T::UNBRACE.bit();
        let bit = 1 << token;
        if token == T::MEMBER as u8 {
            self.member = Some(range);
            return;
        }
        if token == T::DOT as u8 {
            self.member = None;
        } else if bit & DRESS == 0
            && let Some(member) = self.member.take()
        {
            self.last = T::MEMBER as u8;
            self.sink.token(T::MEMBER as u8, member);
        }
        if bit & DRESS != 0 || (token == self.last && bit & ONCE != 0) {
            return;
        }
        self.last = token;
        self.sink.token(token, range);
    }
}
