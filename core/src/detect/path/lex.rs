//! Bytes to path tokens.
//!
//! A value is cut into *chunks* at blanks, quotes, brackets, `=`, `&` and the like; a chunk that holds a separator is a
//! path, any other is a word. A path is cut into segments. One pass, no allocation, bounded look-ahead ([`unit`]).

use std::ops::Range;

use super::PathToken::*;
use super::fold::Fold;
use super::unit::{
    Unit, first_special, name_run, name_run_back, ordinary_run, plain, simple_escape, unit,
};
use super::words::{self, Scheme};
use crate::detect::segment::Sink;

/// What stands before a chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Begin,
    /// `c:`, at the begin, and no separator behind it.
    Drive,
    Assignment,
    Other,
}

impl Before {
    fn after(byte: u8) -> Before {
        if matches!(byte, b'=' | b'&') { Before::Assignment } else { Before::Other }
    }
}

/// A path segment as far as it was read. Its bytes are looked at when it ends, and only if it may matter: most are words
/// of prose.
struct Segment {
    start: usize,
    /// Characters.
    len: usize,
    /// Dots at its begin.
    dots: usize,
    coded: bool,
}

impl Segment {
    const EMPTY: Segment = Segment { start: 0, len: 0, dots: 0, coded: false };

    fn is_dots(&self) -> bool {
        self.dots == self.len
    }
}

/// A decoded, lower-case segment. What is longer than this is no name that we know.
struct Name {
    bytes: [u8; 32],
    len: usize,
}

impl Name {
    /// O(range), or O(1) for what is too long to be known.
    fn read(view: &[u8], range: Range<usize>, coded: bool) -> Name {
        let mut name = Name { bytes: [0; 32], len: 0 };
        if !coded {
            let text = view.get(range).unwrap_or_default();
            if let Some(bytes) = name.bytes.get_mut(..text.len()) {
                bytes.copy_from_slice(text);
                bytes.make_ascii_lowercase();
                name.len = text.len();
            }
            return name;
        }
        let mut at = range.start;
        while at < range.end {
            let read = unit(view, at);
            let byte = match read.unit {
                Unit::Name(byte) => byte,
                _ => b'.',
            };
            let Some(slot) = name.bytes.get_mut(name.len) else {
                name.len = 0;
                break;
            };
            *slot = byte.to_ascii_lowercase();
            name.len += 1;
            at += read.len;
        }
        name
    }

