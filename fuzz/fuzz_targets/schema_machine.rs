//! See `abatis::internals::fuzz::TARGETS`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| abatis::internals::fuzz::run("schema_machine", data));
