//! The Arrow C data and stream interfaces: the only place of this package with `unsafe` code.
//!
//! In: capsules are taken over ([`take_stream`], [`take_array`]), what they hold is released when it is dropped, and its buffers are seen
//! as slices of bytes, which [`super::column`] reads with checks. Out: [`stream`].
//!
//! What every `SAFETY` here rests on is the contract of the interface: a producer hands over pointers to as many items as its counts
//! say, valid until the release callback is called, and unchanged meanwhile. Python is no stranger here: who hands in a capsule that
//! breaks this could break the process without us.
#![allow(unsafe_code, reason = "pointers of the Arrow C interfaces")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{null, null_mut};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};

use super::BLOCK;

#[repr(C)]
struct RawSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut RawSchema,
    dictionary: *mut RawSchema,
    release: Option<unsafe extern "C" fn(*mut RawSchema)>,
    private_data: *mut c_void,
}

#[repr(C)]
struct RawArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *const *const c_void,
    children: *mut *mut RawArray,
    dictionary: *mut RawArray,
    release: Option<unsafe extern "C" fn(*mut RawArray)>,
    private_data: *mut c_void,
}

#[repr(C)]
struct RawStream {
    get_schema: Option<unsafe extern "C" fn(*mut RawStream, *mut RawSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut RawStream, *mut RawArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut RawStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut RawStream)>,
    private_data: *mut c_void,
}

/// What is released by a callback of its producer, and empty without one.
macro_rules! released {
    ($($owned:ident($raw:ident): $empty:expr;)*) => {$(
        #[repr(transparent)]
        pub(super) struct $owned($raw);

        impl Drop for $owned {
            fn drop(&mut self) {
                if let Some(release) = self.0.release {
                    // SAFETY: the contract; the struct is ours and is not used after this.
                    unsafe { release(&raw mut self.0) }
                }
            }
        }

        impl $raw {
            const EMPTY: $raw = $empty;
        }
    )*};
}

released! {
    Schema(RawSchema): RawSchema {
        format: null(), name: null(), metadata: null(), flags: 0, n_children: 0, children: null_mut(), dictionary: null_mut(),
        release: None, private_data: null_mut(),
    };
    Array(RawArray): RawArray {
        length: 0, null_count: 0, offset: 0, n_buffers: 0, n_children: 0, buffers: null(), children: null_mut(),
        dictionary: null_mut(), release: None, private_data: null_mut(),
    };
    Stream(RawStream): RawStream {
        get_schema: None, get_next: None, get_last_error: None, release: None, private_data: null_mut(),
    };
}

// SAFETY: the interface lets a struct be used and released on any thread, one at a time; a stream is not shared.
unsafe impl Send for Stream {}

/// Takes over what a capsule of that name holds, and leaves it empty.
fn take<T>(capsule: &Bound<'_, PyAny>, name: &CStr, empty: T) -> PyResult<T> {
    let pointer = capsule.cast::<PyCapsule>()?.pointer_checked(Some(name))?;
    // SAFETY: a capsule of this name points to this struct, aligned; an empty one has no release callback, so that nobody else
    // releases what moved here. We are attached, and no other thread is told to use the capsule.
    Ok(unsafe { pointer.cast::<T>().as_ptr().replace(empty) })
}

/// Takes over the stream of a capsule.
pub(super) fn take_stream(capsule: &Bound<'_, PyAny>) -> PyResult<Stream> {
    take(capsule, c"arrow_array_stream", RawStream::EMPTY).map(Stream)
}

/// Takes over the schema and the array of two capsules.
pub(super) fn take_array(
    schema: &Bound<'_, PyAny>,
    array: &Bound<'_, PyAny>,
) -> PyResult<(Schema, Array)> {
    let schema = Schema(take(schema, c"arrow_schema", RawSchema::EMPTY)?);
    Ok((schema, Array(take(array, c"arrow_array", RawArray::EMPTY)?)))
}

impl Stream {
    /// The schema of all arrays that come.
    pub(super) fn schema(&mut self) -> Result<Schema, String> {
        let mut schema = Schema(RawSchema::EMPTY);
        let Some(get) = self.0.get_schema else { return Err("the stream was read before".into()) };
        // SAFETY: the contract.
        let code = unsafe { get(&raw mut self.0, &raw mut schema.0) };
        if code == 0 { Ok(schema) } else { Err(self.error(code)) }
    }

    /// The next array; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Array>, String> {
        let mut array = Array(RawArray::EMPTY);
        let Some(get) = self.0.get_next else { return Ok(None) };
        // SAFETY: the contract.
        let code = unsafe { get(&raw mut self.0, &raw mut array.0) };
        if code != 0 {
            return Err(self.error(code));
        }
        Ok(array.0.release.is_some().then_some(array))
    }

    fn error(&mut self, code: c_int) -> String {
        // SAFETY: the contract: asked right after a call that failed; NULL, or a text that lives until the next call.
        let text = self.0.get_last_error.map(|get| unsafe { get(&raw mut self.0) });
        match text.filter(|text| !text.is_null()) {
            // SAFETY: as above, and it ends with NUL.
            Some(text) => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
            None => format!("the stream failed with code {code}"),
        }
    }
}

