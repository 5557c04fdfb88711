//! What the parser tells: [`Event`], [`Problem`], and who takes them, a [`JsonSink`].

use std::ops::Range;

use super::Path;

/// What takes the events. Every call gets the path of the value that it is about.
pub(crate) trait JsonSink {
    /// The next token that has a meaning; `range` covers it as written, quotes included.
    fn event(&mut self, event: Event<'_>, range: Range<usize>, path: &Path);

    /// Something that readers disagree about, or the point where the document ends being JSON.
    fn problem(&mut self, problem: Problem, range: Range<usize>, path: &Path);

    /// Bytes at `offset` that were not part of any event, after a fatal problem. Called for every piece.
    fn rest(&mut self, bytes: &[u8], offset: usize);
}

/// One step of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// `{`; the path is the object's own.
    ObjectStart,
    /// `}`; the range is that of the bracket.
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// The key of a member; the path is the member's already.
    Key(Text<'a>),
    /// A string value.
    String(Text<'a>),
    /// A number as written.
    Number(&'a [u8]),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// A string as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// What stands between the quotes, escapes not undone.
    pub(crate) raw: &'a [u8],
    /// Whether there are escapes; if so they are well-formed, see [`unescape`].
    pub(crate) escaped: bool,
    /// Whether it is UTF-8.
    pub(crate) utf8: bool,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A byte order mark before the document.
    Bom,
    /// An object has this key already, after unescaping. The range is that of the repeated key.
    DuplicateKey,
    /// Half a surrogate pair, the first of the string.
    LoneSurrogate,
    /// A string is no UTF-8, from this byte on.
    InvalidUtf8,
    /// A raw control character in a string, the first of it. RFC 8259 forbids it, lenient readers go on.
    ControlCharacter,
    /// Fatal: not JSON; what would have been right.
    Malformed(Expected),
    /// Fatal: something but blanks after the document.
    Trailing,
    /// Fatal: deeper than [`Limits::depth`].
    Depth,
}

impl Problem {
    /// The name in test cases and in violations.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Problem::Bom => "bom",
            Problem::DuplicateKey => "duplicate-key",
            Problem::LoneSurrogate => "lone-surrogate",
            Problem::InvalidUtf8 => "invalid-utf8",
            Problem::ControlCharacter => "control-character",
            Problem::Malformed(_) => "malformed",
            Problem::Trailing => "trailing",
            Problem::Depth => "depth",
        }
    }

    /// Whether parsing stops here.
    pub(crate) fn is_fatal(self) -> bool {
        matches!(self, Problem::Malformed(_) | Problem::Trailing | Problem::Depth)
    }
}

/// What would have been right where a document is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Value,
    FirstItem,
    FirstKey,
    Key,
    Colon,
    ObjectNext,
    ArrayNext,
    Digit,
    Word,
    Escape,
    Quote,
}

impl Expected {
    /// For messages: "expected …".
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Expected::Value => "a value",
            Expected::FirstItem => "a value or `]`",
            Expected::FirstKey => "a key in double quotes or `}`",
            Expected::Key => "a key in double quotes",
            Expected::Colon => "`:`",
            Expected::ObjectNext => "`,` or `}`",
            Expected::ArrayNext => "`,` or `]`",
            Expected::Digit => "a digit",
            Expected::Word => "`true`, `false` or `null`",
            Expected::Escape => "an escape of RFC 8259",
            Expected::Quote => "the closing quote of a string",
        }
    }
}
