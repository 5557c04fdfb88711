//! One scan for every literal that a rule or a gate waits for.
