//! A reading of a value, and its way back to the raw bytes.
//!
//! A decoder copies its input into a [`View`] and notes an [`Edit`] wherever output differs from input. So any range of
//! the view maps to the range of the input it came from, through any number of decodings.

use std::ops::Range;

use serde::Serialize;

/// How a reading was made from the one before it. The chain of a finding reads from the raw bytes inward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Transform {
    /// `application/x-www-form-urlencoded`: `%XX`, and `+` is a blank.
    Form,
    /// `%XX` (RFC 3986), `+` stays.
    Percent,
    /// `%uXXXX`, as some servers read it.
    PercentU,
    /// `&lt;`, `&#60;`, `&#x3c;`.
    HtmlEntity,
    /// `\uXXXX`, `\xXX`, `\u{X}`, octal: JavaScript and kin.
    JsEscape,
    /// The escapes of a JSON string (RFC 8259).
    JsonString,
    /// Overlong or otherwise invalid UTF-8 read as lenient decoders read it.
    Overlong,
    /// Full-width, compatibility and best-fit characters folded to ASCII.
    Fold,
    /// Zero-width and ignorable characters left out.
    ZeroWidth,
    /// Base64, either alphabet.
    Base64,
    /// `.` and `..` segments, doubled slashes and `\` resolved.
    Path,
    /// The value is part of a structure inside a value (a JSON string, a query parameter, a URL).
    Leaf,
}

impl Transform {
    /// The name used in verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Transform::Form => "form",
            Transform::Percent => "percent",
            Transform::PercentU => "percent-u",
            Transform::HtmlEntity => "html-entity",
            Transform::JsEscape => "js-escape",
            Transform::JsonString => "json-string",
            Transform::Overlong => "overlong",
            Transform::Fold => "fold",
            Transform::ZeroWidth => "zero-width",
            Transform::Base64 => "base64",
            Transform::Path => "path",
            Transform::Leaf => "leaf",
        }
    }
}

/// One place where a view differs from its input: `out` of the view stands for `src` of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    out: Range<u32>,
    src: Range<u32>,
}

/// Decoded bytes with their way back. Reused: [`View::clear`] keeps the memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    bytes: Vec<u8>,
    edits: Vec<Edit>,
}

impl View {
    /// Empties the view; `start` is the offset in the input where reading starts.
    pub(crate) fn clear(&mut self, start: usize) {
        self.bytes.clear();
        self.edits.clear();
        if start != 0 {
            self.edits.push(Edit { out: 0..0, src: 0..start as u32 });
        }
    }

    /// What the input reads as.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether anything was replaced (a start offset is no replacement).
    pub(crate) fn changed(&self) -> bool {
        self.edits.iter().any(|edit| edit.out.end != 0 || edit.src.start != 0)
    }

    /// Takes the next input bytes as they are.
    #[inline]
    pub(crate) fn copy(&mut self, input: &[u8]) {
        self.bytes.extend_from_slice(input);
    }

    /// The next `src_len` input bytes read as `output` (which may be empty).
    #[inline]
    pub(crate) fn replace(&mut self, src_len: usize, output: &[u8]) {
        let at = self.bytes.len() as u32;
        let src = self.source_of_end();
        self.bytes.extend_from_slice(output);
        self.edits.push(Edit { out: at..self.bytes.len() as u32, src: src..src + src_len as u32 });
    }

    /// The next `src_len` input bytes read as the character `c`, in UTF-8.
    #[inline]
    pub(crate) fn replace_char(&mut self, src_len: usize, c: char) {
        self.replace(src_len, c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// The input range that `range` of the view came from. O(log edits).
    ///
    /// A range that touches a replacement covers the whole of what was replaced.
    pub(crate) fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = self.source_at(range.start).start;
        let end = if range.end > range.start { self.source_at(range.end - 1).end } else { start };
        start..end.max(start)
    }

    fn source_at(&self, offset: usize) -> Range<usize> {
        let offset = offset as u32;
        // The last edit that begins at or before the offset; of several that begin there, the one with output.
        let after = self.edits.partition_point(|edit| edit.out.start <= offset);
        match self.edits[..after].last() {
            None => offset as usize..offset as usize + 1,
            Some(edit) if offset < edit.out.end => edit.src.start as usize..edit.src.end as usize,
            Some(edit) => {
                let source = (edit.src.end + (offset - edit.out.end)) as usize;
                source..source + 1
            }
        }
    }

    fn source_of_end(&self) -> u32 {
        let at = self.bytes.len() as u32;
        self.edits.last().map_or(at, |edit| edit.src.end + (at - edit.out.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_map_back_through_replacements() {
        // input: ab%27cd%00e  ->  ab'cde (NUL left out), reading from offset 10 of something larger
        let mut view = View::default();
        view.clear(10);
        view.copy(b"ab");
        view.replace(3, b"'");
        view.copy(b"cd");
        view.replace(3, b"");
        view.copy(b"e");
        assert_eq!(view.bytes(), b"ab'cde");
        assert!(view.changed());
        assert_eq!(view.source(0..1), 10..11);
        assert_eq!(view.source(2..3), 12..15);
        assert_eq!(view.source(1..4), 11..16);
        assert_eq!(view.source(5..6), 20..21);
        assert_eq!(view.source(4..6), 16..21);
    }

    #[test]
    fn a_start_offset_is_no_change() {
        let mut view = View::default();
        view.clear(7);
        view.copy(b"abc");
        assert!(!view.changed());
        assert_eq!(view.source(0..3), 7..10);
    }
}
