//! The C library of abatis. Its documentation is `include/abatis.h`, made from the comments here; its guide is
//! `docs/guide/c.md`.
//!
//! ```text
//! abatis_policy ── new ──► abatis_engine ── session, inspect ──► abatis_verdict ──► abatis_finding
//!   what files say          immutable, counted   with abatis_scratch    owned, read by getters
//!                               │ ▲
//!                          swap ▼ │ load
//!                           abatis_handle       reload while others inspect
//! ```
//!
//! One opaque type a file. What all share stands in
//!
//! - `boundary`: the only place that makes references out of pointers, and the guard that each function runs under;
//! - `status`, `choice`, `text`, `options`: numbers and structs that C sees;
//! - `error`: what a failed call tells beside its status.
//!
//! A function reads like this, always: claim the places for results (which sets them), then under the guard turn pointers into
//! references, do the work, put the results.
#![allow(
    clippy::missing_safety_doc,
    reason = "readers of these comments write C: the head of the header says what holds for every pointer"
)]
#![allow(non_camel_case_types, reason = "these are the names of the C types")]
#![allow(
    unreachable_pub,
    reason = "what is public is the header, found by cbindgen in private modules"
)]

mod boundary;
mod choice;
mod engine;
mod error;
mod finding;
mod handle;
#[cfg(feature = "test-panic")]
mod inject;
mod log;
mod options;
mod policy;
mod scratch;
mod session;
mod sink;
mod status;
mod text;
mod value;
mod verdict;

pub use choice::*;
pub use engine::*;
pub use error::*;
pub use finding::*;
pub use handle::*;
#[cfg(feature = "test-panic")]
pub use inject::*;
pub use log::*;
pub use options::*;
pub use policy::*;
pub use scratch::*;
pub use session::*;
pub use sink::*;
pub use status::*;
pub use text::*;
pub use value::*;
pub use verdict::*;

/// The number that counts breaks of the ABI, which is also in the library's name (`libabatis.so.0`). Compare it with the result of
/// `abatis_abi_version()` if the library is loaded at run time.
pub const ABATIS_ABI_VERSION: u32 = 0;

/// The `ABATIS_ABI_VERSION` that this library was built with. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn abatis_abi_version() -> u32 {
    ABATIS_ABI_VERSION
}

/// The version of this library, such as `0.1.0`. Static. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn abatis_version() -> abatis_str {
    abatis_str::new(env!("CARGO_PKG_VERSION"))
}
