//! Host names in ASCII: RFC 1123.

/// What names look like; lengths are left out.
pub(super) const HOSTNAME: &str =
    r"^[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?(?:\.[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?)*$";

/// How long a name may be, without the dot of the root: 255 octets with the lengths of its labels (RFC 1035 section 2.3.4).
pub(super) const LONGEST: usize = 253;
/// How long a label may be.
const LONGEST_LABEL: usize = 63;

/// RFC 1123 section 2.1, RFC 952: labels of letters, digits and hyphens, that neither begin nor end with a hyphen. A dot at the end is none
/// of a host name.
pub(super) fn is_hostname(text: &str) -> bool {
    let mut length = 0;
    let mut before = b'.';
    for byte in text.bytes().chain(*b".") {
        length = match byte {
            b'.' if length > 0 && before != b'-' => 0,
            b'-' if length > 0 => length + 1,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => length + 1,
            _ => return false,
        };
        if length > LONGEST_LABEL {
            return false;
        }
        before = byte;
    }
    text.len() <= LONGEST
}
