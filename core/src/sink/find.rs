//! Where the values of a request stand in a statement, however the application wrote them there.
//!
//! ```text
//! text of a value ─ anchor ─► all anchors in one automaton ─► hits in the statement ─ align ─► occurrences
//! ```
//!
//! The anchor is the longest run of bytes that no escaping changes. Around each place where it stands the rest of the text is aligned,
//! letters in any case: byte for byte, and for each manner of escaping ([`MANNERS`]) byte for byte or escape. So there is no list of forms to be
//! searched for, and a text of which only some bytes were escaped is found, too.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::decode::Transform;
use crate::limits::Budget;

/// Bytes of an anchor: more would make the automaton larger, and hits hardly rarer.
const ANCHOR: usize = 16;

/// One reading of one value, without blanks around it.
#[derive(Debug)]
pub(super) struct Text<'v> {
    /// Which value.
    pub(super) value: usize,
    /// How the value was decoded to it.
    pub(super) chain: Vec<Transform>,
    pub(super) bytes: Cow<'v, [u8]>,
}

/// A place of the statement where a text stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    /// Which text.
    pub(super) text: usize,
    /// Where, by each manner of escaping that it can have been written in; each once.
    pub(super) ranges: Vec<Range<usize>>,
}

/// All places where texts stand; false if the budget ended before. O(statement + texts + hits x text), all counted; hits within an
/// occurrence of the same text are passed over.
pub(super) fn occurrences(
    statement: &[u8],
    texts: &[Text<'_>],
    budget: &mut Budget,
    mut found: impl FnMut(Occurrence),
) -> bool {
    let anchors: Vec<Range<usize>> = texts.iter().map(|text| anchor(&text.bytes)).collect();
    let patterns = texts.iter().zip(&anchors).map(|(text, anchor)| cut(&text.bytes, anchor));
    let size: usize = anchors.iter().map(Range::len).sum();
    if !budget.spend(statement.len() + size) {
        return false;
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        // PERF: the kind that is built soonest: it is used once.
        .kind(Some(AhoCorasickKind::NoncontiguousNFA))
        .build(patterns);
    // It fails for more patterns than numbers, which is more than a request has bytes.
    let Ok(automaton) = automaton else { return false };
    let mut behind = vec![0; texts.len()];
    for hit in automaton.find_overlapping_iter(statement) {
        let index = hit.pattern().as_usize();
        let (Some(text), Some(anchor), Some(behind)) =
            (texts.get(index), anchors.get(index), behind.get_mut(index))
        else {
            continue;
        };
        let is_new = hit.start() >= *behind;
        // Aligned in all manners, if at all.
        let manners = if anchor.len() < text.bytes.len() { &MANNERS[..] } else { &[] };
        let work = if is_new { (1 + manners.len()) * text.bytes.len() } else { 0 };
        if !budget.spend(1 + work) {
            return false;
        }
        if !is_new {
            continue;
        }
        let mut ranges = Vec::new();
        for &manners in [0].iter().chain(manners) {
            let range = align(statement, hit.start(), &text.bytes, anchor.start, manners);
            ranges.extend(range.filter(|range| !ranges.contains(range)));
        }
        if let Some(end) = ranges.iter().map(|range| range.end).max() {
            *behind = end;
            found(Occurrence { text: index, ranges });
        }
    }
    true
}

fn cut<'a>(bytes: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    bytes.get(range.clone()).unwrap_or_default()
}

/// Whether there is more to a text than quotes and backslashes, of which nobody could tell in which of many it stands.
pub(super) fn is_told(text: &[u8]) -> bool {
    text.iter().any(|&byte| firmness(byte) > 1)
}

/// How sure a byte is to come through escaping as itself.
fn firmness(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 128.. => 3,
        // Doubled, or behind a backslash.
        b'\'' | b'"' | b'`' | b'\\' => 1,
        0..=b' ' | 127 => 0,
        _ => 2,
    }
}

