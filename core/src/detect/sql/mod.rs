//! The sql detector.
