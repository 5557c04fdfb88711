//! Parsing: header.
