//! YAML (and so JSON) text to a [`Value`] that remembers where everything stands.
//!
//! Way: text -> **yaml** -> shape -> source. Built on the event parser of `serde-saphyr`, since its serde side stops at the first
//! error and knows no positions of keys. Events go onto an explicit stack; nothing here recurses on the text.
//!
//! Bounds, so that a hostile document costs little: [`MAX_BYTES`] of text, [`MAX_DEPTH`] of nesting and [`MAX_TREE`] bytes of
//! values, all counted *after* aliases are expanded. Reading is O(len + expanded size).
//!
//! Refused, since readers differ or an author rarely means it: duplicate keys, keys that are not scalars, merge keys, tags, a
//! second document. Plain scalars that YAML 1.1 and 1.2 read differently are for [`plain`](super::plain) to tell.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{
    ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, options,
};

use super::plain::{self, Dialect, Plain};

/// Longest text, in bytes.
pub(crate) const MAX_BYTES: usize = 8 << 20;
/// Deepest nesting.
pub(crate) const MAX_DEPTH: usize = 100;
/// Most memory of values, in bytes: [`NODE_BYTES`] for each, and its text.
const MAX_TREE: usize = 64 << 20;
/// About what a value costs beside its text.
const NODE_BYTES: usize = 64;

/// Line and column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl From<Marker> for Mark {
    fn from(marker: Marker) -> Mark {
        Mark { line: marker.line() as u32, column: marker.col() as u32 + 1 }
    }
}

/// Where a value and all below it stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Where the key of this value stands, if it has one.
    key: Option<Mark>,
    /// Where the value begins.
    at: Mark,
    children: Children,
}

#[derive(Clone, Debug, Default)]
enum Children {
    #[default]
    None,
    Items(Vec<Marks>),
    Entries(BTreeMap<String, Marks>),
}

impl Marks {
    /// Where the value at a JSON pointer begins; of the nearest value around it, if there is none.
    pub(crate) fn of_value(&self, pointer: &str) -> Mark {
        self.find(pointer).at
    }

    /// Where the key of the value at a JSON pointer stands; the value itself, if it has no key.
    pub(crate) fn of_key(&self, pointer: &str) -> Mark {
        let found = self.find(pointer);
        found.key.unwrap_or(found.at)
    }

    fn find(&self, pointer: &str) -> &Marks {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            let child = match &node.children {
                Children::None => None,
                Children::Items(items) => token.parse().ok().and_then(|at: usize| items.get(at)),
                Children::Entries(entries) => entries.get(&unescape(token)),
            };
            match child {
                Some(child) => node = child,
                None => break,
            }
        }
        node
    }
}

/// A name as a token of a JSON pointer (RFC 6901).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The name that a token of a JSON pointer stands for.
pub(crate) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Something wrong with the text, or a scalar that readers differ about.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) at: Mark,
    pub(crate) pointer: String,
    pub(crate) message: String,
}

/// A text, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) value: Value,
    pub(crate) marks: Marks,
    /// What is wrong, in the order of the text.
    pub(crate) problems: Vec<Problem>,
    /// Whether the text was read to its end; if not, the last problem says why and there is no value.
    pub(crate) complete: bool,
    /// Plain scalars that YAML 1.1 reads as something else than text. The value holds their text.
    pub(crate) ambiguous: Vec<Problem>,
}

/// Reads a text of one document.
pub(crate) fn read(text: &str, dialect: Dialect) -> Tree {
    let mut reader = Reader { dialect, ..Reader::default() };
    let complete = match reader.read(text) {
        Ok(()) => true,
        Err(problem) => {
            reader.problems.push(problem);
            false
        }
    };
    let root = reader.root.filter(|_| complete).unwrap_or_default();
    Tree {
        value: root.value,
        marks: root.marks,
        problems: reader.problems,
        complete,
        ambiguous: reader.ambiguous,
    }
}

