//! JSON bodies and values: a strict parser (RFC 8259) that tells what it sees as [`Event`]s.
//!
//! ```text
//! bytes, in chunks ─ JsonParser ─► event(String, 12..19, path)      to a JsonSink
//!                       │          problem(DuplicateKey, 40..46)
//!                    Path, keys    rest(bytes from the point where it is no JSON any more)
//! ```
//!
//! No DOM, no recursion, resumable at any byte: a token that the end of a chunk cuts is carried over, and the events
//! of a body do not depend on how it was cut. All offsets count from the first byte of the document over all chunks.
//!
//! What real readers disagree about is a [`Problem`], told before the event it concerns; the policy decides what that
//! means. Where RFC 8259 is broken beyond repair the problem is *fatal*: there are no more events, and everything from the broken token
//! on goes to [`JsonSink::rest`], so that no byte of a body passes unseen.
//!
//! Every byte is looked at once for the grammar; strings that hold escapes or bytes above 127 are read a second time when complete.

mod event;
mod number;
mod path;
mod string;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub(crate) use event::{Event, Expected, JsonSink, Problem, Text};
pub(crate) use number::Number;
pub(crate) use path::{Container, Path, Segment, pointer_key};
pub(crate) use string::unescape;

use crate::limits::Limits;
use string::{Escapes, Scan, check_escapes};

/// What the grammar allows next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Value,
    FirstItem,
    FirstKey,
    Key,
    Colon,
    ObjectNext,
    ArrayNext,
    /// The document is complete.
    End,
    /// There was a fatal problem.
    Failed,
}

/// A token whose end is not in sight yet.
#[derive(Clone, Copy, Debug)]
enum Token {
    String(Scan),
    Number(Number),
    /// A fixed text, and how much of it has been seen.
    Word(&'static [u8], usize),
}

/// What a token came to within a chunk.
enum Reach {
    /// It ends before this index.
    End(usize),
    /// It goes on after the chunk.
    Open,
    /// It is broken at this index.
    Broken(usize, Expected),
}

/// Begins each document of a sequence (RFC 7464, 2.2).
const RECORD: u8 = 0x1E;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The parser. Reusable: [`reset`](JsonParser::reset) keeps the memory.
#[derive(Debug)]
pub(crate) struct JsonParser {
    max_depth: usize,
    /// Whether another document may follow the first.
    several: bool,
    state: State,
    path: Path,
    failed: Option<Problem>,
    /// Where the document starts.
    origin: usize,
    /// The offset of the next byte to be fed.
    offset: usize,
    /// The token that the last chunk cut, and what has been seen of it.
    open: Option<Token>,
    carry: Vec<u8>,
}

impl JsonParser {
    /// A parser for documents that start at offset 0.
    pub(crate) fn new(limits: &Limits) -> JsonParser {
        JsonParser {
            max_depth: limits.depth,
            several: false,
            state: State::default(),
            path: Path::default(),
            failed: None,
            origin: 0,
            offset: 0,
            open: None,
            carry: Vec::new(),
        }
    }

    /// Bytes of a token that waits for its end.
    pub(crate) fn pending(&self) -> usize {
        self.carry.len()
    }

    /// Makes ready for another document, whose first byte has the offset `origin`.
    pub(crate) fn reset(&mut self, limits: &Limits, origin: usize) {
        self.max_depth = limits.depth;
        self.several = false;
        self.state = State::default();
        self.path.clear();
        self.failed = None;
        self.origin = origin;
        self.offset = origin;
        self.open = None;
        self.carry.clear();
    }

    /// As [`reset`](JsonParser::reset), for documents that follow each other: on lines, each behind a record separator (RFC 7464), or
    /// with nothing between.
    pub(crate) fn reset_for_several(&mut self, limits: &Limits) {
        self.reset(limits, 0);
        self.several = true;
    }

    /// Takes the next bytes of the document. O(`chunk.len()`).
    pub(crate) fn feed<S: JsonSink>(&mut self, chunk: &[u8], sink: &mut S) {
        let mut at = if self.open.is_some() { self.resume(chunk, sink) } else { 0 };
        while let Some(&byte) = chunk.get(at) {
            if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') && self.state != State::Failed {
                at += 1;
                continue;
            }
            at = match self.state {
                State::FirstItem if byte == b']' => self.close(at, sink),
                State::Value | State::FirstItem => self.value(chunk, at, byte, sink),
                State::FirstKey if byte == b'}' => self.close(at, sink),
                State::FirstKey | State::Key if byte == b'"' => self.string(chunk, at, sink),
                State::Colon if byte == b':' => {
                    self.state = State::Value;
                    at + 1
                }
                State::ObjectNext if byte == b',' => {
                    self.state = State::Key;
                    at + 1
                }
                State::ObjectNext if byte == b'}' => self.close(at, sink),
                State::ArrayNext if byte == b',' => {
                    self.path.next_item();
                    self.state = State::Value;
                    at + 1
                }
                State::ArrayNext if byte == b']' => self.close(at, sink),
                State::Failed => {
                    sink.rest(chunk.get(at..).unwrap_or_default(), self.offset + at);
                    chunk.len()
                }
                State::End if self.several => {
                    self.state = State::Value;
                    at
                }
                _ => {
                    let problem = self.unexpected();
                    self.fail(problem, self.offset + at..self.offset + at + 1, sink);
                    at
                }
            };
        }
        self.offset += chunk.len();
    }

