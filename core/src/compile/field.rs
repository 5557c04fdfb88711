//! Compiling: field.
