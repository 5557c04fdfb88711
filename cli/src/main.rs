//! The `abatis` command.

fn main() {}
