//! Parsing: cookie.
