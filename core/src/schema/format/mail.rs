//! Mailboxes: RFC 5321, and RFC 6531 for those beyond ASCII.

use super::{idn, net};

/// What mailboxes look like; lengths are left out.
pub(super) const MAILBOX: &str = concat!(
    "^(?:[!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+(?:\\.[!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+)*|\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\")",
    "@(?:[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?(?:\\.[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?)*",
    "|\\[(?:[0-9.]+|[Ii][Pp][Vv]6:[0-9A-Fa-f:.]+)\\])$"
);
/// The same, with all that lies beyond ASCII in the local part, and labels as [`idn::INTERNATIONAL_HOSTNAME`] has them.
pub(super) const INTERNATIONAL_MAILBOX: &str = concat!(
    "^(?:[!#$%&'*+/=?^_`{|}~0-9A-Za-z\\x{80}-\\x{10FFFF}-]+(?:\\.[!#$%&'*+/=?^_`{|}~0-9A-Za-z\\x{80}-\\x{10FFFF}-]+)*",
    "|\"(?:[ !#-\\[\\]-~\\x{80}-\\x{10FFFF}]|\\\\[ -~])*\")",
    "@(?:",
    idn::labels!(),
    "|\\[(?:[0-9.]+|[Ii][Pp][Vv]6:[0-9A-Fa-f:.]+)\\])$"
);

/// How long a local part may be, in octets (RFC 5321 section 4.5.3.1.1).
const LONGEST: usize = 64;

/// `Mailbox` of RFC 5321 section 4.1.2: a local part, quoted or not, and a domain or an address in brackets.
///
/// The draft of JSON Schema that named RFC 5322 (up to 7) is served by this too: what that has beyond it are comments and obsolete forms.
/// `General-address-literal` is none, since no tag but `IPv6` is registered, and numbers of an IPv4 address have no leading zeros.
pub(super) fn is_mailbox(text: &str) -> bool {
    after_local_part(text, false).is_some_and(|domain| is_domain(domain, idn::is_hostname))
}

/// `Mailbox` as RFC 6531 section 3.3 extends it: characters beyond ASCII in the local part, U-labels in the domain.
pub(super) fn is_international_mailbox(text: &str) -> bool {
    after_local_part(text, true)
        .is_some_and(|domain| is_domain(domain, idn::is_international_hostname))
}

/// What follows the `@` behind `Local-part`.
fn after_local_part(text: &str, is_international: bool) -> Option<&str> {
    let at = if let Some(quoted) = text.strip_prefix('"') {
        1 + quoted_length(quoted, is_international)?
    } else {
        let at = text.find('@')?;
        let may_stand = |byte: u8| is_atext(byte) || is_international && !byte.is_ascii();
        let is_atom = |atom: &[u8]| !atom.is_empty() && atom.iter().copied().all(may_stand);
        text.as_bytes().get(..at)?.split(|&byte| byte == b'.').all(is_atom).then_some(at)?
    };
    (at <= LONGEST).then(|| text.get(at..)?.strip_prefix('@')).flatten()
}

/// How long `*QcontentSMTP DQUOTE` is.
fn quoted_length(text: &str, is_international: bool) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    loop {
        match bytes.next()? {
            (at, b'"') => return Some(at + 1),
            (_, b'\\') => {
                bytes.next().filter(|(_, byte)| matches!(byte, b' '..=b'~'))?;
            }
            (_, b' '..=b'~') => {}
            (_, byte) if is_international && !byte.is_ascii() => {}
            _ => return None,
        }
    }
}

/// `atext` of RFC 5322 section 3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// `Domain` or `address-literal`.
fn is_domain(text: &str, is_name: fn(&str) -> bool) -> bool {
    let Some(literal) = text.strip_prefix('[') else { return is_name(text) };
    let Some(address) = literal.strip_suffix(']') else { return false };
    match address.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => net::is_ipv6(address),
        _ => net::is_ipv4(address),
    }
}