    /// Empty if it was too long.
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// How a segment ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Separator,
    Mangled,
    Nul,
    Chunk,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a mode of its own")]
struct Lexer<'v, 's, S> {
    view: &'v [u8],
    /// Where the first chunk starts.
    start: usize,
    out: Fold<'s, S>,
    before: Before,
    /// Whether the view is one word, once that was asked.
    one_word: Option<bool>,
    /// The chunk is known to be a path.
    open: bool,
    /// The chunk held a [`Unit::Mangled`].
    mangled: bool,
    /// A byte came that opens the gate, so anchors may be told.
    gated: bool,
    segment: Segment,
    /// A `UNC` was told; its host comes next.
    awaits_host: bool,
}

/// Lexes the whole view. O(len).
pub(super) fn lex<S: Sink>(view: &[u8], sink: &mut S) {
    let start = view.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let mut lexer = Lexer {
        view,
        start,
        out: Fold::new(sink),
        before: Before::Begin,
        one_word: None,
        open: false,
        mangled: false,
        gated: false,
        segment: Segment::EMPTY,
        awaits_host: false,
    };
    let mut at = start;
    while at < view.len() {
        at = lexer.take(at);
    }
    lexer.close(End::Chunk, view.len());
    lexer.out.finish();
}

/// Whether a view without backslashes, controls and bytes beyond ASCII may hold an anchor: a step, a name that is known beside a
/// separator, a scheme other than the web's, or a percent sequence that is more than a plain character. O(len).
// PERF: one pass forward, in which each name is looked at once; looking back from every separator took twice the time.
pub(super) fn may_lead_somewhere(view: &[u8]) -> bool {
    let mut at = 0;
    // Whether a separator stands before the name that is read.
    let mut follows = false;
    loop {
        let name = name_run(view.get(at..).unwrap_or_default());
        at += name.len();
        let separator = match view.get(at) {
            Some(b'/') => 1,
            Some(b'%') => match simple_escape(view, at) {
                Some(Unit::Separator(b'/')) => 3,
                Some(Unit::Separator(_)) | None => return true,
                Some(_) => 0,
            },
            _ => 0,
        };
        if (follows || separator > 0) && is_anchor(name)
            // What is coded may go on with the segment.
            || name.starts_with(b".") && view.get(at) == Some(&b'%')
            || separator > 0 && ends_oddly(view.get(..at).unwrap_or_default())
        {
            return true;
        }
        follows = separator > 0;
        at += match view.get(at) {
            None => return false,
            Some(b'%') => 3,
            Some(_) => 1,
        };
    }
}

/// Whether what stands before a separator is a scheme (other than the web's), a drive, or Java's `..;`.
fn ends_oddly(before: &[u8]) -> bool {
    match before {
        [scheme @ .., b':'] | [scheme @ .., b'%', b'3', b'a' | b'A'] => {
            let name = name_run_back(scheme);
            !(name.eq_ignore_ascii_case(b"https") || name.eq_ignore_ascii_case(b"http"))
        }
        [.., b';'] | [.., b'%', b'3', b'b' | b'B'] => true,
        _ => false,
    }
}

/// Whether a segment is more than a name: it begins with a dot or ends in two, or is known.
fn is_anchor(segment: &[u8]) -> bool {
    match segment {
        [] => false,
        [b'.', ..] | [.., b'.', b'.'] => true,
        _ => words::is_anchor(segment),
    }
}

/// Whether the view is one word up to a NUL: else what it starts with is no file name, but prose about one. Blanks that
/// are still coded count, since that prose is read in its coded form, too. O(len).
fn is_one_word(view: &[u8]) -> bool {
    let name = view.split(|&b| b == 0).next().unwrap_or_default().trim_ascii();
    !name.iter().any(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'+'))
        && !memchr::memchr_iter(b'%', name)
            .any(|at| name.get(at + 1..).is_some_and(|code| code.starts_with(b"20")))
}

impl<S: Sink> Lexer<'_, '_, S> {
    /// Takes what stands at `at`, returns where to go on.
    #[inline]
    fn take(&mut self, at: usize) -> usize {
        if !self.open && self.segment.len == 0 {
            let (words, last) = plain_words(self.view, at);
            if words > 0 {
                self.out.push(WORD, at..at + words);
                self.next_chunk(last);
                return at + words;
            }
        }
        let ordinary = ordinary_run(self.view, at);
        if ordinary > 0 {
            self.grow(at, ordinary, 0, false);
            return at + ordinary;
        }
        let read = unit(self.view, at);
        let end = at + read.len;
        self.gated |= matches!(self.view.get(at), Some(b'%' | b'/' | b'\\'));
        match read.unit {
            Unit::Name(_) => self.grow(at, 1, 0, read.coded),
            Unit::Dot => {
                self.grow(at, 1, 1, read.coded);
                return self.filtered_separator(end);
            }
            Unit::Separator(byte) => self.separator(byte, at..end),
            Unit::Mangled if !self.gated => {
                self.close(End::Mangled, at);
                if !self.mangled {
                    self.out.push(MANGLED, at..end);
                    self.mangled = true;
                }
            }
            Unit::Junk | Unit::Mangled => {
                if !self.open {
                    self.open = true;
                    let start = if self.segment.len > 0 { self.segment.start } else { at };
                    self.out.push(JUNK, start..end);
                }
                self.close(End::Separator, at);
            }
            Unit::Nul => {
                let named = self.open || self.segment.len > 0;
                self.close(End::Nul, at);
                if named {
                    self.out.push(NUL, at..end);
                }
            }
            Unit::Colon => return self.colon(at, end),
            // Java servers take `..;` as a step: a path parameter, empty.
            Unit::Break(b';')
                if self.segment.len == 2
                    && self.segment.is_dots()
                    && matches!(unit(self.view, end).unit, Unit::Separator(_)) =>
            {
                self.segment.coded = true;
            }
            Unit::Break(b'$') if self.open && self.ends_share(end) => {
                self.grow(at, 1, 0, read.coded);
            }
            Unit::Break(byte) => {
                self.close(End::Chunk, at);
                self.next_chunk(Before::after(byte));
            }
        }
        end
    }

