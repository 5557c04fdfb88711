//! Path tokens to folded tokens: steps are counted, words become one.

use std::ops::Range;

use super::PathToken::{self, *};
use crate::detect::segment::{Sink, Token};

/// Counts runs of `UP`, `XUP` and `SELF` and passes on what they amount to. O(1) memory.
pub(super) struct Fold<'s, S> {
    sink: &'s mut S,
    steps: u32,
    selfs: u32,
    disguised: bool,
    /// Where the run of steps stands.
    run: Range<usize>,
    /// Names since the path began, less the steps up.
    depth: u32,
    in_words: bool,
}

impl<'s, S: Sink> Fold<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Fold<'s, S> {
        Fold { sink, steps: 0, selfs: 0, disguised: false, run: 0..0, depth: 0, in_words: false }
    }

    pub(super) fn push(&mut self, token: PathToken, range: Range<usize>) {
        match token {
            UP => self.step(1, 0, false, range),
            XUP => self.step(1, 0, true, range),
            SELF => self.step(0, 1, false, range),
            WORD if self.in_words => {}
            _ => {
                self.finish();
                self.in_words = token == WORD;
                self.depth = if begins(token) { 0 } else { self.depth.saturating_add(1) };
                self.sink.token(token as Token, range);
            }
        }
    }

    fn step(&mut self, steps: u32, selfs: u32, disguised: bool, range: Range<usize>) {
        if self.steps == 0 && self.selfs == 0 {
            self.run = range.clone();
        }
        self.in_words = false;
        self.run.end = range.end;
        self.steps = self.steps.saturating_add(steps);
        self.selfs = self.selfs.saturating_add(selfs);
        self.disguised |= disguised;
    }

    /// Passes on the run of steps that is still open. To be called once after the last token, too.
    pub(super) fn finish(&mut self) {
        let token = match (self.steps, self.disguised) {
            (0, _) if self.selfs >= 4 => Some(SELFS),
            (0, _) => None,
            (1, false) => Some(UP1),
            (2, false) => Some(UP2),
            (_, false) => Some(UP3),
            (1, true) => Some(XUP1),
            (_, true) => Some(XUP2),
        };
        if let Some(token) = token {
            self.sink.token(token as Token, self.run.clone());
        }
        if self.depth > 0 && self.steps > self.depth {
            self.sink.token(ABOVE as Token, self.run.clone());
        }
        self.depth = self.depth.saturating_sub(self.steps);
        self.steps = 0;
        self.selfs = 0;
        self.disguised = false;
    }
}

/// Whether a token is no name but what a path begins with, or no part of a path.
fn begins(token: PathToken) -> bool {
    matches!(
        token,
        ROOT_B
            | ROOT_A
            | ROOT_M
            | REL_B
            | REL_A
            | REL_M
            | DRIVE_B
            | DRIVE_M
            | DRIVE_R
            | UNC
            | URL
            | FILEURL
            | WRAP
            | PHP
            | WORD
    )
}
