//! Shell tokens to folded tokens: runs of words, of line breaks and of closing parentheses become one.

use std::ops::Range;

use super::ShellToken::{self, *};
use crate::detect::segment::{Sink, Token};

/// Drops tokens that only repeat the one before. O(1) memory.
pub(super) struct Fold<'s, S> {
    sink: &'s mut S,
    previous: Option<ShellToken>,
}

impl<'s, S: Sink> Fold<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Fold<'s, S> {
        Fold { sink, previous: None }
    }

    pub(super) fn push(&mut self, token: ShellToken, range: Range<usize>) {
        let token = match (self.previous, token) {
            (Some(A_WORD), A_WORD) => A_WORDS,
            (Some(A_WORDS), A_WORD) => return,
            (
                Some(previous),
                SEP | NL | RP | LP | SUB_C | A_FLAG | SPLIT | EXPAND | A_VAR | CP_VAR,
            ) if previous == token => {
                return;
            }
            _ => token,
        };
        self.previous = Some(token);
        self.sink.token(token as Token, range);
    }
}
