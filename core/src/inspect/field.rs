//! What is inspected: a value or name, and where it stands in the request.

use std::ops::Range;

use crate::classes::Classes;
use crate::decode::view::View;
use crate::decode::{Coding, Readings, Transform};
use crate::span::{Part, Place, Span};
use crate::trail::Trail;

/// A value (or name) to inspect.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) raw: &'a [u8],
    /// The classes of its bytes.
    pub(crate) classes: Classes,
    /// How the format that carried it coded it.
    pub(crate) coding: Coding,
    pub(crate) place: Place,
    /// Whether it is a name rather than a value.
    pub(crate) name: bool,
    /// Whether the scan of a text that it is a piece of found no literal inside of it.
    pub(crate) clean: bool,
    pub(crate) origin: &'a Origin<'a>,
    pub(crate) trail: &'a Trail<'a>,
}

/// Where the first byte of a field's raw bytes stands.
pub(crate) enum Origin<'a> {
    /// At an offset of a part of the request.
    Part { part: Part, index: u32, offset: usize },
    /// At an offset of a reading of another field.
    Reading { field: &'a Field<'a>, readings: &'a Readings, index: usize, offset: usize },
    /// It was put together from pieces of what `origin` points at.
    View { view: &'a View, transform: Transform, origin: &'a Origin<'a> },
}

impl Origin<'_> {
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        match self {
            Origin::Part { part, index, offset } => {
                Span::new(*part, range.start + offset..range.end + offset).with_index(*index)
            }
            Origin::Reading { field, readings, index, offset } => {
                let inner = range.start + offset..range.end + offset;
                field.origin.span(readings.source(*index, inner))
            }
            Origin::View { view, origin, .. } => origin.span(view.source(range)),
        }
    }

    /// The decodings between the request and the field's raw bytes, outermost first.
    pub(super) fn chain(&self, out: &mut Vec<Transform>) {
        match self {
            Origin::Part { .. } => {}
            Origin::Reading { field, readings, index, .. } => {
                field.origin.chain(out);
                out.extend_from_slice(readings.chain(*index));
                out.push(Transform::Leaf);
            }
            Origin::View { transform, origin, .. } => {
                origin.chain(out);
                out.push(*transform);
            }
        }
    }
}

/// Where something that no detector found stands.
pub(crate) struct At<'a> {
    pub(crate) place: Place,
    pub(crate) name: bool,
    pub(crate) trail: &'a Trail<'a>,
    pub(crate) span: Span,
}
