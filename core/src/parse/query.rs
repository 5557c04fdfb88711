//! Parsing: query.