    /// Adds characters to the segment.
    #[inline]
    fn grow(&mut self, at: usize, chars: usize, dots: usize, coded: bool) {
        if self.segment.len == 0 {
            self.segment = Segment { start: at, ..Segment::EMPTY };
        }
        if self.segment.is_dots() {
            self.segment.dots += dots;
        }
        self.segment.len += chars;
        self.segment.coded |= coded;
    }

    /// Whether the `$` before `end` ends the name of a share: `c$`, `admin$`.
    fn ends_share(&self, end: usize) -> bool {
        (1..=5).contains(&self.segment.len)
            && (end == self.view.len() || matches!(unit(self.view, end).unit, Unit::Separator(_)))
    }

    /// `..2f`: a separator whose `%` was filtered out. Returns where to go on.
    fn filtered_separator(&mut self, end: usize) -> usize {
        let dots = self.segment.len == 2 && self.segment.is_dots() && !self.segment.coded;
        match self.view.get(end..end + 2) {
            Some([b'2', b'f' | b'F'] | [b'5', b'c' | b'C']) if dots => {
                self.segment.coded = true;
                self.separator(b'/', end..end + 2);
                end + 2
            }
            _ => end,
        }
    }

    /// What stands before the chunk, as a path sees it.
    fn before(&mut self) -> Before {
        // A drive in the first chunk begins it anew, so it is asked for often, and looked up once.
        if self.before == Before::Begin
            && !*self.one_word.get_or_insert_with(|| is_one_word(self.view))
        {
            self.before = Before::Other;
        }
        self.before
    }

    fn next_chunk(&mut self, before: Before) {
        self.before = before;
        self.open = false;
        self.mangled = false;
    }

    fn separator(&mut self, byte: u8, range: Range<usize>) {
        if !self.open {
            self.open = true;
            let rooted = self.segment.len == 0 && !self.mangled;
            let lead = match self.before() {
                _ if rooted && byte == b'\\' && self.view.get(range.end) == Some(&b'\\') => UNC,
                Before::Begin if rooted => ROOT_B,
                Before::Assignment if rooted => ROOT_A,
                Before::Other | Before::Drive if rooted => ROOT_M,
                Before::Begin => REL_B,
                Before::Drive => DRIVE_R,
                Before::Assignment => REL_A,
                Before::Other => REL_M,
            };
            let start = if self.segment.len > 0 { self.segment.start } else { range.start };
            self.out.push(lead, start..range.end);
            self.awaits_host = lead == UNC;
        }
        // What is still coded where the value was decoded was coded twice.
        if range.len() > 1 && self.segment.len == 2 && self.segment.is_dots() {
            self.segment.coded = true;
        }
        self.close(End::Separator, range.start);
    }

    /// A drive, a scheme, or the end of a chunk. Returns where to go on.
    fn colon(&mut self, at: usize, end: usize) -> usize {
        let separated = matches!(unit(self.view, end).unit, Unit::Separator(_) | Unit::Junk);
        if self.segment.len == 0 || !separated {
            // `c:windows`: from where the drive stands.
            let drive = self.segment.len == 1 && self.segment.start == self.start && !self.open;
            self.close(End::Chunk, at);
            self.next_chunk(if drive { Before::Drive } else { Before::Other });
            return end;
        }
        let range = self.segment.start..end;
        let name = Name::read(self.view, self.segment.start..at, self.segment.coded);
        let slashes = self.view.iter().skip(end).take(3).take_while(|&&b| b == b'/').count();
        let token = match (words::scheme(name.as_bytes()), name.as_bytes()) {
            (_, [b'a'..=b'z']) if range.start == self.start => DRIVE_B,
            (_, [b'a'..=b'z']) => DRIVE_M,
            (Some(Scheme::Url), _) if slashes >= 2 => URL,
            (Some(Scheme::File), _) => FILEURL,
            (Some(Scheme::Wrapper), _) if slashes >= 2 => WRAP,
            (Some(Scheme::Php), _) if slashes >= 2 => PHP,
            _ => {
                self.close(End::Chunk, at);
                self.next_chunk(Before::Other);
                return end;
            }
        };
        if !self.open && matches!(token, FILEURL | WRAP | PHP) {
            match self.before() {
                Before::Begin => self.out.push(REL_B, range.clone()),
                Before::Assignment => self.out.push(REL_A, range.clone()),
                Before::Drive | Before::Other => {}
            }
        }
        self.out.push(token, range);
        self.open = true;
        self.segment.len = 0;
        if token == URL { end + slashes + host(self.view, end + slashes) } else { end }
    }

