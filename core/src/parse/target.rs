//! Parsing: target.
