//! The code detector: PHP, Java, Python, Ruby, Perl, JavaScript and their kin, where a server would run it (class `rce-code`).
//!
//! The languages differ in their statements and agree in what an attack cannot do without: something is called, and what it is
//! called with. So one lexer reads call expressions as all of them write them. It follows members (`.`, `->`, `::`), knows what a
//! name reaches and what a string says, puts strings together that only hide a name, and notices where two operands stand side by
//! side, as in prose and in no program.
//!
//! ```text
//! "'.shell_exec('id').'"          CLOSE_STRING CONCAT PROCESS CALL COMMAND_STRING CLOSE CONCAT
//! "$f='sys'.'tem';$f('id')"       START VAR ASSIGN STRING CONCAT NAME_STRING SEMI VAR DYNAMIC COMMAND_STRING CLOSE
//! "use system() to do so"         START WORD PROSE SYSTEM MENTION PROSE
//! ```
//!
//! The [`template`](super::template) detector reads what stands in the delimiters of templates with the same lexer.

mod calls;
mod fold;
mod judge;
pub(crate) mod lex;
mod marks;
mod text;
pub(crate) mod words;

pub(crate) use fold::Fold;
pub(crate) use judge::Code;
pub(crate) use lex::{Lexer, Stop};
pub(crate) use words::CodeToken;