    /// Ends the segment before `end` and says what it was.
    #[inline]
    fn close(&mut self, how: End, end: usize) {
        if self.segment.len == 0 {
            return;
        }
        if self.open {
            self.close_segment(how, end);
        } else {
            self.close_word(how, end);
        }
        self.segment.len = 0;
    }

    fn close_segment(&mut self, how: End, end: usize) {
        let segment = &self.segment;
        let range = segment.start..end;
        if segment.is_dots() {
            let token = match (segment.dots, segment.coded) {
                (1, _) => SELF,
                (2, false) => UP,
                (2, true) => XUP,
                // `/...` at an end and `.../word` are an ellipsis, `....//` what a filter leaves as `../`.
                _ if matches!(how, End::Chunk | End::Nul) => NAME,
                (3, false) if self.view.get(end + 1) != Some(&b'.') => NAME,
                _ => XUP,
            };
            self.out.push(token, range);
            return;
        }
        let name = Name::read(self.view, range.clone(), segment.coded);
        // `..etc`: a step whose separator was filtered out.
        if segment.dots >= 2 {
            let rest = words::segment(name.as_bytes().get(segment.dots..).unwrap_or_default());
            if rest != NAME {
                self.out.push(XUP, range.clone());
                self.out.push(rest, range);
                return;
            }
        }
        // `images../x`: a step, to a server that puts a folder in front of what follows `images`.
        if let [stem @ .., b'.', b'.'] = name.as_bytes()
            && how == End::Separator
            && stem.last().is_some_and(u8::is_ascii_alphanumeric)
        {
            self.out.push(words::segment(stem), range.clone());
            self.out.push(XUP, range);
            return;
        }
        let host = std::mem::take(&mut self.awaits_host) && words::is_host(name.as_bytes());
        self.out.push(if host { HOST } else { words::segment(name.as_bytes()) }, range);
    }

    /// Ends a word that is no part of a path, unless it is one of the file names that need none.
    #[inline]
    fn close_word(&mut self, how: End, end: usize) {
        let segment = &self.segment;
        let range = segment.start..end;
        let mangled = self.mangled || how == End::Mangled;
        let mut token = WORD;
        if how == End::Nul {
            let name = Name::read(self.view, range.clone(), segment.coded);
            token = words::segment(name.as_bytes());
        } else if mangled || words::bare_len(segment.len) {
            let name = Name::read(self.view, range.clone(), segment.coded);
            if how == End::Chunk && !segment.coded && words::bare(name.as_bytes()) {
                token = F_BARE;
                match self.before() {
                    Before::Begin => self.out.push(REL_B, range.clone()),
                    Before::Assignment => self.out.push(REL_A, range.clone()),
                    Before::Drive | Before::Other => {}
                }
            } else if mangled {
                token = match words::segment(name.as_bytes()) {
                    NAME | FILE => WORD,
                    known => known,
                };
            }
        }
        self.out.push(token, range);
    }
}

/// How many bytes at `at` are words that cannot matter, and what they leave before the next chunk. O(that many and the
/// next word).
///
/// PERF: prose is skipped at the speed of a table look-up; word by word it took four times as long.
#[inline]
fn plain_words(view: &[u8], at: usize) -> (usize, Before) {
    let rest = view.get(at..).unwrap_or_default();
    let stop = first_special(rest);
    if stop == rest.len() {
        return (stop, Before::Other);
    }
    // The word that runs into the special character belongs to it.
    match rest[..stop].iter().rposition(|&b| matches!(plain(b), Unit::Break(_))) {
        Some(last) => (last + 1, Before::after(rest[last])),
        None => (0, Before::Other),
    }
}

/// How many bytes at `at` are the host of a URL. O(host).
fn host(view: &[u8], at: usize) -> usize {
    let host = view.iter().skip(at);
    host.take_while(|&&b| b != b'%' && !matches!(plain(b), Unit::Break(_) | Unit::Separator(_)))
        .count()
}
