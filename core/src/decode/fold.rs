//! Characters that something behind the door turns into ASCII: NFKC normalization, and the best-fit tables of Windows
//! code pages and database character sets.
//!
//! Left alone on purpose: typographic quotes (U+2018, 2019, 201C, 201D), dashes, the ellipsis, accented letters and the
//! Turkish dotless i. They fill ordinary prose, and what reads them as syntax is rare.

/// How a character folds to ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// Wherever it stands.
    Always(u8),
    /// Only where visible ASCII touches it: it is ordinary punctuation or spacing of some script.
    TouchingAscii(u8),
    /// The same, but blanks may stand between: what takes a list or a call apart.
    BesideAscii(u8),
}

/// What `c` folds to, if it does. Only characters that begin as one of [`STARTS`] do.
pub(super) fn fold(c: char) -> Option<Fold> {
    use Fold::{Always, BesideAscii, TouchingAscii};
    let code = c as u32;
    Some(match code {
        // Full-width forms, in the order of ASCII.
        0xff01..=0xff5e => {
            let ascii = (code - 0xff01) as u8 + b'!';
            match ascii {
                b'!' | b'?' | b':' | b'~' => TouchingAscii(ascii),
                b',' | b';' | b'(' | b')' => BesideAscii(ascii),
                _ => Always(ascii),
            }
        }
        // Blanks.
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => TouchingAscii(b' '),
        0x85 | 0x2028 | 0x2029 => Always(b'\n'),
        // Marks that best-fit tables read as quotes.
        0x2b9 | 0x2bc | 0x2c8 | 0x2032 => Always(b'\''),
        0x2ba | 0x2033 => Always(b'"'),
        0x2035 => Always(b'`'),
        // Slashes and bars.
        0x2044 | 0x2215 | 0x29f8 => Always(b'/'),
        0x2216 | 0x29f5 => Always(b'\\'),
        0x2223 => Always(b'|'),
        0x2024 => Always(b'.'),
        // Angle brackets; also the title marks of East Asian text.
        0x2329 | 0x3008 => TouchingAscii(b'<'),
        0x232a | 0x3009 => TouchingAscii(b'>'),
        // Ideographic full stops, which host names read as dots.
        0x3002 | 0xff61 => TouchingAscii(b'.'),
        // Small forms.
        0xfe50..=0xfe6b => Always(match code {
            0xfe50 => b',',
            0xfe52 => b'.',
            0xfe54 => b';',
            0xfe55 => b':',
            0xfe56 => b'?',
            0xfe57 => b'!',
            0xfe59 => b'(',
            0xfe5a => b')',
            0xfe5b => b'{',
            0xfe5c => b'}',
            0xfe5f => b'#',
            0xfe60 => b'&',
            0xfe61 => b'*',
            0xfe62 => b'+',
            0xfe63 => b'-',
            0xfe64 => b'<',
            0xfe65 => b'>',
            0xfe66 => b'=',
            0xfe68 => b'\\',
            0xfe69 => b'$',
            0xfe6a => b'%',
            0xfe6b => b'@',
            _ => return None,
        }),
        // Letters whose other case is ASCII.
        0x17f => Always(b's'),
        0x212a => Always(b'K'),
        // Circled digits and letters; mathematical letters and digits in their thirteen and five styles.
        0x2460..=0x2468 => Always((code - 0x2460) as u8 + b'1'),
        0x24ea => Always(b'0'),
        0x24b6..=0x24cf => Always((code - 0x24b6) as u8 + b'A'),
        0x24d0..=0x24e9 => Always((code - 0x24d0) as u8 + b'a'),
        0x1_d400..=0x1_d6a3 => match ((code - 0x1_d400) % 52) as u8 {
            upper @ 0..26 => Always(upper + b'A'),
            lower => Always(lower - 26 + b'a'),
        },
        0x1_d7ce..=0x1_d7ff => Always(((code - 0x1_d7ce) % 10) as u8 + b'0'),
        _ => return None,
    })
}

/// What the character at the start of `rest` folds to wherever it stands, and how many bytes it has. O(1).
pub(crate) fn folds_to(rest: &[u8]) -> Option<(u8, usize)> {
    let len = match rest.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let c = str::from_utf8(rest.get(..len)?).ok()?.chars().next()?;
    match fold(c)? {
        Fold::Always(ascii) | Fold::TouchingAscii(ascii) | Fold::BesideAscii(ascii) => {
            Some((ascii, len))
        }
    }
}

/// First two bytes of the UTF-8 forms of what [`fold`] knows.
pub(super) const STARTS: &[[u8; 2]] = &[
    [0xc2, 0x85],
    [0xc2, 0xa0],
    [0xc5, 0xbf],
    [0xca, 0xb9],
    [0xca, 0xba],
    [0xca, 0xbc],
    [0xcb, 0x88],
    [0xe1, 0x9a],
    [0xe2, 0x80],
    [0xe2, 0x81],
    [0xe2, 0x84],
    [0xe2, 0x88],
    [0xe2, 0x8c],
    [0xe2, 0x91],
    [0xe2, 0x92],
    [0xe2, 0x93],
    [0xe2, 0xa7],
    [0xe3, 0x80],
    [0xef, 0xb9],
    [0xef, 0xbc],
    [0xef, 0xbd],
    [0xf0, 0x9d],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_those_of_what_folds() {
        let mut starts = Vec::new();
        for c in ('\u{80}'..=char::MAX).filter(|&c| fold(c).is_some()) {
            let mut buffer = [0; 4];
            if let [a, b, ..] = *c.encode_utf8(&mut buffer).as_bytes() {
                starts.push([a, b]);
            }
        }
        starts.dedup();
        assert_eq!(starts, STARTS);
        assert!((0..128u8).all(|byte| fold(byte.into()).is_none()));
    }

    #[test]
    fn ends_of_the_ranges() {
        for (from, to) in [
            ('！', b'!'),
            ('～', b'~'),
            ('𝐀', b'A'),
            ('𝚣', b'z'),
            ('𝟘', b'0'),
            ('𝟿', b'9'),
            ('ⓩ', b'z'),
        ] {
            assert!(
                matches!(fold(from), Some(Fold::Always(b) | Fold::TouchingAscii(b) | Fold::BesideAscii(b)) if b == to),
                "{from}"
            );
        }
    }

    #[test]
    fn prose_keeps_its_marks() {
        assert!("’‘“”–—…éüßıñ¥€".chars().all(|c| fold(c).is_none()));
    }
}
