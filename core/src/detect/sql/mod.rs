//! The SQL detector: does a value, put where an application puts it, continue an SQL statement?
//!
//! ```text
//! bytes ─ lex ─► raw tokens ─ fold ─► folded tokens ─ segment scorer ─► Evidence
//! ```
//!
//! SQL here is the union of the dialects (`MySQL`, `PostgreSQL`, SQL Server, Oracle, `SQLite` and their kin), because an
//! engine in front of an application seldom knows the database behind it. Where the dialects *contradict* each other, a
//! union would be a hole: what one reads as a comment, another executes. Those points (`#`, `--x`, `\'`, `/*!`) are read
//! both ways, as two families of start contexts: see [`lex::Family`].
//!
//! Two ideas carry the detector:
//!
//! - **Anchoring.** A value is code only if the statement around it can still be parsed. So [`fold`] follows just enough
//!   of the grammar to know when no dialect can go on (three operands in a row, a number right after a closed string):
//!   from there on nothing can execute and nothing counts. Prose ends after three or four tokens, and an attacker
//!   cannot buy this discount with padding, since padding breaks the statement too.
//! - **Normal form.** Unary signs, negations, grouping parentheses and comments between words vanish, calls swallow their
//!   parentheses, a comparison of two constants becomes one token. What is left looks alike however it was dressed up.

#![allow(
    clippy::enum_glob_use,
    clippy::match_same_arms,
    reason = "tokens are the alphabet of these files; arms follow the grammar, not their bodies"
)]

mod fold;
mod judge;
mod lex;
mod literal;
mod words;

pub(crate) use judge::Sql;
pub(crate) use literal::closing;

/// What kind of word of the language a word is, as a token's name; none if it is a name or a type.
pub(crate) fn keyword(word: &[u8]) -> Option<&'static str> {
    let word = words::lookup(word);
    let is_keyword = !word.is_name() && word.plain != SqlToken::TYPE;
    SqlToken::NAMES.get(word.plain as usize).copied().filter(|_| is_keyword)
}

tokens! {
    /// Folded tokens of SQL.
    SqlToken {
        /// The quote that closes the string around the value.
        CLOSE,
        /// The same between two letters, as in a name.
        APOS,
        /// The same with a backquote, which prose uses for code.
        TICK,
        /// A string that opens and never closes: the application's own quote would close it.
        OPEN,
        /// The same, but with another quote than the application's, or going on like a sentence, after a blank.
        TAIL,
        /// String literal.
        STR,
        /// Number.
        NUM,
        /// Hexadecimal literal.
        HEX,
        /// `null`, `true`, `false`.
        LIT,
        /// Variable or placeholder: `@x`, `:x`.
        VAR,
        /// Identifier that means nothing to us.
        NAME,
        /// A word of English that is no word of SQL: the, you, which.
        WORD,
        /// A table, view, variable or procedure of the database system itself, named.
        SYSTEM,
        /// Known function, called.
        FUNC,
        /// Function or procedure with effects outside the query, or known for leaking through errors, called.
        RISKY,
        /// Function that waits or burns time, called.
        DELAY,
        /// Unknown function, called.
        CALL,
        /// `select`.
        SELECT,
        /// `union`, `intersect`, `except`, `minus`.
        UNION,
        /// `all`, `distinct`, `top` and other modifiers of a select.
        ALL,
        /// `from`, `join`.
        FROM,
        /// `where`.
        WHERE,
        /// `into`, `procedure`: where a result goes.
        INTO,
        /// `outfile`, `dumpfile`, `infile`.
        FILE,
        /// `order`, `group`.
        ORDER,
        /// `by`.
        BY,
        /// `having`.
        HAVING,
        /// `limit`, `offset` and other tail clauses.
        LIMIT,
        /// `insert`, `update`, `delete`, `replace`, `merge`.
        DML,
        /// `values`.
        VALUES,
        /// `set`.
        SET,
        /// `drop`, `create`, `alter`, `truncate`, `grant`.
        DDL,
        /// What those act on: `table`, `database`, `column`.
        OBJECT,
        /// `exec`, `execute`, `shutdown`.
        EXEC,
        /// `declare`, `prepare`.
        DECLARE,
        /// `begin`, `call`, `print` and other words of procedures and consoles.
        ROUTINE,
        /// `waitfor`.
        WAITFOR,
        /// `case`, `if`.
        CASE,
        /// `when`, `then`, `else`, `end`.
        WHEN,
        /// `and`, `or`, `xor`.
        LOGIC,
        /// `||` and `&&`.
        DOUBLE,
        /// Comparison by symbol.
        CMP,
        /// Comparison by word: `like`, `rlike`, `regexp`, `between`.
        LIKE,
        /// `in`, `exists`, `any`, `some`.
        IN,
        /// `is`, `isnull`.
        IS,
        /// `as`.
        AS,
        /// `+` or `-` between operands.
        SIGN,
        /// Other arithmetic and bit operators.
        ARITH,
        /// `*` in place of an operand.
        STAR,
        /// `::`, `:=`, `->`, `=>`, `@>`.
        OP,
        /// Type name.
        TYPE,
        /// `(` that is neither grouping nor a call's.
        LP,
        /// `)` that closes more than was opened here, or `*/` likewise.
        RPX,
        /// `,`
        COMMA,
        /// `;`
        SEMI,
        /// `.` that joins no names.
        DOT,
        /// Any other byte.
        ODD,
        /// A comment in place of a blank; behind [`CUT`] and [`HASH`]: that comment says nothing.
        GLUE,
        /// A conditional comment, `/*!`.
        COND,
        /// `--`, or `/*` at the end of the value, that hides the rest of the statement.
        CUT,
        /// `#`, or `--` or `/*` right before text, that does so in some dialects only.
        HASH,
        /// A constant compared with itself: `1=1`.
        TAUT,
        /// A constant compared with another: `1=2`.
        CONST,
        /// `1.e`: a number that hides where a word begins.
        SCI,
    }
}
