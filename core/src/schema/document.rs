//! A schema that is ready to run, and a document that is held against it while it is parsed.

use std::ops::Range;

use super::full::Full;
use super::machine::{Machine, Validity};
use super::program::Program;
use super::tape::Tape;
use super::violation::Violation;
use crate::parse::json::{Event, Number, Path, Problem, Text};

/// A schema that is ready to run. Made by [`CompiledSchema::compile`].
#[derive(Debug)]
pub(crate) struct CompiledSchema {
    pub(crate) engine: Engine,
    /// How texts are read.
    pub(crate) texts: TextTypes,
}

impl CompiledSchema {
    /// Bytes that its program takes; of the crate's validator it is not known.
    pub(crate) fn memory_usage(&self) -> usize {
        match &self.engine {
            Engine::Native(program) => program.memory_usage(),
            Engine::Full(..) => 0,
        }
    }

    /// Why the crate decides and not the machine; `None` if the machine does.
    pub(crate) fn fallback(&self) -> Option<&str> {
        match &self.engine {
            Engine::Native(_) => None,
            Engine::Full(_, why) => Some(why),
        }
    }
}

/// Who decides.
#[derive(Debug)]
pub(crate) enum Engine {
    /// The machine, while the document is parsed.
    Native(Box<Program>),
    /// The crate, over a tape, and why.
    Full(Box<Full>, String),
}

/// What a text (the value of a parameter) may be read as, and the items if it is repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextTypes {
    /// What a single text may be.
    pub(crate) own: Types,
    /// What each text may be if several of them make an array.
    pub(crate) items: Types,
}

/// A set of JSON types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NONE: Types = Types(0);
    pub(crate) const NULL: Types = Types(1);
    pub(crate) const BOOLEAN: Types = Types(2);
    pub(crate) const NUMBER: Types = Types(4);
    pub(crate) const STRING: Types = Types(8);
    pub(crate) const ARRAY: Types = Types(16);
    pub(crate) const OBJECT: Types = Types(32);

    /// Both sets together.
    pub(crate) fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    /// Whether the sets share a type.
    pub(crate) fn has(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }
}

/// A document under way. Reusable.
#[derive(Debug, Default)]
pub(crate) struct Document {
    machine: Machine,
    tape: Tape,
    /// Empty, for texts that stand in no document.
    path: Path,
}

impl Document {
    /// Makes ready for another document; keeps the memory. `quiet` if nobody will ask for its violations.
    pub(crate) fn begin(&mut self, quiet: bool) {
        self.machine.begin(quiet);
        self.tape.clear();
    }

    /// Takes the parser's next event.
    #[inline]
    pub(crate) fn event(
        &mut self,
        schema: &CompiledSchema,
        event: Event<'_>,
        range: Range<usize>,
        path: &Path,
    ) {
        match &schema.engine {
            Engine::Native(program) => self.machine.event(program, event, range, path),
            Engine::Full(..) => self.tape.event(event, range),
        }
    }

    /// Takes what the parser says is wrong with the document.
    pub(crate) fn problem(&mut self, problem: Problem) {
        // What breaks the document off leaves it without an end; what follows its end is for others to refuse.
        if problem == Problem::DuplicateKey {
            self.tape.note(problem);
        }
    }

    /// Says that the document is complete; whether it is one that can be judged.
    pub(crate) fn finish(&mut self, schema: &CompiledSchema) -> bool {
        self.tape.finish();
        self.is_whole(schema)
    }

    /// Whether the document is whole: what [`finish`](Document::finish) said.
    pub(crate) fn is_whole(&self, schema: &CompiledSchema) -> bool {
        match &schema.engine {
            Engine::Native(_) => self.machine.validity() != Validity::Undecided,
            Engine::Full(..) => self.tape.root().is_some(),
        }
    }

    /// Whether the document is as the schema wants it.
    pub(crate) fn validity(&self, schema: &CompiledSchema) -> Validity {
        match &schema.engine {
            Engine::Native(_) => self.machine.validity(),
            Engine::Full(full, _) => full.validity(&self.tape),
        }
    }

    /// Tells the violations in the order of the document, at most `max`.
    pub(crate) fn report(
        &self,
        schema: &CompiledSchema,
        max: usize,
        report: &mut impl FnMut(Violation<'_>),
    ) -> Validity {
        match &schema.engine {
            Engine::Native(program) => {
                self.machine.report(program, max, report);
                self.validity(schema)
            }
            Engine::Full(full, _) => full.validate(&self.tape, max, report),
        }
    }

    /// Validates a parameter: its text, or its texts if it is repeated, with the place of each in the request.
    ///
    /// A text is read as the schema's `type` says: as a number, boolean or null if it is one exactly as JSON writes it and the
    /// type allows it, else as a string. Several texts are an array, and so is one where the type is `array` alone.
    pub(crate) fn texts(
        &mut self,
        schema: &CompiledSchema,
        texts: &[(&[u8], Range<usize>)],
        max: usize,
        report: &mut impl FnMut(Violation<'_>),
    ) -> Validity {
        self.begin(false);
        let mut path = std::mem::take(&mut self.path);
        let scalar = schema.texts.own != Types::ARRAY;
        match texts {
            [(text, place)] if scalar => {
                self.event(schema, read(text, schema.texts.own), place.clone(), &path);
            }
            _ => {
                let start = texts.iter().map(|(_, place)| place.start).min().unwrap_or(0);
                let end = texts.iter().map(|(_, place)| place.end).max().unwrap_or(0);
                self.event(schema, Event::ArrayStart, start..end, &path);
                path.enter_array();
                for (text, place) in texts {
                    self.event(schema, read(text, schema.texts.items), place.clone(), &path);
                    path.next_item();
                }
                path.clear();
                self.event(schema, Event::ArrayEnd, start..end, &path);
            }
        }
        self.path = path;
        self.finish(schema);
        self.report(schema, max, report)
    }
}

/// A text as the types allow. O(len).
fn read(text: &[u8], types: Types) -> Event<'_> {
    match text {
        b"null" if types.has(Types::NULL) => Event::Null,
        b"true" if types.has(Types::BOOLEAN) => Event::Bool(true),
        b"false" if types.has(Types::BOOLEAN) => Event::Bool(false),
        _ if types.has(Types::NUMBER) && Number::is_number(text) => Event::Number(text),
        _ => {
            let utf8 = simdutf8::basic::from_utf8(text).is_ok();
            Event::String(Text { raw: text, escaped: false, utf8 })
        }
    }
}

#[cfg(test)]
mod tests;
