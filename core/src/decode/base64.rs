//! Base64 (RFC 4648 sections 4 and 5), where a whole value is that and hides text.
//!
//! A JSON web token (RFC 7519) is two such values with a dot between: it reads as its header and its claims, with a blank between.
//!
//! Tokens, hashes and ids have the shape too. Their first dozen bytes decode to noise, and there they end; so do images.

use std::ops::Range;

use memchr::memchr;

use super::rewrite::Rewrite;
use super::utf8::{self, Read};
use super::view::{Transform, View};
use crate::classes::Classes;

/// Shorter values are not tried: words of a dozen letters decode to text by chance.
pub(super) const SHORTEST: usize = 16;

/// The same for a value that padding ends, which no word has.
const SHORTEST_PADDED: usize = 6;

/// Symbols that the first look decodes, a multiple of four: of random dozens of bytes, one in 100,000 is all text.
const HEAD: usize = 16;

/// First bytes of serialized objects, which are binary and yet are what an attacker sends.
static MAGICS: &[&[u8]] = &[
    b"\xac\xed\x00\x05",                     // Java object stream
    b"\x00\x01\x00\x00\x00\xff\xff\xff\xff", // .NET BinaryFormatter
    b"\xff\x01",                             // .NET LosFormatter (view state)
    b"\x80\x02",                             // Python pickle, protocols 2 to 5
    b"\x80\x03",
    b"\x80\x04\x95",
    b"\x80\x05\x95",
    b"\x04\x08", // Ruby Marshal
];

const INVALID: u8 = 0xff;
/// Line breaks of MIME.
const SKIPPED: u8 = 0xfe;

static VALUES: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut at = 0;
    while at < 26 {
        table[b'A' as usize + at] = at as u8;
        table[b'a' as usize + at] = 26 + at as u8;
        at += 1;
    }
    at = 0;
    while at < 10 {
        table[b'0' as usize + at] = 52 + at as u8;
        at += 1;
    }
    table[b'+' as usize] = 62;
    table[b'-' as usize] = 62;
    table[b'/' as usize] = 63;
    table[b'_' as usize] = 63;
    table[b'\r' as usize] = SKIPPED;
    table[b'\n' as usize] = SKIPPED;
    table
};

/// Classes of the bytes of base64.
const SHAPE: Classes = Classes::LETTER
    .or(Classes::DIGIT)
    .or(Classes::PLAIN)
    .or(Classes::PLUS)
    .or(Classes::SLASH)
    .or(Classes::DASH)
    .or(Classes::EQUALS)
    .or(Classes::NEWLINE);

/// With what may surround it: blanks, and `data:text/html;base64,`.
const SURROUNDED: Classes = SHAPE
    .or(Classes::SPACE)
    .or(Classes::TAB)
    .or(Classes::COLON)
    .or(Classes::SEMICOLON)
    .or(Classes::DOT);

/// Whether a value of these classes may be base64. O(1); overstates.
#[inline]
pub(super) fn may_be(input: &[u8], classes: Classes) -> bool {
    (input.len() >= SHORTEST || input.len() > SHORTEST_PADDED && input.ends_with(b"="))
        && classes.without(SURROUNDED).is_empty()
        && (classes.without(SHAPE).is_empty()
            || is_data_url(input)
            || is_web_token(input)
            || input.first().is_some_and(u8::is_ascii_whitespace)
            || input.last().is_some_and(u8::is_ascii_whitespace))
}

/// Whether the value begins like base64 of something worth reading. O(1), but for blanks in front.
pub(super) fn is_plausible(input: &[u8]) -> bool {
    if is_web_token(input) {
        return head_is_plausible(input);
    }
    let symbols = input.get(body(input)).unwrap_or_default();
    is_long(input, symbols) && head_is_plausible(symbols)
}

