//! See `abatis::internals::fuzz::parse_form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::parse_form(data));
