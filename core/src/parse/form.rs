//! Parsing: form.