/// Reads the value as base64 of either alphabet, padded or not. O(len); noise is refused after 16 symbols.
///
/// True only if what comes out is text (95 % of its characters) or begins like a serialized object.
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    if is_web_token(input) {
        return decode_web_token(input, out);
    }
    let body = body(input);
    let symbols = input.get(body.clone()).unwrap_or_default();
    if !is_long(input, symbols) || !head_is_plausible(symbols) {
        return false;
    }
    let mut rewrite = Rewrite::new(input, out);
    // What surrounds the symbols belongs to the first and the last group: it has no output of its own.
    let whole = write(&mut rewrite, 0..input.len(), body.start, symbols);
    let reads = rewrite.finish() && whole && (is_magic(out.bytes()) || is_text(out.bytes(), false));
    if !reads {
        out.truncate(0);
    }
    reads
}

/// Writes what the symbols, which begin at `start`, decode to, in place of `replaced`; whether they are base64 to their end.
fn write(rewrite: &mut Rewrite<'_>, replaced: Range<usize>, start: usize, symbols: &[u8]) -> bool {
    let mut done = replaced.start;
    let mut groups = Groups::new(symbols);
    // The first stands for what is before it, too.
    while let Some((end, bytes)) = groups.next() {
        rewrite.replace(done..start + end, &bytes, Transform::Base64);
        done = start + end;
        let taken = rewrite.replace_groups(done, groups.whole(), group, Transform::Base64);
        done += taken;
        groups.at += taken;
    }
    let rest = groups.rest();
    if let Some((bytes, len)) = rest {
        let bytes = bytes.get(..len).unwrap_or_default();
        rewrite.replace(done..replaced.end, bytes, Transform::Base64);
    }
    rest.is_some()
}

/// Whether a value begins as the header of a JSON web token, with `{"`, `{ ` or `{` and a line break, and has a dot behind it.
#[inline]
fn is_web_token(input: &[u8]) -> bool {
    // PERF: the first byte tells nearly all values apart.
    matches!(input.first(), Some(b'e'))
        && matches!(input.get(1), Some(b'y' | b'w'))
        && memchr(b'.', input).is_some_and(|dot| dot >= SHORTEST)
}

/// Reads a JSON web token: header, and claims if they are text (those of RFC 7516 are encrypted). Its signature and the like are
/// left out. O(len).
fn decode_web_token(input: &[u8], out: &mut View) -> bool {
    let mut rewrite = Rewrite::new(input, out);
    let mut ends = memchr::memchr_iter(b'.', input).chain([input.len()]);
    let header = ends.next().unwrap_or(input.len());
    let claims = header + 1..ends.next().unwrap_or(input.len());
    let symbols = |range: &Range<usize>| {
        let symbols = input.get(range.clone()).unwrap_or_default();
        let padding = symbols.iter().rev().take_while(|&&byte| byte == b'=').count();
        symbols.get(..symbols.len() - padding).unwrap_or_default()
    };
    let first = symbols(&(0..header));
    let reads = head_is_plausible(first) && write(&mut rewrite, 0..header, 0, first);
    let second = symbols(&claims);
    let mut done = header;
    // Shorter ones are no claims: sessions of some frameworks have their time there.
    if reads && second.len() >= SHORTEST && head_is_plausible(second) {
        rewrite.replace(header..claims.start, b" ", Transform::Base64);
        // Up to where they are base64.
        write(&mut rewrite, claims.clone(), claims.start, second);
        done = claims.end;
    }
    rewrite.replace(done..input.len(), b"", Transform::Base64);
    // Claims that are no text shall not hide the header.
    let head = first.len() / 4 * 3;
    let reads =
        rewrite.finish() && reads && is_text(out.bytes().get(..head).unwrap_or_default(), true);
    if !reads {
        out.truncate(0);
    }
    reads
}

/// Whether these symbols are more than a word by chance.
fn is_long(input: &[u8], symbols: &[u8]) -> bool {
    let padded = input.trim_ascii_end().ends_with(b"=");
    symbols.len() >= if padded { SHORTEST_PADDED } else { SHORTEST }
}

