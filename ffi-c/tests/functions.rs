//! Every function, called as C calls it: what it does, and what it answers to NULL and nonsense.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;
use std::ptr::{dangling_mut, null, null_mut};
use std::sync::Mutex;

use abatis::{Engine, Place, Policy, Scratch};
use abatis_ffi::*;
use support::{data, engine, engine_with, inspect, json, message, policy, scratch, string, text};

const SCHEMA: &str = "schemas: {age: {type: integer, minimum: 0}}";
const TAUTOLOGY: &[u8] = b"1' or '1'='1";

#[test]
fn versions_agree() {
    assert_eq!(abatis_abi_version(), ABATIS_ABI_VERSION);
    assert_eq!(string(abatis_version()), env!("CARGO_PKG_VERSION"));
    let soname = format!("libabatis.so.{ABATIS_ABI_VERSION}\"");
    assert!(include_str!("../build.rs").contains(&soname), "the soname in build.rs");
}

#[test]
fn every_status_has_a_message() {
    // SAFETY: static and ended by NUL.
    let message = |status| unsafe { CStr::from_ptr(abatis_status_message(status)) }.to_str();
    assert_eq!(message(0), Ok("it worked"));
    assert!(message(abatis_status::Panic as i32).unwrap().contains("report it"));
    for unknown in [-1, 1, 99, i32::MAX, i32::MIN] {
        assert!(message(unknown).unwrap().contains("does not know"));
    }
}

