//! Which field it is: the names and indexes that lead to a value, written only when somebody asks.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::compile::field::{self, Frame, LONGEST_NAME};
use crate::decode::{self, Coding};
use crate::parse::json::{self, Segment};

/// The way from the request to a field, linked through the stack: costs nothing until a finding needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trail<'a> {
    /// The request (or bare value) itself.
    Root,
    /// A name in what `parent` leads to: parameter, cookie, header, form field.
    Name { parent: &'a Trail<'a>, name: &'a [u8], coding: Coding },
    /// A place in a JSON document that `parent` leads to.
    Json { parent: &'a Trail<'a>, path: &'a json::Path },
    /// The same, once the parser has gone on: a JSON Pointer, in which a number is taken for an index.
    Pointer { parent: &'a Trail<'a>, pointer: &'a str },
}

impl<'a> Trail<'a> {
    /// A name of the request itself, coded as its format codes names.
    pub(crate) fn name(name: &'a [u8], coding: Coding) -> Trail<'a> {
        Trail::Name { parent: &Trail::Root, name, coding }
    }

    /// The field as a JSON Pointer: `/items/0/name`. Names beyond 256 bytes are cut off and end in `…`.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.steps() {
            match step {
                Step::Key(name) => match name.get(..LONGEST_NAME) {
                    Some(head) if head.len() < name.len() => {
                        json::pointer_key(whole_characters(head), &mut pointer);
                        pointer.push('…');
                    }
                    _ => json::pointer_key(&name, &mut pointer),
                },
                Step::Index(index) => {
                    // Writing to a String cannot fail.
                    let _ = write!(pointer, "/{index}");
                }
            }
        }
        pointer
    }

    /// The pointer of a name's container, `*` in place of the name: a name that gives rise to a finding is payload, and
    /// pointers end up in logs. The span tells where it stands.
    pub(crate) fn pointer_of_name(&self) -> String {
        let mut pointer = self.pointer();
        pointer.truncate(pointer.rfind('/').unwrap_or(0));
        pointer.push_str("/*");
        pointer
    }

    /// The field as a pattern for exclusions: `items[*].name`.
    pub(crate) fn pattern(&self) -> String {
        self.with_frames(field::pattern_of)
    }

    /// As [`pointer_of_name`](Trail::pointer_of_name), for exclusions.
    pub(crate) fn pattern_of_name(&self) -> String {
        let around = |frames: &[Frame<'_>]| {
            field::pattern_of(frames.split_last().map_or(&[][..], |(_, around)| around))
        };
        let mut pattern = self.with_frames(around);
        pattern.push_str(if pattern.is_empty() { "*" } else { ".*" });
        pattern
    }

    /// Calls `matches` with the steps as frames. Copies no name that is not coded: a name may be long, and this is asked for
    /// each of many matches below it.
    pub(crate) fn with_frames<T>(&self, matches: impl FnOnce(&[Frame<'_>]) -> T) -> T {
        let steps = self.steps();
        let frames: Vec<_> = steps.iter().map(Step::frame).collect();
        matches(&frames)
    }

    /// The steps from the outside in.
    fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        self.collect(&mut steps);
        steps
    }

    /// Recursion is bounded by `Limits::decode_rounds`, which bounds how trails nest.
    fn collect(&self, steps: &mut Vec<Step<'a>>) {
        match *self {
            Trail::Root => {}
            Trail::Name { parent, name, coding } => {
                parent.collect(steps);
                steps.push(Step::Key(decode::plain(name, coding)));
            }
            Trail::Json { parent, path } => {
                parent.collect(steps);
                steps.extend(path.segments().map(|segment| match segment {
                    Segment::Key(key) => Step::Key(Cow::Borrowed(key)),
                    Segment::Index(index) => Step::Index(index as usize),
                }));
            }
            Trail::Pointer { parent, pointer } => {
                parent.collect(steps);
                steps.extend(tokens(pointer).map(|token| match token.parse() {
                    Ok(index) => Step::Index(index),
                    Err(_) => Step::Key(Cow::Owned(token.into_bytes())),
                }));
            }
        }
    }
}

/// One step of a trail.
enum Step<'a> {
    /// A name, decoded.
    Key(Cow<'a, [u8]>),
    Index(usize),
}

impl Step<'_> {
    fn frame(&self) -> Frame<'_> {
        match self {
            Step::Key(key) => Frame::Key(key),
            Step::Index(index) => Frame::Index(*index),
        }
    }
}

/// The bytes without the part of a character that they may end in.
fn whole_characters(head: &[u8]) -> &[u8] {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => {
            head.get(..error.valid_up_to()).unwrap_or(head)
        }
        _ => head,
    }
}

/// The reference tokens of a JSON Pointer (RFC 6901, 3 and 4).
fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_pointers_are_written_alike() {
        let filter = Trail::name(b"a%20b", Coding::Form);
        let trail = Trail::Pointer { parent: &filter, pointer: "/items/3/x~1y" };
        assert_eq!(trail.pointer(), "/a b/items/3/x~1y");
        assert_eq!(trail.pattern(), r#""a b".items[*].x/y"#);
        assert_eq!(trail.with_frames(|frames| frames.len()), 4);
        assert_eq!(trail.pointer_of_name(), "/a b/items/3/*");
        assert_eq!(trail.pattern_of_name(), r#""a b".items[*].*"#);
        assert_eq!(filter.pointer_of_name(), "/*");
        assert_eq!(filter.pattern_of_name(), "*");
    }

    /// A body of one long key with findings below it would come back in every one of them, twice.
    #[test]
    fn long_names_are_not_written_out() {
        let name = format!("{}é{}", "n".repeat(LONGEST_NAME - 1), "n".repeat(100_000));
        let trail = Trail::name(name.as_bytes(), Coding::None);
        let below = Trail::Pointer { parent: &trail, pointer: "/0/b" };
        let shown = format!("/{}…/0/b", "n".repeat(LONGEST_NAME - 1));
        assert_eq!(below.pointer(), shown);
        assert_eq!(below.pattern(), "*[*].b");
        below.with_frames(|frames| assert_eq!(frames.first(), Some(&Frame::Key(name.as_bytes()))));
    }
}
