//! Where the values of a request stand in a statement, however the application wrote them there.
//!
//! ```text
//! text of a value ─ anchor ─► all anchors in one automaton ─► hits in the statement ─ align ─► occurrences
//! ```
//!
//! The anchor is the longest run of bytes that no escaping changes. Around each place where it stands the rest of the text is aligned
//! twice: byte for byte, and byte for byte or escape (`''`, `\'`, `&#39;`, `%27`, `\u0027`, `'\''`, …), letters in any case. So there is no list of
//! forms to be searched for, and a text of which only some bytes were escaped is found, too.

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
    /// Its bytes as they are; none if some can only be escaped.
    pub(super) plain: Option<Range<usize>>,
    /// Its bytes with as much taken for escapes as can be, if that is another range.
    pub(super) escaped: Option<Range<usize>>,
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
        if hit.start() < *behind {
            continue;
        }
        // Both ways.
        if !budget.spend(2 * text.bytes.len()) {
            return false;
        }
        let align = |escaped| align(statement, hit.start(), &text.bytes, anchor.start, escaped);
        let (plain, escaped) = (align(false), align(true));
        let escaped = escaped.filter(|range| plain.as_ref() != Some(range));
        let Some(end) = plain.iter().chain(&escaped).map(|range| range.end).max() else {
            continue;
        };
        *behind = end;
        found(Occurrence { text: index, plain, escaped });
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
    escaped: bool,
) -> Option<Range<usize>> {
    let (before, behind) = text.split_at_checked(from)?;
    let mut end = at;
    for &byte in behind {
        let rest = statement.get(end..)?;
        let len = if escaped { escape(byte, |spelled| starts(rest, spelled)) } else { None };
        end += len.or_else(|| starts(rest, &[byte]).then_some(1))?;
    }
    let mut start = at;
    for &byte in before.iter().rev() {
        let rest = statement.get(..start)?;
        let len = if escaped { escape(byte, |spelled| ends(rest, spelled)) } else { None };
        start -= len.or_else(|| ends(rest, &[byte]).then_some(1))?;
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

/// The length of the longest escape of `byte` that `fits`. O(1).
fn escape(byte: u8, fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
    if firmness(byte) == 3 {
        return None;
    }
    let hex = |digit: u8| b"0123456789abcdef".get(usize::from(digit)).copied().unwrap_or(b'0');
    let decimal = |digit: u8| b'0' + digit % 10;
    let (high, low) = (hex(byte >> 4), hex(byte & 15));
    let (tens, units) = (decimal(byte / 10), decimal(byte));
    let named: &[u8] = match byte {
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'&' => b"&amp;",
        b'"' => b"&quot;",
        b'\'' => b"&apos;",
        b' ' => b"+",
        _ => b"",
    };
    let letter: &[u8] = match byte {
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        0 => b"\\0",
        26 => b"\\Z",
        _ => b"",
    };
    let quoted: [&[u8]; 2] = if byte == b'\'' { [br#"'"'"'"#, br"'\''"] } else { [b"", b""] };
    let doubled = [byte, byte];
    let doubles = matches!(byte, b'\'' | b'"' | b'`' | b'\\' | b']' | b'%');
    // Longest first.
    let spelled: [&[u8]; 12] = [
        &[b'\\', b'u', b'0', b'0', high, low],
        &[b'&', b'#', b'0', tens, units, b';'],
        named,
        quoted[0],
        &[b'&', b'#', tens, units, b';'],
        &[b'&', b'#', b'x', high, low, b';'],
        quoted[1],
        &[b'\\', b'x', high, low],
        &[b'%', high, low],
        letter,
        if byte.is_ascii_control() { b"" } else { &[b'\\', byte] },
        if doubles { &doubled } else { b"" },
    ];
    let mut fitting = spelled.into_iter().filter(|spelled| !spelled.is_empty() && fits(spelled));
    fitting.next().map(<[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::{Random, cut as shown};

    fn found(statement: &str, value: &str) -> Vec<String> {
        let text = Text { value: 0, chain: Vec::new(), bytes: Cow::Borrowed(value.as_bytes()) };
        let mut all = Vec::new();
        let done = occurrences(statement.as_bytes(), &[text], &mut { Budget::UNLIMITED }, |at| {
            for range in at.plain.iter().chain(&at.escaped) {
                all.push(shown(statement.as_bytes(), range));
            }
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
                if let Some(range) = at.plain {
                    assert!(statement[range].eq_ignore_ascii_case(trimmed));
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
        let mut budget = Budget::of(8 * statement.len() as u64);
        let mut count = 0;
        assert!(occurrences(statement.as_bytes(), &[text], &mut budget, |_| count += 1));
        assert_eq!(count, 1);
    }
}