    /// Says that the document is complete.
    pub(crate) fn finish<S: JsonSink>(&mut self, sink: &mut S) {
        let end = self.offset..self.offset;
        let expected = match self.open.take() {
            Some(Token::Number(number)) if number.is_complete() => {
                let carry = std::mem::take(&mut self.carry);
                let start = self.offset - carry.len();
                self.token(Token::Number(number), &carry, start, sink);
                self.carry = carry;
                self.carry.clear();
                None
            }
            Some(Token::Number(_)) => Some(Expected::Digit),
            Some(Token::String(_)) => Some(Expected::Quote),
            Some(Token::Word(BOM, _)) => Some(Expected::Value),
            Some(Token::Word(..)) => Some(Expected::Word),
            None => None,
        };
        let problem = match expected {
            Some(expected) => Problem::Malformed(expected),
            None if matches!(self.state, State::End | State::Failed) || self.is_between() => return,
            None => self.unexpected(),
        };
        self.fail(problem, end, sink);
        if !self.carry.is_empty() {
            sink.rest(&self.carry, self.offset - self.carry.len());
            self.carry.clear();
        }
    }

    /// Whether no document is under way, and none need follow.
    fn is_between(&self) -> bool {
        self.several && self.state == State::Value && self.path.depth() == 0
    }

    /// Parses a whole document that starts at offset `origin`. O(`bytes.len()`).
    pub(crate) fn walk<S: JsonSink>(
        &mut self,
        bytes: &[u8],
        origin: usize,
        limits: &Limits,
        sink: &mut S,
    ) -> Result<(), Problem> {
        self.reset(limits, origin);
        self.read(bytes, sink)
    }

    /// Parses documents that follow each other, such as the value of a parameter, whole. O(`bytes.len()`).
    pub(crate) fn walk_several<S: JsonSink>(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        sink: &mut S,
    ) -> Result<(), Problem> {
        self.reset_for_several(limits);
        self.read(bytes, sink)
    }

    fn read<S: JsonSink>(&mut self, bytes: &[u8], sink: &mut S) -> Result<(), Problem> {
        self.feed(bytes, sink);
        self.finish(sink);
        self.failed.map_or(Ok(()), Err)
    }

    /// A value starts with `byte` at `at`.
    #[inline]
    fn value<S: JsonSink>(&mut self, chunk: &[u8], at: usize, byte: u8, sink: &mut S) -> usize {
        let offset = self.offset + at;
        match byte {
            b'"' => self.string(chunk, at, sink),
            b'-' | b'0'..=b'9' => self.number(chunk, at, sink),
            b'{' | b'[' => {
                if self.path.depth() >= self.max_depth {
                    self.fail(Problem::Depth, offset..offset + 1, sink);
                    return at;
                }
                let (event, container, state) = if byte == b'{' {
                    (Event::ObjectStart, Container::Object, State::FirstKey)
                } else {
                    (Event::ArrayStart, Container::Array, State::FirstItem)
                };
                sink.event(event, offset..offset + 1, &self.path);
                self.path.open(container);
                self.state = state;
                at + 1
            }
            b't' => self.word(b"true", chunk, at, sink),
            b'f' => self.word(b"false", chunk, at, sink),
            b'n' => self.word(b"null", chunk, at, sink),
            RECORD if self.several && self.path.depth() == 0 => at + 1,
            0xEF if offset == self.origin => self.word(BOM, chunk, at, sink),
            _ => {
                let problem = self.unexpected();
                self.fail(problem, offset..offset + 1, sink);
                at
            }
        }
    }

    /// A string starts at `at`. Like the two below, returns where to go on.
    #[inline]
    fn string<S: JsonSink>(&mut self, chunk: &[u8], at: usize, sink: &mut S) -> usize {
        let mut scan = Scan::default();
        match scan.find_quote(chunk, at + 1, self.offset) {
            Some(quote) => {
                let bytes = chunk.get(at..=quote).unwrap_or_default();
                self.string_token(scan, bytes, self.offset + at, sink);
                quote + 1
            }
            None => self.cut(Token::String(scan), chunk, at),
        }
    }

