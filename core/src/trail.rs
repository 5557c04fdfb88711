//! Which field it is: the names and indexes that lead to a value, written only when somebody asks.

use crate::compile::field::Frame;
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
        });
        pointer
    }

    /// The field as a pattern for exclusions: `items[*].name`.
    pub(crate) fn pattern(&self) -> String {
        let mut pattern = String::new();
        self.each(&mut |step| match step {
            Step::Name(name) => json::pattern_key(name, &mut pattern),
            Step::Json(path) => path.pattern(&mut pattern),
        });
        pattern
    }

    /// Calls `matches` with the steps as frames.
    pub(crate) fn with_frames<T>(&self, matches: impl FnOnce(&[Frame<'_>]) -> T) -> T {
        let mut names: Vec<Option<Vec<u8>>> = Vec::new();
        self.each(&mut |step| {
            names.push(match step {
                Step::Name(name) => Some(name.to_vec()),
                Step::Json(_) => None,
            });
        });
        let mut frames = Vec::new();
        let mut paths = Vec::new();
        let mut trail = Some(self);
        while let Some(at) = trail {
            paths.push(at);
            trail = match at {
                Trail::Root => None,
                Trail::Name { parent, .. } | Trail::Json { parent, .. } => Some(*parent),
            };
        }
        let mut names = names.iter();
        for at in paths.into_iter().rev() {
            match at {
                Trail::Root => {}
                Trail::Name { .. } => {
                    if let Some(Some(name)) = names.next() {
                        frames.push(Frame::Key(name));
                    }
                }
                Trail::Json { path, .. } => {
                    names.next();
                    frames.extend(path.segments().map(|segment| match segment {
                        Segment::Key(key) => Frame::Key(key),
                        Segment::Index(index) => Frame::Index(index as usize),
                    }));
                }
            }
        }
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
        }
    }
}

enum Step<'a> {
    Name(&'a [u8]),
    Json(&'a json::Path),
}
