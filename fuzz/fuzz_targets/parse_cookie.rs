//! See `abatis::internals::fuzz::parse_cookie`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::parse_cookie(data));
