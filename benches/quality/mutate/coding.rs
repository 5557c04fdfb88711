//! How a value is sent: the code stays, its bytes are others.

use std::fmt::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Choice;

pub(super) fn url(text: &str, _: &mut Choice) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

pub(super) fn url_twice(text: &str, _: &mut Choice) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%25{byte:02X}");
        }
        out
    })
}

pub(super) fn unicode_escape(text: &str, _: &mut Choice) -> String {
    signs(text, |sign| format!("\\u{sign:04x}"))
}

pub(super) fn entity(text: &str, choice: &mut Choice) -> String {
    signs(text, |sign| match choice.below(2) {
        0 => format!("&#x{sign:x};"),
        _ => format!("&#{sign};"),
    })
}

pub(super) fn full_width(text: &str, _: &mut Choice) -> String {
    let wide = |c: char| match c {
        '\'' | '"' | '<' | '>' | '=' | '(' | ')' | ';' | '-' | '/' | '.' | '|' | '&' => {
            char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c)
        }
        c => c,
    };
    text.chars().map(wide).collect()
}

/// Signs in two bytes of UTF-8 where one is right; no text any more.
pub(super) fn overlong(text: &str) -> Vec<u8> {
    text.bytes().fold(Vec::with_capacity(text.len()), |mut out, byte| {
        if b"'\"<>/;".contains(&byte) {
            out.extend([0xc0 | byte >> 6, 0x80 | byte & 0x3f]);
        } else {
            out.push(byte);
        }
        out
    })
}

pub(super) fn base64(text: &str, _: &mut Choice) -> String {
    BASE64_STANDARD.encode(text)
}

pub(super) fn json(text: &str, _: &mut Choice) -> String {
    serde_json::json!({"filter": {"items": [1, text]}, "page": 2}).to_string()
}

/// Each sign (ASCII, no letter, no digit) as `write` says.
fn signs(text: &str, mut write: impl FnMut(u32) -> String) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            out.push_str(&write(u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}
