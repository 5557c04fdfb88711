//! What calls return.

use std::ffi::c_char;

/// What a call returns. The numbers have ranges and are never given a second meaning; later versions may add some, so treat a
/// number that you do not know as its range says.
///
/// - 0: it worked
/// - 100 to 199: the call was wrong, which is a mistake in the program
/// - 200 to 299: the policy, a rule file or a schema is wrong; an `abatis_error` says where
/// - 900 to 999: a defect of this library
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_status {
    /// It worked.
    Ok = 0,

    /// A pointer is NULL that may not be.
    NullPointer = 100,
    /// A text is not UTF-8.
    BadUtf8 = 101,
    /// A length is longer than any object can be.
    BadLength = 102,
    /// A number is none of its enum.
    BadEnum = 103,
    /// A `struct_size` is none that any version of the struct had.
    BadStructSize = 104,
    /// An options struct asks for something that this version does not know.
    Unsupported = 105,
    /// Nothing is called by this name.
    UnknownName = 106,
    /// A buffer is too small; the length that is needed was told.
    BufferTooSmall = 107,
    /// An object was in a call that panicked, and can only be freed.
    Broken = 108,

    /// A file cannot be read, or a text is no policy or rule file.
    Unreadable = 200,
    /// What was read cannot be compiled.
    Invalid = 201,
    /// The compiled policy would be larger than its `limits.compiled_bytes`.
    TooLarge = 202,

    /// The library panicked. It is whole and can be used on; the objects in the call are `ABATIS_STATUS_BROKEN`. Please report it.
    Panic = 900,
}

impl abatis_status {
    const ALL: [abatis_status; 14] = [
        abatis_status::Ok,
        abatis_status::NullPointer,
        abatis_status::BadUtf8,
        abatis_status::BadLength,
        abatis_status::BadEnum,
        abatis_status::BadStructSize,
        abatis_status::Unsupported,
        abatis_status::UnknownName,
        abatis_status::BufferTooSmall,
        abatis_status::Broken,
        abatis_status::Unreadable,
        abatis_status::Invalid,
        abatis_status::TooLarge,
        abatis_status::Panic,
    ];

    pub(crate) fn message(self) -> &'static std::ffi::CStr {
        match self {
            abatis_status::Ok => c"it worked",
            abatis_status::NullPointer => c"a pointer is NULL that may not be",
            abatis_status::BadUtf8 => c"a text is not UTF-8",
            abatis_status::BadLength => c"a length is longer than any object can be",
            abatis_status::BadEnum => c"a number is none of its enum",
            abatis_status::BadStructSize => c"struct_size is none that any version had",
            abatis_status::Unsupported => c"this version of the library does not know an option",
            abatis_status::UnknownName => c"nothing is called by this name",
            abatis_status::BufferTooSmall => c"the buffer is too small",
            abatis_status::Broken => {
                c"the object was in a call that panicked, and can only be freed"
            }
            abatis_status::Unreadable => c"the policy cannot be read",
            abatis_status::Invalid => c"the policy cannot be compiled",
            abatis_status::TooLarge => c"the compiled policy would be larger than its limit",
            abatis_status::Panic => c"the library panicked: this is a defect, please report it",
        }
    }
}

/// One sentence about a status, ended by NUL. Static, never NULL; any number may be asked about. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn abatis_status_message(status: i32) -> *const c_char {
    let known = abatis_status::ALL.into_iter().find(|known| *known as i32 == status);
    known
        .map_or(c"a status that this version of the library does not know", abatis_status::message)
        .as_ptr()
}
