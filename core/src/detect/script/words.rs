//! The words of JavaScript that matter, and the token each becomes.
//!
//! JavaScript minds letter case; the table does not, since templates and proxies upper- or lower-case values on their
//! way. Words are as in ECMA-262 and the HTML and DOM standards, old ones where engines still know them.

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

/// Looks a word up; any letter case. O(log words), no allocation.
pub(super) fn lookup(word: &[u8]) -> Option<Word> {
    if word.len() < 2 || word.len() > LONGEST {
        return None;
    }
    let found = WORDS
        .binary_search_by(|(known, _)| known.bytes().cmp(word.iter().map(u8::to_ascii_lowercase)));
    found.ok().and_then(|at| WORDS.get(at)).map(|&(_, word)| word)
}

const LONGEST: usize = 24;

use ScriptToken as T;
use Word::{Control, Infix, Member, Name, Prefix, Scheme, Statement};

/// Sorted; lower case.
const WORDS: &[(&str, Word)] = &[
    ("$eval", Name(T::EVAL)),
    ("__definegetter__", Name(T::REFLECT)),
    ("__definesetter__", Name(T::REFLECT)),
    ("__proto__", Name(T::REFLECT)),
    ("activexobject", Name(T::NET)),
    ("alert", Name(T::ALERT)),
    ("appendchild", Member(T::METHOD)),
    ("apply", Member(T::METHOD)),
    ("assign", Member(T::METHOD)),
    ("async", Prefix(T::KEYWORD)),
    ("at", Member(T::METHOD)),
    ("atob", Name(T::CODEC)),
    ("attributes", Member(T::METHOD)),
    ("await", Prefix(T::KEYWORD)),
    ("bind", Member(T::METHOD)),
    ("body", Member(T::DOM)),
    ("break", Statement),
    ("btoa", Name(T::CODEC)),
    ("call", Member(T::METHOD)),
    ("case", Prefix(T::KEYWORD)),
    ("catch", Control),
    ("class", Prefix(T::FUNCTION)),
    ("concat", Member(T::METHOD)),
    ("confirm", Name(T::ALERT)),
    ("const", Prefix(T::VAR)),
    ("constructor", Name(T::REFLECT)),
    ("contentdocument", Name(T::DOM)),
    ("contentwindow", Name(T::DOM)),
    ("continue", Statement),
    ("cookie", Member(T::SECRET)),
    ("createcontextualfragment", Member(T::WRITE)),
    ("createelement", Member(T::METHOD)),
    ("debugger", Statement),
    ("decodeuri", Name(T::CODEC)),
    ("decodeuricomponent", Name(T::CODEC)),
    ("defaultview", Name(T::SELF)),
    ("defineproperties", Member(T::REFLECT)),
    ("defineproperty", Member(T::REFLECT)),
    ("delete", Prefix(T::KEYWORD)),
    ("do", Prefix(T::CONTROL)),
    ("document", Name(T::DOM)),
    ("documentelement", Member(T::DOM)),
    ("domain", Member(T::SECRET)),
    ("else", Prefix(T::CONTROL)),
    ("escape", Name(T::CODEC)),
    ("eval", Name(T::EVAL)),
    ("every", Member(T::METHOD)),
    ("execcommand", Member(T::METHOD)),
    ("execscript", Name(T::EVAL)),
    ("export", Prefix(T::KEYWORD)),
    ("extends", Infix),
    ("fetch", Name(T::NET)),
    ("filter", Member(T::METHOD)),
    ("finally", Prefix(T::CONTROL)),
    ("find", Member(T::METHOD)),
    ("findindex", Member(T::METHOD)),
    ("for", Control),
    ("foreach", Member(T::METHOD)),
    ("frames", Name(T::SELF)),
    ("from", Member(T::METHOD)),
    ("fromcharcode", Name(T::CODEC)),
    ("fromcodepoint", Name(T::CODEC)),
    ("function", Prefix(T::FUNCTION)),
    ("getelementbyid", Member(T::METHOD)),
    ("getelementsbytagname", Member(T::METHOD)),
    ("globalthis", Name(T::DOM)),
    ("hash", Member(T::SECRET)),
    ("href", Member(T::LOCATION)),
    ("if", Control),
    ("import", Name(T::NET)),
    ("importscripts", Name(T::NET)),
    ("in", Infix),
    ("innerhtml", Name(T::WRITE)),
    ("insertadjacenthtml", Member(T::WRITE)),
    ("instanceof", Infix),
    ("javascript", Scheme),
    ("join", Member(T::METHOD)),
    ("jquery", Name(T::SELF)),
    ("jscript", Scheme),
    ("let", Prefix(T::VAR)),
    ("livescript", Scheme),
    ("localstorage", Name(T::SECRET)),
    ("location", Name(T::LOCATION)),
    ("map", Member(T::METHOD)),
    ("mocha", Scheme),
    ("msgbox", Name(T::ALERT)),
    ("navigate", Member(T::LOCATION)),
    ("navigator", Name(T::SELF)),
    ("new", Prefix(T::NEW)),
    ("of", Infix),
    ("onerror", Name(T::EVAL)),
    ("open", Member(T::NET)),
    ("opener", Member(T::SELF)),
    ("origin", Name(T::SELF)),
    ("outerhtml", Name(T::WRITE)),
    ("parent", Name(T::SELF)),
    ("parentnode", Member(T::SELF)),
    ("prompt", Name(T::ALERT)),
    ("prototype", Name(T::REFLECT)),
    ("reduce", Member(T::METHOD)),
    ("reflect", Name(T::REFLECT)),
    ("reload", Member(T::LOCATION)),
    ("replace", Member(T::METHOD)),
    ("return", Statement),
    ("reverse", Member(T::METHOD)),
    ("search", Member(T::METHOD)),
    ("self", Name(T::SELF)),
    ("sendbeacon", Member(T::NET)),
    ("sessionstorage", Name(T::SECRET)),
    ("setattribute", Member(T::METHOD)),
    ("setimmediate", Name(T::TIMER)),
    ("setinterval", Name(T::TIMER)),
    ("settimeout", Name(T::TIMER)),
    ("slice", Member(T::METHOD)),
    ("some", Member(T::METHOD)),
    ("sort", Member(T::METHOD)),
    ("source", Member(T::METHOD)),
    ("split", Member(T::METHOD)),
    ("src", Member(T::NET)),
    ("substr", Member(T::METHOD)),
    ("switch", Control),
    ("then", Member(T::METHOD)),
    ("throw", Prefix(T::THROW)),
    ("top", Name(T::SELF)),
    ("tostring", Member(T::METHOD)),
    ("trigger", Member(T::METHOD)),
    ("try", Prefix(T::CONTROL)),
    ("typeof", Prefix(T::KEYWORD)),
    ("unescape", Name(T::CODEC)),
    ("valueof", Member(T::METHOD)),
    ("var", Prefix(T::VAR)),
    ("vbscript", Scheme),
    ("void", Prefix(T::KEYWORD)),
    ("websocket", Name(T::NET)),
    ("while", Control),
    ("window", Name(T::DOM)),
    ("with", Control),
    ("write", Member(T::WRITE)),
    ("writeln", Member(T::WRITE)),
    ("xmlhttprequest", Name(T::NET)),
    ("yield", Prefix(T::KEYWORD)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_within_its_bounds() {
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(WORDS.iter().all(|(word, _)| (2..=LONGEST).contains(&word.len())));
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