/// A schema, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct SchemaView<'a>(&'a RawSchema);

impl Schema {
    pub(super) fn view(&self) -> SchemaView<'_> {
        SchemaView(&self.0)
    }
}

impl<'a> SchemaView<'a> {
    pub(super) fn format(self) -> &'a [u8] {
        text(self.0.format)
    }

    pub(super) fn name(self) -> &'a [u8] {
        text(self.0.name)
    }

    pub(super) fn children(self) -> impl Iterator<Item = SchemaView<'a>> {
        parts(self.0.children, self.0.n_children).map(SchemaView)
    }

    pub(super) fn dictionary(self) -> Option<SchemaView<'a>> {
        // SAFETY: the contract: NULL, or a schema that lives as long as its parent.
        unsafe { self.0.dictionary.as_ref() }.map(SchemaView)
    }
}

fn text<'a>(text: *const c_char) -> &'a [u8] {
    // SAFETY: the contract: NULL, or a text that ends with NUL and lives as long as the schema, whose lifetime callers give.
    if text.is_null() { b"" } else { unsafe { CStr::from_ptr(text) }.to_bytes() }
}

fn parts<'a, T: 'a>(pointers: *mut *mut T, count: i64) -> impl Iterator<Item = &'a T> {
    let count = if pointers.is_null() { 0 } else { usize::try_from(count).unwrap_or(0) };
    // SAFETY: the contract: as many pointers to parts, which live as long as the whole, whose lifetime callers give.
    (0..count).filter_map(move |at| unsafe { (*pointers.add(at)).as_ref() })
}

/// An array, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct ArrayView<'a>(&'a RawArray);

impl Array {
    pub(super) fn view(&self) -> ArrayView<'_> {
        ArrayView(&self.0)
    }
}

impl<'a> ArrayView<'a> {
    pub(super) fn len(self) -> usize {
        usize::try_from(self.0.length).unwrap_or(0)
    }

    /// Where its first item stands in its buffers.
    pub(super) fn offset(self) -> usize {
        usize::try_from(self.0.offset).unwrap_or(0)
    }

    pub(super) fn child(self, at: usize) -> Option<ArrayView<'a>> {
        parts(self.0.children, self.0.n_children).nth(at).map(ArrayView)
    }

    pub(super) fn dictionary(self) -> Option<ArrayView<'a>> {
        // SAFETY: the contract: NULL, or an array that lives as long as its parent.
        unsafe { self.0.dictionary.as_ref() }.map(ArrayView)
    }

    /// How many buffers there are.
    pub(super) fn buffers(self) -> usize {
        if self.0.buffers.is_null() { 0 } else { usize::try_from(self.0.n_buffers).unwrap_or(0) }
    }

    /// The first `bytes` bytes of a buffer, which must have as many by the layout of its type; `None` if it is left out.
    pub(super) fn buffer(self, at: usize, bytes: usize) -> Option<&'a [u8]> {
        if at >= self.buffers() {
            return None;
        }
        // SAFETY: the contract: there are `n_buffers` pointers, and each is NULL or to as many bytes as the layout says, which live
        // as long as the array.
        unsafe {
            let start = (*self.0.buffers.add(at)).cast::<u8>();
            (!start.is_null()).then(|| std::slice::from_raw_parts(start, bytes))
        }
    }
}

/// A buffer to hand out.
pub(super) enum Buffer {
    Bytes(Vec<u8>),
    Short(Vec<i16>),
    Long(Vec<i64>),
    /// Zeros, for as many items as a batch has: their validity if all are null, their offsets if all are empty.
    Zeros,
    /// No item is null.
    None,
}

/// What all buffers of zeros share: eight bytes for each row of a batch, and for the end.
static ZEROS: [i64; BLOCK + 1] = [0; BLOCK + 1];

impl Buffer {
    fn pointer(&self) -> *const c_void {
        match self {
            Buffer::Bytes(items) => items.as_ptr().cast(),
            Buffer::Short(items) => items.as_ptr().cast(),
            Buffer::Long(items) => items.as_ptr().cast(),
            Buffer::Zeros => ZEROS.as_ptr().cast(),
            Buffer::None => null(),
        }
    }
}

/// A column to hand out: its buffers as the layout of its type asks.
pub(super) struct OutColumn {
    pub(super) buffers: Vec<Buffer>,
    pub(super) nulls: usize,
}

/// Rows to hand out.
pub(super) struct OutBatch {
    pub(super) rows: usize,
    pub(super) columns: Vec<OutColumn>,
}

/// A name and a format of the interface.
pub(super) type Field = (&'static CStr, &'static CStr);

