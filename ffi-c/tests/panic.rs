//! A panic inside of any call is a status or an answer that is safe to act on, never an abort; and what was in the call is not
//! used on.
#![cfg(feature = "test-panic")]

mod support;

use std::ptr::{dangling_mut, null, null_mut};

use abatis_ffi::*;
use support::{data, engine, inspect, policy, scratch, string, text};

/// Makes `call` panic.
fn panicking<T>(call: impl FnOnce() -> T) -> T {
    abatis_test_panic_next();
    call()
}

/// As [`panicking`], with a place for a result that must be NULL afterwards.
fn fails<T>(call: impl FnOnce(*mut *mut T) -> abatis_status) {
    let mut out = dangling_mut();
    assert_eq!(panicking(|| call(&raw mut out)), abatis_status::Panic);
    assert!(out.is_null());
}

#[test]
fn every_call_survives_a_panic() {
    let (engine, scratch, policy) = (engine(""), scratch(), policy(""));
    let verdict = inspect(engine, scratch, abatis_place::Query, b"1' or '1'='1");
    let (mut handle, mut values) = (null_mut(), null_mut());
    let ((name, name_len), (value, len)) = (text("default"), data(b"x"));
    // SAFETY: all pointers are good.
    unsafe {
        assert_eq!(abatis_handle_new(engine, &raw mut handle), abatis_status::Ok);
        assert_eq!(abatis_values_new(&raw mut values), abatis_status::Ok);
        fails(|out| abatis_policy_from_file(name, name_len, out, null_mut()));
        fails(|out| {
            abatis_policy_from_memory(name, name_len, null(), 0, null(), 0, out, null_mut())
        });
        fails(|out| abatis_policy_builtin(name, name_len, out, null_mut()));
        fails(|out| abatis_engine_new(policy, null(), out, null_mut()));
        fails(|out| abatis_engine_from_file(name, name_len, null(), out, null_mut()));
        fails(|out| abatis_handle_new(engine, out));
        fails(|out| abatis_handle_load(handle, out));
        fails(|out| abatis_handle_swap(handle, engine, out));
        fails(|out| abatis_scratch_new(out));
        fails(|out| abatis_session_begin(engine, scratch, out));
        fails(|out| abatis_inspect_value(engine, scratch, 1, value, len, out));
        fails(|out| abatis_check_sink(engine, 4, null(), 0, value, len, values, out));
        fails(|out| abatis_values_new(out));
        fails(|out| abatis_validate(engine, scratch, name, name_len, value, len, out));
        let status = panicking(|| abatis_policy_set_mode(policy, 0));
        assert_eq!(status, abatis_status::Panic);
        let status = panicking(|| abatis_policy_set_sensitivity(policy, 0));
        assert_eq!(status, abatis_status::Panic);
        let status =
            panicking(|| abatis_policy_add_rules(policy, name, name_len, null(), 0, null_mut()));
        assert_eq!(status, abatis_status::Panic);
        let status = panicking(|| abatis_verdict_json(verdict, null_mut(), 0, null_mut()));
        assert_eq!(status, abatis_status::Panic);

        let action = panicking(|| abatis_verdict_action(verdict));
        assert_eq!(action, abatis_action::Block);
        assert_eq!(panicking(|| abatis_verdict_score(verdict)), 0);
        assert!(panicking(|| abatis_verdict_finding(verdict, 0)).is_null());
        assert!(panicking(|| abatis_engine_clone(engine)).is_null());
        let finding = abatis_verdict_finding(verdict, 0);
        assert_eq!(string(panicking(|| abatis_finding_rule(finding))), "");

        let mut error = null_mut();
        let status =
            panicking(|| abatis_policy_builtin(name, name_len, &mut null_mut(), &raw mut error));
        assert_eq!(status, abatis_status::Panic);
        assert_eq!(support::message(error), "the library panicked: a test asked for this");

        abatis_values_free(values);
        abatis_handle_free(handle);
        abatis_verdict_free(verdict);
        abatis_policy_free(policy);
        abatis_scratch_free(scratch);
        abatis_engine_free(engine);
    }
}

#[test]
fn a_session_that_panicked_is_not_used_on_but_its_scratch_is() {
    let (engine, scratch) = (engine(""), scratch());
    let mut session = null_mut();
    let (trigger, len) = data(b"abatis-test-panic");
    let mut progress = abatis_progress::Continue;
    // SAFETY: all pointers are good.
    unsafe {
        assert_eq!(abatis_session_begin(engine, scratch, &raw mut session), abatis_status::Ok);
        let status = abatis_session_header(session, trigger, len, trigger, len, &raw mut progress);
        assert_eq!((status, progress), (abatis_status::Panic, abatis_progress::Block));
        let status = abatis_session_body(session, trigger, 1, &raw mut progress);
        assert_eq!((status, progress), (abatis_status::Broken, abatis_progress::Block));
        let mut verdict = dangling_mut();
        let status = abatis_session_finish(session, &raw mut verdict);
        assert_eq!((status, verdict), (abatis_status::Broken, null_mut()));
        assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
        abatis_session_free(session);

        let verdict = inspect(engine, scratch, abatis_place::Query, b"tea");
        assert_eq!(abatis_verdict_action(verdict), abatis_action::Allow);
        abatis_verdict_free(verdict);
        abatis_scratch_free(scratch);
        abatis_engine_free(engine);
    }
}