    /// A number starts at `at`.
    #[inline]
    fn number<S: JsonSink>(&mut self, chunk: &[u8], at: usize, sink: &mut S) -> usize {
        let mut number = Number::Start;
        let end = number.skip(chunk, at);
        if end == chunk.len() {
            return self.cut(Token::Number(number), chunk, at);
        }
        if !number.is_complete() {
            let bad = self.offset + end;
            self.fail(Problem::Malformed(Expected::Digit), bad..bad + 1, sink);
            return at;
        }
        let bytes = chunk.get(at..end).unwrap_or_default();
        self.scalar(Event::Number(bytes), self.offset + at..self.offset + end, sink);
        end
    }

    /// A fixed text starts at `at`.
    #[inline]
    fn word<S: JsonSink>(
        &mut self,
        word: &'static [u8],
        chunk: &[u8],
        at: usize,
        sink: &mut S,
    ) -> usize {
        let mut token = Token::Word(word, 0);
        match token.reach(chunk, at, self.offset) {
            Reach::End(end) => {
                let bytes = chunk.get(at..end).unwrap_or_default();
                self.token(token, bytes, self.offset + at, sink);
                end
            }
            Reach::Open => self.cut(token, chunk, at),
            Reach::Broken(bad, expected) => {
                let bad = self.offset + bad;
                self.fail(Problem::Malformed(expected), bad..bad + 1, sink);
                at
            }
        }
    }

    /// The token that starts at `at` goes on after the chunk.
    #[cold]
    fn cut(&mut self, token: Token, chunk: &[u8], at: usize) -> usize {
        self.carry.clear();
        self.carry.extend_from_slice(chunk.get(at..).unwrap_or_default());
        self.open = Some(token);
        chunk.len()
    }

    /// Goes on with the token that the last chunk cut. Returns where to go on in `chunk`.
    #[cold]
    fn resume<S: JsonSink>(&mut self, chunk: &[u8], sink: &mut S) -> usize {
        let Some(mut token) = self.open.take() else { return 0 };
        let mut carry = std::mem::take(&mut self.carry);
        let start = self.offset - carry.len();
        let at = match token.reach(chunk, 0, self.offset) {
            Reach::End(end) => {
                carry.extend_from_slice(chunk.get(..end).unwrap_or_default());
                self.token(token, &carry, start, sink);
                carry.clear();
                end
            }
            Reach::Open => {
                carry.extend_from_slice(chunk);
                self.open = Some(token);
                chunk.len()
            }
            Reach::Broken(bad, expected) => {
                let bad = self.offset + bad;
                self.fail(Problem::Malformed(expected), bad..bad + 1, sink);
                sink.rest(&carry, start);
                carry.clear();
                0
            }
        };
        self.carry = carry;
        at
    }

    /// Tells of a token that is complete. A broken one goes to `rest`.
    fn token<S: JsonSink>(&mut self, token: Token, bytes: &[u8], start: usize, sink: &mut S) {
        let range = start..start + bytes.len();
        match token {
            Token::String(scan) => self.string_token(scan, bytes, start, sink),
            Token::Number(_) => self.scalar(Event::Number(bytes), range, sink),
            Token::Word(b"true", _) => self.scalar(Event::Bool(true), range, sink),
            Token::Word(b"false", _) => self.scalar(Event::Bool(false), range, sink),
            Token::Word(b"null", _) => self.scalar(Event::Null, range, sink),
            Token::Word(..) => sink.problem(Problem::Bom, range, &self.path),
        }
    }

    #[inline]
    fn scalar<S: JsonSink>(&mut self, event: Event<'_>, range: Range<usize>, sink: &mut S) {
        sink.event(event, range, &self.path);
        self.after_value();
    }

    #[inline]
    fn string_token<S: JsonSink>(&mut self, scan: Scan, bytes: &[u8], start: usize, sink: &mut S) {
        let range = start..start + bytes.len();
        let raw = match bytes {
            [b'"', raw @ .., b'"'] => raw,
            _ => bytes, // not reached: a complete string has its quotes
        };
        let key = matches!(self.state, State::FirstKey | State::Key);
        let mut utf8 = true;
        if scan.control.is_some() || scan.high || scan.escaped {
            match self.inspect(scan, raw, start + 1, sink) {
                Some(is_utf8) => utf8 = is_utf8,
                None => return sink.rest(bytes, start),
            }
        }
        let text = Text { raw, escaped: scan.escaped, utf8 };
        if key {
            if self.path.key(raw, scan.escaped) {
                sink.problem(Problem::DuplicateKey, range.clone(), &self.path);
            }
            sink.event(Event::Key(text), range, &self.path);
            self.state = State::Colon;
        } else {
            sink.event(Event::String(text), range, &self.path);
            self.after_value();
        }
    }

