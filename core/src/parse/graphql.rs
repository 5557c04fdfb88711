//! Executable documents of GraphQL (October 2021 specification, 2): operations and fragments, as events with ranges.
//!
//! A document is a language of its own, in which `{`, `(` and `$` are ordinary, and the values that reach a resolver stand in its
//! strings. The grammar is checked as far as it says which bytes are strings: what passes holds names, numbers, punctuation, comments and
//! strings, and nothing else. One pass, no recursion.

use std::ops::Range;

/// What a document holds that may come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GraphqlEvent<'a> {
    /// A field, whose arguments and selections follow until [`GraphqlEvent::Leave`].
    Field(&'a [u8]),
    /// A key of arguments or of an input object, with what it holds, until [`GraphqlEvent::Leave`].
    Key(&'a [u8]),
    /// The end of the last field or key.
    Leave,
    /// The inside of a string; `escaped` if it holds a backslash that escapes.
    String { text: &'a [u8], escaped: bool },
    /// A comment, past its `#`.
    Comment(&'a [u8]),
}

/// How much a document asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GraphqlSize {
    /// Deepest nesting of selections.
    pub(crate) depth: usize,
    /// Fields under another name.
    pub(crate) aliases: usize,
    /// Operations.
    pub(crate) operations: usize,
}

/// Whether a text may be a document: it begins as one, and not as JSON does.
pub(crate) fn may_be_document(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    if let [b'{', inside @ ..] = start {
        let first = inside.trim_ascii_start().first();
        return first.is_some_and(|&byte| byte.is_ascii_alphabetic() || b"_.#".contains(&byte));
    }
    let word = start.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = start.get(..word).unwrap_or_default();
    matches!(word, b"query" | b"mutation" | b"subscription" | b"fragment")
        || start.starts_with(b"#")
}

/// Reads a document, in which brackets nest at most `most` deep; `None` if it is none, though it may have begun as one.
pub(crate) fn read<'a>(
    bytes: &'a [u8],
    most: usize,
    mut each: impl FnMut(GraphqlEvent<'a>, Range<usize>),
) -> Option<GraphqlSize> {
    let mut reader =
        Reader { tokens: Tokens { bytes, at: 0 }, open: Vec::new(), size: GraphqlSize::default() };
    let mut ended = true;
    let mut state = State::Top;
    while let Some((token, range)) = reader.tokens.next() {
        if let Token::Comment = token {
            each(GraphqlEvent::Comment(cut(bytes, &range)), range);
            continue;
        }
        state = reader.take(state, token, range, &mut each)?;
        ended = reader.open.is_empty();
        if reader.open.len() > most {
            return None;
        }
    }
    let whole = reader.tokens.at == bytes.len() && ended && state == State::Top;
    (whole && reader.size.depth > 0).then_some(reader.size)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Mark(u8),
    Spread,
    Name,
    Number,
    String {
        escaped: bool,
    },
    Comment,
}

/// What may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A definition.
    Top,
    /// The rest of a definition, before its selections.
    Head,
    /// The first selection.
    Selection,
    /// After a name, which is a field's, or its alias.
    Name,
    /// After an alias and its colon.
    Aliased,
    /// After a field, its arguments, a directive or its selections.
    Field,
    /// After `...`.
    Spread,
    /// After `@`, back to this.
    Directive { top: bool },
    /// A key of arguments or of an object, or its end.
    Key,
    /// After a key.
    Colon,
    /// A value.
    Value,
    /// After `$` in a value.
    Variable,
    /// In a list, or in definitions of variables.
    Items,
}

/// What a bracket opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Selections, and whether a field is open among them.
    Selections {
        field: bool,
    },
    /// Arguments, of a directive before the selections if `top`.
    Arguments {
        top: bool,
    },
    Object,
    List,
    /// Definitions of variables.
    Variables,
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    open: Vec<Open>,
    size: GraphqlSize,
}

