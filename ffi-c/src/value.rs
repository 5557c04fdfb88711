//! In one call: a value, a document.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

use crate::boundary::{Out, bytes, give, guard, object, text};
use crate::choice;
use crate::engine::abatis_engine;
use crate::scratch::{Memory, abatis_scratch};
use crate::status::abatis_status;
use crate::verdict::abatis_verdict;

/// Inspects one value as the application would get it, decoded once by its format: a parameter, a column, a line of a log.
///
/// - `engine`: any number of threads at once.
/// - `scratch`: of this thread; NULL for memory that lives as long as the call, which is slow.
/// - `place`: the `abatis_place` that it counts as.
/// - `value`: of `len` bytes.
/// - `verdict`: set to the verdict, yours to free; NULL on failure, and NULL reads as block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_inspect_value(
    engine: *const abatis_engine,
    scratch: *mut abatis_scratch,
    place: i32,
    value: *const c_void,
    len: usize,
    verdict: *mut *mut abatis_verdict,
) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(verdict, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let (engine, memory, value) =
            unsafe { (object(engine)?, Memory::of(scratch), bytes(value, len)?) };
        let place = choice::place(place)?;
        // SAFETY: the scratch is this thread's, says the head of the header.
        let verdict = unsafe {
            memory.with(|scratch| engine.engine.inspect_value(scratch, place, value).clone())
        };
        engine.log.verdict(&verdict);
        out.put(give(abatis_verdict(verdict)));
        Ok(())
    })
}

/// Holds a JSON document against a schema of the policy, as the body of a route that asks for it would be: its values are inspected
/// too, and what the schema refuses are findings of class `schema`.
///
/// - `engine`, `scratch`, `verdict`: as for `abatis_inspect_value`.
/// - `schema`: its name under `schemas` in the policy, of `schema_len` bytes; UTF-8.
/// - `json`: the document, of `len` bytes.
///
/// `ABATIS_STATUS_UNKNOWN_NAME` if the policy has no such schema.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_validate(
    engine: *const abatis_engine,
    scratch: *mut abatis_scratch,
    schema: *const c_char,
    schema_len: usize,
    json: *const c_void,
    len: usize,
    verdict: *mut *mut abatis_verdict,
) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(verdict, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let (engine, memory, schema, json) = unsafe {
            (object(engine)?, Memory::of(scratch), text(schema, schema_len)?, bytes(json, len)?)
        };
        // SAFETY: the scratch is this thread's, says the head of the header.
        let verdict = unsafe {
            memory.with(|scratch| engine.engine.validate(scratch, schema, json).cloned())
        };
        let verdict = verdict.ok_or(abatis_status::UnknownName)?;
        engine.log.verdict(&verdict);
        out.put(give(abatis_verdict(verdict)));
        Ok(())
    })
}
