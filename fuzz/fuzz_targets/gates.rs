//! Gates and prefilter change cost, never a verdict.
#![no_main]

use abatis::{Place, Scratch};
use abatis_fuzz::{DEFAULT, NO_GATE, NO_PREFILTER};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let verdict = |engine: &abatis::Engine| engine.inspect_value(&mut Scratch::new(), Place::Query, value).clone();
    let expected = verdict(&DEFAULT);
    assert_eq!(verdict(&NO_GATE), expected, "gate: {:?}", value.escape_ascii().to_string());
    assert_eq!(verdict(&NO_PREFILTER), expected, "prefilter: {:?}", value.escape_ascii().to_string());
});
