//! Many threads take engines out of a handle while others put new ones in; sessions go from thread to thread.

mod support;

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use abatis_ffi::*;
use support::{data, engine, inspect, scratch, string};

/// A pointer that threads share, as C does without asking.
struct Shared<T>(*mut T);

// SAFETY: handles may be used by any number of threads at once, says the header.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: the same.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn get(&self) -> *mut T {
        self.0
    }
}

#[test]
fn swap_under_load() {
    const READERS: usize = 4;
    const SWAPS: usize = 20_000;
    // Two engines, each of which is freed for good now and then.
    let policies = ["sensitivity: default", "sensitivity: paranoid"];
    let first = engine(policies[0]);
    let mut handle = null_mut();
    // SAFETY: all pointers are good.
    unsafe {
        assert_eq!(abatis_handle_new(first, &raw mut handle), abatis_status::Ok);
        abatis_engine_free(first);
    }
    let handle = Shared(handle);
    let (done, loads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let scratch = scratch();
                let mut turn = 0;
                while !done.load(Ordering::Relaxed) {
                    let mut engine = null_mut();
                    // SAFETY: the handle lives until all threads are done.
                    let status = unsafe { abatis_handle_load(handle.get(), &raw mut engine) };
                    assert_eq!(status, abatis_status::Ok);
                    // SAFETY: the reference is ours.
                    assert_eq!(string(unsafe { abatis_engine_ruleset(engine) }).len(), 16);
                    if turn % 64 == 0 {
                        let verdict =
                            inspect(engine, scratch, abatis_place::Query, b"1' or '1'='1");
                        // SAFETY: ours.
                        unsafe {
                            assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
                            abatis_verdict_free(verdict);
                        }
                    }
                    // SAFETY: ours.
                    unsafe { abatis_engine_free(engine) };
                    turn += 1;
                }
                loads.fetch_add(turn, Ordering::Relaxed);
                // SAFETY: ours.
                unsafe { abatis_scratch_free(scratch) };
            });
        }
        let mut spare = engine(policies[1]);
        for turn in 0..SWAPS {
            let mut old = null_mut();
            // SAFETY: all pointers are good.
            unsafe {
                let status = abatis_handle_swap(handle.get(), spare, &raw mut old);
                assert_eq!(status, abatis_status::Ok);
                abatis_engine_free(spare);
            }
            spare = old;
            if turn % 1000 == 999 {
                // SAFETY: ours; readers may hold the last reference.
                unsafe { abatis_engine_free(spare) };
                spare = engine(policies[turn / 1000 % 2]);
            }
        }
        done.store(true, Ordering::Relaxed);
        // SAFETY: ours.
        unsafe { abatis_engine_free(spare) };
    });
    assert!(loads.into_inner() > READERS);
    // SAFETY: no thread uses it any more.
    unsafe { abatis_handle_free(handle.get()) };
}

#[test]
fn sessions_go_on_in_another_thread() {
    let (engine, scratch) = (engine(""), scratch());
    let feed = |session, chunk| {
        let (chunk, len) = data(chunk);
        // SAFETY: all pointers are good.
        let status = unsafe { abatis_session_body(session, chunk, len, null_mut()) };
        assert_eq!(status, abatis_status::Ok);
    };
    // SAFETY: all pointers are good; a session is used by the thread that has it, in memory that no other thread uses.
    unsafe {
        let begin = || {
            let ((method, method_len), (target, target_len)) = (data(b"POST"), data(b"/"));
            let mut session = null_mut();
            let status = abatis_session_begin(engine, scratch, &raw mut session);
            assert_eq!(status, abatis_status::Ok);
            let none = null_mut();
            let status =
                abatis_session_request_line(session, method, method_len, target, target_len, none);
            assert_eq!(status, abatis_status::Ok);
            feed(session, b"<script>ale");
            assert_eq!(abatis_session_use_scratch(session, null_mut()), abatis_status::Ok);
            Shared(session)
        };
        let sessions: [_; 8] = std::array::from_fn(|_| begin());
        thread::scope(|scope| {
            for session in &sessions {
                scope.spawn(move || feed(session.get(), b"rt(1)</script>"));
            }
            // The scratch that they began with works on meanwhile.
            for _ in 0..100 {
                abatis_verdict_free(inspect(engine, scratch, abatis_place::Query, b"1' or '1'='1"));
            }
        });
        for (turn, session) in sessions.iter().enumerate() {
            if turn % 2 == 1 {
                let status = abatis_session_use_scratch(session.get(), scratch);
                assert_eq!(status, abatis_status::Ok);
            }
            let mut verdict = null_mut();
            let status = abatis_session_finish(session.get(), &raw mut verdict);
            assert_eq!(status, abatis_status::Ok);
            assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
            abatis_verdict_free(verdict);
            abatis_session_free(session.get());
        }
        let status = abatis_session_use_scratch(null_mut(), scratch);
        assert_eq!(status, abatis_status::NullPointer);
        abatis_scratch_free(scratch);
        abatis_engine_free(engine);
    }
}
