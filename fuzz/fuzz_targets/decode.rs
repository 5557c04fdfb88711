//! See `abatis::internals::fuzz::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::decode(data));
