//! `cargo xtask header`: include/abatis.h, as cbindgen makes it of ffi-c/src.
//!
//! That the committed one is that is a test of the library (`ffi-c/tests/header.rs`), which also writes it.

use crate::Failure;
use crate::run::{cargo, execute};

pub(crate) fn run() -> Result<(), Failure> {
    let mut command = cargo("test --quiet --package abatis-ffi --test header");
    execute(command.env("ABATIS_WRITE_HEADER", "1"))
}
