//! A reading of a value, and its way back to the raw bytes.
//!
//! A decoder copies its input into a [`View`] and notes an [`Edit`] wherever output differs from input. So any range of
//! the view maps to the range of the input it came from, through any number of decodings.

use std::ops::Range;

use serde::Serialize;

use super::notes::{Notes, Oddity};

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
    /// UTF-7 (RFC 2152), where it writes ASCII: `+ADw-`.
    #[serde(rename = "utf-7")]
    Utf7,
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
    /// The values of a repeated parameter, or the texts of an element, joined.
    Join,
    /// References of XML resolved, and its comments, processing instructions and CDATA marks left out.
    Xml,
    /// The bytes of a form's value, its escapes taken off, read in the charset that the form or the part names.
    Charset,
}

impl Transform {
    /// Every transform, in the order in which one pass that applies several of them applies them.
    pub(crate) const ALL: [Transform; 16] = [
        Transform::Form,
        Transform::Percent,
        Transform::PercentU,
        Transform::HtmlEntity,
        Transform::JsEscape,
        Transform::Utf7,
        Transform::JsonString,
        Transform::Overlong,
        Transform::Fold,
        Transform::ZeroWidth,
        Transform::Base64,
        Transform::Path,
        Transform::Leaf,
        Transform::Join,
        Transform::Xml,
        Transform::Charset,
    ];

    /// The name used in verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Transform::Form => "form",
            Transform::Percent => "percent",
            Transform::PercentU => "percent-u",
            Transform::HtmlEntity => "html-entity",
            Transform::JsEscape => "js-escape",
            Transform::Utf7 => "utf-7",
            Transform::JsonString => "json-string",
            Transform::Overlong => "overlong",
            Transform::Fold => "fold",
            Transform::ZeroWidth => "zero-width",
            Transform::Base64 => "base64",
            Transform::Path => "path",
            Transform::Leaf => "leaf",
            Transform::Join => "join",
            Transform::Xml => "xml",
            Transform::Charset => "charset",
        }
    }
}

/// A set of [`Transform`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transforms(u16);

impl Transforms {
    /// Adds one.
    pub(crate) fn insert(&mut self, transform: Transform) {
        self.0 |= 1 << transform as u16;
    }

    /// Its members, in the order of [`Transform::ALL`].
    pub(crate) fn iter(self) -> impl Iterator<Item = Transform> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let first = Transform::ALL.get(rest.trailing_zeros() as usize).copied();
            rest &= rest.wrapping_sub(1);
            first
        })
    }
}

/// One place where a view differs from its input: `out` of the view stands for `src` of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    out: Range<u32>,
    src: Range<u32>,
}

/// Symbols of base64 that write three bytes.
const GROUP: usize = 4;

/// Decoded bytes with their way back. Reused: [`View::clear`] keeps the memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    bytes: Vec<u8>,
    /// Ascending in both ranges; what lies between two edits was copied.
    edits: Vec<Edit>,
    /// Where the output of edits begins that are runs of replacements, each of three bytes for [`GROUP`]. Ascending.
    groups: Vec<u32>,
    /// Offset in the input where reading starts.
    start: u32,
    by: Transforms,
    notes: Notes,
}

impl View {
    /// Empties the view; `start` is the offset in the input where reading starts.
    pub(crate) fn clear(&mut self, start: usize) {
        self.bytes.clear();
        self.edits.clear();
        self.groups.clear();
        self.start = start as u32;
        self.by = Transforms::default();
        if !self.notes.is_empty() {
            self.notes = Notes::default();
        }
    }

    /// What the input reads as.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether anything was replaced (a start offset is no replacement).
    pub(crate) fn changed(&self) -> bool {
        !self.edits.is_empty()
    }

    /// What was done to the input.
    pub(crate) fn transforms(&self) -> Transforms {
        self.by
    }

    /// What was odd about the input; offsets count as in [`View::source`].
    pub(crate) fn notes(&self) -> Notes {
        self.notes
    }

    /// Notes something odd at this offset of what was given to the decoder.
    pub(crate) fn note(&mut self, oddity: Oddity, at: usize) {
        self.notes.add(oddity, self.start as usize + at);
    }

    /// Says that the replacements are (also) this transform's.
    #[inline]
    pub(crate) fn mark(&mut self, transform: Transform) {
        self.by.insert(transform);
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
        let src = self.source_of_end() as u32;
        self.bytes.extend_from_slice(output);
        self.edits.push(Edit { out: at..self.bytes.len() as u32, src: src..src + src_len as u32 });
    }

    /// The same where the caller knows that all input before `src` is in the view.
    #[inline]
    pub(crate) fn replace_at(&mut self, src: Range<usize>, output: &[u8]) {
        let at = self.bytes.len() as u32;
        debug_assert_eq!(self.source_of_end(), self.start as usize + src.start);
        self.bytes.extend_from_slice(output);
        let src = self.start + src.start as u32..self.start + src.end as u32;
        self.edits.push(Edit { out: at..self.bytes.len() as u32, src });
    }

