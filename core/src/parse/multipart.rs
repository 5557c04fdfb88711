//! `multipart/form-data` bodies (RFC 7578), in chunks of any size.
//!
//! A part that lies within one chunk is handed on as a slice of it; one that is split is gathered first. So the parts, their
//! bytes and their offsets are the same however a body is cut. Nothing is decoded here.
//!
//! Readers of multipart differ more than those of any other form: in where a line ends, in what may follow a boundary, in
//! which of two names counts. What the grammar does not allow is read in the most common way and named, so that nobody has to
//! guess what another reader made of it.

use std::ops::Range;

use memchr::memmem;

use super::flags::flags;
pub(crate) use super::form::Raw;
use super::header::{Disposition, DispositionProblems, is_token};

/// Blanks that may follow a boundary on its line (RFC 2046, 5.1.1, has no limit).
const PADDING: usize = 64;

flags! {
    /// What is odd about a part or its surroundings. Each makes some reader see other fields.
    MultipartProblems {
        /// The boundary stands where no delimiter can: within a line, or before other text.
        BOUNDARY = "boundary-in-text",
        /// A line ends with LF alone.
        LINE_END = "bare-lf",
        /// Text before the first or behind the last delimiter.
        STRAY = "stray-text",
        /// The last delimiter is missing.
        UNTERMINATED = "unterminated",
        /// Header lines that are none, that are folded, or no blank line behind them.
        HEAD = "malformed-head",
        /// No `Content-Disposition: form-data` with a name, or a malformed one.
        NAME = "no-name",
        /// A header line, `name` or `filename` twice.
        TWICE = "twice",
        /// `name*`, or a `filename*` that not all who know it read alike (RFC 8187).
        EXTENDED = "extended-name",
        /// `\"` in a name, and a `;` behind it.
        ESCAPED = "escaped-quote",
        /// A `Content-Transfer-Encoding` that codes something; RFC 7578, 4.7, deprecates it, and some readers decode it.
        CODED = "transfer-coded",
        /// A part that is itself multipart; RFC 7578, 4.3, deprecates it, and some readers take it apart.
        NESTED = "nested",
    }
}

/// What a body consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A field or a file.
    Part(Part<'a>),
    /// Text that belongs to no part.
    Stray(Raw<'a>, MultipartProblems),
}

/// A field or a file. Ranges count bytes of `raw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// Header lines and content, without the delimiters.
    pub(crate) raw: Raw<'a>,
    /// The header lines.
    pub(crate) head: Range<usize>,
    /// The content.
    pub(crate) content: Range<usize>,
    /// The name of the field.
    pub(crate) name: Option<Range<usize>>,
    /// The name of the file, if it is one.
    pub(crate) filename: Option<Range<usize>>,
    /// The same by `filename*`, percent-encoded. Not every reader knows it: to those a part that has it alone is a field.
    pub(crate) extended: Option<Range<usize>>,
    /// The value of `Content-Disposition`, if it holds nothing but these names.
    pub(crate) disposition: Option<Range<usize>>,
    /// The value of `Content-Type`.
    pub(crate) content_type: Option<Range<usize>>,
    /// What is odd about it.
    pub(crate) problems: MultipartProblems,
}