/// The first of the longest runs of the firmest bytes. O(len).
fn anchor(text: &[u8]) -> Range<usize> {
    let most = text.iter().map(|&byte| firmness(byte)).max().unwrap_or(0);
    let mut best = 0..0;
    let mut at = 0;
    for run in text.chunk_by(|&a, &b| firmness(a) == firmness(b)) {
        let is_firm = run.first().is_some_and(|&byte| firmness(byte) == most);
        if is_firm && run.len() > best.len() {
            best = at..at + run.len();
        }
        at += run.len();
    }
    best.end = best.end.min(best.start + ANCHOR);
    best
}

/// The range of `text` in the statement, if its byte `from` stands at `at`. O(text).
fn align(
    statement: &[u8],
    at: usize,
    text: &[u8],
    from: usize,
    manners: u8,
) -> Option<Range<usize>> {
    let (before, behind) = text.split_at_checked(from)?;
    let mut end = at;
    for &byte in behind {
        let rest = statement.get(end..)?;
        end += spelled(byte, manners, |spelled| starts(rest, spelled))?;
    }
    let mut start = at;
    for &byte in before.iter().rev() {
        let rest = statement.get(..start)?;
        start -= spelled(byte, manners, |spelled| ends(rest, spelled))?;
    }
    Some(start..end)
}

