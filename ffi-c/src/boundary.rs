//! Between C and Rust: pointers become references here and nowhere else, and panics end here.
//!
//! What C promises of its pointers, once for all functions (the head of the header says it to callers):
//!
//! - a pointer to an object is NULL or came from this library and was not freed;
//! - `(pointer, length)` can be read for that long while the call lasts; NULL with length 0 is empty;
//! - a pointer to a place for a result is NULL or can be written.
//!
//! Each `SAFETY` comment in this crate rests on these as "the head of the header".

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::{Failure, abatis_error};
use crate::status::abatis_status;

/// The object behind a pointer; NULL is a failure.
///
/// # Safety
///
/// As the head of the header says; nobody changes the object meanwhile.
pub(crate) unsafe fn object<'a, T>(pointer: *const T) -> Result<&'a T, Failure> {
    // SAFETY: NULL or a live object, says the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| abatis_status::NullPointer.into())
}

/// The object behind a pointer, to be changed; NULL is a failure.
///
/// # Safety
///
/// As the head of the header says; nobody else uses the object meanwhile.
pub(crate) unsafe fn object_mut<'a, T>(pointer: *mut T) -> Result<&'a mut T, Failure> {
    // SAFETY: NULL or a live object that is ours alone, says the caller.
    unsafe { pointer.as_mut() }.ok_or_else(|| abatis_status::NullPointer.into())
}

/// Bytes as C gives them.
///
/// # Safety
///
/// As the head of the header says.
pub(crate) unsafe fn bytes<'a>(pointer: *const c_void, len: usize) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(abatis_status::NullPointer.into());
    }
    // Lengths that no object has: a negative number that was converted.
    if isize::try_from(len).is_err() {
        return Err(abatis_status::BadLength.into());
    }
    // SAFETY: not NULL, so readable for `len` bytes, says the caller; `len` is checked.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), len) })
}

/// Text as C gives it; it must be UTF-8.
///
/// # Safety
///
/// As the head of the header says.
pub(crate) unsafe fn text<'a>(
    pointer: *const std::ffi::c_char,
    len: usize,
) -> Result<&'a str, Failure> {
    // SAFETY: the same promise.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    std::str::from_utf8(bytes).map_err(|_| abatis_status::BadUtf8.into())
}

/// A place for a result, which holds something sound from the start.
pub(crate) struct Out<T>(*mut T);

impl<T> Clone for Out<T> {
    fn clone(&self) -> Out<T> {
        *self
    }
}

impl<T> Copy for Out<T> {}

impl<T> Out<T> {
    /// Claims a place and sets it to what it holds unless the call succeeds. Do this before anything can fail.
    ///
    /// # Safety
    ///
    /// As the head of the header says, until the call returns.
    pub(crate) unsafe fn claim(place: *mut T, meanwhile: T) -> Out<T> {
        let out = Out(place);
        out.put(meanwhile);
        out
    }

    /// No place: the call tells nothing beside its status.
    pub(crate) fn none() -> Out<T> {
        Out(std::ptr::null_mut())
    }

    /// The place, if it is not NULL.
    pub(crate) fn wanted(self) -> Result<Out<T>, Failure> {
        if self.0.is_null() { Err(abatis_status::NullPointer.into()) } else { Ok(self) }
    }

    /// Sets the place; without one the value is dropped.
    pub(crate) fn put(self, value: T) {
        if !self.0.is_null() {
            // SAFETY: can be written, said the caller of `claim`. What stood there is C's and not dropped.
            unsafe { self.0.write(value) }
        }
    }
}

/// Gives an object to C.
pub(crate) fn give<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Takes an object back from C.
///
/// # Safety
///
/// NULL, or from [`give`] and not yet taken back.
pub(crate) unsafe fn take_back<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: from `give`, says the caller.
        guard_or((), || drop(unsafe { Box::from_raw(pointer) }));
    }
}

/// Gives a counted reference to C.
pub(crate) fn give_counted<T>(object: Arc<T>) -> *mut T {
    Arc::into_raw(object).cast_mut()
}

/// Another counted reference to the object behind a pointer; NULL is a failure.
///
/// # Safety
///
/// NULL, or from [`give_counted`] and alive.
pub(crate) unsafe fn counted<T>(pointer: *const T) -> Result<Arc<T>, Failure> {
    if pointer.is_null() {
        return Err(abatis_status::NullPointer.into());
    }
    // SAFETY: from `Arc::into_raw` and alive, so there is a count to add to and to take one from.
    Ok(unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    })
}

/// Takes a counted reference back from C.
///
/// # Safety
///
/// NULL, or from [`give_counted`] and not yet taken back.
pub(crate) unsafe fn take_back_counted<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: from `give_counted`, says the caller.
        guard_or((), || drop(unsafe { Arc::from_raw(pointer) }));
    }
}

/// Runs a call that can fail; a panic is a failure too, told as such.
pub(crate) fn guard(
    error: Out<*mut abatis_error>,
    call: impl FnOnce() -> Result<(), Failure>,
) -> abatis_status {
    let outcome = caught(call).unwrap_or_else(|message| Err(Failure::panic(&message)));
    let Err(failure) = outcome else { return abatis_status::Ok };
    let (status, told) = failure.into_parts();
    if let Ok(error) = error.wanted() {
        error.put(give(told));
    }
    status
}

/// Runs a call that only looks; for NULL and panics there is an answer that is safe to act on.
pub(crate) fn guard_or<T>(answer: T, call: impl FnOnce() -> T) -> T {
    caught(call).unwrap_or(answer)
}

/// Runs `call` and gives the message of its panic, if it does.
///
/// Unwind safety: a session and the scratch it uses are not used again after a panic (`session`, `scratch`), engines and
/// verdicts are immutable, and of policies only whole rule files and settings are changed.
fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    let call = || {
        #[cfg(feature = "test-panic")]
        crate::inject::trip();
        call()
    };
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
    })
}