    /// Looks at what is not plain ASCII in a string. Whether it is UTF-8, `None` if it is broken.
    #[cold]
    fn inspect<S: JsonSink>(
        &mut self,
        scan: Scan,
        raw: &[u8],
        start: usize,
        sink: &mut S,
    ) -> Option<bool> {
        if let Some(control) = scan.control {
            sink.problem(Problem::ControlCharacter, control..control + 1, &self.path);
        }
        let mut utf8 = true;
        if scan.high && simdutf8::basic::from_utf8(raw).is_err() {
            utf8 = false;
            let valid = simdutf8::compat::from_utf8(raw).map_or_else(|e| e.valid_up_to(), str::len);
            let at = start + valid;
            sink.problem(Problem::InvalidUtf8, at..at + 1, &self.path);
        }
        if scan.escaped {
            match check_escapes(raw) {
                Escapes::Good => {}
                Escapes::LoneSurrogate(at) => {
                    sink.problem(Problem::LoneSurrogate, start + at..start + at + 6, &self.path);
                }
                Escapes::Bad(at) => {
                    let at = start + at;
                    self.fail(Problem::Malformed(Expected::Escape), at..at + 2, sink);
                    return None;
                }
            }
        }
        Some(utf8)
    }

    #[inline]
    fn close<S: JsonSink>(&mut self, at: usize, sink: &mut S) -> usize {
        let event = match self.path.container() {
            Some(Container::Array) => Event::ArrayEnd,
            _ => Event::ObjectEnd,
        };
        self.path.close();
        sink.event(event, self.offset + at..self.offset + at + 1, &self.path);
        self.after_value();
        at + 1
    }

    #[inline]
    fn after_value(&mut self) {
        self.state = match self.path.container() {
            Some(Container::Object) => State::ObjectNext,
            Some(Container::Array) => State::ArrayNext,
            None => State::End,
        };
    }

    /// The problem with a byte (or the end) that the grammar does not allow here.
    fn unexpected(&self) -> Problem {
        Problem::Malformed(match self.state {
            State::Value => Expected::Value,
            State::FirstItem => Expected::FirstItem,
            State::FirstKey => Expected::FirstKey,
            State::Key => Expected::Key,
            State::Colon => Expected::Colon,
            State::ObjectNext => Expected::ObjectNext,
            State::ArrayNext => Expected::ArrayNext,
            State::End | State::Failed => return Problem::Trailing,
        })
    }

    #[cold]
    fn fail<S: JsonSink>(&mut self, problem: Problem, range: Range<usize>, sink: &mut S) {
        self.state = State::Failed;
        self.failed = Some(problem);
        sink.problem(problem, range, &self.path);
    }
}

impl Token {
    /// How far the token reaches in `bytes`, looked at from `from` on; `offset` is that of `bytes`. O(bytes looked at).
    #[inline]
    fn reach(&mut self, bytes: &[u8], from: usize, offset: usize) -> Reach {
        match self {
            Token::String(scan) => match scan.find_quote(bytes, from, offset) {
                Some(quote) => Reach::End(quote + 1),
                None => Reach::Open,
            },
            Token::Number(number) => match number.skip(bytes, from) {
                end if end == bytes.len() => Reach::Open,
                end if number.is_complete() => Reach::End(end),
                end => Reach::Broken(end, Expected::Digit),
            },
            Token::Word(word, seen) => {
                let rest = bytes.get(from..).unwrap_or_default();
                for (at, &byte) in rest.iter().enumerate() {
                    match word.get(*seen) {
                        None => return Reach::End(from + at),
                        Some(&expected) if expected == byte => *seen += 1,
                        Some(_) if *word == BOM => {
                            return Reach::Broken(from + at, Expected::Value);
                        }
                        Some(_) => return Reach::Broken(from + at, Expected::Word),
                    }
                }
                if *seen == word.len() { Reach::End(bytes.len()) } else { Reach::Open }
            }
        }
    }
}

/// Whether `bytes` look like a whole JSON object or array, by their first and last byte that is not blank. O(blanks).
///
/// Overstates, never understates: for the caller who then asks [`JsonParser::walk`].
pub(crate) fn may_be_structured(bytes: &[u8]) -> bool {
    matches!(
        bytes.trim_ascii(),
        [b'{', .., b'}'] | [b'[', .., b']'] | [0xEF, 0xBB, 0xBF, .., b'}' | b']']
    )
}