/// Where the symbols stand: without surrounding blanks, the prefix of a `data:` URL, and padding.
fn body(input: &[u8]) -> Range<usize> {
    let blanks = input.len() - input.trim_ascii_start().len();
    let url = input.get(blanks..).unwrap_or_default();
    let start = blanks + if is_data_url(url) { data_prefix(url) } else { 0 };
    let symbols = input.get(start..).unwrap_or_default().trim_ascii_end();
    let padding = symbols.iter().rev().take(2).take_while(|&&byte| byte == b'=').count();
    start..start + symbols.len() - padding
}

/// Whether the value is a `data:` URL.
#[inline]
pub(super) fn is_data_url(input: &[u8]) -> bool {
    // PERF: the first byte tells nearly all values apart.
    matches!(input.first(), Some(b'd' | b'D')) && begins_with_data(input)
}

fn begins_with_data(input: &[u8]) -> bool {
    input.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"))
}

/// Length of `data:…;base64,` at the start; 0 if it is not there. Media types are short: looks at 128 bytes at most.
fn data_prefix(url: &[u8]) -> usize {
    const MARK: &[u8] = b";base64,";
    let head = url.get(..128).unwrap_or(url);
    let end = memchr(b',', head).map_or(0, |comma| comma + 1);
    let mark = end.checked_sub(MARK.len()).and_then(|start| head.get(start..end));
    if mark.is_some_and(|mark| mark.eq_ignore_ascii_case(MARK)) { end } else { 0 }
}

/// Groups of four symbols as three bytes, each with where it ends in the symbols.
struct Groups<'a> {
    symbols: &'a [u8],
    at: usize,
    bits: u32,
    /// Symbols in `bits`; 5 once a byte was met that is no symbol.
    len: u32,
}

impl<'a> Groups<'a> {
    fn new(symbols: &'a [u8]) -> Groups<'a> {
        Groups { symbols, at: 0, bits: 0, len: 0 }
    }

    /// The next groups, a few of them, if they hold nothing but symbols.
    fn whole(&self) -> &'a [[u8; 4]] {
        const FEW: usize = 64;
        let rest =
            if self.len == 0 { self.symbols.get(self.at..).unwrap_or_default() } else { &[] };
        let groups = rest.as_chunks().0;
        groups.get(..FEW).unwrap_or(groups)
    }

    /// After the last group, the bytes of one that is not full, and how many; none if this is not base64.
    fn rest(&self) -> Option<([u8; 2], usize)> {
        match self.len {
            0 => Some(([0; 2], 0)),
            2 => Some(([(self.bits >> 4) as u8, 0], 1)),
            3 => Some(([(self.bits >> 10) as u8, (self.bits >> 2) as u8], 2)),
            _ => None,
        }
    }
}

/// What four symbols write, if that is what they are.
#[inline]
fn group(symbols: &[u8; 4]) -> Option<[u8; 3]> {
    let value = |symbol: u8| u32::from(VALUES[symbol as usize]);
    let [a, b, c, d] = *symbols;
    let (a, b, c, d) = (value(a), value(b), value(c), value(d));
    if (a | b | c | d) < 64 {
        let [_, bytes @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
        return Some(bytes);
    }
    None
}

impl Iterator for Groups<'_> {
    type Item = (usize, [u8; 3]);

    fn next(&mut self) -> Option<(usize, [u8; 3])> {
        while let Some(&byte) = self.symbols.get(self.at) {
            let value = VALUES[byte as usize];
            if value == INVALID {
                self.len = 5;
                return None;
            }
            self.at += 1;
            if value == SKIPPED {
                continue;
            }
            self.bits = self.bits << 6 | u32::from(value);
            self.len += 1;
            if self.len == 4 {
                self.len = 0;
                let [_, a, b, c] = self.bits.to_be_bytes();
                return Some((self.at, [a, b, c]));
            }
        }
        None
    }
}

