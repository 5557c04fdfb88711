//! Characters that show nothing and that normalizers, renderers and C strings leave out.

/// Whether `c` is left out where visible ASCII stands beside it: between letters of scripts that need joiners, and inside of
/// emoji, it belongs to the text. Only characters that begin as one of [`STARTS`] are.
///
/// Variation selectors are not among these: emoji stand beside ASCII all the time, and carry them.
pub(super) fn ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// First two bytes of the UTF-8 forms of what is [`ignorable`].
pub(super) const STARTS: &[[u8; 2]] = &[
    [0xc2, 0xad],
    [0xcd, 0x8f],
    [0xe1, 0x9e],
    [0xe1, 0xa0],
    [0xe2, 0x80],
    [0xe2, 0x81],
    [0xef, 0xbb],
    [0xef, 0xbf],
    [0xf3, 0xa0],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_those_of_what_is_ignorable() {
        let mut starts = Vec::new();
        for c in ('\0'..=char::MAX).filter(|&c| ignorable(c)) {
            let mut buffer = [0; 4];
            if let [a, b, ..] = *c.encode_utf8(&mut buffer).as_bytes() {
                starts.push([a, b]);
            }
        }
        starts.dedup();
        assert_eq!(starts, STARTS);
    }
}
