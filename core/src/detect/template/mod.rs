//! The template detector: expressions in the delimiters of templates (class `ssti`).
//!
//! A placeholder names something, `{{name}}`, `${user.name}`; an attack computes: it calls, reckons, or walks from an object to its
//! class. What stands between the delimiters is read by the lexer of [`code`](super::code), whatever the engine; here they
//! are found, and what is weighed is what an expression does beyond naming.

mod delimiter;
mod judge;

pub(crate) use judge::Template;
