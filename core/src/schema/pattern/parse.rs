//! The grammar of ECMA-262: a pattern's text to a tree.
//!
//! What the `u` flag allows is read as it says. What it refuses but the pattern would be valid without it (Annex B) is read as Annex B
//! says and remembered in [`Parsed::annex_b`], as far as the head of [`pattern`](super) lists it; the rest is an error.
//! Recursion is bounded by [`DEPTH_MAX`].

use regex_syntax::hir::ClassUnicode;

use super::PatternError;
use super::class;

/// Groups within groups.
const DEPTH_MAX: usize = 100;

/// A pattern as a tree. Captures are forgotten: nobody asks for them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Matches before and after every character.
    Empty,
    /// One character.
    Char(char),
    /// One character of a set, which may be empty.
    Class(ClassUnicode),
    /// `^`
    Start,
    /// `$`
    End,
    /// `\b`
    Boundary,
    /// `\B`
    NoBoundary,
    /// One after the other.
    Concat(Vec<Node>),
    /// One of them.
    Alternation(Vec<Node>),
    /// So many times. Whether lazily makes no difference to what is matched.
    Repeat { node: Box<Node>, min: u32, max: Option<u32> },
    /// `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`
    Look(Look),
    /// `\1`, `\k<name>`
    BackReference,
}

/// A look-around.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) ahead: bool,
    pub(super) negative: bool,
    pub(super) node: Box<Node>,
}

/// What came of a text.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    /// Where something stands that only Annex B allows, in characters.
    pub(super) annex_b: Option<usize>,
}

/// Reads a pattern. O(len), but for a table look-up for each property.
pub(super) fn parse(source: &str) -> Result<Parsed, PatternError> {
    let text: Vec<char> = source.chars().collect();
    let groups = count_groups(&text);
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        groups,
        names: Vec::new(),
        references: Vec::new(),
        annex_b: None,
    };
    let node = parser.disjunction()?;
    if parser.at < parser.text.len() {
        return Err(parser.error("`)` closes nothing"));
    }
    for (at, name) in &parser.references {
        if !parser.names.contains(name) {
            return Err(PatternError::syntax(*at, "no group has this name"));
        }
    }
    Ok(Parsed { node, annex_b: parser.annex_b })
}