/// A value with what is known of it.
#[derive(Clone, Debug, Default)]
struct Built {
    value: Value,
    marks: Marks,
    /// The text of a scalar: what it is as a key.
    text: Option<String>,
    /// What it costs of [`MAX_TREE`].
    cost: usize,
    /// Levels of nesting inside.
    height: usize,
}

/// A collection whose end has not come yet.
#[derive(Debug)]
struct Open {
    at: Mark,
    anchor: usize,
    cost: usize,
    height: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Sequence { values: Vec<Value>, marks: Vec<Marks> },
    Mapping { values: Map<String, Value>, marks: BTreeMap<String, Marks>, key: Option<Key> },
}

/// A key that waits for its value; without a name if it is wrong and the value is to be dropped.
#[derive(Debug)]
struct Key {
    name: Option<String>,
    at: Mark,
}

#[derive(Debug, Default)]
struct Reader {
    dialect: Dialect,
    open: Vec<Open>,
    root: Option<Built>,
    anchors: HashMap<usize, Built>,
    /// Bytes of [`MAX_TREE`] that are spent.
    spent: usize,
    problems: Vec<Problem>,
    ambiguous: Vec<Problem>,
}

impl Reader {
    /// Takes all events. An error ends the reading.
    fn read(&mut self, text: &str) -> Result<(), Problem> {
        if text.len() > MAX_BYTES {
            let message = format!("the text has {} bytes, more than {MAX_BYTES}", text.len());
            return Err(self.problem(Mark::default(), message));
        }
        // Nesting is counted here, aliases included; the parser's own limits lie beyond MAX_DEPTH.
        let options = options! { emit_comments: false, disallow_directives: true };
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, span)) => self.event(event, span)?,
                Err(error) => return Err(self.syntax(&error)),
            }
        }
        Ok(())
    }

    /// Takes the next event. An error ends the reading; others go to `problems`.
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let at = Mark::from(span.start);
        if event.tag().is_some() {
            let at = span.tag_start.map_or(at, Mark::from);
            self.report(at, "tags are not supported; put text that begins with `!` in quotes");
        }
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(self.problem(at, "a second document; one file holds one document"))
            }
            Event::Scalar(text, style, anchor, _) => {
                let built = self.scalar(&text, style, at)?;
                self.finish(built, anchor, at)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(at, anchor, Body::Sequence { values: Vec::new(), marks: Vec::new() })
            }
            Event::MappingStart(_, anchor, _) => {
                let (values, marks) = (Map::new(), BTreeMap::new());
                self.begin(at, anchor, Body::Mapping { values, marks, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(built) => {
                    self.spend(built.cost, at)?;
                    self.finish(built, 0, at)
                }
                None => Err(self.problem(at, "an alias stands inside of what it names")),
            },
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: Mark) -> Result<Built, Problem> {
        let cost = NODE_BYTES + text.len();
        self.spend(cost, at)?;
        let is_key =
            matches!(self.open.last(), Some(Open { body: Body::Mapping { key: None, .. }, .. }));
        let value = if is_key || style != ScalarStyle::Plain {
            // A key is text whatever it looks like: `200:` is the key "200".
            Value::String(text.to_owned())
        } else {
            match plain::read(text, self.dialect) {
                Plain::Value(value) => value,
                Plain::Ambiguous(other) => {
                    let problem = self.problem(
                        at,
                        format!(
                            "`{}` is {other} to some readers of YAML; put it in quotes if text is meant",
                            plain::shown(text)
                        ),
                    );
                    self.ambiguous.push(problem);
                    Value::String(text.to_owned())
                }
                Plain::NotFinite => {
                    self.report(at, "not a finite number; put it in quotes if text is meant");
                    Value::Null
                }
            }
        };
        let marks = Marks { at, ..Marks::default() };
        Ok(Built { value, marks, text: Some(text.to_owned()), cost, height: 0 })
    }

    fn begin(&mut self, at: Mark, anchor: usize, body: Body) -> Result<(), Problem> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        self.spend(NODE_BYTES, at)?;
        self.open.push(Open { at, anchor, cost: NODE_BYTES, height: 1, body });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        // The parser balances its events; without an open collection there is nothing to end.
        let Some(Open { at, anchor, cost, height, body }) = self.open.pop() else {
            return Ok(());
        };
        let (value, children) = match body {
            Body::Sequence { values, marks } => (Value::Array(values), Children::Items(marks)),
            Body::Mapping { values, marks, .. } => {
                (Value::Object(values), Children::Entries(marks))
            }
        };
        let marks = Marks { key: None, at, children };
        self.finish(Built { value, marks, text: None, cost, height }, anchor, at)
    }

    /// Puts a value where it belongs: the root, the next item, the next key or the value of the last key.
    fn finish(&mut self, built: Built, anchor: usize, at: Mark) -> Result<(), Problem> {
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        if self.open.len() + built.height > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(built);
            return Ok(());
        };
        open.cost += built.cost;
        open.height = open.height.max(built.height + 1);
        match &mut open.body {
            Body::Sequence { values, marks } => {
                values.push(built.value);
                marks.push(built.marks);
            }
            Body::Mapping { values, marks, key } => match key.take() {
                Some(Key { name: Some(name), at }) => {
                    marks.insert(name.clone(), Marks { key: Some(at), ..built.marks });
                    values.insert(name, built.value);
                }
                Some(Key { name: None, .. }) => {}
                None => {
                    let wrong = match &built.text {
                        None => Some(
                            "a key must be text; put text that begins with `{` or `[` in quotes"
                                .to_owned(),
                        ),
                        Some(name) if name == "<<" => {
                            Some("merge keys are not supported; write the entries out".to_owned())
                        }
                        Some(name) => marks.get(name).map(|first| {
                            let line = first.key.unwrap_or(first.at).line;
                            format!("duplicate key `{}`, first at line {line}", plain::shown(name))
                        }),
                    };
                    *key = Some(Key { name: built.text.filter(|_| wrong.is_none()), at });
                    if let Some(message) = wrong {
                        self.report(at, message);
                    }
                }
            },
        }
        Ok(())
    }

    fn spend(&mut self, cost: usize, at: Mark) -> Result<(), Problem> {
        self.spent += cost;
        if self.spent > MAX_TREE {
            return Err(self.problem(at, format!("the values take more than {MAX_TREE} bytes")));
        }
        Ok(())
    }

    fn too_deep(&self, at: Mark) -> Problem {
        self.problem(at, format!("nested more than {MAX_DEPTH} levels deep"))
    }

    fn syntax(&self, error: &ScanError) -> Problem {
        let at = Mark::from(*error.marker());
        let hint = match error.kind() {
            ErrorKind::RecursionLimitExceeded => return self.too_deep(at),
            ErrorKind::UnexpectedCharacter { .. } => {
                "; put text that begins with a special character in quotes"
            }
            ErrorKind::UnknownAnchor => "; put text that begins with `*` in quotes",
            ErrorKind::DirectiveDisallowed => "; put text that begins with `%` in quotes",
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInBlockIndentation => "; indent with blanks",
            ErrorKind::UnknownQuotedScalarEscape => {
                "; write `\\\\` for a backslash, or use single quotes"
            }
            _ => "",
        };
        self.problem(at, format!("{}{hint}", error.info()))
    }

    fn report(&mut self, at: Mark, message: impl Into<String>) {
        let problem = self.problem(at, message);
        self.problems.push(problem);
    }

    fn problem(&self, at: Mark, message: impl Into<String>) -> Problem {
        Problem { at, pointer: self.pointer(), message: message.into() }
    }

    /// The pointer of the value that comes next. O(depth).
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for open in &self.open {
            match &open.body {
                Body::Sequence { values, .. } => {
                    pointer.push('/');
                    pointer.push_str(&values.len().to_string());
                }
                Body::Mapping { key: Some(Key { name: Some(name), .. }), .. } => {
                    pointer.push('/');
                    pointer.push_str(&escape(name));
                }
                // A key has the pointer of its mapping.
                Body::Mapping { .. } => {}
            }
        }
        pointer
    }
}