/// Batches as a capsule of a stream. They are shared with it, not copied.
pub(super) fn stream<'py>(
    py: Python<'py>,
    fields: &'static [Field],
    batches: Arc<Vec<OutBatch>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let reading = Box::new(Reading { fields, batches, next: 0 });
    let stream = Stream(RawStream {
        get_schema: Some(out_schema),
        get_next: Some(out_next),
        get_last_error: Some(out_error),
        release: Some(out_release_stream),
        private_data: Box::into_raw(reading).cast(),
    });
    // Dropping the capsule drops the stream, which releases it unless somebody took it over.
    PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
}

/// What a stream of ours is at.
struct Reading {
    fields: &'static [Field],
    batches: Arc<Vec<OutBatch>>,
    next: usize,
}

/// What an array or schema of ours owns: the pointers that it shows, and what they point to.
struct Owned<T> {
    pointers: Vec<*const c_void>,
    children: Vec<*mut T>,
    _batches: Option<Arc<Vec<OutBatch>>>,
    _name: PhantomData<T>,
}

unsafe extern "C" fn out_schema(stream: *mut RawStream, out: *mut RawSchema) -> c_int {
    // SAFETY: made by `stream`, not released yet.
    let fields = unsafe { &*(*stream).private_data.cast::<Reading>() }.fields;
    let children = fields.iter().map(|(name, format)| {
        Box::into_raw(Box::new(RawSchema {
            format: format.as_ptr(),
            name: name.as_ptr(),
            // Nullable.
            flags: 2,
            release: Some(out_release_schema),
            ..RawSchema::EMPTY
        }))
    });
    let mut owned = Box::new(Owned {
        pointers: Vec::new(),
        children: children.collect(),
        _batches: None,
        _name: PhantomData,
    });
    let schema = RawSchema {
        format: c"+s".as_ptr(),
        name: c"".as_ptr(),
        n_children: owned.children.len() as i64,
        children: owned.children.as_mut_ptr(),
        release: Some(out_release_schema),
        private_data: Box::into_raw(owned).cast(),
        ..RawSchema::EMPTY
    };
    // SAFETY: the caller gives a place to write to.
    unsafe { out.write(schema) };
    0
}

unsafe extern "C" fn out_next(stream: *mut RawStream, out: *mut RawArray) -> c_int {
    // SAFETY: made by `stream`, not released yet, and used by one thread at a time.
    let reading = unsafe { &mut *(*stream).private_data.cast::<Reading>() };
    let array = match reading.batches.get(reading.next) {
        None => RawArray::EMPTY,
        Some(batch) => {
            reading.next += 1;
            let child = |column: &OutColumn| {
                let pointers = column.buffers.iter().map(Buffer::pointer).collect();
                let nulls = column.nulls as i64;
                Box::into_raw(Box::new(out_array(reading, batch, pointers, Vec::new(), nulls)))
            };
            let children = batch.columns.iter().map(child).collect();
            out_array(reading, batch, vec![null()], children, 0)
        }
    };
    // SAFETY: the caller gives a place to write to.
    unsafe { out.write(array) };
    0
}

fn out_array(
    reading: &Reading,
    batch: &OutBatch,
    pointers: Vec<*const c_void>,
    children: Vec<*mut RawArray>,
    null_count: i64,
) -> RawArray {
    let batches = Some(reading.batches.clone());
    let mut owned = Box::new(Owned { pointers, children, _batches: batches, _name: PhantomData });
    RawArray {
        length: batch.rows as i64,
        null_count,
        n_buffers: owned.pointers.len() as i64,
        buffers: owned.pointers.as_ptr(),
        n_children: owned.children.len() as i64,
        children: owned.children.as_mut_ptr(),
        release: Some(out_release_array),
        private_data: Box::into_raw(owned).cast(),
        ..RawArray::EMPTY
    }
}

unsafe extern "C" fn out_error(_: *mut RawStream) -> *const c_char {
    // Ours do not fail.
    null()
}

unsafe extern "C" fn out_release_stream(stream: *mut RawStream) {
    // SAFETY: made by `stream`; called once, for it empties itself.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<Reading>()));
        (*stream).release = None;
    }
}

/// A release callback: of the children that nobody took over, of what is owned, and of the struct itself.
macro_rules! out_release {
    ($name:ident, $raw:ident, $owned:ident) => {
        unsafe extern "C" fn $name(released: *mut $raw) {
            // SAFETY: made in this file, called once, for it empties itself; children are boxes made beside it.
            unsafe {
                let private_data = (*released).private_data.cast::<Owned<$raw>>();
                if !private_data.is_null() {
                    for child in &Box::from_raw(private_data).children {
                        drop($owned(*Box::from_raw(*child)));
                    }
                }
                (*released).release = None;
            }
        }
    };
}
out_release!(out_release_schema, RawSchema, Schema);
out_release!(out_release_array, RawArray, Array);
