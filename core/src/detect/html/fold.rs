//! Tokens to folded tokens, and the look at script inside of markup.

use std::ops::Range;

use super::words::HtmlToken as T;
use crate::detect::script::ScriptToken as J;
use crate::detect::segment::{Sink, Token};

/// A sink before a sink: runs of attributes and tags that do nothing count once. O(1) memory and time per token.
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
        const IDLE: u64 = T::PLAIN.bit() | T::BARE.bit();
        // An attribute more or less must not push two others apart.
        let bit = 1 << token;
        if bit & IDLE != 0 && (token == self.last || 1 << (self.last & 63) & IDLE != 0) {
            return;
        }
        self.last = token;
        self.sink.token(token, range);
    }
}

/// Reads script tokens and passes on what they show, each kind once.
pub(super) struct ScriptLook<'s, S> {
    sink: &'s mut S,
    /// Where the script stands in the view.
    base: usize,
    sent: u64,
}

impl<'s, S: Sink> ScriptLook<'s, S> {
    pub(super) fn new(sink: &'s mut S, base: usize) -> ScriptLook<'s, S> {
        ScriptLook { sink, base, sent: 0 }
    }

    /// Ends the look; `range` is where the script stands.
    pub(super) fn finish(mut self, range: Range<usize>) {
        if self.sent == 0 && !range.is_empty() {
            self.send(T::JS_OTHER, range);
        }
    }

    fn send(&mut self, token: T, range: Range<usize>) {
        if self.sent & token.bit() == 0 {
            self.sent |= token.bit();
            self.sink.token(token as u8, range);
        }
    }
}

impl<S: Sink> Sink for ScriptLook<'_, S> {
    fn token(&mut self, token: Token, range: Range<usize>) {
        const SINKS: u64 = J::ALERT.bit()
            | J::EVAL.bit()
            | J::TIMER.bit()
            | J::WRITE.bit()
            | J::NET.bit()
            | J::CODEC.bit()
            | J::REFLECT.bit()
            | J::NAME_STRING.bit()
            | J::REMOTE_STRING.bit()
            | J::ESCAPED.bit();
        const DOM: u64 = J::DOM.bit() | J::SELF.bit() | J::LOCATION.bit() | J::SECRET.bit();
        const CALLS: u64 = J::CALL.bit() | J::MEMBER_CALL.bit() | J::TAGGED.bit();
        let bit = 1 << token;
        let shows = if bit & SINKS != 0 {
            T::JS_SINK
        } else if bit & DOM != 0 {
            T::JS_DOM
        } else if bit & CALLS != 0 {
            T::JS_CALL
        } else if bit & J::ASSIGN.bit() != 0 {
            T::JS_ASSIGN
        } else {
            return;
        };
        self.send(shows, range.start + self.base..range.end + self.base);
    }
}
