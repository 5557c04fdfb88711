//! Compiling: check.
