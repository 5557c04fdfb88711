//! What a failed call tells beside its status.

use abatis::{BuildError, Diagnostic, LoadError};

use crate::boundary::{guard_or, object, take_back};
use crate::status::abatis_status;
use crate::text::abatis_str;

/// Why a call failed: a message, and for policies every single thing that is wrong, with its place. Immutable: any number of threads
/// may read it. Free it with `abatis_error_free`.
#[derive(Debug)]
pub struct abatis_error {
    status: abatis_status,
    message: String,
    diagnostics: Vec<Diagnostic>,
}

/// A call that fails, on its way out. Only turned into an object if the caller asks for it.
#[derive(Debug)]
pub(crate) struct Failure {
    status: abatis_status,
    told: Option<Box<(String, Vec<Diagnostic>)>>,
}

impl Failure {
    pub(crate) fn panic(message: &str) -> Failure {
        let message = format!("the library panicked: {message}");
        Failure { status: abatis_status::Panic, told: Some(Box::new((message, Vec::new()))) }
    }

    /// The status, and the object for the caller.
    pub(crate) fn into_parts(self) -> (abatis_status, abatis_error) {
        let Failure { status, told } = self;
        let (message, diagnostics) = told.map_or_else(
            || (status.message().to_string_lossy().into_owned(), Vec::new()),
            |told| *told,
        );
        (status, abatis_error { status, message, diagnostics })
    }
}

impl From<abatis_status> for Failure {
    fn from(status: abatis_status) -> Failure {
        Failure { status, told: None }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        let told = Box::new((error.to_string(), error.diagnostics().to_vec()));
        Failure { status: abatis_status::Unreadable, told: Some(told) }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Failure {
        let status = match error.size_limit() {
            Some(_) => abatis_status::TooLarge,
            None => abatis_status::Invalid,
        };
        let told = Box::new((error.to_string(), error.diagnostics().to_vec()));
        Failure { status, told: Some(told) }
    }
}

/// Frees an error. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_free(error: *mut abatis_error) {
    // SAFETY: the head of the header.
    unsafe { take_back(error) }
}

/// The status that the call returned. Of NULL: `ABATIS_STATUS_OK`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_status(error: *const abatis_error) -> abatis_status {
    // SAFETY: the head of the header.
    guard_or(abatis_status::Ok, || unsafe { object(error) }.map_or(abatis_status::Ok, |e| e.status))
}

/// The whole message, a line for each thing that is wrong: `policy.yaml:3:7: unknown key ...`. Of NULL: empty. Any thread; lives as
/// long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_message(error: *const abatis_error) -> abatis_str {
    guard_or(abatis_str::EMPTY, || {
        // SAFETY: the head of the header.
        let error = unsafe { object(error) };
        error.map_or(abatis_str::EMPTY, |error| abatis_str::new(&error.message))
    })
}

/// How many things are wrong, each with its place; 0 if the error is not about a policy. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_count(error: *const abatis_error) -> usize {
    // SAFETY: the head of the header.
    guard_or(0, || unsafe { object(error) }.map_or(0, |error| error.diagnostics.len()))
}

/// The file that thing number `index` is in, as it was named; `builtin:...` for those in the library. Past the end, or of NULL: empty.
/// Any thread; lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_file(error: *const abatis_error, index: usize) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { told(error, index, abatis_str::EMPTY, |told| abatis_str::new(&told.file)) }
}

/// Its line, counted from 1; 0 if it is about the whole file. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_line(error: *const abatis_error, index: usize) -> u32 {
    // SAFETY: the head of the header.
    unsafe { told(error, index, 0, |told| told.line) }
}

/// Its column in characters, counted from 1; 0 if it is about the whole file. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_column(error: *const abatis_error, index: usize) -> u32 {
    // SAFETY: the head of the header.
    unsafe { told(error, index, 0, |told| told.column) }
}

/// Where in the document it is, as a JSON Pointer: `/routes/0/body`. Any thread; lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_pointer(
    error: *const abatis_error,
    index: usize,
) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { told(error, index, abatis_str::EMPTY, |told| abatis_str::new(&told.pointer)) }
}

/// The rule it is about; empty if it is about none. Any thread; lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_rule(error: *const abatis_error, index: usize) -> abatis_str {
    let rule = |told: &Diagnostic| told.rule.as_deref().map_or(abatis_str::EMPTY, abatis_str::new);
    // SAFETY: the head of the header.
    unsafe { told(error, index, abatis_str::EMPTY, rule) }
}

/// What is wrong, and what would be right. Any thread; lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_error_reason(
    error: *const abatis_error,
    index: usize,
) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { told(error, index, abatis_str::EMPTY, |told| abatis_str::new(&told.message)) }
}

/// Looks at one of the things that are wrong.
///
/// # Safety
///
/// As the head of the header says.
unsafe fn told<T: Copy>(
    error: *const abatis_error,
    index: usize,
    none: T,
    look: impl FnOnce(&Diagnostic) -> T,
) -> T {
    guard_or(none, || {
        // SAFETY: the same promise.
        let error = unsafe { object(error) }.ok();
        error.and_then(|error| error.diagnostics.get(index)).map_or(none, look)
    })
}
