//! Scratches, one for each worker.
//!
//! Inspecting is synchronous: a scratch is borrowed for the length of one call and never across an `await`, so as many are
//! enough as threads can run at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread::available_parallelism;

use abatis::Scratch;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Spreads threads over the scratches, each with one of its own as long as there are as many.
    static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

#[derive(Debug)]
pub(crate) struct Pool {
    scratches: Box<[Mutex<Scratch>]>,
}

impl Pool {
    pub(crate) fn new() -> Pool {
        let workers = available_parallelism().map_or(4, usize::from);
        Pool { scratches: (0..workers).map(|_| Mutex::default()).collect() }
    }

    /// Lends a scratch, this thread's own if it can be had. Waits only if more threads than the machine has cores inspect at
    /// this moment, and then for one call.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
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
    fn calls_inside_of_calls_get_memory() {
        let pool = Pool { scratches: (0..2).map(|_| Mutex::default()).collect() };
        assert_eq!(pool.with(|_| pool.with(|_| 7)), 7);
    }
}
