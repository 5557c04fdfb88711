//! Reading a header value with parameters from left to right.

use std::ops::Range;

use super::is_token_byte;

/// The value of a parameter.
pub(super) struct Parameter {
    /// Without quotes.
    pub(super) range: Range<usize>,
    /// Whether it is quoted with a `\` in it, which not every reader takes off.
    pub(super) escaped: bool,
}

/// Reads a header value from left to right; every method moves forward only, so all of them together are O(len).
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    /// `;name=value` and so on to the end; nothing between two `;` is fine. Whether all of it is well-formed; what
    /// follows a value that is none is not read.
    pub(super) fn parameters(&mut self, mut keep: impl FnMut(Range<usize>, Parameter)) -> bool {
        let mut good = true;
        while self.take(b';') {
            self.skip_blanks();
            let name = self.token();
            if name.is_empty() && self.at_end_or(b';') {
                continue;
            }
            // Blanks around `=` are not allowed; readers that allow them must not see a boundary that we miss.
            let spaced = self.skip_blanks();
            let equals = self.take(b'=');
            let spaced = self.skip_blanks() || spaced;
            let Some(parameter) = self.parameter_value() else { return false };
            self.skip_blanks();
            good &= !name.is_empty() && equals && !spaced && self.at_end_or(b';');
            keep(name, parameter);
        }
        good && self.rest().is_empty()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn at_end_or(&self, byte: u8) -> bool {
        self.rest().first().is_none_or(|&next| next == byte)
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.rest().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        start..self.at
    }

    /// Whether there were any.
    pub(super) fn skip_blanks(&mut self) -> bool {
        !self.take_while(|byte| matches!(byte, b' ' | b'\t')).is_empty()
    }

    pub(super) fn token(&mut self) -> Range<usize> {
        self.take_while(is_token_byte)
    }

    /// A token or the inside of a quoted string; `None` where there is neither.
    fn parameter_value(&mut self) -> Option<Parameter> {
        if !self.take(b'"') {
            // Wider than a token: browsers and libraries send `boundary=a/b:c` bare.
            let range = self.take_while(|byte| !matches!(byte, b';' | b',' | b'"' | b' ' | b'\t'));
            return (!range.is_empty()).then_some(Parameter { range, escaped: false });
        }
        let start = self.at;
        let mut escaped = false;
        loop {
            self.take_while(|byte| !matches!(byte, b'"' | b'\\'));
            let end = self.at;
            if self.take(b'"') {
                return Some(Parameter { range: start..end, escaped });
            }
            if !self.take(b'\\') {
                return None;
            }
            escaped = true;
            self.at = (self.at + 1).min(self.text.len());
        }
    }
}
