//! The script detector: JavaScript where a page or an application would run it.
//!
//! A value is read as the rest of a program in each of the places it may stand in: a statement of its own, or the
//! inside of a string, a template or a comment that it has to close first. What no JavaScript grammar continues is not
//! JavaScript, however many brackets it has: that is what keeps prose out, and no attacker can do without it.
//!
//! The `html` detector hands the content of event handlers and of script elements to the same [`lex`].

mod fold;
mod judge;
pub(crate) mod lex;
mod literal;
mod nest;
pub(crate) mod words;

pub(crate) use judge::Script;
pub(crate) use words::ScriptToken;
