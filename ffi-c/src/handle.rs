//! Handles: one engine after the other, while others inspect.

use std::ptr::null_mut;

use arc_swap::ArcSwap;

use crate::boundary::{Out, counted, give, give_counted, guard, object, take_back};
use crate::engine::abatis_engine;
use crate::status::abatis_status;

/// A place for the engine of the day: threads take references out of it while another thread puts a new engine in.
///
/// Doing this with a plain pointer is wrong, atomic or not, and fails rarely enough to pass tests:
///
/// ```c
/// static _Atomic(abatis_engine *) current;
///
/// // worker                                           // reload
/// abatis_engine *e = atomic_load(&current);
///                                                     abatis_engine *old = atomic_exchange(&current, fresh);
///                                                     abatis_engine_free(old);        // the last reference
/// e = abatis_engine_clone(e);                         // reads a count that is freed memory
/// ```
///
/// Between the load and the clone the worker holds no reference. `abatis_handle_load` does both in one step that a swap cannot come
/// between. Neither waits for the other, and no thread that reads is ever held up.
///
/// Free it with `abatis_handle_free` when no thread uses it any more; references that were taken out of it live on.
#[derive(Debug)]
pub struct abatis_handle(ArcSwap<abatis_engine>);

/// A handle that holds `engine`.
///
/// - `engine`: the handle takes a reference of its own; yours stays yours.
/// - `handle`: set to the new handle, yours to free; NULL on failure.
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_handle_new(
    engine: *const abatis_engine,
    handle: *mut *mut abatis_handle,
) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(handle, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let engine = unsafe { counted(engine) }?;
        out.put(give(abatis_handle(ArcSwap::new(engine))));
        Ok(())
    })
}

/// The engine that is in the handle now.
///
/// - `engine`: set to a reference that is yours to free; NULL on failure. It stays what it is when the handle gets another.
///
/// Any thread, at any time, beside any `abatis_handle_load` and `abatis_handle_swap`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_handle_load(
    handle: *const abatis_handle,
    engine: *mut *mut abatis_engine,
) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(engine, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let handle = unsafe { object(handle) }?;
        out.put(give_counted(handle.0.load_full()));
        Ok(())
    })
}

/// Puts another engine in. From then on `abatis_handle_load` gives that one; sessions go on with the one they began with.
///
/// - `engine`: the handle takes a reference of its own; yours stays yours.
/// - `old`: set to the reference that was in the handle, yours to free; NULL on failure. May be NULL itself: then it is freed.
///
/// Any thread, at any time, beside any `abatis_handle_load` and `abatis_handle_swap`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_handle_swap(
    handle: *const abatis_handle,
    engine: *const abatis_engine,
    old: *mut *mut abatis_engine,
) -> abatis_status {
    // SAFETY: the head of the header.
    let old = unsafe { Out::claim(old, null_mut()) };
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        let (handle, engine) = unsafe { (object(handle)?, counted(engine)?) };
        engine.tell("swapped");
        let before = handle.0.swap(engine);
        if let Ok(old) = old.wanted() {
            old.put(give_counted(before));
        }
        Ok(())
    })
}

/// Frees a handle and its reference. NULL is ignored. No thread may use the handle any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_handle_free(handle: *mut abatis_handle) {
    // SAFETY: the head of the header.
    unsafe { take_back(handle) }
}