impl<'a> Reader<'a> {
    fn take(
        &mut self,
        state: State,
        token: Token,
        range: Range<usize>,
        each: &mut impl FnMut(GraphqlEvent<'a>, Range<usize>),
    ) -> Option<State> {
        let text = cut(self.tokens.bytes, &range);
        let next = match (state, token) {
            (State::Top, Token::Name) => {
                let is_operation = matches!(text, b"query" | b"mutation" | b"subscription");
                self.size.operations += usize::from(is_operation);
                (is_operation || text == b"fragment").then_some(State::Head)?
            }
            (State::Top, Token::Mark(b'{')) => {
                self.size.operations += 1;
                self.selections()
            }
            // Arguments of its directives read as definitions of variables, as far as they go.
            (State::Head | State::Directive { top: true }, Token::Name) => State::Head,
            (State::Head, Token::Mark(b'(')) => {
                self.open.push(Open::Variables);
                State::Items
            }
            (State::Head, Token::Mark(b'@')) => State::Directive { top: true },

            (State::Selection | State::Name | State::Field, Token::Name) => {
                self.leave(each, &range);
                each(GraphqlEvent::Field(text), range);
                self.field(true);
                State::Name
            }
            (State::Name, Token::Mark(b':')) => {
                self.size.aliases += 1;
                State::Aliased
            }
            (State::Aliased, Token::Name) => {
                self.leave(each, &range);
                each(GraphqlEvent::Field(text), range);
                self.field(true);
                State::Field
            }
            (State::Selection | State::Name | State::Field, Token::Spread) => {
                self.leave(each, &range);
                State::Spread
            }
            // `...Name`, `... on Type`
            (State::Spread, Token::Name) if text == b"on" => State::Spread,
            (State::Name | State::Field | State::Spread, Token::Mark(b'@')) => {
                State::Directive { top: false }
            }
            (State::Spread | State::Directive { top: false }, Token::Name) => State::Field,
            (State::Name | State::Field, Token::Mark(b'(')) => {
                self.open.push(Open::Arguments { top: false });
                State::Key
            }
            (State::Head | State::Name | State::Field | State::Spread, Token::Mark(b'{')) => {
                self.selections()
            }
            (State::Name | State::Field, Token::Mark(b'}')) => {
                self.leave(each, &range);
                self.close(each, &range)?
            }

            (State::Key, Token::Name) => {
                each(GraphqlEvent::Key(text), range);
                State::Colon
            }
            (State::Colon, Token::Mark(b':')) => State::Value,
            (State::Key, Token::Mark(mark @ (b')' | b'}'))) => {
                let fits = match self.open.last()? {
                    Open::Arguments { .. } => mark == b')',
                    Open::Object => mark == b'}',
                    _ => false,
                };
                if !fits {
                    return None;
                }
                self.close(each, &range)?
            }

            (State::Items, Token::Mark(mark @ (b')' | b']'))) => {
                let fits = match self.open.last()? {
                    Open::Variables => mark == b')',
                    Open::List => mark == b']',
                    _ => false,
                };
                if !fits {
                    return None;
                }
                self.close(each, &range)?
            }
            (State::Items, Token::Mark(b'!')) => State::Items,
            (State::Items, Token::Mark(b':' | b'=' | b'@'))
                if self.open.last() == Some(&Open::Variables) =>
            {
                State::Items
            }
            (State::Value | State::Items, Token::Mark(b'$')) => State::Variable,
            (State::Variable, Token::Name)
            | (State::Value | State::Items, Token::Name | Token::Number) => {
                self.value(each, &range)
            }
            (State::Value | State::Items, Token::String { escaped }) => {
                each(GraphqlEvent::String { text, escaped }, range.clone());
                self.value(each, &range)
            }
            (State::Value | State::Items, Token::Mark(b'[')) => {
                self.open.push(Open::List);
                State::Items
            }
            (State::Value | State::Items, Token::Mark(b'{')) => {
                self.open.push(Open::Object);
                State::Key
            }
            // Arguments of a directive among definitions of variables.
            (State::Items, Token::Mark(b'(')) if self.open.last() == Some(&Open::Variables) => {
                self.open.push(Open::Arguments { top: true });
                State::Key
            }
            _ => return None,
        };
        Some(next)
    }

    /// Opens selections.
    fn selections(&mut self) -> State {
        self.open.push(Open::Selections { field: false });
        let is_selections = |open: &&Open| matches!(open, Open::Selections { .. });
        self.size.depth = self.size.depth.max(self.open.iter().filter(is_selections).count());
        State::Selection
    }

    /// Says whether a field is open among the innermost selections.
    fn field(&mut self, is_open: bool) -> bool {
        match self.open.last_mut() {
            Some(Open::Selections { field }) => std::mem::replace(field, is_open),
            _ => false,
        }
    }

    /// Leaves the field before the next one, if there is one.
    fn leave(
        &mut self,
        each: &mut impl FnMut(GraphqlEvent<'a>, Range<usize>),
        range: &Range<usize>,
    ) {
        if self.field(false) {
            each(GraphqlEvent::Leave, range.clone());
        }
    }

    /// Closes the innermost bracket.
    fn close(
        &mut self,
        each: &mut impl FnMut(GraphqlEvent<'a>, Range<usize>),
        range: &Range<usize>,
    ) -> Option<State> {
        Some(match self.open.pop()? {
            Open::Selections { .. } if self.open.is_empty() => State::Top,
            Open::Selections { .. } | Open::Arguments { top: false } => State::Field,
            Open::Arguments { top: true } => State::Items,
            Open::Variables => State::Head,
            Open::Object | Open::List => self.value(each, range),
        })
    }

    /// A value has ended.
    fn value(
        &mut self,
        each: &mut impl FnMut(GraphqlEvent<'a>, Range<usize>),
        range: &Range<usize>,
    ) -> State {
        match self.open.last() {
            Some(Open::Arguments { .. } | Open::Object) => {
                each(GraphqlEvent::Leave, range.clone());
                State::Key
            }
            _ => State::Items,
        }
    }
}

/// Cuts a document into tokens. Stops before what is none.
struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    /// The next token, and where it stands; of a string and a comment, the inside.
    fn next(&mut self) -> Option<(Token, Range<usize>)> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',');
        let rest = self.bytes.get(self.at..)?;
        self.at += rest.iter().take_while(|byte| blank(byte)).count();
        let rest = self.bytes.get(self.at..)?;
        let start = self.at;
        let run = |is: fn(&u8) -> bool| rest.iter().take_while(|byte| is(byte)).count();
        let (token, inside, len) = match *rest.first()? {
            b'#' => {
                let len = run(|byte| !matches!(byte, b'\n' | b'\r'));
                (Token::Comment, 1..len, len)
            }
            b'"' if rest.starts_with(b"\"\"\"") => {
                let end = end_of_block(rest)?;
                (Token::String { escaped: false }, 3..end - 3, end)
            }
            b'"' => {
                let (end, escaped) = end_of_string(rest)?;
                (Token::String { escaped }, 1..end - 1, end)
            }
            b'.' if rest.starts_with(b"...") => (Token::Spread, 0..3, 3),
            b'-' | b'0'..=b'9' => {
                let is = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-');
                let len = run(is);
                number(rest.get(..len)?).then_some((Token::Number, 0..len, len))?
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let len = run(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
                (Token::Name, 0..len, len)
            }
            mark @ (b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{'
            | b'|' | b'}') => (Token::Mark(mark), 0..1, 1),
            _ => return None,
        };
        self.at += len;
        Some((token, start + inside.start..start + inside.end))
    }
}

/// Past the closing `"""` of a block string.
fn end_of_block(rest: &[u8]) -> Option<usize> {
    let mut at = 3;
    loop {
        at += memchr::memmem::find(rest.get(at..)?, b"\"\"\"")?;
        if rest.get(at - 1) != Some(&b'\\') {
            return Some(at + 3);
        }
        at += 3;
    }
}

/// Past the closing `"` of a string, and whether it holds escapes.
fn end_of_string(rest: &[u8]) -> Option<(usize, bool)> {
    let mut escaped = false;
    let mut at = 1;
    loop {
        at += memchr::memchr3(b'"', b'\\', b'\n', rest.get(at..)?)?;
        match rest.get(at)? {
            b'"' => return Some((at + 1, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => return None,
        }
    }
}

/// Whether it is a number: digits, with a fraction and an exponent.
fn number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let mut rest = text.get(whole..).unwrap_or_default();
    if let [b'.', fraction @ ..] = rest {
        let len = digits(fraction);
        if len == 0 {
            return false;
        }
        rest = fraction.get(len..).unwrap_or_default();
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent =
            exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return whole > 0 && !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    whole > 0 && rest.is_empty()
}

fn cut<'a>(bytes: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    bytes.get(range.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The strings, each with the way to it, if it is a document.
    fn strings(document: &str) -> Option<Vec<String>> {
        let mut way: Vec<String> = Vec::new();
        let mut found = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let size = read(document.as_bytes(), 32, |event, range| match event {
            GraphqlEvent::Field(name) | GraphqlEvent::Key(name) => way.push(text(name)),
            GraphqlEvent::Leave => assert!(way.pop().is_some(), "{document}"),
            GraphqlEvent::String { text: inside, .. } => {
                assert_eq!(document.as_bytes().get(range), Some(inside));
                found.push(format!("{}={}", way.join("."), text(inside)));
            }
            GraphqlEvent::Comment(inside) => found.push(format!("#{}", text(inside))),
        });
        size.map(|_| {
            assert!(way.is_empty(), "{document}: {way:?}");
            found
        })
    }

    #[test]
    fn strings_are_found_with_their_way() {
        for (document, expected) in [
            ("{ me }", &[][..]),
            ("query { user(id: \"7\") { name } }", &["user.id=7"]),
            (
                "query Q($a: [Int!]! = [1, 2] @d(x: \"y\"), $b: T = {k: \"v\"}) @c { a: user(id: $a, f: {g: [\"1\", \"2\"], h: E}) @skip(if: true) { ...F ... on User @x { a } ... { b } } }",
                &["x=y", "k=v", "user.f.g=1", "user.f.g=2"],
            ),
            (
                "mutation { add(text: \"\"\"a \"b\" \\\"\"\" c\"\"\") { id } other(n: -1.5e3) }",
                &["add.text=a \"b\" \\\"\"\" c"],
            ),
            ("fragment F on User { name } # it's\nquery { me { ...F } }", &["# it's"]),
            ("{ a(x: \"\\\"\\u0041\") }", &["a.x=\\\"\\u0041"]),
        ] {
            let expected = expected.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(strings(document), Some(expected), "{document}");
        }
    }

    #[test]
    fn what_is_no_document_is_told() {
        for text in [
            "",
            "{}",
            "{ a",
            "{ a }}",
            "{{7*7}}",
            "{system(\"id\")}",
            "{ a(b: ) }",
            "{ a(b) }",
            "query what is love",
            "{ a; b }",
            "{ a(b: \"x) }",
            "{ a(b: 1--1) }",
            "{ a(b: 1 or 1=1) }",
            "{ a(b: [1) }",
            "query ($a: Int) ",
            "{ a: }",
        ] {
            assert_eq!(strings(text), None, "{text}");
        }
    }

    #[test]
    fn the_size_is_counted() {
        let size = read(b"query { a: x { b: y { c } } } query { d }", 32, |_, _| {});
        assert_eq!(size, Some(GraphqlSize { depth: 3, aliases: 2, operations: 2 }));
        assert_eq!(read(b"{ a { b { c } } }", 2, |_, _| {}), None);
    }
}
