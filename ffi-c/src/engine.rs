//! Engines: compiled policies, counted.

use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::Arc;

use abatis::Engine;
use abatis::model::Bundle;

use crate::boundary::{Out, counted, give_counted, guard, guard_or, object, take_back_counted};
use crate::error::{Failure, abatis_error};
use crate::log::Log;
use crate::options::abatis_options;
use crate::policy::{abatis_policy, path};
use crate::status::abatis_status;
use crate::text::abatis_str;

/// A compiled policy: immutable, and used by any number of threads at once. Each pointer to it is a counted reference, to be freed with
/// `abatis_engine_free`; sessions and handles hold references of their own. Building one starts no threads and holds no locks, so
/// a process may fork afterwards and share it.
#[derive(Debug)]
pub struct abatis_engine {
    pub(crate) engine: Engine,
    pub(crate) log: Log,
}

impl abatis_engine {
    fn build(
        bundle: &Bundle,
        options: *const abatis_options,
    ) -> Result<Arc<abatis_engine>, Failure> {
        // SAFETY: the head of the header.
        let options = unsafe { abatis_options::read(options) }?;
        let log = Log::new(&options)?;
        let engine = Engine::builder().build(bundle)?;
        let engine = abatis_engine { engine, log };
        engine.tell("built");
        Ok(Arc::new(engine))
    }

    /// Logs an event.
    pub(crate) fn tell(&self, event: &str) {
        self.log.event(event, self.engine.ruleset(), self.engine.memory_usage());
    }
}

/// Compiles a policy with the files that it names. Takes milliseconds, and reads those files.
///
/// - `policy`: stays yours.
/// - `options`: NULL for the defaults.
/// - `engine`: set to a reference that is yours to free; NULL on failure.
/// - `error`: set to everything that is wrong, yours to free, or to NULL; may be NULL itself.
///
/// `ABATIS_STATUS_UNREADABLE`, `ABATIS_STATUS_INVALID` or `ABATIS_STATUS_TOO_LARGE` if the policy is wrong. Any thread; nobody may change
/// the policy meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_engine_new(
    policy: *const abatis_policy,
    options: *const abatis_options,
    engine: *mut *mut abatis_engine,
    error: *mut *mut abatis_error,
) -> abatis_status {
    // SAFETY: the head of the header.
    let (out, error) = unsafe { (Out::claim(engine, null_mut()), Out::claim(error, null_mut())) };
    guard(error, || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let policy = unsafe { object(policy) }?;
        out.put(give_counted(abatis_engine::build(&policy.bundle()?, options)?));
        Ok(())
    })
}

/// Reads and compiles a policy file: `abatis_policy_from_file` and `abatis_engine_new` in one.
///
/// - `path`: of `path_len` bytes.
/// - `options`, `engine`, `error`: as for `abatis_engine_new`.
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_engine_from_file(
    path: *const c_char,
    path_len: usize,
    options: *const abatis_options,
    engine: *mut *mut abatis_engine,
    error: *mut *mut abatis_error,
) -> abatis_status {
    // SAFETY: the head of the header.
    let (out, error) = unsafe { (Out::claim(engine, null_mut()), Out::claim(error, null_mut())) };
    guard(error, || {
        let out = out.wanted()?;
        // SAFETY: the head of the header.
        let path = unsafe { self::path(path, path_len) }?;
        out.put(give_counted(abatis_engine::build(&Bundle::load(path)?, options)?));
        Ok(())
    })
}

/// Another reference to the same engine, yours to free. Costs one atomic addition. Of NULL: NULL. Any thread, as long as the reference
/// that is given lives; where another thread may free it meanwhile, use an `abatis_handle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_engine_clone(engine: *const abatis_engine) -> *mut abatis_engine {
    // SAFETY: the head of the header.
    guard_or(null_mut(), || unsafe { counted(engine) }.map_or(null_mut(), give_counted))
}

/// Frees a reference; the last one frees the engine. NULL is ignored. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_engine_free(engine: *mut abatis_engine) {
    // SAFETY: the head of the header.
    unsafe { take_back_counted(engine) }
}

/// Digest of the rules and weights, 16 hexadecimal digits, as verdicts carry it. Of NULL: empty. Any thread; lives as long as the
/// engine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_engine_ruleset(engine: *const abatis_engine) -> abatis_str {
    guard_or(abatis_str::EMPTY, || {
        // SAFETY: the head of the header.
        let engine = unsafe { object(engine) };
        engine.map_or(abatis_str::EMPTY, |engine| abatis_str::new(engine.engine.ruleset()))
    })
}

/// Bytes of memory that the compiled rules take. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_engine_memory_usage(engine: *const abatis_engine) -> usize {
    // SAFETY: the head of the header.
    guard_or(0, || unsafe { object(engine) }.map_or(0, |engine| engine.engine.memory_usage()))
}
