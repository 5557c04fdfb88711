//! Scratches for callers that are no workers: a call comes from any thread.
//!
//! Inspecting is synchronous: a scratch is borrowed for the length of one call and never across an `await`, so as many are
//! enough as threads can run at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread::available_parallelism;

use crate::scratch::Scratch;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Spreads threads over the scratches, each with one of its own as long as there are as many.
    static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Scratches that threads share, one for each core. For services whose threads are not theirs: async runtimes, callbacks, other
/// languages. A thread that inspects for a living keeps a [`Scratch`] of its own.
///
/// One pool for each engine: a scratch drops the caches of one engine when it works for another.
///
/// ```
/// use abatis::{Action, Engine, Place, Policy, Pool};
/// let engine = Engine::new(&Policy::default())?;
/// let pool = Pool::new();
/// let value = b"Conan O'Brien";
/// let action = pool.with(|scratch| engine.inspect_value(scratch, Place::Form, value).action);
/// assert_eq!(action, Action::Allow);
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Pool {
    scratches: Box<[Mutex<Scratch>]>,
}

impl Pool {
    /// Empty memory for each core.
    pub fn new() -> Pool {
        let workers = available_parallelism().map_or(4, usize::from);
        Pool { scratches: (0..workers).map(|_| Mutex::default()).collect() }
    }

    /// Lends a scratch, this thread's own if it can be had. Waits only if more threads than the machine has cores inspect at
    /// this moment, and then for one call.
    ///
    /// Do not call it inside of `work`: once every scratch is lent, that waits for itself.
    pub fn with<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        let home = NUMBER.with(|number| *number) % self.scratches.len();
        let (before, from_home) = self.scratches.split_at(home);
        for scratch in from_home.iter().chain(before) {
            match scratch.try_lock() {
                Ok(mut scratch) => return work(&mut scratch),
                Err(TryLockError::Poisoned(poisoned)) => {
                    // A call panicked and may have left anything behind: new memory.
                    let mut lent = poisoned.into_inner();
                    *lent = Scratch::new();
                    scratch.clear_poison();
                    return work(&mut lent);
                }
                Err(TryLockError::WouldBlock) => {}
            }
        }
        match from_home.first() {
            Some(own) => work(&mut own.lock().unwrap_or_else(PoisonError::into_inner)),
            None => work(&mut Scratch::new()),
        }
    }
}

impl Default for Pool {
    fn default() -> Pool {
        Pool::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_one_scratch_and_no_more() {
        let pool = Pool { scratches: [Mutex::default()].into() };
        let panics = std::panic::AssertUnwindSafe(|| pool.with(|_| panic!("on purpose")));
        std::panic::catch_unwind(panics).unwrap_err();
        assert!(pool.scratches[0].is_poisoned());
        pool.with(|_| ());
        assert!(!pool.scratches[0].is_poisoned());
    }

    #[test]
    fn a_lent_scratch_makes_nobody_wait_for_it() {
        let pool = Pool { scratches: (0..2).map(|_| Mutex::default()).collect() };
        assert_eq!(pool.with(|_| pool.with(|_| 7)), 7);
    }
}
