//! The script detector.
