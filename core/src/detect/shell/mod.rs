//! The shell detector.
