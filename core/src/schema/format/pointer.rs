//! JSON Pointers: RFC 6901, and relative ones.

/// Exactly the JSON Pointers.
pub(super) const JSON_POINTER: &str = "(?s)^(?:/(?:[^~/]|~[01])*)*$";
/// Exactly the relative JSON Pointers.
pub(super) const RELATIVE_JSON_POINTER: &str =
    "(?s)^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~[01])*)*)$";
/// Exactly the relative JSON Pointers that can shift an index.
pub(super) const SHIFTED_JSON_POINTER: &str =
    "(?s)^(?:0|[1-9][0-9]*)(?:[+-](?:0|[1-9][0-9]*))?(?:#|(?:/(?:[^~/]|~[01])*)*)$";

/// RFC 6901 section 3: empty, or tokens that begin with `/`, in which `~` is written `~0` and `/` is written `~1`.
pub(super) fn is_json_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/'))
        && text.split('~').skip(1).all(|after| after.starts_with(['0', '1']))
}

/// draft-handrews-relative-json-pointer-01 section 3: how many levels up, then `#` or a JSON Pointer.
pub(super) fn is_relative_json_pointer(text: &str) -> bool {
    after_integer(text).is_some_and(is_hash_or_pointer)
}

/// draft-bhutton-relative-json-pointer-00 section 3: how many levels up, how far the index there is shifted, then `#` or a JSON Pointer.
/// (Its grammar lacks the shift before a `#`, its text and its successors have it.)
pub(super) fn is_shifted_json_pointer(text: &str) -> bool {
    let Some(rest) = after_integer(text) else { return false };
    match rest.strip_prefix(['+', '-']) {
        None => is_hash_or_pointer(rest),
        Some(shift) => after_integer(shift).is_some_and(is_hash_or_pointer),
    }
}

fn is_hash_or_pointer(text: &str) -> bool {
    text == "#" || is_json_pointer(text)
}

/// What follows a `non-negative-integer`: `0`, or digits that do not begin with `0`.
fn after_integer(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let digits = text.len() - rest.len();
    (digits == 1 || digits > 1 && !text.starts_with('0')).then_some(rest)
}