    /// From `src` on, where all input before is in the view, each of `groups` of the input reads as the three bytes that `decode` makes
    /// of it, up to the first of which it makes none. How many input bytes were taken.
    // PERF: one edit for all of them; one for each made up two thirds of decoding base64.
    pub(crate) fn replace_groups(
        &mut self,
        src: usize,
        groups: &[[u8; GROUP]],
        decode: impl Fn([u8; GROUP]) -> Option<[u8; GROUP - 1]>,
    ) -> usize {
        debug_assert_eq!(self.source_of_end(), self.start as usize + src);
        let at = self.bytes.len();
        self.bytes.resize(at + groups.len() * (GROUP - 1), 0);
        let slots = self.bytes.get_mut(at..).unwrap_or_default().as_chunks_mut().0;
        let mut read = 0;
        for (slot, group) in slots.iter_mut().zip(groups) {
            let Some(bytes) = decode(*group) else { break };
            *slot = bytes;
            read += 1;
        }
        self.bytes.truncate(at + read * (GROUP - 1));
        if read > 0 {
            let src = self.start + src as u32;
            let src = src..src + (read * GROUP) as u32;
            self.edits.push(Edit { out: at as u32..self.bytes.len() as u32, src });
            self.groups.push(at as u32);
        }
        read * GROUP
    }

    /// The input range that `range` of the view came from. O(log edits).
    ///
    /// A range that touches a replacement covers the whole of what was replaced.
    pub(crate) fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = self.source_at(range.start).start;
        let end = if range.end > range.start { self.source_at(range.end - 1).end } else { start };
        start..end.max(start)
    }

    /// The input range of the first replacement.
    pub(crate) fn first_edit(&self) -> Option<Range<usize>> {
        self.edits.first().map(|edit| edit.src.start as usize..edit.src.end as usize)
    }

    /// Whether a replacement reads bytes that the view `below`, of which this is a decoding, had replaced itself: then it
    /// undoes a nested encoding, else one that stands beside. O(edits of both).
    pub(crate) fn builds_on(&self, below: &View) -> bool {
        let mut lower = below.edits.iter().peekable();
        self.edits.iter().any(|edit| {
            let (start, end) = (edit.src.start, edit.src.end);
            // An empty output counts where it lies inside: what stood there kept the two sides apart.
            while lower.next_if(|low| low.out.end <= start).is_some() {}
            lower.peek().is_some_and(|low| low.out.start < end)
        })
    }

    /// Takes back all output from `len` on; the next replacement stands for its input too. Amortised O(1) a byte written.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
        while self.edits.pop_if(|edit| edit.out.start as usize >= len).is_some() {}
        while self.groups.pop_if(|start| *start as usize >= len).is_some() {}
    }

    /// Frees the memory if it is more than `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if self.bytes.capacity() + self.edits.capacity() * size_of::<Edit>() > bytes {
            *self = View::default();
        }
    }

    /// The input offset that the next byte written stands for.
    pub(crate) fn source_of_end(&self) -> usize {
        let at = self.bytes.len() as u32;
        self.edits.last().map_or(self.start + at, |edit| edit.src.end + (at - edit.out.end))
            as usize
    }

    fn source_at(&self, offset: usize) -> Range<usize> {
        let offset = offset as u32;
        // The last edit that begins at or before the offset; of several that begin there, the one with output.
        let after = self.edits.partition_point(|edit| edit.out.start <= offset);
        let source = match self.edits[..after].last() {
            None => self.start + offset,
            Some(edit) if offset < edit.out.end => {
                if self.groups.binary_search(&edit.out.start).is_ok() {
                    let nth = (offset - edit.out.start) as usize / (GROUP - 1);
                    let start = edit.src.start as usize + nth * GROUP;
                    return start..start + GROUP;
                }
                return edit.src.start as usize..edit.src.end as usize;
            }
            Some(edit) => edit.src.end + (offset - edit.out.end),
        };
        source as usize..source as usize + 1
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

    #[test]
    fn groups_map_back_one_by_one() {
        let code = |group: [u8; GROUP]| (group != *b"stop").then(|| [group[0], group[1], group[2]]);
        let mut view = View::default();
        view.clear(10);
        view.copy(b"x");
        assert_eq!(view.replace_groups(1, &[*b"abc.", *b"def.", *b"stop", *b"ghi."], code), 8);
        view.replace(4, b"!");
        assert_eq!(view.bytes(), b"xabcdef!");
        assert_eq!(view.source(0..1), 10..11);
        assert_eq!(view.source(2..3), 11..15);
        assert_eq!(view.source(3..5), 11..19);
        assert_eq!(view.source(6..7), 15..19);
        assert_eq!(view.source(7..8), 19..23);
        // Taken back, it is forgotten: what stands there then is one replacement.
        view.truncate(1);
        view.replace(12, b"abc");
        assert_eq!(view.source(2..3), 11..23);
    }

    #[test]
    fn taken_back_output_is_covered_by_the_next_replacement() {
        let mut view = View::default();
        view.copy(b"/a");
        view.replace(2, b"");
        view.copy(b"/b");
        view.truncate(1);
        view.replace(8 - view.source_of_end(), b"");
        view.copy(b"c");
        assert_eq!(view.bytes(), b"/c");
        assert_eq!(view.source(0..1), 0..1);
        assert_eq!(view.source(1..2), 8..9);
        assert_eq!(view.source(0..2), 0..9);
    }

    #[test]
    fn a_nested_replacement_builds_on_the_lower_one() {
        // a%26lt;b&gt;  ->  a&lt;b&gt;
        let mut below = View::default();
        below.copy(b"a");
        below.replace(3, b"&");
        below.copy(b"lt;b&gt;");
        let mut nested = View::default();
        nested.copy(b"a");
        nested.replace(4, b"<");
        let mut beside = View::default();
        beside.copy(b"a&lt;b");
        beside.replace(4, b">");
        assert!(nested.builds_on(&below));
        assert!(!beside.builds_on(&below));
        assert!(!beside.builds_on(&View::default()));
    }
}