/// Whether the first [`HEAD`] symbols decode to something worth reading on.
fn head_is_plausible(symbols: &[u8]) -> bool {
    let mut bytes = [0; HEAD / 4 * 3];
    // PERF: whole groups without line breaks are all there is to nearly every value: half the time.
    if let Some(groups) = symbols.first_chunk::<HEAD>().map(|head| head.as_chunks().0)
        && bytes.as_chunks_mut().0.iter_mut().zip(groups).all(|(slot, four)| {
            let bytes = group(four);
            *slot = bytes.unwrap_or_default();
            bytes.is_some()
        })
    {
        return is_text(&bytes, true) || is_magic(&bytes);
    }
    let mut len = 0;
    let mut groups = Groups::new(symbols.get(..HEAD).unwrap_or(symbols));
    for (slot, (_, group)) in bytes.chunks_exact_mut(3).zip(groups.by_ref()) {
        slot.copy_from_slice(&group);
        len += 3;
    }
    let head = bytes.get(..len).unwrap_or_default();
    is_text(head, true) || is_magic(head)
}

fn is_magic(bytes: &[u8]) -> bool {
    MAGICS.iter().any(|magic| bytes.starts_with(magic))
}

/// Whether 95 % of the characters are printable UTF-8, or all is ASCII in UTF-16LE (as PowerShell has it). O(len).
///
/// `cut`: the bytes may end within a character.
fn is_text(bytes: &[u8], cut: bool) -> bool {
    let pairs = bytes.chunks_exact(2);
    if bytes.len() >= 8 && pairs.clone().all(|pair| matches!(pair, [9..=126, 0])) {
        return true;
    }
    // PERF: looking at all bytes is wide; most texts end here, in a tenth of the time.
    if bytes.iter().fold(0, |odd, byte| odd | u8::from(!matches!(byte, b' '..=b'~'))) == 0 {
        return true;
    }
    let (mut at, mut characters, mut bad) = (0, 0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (len, what) = utf8::read(rest);
        let good = match what {
            Read::Valid('\t'..='\r') => true,
            Read::Valid(c) => !c.is_control(),
            _ => cut && len == rest.len(),
        };
        bad += usize::from(!good);
        // Half a dozen bytes of noise decide; do not read a megabyte of it.
        if bad * 20 > bytes.len() {
            return false;
        }
        at += len;
        characters += 1;
    }
    bad * 20 <= characters
}

#[cfg(test)]
mod tests {
    use super::super::tests::suite;
    use super::*;

    #[test]
    fn cases() {
        suite("base64", |input, out| {
            let reads = decode(input, out);
            assert!(!reads || may_be(input, Classes::of(input)), "{}", input.escape_ascii());
            reads
        });
    }

    #[test]
    fn serialized_objects_are_kept_though_binary() {
        // aced0005 73720011 6a6176612e7574696c2e486173684d6170 ...
        let mut view = View::default();
        assert!(decode(
            b"rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3Rvcg",
            &mut view
        ));
        assert!(view.bytes().starts_with(b"\xac\xed\x00\x05"));
    }

    #[test]
    fn a_group_maps_back_with_its_surroundings() {
        let mut view = View::default();
        assert!(decode(b" PHNjcmlwdD5h\r\nbGVydCgxKQ==\n", &mut view));
        assert_eq!(view.bytes(), b"<script>alert(1)");
        assert_eq!(view.source(0..3), 0..5);
        assert_eq!(view.source(9..12), 13..19);
        assert_eq!(view.source(15..16), 23..28);
        assert_eq!(view.source(4..8), 5..13);
    }

    #[test]
    fn noise_leaves_no_trace() {
        let mut view = View::default();
        // Text for the first 16 symbols, then not base64.
        assert!(!decode(b"c2VsZWN0IG5hbWUgZnJvbSB1c2VycyB3aGVyZSBpZCA9IDE.", &mut view));
        assert!(view.bytes().is_empty() && !view.changed());
    }
}
