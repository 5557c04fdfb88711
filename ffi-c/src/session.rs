//! Sessions: a request as it comes in.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;

use abatis::{Progress, Scratch, Session, Verdict};

use crate::boundary::{Out, bytes, counted, give, guard, guard_or, object, object_mut, take_back};
use crate::choice::abatis_progress;
use crate::engine::abatis_engine;
use crate::error::Failure;
use crate::scratch::{Memory, abatis_scratch};
use crate::status::abatis_status;
use crate::verdict::abatis_verdict;

/// A request that comes in pieces: `abatis_session_begin`, `_request_line`, `_header` for each line, `_body` for each chunk, `_trailer` for
/// each line behind them, `_finish`, `_free`. It keeps its engine, so a reload does not touch it, and nothing that is given to it. One thread at a time, which need
/// not be the same one; sessions that share a scratch are one in this.
///
/// A call out of order changes nothing but the coverage of the verdict, which becomes `ABATIS_COVERAGE_MISUSE` and in mode block
/// blocks.
#[derive(Debug)]
pub struct abatis_session {
    session: Session,
    memory: Memory,
    engine: Arc<abatis_engine>,
    /// In a call, or left by a panic.
    broken: bool,
}

impl abatis_session {
    /// The engine that judges.
    pub(crate) fn engine(&self) -> &abatis_engine {
        &self.engine
    }

    /// One step of the session, unless an earlier one panicked.
    ///
    /// # Safety
    ///
    /// As the head of the header says: neither the session nor its scratch is used meanwhile.
    pub(crate) unsafe fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Session, &mut Scratch) -> T,
    ) -> Result<T, Failure> {
        if self.broken {
            return Err(abatis_status::Broken.into());
        }
        self.broken = true;
        // SAFETY: the same promise.
        let result = unsafe { self.memory.with(|scratch| step(&mut self.session, scratch)) };
        self.broken = false;
        Ok(result)
    }
}

/// Begins a request.
///
/// - `engine`: the session takes a reference of its own; yours stays yours.
/// - `scratch`: memory that the session shares, see `abatis_scratch`; NULL for memory of its own, which costs what the first
///   request in a new scratch costs.
/// - `session`: set to the new session, yours to free; NULL on failure.
///
/// Any thread that may use the scratch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_begin(
    engine: *const abatis_engine,
    scratch: *mut abatis_scratch,
    session: *mut *mut abatis_session,
) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(session, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let (engine, memory) = unsafe { (counted(engine)?, Memory::of(scratch)) };
        let session = engine.engine.session();
        out.put(give(abatis_session { session, memory, engine, broken: false }));
        Ok(())
    })
}

/// From now on the session works in another memory. What it learned so far is its own and goes with it.
///
/// This is how a session goes on in another thread while its scratch goes on working for others: give it new memory in the thread that
/// it is in, then hand it over.
///
/// - `scratch`: memory that the session shares, or NULL for memory of its own; as for `abatis_session_begin`.
///
/// Any thread that may use both the scratch that it has and the one that it gets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_use_scratch(
    session: *mut abatis_session,
    scratch: *mut abatis_scratch,
) -> abatis_status {
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        unsafe { object_mut(session)?.memory = Memory::of(scratch) };
        Ok(())
    })
}

/// Bytes of the body that wait for what follows: of a text, a part, a long string. They are inspected in one go when that is complete,
/// in `abatis_session_finish` at the latest, which takes up to 35 us a KiB; so a server that must not wait can tell what to leave to a
/// thread. 0 without a session.
///
/// Any thread, one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_pending(session: *const abatis_session) -> usize {
    // SAFETY: the head of the header.
    guard_or(0, || unsafe { object(session) }.map_or(0, |session| session.session.pending()))
}

/// Method and target as they were sent, undecoded. Inspects the target.
///
/// - `progress`: set to `ABATIS_PROGRESS_BLOCK` if the request will be blocked whatever comes, and on failure; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_request_line(
    session: *mut abatis_session,
    method: *const c_void,
    method_len: usize,
    target: *const c_void,
    target_len: usize,
    progress: *mut abatis_progress,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe {
        feed(session, [(method, method_len), (target, target_len)], progress, |session, with| {
            let [method, target] = with.bytes;
            session.request_line(with.scratch, method, target)
        })
    }
}

