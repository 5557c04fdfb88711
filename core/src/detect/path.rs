//! Path traversal and local file inclusion.
