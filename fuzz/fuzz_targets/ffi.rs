//! Any sequence of calls that a C program may make, right or wrong: each byte chooses a function, the next ones its objects, NULL
//! among them, and its bytes. Every status is one of the header's, every result is set, the model and the library agree on what fails;
//! AddressSanitizer sees what is freed twice, used afterwards, or never freed.
#![no_main]

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::LazyLock;

use abatis_ffi::*;

/// Texts that are policies, or nearly.
const POLICIES: [&str; 4] =
    ["", "mode: detect", "schemas: {a: {type: integer, minimum: 0}}", "mod: block"];
/// Objects of a kind that a sequence may hold at once.
const MOST: usize = 6;

/// Building takes milliseconds: most sequences use these.
static ENGINES: LazyLock<[usize; 2]> = LazyLock::new(|| {
    ["", POLICIES[2]].map(|yaml| {
        let (mut policy, mut engine) = (null_mut(), null_mut());
        // SAFETY: all pointers are good.
        unsafe {
            abatis_policy_from_memory(
                null(), 0, yaml.as_ptr().cast(), yaml.len(), null(), 0, &raw mut policy, null_mut(),
            );
            abatis_engine_new(policy, null(), &raw mut engine, null_mut());
            abatis_policy_free(policy);
        }
        assert!(!engine.is_null());
        engine as usize
    })
});

/// What is left of the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// Up to 63 bytes, in a block of exactly that length.
    fn bytes(&mut self) -> Box<[u8]> {
        let len = usize::from(self.byte() % 64).min(self.0.len());
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes.into()
    }
}

/// The objects of one kind that the program holds.
struct Held<T>(Vec<*mut T>);

impl<T> Held<T> {
    fn keep(&mut self, object: *mut T, free: unsafe extern "C" fn(*mut T)) {
        if object.is_null() {
            return;
        }
        self.0.push(object);
        if self.0.len() > MOST {
            // SAFETY: held once, and no more.
            unsafe { free(self.0.remove(0)) }
        }
    }

    /// One of them, or NULL.
    fn some(&self, choice: u8) -> *mut T {
        let at = usize::from(choice) % (self.0.len() + 1);
        self.0.get(at).copied().unwrap_or(null_mut())
    }

    fn free(&mut self, choice: u8, free: unsafe extern "C" fn(*mut T)) {
        let at = usize::from(choice) % (self.0.len() + 1);
        let object = if at < self.0.len() { self.0.swap_remove(at) } else { null_mut() };
        // SAFETY: NULL, or held once and no more.
        unsafe { free(object) }
    }
}

fn parts(bytes: &[u8]) -> (*const c_void, usize) {
    if bytes.is_empty() { (null(), 0) } else { (bytes.as_ptr().cast(), bytes.len()) }
}

