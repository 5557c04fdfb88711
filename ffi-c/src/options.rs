//! Options, which can grow without a new ABI.

use std::ffi::c_void;
use std::mem::{MaybeUninit, size_of};

use crate::error::Failure;
use crate::log::abatis_log_fn;
use crate::status::abatis_status;

/// How an engine is built. Fill it with zeros, then set `struct_size`; zero is every field's default:
/// `abatis_options options = {sizeof options};`.
///
/// Later versions add fields at the end. A program built with an older header gives a smaller `struct_size`, and what is missing
/// has its default; one built with a newer header is refused by an older library (`ABATIS_STATUS_UNSUPPORTED`), unless
/// what the library does not know is zero.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct abatis_options {
    /// `sizeof(abatis_options)`.
    pub struct_size: usize,
    /// Called with what is worth a line in a log; NULL for silence.
    pub log: abatis_log_fn,
    /// Handed to `log`. Must live as long as the engine: until each of its references is freed, those of handles and sessions too.
    pub log_data: *mut c_void,
    /// The least important `abatis_log_level` that is logged; 0 means `ABATIS_LOG_LEVEL_INFO`.
    pub log_level: i32,
    /// 0.
    pub reserved: u32,
}

/// No version of the struct will be larger; a larger number is memory that was not set.
const SIZE_MAX: usize = 4096;

impl abatis_options {
    /// The options behind a pointer, as far as the caller knows them; NULL means defaults.
    ///
    /// # Safety
    ///
    /// NULL, or readable for as many bytes as the `struct_size` at its start says.
    pub(crate) unsafe fn read(pointer: *const abatis_options) -> Result<abatis_options, Failure> {
        let mut options = MaybeUninit::<abatis_options>::zeroed();
        if !pointer.is_null() {
            // SAFETY: `struct_size` itself can be read.
            let size = unsafe { pointer.cast::<usize>().read() };
            // Fields are never cut: up to `log_data` each is as large as a pointer, and the last two make one together.
            if !(size_of::<usize>()..=SIZE_MAX).contains(&size)
                || !size.is_multiple_of(size_of::<usize>())
            {
                return Err(abatis_status::BadStructSize.into());
            }
            let known = size.min(size_of::<abatis_options>());
            // SAFETY: readable for `size` bytes, of which these are the first.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    pointer.cast::<u8>(),
                    options.as_mut_ptr().cast(),
                    known,
                );
            }
            // SAFETY: the rest of them.
            let tail = unsafe {
                std::slice::from_raw_parts(pointer.cast::<u8>().add(known), size - known)
            };
            if tail.iter().any(|byte| *byte != 0) {
                return Err(abatis_status::Unsupported.into());
            }
        }
        // SAFETY: zero is a value of every field, and what was copied are fields that C has set.
        let options = unsafe { options.assume_init() };
        if options.reserved != 0 {
            return Err(abatis_status::Unsupported.into());
        }
        Ok(options)
    }
}