fn starts(rest: &[u8], with: &[u8]) -> bool {
    rest.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

fn ends(rest: &[u8], with: &[u8]) -> bool {
    let start = rest.len().checked_sub(with.len());
    start.and_then(|start| rest.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(with))
}

/// Manners of escaping, as bits: `''`; `\'`, `\n`; `&#39;`; `%27`; `\u0027`; `'\''` and `'"'"'`.
const DOUBLED: u8 = 1;
const BACKSLASH: u8 = 2;
const ENTITY: u8 = 4;
const PERCENT: u8 = 8;
const UNICODE: u8 = 16;
const REOPENED: u8 = 32;

/// What applications do to a value, as far as bytes stay bytes: one of them, or one after another. Were all taken for possible at once, a
/// backslash of the value would be taken for the escape of what follows it.
const MANNERS: [u8; 9] = [
    DOUBLED,
    BACKSLASH,
    ENTITY,
    PERCENT,
    UNICODE | BACKSLASH,
    REOPENED,
    DOUBLED | BACKSLASH,
    DOUBLED | ENTITY,
    BACKSLASH | ENTITY,
];

/// The length of the longest spelling of `byte` that `fits`, itself the last. O(1).
fn spelled(byte: u8, manners: u8, fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let itself = || fits(&[byte]).then_some(1);
    if manners == 0 || firmness(byte) == 3 {
        return itself();
    }
    let hex = |digit: u8| b"0123456789abcdef".get(usize::from(digit)).copied().unwrap_or(b'0');
    let decimal = |digit: u8| b'0' + digit % 10;
    let (high, low) = (hex(byte >> 4), hex(byte & 15));
    let (tens, units) = (decimal(byte / 10), decimal(byte));
    let (named, letter): (&[u8], &[u8]) = match byte {
        b'<' => (b"&lt;", b""),
        b'>' => (b"&gt;", b""),
        b'&' => (b"&amp;", b""),
        b'"' => (b"&quot;", b""),
        b'\'' => (b"&apos;", b""),
        b'\n' => (b"", b"\\n"),
        b'\r' => (b"", b"\\r"),
        b'\t' => (b"", b"\\t"),
        0 => (b"", b"\\0"),
        26 => (b"", b"\\Z"),
        _ => (b"", b""),
    };
    let doubles = matches!(byte, b'\'' | b'"' | b'`' | b'\\' | b']' | b'%');
    let is_quote = byte == b'\'';
    let behind_backslash: &[u8] = &[b'\\', byte];
    let spellings: [(u8, &[u8]); 12] = [
        (UNICODE, &[b'\\', b'u', b'0', b'0', high, low]),
        (ENTITY, &[b'&', b'#', b'0', tens, units, b';']),
        (ENTITY, named),
        (ENTITY, &[b'&', b'#', tens, units, b';']),
        (ENTITY, &[b'&', b'#', b'x', high, low, b';']),
        (REOPENED, if is_quote { br#"'"'"'"# } else { b"" }),
        (REOPENED, if is_quote { br"'\''" } else { b"" }),
        (PERCENT, &[b'%', high, low]),
        (PERCENT, if byte == b' ' { b"+" } else { b"" }),
        (BACKSLASH, letter),
        (BACKSLASH, if byte.is_ascii_control() { b"" } else { behind_backslash }),
        (DOUBLED, if doubles { &[byte, byte] } else { b"" }),
    ];
    let mut fitting = spellings.into_iter().filter(|(manner, spelling)| {
        manners & manner != 0 && !spelling.is_empty() && fits(spelling)
    });
    fitting.next().map(|(_, spelling)| spelling.len()).or_else(itself)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::{Random, cut as shown};

    fn found(statement: &str, value: &str) -> Vec<String> {
        let text = Text { value: 0, chain: Vec::new(), bytes: Cow::Borrowed(value.as_bytes()) };
        let mut all = Vec::new();
        let done = occurrences(statement.as_bytes(), &[text], &mut { Budget::UNLIMITED }, |at| {
            all.extend(at.ranges.iter().map(|range| shown(statement.as_bytes(), range)));
        });
        assert!(done);
        all
    }

    #[test]
    fn texts_are_found_as_applications_write_them() {
        for (statement, value, expected) in [
            ("id = 1 or true", "1 OR true", &["1 or true"][..]),
            ("n = 'O''Brien'", "O'Brien", &["O''Brien"]),
            (r"n = 'O\'Brien'", "O'Brien", &[r"O\'Brien"]),
            ("n = 'O&#039;Brien'", "O'Brien", &["O&#039;Brien"]),
            ("/q?n=O%27Brien+x", "O'Brien x", &["O%27Brien+x"]),
            (r#"{"n": "a\u0022b\\c"}"#, r#"a"b\c"#, &[r"a\u0022b\\c"]),
            (r#"echo 'it'"'"'s'"#, "it's", &[r#"it'"'"'s"#]),
            (r"echo 'it'\''s'", "it's", &[r"it'\''s"]),
            (r"like '5\% of'", "5% of", &[r"5\% of"]),
            // Both ways, and they differ.
            ("n = 'abc'''", "abc'", &["abc'", "abc''"]),
            ("n = '''--'", "'--", &["'--", "''--"]),
            ("a, a", "b", &[]),
            ("x = 'a' or 'a'", "a' or 'a", &["a' or 'a"]),
            // A backslash of the value is no escape.
            (r"n = '\$x'", r"\$x", &[r"\$x"]),
            (r"n = ' ''\  a'", r"'\  a", &[r"'\  a", r"''\  a"]),
        ] {
            assert_eq!(found(statement, value), expected, "{value} in {statement}");
        }
    }

    /// Aligning is what a search for the text finds, where nothing is escaped.
    #[test]
    fn plain_ranges_hold_the_text() {
        let mut random = Random::new();
        let alphabet = ["a", "b", "'", "\\", " ", "1", "--", "é", "%", "or"];
        for _ in 0..20_000 {
            let value = random.text(&alphabet, 4);
            let trimmed = value.trim_ascii();
            let mut statement = random.text(&alphabet, 4);
            statement.extend_from_slice(trimmed);
            statement.extend(random.text(&alphabet, 4));
            if !is_told(trimmed) {
                continue;
            }
            let text = Text { value: 0, chain: Vec::new(), bytes: Cow::Borrowed(trimmed) };
            let mut any = false;
            occurrences(&statement, &[text], &mut { Budget::UNLIMITED }, |at| {
                any = true;
                for range in at.ranges {
                    let same = statement[range.clone()].eq_ignore_ascii_case(trimmed);
                    assert!(same || range.len() > trimmed.len());
                }
            });
            assert!(any, "{value:?} in {statement:?}");
        }
    }

    #[test]
    fn a_text_that_repeats_itself_is_aligned_once_for_each_occurrence() {
        let statement = "a,".repeat(20_000);
        let bytes = Cow::Borrowed(statement.as_bytes());
        let text = Text { value: 0, chain: Vec::new(), bytes };
        let mut budget = Budget::of(16 * statement.len() as u64);
        let mut count = 0;
        assert!(occurrences(statement.as_bytes(), &[text], &mut budget, |_| count += 1));
        assert_eq!(count, 1);
    }
}
