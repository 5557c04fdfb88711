//! What can possibly fire on a value: the byte [`gate`], then one scan for [`literals`].

mod automaton;
pub(crate) mod gate;
pub(crate) mod literals;
mod windows;
