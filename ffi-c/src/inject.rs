//! Panics on demand, for tests: of this library, and of programs that want to see what they do when it fails. Only with the
//! feature `test-panic`, and not in the header.

use std::cell::Cell;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// The header name or value that makes a session panic.
const TRIGGER: &[u8] = b"abatis-test-panic";

/// Makes the next call on this thread panic.
#[unsafe(no_mangle)]
pub extern "C" fn abatis_test_panic_next() {
    ARMED.set(true);
}

/// Panics if it is time to.
pub(crate) fn trip() {
    assert!(!ARMED.replace(false), "a test asked for this");
}

/// Panics if a session is fed the trigger, with its scratch in use.
pub(crate) fn look_at(given: &[&[u8]]) {
    assert!(!given.contains(&TRIGGER), "a request asked for this");
}
