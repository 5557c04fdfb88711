//! What the tests share: calls as C makes them, in fewer words.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "included by several tests")]

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use abatis_ffi::*;

/// Pointer and length of a text.
pub fn text(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

/// Pointer and length of bytes.
pub fn data(bytes: &[u8]) -> (*const c_void, usize) {
    (bytes.as_ptr().cast(), bytes.len())
}

/// What an `abatis_str` says.
pub fn string(text: abatis_str) -> String {
    assert!(!text.data.is_null());
    // SAFETY: the library says that it can be read, and is UTF-8.
    let bytes = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.len) };
    std::str::from_utf8(bytes).unwrap().to_owned()
}

pub fn policy(yaml: &str) -> *mut abatis_policy {
    let (mut policy, mut error) = (null_mut(), null_mut());
    let ((name, name_len), (yaml, len)) = (text("p.yaml"), text(yaml));
    // SAFETY: all pointers are good.
    let status = unsafe {
        abatis_policy_from_memory(
            name,
            name_len,
            yaml,
            len,
            null(),
            0,
            &raw mut policy,
            &raw mut error,
        )
    };
    assert_eq!(status, abatis_status::Ok, "{}", message(error));
    assert!(error.is_null() && !policy.is_null());
    policy
}

pub fn engine_with(yaml: &str, options: *const abatis_options) -> *mut abatis_engine {
    let policy = policy(yaml);
    let (mut engine, mut error) = (null_mut(), null_mut());
    // SAFETY: all pointers are good.
    let status = unsafe { abatis_engine_new(policy, options, &raw mut engine, &raw mut error) };
    assert_eq!(status, abatis_status::Ok, "{}", message(error));
    // SAFETY: it is ours, and freed once.
    unsafe { abatis_policy_free(policy) };
    engine
}

pub fn engine(yaml: &str) -> *mut abatis_engine {
    engine_with(yaml, null())
}

pub fn scratch() -> *mut abatis_scratch {
    let mut scratch = null_mut();
    // SAFETY: all pointers are good.
    assert_eq!(unsafe { abatis_scratch_new(&raw mut scratch) }, abatis_status::Ok);
    scratch
}

pub fn inspect(
    engine: *const abatis_engine,
    scratch: *mut abatis_scratch,
    place: abatis_place,
    value: &[u8],
) -> *mut abatis_verdict {
    let mut verdict = null_mut();
    let (value, len) = data(value);
    // SAFETY: all pointers are good.
    let status = unsafe {
        abatis_inspect_value(engine, scratch, place as i32, value, len, &raw mut verdict)
    };
    assert_eq!(status, abatis_status::Ok);
    verdict
}

/// The verdict as JSON.
pub fn json(verdict: *const abatis_verdict) -> String {
    let mut len = 0;
    // SAFETY: no buffer of length 0 is allowed.
    let status = unsafe { abatis_verdict_json(verdict, null_mut(), 0, &raw mut len) };
    assert_eq!(status, abatis_status::BufferTooSmall);
    let mut buffer = vec![0u8; len + 1];
    // SAFETY: the buffer is as long as said.
    let status = unsafe {
        abatis_verdict_json(verdict, buffer.as_mut_ptr().cast(), buffer.len(), &raw mut len)
    };
    assert_eq!(status, abatis_status::Ok);
    assert_eq!(buffer.pop(), Some(0));
    String::from_utf8(buffer).unwrap()
}

/// Message of an error, which is freed.
pub fn message(error: *mut abatis_error) -> String {
    // SAFETY: NULL or an error that is ours, and freed once.
    unsafe {
        let message = string(abatis_error_message(error));
        abatis_error_free(error);
        message
    }
}