impl<'a> Part<'a> {
    /// The bytes of one of the ranges, and where they stand in the body.
    pub(crate) fn cut(&self, range: &Range<usize>) -> Raw<'a> {
        Raw {
            bytes: self.raw.bytes.get(range.clone()).unwrap_or_default(),
            at: self.raw.at + range.start,
        }
    }

    /// Reads a part: head, blank line, content. O(len).
    fn read(raw: Raw<'a>, problems: MultipartProblems) -> Part<'a> {
        let (head, content) = split(raw.bytes);
        let end = raw.bytes.len();
        let mut part = Part {
            raw,
            head,
            content: content.clone().unwrap_or(end..end),
            name: None,
            filename: None,
            extended: None,
            disposition: None,
            content_type: None,
            problems,
        };
        part.problems.set_if(content.is_none(), MultipartProblems::HEAD);
        for line in lines(raw.bytes, part.head.clone()) {
            part.learn(&line);
        }
        part.problems.set_if(part.name.is_none(), MultipartProblems::NAME);
        part
    }

    fn learn(&mut self, line: &Line) {
        let bytes = self.raw.bytes;
        let text = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        self.problems.set_if(line.bare, MultipartProblems::LINE_END);
        let Some(name) = &line.name else {
            self.problems.set_if(true, MultipartProblems::HEAD);
            return;
        };
        let (name, value) = (text(name), text(&line.value));
        if name.eq_ignore_ascii_case(b"content-disposition") {
            let parsed = Disposition::parse(value);
            let here =
                |range: Range<usize>| line.value.start + range.start..line.value.start + range.end;
            let twice = self.name.is_some() || parsed.problems.has(DispositionProblems::TWICE);
            let problems = parsed.problems;
            for (odd, problem) in [
                (twice, MultipartProblems::TWICE),
                (problems.has(DispositionProblems::MALFORMED), MultipartProblems::NAME),
                (problems.has(DispositionProblems::EXTENDED), MultipartProblems::EXTENDED),
                (problems.has(DispositionProblems::ESCAPED), MultipartProblems::ESCAPED),
            ] {
                self.problems.set_if(odd, problem);
            }
            if !parsed.others && self.disposition.is_none() {
                self.disposition = Some(line.value.clone());
            }
            self.name = self.name.take().or(parsed.name.map(here));
            self.filename = self.filename.take().or(parsed.filename.map(here));
            self.extended = self.extended.take().or(parsed.extended.map(here));
        } else if name.eq_ignore_ascii_case(b"content-type") {
            self.problems.set_if(self.content_type.is_some(), MultipartProblems::TWICE);
            self.content_type.get_or_insert(line.value.clone());
            let kind = value.split(|&byte| byte == b'/').next().unwrap_or_default();
            let nested = kind.eq_ignore_ascii_case(b"multipart");
            self.problems.set_if(nested, MultipartProblems::NESTED);
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            let plain = [&b"7bit"[..], b"8bit", b"binary"];
            let codes = !plain.iter().any(|known| value.eq_ignore_ascii_case(known));
            self.problems.set_if(codes, MultipartProblems::CODED);
        }
    }
}

/// A header line of a part. Ranges count bytes of the part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// What stands before the colon; `None` if it is no name, or there is no colon.
    pub(crate) name: Option<Range<usize>>,
    /// What stands behind it, or the whole line; without blanks around it.
    pub(crate) value: Range<usize>,
    /// Whether the line ends with LF alone.
    bare: bool,
}

/// The header lines in `head`. O(len).
pub(crate) fn lines(part: &[u8], head: Range<usize>) -> impl Iterator<Item = Line> {
    let text = part.get(head.clone()).unwrap_or_default();
    let mut at = head.start;
    text.split_inclusive(|&byte| byte == b'\n').map(move |line| {
        let start = at;
        at += line.len();
        let bare = line.ends_with(b"\n") && !line.ends_with(b"\r\n");
        let colon = memchr::memchr(b':', line);
        let name = colon.filter(|&len| is_token(line.get(..len).unwrap_or_default()));
        let from = name.map_or(0, |len| len + 1);
        let value = line.get(from..).unwrap_or_default();
        let lead = value.len() - value.trim_ascii_start().len();
        let value_at = start + from + lead;
        Line {
            name: name.map(|len| start..start + len),
            value: value_at..value_at + value.trim_ascii().len(),
            bare,
        }
    })
}

/// Head and content of a part: what stands before and behind the first blank line, if there is one.
fn split(part: &[u8]) -> (Range<usize>, Option<Range<usize>>) {
    let mut at = 0;
    for line in part.split_inclusive(|&byte| byte == b'\n') {
        if matches!(line, b"\r\n" | b"\n") {
            return (0..at, Some(at + line.len()..part.len()));
        }
        at += line.len();
    }
    (0..part.len(), None)
}

/// Where in the body the current piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Preamble,
    Part,
    Epilogue,
}

/// Parses a multipart body as it arrives. Resumes at any byte.
#[derive(Clone, Debug)]
pub(crate) struct MultipartParser {
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    phase: Phase,
    /// The current piece as far as it is known, if it began in an earlier chunk.
    carry: Vec<u8>,
    /// Where the current piece starts in the body.
    piece_at: usize,
    /// Bytes of the current piece in which no delimiter begins.
    searched: usize,
    /// What is odd about the current piece so far.
    problems: MultipartProblems,
}

/// A delimiter that was found.
struct Delimiter {
    /// Its line, with the line end before it.
    range: Range<usize>,
    closes: bool,
}

/// What was found at a place where the boundary stands.
enum Found {
    Delimiter(Delimiter),
    /// No delimiter.
    Text,
    /// More has to be known.
    Unfinished,
}

