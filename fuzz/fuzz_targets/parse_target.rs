//! See `abatis::internals::fuzz::parse_target`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::parse_target(data));
