//! Character references of HTML (WHATWG 13.2.5.72 and following), as text content reads them.
//!
//! Numeric references are read in full. Of the 2,231 named ones only those are known that stand for ASCII, a blank or an
//! ignorable character: no other name can write syntax of markup, script, SQL or a shell.

use memchr::memchr;

use super::hex;
use super::rewrite::Rewrite;
use super::view::{Transform, View};

/// Names that end in `;`, in byte order.
static NAMES: &[(&str, char)] = &[
    ("AMP", '&'),
    ("DiacriticalGrave", '`'),
    ("GT", '>'),
    ("Hat", '^'),
    ("LT", '<'),
    ("NewLine", '\n'),
    ("NonBreakingSpace", '\u{a0}'),
    ("QUOT", '"'),
    ("Tab", '\t'),
    ("UnderBar", '_'),
    ("VerticalLine", '|'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dollar", '$'),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("midast", '*'),
    ("nbsp", '\u{a0}'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("shy", '\u{ad}'),
    ("sol", '/'),
    ("thinsp", '\u{2009}'),
    ("verbar", '|'),
    ("vert", '|'),
    ("zwj", '\u{200d}'),
    ("zwnj", '\u{200c}'),
];

/// The longest of [`NAMES`].
const LONGEST: usize = 16;

/// What numeric references to 0x80..=0x9F mean: windows-1252, as browsers read them.
static C1: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2c6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// Reads character references once. O(len).
///
/// A name without `;` before `=` stays, as it does in attributes: `?a=1&lt=2` is a URL.
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    let mut rewrite = Rewrite::new(input, out);
    let mut at = 0;
    while let Some(found) = memchr(b'&', input.get(at..).unwrap_or_default()) {
        at += found;
        let rest = input.get(at + 1..).unwrap_or_default();
        let reference = match rest {
            [b'#', b'x' | b'X', digits @ ..] => numeric(digits, 16).map(|(len, c)| (len + 2, c)),
            [b'#', digits @ ..] => numeric(digits, 10).map(|(len, c)| (len + 1, c)),
            [b'a'..=b'z' | b'A'..=b'Z', ..] => named(rest),
            _ => None,
        };
        let len = match reference {
            Some((len, c)) => {
                rewrite.replace_char(at..at + 1 + len, c, Transform::HtmlEntity);
                len
            }
            None => 0,
        };
        at += 1 + len;
    }
    rewrite.finish()
}

/// Digits and an optional `;`: how many bytes, and the character. None without a digit.
fn numeric(digits: &[u8], radix: u32) -> Option<(usize, char)> {
    let mut code = 0u32;
    let mut len = 0;
    for &byte in digits {
        let Some(digit) = hex::digit(byte).filter(|&digit| u32::from(digit) < radix) else { break };
        // Saturated is far beyond Unicode, whatever follows.
        code = code.saturating_mul(radix).saturating_add(digit.into());
        len += 1;
    }
    if len == 0 {
        return None;
    }
    len += usize::from(digits.get(len) == Some(&b';'));
    let c = match code {
        0 => char::REPLACEMENT_CHARACTER,
        0x80..=0x9f => C1[code as usize - 0x80],
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some((len, c))
}

/// A known name at the start: how many bytes, and the character.
fn named(rest: &[u8]) -> Option<(usize, char)> {
    let window = rest.get(..LONGEST + 1).unwrap_or(rest);
    let len = window.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(window.len());
    let (name, after) = window.split_at_checked(len)?;
    if after.first() == Some(&b';')
        && let Ok(index) = NAMES.binary_search_by(|(known, _)| known.as_bytes().cmp(name))
    {
        return NAMES.get(index).map(|&(_, c)| (len + 1, c));
    }
    let (len, c) = legacy(rest)?;
    (rest.get(len) != Some(&b'=')).then_some((len, c))
}

/// A name that older pages may write without `;`. None is the start of another.
fn legacy(rest: &[u8]) -> Option<(usize, char)> {
    Some(match rest {
        [b'l', b't', ..] | [b'L', b'T', ..] => (2, '<'),
        [b'g', b't', ..] | [b'G', b'T', ..] => (2, '>'),
        [b'a', b'm', b'p', ..] | [b'A', b'M', b'P', ..] => (3, '&'),
        [b's', b'h', b'y', ..] => (3, '\u{ad}'),
        [b'q', b'u', b'o', b't', ..] | [b'Q', b'U', b'O', b'T', ..] => (4, '"'),
        [b'n', b'b', b's', b'p', ..] => (4, '\u{a0}'),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("html-entity", decode);
    }

    #[test]
    fn names_are_in_order_and_within_the_window() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(NAMES.iter().map(|(name, _)| name.len()).max(), Some(LONGEST));
        let legacy =
            NAMES.iter().filter(|(name, c)| legacy(name.as_bytes()) == Some((name.len(), *c)));
        assert_eq!(legacy.count(), 10);
    }

    #[test]
    fn a_reference_maps_back_whole() {
        let view = run(b"a&#0000060;b&ltc", decode);
        assert_eq!(view.bytes(), b"a<b<c");
        assert_eq!(view.source(1..2), 1..11);
        assert_eq!(view.source(3..4), 12..15);
    }
}
