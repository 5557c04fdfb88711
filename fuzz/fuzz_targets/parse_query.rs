//! See `abatis::internals::fuzz::parse_query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::parse_query(data));
