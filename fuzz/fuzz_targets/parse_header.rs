//! See `abatis::internals::fuzz::parse_header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::parse_header(data));
