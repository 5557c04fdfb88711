//! Addresses of machines, and UUIDs.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Exactly the dotted quads.
pub(super) const IPV4: &str = r"^(?:(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\.){3}(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$";
/// Groups, colons and a dotted quad at the end; how many groups there are is left out.
pub(super) const IPV6: &str =
    r"^(?:[0-9A-Fa-f]{0,4}:){2,8}(?:[0-9A-Fa-f]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})?$";
/// Exactly the UUIDs.
pub(super) const UUID: &str =
    "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";

/// The dotted quad of RFC 2673 section 3.2, without leading zeros: some readers take them for octal.
pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// RFC 4291 section 2.2. Zones and prefixes are no part of an address.
pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// RFC 9562 section 4, RFC 4122 section 3: hexadecimal digits of either case in groups. Which version and variant they name is left open,
/// as the grammar leaves it.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
