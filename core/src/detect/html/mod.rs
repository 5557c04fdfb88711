//! The html detector.
