//! The html detector: markup that can run script, in the places of a page a value may stand in.
//!
//! The bytes are read as a browser's tokenizer reads them (WHATWG HTML, section 13.2.5), from the middle of a page: in
//! text, inside an attribute's quotes, between attributes, inside a comment or an element of raw text, or as a whole URL.
//! Where old and new browsers differ (controls in names, `<` between attributes), both readings count. What elements and
//! attributes *can do* decides, not their names: every attribute that could be an event handler is one.

mod attribute;
mod fold;
mod judge;
mod lex;
mod style;
mod url;
mod words;

pub(crate) use judge::Html;
