//! UTF-8 as lenient decoders read it: overlong forms of up to six bytes, surrogates, and what is not UTF-8 at all.
//!
//! RFC 3629 forbids all of these, yet decoders that merely add up the payload bits read `C0 AF` as `/`, and decoders that
//! skip what they cannot read see `'` in `C0 27`. [`unicode`](super::unicode) writes what [`read`] finds.

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A character, as RFC 3629 has it.
    Valid(char),
    /// A character in more bytes than it needs.
    Overlong(char),
    /// A surrogate half, encoded like a character (CESU-8).
    Surrogate(u16),
    /// Not UTF-8; lenient readers leave it out.
    Invalid,
}

/// Reads one character from non-empty bytes: how many bytes, and what. Looks at six bytes at most.
pub(super) fn read(bytes: &[u8]) -> (usize, Read) {
    let (lead, rest) = match *bytes {
        [] => return (0, Read::Invalid),
        [lead, ref rest @ ..] => (lead, rest),
    };
    let (more, payload, least) = match lead {
        0x00..=0x7f => return (1, Read::Valid(lead.into())),
        0xc0..=0xdf => (1, lead & 0x1f, 0x80),
        0xe0..=0xef => (2, lead & 0x0f, 0x800),
        0xf0..=0xf7 => (3, lead & 0x07, 0x1_0000),
        0xf8..=0xfb => (4, lead & 0x03, 0x20_0000),
        0xfc..=0xfd => (5, lead & 0x01, 0x400_0000),
        _ => return (1, Read::Invalid),
    };
    let mut code = u32::from(payload);
    for at in 0..more {
        match rest.get(at) {
            Some(&byte) if byte & 0xc0 == 0x80 => code = code << 6 | u32::from(byte & 0x3f),
            // `C1 1C`: adding up without looking at the second byte's marker gives `\`, while a reader that skips the
            // lead sees a control that is of no use to anybody.
            Some(&byte) if lead == 0xc1 && byte < 0x20 => {
                return (2, Read::Overlong((0x40 | byte).into()));
            }
            _ => return (1 + at, Read::Invalid),
        }
    }
    let read = match (char::from_u32(code), code) {
        (Some(c), _) if code < least => Read::Overlong(c),
        (Some(c), _) => Read::Valid(c),
        (None, 0xd800..=0xdfff) => Read::Surrogate(code as u16),
        (None, _) => Read::Invalid,
    };
    (1 + more, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_on_valid_text() {
        for c in [
            '\0',
            'a',
            '\x7f',
            '\u{80}',
            '\u{7ff}',
            '\u{800}',
            '\u{ffff}',
            '\u{10000}',
            '\u{10ffff}',
        ] {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            assert_eq!(read(bytes), (bytes.len(), Read::Valid(c)));
        }
    }

    #[test]
    fn agrees_with_the_standard_on_what_is_valid() {
        // Every two-byte start, with continuations behind it.
        for lead in 0..=255u8 {
            for second in 0..=255u8 {
                let bytes = [lead, second, 0x80, 0x80];
                let (len, what) = read(&bytes);
                let valid = bytes.get(..len).is_some_and(|s| std::str::from_utf8(s).is_ok());
                assert_eq!(matches!(what, Read::Valid(_)), valid, "{lead:02x} {second:02x}");
            }
        }
    }

    #[test]
    fn lenient_readings() {
        for (bytes, read_as) in [
            (&b"\xc0\xaf"[..], (2, Read::Overlong('/'))),
            (b"\xe0\x80\xaf", (3, Read::Overlong('/'))),
            (b"\xf0\x80\x80\xaf", (4, Read::Overlong('/'))),
            (b"\xf8\x80\x80\x80\xaf", (5, Read::Overlong('/'))),
            (b"\xfc\x80\x80\x80\x80\xaf", (6, Read::Overlong('/'))),
            (b"\xc1\x1c", (2, Read::Overlong('\\'))),
            (b"\xc0'", (1, Read::Invalid)),
            (b"\xe2\x80", (2, Read::Invalid)),
            (b"\xf4\x90\x80\x80", (4, Read::Invalid)),
            (b"\xed\xa0\x80", (3, Read::Surrogate(0xd800))),
            (b"\xff", (1, Read::Invalid)),
        ] {
            assert_eq!(read(bytes), read_as, "{}", bytes.escape_ascii());
        }
    }
}
