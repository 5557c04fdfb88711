//! Which field it is: the names and indexes that lead to a value, written only when somebody asks.

use crate::compile::field::{self, Frame};
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

    /// The field as a JSON Pointer: `/items/0/name`.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.each(&mut |step| match step {
            Step::Name(name) => json::pointer_key(name, &mut pointer),
            Step::Json(path) => path.pointer(&mut pointer),
            Step::Pointer(rest) => pointer.push_str(rest),
        });
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

    /// Calls `matches` with the steps as frames.
    pub(crate) fn with_frames<T>(&self, matches: impl FnOnce(&[Frame<'_>]) -> T) -> T {
        let mut owned = Vec::new();
        self.each(&mut |step| match step {
            Step::Name(name) => owned.push(Owned::Key(name.to_vec())),
            Step::Json(path) => owned.extend(path.segments().map(|segment| match segment {
                Segment::Key(key) => Owned::Key(key.to_vec()),
                Segment::Index(index) => Owned::Index(index as usize),
            })),
            Step::Pointer(pointer) => {
                owned.extend(tokens(pointer).map(|token| match token.parse() {
                    Ok(index) => Owned::Index(index),
                    Err(_) => Owned::Key(token.into_bytes()),
                }));
            }
        });
        let frames: Vec<_> = owned
            .iter()
            .map(|frame| match frame {
                Owned::Key(key) => Frame::Key(key),
                Owned::Index(index) => Frame::Index(*index),
            })
            .collect();
        matches(&frames)
    }

    /// The steps from the outside in. Recursion is bounded by `Limits::decode_rounds`, which bounds how trails nest.
    fn each(&self, take: &mut dyn FnMut(Step<'_>)) {
        match self {
            Trail::Root => {}
            Trail::Name { parent, name, coding } => {
                parent.each(take);
                take(Step::Name(&decode::plain(name, *coding)));
            }
            Trail::Json { parent, path } => {
                parent.each(take);
                take(Step::Json(path));
            }
            Trail::Pointer { parent, pointer } => {
                parent.each(take);
                take(Step::Pointer(pointer));
            }
        }
    }
}

enum Step<'a> {
    Name(&'a [u8]),
    Json(&'a json::Path),
    Pointer(&'a str),
}

enum Owned {
    Key(Vec<u8>),
    Index(usize),
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
}
