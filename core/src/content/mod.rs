//! The body as it was meant: content codings removed (RFC 9110, 8.4), its charset turned into UTF-8.
//!
//! ```text
//! bytes received ─ gzip | deflate | br | zstd, the last applied first ─ charset ─► bytes that a reader gets
//! ```
//!
//! Each step takes bytes as they come and resumes at any of them. What comes out of one is bounded by `limits.body_bytes`, whatever the
//! bytes say: a bomb is a finding, and nothing of it is kept. Linear in input and output.

mod brotli;
pub(crate) mod charset;
mod deflate;
pub(crate) mod runs;
mod zstd;

use std::fmt;

use encoding_rs::Encoding;

use brotli::Brotli;
use charset::Charset;
use deflate::{Deflate, Gzip};
use zstd::Zstd;

/// Codings on top of each other; no client applies two.
const MOST_CODINGS: usize = 4;
/// Bytes that a decoder gives out at once.
const BUFFER: usize = 16 << 10;

/// A content coding that can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl ContentCoding {
    fn from_name(name: &[u8]) -> Option<ContentCoding> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"gzip") || is(b"x-gzip") => Some(ContentCoding::Gzip),
            () if is(b"deflate") => Some(ContentCoding::Deflate),
            () if is(b"br") => Some(ContentCoding::Brotli),
            () if is(b"zstd") => Some(ContentCoding::Zstd),
            () => None,
        }
    }
}

/// What the headers say of how the content is coded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Codings {
    /// In the order in which they were applied.
    applied: Vec<ContentCoding>,
    /// One of them is unknown, or they are too many: nothing is removed.
    unknown: bool,
    charset: Option<&'static Encoding>,
}

impl Codings {
    /// Learns from one `Content-Encoding`; whether every coding of it can be removed.
    pub(crate) fn learn(&mut self, value: &[u8]) -> bool {
        for name in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            match ContentCoding::from_name(name) {
                Some(coding) if self.applied.len() < MOST_CODINGS => self.applied.push(coding),
                _ => self.unknown = true,
            }
        }
        !self.unknown
    }

    /// Sets the charset that the content is in.
    pub(crate) fn set_charset(&mut self, charset: Option<&'static Encoding>) {
        self.charset = charset;
    }
}

/// Why content cannot be decoded, or not by every reader alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The bytes are not what the coding says.
    Malformed,
    /// The content ends before its coding does.
    CutOff,
    /// Bytes follow the end of the coding.
    Trailing,
    /// More bytes come out than the limits allow.
    TooLong,
    /// It asks for more memory, or for a dictionary.
    TooDemanding,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Broken::Malformed => "the body is not what Content-Encoding says",
            Broken::CutOff => "the body ends before its content coding does",
            Broken::Trailing => "bytes follow the end of the content coding; readers drop, keep or refuse them",
            Broken::TooLong => "the body decodes to more than limits.body_bytes",
            Broken::TooDemanding => "the content coding asks for a dictionary, or for a window of more than 8 MiB (RFC 8878, 3.1.1.1.2)",
        })
    }
}

/// Bytes that came out of a step, and how many may follow.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    room: usize,
}

impl Output {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let fits = bytes.len().min(self.room);
        self.bytes.extend_from_slice(bytes.get(..fits).unwrap_or(bytes));
        self.room -= fits;
        if fits < bytes.len() { Err(Broken::TooLong) } else { Ok(()) }
    }
}

#[derive(Debug)]
enum Step {
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Brotli),
    Zstd(Zstd),
    Charset(Charset),
}

impl Step {
    fn new(coding: ContentCoding) -> Step {
        match coding {
            ContentCoding::Gzip => Step::Gzip(Gzip::new()),
            ContentCoding::Deflate => Step::Deflate(Deflate::new()),
            ContentCoding::Brotli => Step::Brotli(Brotli::new()),
            ContentCoding::Zstd => Step::Zstd(Zstd::new()),
        }
    }

    fn feed(&mut self, input: &[u8], out: &mut Output) -> Result<(), Broken> {
        match self {
            Step::Gzip(step) => step.feed(input, out),
            Step::Deflate(step) => step.feed(input, out),
            Step::Brotli(step) => step.feed(input, out),
            Step::Zstd(step) => step.feed(input, out),
            Step::Charset(step) => step.feed(input, out),
        }
    }

    fn finish(&mut self, out: &mut Output) -> Result<(), Broken> {
        match self {
            Step::Gzip(step) => step.finish(),
            Step::Deflate(step) => step.finish(),
            Step::Brotli(step) => step.finish(),
            Step::Zstd(step) => step.finish(),
            Step::Charset(step) => step.finish(out),
        }
    }
}

/// The steps of one body, under way.
#[derive(Debug, Default)]
pub(crate) struct Content {
    steps: Vec<(Step, Output)>,
    /// Bytes received that do not fill a block yet. What decoders give out before they break depends on how bytes come to them, so they
    /// always come in blocks.
    waiting: Vec<u8>,
    decoded: Vec<u8>,
    broken: Option<Broken>,
}

impl Content {
    /// Makes ready for a body of at most `body_bytes`, coded like that.
    pub(crate) fn begin(&mut self, codings: &Codings, body_bytes: usize) {
        self.steps.clear();
        self.waiting.clear();
        self.broken = None;
        if codings.unknown {
            return;
        }
        let removed = codings.applied.iter().rev().map(|&coding| Step::new(coding));
        let charset = codings.charset.map(|charset| Step::Charset(Charset::new(charset)));
        let output = || Output { bytes: Vec::new(), room: body_bytes };
        self.steps.extend(removed.chain(charset).map(|step| (step, output())));
    }

    /// Whether the bytes received are those that a reader gets.
    pub(crate) fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// What the next bytes decode to. After an error nothing comes any more; what came before it is given out.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> (&[u8], Option<Broken>) {
        self.decoded.clear();
        let was_broken = self.broken.is_some();
        let mut chunk = chunk;
        while !chunk.is_empty() && self.broken.is_none() {
            let (taken, rest) = chunk.split_at((BUFFER - self.waiting.len()).min(chunk.len()));
            self.waiting.extend_from_slice(taken);
            chunk = rest;
            if self.waiting.len() == BUFFER {
                self.block(false);
            }
        }
        (&self.decoded, self.broken.filter(|_| !was_broken))
    }

    /// The rest, and whether it was whole.
    pub(crate) fn finish(&mut self) -> (&[u8], Option<Broken>) {
        self.decoded.clear();
        let was_broken = self.broken.is_some();
        if !was_broken {
            self.block(true);
        }
        (&self.decoded, self.broken.filter(|_| !was_broken))
    }

    /// Passes what waits from step to step; `last` ends each step when what comes before it has ended.
    fn block(&mut self, last: bool) {
        let mut input = &self.waiting;
        for (step, out) in &mut self.steps {
            out.bytes.clear();
            let mut result = step.feed(input, out);
            if result.is_ok() && last {
                result = step.finish(out);
            }
            if let Err(broken) = result {
                self.broken.get_or_insert(broken);
            }
            input = &out.bytes;
        }
        self.decoded.extend_from_slice(input);
        self.waiting.clear();
    }
}