/// One header line: repeated names as often and in the order as they came.
///
/// - `progress`: as for `abatis_session_request_line`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_header(
    session: *mut abatis_session,
    name: *const c_void,
    name_len: usize,
    value: *const c_void,
    value_len: usize,
    progress: *mut abatis_progress,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe {
        feed(session, [(name, name_len), (value, value_len)], progress, |session, with| {
            let [name, value] = with.bytes;
            session.header(with.scratch, name, value)
        })
    }
}

/// The next bytes of the body, cut anywhere. The verdict is the same however it is cut.
///
/// - `progress`: as for `abatis_session_request_line`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_body(
    session: *mut abatis_session,
    data: *const c_void,
    len: usize,
    progress: *mut abatis_progress,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe {
        feed(session, [(data, len)], progress, |session, with| {
            let [chunk] = with.bytes;
            session.body(with.scratch, chunk)
        })
    }
}

/// One trailer line, which came behind the body (RFC 9110, 6.5). Inspected as a header line; a name that may not stand there is the finding
/// `protocol.trailer`. Findings count trailer lines on from the header lines.
///
/// - `progress`: as for `abatis_session_request_line`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_trailer(
    session: *mut abatis_session,
    name: *const c_void,
    name_len: usize,
    value: *const c_void,
    value_len: usize,
    progress: *mut abatis_progress,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe {
        feed(session, [(name, name_len), (value, value_len)], progress, |session, with| {
            let [name, value] = with.bytes;
            session.trailer(with.scratch, name, value)
        })
    }
}

/// The end of the request: what waited for it is inspected, and schemas are settled. Later calls change nothing.
///
/// - `verdict`: set to the verdict, yours to free; NULL on failure, and NULL reads as block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_finish(
    session: *mut abatis_session,
    verdict: *mut *mut abatis_verdict,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe { end(session, verdict, |session, scratch| session.finish(scratch).clone()) }
}

/// Gives up before the end of the request, as after `ABATIS_PROGRESS_BLOCK`: the verdict on what came so far, whose coverage is
/// `ABATIS_COVERAGE_STOPPED`. After `abatis_session_finish` it is the verdict of that.
///
/// - `verdict`: as for `abatis_session_finish`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_stop(
    session: *mut abatis_session,
    verdict: *mut *mut abatis_verdict,
) -> abatis_status {
    // SAFETY: the head of the header.
    unsafe { end(session, verdict, |session, _| session.stop().clone()) }
}

/// Frees a session, finished or not. NULL is ignored. Verdicts that came from it stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_session_free(session: *mut abatis_session) {
    // SAFETY: the head of the header.
    unsafe { take_back(session) }
}

/// What a step works with.
struct With<'a, const N: usize> {
    scratch: &'a mut Scratch,
    bytes: [&'a [u8]; N],
}

/// Feeds a session.
///
/// # Safety
///
/// As the head of the header says.
unsafe fn feed<const N: usize>(
    session: *mut abatis_session,
    given: [(*const c_void, usize); N],
    progress: *mut abatis_progress,
    step: impl FnOnce(&mut Session, With<'_, N>) -> Progress,
) -> abatis_status {
    // SAFETY: the same promise.
    let out = unsafe { Out::claim(progress, abatis_progress::Block) };
    guard(Out::none(), || {
        // SAFETY: the same promise.
        let session = unsafe { object_mut(session) }?;
        let mut bytes: [&[u8]; N] = [&[]; N];
        for (bytes, (pointer, len)) in bytes.iter_mut().zip(given) {
            // SAFETY: the same promise.
            *bytes = unsafe { self::bytes(pointer, len) }?;
        }
        // SAFETY: the same promise.
        let progress = unsafe {
            session.step(|session, scratch| {
                #[cfg(feature = "test-panic")]
                crate::inject::look_at(&bytes);
                step(session, With { scratch, bytes })
            })
        }?;
        out.put(progress.into());
        Ok(())
    })
}

/// Ends a session.
///
/// # Safety
///
/// As the head of the header says.
unsafe fn end(
    session: *mut abatis_session,
    verdict: *mut *mut abatis_verdict,
    end: impl FnOnce(&mut Session, &mut Scratch) -> Verdict,
) -> abatis_status {
    // SAFETY: the same promise.
    let out = unsafe { Out::claim(verdict, null_mut()) };
    guard(Out::none(), || {
        let out = out.wanted()?;
        // SAFETY: the same promise.
        let session = unsafe { object_mut(session) }?;
        // SAFETY: the same promise.
        let verdict = unsafe { session.step(end) }?;
        session.engine.log.verdict(&verdict);
        out.put(give(abatis_verdict(verdict)));
        Ok(())
    })
}
