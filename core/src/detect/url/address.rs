//! Addresses: what a host of digits means to a client, and whose address it is.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Public,
    Private,
    Link,
    /// This machine, by 127.0.0.0/8 or by the address that names none.
    Loopback,
    /// The service that tells a machine of a cloud who it is.
    Metadata,
}

/// An IPv4 address as clients read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct V4 {
    pub(super) address: Ipv4Addr,
    /// It is not four decimal numbers.
    pub(super) odd: bool,
    /// In how many numbers it is written.
    pub(super) parts: usize,
}

/// Reads an IPv4 address: one to four numbers in decimal, octal or hexadecimal, of which the last fills what is left. What
/// is too large wraps, as in clients that do not check. O(len).
pub(super) fn v4(text: &[u8]) -> Option<V4> {
    let text = text.strip_suffix(b".").unwrap_or(text);
    let mut numbers = [0_u64; 4];
    let (mut parts, mut odd) = (0, false);
    for part in text.split(|&byte| byte == b'.') {
        let (value, written_oddly) = number(part)?;
        *numbers.get_mut(parts)? = value;
        parts += 1;
        odd |= written_oddly;
    }
    let last = *numbers.get(parts.checked_sub(1)?)?;
    let leading = numbers.get(..parts - 1)?;
    odd |= parts < 4 || leading.iter().any(|&n| n > 255) || last > 255;
    let high = leading.iter().fold(0_u32, |sum, &n| sum << 8 | (n & 0xff) as u32);
    let rest = 8 * (5 - parts as u32);
    let low = if parts == 1 { last as u32 } else { (last & ((1 << rest) - 1)) as u32 };
    let address = if parts == 1 { low } else { high << rest | low };
    Some(V4 { address: Ipv4Addr::from(address), odd, parts })
}

/// A number and whether it is written in another base than ten, or with zeroes before it. What is beyond 64 bits wraps.
fn number(part: &[u8]) -> Option<(u64, bool)> {
    let (digits, base) = match part {
        [] => return None,
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        digits => (digits, 10),
    };
    let mut value = 0_u64;
    // Zeroes before a digit that octal lacks: clients that know no octal read decimal.
    let base = if base == 8 && digits.iter().any(|b| matches!(b, b'8' | b'9')) { 10 } else { base };
    for &byte in digits {
        let digit = char::from(byte).to_digit(base)?;
        value = value.wrapping_mul(u64::from(base)).wrapping_add(u64::from(digit));
    }
    Some((value, digits.len() < part.len()))
}

/// Whose an IPv4 address is (RFC 6890; the metadata addresses of clouds).
pub(super) fn owner_v4(address: Ipv4Addr) -> Owner {
    match address.octets() {
        [169, 254, 169, 254 | 253 | 123]
        | [169, 254, 170, 2 | 23]
        | [169, 254, 42, 42]
        | [169, 254, 0, 23]
        | [100, 100, 100, 200]
        | [192, 0, 0, 192] => Owner::Metadata,
        [0 | 127, ..] => Owner::Loopback,
        [169, 254, ..] => Owner::Link,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Owner::Private,
        _ => Owner::Public,
    }
}

/// Whose an IPv6 address is, and whether it holds an IPv4 address of another owner than the public.
pub(super) fn owner_v6(address: Ipv6Addr) -> (Owner, bool) {
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        let owner = owner_v4(Ipv4Addr::new(a, b, c, d));
        (owner, owner != Owner::Public)
    };
    match address.segments() {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => (Owner::Metadata, false),
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => (Owner::Loopback, false),
        // Mapped, translated and compatible.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => inner(high, low),
        [0xfe80..=0xfebf, ..] => (Owner::Link, false),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => (Owner::Private, false),
        _ => (Owner::Public, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<(String, bool)> {
        v4(text.as_bytes()).map(|read| (read.address.to_string(), read.odd))
    }

    #[test]
    fn every_spelling_means_its_address() {
        for (text, means, odd) in [
            ("127.0.0.1", "127.0.0.1", false),
            ("127.0.0.1.", "127.0.0.1", false),
            ("127.1", "127.0.0.1", true),
            ("127.0.257", "127.0.1.1", true),
            ("2130706433", "127.0.0.1", true),
            ("0x7f.1", "127.0.0.1", true),
            ("0177.0.0.01", "127.0.0.1", true),
            ("017700000001", "127.0.0.1", true),
            ("4294967297", "0.0.0.1", true),
            ("425.510.425.510", "169.254.169.254", true),
            ("08.8.8.8", "8.8.8.8", true),
            ("0", "0.0.0.0", true),
        ] {
            assert_eq!(address(text), Some((means.to_owned(), odd)), "{text}");
        }
    }

    #[test]
    fn names_are_no_addresses() {
        for text in ["", ".", "1..2", "1.2.3.4.5", "0xg", "1a", "a.1", "1.2.3.example", "-1"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn owners() {
        for (text, owner) in [
            ("8.8.8.8", Owner::Public),
            ("100.63.255.255", Owner::Public),
            ("100.64.0.0", Owner::Private),
            ("172.15.0.1", Owner::Public),
            ("172.31.255.255", Owner::Private),
            ("169.254.1.1", Owner::Link),
            ("169.254.169.254", Owner::Metadata),
            ("0.0.0.0", Owner::Loopback),
        ] {
            assert_eq!(owner_v4(text.parse().unwrap()), owner, "{text}");
        }
        for (text, owner, inside) in [
            ("::1", Owner::Loopback, false),
            ("::ffff:10.0.0.1", Owner::Private, true),
            ("::ffff:8.8.8.8", Owner::Public, false),
            ("::127.0.0.1", Owner::Loopback, true),
            ("64:ff9b::a9fe:a9fe", Owner::Metadata, true),
            ("2002:7f00:1::", Owner::Loopback, true),
            ("fd00:ec2::254", Owner::Metadata, false),
            ("fe80::1", Owner::Link, false),
            ("2001:db8::1", Owner::Public, false),
        ] {
            assert_eq!(owner_v6(text.parse().unwrap()), (owner, inside), "{text}");
        }
    }
}