/// How many groups capture: whether `\1` is a reference or an octal escape depends on groups that may come later.
fn count_groups(text: &[char]) -> u32 {
    let mut count = 0;
    let mut in_class = false;
    let mut at = 0;
    while let Some(&character) = text.get(at) {
        match character {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let named = matches!(rest, ['?', '<', next, ..] if !matches!(next, '=' | '!'));
                if rest.first() != Some(&'?') || named {
                    count += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    count
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
    groups: u32,
    names: Vec<String>,
    references: Vec<(usize, String)>,
    annex_b: Option<usize>,
}

/// A member of a class: one code point, which may begin or end a range, or a set.
enum Member {
    Point(u32),
    Set(ClassUnicode),
}

impl Parser {
    fn disjunction(&mut self) -> Result<Node, PatternError> {
        let first = self.alternative()?;
        if !self.eat('|') {
            return Ok(first);
        }
        let mut alternatives = vec![first, self.alternative()?];
        while self.eat('|') {
            alternatives.push(self.alternative()?);
        }
        Ok(Node::Alternation(alternatives))
    }

    fn alternative(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        while !matches!(self.peek(), None | Some('|' | ')')) {
            nodes.push(self.term()?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.swap_remove(0),
            _ => Node::Concat(nodes),
        })
    }

    fn term(&mut self) -> Result<Node, PatternError> {
        let start = self.at;
        let (node, quantifiable) = self.atom()?;
        let before = self.at;
        let Some((min, max)) = self.quantifier()? else { return Ok(node) };
        if !quantifiable {
            return Err(PatternError::syntax(before, "there is nothing to repeat"));
        }
        if matches!(self.text.get(start..start + 3), Some(['(', '?', '=' | '!'])) {
            self.lenient(start);
        }
        if let Node::Look(_) = node {
            // To look once is to look often.
            return Ok(if min == 0 { Node::Empty } else { node });
        }
        Ok(Node::Repeat { node: Box::new(node), min, max })
    }

    /// What can be repeated, mostly: whether it can be is told beside it.
    fn atom(&mut self) -> Result<(Node, bool), PatternError> {
        let at = self.at;
        let Some(character) = self.next() else { return Ok((Node::Empty, false)) };
        let node = match character {
            '^' => return Ok((Node::Start, false)),
            '$' => return Ok((Node::End, false)),
            '.' => Node::Class(class::dot()),
            '(' => return self.group(),
            '[' => Node::Class(self.class()?),
            '\\' => return self.escape(),
            '*' | '+' | '?' => {
                return Err(PatternError::syntax(at, "there is nothing to repeat"));
            }
            '{' | '}' | ']' => {
                self.at = at;
                if self.quantifier()?.is_some() {
                    return Err(PatternError::syntax(at, "there is nothing to repeat"));
                }
                self.at = at + 1;
                self.lenient(at);
                Node::Char(character)
            }
            _ => Node::Char(character),
        };
        Ok((node, true))
    }

    /// `*`, `+`, `?` or braces, and a `?` that makes it lazy. Nothing is eaten if there is none.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        let start = self.at;
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.braces(start),
            _ => return Ok(None),
        };
        self.at += 1;
        self.eat('?');
        Ok(Some(bounds))
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else is no quantifier.
    fn braces(&mut self, start: usize) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        self.at += 1;
        let min = self.number();
        let comma = self.eat(',');
        let max = if comma { self.number() } else { min };
        let (Some(min), true) = (min, self.eat('}')) else {
            self.at = start;
            return Ok(None);
        };
        if max.is_some_and(|max| max < min) {
            return Err(PatternError::syntax(start, "the least number is greater than the most"));
        }
        self.eat('?');
        // Larger numbers are too many in any case; see `translate`.
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Some((count(min), max.map(count))))
    }

    /// Decimal digits; the largest number if they say more.
    fn number(&mut self) -> Option<u64> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|digit| digit.to_digit(10)) {
            self.at += 1;
            let sum = number.unwrap_or(0_u64).saturating_mul(10).saturating_add(u64::from(digit));
            number = Some(sum);
        }
        number
    }

    /// Behind `(`.
    fn group(&mut self) -> Result<(Node, bool), PatternError> {
        let start = self.at - 1;
        let look = |ahead, negative| Some((ahead, negative));
        let mut kind = None;
        if self.eat('?') {
            match self.next() {
                Some(':') => {}
                Some('=') => kind = look(true, false),
                Some('!') => kind = look(true, true),
                Some('<') if self.eat('=') => kind = look(false, false),
                Some('<') if self.eat('!') => kind = look(false, true),
                Some('<') => {
                    let at = self.at;
                    let name = self.name()?;
                    if self.names.contains(&name) {
                        return Err(PatternError::syntax(at, "two groups have the same name"));
                    }
                    self.names.push(name);
                }
                _ => {
                    let message =
                        "`(?` begins no group of ECMA-262, which has no flags in patterns";
                    return Err(PatternError::syntax(start, message));
                }
            }
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(PatternError::too_large("groups stand too deep in each other"));
        }
        let node = self.disjunction()?;
        self.depth -= 1;
        if !self.eat(')') {
            return Err(PatternError::syntax(start, "the group is not closed"));
        }
        Ok(match kind {
            None => (node, true),
            Some((ahead, negative)) => {
                (Node::Look(Look { ahead, negative, node: Box::new(node) }), ahead)
            }
        })
    }

    /// The name of a group, behind `<`.
    fn name(&mut self) -> Result<String, PatternError> {
        let start = self.at;
        let mut name = String::new();
        loop {
            let character = match self.next() {
                Some('>') if !name.is_empty() => return Ok(name),
                Some('\\') if self.eat('u') => self.unicode().and_then(char::from_u32),
                other => other,
            };
            match character {
                Some(character) if names(character, name.is_empty()) => name.push(character),
                _ => return Err(PatternError::syntax(start, "this is no name of a group")),
            }
        }
    }

    /// Behind a backslash that stands in no class.
    fn escape(&mut self) -> Result<(Node, bool), PatternError> {
        let at = self.at - 1;
        let node = match self.peek() {
            Some('b') => {
                self.at += 1;
                return Ok((Node::Boundary, false));
            }
            Some('B') => {
                self.at += 1;
                return Ok((Node::NoBoundary, false));
            }
            Some('k') => {
                self.at += 1;
                if !self.eat('<') {
                    return Err(PatternError::syntax(at, "`\\k` is to be followed by `<`"));
                }
                let name = self.name()?;
                self.references.push((at, name));
                Node::BackReference
            }
            Some('1'..='9') => {
                let digits = self.at;
                if self.number().is_some_and(|number| number <= u64::from(self.groups)) {
                    return Ok((Node::BackReference, true));
                }
                self.at = digits;
                self.member_escape(false)?.into_node()
            }
            _ => self.member_escape(false)?.into_node(),
        };
        Ok((node, true))
    }

    /// Behind `[`.
    fn class(&mut self) -> Result<ClassUnicode, PatternError> {
        let start = self.at - 1;
        let negated = self.eat('^');
        // A set is made of them once: to unite sets costs as much as they are long.
        let mut members = Vec::new();
        let mut add = |set: ClassUnicode| members.extend_from_slice(set.ranges());
        let open = || PatternError::syntax(start, "the class is not closed");
        while !self.eat(']') {
            let at = self.at;
            let from = self.member().ok_or_else(open)??;
            let ranges = self.peek() == Some('-') && !matches!(self.ahead(1), None | Some(']'));
            if !ranges {
                add(from.into_set());
                continue;
            }
            self.at += 1;
            let to = self.member().ok_or_else(open)??;
            match (from, to) {
                (Member::Point(from), Member::Point(to)) if from <= to => {
                    add(class::range(from, to));
                }
                (Member::Point(_), Member::Point(_)) => {
                    return Err(PatternError::syntax(at, "the range ends before it begins"));
                }
                // `[\w-.]`: no range, but three members.
                (from, to) => {
                    self.lenient(at);
                    add(from.into_set());
                    add(class::one('-'));
                    add(to.into_set());
                }
            }
        }
        let mut set = ClassUnicode::new(members);
        if negated {
            set.negate();
        }
        Ok(set)
    }

    /// One member of a class; `None` at the end of the text.
    fn member(&mut self) -> Option<Result<Member, PatternError>> {
        Some(match self.next()? {
            '\\' => self.member_escape(true),
            character => Ok(Member::Point(u32::from(character))),
        })
    }

    /// Behind a backslash: an escape that means the same in a class as elsewhere, or nearly so.
    fn member_escape(&mut self, in_class: bool) -> Result<Member, PatternError> {
        let at = self.at - 1;
        let Some(character) = self.next() else {
            return Err(PatternError::syntax(at, "`\\` is the last character"));
        };
        let point = match character {
            'd' => return Ok(Member::Set(class::digit())),
            'D' => return Ok(Member::negated(class::digit())),
            'w' => return Ok(Member::Set(class::word())),
            'W' => return Ok(Member::negated(class::word())),
            's' => return Ok(Member::Set(class::space())),
            'S' => return Ok(Member::negated(class::space())),
            'p' | 'P' => return self.property(at, character == 'P'),
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'b' if in_class => 0x08,
            '-' if in_class => u32::from('-'),
            'c' => match self.next() {
                Some(letter) if letter.is_ascii_alphabetic() => u32::from(letter) % 32,
                _ => return Err(PatternError::syntax(at, "`\\c` is to be followed by a letter")),
            },
            'x' => self.hex(2).ok_or_else(|| {
                PatternError::syntax(at, "`\\x` is to be followed by two hexadecimal digits")
            })?,
            'u' => self.unicode().ok_or_else(|| {
                PatternError::syntax(
                    at,
                    "`\\u` is to be followed by four hexadecimal digits or {…}",
                )
            })?,
            '0' if !matches!(self.peek(), Some('0'..='9')) => 0,
            '0'..='7' => {
                self.lenient(at);
                self.at -= 1;
                self.octal()
            }
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|'
            | '/' => u32::from(character),
            letter if letter.is_ascii_alphabetic() => {
                let message = format!("`\\{letter}` means nothing in ECMA-262");
                return Err(PatternError::syntax(at, message));
            }
            _ => {
                self.lenient(at);
                u32::from(character)
            }
        };
        Ok(Member::Point(point))
    }

    /// Behind `\p` or `\P`.
    fn property(&mut self, at: usize, negated: bool) -> Result<Member, PatternError> {
        let wrong = |message: &str| Err(PatternError::syntax(at, message));
        if !self.eat('{') {
            return wrong("`\\p` is to be followed by a name in braces");
        }
        let mut name = String::new();
        loop {
            match self.next() {
                Some('}') => break,
                Some(character) => name.push(character),
                None => return wrong("`\\p{` is not closed"),
            }
        }
        match class::property(&name) {
            Some(set) if negated => Ok(Member::negated(set)),
            Some(set) => Ok(Member::Set(set)),
            None => wrong("there is no such Unicode property in ECMA-262"),
        }
    }

    /// Behind `\u`: `{…}`, four digits, or two surrogates that are one character.
    fn unicode(&mut self) -> Option<u32> {
        if self.eat('{') {
            let mut point = None;
            while let Some(digit) = self.peek().and_then(|digit| digit.to_digit(16)) {
                self.at += 1;
                let value = (point.unwrap_or(0_u32) << 4) | digit;
                if value > u32::from(char::MAX) {
                    return None;
                }
                point = Some(value);
            }
            return point.filter(|_| self.eat('}'));
        }
        let unit = self.hex(4)?;
        let before = self.at;
        if (0xD800..0xDC00).contains(&unit)
            && self.eat('\\')
            && self.eat('u')
            && let Some(low) = self.hex(4).filter(|low| (0xDC00..0xE000).contains(low))
        {
            return Some(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
        }
        self.at = before;
        Some(unit)
    }

    /// So many hexadecimal digits.
    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.text.get(self.at..self.at + digits)?;
        let value = text.iter().try_fold(0, |value, digit| Some(value << 4 | digit.to_digit(16)?));
        if value.is_some() {
            self.at += digits;
        }
        value
    }

    /// One to three octal digits, up to `\377`.
    fn octal(&mut self) -> u32 {
        let mut value = 0;
        for _ in 0..3 {
            match self.peek().and_then(|digit| digit.to_digit(8)) {
                Some(digit) if value * 8 + digit <= 0o377 => value = value * 8 + digit,
                _ => break,
            }
            self.at += 1;
        }
        value
    }

    fn peek(&self) -> Option<char> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<char> {
        self.text.get(self.at + by).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Remembers what only Annex B allows.
    fn lenient(&mut self, at: usize) {
        self.annex_b.get_or_insert(at);
    }

    fn error(&self, message: &str) -> PatternError {
        PatternError::syntax(self.at, message)
    }
}

impl Member {
    fn negated(mut set: ClassUnicode) -> Member {
        set.negate();
        Member::Set(set)
    }

    fn into_set(self) -> ClassUnicode {
        match self {
            Member::Point(point) => class::range(point, point),
            Member::Set(set) => set,
        }
    }

    fn into_node(self) -> Node {
        match self {
            Member::Point(point) => match char::from_u32(point) {
                Some(character) => Node::Char(character),
                // Half of a character: no text in UTF-8 holds it.
                None => Node::Class(ClassUnicode::empty()),
            },
            Member::Set(set) => Node::Class(set),
        }
    }
}

/// Whether a name may hold this character, or begin with it.
fn names(character: char, first: bool) -> bool {
    let holds = |name| class::property(name).is_some_and(|set| class::contains(&set, character));
    match character {
        '$' | '_' | 'a'..='z' | 'A'..='Z' => true,
        '0'..='9' | '\u{200C}' | '\u{200D}' => !first,
        '\0'..='\x7F' => false,
        _ => holds(if first { "ID_Start" } else { "ID_Continue" }),
    }
}
