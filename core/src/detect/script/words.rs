//! The words of JavaScript that matter, and the token each becomes.
//!
//! JavaScript minds letter case; the table does not, since templates and proxies upper- or lower-case values on their
//! way. Words are as in ECMA-262 and the HTML and DOM standards, old ones where engines still know them.

use crate::words::Table;

tokens! {
    /// What the lexer says. Everything between is folded away.
    ScriptToken {
        // How the value left what surrounds it; the first token of its context.
        CLOSE_STRING, CLOSE_COMMENT, HOLE,
        // Operands.
        WORD, MEMBER, NUMBER, STRING, TEMPLATE, REGEX,
        /// A string that spells a known name, `['constructor']`, an element of script, or a script URL.
        NAME_STRING,
        /// A string that is a URL of another host.
        REMOTE_STRING,
        /// A name written with escapes: `\u0061lert`.
        ESCAPED,
        // Names by what they reach.
        /// Shows that script runs: `alert`.
        ALERT,
        /// Runs text as code: `eval`, `Function`.
        EVAL,
        /// Runs text or a function later: `setTimeout`.
        TIMER,
        /// Writes into the page: `write`, `innerHTML`.
        WRITE,
        /// The page and its window.
        DOM,
        /// Windows by names that are ordinary elsewhere: `self`, `top`.
        SELF,
        LOCATION,
        /// What is worth stealing or showing: `cookie`, `domain`, `localStorage`.
        SECRET,
        /// Ways from any value to code: `constructor`, `prototype`.
        REFLECT,
        /// Makes text out of numbers or codes: `fromCharCode`, `atob`.
        CODEC,
        /// Sends or loads: `fetch`, `import`, `.src`.
        NET,
        /// Methods that carry code or elements along: `map`, `replace`, `appendChild`.
        METHOD,
        // Keywords.
        VAR, FUNCTION, NEW, THROW, CONTROL, KEYWORD,
        // Calls.
        /// `name(`.
        CALL,
        /// `value[key](`.
        MEMBER_CALL,
        /// name`…`.
        TAGGED,
        // Punctuation.
        PAREN, CLOSE,
        /// A closing bracket of what surrounds the value: `');`.
        OUT,
        INDEX, ARRAY, UNINDEX, BRACE, UNBRACE, DOT, COMMA, SEMI, NEWLINE, COLON, QUESTION, ARROW,
        ASSIGN, PLUS, OP, UNARY,
        // The rest.
        LINE_COMMENT, BLOCK_COMMENT,
        /// `javascript:` where a statement may begin, which is both a label and a URL scheme.
        SCHEME,
    }
}

/// What a word is to the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A name, of this interest.
    Name(ScriptToken),
    /// A name of interest only behind a dot: `x.write`.
    Member(ScriptToken),
    /// An operator between operands: `in`.
    Infix,
    /// Begins an operand: `typeof`, `new`.
    Prefix(ScriptToken),
    /// Begins or ends a statement and needs no operand: `return`, `break`.
    Statement,
    /// Takes a bracket that is no call: `if (`.
    Control,
    /// The scheme of a script URL.
    Scheme,
}

/// Looks a word up; any letter case. O(1), no allocation.
pub(super) fn lookup(word: &[u8]) -> Option<Word> {
    TABLE.get(word)
}

use ScriptToken as T;
use Word::{Control, Infix, Member, Name, Prefix, Scheme, Statement};

/// In lower case.
const WORDS: &[(Word, &str)] = &[
    (Name(T::EVAL), "$eval eval execscript onerror"),
    (Name(T::REFLECT), "__definegetter__ __definesetter__ __proto__ constructor prototype reflect"),
    (Name(T::NET), "activexobject fetch import importscripts websocket xmlhttprequest"),
    (Name(T::ALERT), "alert confirm msgbox prompt"),
    (
        Member(T::METHOD),
        "appendchild apply assign at attributes bind call concat createelement every execcommand filter find \
         findindex foreach from getelementbyid getelementsbytagname join map reduce replace reverse search \
         setattribute slice some sort source split substr then tostring trigger valueof",
    ),
    (Prefix(T::KEYWORD), "async await case delete export typeof void yield"),
    (
        Name(T::CODEC),
        "atob btoa decodeuri decodeuricomponent escape fromcharcode fromcodepoint unescape",
    ),
    (Member(T::DOM), "body documentelement"),
    (Statement, "break continue debugger return"),
    (Control, "catch for if switch while with"),
    (Prefix(T::FUNCTION), "class function"),
    (Prefix(T::VAR), "const let var"),
    (Name(T::DOM), "contentdocument contentwindow document globalthis window"),
    (Member(T::SECRET), "cookie domain hash"),
    (Member(T::WRITE), "createcontextualfragment insertadjacenthtml write writeln"),
    (Name(T::SELF), "defaultview frames jquery navigator origin parent self top"),
    (Member(T::REFLECT), "defineproperties defineproperty"),
    (Prefix(T::CONTROL), "do else finally try"),
    (Infix, "extends in instanceof of"),
    (Member(T::LOCATION), "href navigate reload"),
    (Name(T::WRITE), "innerhtml outerhtml"),
    (Scheme, "javascript jscript livescript mocha vbscript"),
    (Name(T::SECRET), "localstorage sessionstorage"),
    (Name(T::LOCATION), "location"),
    (Prefix(T::NEW), "new"),
    (Member(T::NET), "open sendbeacon src"),
    (Member(T::SELF), "opener parentnode"),
    (Name(T::TIMER), "setimmediate setinterval settimeout"),
    (Prefix(T::THROW), "throw"),
];

static TABLE: Table<Word, 512> = Table::new(WORDS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_a_set() {
        assert!(ScriptToken::NAMES.len() <= 64);
    }

    #[test]
    fn any_letter_case_is_found_and_nothing_longer() {
        assert_eq!(lookup(b"fromCharCode"), Some(Name(T::CODEC)));
        assert_eq!(lookup(b"ALERT"), Some(Name(T::ALERT)));
        assert_eq!(lookup(b"alerts"), None);
        assert_eq!(lookup(b"a"), None);
    }
}
