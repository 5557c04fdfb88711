//! Compiling: route.
