//! URI templates: RFC 6570.

use std::str::Chars;

use super::uri::{is_encoded, is_private, is_written_out};

/// Exactly the templates, with all characters beyond ASCII.
pub(super) const URI_TEMPLATE: &str = concat!(
    r"^(?:[!#$&'()*+,./0-9:;=?@A-Z\[\]_a-z~\x{A0}-\x{10FFFF}-]|%[0-9A-Fa-f]{2}|\{[+#./;?&=,!@|]?",
    r"(?:[0-9A-Z_a-z]|%[0-9A-Fa-f]{2})(?:\.?(?:[0-9A-Z_a-z]|%[0-9A-Fa-f]{2}))*(?:\*|:[1-9][0-9]{0,3})?",
    r"(?:,(?:[0-9A-Z_a-z]|%[0-9A-Fa-f]{2})(?:\.?(?:[0-9A-Z_a-z]|%[0-9A-Fa-f]{2}))*(?:\*|:[1-9][0-9]{0,3})?)*\})*$"
);

/// RFC 6570 section 2: literals, and lists of variables in braces. A `'` is a literal (erratum 6937). The operators that section 2.2 keeps
/// for later are operators.
pub(super) fn is_uri_template(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let is_well_formed = match character {
            '{' => {
                let Some((list, rest)) = characters.as_str().split_once('}') else { return false };
                characters = rest.chars();
                list.strip_prefix(['+', '#', '.', '/', ';', '?', '&', '=', ',', '!', '@', '|'])
                    .unwrap_or(list)
                    .split(',')
                    .all(is_variable)
            }
            '%' => is_encoded(&mut characters),
            '\0'..=' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' | '}' | '\x7F' => false,
            _ => character.is_ascii() || is_written_out(character) || is_private(character),
        };
        if !is_well_formed {
            return false;
        }
    }
    true
}

/// `varspec`: names with dots between them, and how much of the value is wanted.
fn is_variable(text: &str) -> bool {
    let name = match text.split_once(':') {
        Some((name, length)) if is_length(length.as_bytes()) => name,
        Some(_) => return false,
        None => text.strip_suffix('*').unwrap_or(text),
    };
    name.split('.').all(is_name)
}

/// `max-length`: 1 to 9999, without leading zeros.
fn is_length(digits: &[u8]) -> bool {
    digits.len() <= 4
        && matches!(digits, [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit))
}

fn is_name(text: &str) -> bool {
    let mut characters: Chars<'_> = text.chars();
    !text.is_empty()
        && std::iter::from_fn(|| {
            let character = characters.next()?;
            Some(
                character.is_ascii_alphanumeric()
                    || character == '_'
                    || character == '%' && is_encoded(&mut characters),
            )
        })
        .all(|is_well_formed| is_well_formed)
}