/// The status of a call that makes an object.
fn made<T>(status: abatis_status, object: *mut T, sound: bool) {
    assert_eq!(status == abatis_status::Ok, !object.is_null());
    assert!(status != abatis_status::Panic && status != abatis_status::Broken);
    assert!(sound || status != abatis_status::Ok, "NULL was taken for an object");
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut policies = Held::<abatis_policy>(Vec::new());
    let mut engines = Held::<abatis_engine>(Vec::new());
    let mut handles = Held::<abatis_handle>(Vec::new());
    let mut scratches = Held::<abatis_scratch>(Vec::new());
    let mut sessions = Held::<abatis_session>(Vec::new());
    let mut verdicts = Held::<abatis_verdict>(Vec::new());
    // Reading and building take milliseconds: one of each is enough for a sequence.
    let (mut reads, mut builds) = (0, 0);
    // SAFETY: pointers are NULL, held, or places of this function; lengths are those of their blocks; all on one thread.
    unsafe {
        for engine in *ENGINES {
            engines.keep(abatis_engine_clone(engine as *const abatis_engine), abatis_engine_free);
        }
        while !input.0.is_empty() {
            match input.byte() % 23 {
                0 if reads < 2 => {
                    reads += 1;
                    let (mut policy, mut error) = (null_mut(), null_mut());
                    let choice = input.byte();
                    let own = input.bytes();
                    let known = POLICIES.get(usize::from(choice)).map(|text| text.as_bytes());
                    let (yaml, len) = parts(known.unwrap_or(&own));
                    let status = abatis_policy_from_memory(
                        null(), 0, yaml.cast(), len, null(), 0, &raw mut policy, &raw mut error,
                    );
                    made(status, policy, true);
                    assert_eq!(error.is_null(), status == abatis_status::Ok);
                    for at in 0..=abatis_error_count(error) {
                        abatis_error_line(error, at);
                        assert!(!abatis_error_reason(error, at).data.is_null());
                    }
                    abatis_error_free(error);
                    policies.keep(policy, abatis_policy_free);
                }
                1 => policies.free(input.byte(), abatis_policy_free),
                2 if reads < 2 => {
                    reads += 1;
                    let policy = policies.some(input.byte());
                    abatis_policy_set_mode(policy, i32::from(input.byte()) - 2);
                    abatis_policy_set_sensitivity(policy, i32::from(input.byte()) - 2);
                    let rules = input.bytes();
                    let (rules, len) = parts(&rules);
                    abatis_policy_add_rules(policy, null(), 0, rules.cast(), len, null_mut());
                }
                3 if builds < 1 => {
                    builds += 1;
                    let policy = policies.some(input.byte());
                    let (mut engine, mut error) = (null_mut(), null_mut());
                    let status =
                        abatis_engine_new(policy, null(), &raw mut engine, &raw mut error);
                    made(status, engine, !policy.is_null());
                    abatis_error_free(error);
                    engines.keep(engine, abatis_engine_free);
                }
                4 => {
                    let engine = engines.some(input.byte());
                    engines.keep(abatis_engine_clone(engine), abatis_engine_free);
                }
                5 => engines.free(input.byte(), abatis_engine_free),
                6 => {
                    let engine = engines.some(input.byte());
                    let mut handle = null_mut();
                    let status = abatis_handle_new(engine, &raw mut handle);
                    made(status, handle, !engine.is_null());
                    handles.keep(handle, abatis_handle_free);
                }
                7 => {
                    let handle = handles.some(input.byte());
                    let mut engine = null_mut();
                    let status = abatis_handle_load(handle, &raw mut engine);
                    made(status, engine, !handle.is_null());
                    engines.keep(engine, abatis_engine_free);
                }
                8 => {
                    let (handle, engine) =
                        (handles.some(input.byte()), engines.some(input.byte()));
                    let mut old = null_mut();
                    if input.byte() % 2 == 0 {
                        let status = abatis_handle_swap(handle, engine, &raw mut old);
                        made(status, old, !handle.is_null() && !engine.is_null());
                        engines.keep(old, abatis_engine_free);
                    } else {
                        abatis_handle_swap(handle, engine, null_mut());
                    }
                }
                9 => handles.free(input.byte(), abatis_handle_free),
                10 => {
                    let mut scratch = null_mut();
                    made(abatis_scratch_new(&raw mut scratch), scratch, true);
                    scratches.keep(scratch, abatis_scratch_free);
                }
                11 => scratches.free(input.byte(), abatis_scratch_free),
                12 => {
                    let (engine, scratch) =
                        (engines.some(input.byte()), scratches.some(input.byte()));
                    let mut session = null_mut();
                    let status = abatis_session_begin(engine, scratch, &raw mut session);
                    made(status, session, !engine.is_null());
                    sessions.keep(session, abatis_session_free);
                }
                step @ (13..=15 | 22) => {
                    let session = sessions.some(input.byte());
                    let (one, two) = (input.bytes(), input.bytes());
                    let ((one, one_len), (two, two_len)) = (parts(&one), parts(&two));
                    let mut progress = abatis_progress::Block;
                    let out = &raw mut progress;
                    let status = match step {
                        13 => abatis_session_request_line(session, one, one_len, two, two_len, out),
                        14 => abatis_session_header(session, one, one_len, two, two_len, out),
                        22 => abatis_session_trailer(session, one, one_len, two, two_len, out),
                        _ => abatis_session_body(session, one, one_len, out),
                    };
                    assert_eq!(status == abatis_status::Ok, !session.is_null());
                    if session.is_null() {
                        assert_eq!(progress, abatis_progress::Block);
                        assert_eq!(abatis_session_pending(session), 0);
                    }
                    assert!(abatis_session_pending(session) <= 1 << 20, "more than a body may have");
                }
                end @ 16..=17 => {
                    let session = sessions.some(input.byte());
                    let mut verdict = null_mut();
                    let status = if end == 16 {
                        abatis_session_finish(session, &raw mut verdict)
                    } else {
                        abatis_session_stop(session, &raw mut verdict)
                    };
                    made(status, verdict, !session.is_null());
                    verdicts.keep(verdict, abatis_verdict_free);
                }
                18 => sessions.free(input.byte(), abatis_session_free),
                19 => {
                    let (engine, scratch) =
                        (engines.some(input.byte()), scratches.some(input.byte()));
                    let place = i32::from(input.byte()) % 9 - 1;
                    let value = input.bytes();
                    let (value, len) = parts(&value);
                    let mut verdict = null_mut();
                    let status =
                        abatis_inspect_value(engine, scratch, place, value, len, &raw mut verdict);
                    made(status, verdict, !engine.is_null() && (0..7).contains(&place));
                    verdicts.keep(verdict, abatis_verdict_free);
                }
                20 => {
                    let (engine, scratch) =
                        (engines.some(input.byte()), scratches.some(input.byte()));
                    let json = input.bytes();
                    let (json, len) = parts(&json);
                    let mut verdict = null_mut();
                    let name = c"a".as_ptr();
                    let status =
                        abatis_validate(engine, scratch, name, 1, json, len, &raw mut verdict);
                    made(status, verdict, !engine.is_null());
                    verdicts.keep(verdict, abatis_verdict_free);
                }
                _ => read(verdicts.some(input.byte()), usize::from(input.byte())),
            }
        }
        // In this order and every other: what is counted lives as long as it is needed.
        policies.0.drain(..).for_each(|object| abatis_policy_free(object));
        engines.0.drain(..).for_each(|object| abatis_engine_free(object));
        scratches.0.drain(..).for_each(|object| abatis_scratch_free(object));
        handles.0.drain(..).for_each(|object| abatis_handle_free(object));
        sessions.0.drain(..).for_each(|object| abatis_session_free(object));
        verdicts.0.drain(..).for_each(|object| abatis_verdict_free(object));
    }
});

