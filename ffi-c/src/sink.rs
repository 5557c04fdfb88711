//! The second question: whether values of a request are code in the statement that was made with them.

use std::ffi::c_void;
use std::ptr::null_mut;

use abatis::{Values, Verdict};

use crate::boundary::{Out, bytes, give, guard, object, object_mut, take_back};
use crate::choice;
use crate::engine::abatis_engine;
use crate::session::abatis_session;
use crate::status::abatis_status;
use crate::verdict::abatis_verdict;

/// Values to be looked for in a statement, where no session kept them. One thread at a time.
#[derive(Debug)]
pub struct abatis_values(Values);

/// No values yet.
///
/// - `values`: set to them, yours to free; NULL on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_values_new(values: *mut *mut abatis_values) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(values, null_mut()) };
    guard(Out::none(), || {
        out.wanted()?.put(give(abatis_values(Values::new())));
        Ok(())
    })
}

/// Adds a value as the application gets it, decoded once by its format. It is copied.
///
/// - `place`: the `abatis_place` that it came from.
/// - `name`: of the parameter, header or cookie, of `name_len` bytes.
/// - `value`: of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_values_add(
    values: *mut abatis_values,
    place: i32,
    name: *const c_void,
    name_len: usize,
    value: *const c_void,
    len: usize,
) -> abatis_status {
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        let (values, name, value) =
            unsafe { (object_mut(values)?, bytes(name, name_len)?, bytes(value, len)?) };
        values.0.push(choice::place(place)?, name, value);
        Ok(())
    })
}

/// Frees values. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_values_free(values: *mut abatis_values) {
    // SAFETY: the head of the header.
    unsafe { take_back(values) }
}

/// Looks for values of a request in a statement that was made with them, and finds those that cross a token boundary of it: `1 or true` where a
/// number was meant, and nothing that stays inside of one string. The guide is `docs/sink.md`.
///
/// - `engine`, `values`: any number of threads at once, as long as nobody adds to the values.
/// - `sink`: the `abatis_sink` that the statement is for.
/// - `base`: for `ABATIS_SINK_PATH` the folder that the path must stay below, of `base_len` bytes; else not looked at.
/// - `statement`: of `len` bytes. Spans of findings count in it.
/// - `verdict`: set to the verdict, yours to free; NULL on failure, and NULL reads as block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_check_sink(
    engine: *const abatis_engine,
    sink: i32,
    base: *const c_void,
    base_len: usize,
    statement: *const c_void,
    len: usize,
    values: *const abatis_values,
    verdict: *mut *mut abatis_verdict,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe {
        check(sink, (base, base_len), (statement, len), verdict, |asked| {
            let (engine, values) = (object(engine)?, object(values)?);
            let verdict = engine.engine.check_sink(asked.sink, asked.statement, &values.0);
            Ok((engine, verdict))
        })
    }
}

/// Keeps the values that the session inspects from here on, for `abatis_session_check_sink`. Call it before
/// `abatis_session_request_line`. They are copied, and live as long as the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_keep_values(session: *mut abatis_session) -> abatis_status {
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        unsafe { object_mut(session)?.step(|session, _| session.keep_values()) }
    })
}

/// As `abatis_check_sink`, with the values that the session kept, and under the policy of its route. The verdict on the request stays as
/// it is. At any time while the session lives, finished or not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_check_sink(
    session: *mut abatis_session,
    sink: i32,
    base: *const c_void,
    base_len: usize,
    statement: *const c_void,
    len: usize,
    verdict: *mut *mut abatis_verdict,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe {
        check(sink, (base, base_len), (statement, len), verdict, |asked| {
            let session = object_mut(session)?;
            let verdict =
                session.step(|session, _| session.check_sink(asked.sink, asked.statement))?;
            Ok((session.engine(), verdict))
        })
    }
}

/// What is asked.
struct Asked<'a> {
    sink: abatis::Sink<'a>,
    statement: &'a [u8],
}

/// Checks a statement.
///
/// # Safety
///
/// As the head of the header says.
unsafe fn check<'a>(
    sink: i32,
    base: (*const c_void, usize),
    statement: (*const c_void, usize),
    verdict: *mut *mut abatis_verdict,
    ask: impl FnOnce(Asked<'_>) -> Result<(&'a abatis_engine, Verdict), crate::error::Failure>,
) -> abatis_status {
    // SAFETY: the same promise.
    let out = unsafe { Out::claim(verdict, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the same promise.
        let (base, statement) =
            unsafe { (bytes(base.0, base.1)?, bytes(statement.0, statement.1)?) };
        let sink = choice::sink(sink, base)?;
        let (engine, verdict) = ask(Asked { sink, statement })?;
        engine.log.verdict(&verdict);
        out.put(give(abatis_verdict(verdict)));
        Ok(())
    })
}
