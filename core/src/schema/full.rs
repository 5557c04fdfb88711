//! The full validator.
