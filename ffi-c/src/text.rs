//! Text for C.

use std::ffi::c_char;

/// Text that belongs to another object: UTF-8, **not** ended by NUL, to be printed with `"%.*s", (int)text.len, text.data`. How long it
/// lives stands at the function that returns it. `data` is never NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct abatis_str {
    /// Its first byte.
    pub data: *const c_char,
    /// How many bytes.
    pub len: usize,
}

impl abatis_str {
    pub(crate) const EMPTY: abatis_str = abatis_str::new("");

    pub(crate) const fn new(text: &str) -> abatis_str {
        abatis_str { data: text.as_ptr().cast(), len: text.len() }
    }
}