/// Reads a verdict, past its end too.
///
/// # Safety
///
/// NULL or held.
unsafe fn read(verdict: *const abatis_verdict, size: usize) {
    // SAFETY: NULL or held; the buffer is as large as said.
    unsafe {
        if verdict.is_null() {
            assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
        }
        abatis_verdict_score(verdict);
        abatis_verdict_coverage(verdict);
        for at in 0..=abatis_verdict_count(verdict) {
            let finding = abatis_verdict_finding(verdict, at);
            assert!(abatis_finding_start(finding) <= abatis_finding_end(finding));
            for step in 0..=abatis_finding_decoded_count(finding) {
                assert!(!abatis_finding_decoded(finding, step).data.is_null());
            }
            let text = abatis_finding_message(finding);
            let text = std::slice::from_raw_parts(text.data.cast::<u8>(), text.len);
            assert!(std::str::from_utf8(text).is_ok());
        }
        let mut len = 0;
        let mut buffer = vec![0xFFu8; size];
        let status =
            abatis_verdict_json(verdict, buffer.as_mut_ptr().cast(), size, &raw mut len);
        assert!(size == 0 || status != abatis_status::Ok || buffer[len] == 0);
        assert_eq!(status == abatis_status::Ok, !verdict.is_null() && size > len);
    }
}
