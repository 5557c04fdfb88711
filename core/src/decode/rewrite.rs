//! How every decoder writes: [`Rewrite`] copies what stands between two replacements, and nothing before the first.

use std::ops::Range;

use super::notes::Oddity;
use super::view::{Transform, View};

/// One pass over an input into a cleared view.
///
/// A decoder finds its triggers, calls [`replace`](Rewrite::replace) for those that decode and ends with
/// [`finish`](Rewrite::finish). As nothing is copied before the first replacement, an input without any costs the search alone.
#[derive(Debug)]
pub(crate) struct Rewrite<'a> {
    input: &'a [u8],
    /// How much of the input is in the view.
    done: usize,
    out: &'a mut View,
}

impl<'a> Rewrite<'a> {
    /// Starts at the first byte; `out` was cleared by the caller.
    pub(crate) fn new(input: &'a [u8], out: &'a mut View) -> Rewrite<'a> {
        Rewrite { input, done: 0, out }
    }

    /// `src` of the input, at or after all earlier ones, reads as `output`.
    #[inline]
    pub(crate) fn replace(&mut self, src: Range<usize>, output: &[u8], by: Transform) {
        debug_assert!(self.done <= src.start && src.end <= self.input.len());
        if self.done < src.start {
            self.out.copy(self.input.get(self.done..src.start).unwrap_or_default());
        }
        self.out.replace_at(src.clone(), output);
        self.out.mark(by);
        self.done = src.end;
    }

    /// From `start` of the input on, up to where all was replaced, see [`View::replace_groups`].
    #[inline]
    pub(crate) fn replace_groups(
        &mut self,
        start: usize,
        groups: &[[u8; 4]],
        decode: impl Fn(&[u8; 4]) -> Option<[u8; 3]>,
        by: Transform,
    ) -> usize {
        debug_assert!(self.done == start);
        let len = self.out.replace_groups(start, groups, decode);
        self.out.mark(by);
        self.done = start + len;
        len
    }

    /// `src` of the input reads as the character `c`, in UTF-8.
    #[inline]
    pub(crate) fn replace_char(&mut self, src: Range<usize>, c: char, by: Transform) {
        self.replace(src, c.encode_utf8(&mut [0; 4]).as_bytes(), by);
    }

    /// Notes something odd at this offset of the input.
    pub(crate) fn note(&mut self, oddity: Oddity, at: usize) {
        self.out.note(oddity, at);
    }

    /// Copies the rest; false if nothing was replaced, and then the view stays empty: the input is its own reading.
    pub(crate) fn finish(self) -> bool {
        if self.out.changed() {
            self.out.copy(self.input.get(self.done..).unwrap_or_default());
        }
        self.out.changed()
    }
}
