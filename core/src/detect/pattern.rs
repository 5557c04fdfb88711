//! Literal and regex rules.
