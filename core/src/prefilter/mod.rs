//! What can possibly fire on a value: one scan for [`literals`], behind the byte [`Classes`](crate::classes::Classes).

mod automaton;
mod buckets;
pub(crate) mod literals;
mod samples;
mod windows;
