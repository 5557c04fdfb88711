//! UTF-7 (RFC 2152), where it hides ASCII: `+ADw-script+AD4-`. Browsers and mail readers of old guess it by itself.
//!
//! Phone numbers and forms are full of `+`, so only runs are read whose characters are all of printable ASCII: such a run begins with `+A`,
//! and its second symbol is one of eight.

use memchr::memchr_iter;

use super::rewrite::Rewrite;
use super::view::{Transform, View};

/// Whether a run that is read may stand anywhere. O(len).
pub(super) fn may_be(input: &[u8]) -> bool {
    memchr_iter(b'+', input).any(|at| begins(input.get(at..).unwrap_or_default()))
}

/// Whether the first character of the run is ASCII: nine bits that are 0.
fn begins(run: &[u8]) -> bool {
    matches!(run, [b'+', b'A', b'A'..=b'H', ..])
}

/// Reads the runs that are printable ASCII throughout; what else there is stays. O(len).
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    let mut rewrite = Rewrite::new(input, out);
    let mut done = 0;
    for start in memchr_iter(b'+', input) {
        let rest = input.get(start..).unwrap_or_default();
        if start < done || !begins(rest) {
            continue;
        }
        let symbols = rest.iter().skip(1).take_while(|&&byte| symbol(byte).is_some()).count();
        let run = rest.get(1..=symbols).unwrap_or_default();
        // The first byte that is no symbol ends the run; a `-` is part of it.
        let end = start + 1 + symbols + usize::from(rest.get(symbols + 1) == Some(&b'-'));
        done = end;
        if !is_printable(run) {
            continue;
        }
        let mut from = start;
        let last = run.len() * 6 / 16;
        for (at, (read, unit)) in units(run).enumerate() {
            let to = if at + 1 == last { end } else { start + 1 + read };
            rewrite.replace(from..to, &[unit as u8], Transform::Utf7);
            from = to;
        }
    }
    rewrite.finish()
}

/// Whether the symbols are whole units of UTF-16, all of printable ASCII, and nothing else: the bits left over are 0.
fn is_printable(run: &[u8]) -> bool {
    let left = run.len() * 6 % 16;
    let last = run.last().and_then(|&byte| symbol(byte)).unwrap_or(u8::MAX);
    left < 6
        && last & ((1 << left) - 1) == 0
        && units(run).all(|(_, unit)| matches!(unit, 0x20..=0x7e))
}

/// The units of UTF-16 that the symbols write, each with how many symbols were read by then.
fn units(run: &[u8]) -> impl Iterator<Item = (usize, u16)> {
    let (mut bits, mut len) = (0u32, 0);
    run.iter().enumerate().filter_map(move |(at, &byte)| {
        bits = bits << 6 | u32::from(symbol(byte)?);
        len += 6;
        len -= if len >= 16 { 16 } else { return None };
        Some((at + 1, (bits >> len) as u16))
    })
}

/// The value of a symbol of base64 as RFC 2045 has it.
fn symbol(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("utf-7", |input, out| {
            let reads = decode(input, out);
            assert!(!reads || may_be(input), "{}", input.escape_ascii());
            reads
        });
    }

    #[test]
    fn characters_lead_back_to_their_symbols() {
        let view = run(b"a+ADwAYg-c", decode);
        assert_eq!(view.bytes(), b"a<bc");
        assert_eq!(view.source(1..2), 1..5);
        assert_eq!(view.source(2..3), 5..9);
        assert_eq!(view.source(3..4), 9..10);
    }
}
