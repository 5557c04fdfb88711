//! A request in pieces gets the verdict of the whole, in everything.
#![no_main]

use abatis::Scratch;
use abatis_fuzz::{Case, DEFAULT};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: Case| {
    let mut scratch = Scratch::new();
    let whole = DEFAULT.inspect_with(&mut scratch, &case.request()).clone();
    assert_eq!(case.in_pieces(&DEFAULT, &mut scratch), whole, "{case:?}");
});
