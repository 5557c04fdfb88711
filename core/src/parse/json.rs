//! Parsing: json.