impl MultipartParser {
    /// A parser that waits for [`MultipartParser::reset`].
    pub(crate) fn new() -> MultipartParser {
        MultipartParser {
            delimiter: Vec::new(),
            phase: Phase::Preamble,
            carry: Vec::new(),
            piece_at: 0,
            searched: 0,
            problems: MultipartProblems::default(),
        }
    }

    /// Starts a body that stands at `at` and whose parts are divided by `boundary`, which is not empty; keeps the memory.
    pub(crate) fn reset(&mut self, boundary: &[u8], at: usize) {
        self.delimiter.clear();
        self.delimiter.extend_from_slice(b"--");
        self.delimiter.extend_from_slice(boundary);
        self.carry.clear();
        self.phase = Phase::Preamble;
        (self.piece_at, self.searched) = (at, 0);
        self.problems = MultipartProblems::default();
    }

    /// Bytes of the part that waits for its end.
    pub(crate) fn pending(&self) -> usize {
        self.carry.len()
    }

    /// Takes the next bytes of the body; every part that ends in them goes to `sink`. O(len).
    pub(crate) fn feed(&mut self, chunk: &[u8], mut sink: impl FnMut(Piece<'_>)) {
        if self.carry.is_empty() {
            let done = self.divide(chunk, false, &mut sink);
            self.carry.extend_from_slice(chunk.get(done..).unwrap_or_default());
        } else {
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(chunk);
            let done = self.divide(&carry, false, &mut sink);
            carry.drain(..done.min(carry.len()));
            self.carry = carry;
        }
    }

    /// The body has ended: what is left goes to `sink`. Call [`MultipartParser::reset`] before another body.
    pub(crate) fn finish(&mut self, mut sink: impl FnMut(Piece<'_>)) {
        let mut carry = std::mem::take(&mut self.carry);
        let done = self.divide(&carry, true, &mut sink);
        let unterminated = self.phase != Phase::Epilogue;
        self.problems.set_if(unterminated, MultipartProblems::UNTERMINATED);
        self.emit(carry.get(done..).unwrap_or_default(), &mut sink);
        carry.clear();
        self.carry = carry;
    }

    /// Hands on what of `text`, which begins with the current piece, is complete: how many bytes.
    fn divide(&mut self, text: &[u8], last: bool, sink: &mut impl FnMut(Piece<'_>)) -> usize {
        let mut start = 0;
        let delimiter = std::mem::take(&mut self.delimiter);
        let finder = memmem::Finder::new(&delimiter);
        while self.phase != Phase::Epilogue {
            let rest = text.get(start + self.searched..).unwrap_or_default();
            let Some(skipped) = finder.find(rest) else {
                // The end may be the begin of a boundary.
                self.searched += (rest.len() + 1).saturating_sub(delimiter.len());
                break;
            };
            self.searched += skipped;
            let at = start + self.searched;
            match self.delimiter_at(text, start, at, at + delimiter.len(), last) {
                Found::Delimiter(found) => {
                    self.emit(text.get(start..found.range.start).unwrap_or_default(), sink);
                    self.piece_at += found.range.end - start;
                    start = found.range.end;
                    self.phase = if found.closes { Phase::Epilogue } else { Phase::Part };
                }
                Found::Text => {
                    self.problems.set_if(true, MultipartProblems::BOUNDARY);
                    self.searched += 1;
                }
                Found::Unfinished => break,
            }
        }
        self.delimiter = delimiter;
        start
    }

    /// Judges the boundary at `at..end` in `text`, whose current piece begins at `start`. O(1).
    fn delimiter_at(
        &mut self,
        text: &[u8],
        start: usize,
        at: usize,
        end: usize,
        last: bool,
    ) -> Found {
        let before = text.get(start..at).unwrap_or_default();
        let line = match before {
            [.., b'\r', b'\n'] => at - 2,
            [.., b'\n'] => at - 1,
            [] => at,
            _ => return Found::Text,
        };
        let after = text.get(end..).unwrap_or_default();
        if let [b'-', b'-', ..] = after {
            self.problems.set_if(at == line + 1, MultipartProblems::LINE_END);
            return Found::Delimiter(Delimiter { range: line..end + 2, closes: true });
        }
        let padding = after.iter().take(PADDING).take_while(|b| matches!(b, b' ' | b'\t')).count();
        let bare = match after.get(padding..).unwrap_or_default() {
            [b'\r', b'\n', ..] => false,
            [b'\n', ..] => true,
            [] | [b'\r' | b'-'] if !last => return Found::Unfinished,
            _ => return Found::Text,
        };
        self.problems.set_if(bare || at == line + 1, MultipartProblems::LINE_END);
        let end = end + padding + if bare { 1 } else { 2 };
        Found::Delimiter(Delimiter { range: line..end, closes: false })
    }

    /// Hands on the current piece, and starts another.
    fn emit(&mut self, text: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut problems = std::mem::take(&mut self.problems);
        self.searched = 0;
        let raw = Raw { bytes: text, at: self.piece_at };
        if self.phase == Phase::Part {
            sink(Piece::Part(Part::read(raw, problems)));
            return;
        }
        problems.set_if(!text.trim_ascii().is_empty(), MultipartProblems::STRAY);
        if !problems.is_empty() {
            sink(Piece::Stray(raw, problems));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{Random, cases, cut};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        why: String,
        body: String,
        #[serde(default)]
        parts: Vec<PartCase>,
        #[serde(default)]
        stray: Vec<String>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct PartCase {
        name: Option<String>,
        file: Option<String>,
        extended: Option<String>,
        r#type: Option<String>,
        content: String,
        #[serde(default)]
        odd: Vec<String>,
    }

    /// A piece with bytes of its own.
    #[derive(Clone, Debug, PartialEq)]
    struct Seen {
        at: usize,
        bytes: Vec<u8>,
        said: String,
    }

    fn seen(piece: &Piece<'_>) -> Seen {
        let raw = match piece {
            Piece::Part(part) => part.raw,
            Piece::Stray(raw, _) => *raw,
        };
        Seen { at: raw.at, bytes: raw.bytes.to_vec(), said: format!("{piece:?}") }
    }

    fn parse(chunks: &[&[u8]], mut sink: impl FnMut(Piece<'_>)) {
        let mut parser = MultipartParser::new();
        parser.reset(b"x", 0);
        for chunk in chunks {
            parser.feed(chunk, &mut sink);
        }
        parser.finish(sink);
    }

    fn pieces(chunks: &[&[u8]]) -> Vec<Seen> {
        let mut pieces = Vec::new();
        parse(chunks, |piece| pieces.push(seen(&piece)));
        pieces
    }

    #[test]
    fn testdata() {
        for case in cases::<Case>("parse/multipart.toml") {
            let (mut parts, mut stray) = (Vec::new(), Vec::new());
            parse(&[case.body.as_bytes()], |piece| match piece {
                Piece::Part(part) => {
                    let text = |range: &Range<usize>| cut(part.raw.bytes, range);
                    parts.push(PartCase {
                        name: part.name.as_ref().map(text),
                        file: part.filename.as_ref().map(text),
                        extended: part.extended.as_ref().map(text),
                        r#type: part.content_type.as_ref().map(text),
                        content: text(&part.content),
                        odd: part.problems.names().map(str::to_owned).collect(),
                    });
                }
                Piece::Stray(raw, problems) => {
                    assert!(!problems.is_empty());
                    stray.push(String::from_utf8_lossy(raw.bytes).into_owned());
                }
            });
            assert_eq!((parts, stray), (case.parts, case.stray), "{}", case.why);
        }
    }

    #[test]
    fn chunks_change_nothing_and_no_byte_is_lost() {
        let alphabet = [
            "--x",
            "--x--",
            "\r\n",
            "\n",
            "\r\n--x\r\n",
            "\r\n--x--",
            "Content-Disposition: form-data; name=\"a\"",
            "; filename=b",
            "\r\n\r\n",
            "-",
            " ",
            "a: b",
            "--",
            "\"",
        ];
        let mut random = Random::new();
        let mut divided = 0;
        for _ in 0..20_000 {
            let body = random.text(&alphabet, 14);
            let whole = pieces(&[&body]);
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            let cut = random.below(body.len() + 1);
            let (a, b) = body.split_at(cut);
            for chunks in [&bytes[..], &[a, b]] {
                assert_eq!(pieces(chunks), whole, "{:?}", body.escape_ascii());
            }
            let mut end = 0;
            for piece in &whole {
                let between = &body[end..piece.at];
                assert!(between.iter().all(|b| b"-x \t\r\n\x0c".contains(b)), "{between:?}");
                assert_eq!(body[piece.at..piece.at + piece.bytes.len()], piece.bytes);
                end = piece.at + piece.bytes.len();
            }
            assert!(body[end..].iter().all(|b| b"-x \t\r\n\x0c".contains(b)));
            divided += usize::from(whole.len() > 1);
        }
        assert!(divided > 5_000, "{divided}");
    }
}