#[test]
fn policies_come_from_memory_files_and_the_library() {
    let folder = std::env::temp_dir().join(format!("abatis-ffi-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("policy.yaml");
    std::fs::write(&path, "sensitivity: high\nrulesets: [builtin, own.yaml]\n").unwrap();
    std::fs::write(folder.join("own.yaml"), "rules: []\n").unwrap();
    let (path, path_len) = text(path.to_str().unwrap());
    let (mut one, mut engine, mut error) = (null_mut(), null_mut(), dangling_mut());
    // SAFETY: all pointers are good; `error` is only written.
    unsafe {
        let status = abatis_policy_from_file(path, path_len, &raw mut one, &raw mut error);
        assert_eq!(status, abatis_status::Ok, "{}", message(error));
        assert!(error.is_null());
        abatis_policy_free(one);

        let status =
            abatis_engine_from_file(path, path_len, null(), &raw mut engine, &raw mut error);
        assert_eq!(status, abatis_status::Ok, "{}", message(error));
        abatis_engine_free(engine);

        // The same from memory needs to know the folder.
        let ((name, name_len), (yaml, len)) = (text("m.yaml"), text("rulesets: [own.yaml]"));
        let (folder, folder_len) = text(folder.to_str().unwrap());
        for (folder, folder_len, expected) in
            [(folder, folder_len, abatis_status::Ok), (null(), 0, abatis_status::Unreadable)]
        {
            let status = abatis_policy_from_memory(
                name,
                name_len,
                yaml,
                len,
                folder,
                folder_len,
                &raw mut one,
                null_mut(),
            );
            assert_eq!(status, abatis_status::Ok);
            let status = abatis_engine_new(one, null(), &raw mut engine, null_mut());
            assert_eq!((status, engine.is_null()), (expected, expected != abatis_status::Ok));
            abatis_engine_free(engine);
            abatis_policy_free(one);
        }

        let (name, len) = text("strict");
        assert_eq!(
            abatis_policy_builtin(name, len, &raw mut one, &raw mut error),
            abatis_status::Ok
        );
        abatis_policy_free(one);
        let (name, len) = text("strikt");
        let status = abatis_policy_builtin(name, len, &raw mut one, &raw mut error);
        assert_eq!((status, one), (abatis_status::Unreadable, null_mut()));
        assert!(message(error).contains("did you mean `strict`?"));
        abatis_policy_free(null_mut());
    }
    std::fs::remove_dir_all(
        std::env::temp_dir().join(format!("abatis-ffi-{}", std::process::id())),
    )
    .unwrap();
}

#[test]
fn wrong_calls_for_policies_are_told() {
    let (name, name_len) = text("p");
    let load = |yaml: *const c_char, len, policy: *mut *mut abatis_policy| {
        // SAFETY: as the test gives them.
        unsafe {
            abatis_policy_from_memory(name, name_len, yaml, len, null(), 0, policy, null_mut())
        }
    };
    let mut policy = dangling_mut();
    assert_eq!(load(null(), 3, &raw mut policy), abatis_status::NullPointer);
    assert!(policy.is_null());
    assert_eq!(load(name, usize::MAX, &raw mut policy), abatis_status::BadLength);
    assert_eq!(load(c"\xff".as_ptr(), 1, &raw mut policy), abatis_status::BadUtf8);
    assert_eq!(load(null(), 0, null_mut()), abatis_status::NullPointer);
    assert_eq!(load(null(), 0, &raw mut policy), abatis_status::Ok);

    // SAFETY: the policy is good.
    unsafe {
        assert_eq!(abatis_policy_set_mode(policy, 0), abatis_status::Ok);
        assert_eq!(abatis_policy_set_mode(policy, 2), abatis_status::BadEnum);
        assert_eq!(abatis_policy_set_mode(null_mut(), 0), abatis_status::NullPointer);
        assert_eq!(abatis_policy_set_sensitivity(policy, 3), abatis_status::Ok);
        assert_eq!(abatis_policy_set_sensitivity(policy, -1), abatis_status::BadEnum);
        let mut error = null_mut();
        let (yaml, len) = text("rules: [{}]");
        let status = abatis_policy_add_rules(policy, name, name_len, yaml, len, &raw mut error);
        assert_eq!(status, abatis_status::Unreadable);
        assert!(message(error).starts_with("p:1:"));
        abatis_policy_free(policy);
    }
}

#[test]
fn mode_sensitivity_and_rules_reach_the_engine() {
    let policy = policy("mode: block");
    let rules = r"
rules:
  - id: own.word
    about: a word of ours
    class: rce-code
    weight: 950
    matcher: {literals: [frobnicate]}
    origin: our own
    hits: [frobnicate]
    passes: [frob]
";
    let ((name, name_len), (yaml, len)) = (text("own.yaml"), text(rules));
    let (mut engine, mut error) = (null_mut(), null_mut());
    // SAFETY: all pointers are good.
    unsafe {
        let status = abatis_policy_add_rules(policy, name, name_len, yaml, len, &raw mut error);
        assert_eq!(status, abatis_status::Ok, "{}", message(error));
        assert_eq!(abatis_policy_set_mode(policy, abatis_mode::Detect as i32), abatis_status::Ok);
        let status = abatis_engine_new(policy, null(), &raw mut engine, &raw mut error);
        assert_eq!(status, abatis_status::Ok, "{}", message(error));
        let verdict = inspect(engine, null_mut(), abatis_place::Query, b"frobnicate");
        assert_eq!(abatis_verdict_action(verdict), abatis_action::Flag);
        assert_eq!(string(abatis_finding_rule(abatis_verdict_finding(verdict, 0))), "own.word");
        abatis_verdict_free(verdict);
        abatis_engine_free(engine);
        abatis_policy_free(policy);
    }
}

#[test]
fn errors_tell_everything_with_its_place() {
    let ((name, name_len), (yaml, len)) = (text("p.yaml"), text("mod: block\nsensitivity: hgih\n"));
    let (mut policy, mut error) = (dangling_mut(), null_mut());
    // SAFETY: all pointers are good.
    unsafe {
        let status = abatis_policy_from_memory(
            name,
            name_len,
            yaml,
            len,
            null(),
            0,
            &raw mut policy,
            &raw mut error,
        );
        assert_eq!((status, policy), (abatis_status::Unreadable, null_mut()));
        assert_eq!(abatis_error_status(error), abatis_status::Unreadable);
        assert_eq!(abatis_error_count(error), 2);
        assert_eq!(string(abatis_error_file(error, 1)), "p.yaml");
        assert_eq!((abatis_error_line(error, 1), abatis_error_column(error, 1)), (2, 14));
        assert_eq!(string(abatis_error_pointer(error, 1)), "/sensitivity");
        assert_eq!(string(abatis_error_rule(error, 1)), "");
        assert!(string(abatis_error_reason(error, 1)).contains("did you mean `high`?"));
        assert_eq!(string(abatis_error_message(error)).lines().count(), 2);
        assert_eq!(abatis_error_line(error, 2), 0);
        assert_eq!(string(abatis_error_reason(error, 2)), "");
        abatis_error_free(error);

        abatis_error_free(null_mut());
        assert_eq!(abatis_error_status(null()), abatis_status::Ok);
        assert_eq!(abatis_error_count(null()), 0);
        assert_eq!(string(abatis_error_message(null())), "");

        // An error about the call itself has a message too.
        let status = abatis_engine_new(null(), null(), &mut null_mut(), &raw mut error);
        assert_eq!(status, abatis_status::NullPointer);
        assert_eq!(abatis_error_status(error), abatis_status::NullPointer);
        assert_eq!(message(error), "a pointer is NULL that may not be");
    }
    let bad = support::policy("rules: {sql.injektion: {mode: monitor}}");
    let mut engine = null_mut();
    // SAFETY: all pointers are good.
    unsafe {
        let status = abatis_engine_new(bad, null(), &raw mut engine, &raw mut error);
        assert_eq!((status, engine), (abatis_status::Invalid, null_mut()));
        assert_eq!(string(abatis_error_rule(error, 0)), "sql.injektion");
        abatis_error_free(error);
        abatis_policy_free(bad);
    }
    let large = support::policy("limits: {compiled_bytes: 1048576}");
    // SAFETY: all pointers are good.
    unsafe {
        let status = abatis_engine_new(large, null(), &raw mut engine, &raw mut error);
        assert_eq!((status, abatis_error_count(error)), (abatis_status::TooLarge, 0));
        assert!(message(error).contains("compiled_bytes"));
        abatis_policy_free(large);
    }
}

#[test]
fn engines_are_counted() {
    let first = engine(SCHEMA);
    // SAFETY: references are freed once each.
    unsafe {
        let second = abatis_engine_clone(first);
        assert_eq!(first, second);
        abatis_engine_free(first);
        assert_eq!(string(abatis_engine_ruleset(second)).len(), 16);
        assert!(abatis_engine_memory_usage(second) > 10_000);
        abatis_engine_free(second);

        assert!(abatis_engine_clone(null()).is_null());
        assert_eq!(string(abatis_engine_ruleset(null())), "");
        assert_eq!(abatis_engine_memory_usage(null()), 0);
        abatis_engine_free(null_mut());
    }
}

/// Lines that a callback was given.
static LINES: Mutex<Vec<(i32, String)>> = Mutex::new(Vec::new());

unsafe extern "C" fn keep(data: *mut c_void, level: i32, message: *const c_char, len: usize) {
    assert_eq!(data, dangling_mut::<u64>().cast());
    // SAFETY: ended by NUL, says the header.
    let line = unsafe { CStr::from_ptr(message) }.to_str().unwrap();
    assert_eq!(line.len(), len);
    LINES.lock().unwrap().push((level, line.to_owned()));
}

#[test]
fn log_gets_verdicts_and_events() {
    let mut options = options();
    options.log = Some(keep);
    options.log_data = dangling_mut::<u64>().cast();
    let engine = engine_with("", &raw const options);
    for value in [TAUTOLOGY, b"tea"] {
        let verdict = inspect(engine, null_mut(), abatis_place::Query, value);
        // SAFETY: ours.
        unsafe { abatis_verdict_free(verdict) };
    }
    let lines = std::mem::take(&mut *LINES.lock().unwrap());
    assert_eq!(lines.len(), 2, "what is allowed is below the default level: {lines:?}");
    assert!(lines[0].1.starts_with(r#"{"bytes":"#) && lines[0].1.contains(r#""event":"built""#));
    assert_eq!(lines[1].0, abatis_log_level::Warn as i32);
    assert!(lines[1].1.starts_with(r#"{"schema":1,"action":"block""#));
    // SAFETY: ours.
    unsafe { abatis_engine_free(engine) };
}

fn options() -> abatis_options {
    abatis_options {
        struct_size: size_of::<abatis_options>(),
        log: None,
        log_data: null_mut(),
        log_level: 0,
        reserved: 0,
    }
}

#[test]
fn options_of_other_versions() {
    /// What a later header may have.
    #[repr(C)]
    struct Later {
        known: abatis_options,
        more: [u64; 2],
    }
    let policy = policy("");
    let status = |options: *const abatis_options| {
        let mut engine = null_mut();
        // SAFETY: readable as far as `struct_size` says.
        unsafe {
            let status = abatis_engine_new(policy, options, &raw mut engine, null_mut());
            abatis_engine_free(engine);
            status
        }
    };
    let of = |change: fn(&mut Later)| {
        let mut later = Later { known: options(), more: [0; 2] };
        later.known.struct_size = size_of::<Later>();
        change(&mut later);
        status((&raw const later).cast())
    };
    assert_eq!(of(|_| ()), abatis_status::Ok);
    assert_eq!(of(|later| later.more[1] = 1), abatis_status::Unsupported);
    assert_eq!(of(|later| later.known.reserved = 1), abatis_status::Unsupported);
    assert_eq!(of(|later| later.known.log_level = 1), abatis_status::BadEnum);
    for size in [0, 1, size_of::<usize>() + 1, 1 << 20, usize::MAX] {
        let mut options = options();
        options.struct_size = size;
        assert_eq!(status(&raw const options), abatis_status::BadStructSize, "{size}");
    }
    // Of a program that knows nothing but the size, nothing else is read.
    let size = Box::new(size_of::<usize>());
    assert_eq!(status((&raw const *size).cast()), abatis_status::Ok);
    // SAFETY: ours.
    unsafe { abatis_policy_free(policy) };
}

#[test]
fn values_are_inspected_as_by_the_engine() {
    let (engine, scratch) = (engine(""), scratch());
    let reference = Engine::new(&Policy::default()).unwrap();
    let mut memory = Scratch::new();
    let places = [
        (abatis_place::Path, Place::Path),
        (abatis_place::Query, Place::Query),
        (abatis_place::Form, Place::Form),
        (abatis_place::Json, Place::Json),
        (abatis_place::Header, Place::Header),
        (abatis_place::Cookie, Place::Cookie),
        (abatis_place::Body, Place::Body),
        (abatis_place::Xml, Place::Xml),
    ];
    for (place, known) in places {
        for value in [TAUTOLOGY, b"", b"\xff\0", b"Conan O'Brien", b"<script>alert(1)</script>"] {
            let verdict = inspect(engine, scratch, place, value);
            let expected = reference.inspect_value(&mut memory, known, value);
            assert_eq!(json(verdict), serde_json::to_string(expected).unwrap());
            // SAFETY: ours.
            unsafe { abatis_verdict_free(verdict) };
        }
    }
    let (value, len) = data(TAUTOLOGY);
    let mut verdict = dangling_mut();
    // SAFETY: as the header allows.
    unsafe {
        for place in [-1, 8, i32::MAX] {
            let status = abatis_inspect_value(engine, scratch, place, value, len, &raw mut verdict);
            assert_eq!((status, verdict), (abatis_status::BadEnum, null_mut()));
        }
        let status = abatis_inspect_value(null(), scratch, 1, value, len, &raw mut verdict);
        assert_eq!(status, abatis_status::NullPointer);
        let status = abatis_inspect_value(engine, scratch, 1, null(), 1, &raw mut verdict);
        assert_eq!(status, abatis_status::NullPointer);
        let status = abatis_inspect_value(engine, scratch, 1, value, len, null_mut());
        assert_eq!(status, abatis_status::NullPointer);
        abatis_scratch_free(scratch);
        abatis_scratch_free(null_mut());
        assert_eq!(abatis_scratch_new(null_mut()), abatis_status::NullPointer);
        abatis_engine_free(engine);
    }
}

#[test]
fn values_are_looked_for_in_statements() {
    let (engine, scratch) = (engine(""), scratch());
    let (mut values, mut session, mut verdict) = (null_mut(), null_mut(), dangling_mut());
    let ((name, name_len), (value, len)) = (data(b"id"), data(b"1 or true"));
    let statement = |text: &'static [u8]| data(text);
    // SAFETY: all pointers are good, or NULL where that is asked about.
    unsafe {
        assert_eq!(abatis_values_new(&raw mut values), abatis_status::Ok);
        let status = abatis_values_add(values, 1, name, name_len, value, len);
        assert_eq!(status, abatis_status::Ok);
        let status = abatis_values_add(values, 99, name, name_len, value, len);
        assert_eq!(status, abatis_status::BadEnum);
        let status = abatis_values_add(null_mut(), 1, name, name_len, value, len);
        assert_eq!(status, abatis_status::NullPointer);

        assert_eq!(abatis_session_begin(engine, scratch, &raw mut session), abatis_status::Ok);
        assert_eq!(abatis_session_keep_values(session), abatis_status::Ok);
        let ((method, method_len), (target, target_len)) = (data(b"GET"), data(b"/?id=1+or+true"));
        let line = abatis_session_request_line(
            session,
            method,
            method_len,
            target,
            target_len,
            null_mut(),
        );
        assert_eq!(line, abatis_status::Ok);

        for (text, rule) in [
            (&b"select * from t where id = 1 or true"[..], "sink.sql.crossed"),
            (b"select * from t where id = '1 or true'", ""),
        ] {
            let (text, len) = statement(text);
            let sink = abatis_sink::Sqlite as i32;
            let call = |out| abatis_check_sink(engine, sink, null(), 0, text, len, values, out);
            assert_eq!(call(&raw mut verdict), abatis_status::Ok);
            let finding = abatis_verdict_finding(verdict, 0);
            assert_eq!(string(abatis_finding_rule(finding)), rule);
            if !rule.is_empty() {
                assert_eq!(string(abatis_finding_pointer(finding)), "/id");
                assert_eq!(abatis_finding_part(finding), abatis_part::Statement);
                assert_eq!(abatis_finding_start(finding), 27);
            }
            abatis_verdict_free(verdict);

            let call = |out| abatis_session_check_sink(session, sink, null(), 0, text, len, out);
            assert_eq!(call(&raw mut verdict), abatis_status::Ok);
            let finding = abatis_verdict_finding(verdict, 0);
            assert_eq!(string(abatis_finding_rule(finding)), rule);
            abatis_verdict_free(verdict);
        }
        let ((base, base_len), (path, len)) = (data(b"/srv"), data(b"/srv/1 or true/.."));
        for (sink, status) in
            [(6, abatis_status::Ok), (8, abatis_status::BadEnum), (-1, abatis_status::BadEnum)]
        {
            let told = abatis_check_sink(
                engine,
                sink,
                base,
                base_len,
                path,
                len,
                values,
                &raw mut verdict,
            );
            assert_eq!(told, status);
            abatis_verdict_free(verdict);
        }
        let told = abatis_check_sink(engine, 4, null(), 0, path, len, null(), &raw mut verdict);
        assert_eq!((told, verdict), (abatis_status::NullPointer, null_mut()));
        let told = abatis_session_check_sink(null_mut(), 4, null(), 0, path, len, &raw mut verdict);
        assert_eq!((told, verdict), (abatis_status::NullPointer, null_mut()));
        assert_eq!(abatis_session_keep_values(null_mut()), abatis_status::NullPointer);
        abatis_values_free(values);
        abatis_values_free(null_mut());
        abatis_session_free(session);
        abatis_scratch_free(scratch);
        abatis_engine_free(engine);
    }
}

#[test]
fn documents_are_held_against_schemas() {
    let (engine, scratch) = (engine(SCHEMA), scratch());
    let validate = |schema: &str, document: &[u8]| {
        let mut verdict = dangling_mut();
        let ((schema, schema_len), (document, len)) = (text(schema), data(document));
        // SAFETY: all pointers are good.
        let status = unsafe {
            abatis_validate(engine, scratch, schema, schema_len, document, len, &raw mut verdict)
        };
        (status, verdict)
    };
    for (document, rule) in [
        (&b"42"[..], None),
        (b"-1", Some("schema.minimum")),
        (b"\"x\"", Some("schema.type")),
        (b"{", Some("protocol.json-malformed")),
        (b"", Some("protocol.json-malformed")),
    ] {
        let (status, verdict) = validate("age", document);
        assert_eq!(status, abatis_status::Ok);
        // SAFETY: the verdict is ours.
        unsafe {
            let found = abatis_finding_rule(abatis_verdict_finding(verdict, 0));
            assert_eq!(string(found), rule.unwrap_or(""), "{document:?}");
            let action = abatis_verdict_action(verdict);
            assert_eq!(action == abatis_action::Block, rule.is_some());
            abatis_verdict_free(verdict);
        }
    }
    assert_eq!(validate("size", b"42"), (abatis_status::UnknownName, null_mut()));
    // SAFETY: ours.
    unsafe {
        abatis_scratch_free(scratch);
        abatis_engine_free(engine);
    }
}

#[test]
fn verdicts_and_findings_are_read() {
    let engine = engine("");
    let verdict = inspect(engine, null_mut(), abatis_place::Form, b"MScgb3IgJzEnPScx");
    // SAFETY: all pointers are good or NULL.
    unsafe {
        abatis_engine_free(engine);
        assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
        assert!((701..=1000).contains(&abatis_verdict_score(verdict)));
        assert_eq!(string(abatis_verdict_class(verdict)), "sqli");
        assert_eq!(abatis_verdict_coverage(verdict), abatis_coverage::Full);
        assert_eq!(string(abatis_verdict_ruleset(verdict)).len(), 16);
        assert_eq!(abatis_verdict_count(verdict), 1);
        assert_eq!(abatis_verdict_dropped(verdict), 0);
        let finding = abatis_verdict_finding(verdict, 0);
        assert_eq!(string(abatis_finding_rule(finding)), "sql.injection");
        assert_eq!(string(abatis_finding_class(finding)), "sqli");
        assert_eq!(abatis_finding_score(finding), abatis_verdict_score(verdict));
        assert_eq!(abatis_finding_action(finding), abatis_action::Block);
        assert_eq!(abatis_finding_place(finding), abatis_place::Form);
        assert!(!abatis_finding_in_name(finding));
        assert_eq!(string(abatis_finding_pointer(finding)), "");
        assert_eq!(string(abatis_finding_pattern(finding)), "");
        assert_eq!(abatis_finding_part(finding), abatis_part::Value);
        assert_eq!(abatis_finding_part_index(finding), 0);
        assert!(abatis_finding_start(finding) < abatis_finding_end(finding));
        assert!(abatis_finding_end(finding) <= 16);
        assert_eq!(abatis_finding_decoded_count(finding), 1);
        assert_eq!(string(abatis_finding_decoded(finding, 0)), "base64");
        assert_eq!(string(abatis_finding_decoded(finding, 1)), "");
        assert_eq!(string(abatis_finding_context(finding)), "single-quote");
        assert!(string(abatis_finding_message(finding)).ends_with('.'));
        assert!(abatis_verdict_finding(verdict, 1).is_null());

        let mut small = [1u8; 8];
        let mut len = 0;
        let status = abatis_verdict_json(verdict, small.as_mut_ptr().cast(), 8, &raw mut len);
        assert_eq!((status, small[0]), (abatis_status::BufferTooSmall, 0));
        assert_eq!(len, json(verdict).len());
        assert_eq!(
            abatis_verdict_json(verdict, null_mut(), 8, &raw mut len),
            abatis_status::NullPointer
        );
        abatis_verdict_free(verdict);

        abatis_verdict_free(null_mut());
        assert_eq!(abatis_verdict_action(null()), abatis_action::Block);
        assert_eq!(abatis_verdict_score(null()), 0);
        assert_eq!(string(abatis_verdict_class(null())), "");
        assert_eq!(abatis_verdict_coverage(null()), abatis_coverage::Other);
        assert_eq!(string(abatis_verdict_ruleset(null())), "");
        assert_eq!((abatis_verdict_count(null()), abatis_verdict_dropped(null())), (0, 0));
        let none = abatis_verdict_finding(null(), 0);
        assert!(none.is_null());
        assert_eq!(string(abatis_finding_rule(none)), "");
        assert_eq!(string(abatis_finding_class(none)), "");
        assert_eq!(abatis_finding_score(none), 0);
        assert_eq!(abatis_finding_action(none), abatis_action::Allow);
        assert_eq!(abatis_finding_part(none), abatis_part::Other);
        assert_eq!((abatis_finding_start(none), abatis_finding_end(none)), (0, 0));
        assert_eq!(string(abatis_finding_message(none)), "");
    }
}

#[test]
fn sessions_take_a_request_in_pieces() {
    let engine = engine("");
    let scratch = scratch();
    let mut session = null_mut();
    let mut progress = abatis_progress::Block;
    // SAFETY: all pointers are good.
    unsafe {
        assert_eq!(abatis_session_begin(engine, scratch, &raw mut session), abatis_status::Ok);
        // The session keeps what it needs.
        abatis_engine_free(engine);
        abatis_scratch_free(scratch);
        let ((method, method_len), (target, target_len)) = (data(b"POST"), data(b"/p?a=1"));
        let status = abatis_session_request_line(
            session,
            method,
            method_len,
            target,
            target_len,
            &raw mut progress,
        );
        assert_eq!((status, progress), (abatis_status::Ok, abatis_progress::Continue));
        let ((name, name_len), (value, len)) = (data(b"Content-Type"), data(b"application/json"));
        let status = abatis_session_header(session, name, name_len, value, len, &raw mut progress);
        assert_eq!((status, progress), (abatis_status::Ok, abatis_progress::Continue));
        let chunks: [(&[u8], _, usize); 3] = [
            (br#"{"text": "<script>ale"#, abatis_progress::Continue, r#""<script>ale"#.len()),
            (b"", abatis_progress::Continue, r#""<script>ale"#.len()),
            (br#"rt(1)</script>"}"#, abatis_progress::Block, 0),
        ];
        for (chunk, expected, pending) in chunks {
            let (chunk, len) = data(chunk);
            let status = abatis_session_body(session, chunk, len, &raw mut progress);
            assert_eq!((status, progress), (abatis_status::Ok, expected));
            assert_eq!(abatis_session_pending(session), pending);
            // Who does not want to know, says so.
            assert_eq!(abatis_session_body(session, null(), 0, null_mut()), abatis_status::Ok);
        }
        let mut verdict = null_mut();
        assert_eq!(abatis_session_finish(session, &raw mut verdict), abatis_status::Ok);
        assert_eq!(abatis_verdict_coverage(verdict), abatis_coverage::Full);
        let finding = abatis_verdict_finding(verdict, 0);
        assert_eq!(string(abatis_finding_pointer(finding)), "/text");
        assert_eq!(abatis_finding_part(finding), abatis_part::Body);
        abatis_session_free(session);
        assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
        abatis_verdict_free(verdict);
    }
}

#[test]
fn trailers_come_behind_the_body() {
    let engine = engine("");
    let (mut session, mut verdict) = (null_mut(), null_mut());
    let mut progress = abatis_progress::Block;
    // SAFETY: all pointers are good.
    unsafe {
        assert_eq!(abatis_session_begin(engine, null_mut(), &raw mut session), abatis_status::Ok);
        let ((method, method_len), (target, target_len)) = (data(b"POST"), data(b"/p"));
        let status = abatis_session_request_line(
            session,
            method,
            method_len,
            target,
            target_len,
            null_mut(),
        );
        assert_eq!(status, abatis_status::Ok);
        let lines: [(&[u8], &[u8], _); 2] = [
            (b"X-Checksum", b"7", abatis_progress::Continue),
            (b"Host", b"internal.example", abatis_progress::Block),
        ];
        for (name, value, expected) in lines {
            let ((name, name_len), (value, len)) = (data(name), data(value));
            let status =
                abatis_session_trailer(session, name, name_len, value, len, &raw mut progress);
            assert_eq!((status, progress), (abatis_status::Ok, expected));
        }
        assert_eq!(abatis_session_finish(session, &raw mut verdict), abatis_status::Ok);
        let finding = abatis_verdict_finding(verdict, 0);
        assert_eq!(string(abatis_finding_rule(finding)), "protocol.trailer");
        assert_eq!(abatis_finding_part(finding), abatis_part::Header);
        abatis_verdict_free(verdict);
        abatis_session_free(session);
        let status = abatis_session_trailer(null_mut(), method, 1, target, 1, &raw mut progress);
        assert_eq!((status, progress), (abatis_status::NullPointer, abatis_progress::Block));
        abatis_engine_free(engine);
    }
}

#[test]
fn sessions_out_of_order_do_not_pass() {
    let engine = engine("");
    let (mut session, mut verdict) = (null_mut(), null_mut());
    // SAFETY: all pointers are good, or NULL where the header says what happens.
    unsafe {
        assert_eq!(abatis_session_begin(engine, null_mut(), &raw mut session), abatis_status::Ok);
        let (chunk, len) = data(b"x");
        let mut progress = abatis_progress::Continue;
        let status = abatis_session_body(session, chunk, len, &raw mut progress);
        assert_eq!((status, progress), (abatis_status::Ok, abatis_progress::Block));
        assert_eq!(abatis_session_stop(session, &raw mut verdict), abatis_status::Ok);
        assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
        abatis_verdict_free(verdict);
        assert_eq!(abatis_session_stop(session, null_mut()), abatis_status::NullPointer);
        abatis_session_free(session);
        abatis_session_free(null_mut());

        let mut progress = abatis_progress::Continue;
        let status = abatis_session_body(null_mut(), chunk, len, &raw mut progress);
        assert_eq!((status, progress), (abatis_status::NullPointer, abatis_progress::Block));
        assert_eq!(abatis_session_pending(null_mut()), 0);
        let status = abatis_session_header(null_mut(), chunk, len, chunk, len, null_mut());
        assert_eq!(status, abatis_status::NullPointer);
        let status = abatis_session_request_line(null_mut(), chunk, len, chunk, len, null_mut());
        assert_eq!(status, abatis_status::NullPointer);
        let mut verdict = dangling_mut();
        let status = abatis_session_finish(null_mut(), &raw mut verdict);
        assert_eq!((status, verdict), (abatis_status::NullPointer, null_mut()));
        let mut session = dangling_mut();
        let status = abatis_session_begin(null(), null_mut(), &raw mut session);
        assert_eq!((status, session), (abatis_status::NullPointer, null_mut()));
        abatis_engine_free(engine);
    }
}

#[test]
fn sessions_share_a_scratch() {
    let (engine, scratch) = (engine(""), scratch());
    let mut sessions = [null_mut(); 8];
    let ((method, method_len), (target, target_len)) = (data(b"GET"), data(b"/?q=1'+or+'1'='1"));
    // SAFETY: all pointers are good, on one thread.
    unsafe {
        for session in &mut sessions {
            assert_eq!(abatis_session_begin(engine, scratch, session), abatis_status::Ok);
        }
        for session in sessions {
            let status = abatis_session_request_line(
                session,
                method,
                method_len,
                target,
                target_len,
                null_mut(),
            );
            assert_eq!(status, abatis_status::Ok);
        }
        for session in sessions {
            let mut verdict = null_mut();
            assert_eq!(abatis_session_finish(session, &raw mut verdict), abatis_status::Ok);
            assert_eq!(abatis_verdict_action(verdict), abatis_action::Block);
            abatis_verdict_free(verdict);
            abatis_session_free(session);
        }
        abatis_scratch_free(scratch);
        abatis_engine_free(engine);
    }
}

#[test]
fn handles_swap_engines() {
    let (first, second) = (engine(""), engine("sensitivity: high"));
    let (mut handle, mut loaded, mut old) = (null_mut(), null_mut(), null_mut());
    // SAFETY: all pointers are good, or NULL where the header says what happens.
    unsafe {
        assert_eq!(abatis_handle_new(first, &raw mut handle), abatis_status::Ok);
        assert_eq!(abatis_handle_load(handle, &raw mut loaded), abatis_status::Ok);
        assert_eq!(loaded, first);
        assert_eq!(abatis_handle_swap(handle, second, &raw mut old), abatis_status::Ok);
        assert_eq!(old, first);
        for reference in [first, loaded, old] {
            abatis_engine_free(reference);
        }
        assert_eq!(abatis_handle_load(handle, &raw mut loaded), abatis_status::Ok);
        assert_eq!(loaded, second);
        assert_eq!(abatis_handle_swap(handle, second, null_mut()), abatis_status::Ok);

        let mut none = dangling_mut();
        assert_eq!(abatis_handle_load(null(), &raw mut none), abatis_status::NullPointer);
        assert!(none.is_null());
        assert_eq!(abatis_handle_load(handle, null_mut()), abatis_status::NullPointer);
        assert_eq!(abatis_handle_swap(handle, null(), null_mut()), abatis_status::NullPointer);
        assert_eq!(abatis_handle_new(null(), &mut null_mut()), abatis_status::NullPointer);
        assert_eq!(abatis_handle_new(second, null_mut()), abatis_status::NullPointer);
        abatis_handle_free(null_mut());
        abatis_handle_free(handle);
        abatis_engine_free(loaded);
        abatis_engine_free(second);
    }
}
