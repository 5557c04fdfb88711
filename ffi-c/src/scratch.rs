//! Memory that inspections work in.

use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::rc::Rc;

use abatis::Scratch;

use crate::boundary::{Out, give, guard, object, take_back};
use crate::error::Failure;
use crate::status::abatis_status;

/// The memory that inspections work in: one for each thread that inspects, kept between requests. The first requests in a new one
/// are slower, since its tables are filled; after that a clean request allocates next to nothing.
///
/// A scratch and all sessions that share it are used by one thread at a time. Free it with `abatis_scratch_free`; its sessions may
/// outlive it.
#[derive(Debug)]
pub struct abatis_scratch(Memory);

/// A scratch that sessions share. Not atomic: all of them are on one thread at a time, which C promises.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Rc<UnsafeCell<Scratch>>);

impl Memory {
    /// The memory that C names, or new memory for NULL.
    ///
    /// # Safety
    ///
    /// As the head of the header says.
    pub(crate) unsafe fn of(scratch: *const abatis_scratch) -> Memory {
        // SAFETY: the same promise.
        unsafe { object(scratch) }.map_or_else(|_| Memory::default(), |scratch| scratch.0.clone())
    }

    /// Works in the memory. What panics leaves it new.
    ///
    /// # Safety
    ///
    /// Nobody else uses the scratch meanwhile, on whatever thread; `work` does not call C.
    pub(crate) unsafe fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        // SAFETY: ours alone, says the caller.
        let scratch = Sound(unsafe { &mut *self.0.get() });
        work(scratch.0)
    }
}

/// Renews a scratch that a panic went through: what it holds may be half written.
struct Sound<'s>(&'s mut Scratch);

impl Drop for Sound<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0 = Scratch::new();
        }
    }
}

/// New memory.
///
/// - `scratch`: set to the new scratch, yours to free; NULL on failure.
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_scratch_new(scratch: *mut *mut abatis_scratch) -> abatis_status {
    // SAFETY: the head of the header.
    let out = unsafe { Out::claim(scratch, null_mut()) };
    guard(Out::none(), || {
        out.wanted()?.put(give(abatis_scratch(Memory::default())));
        Ok::<(), Failure>(())
    })
}

/// Frees a scratch. NULL is ignored. Sessions that share its memory keep it until they are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_scratch_free(scratch: *mut abatis_scratch) {
    // SAFETY: the head of the header.
    unsafe { take_back(scratch) }
}
