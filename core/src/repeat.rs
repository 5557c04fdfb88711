//! Repeated parameters: what an application sees that joins them.
//!
//! `id=1 union&id=select 2` is one value to an application that joins repeated parameters (ASP.NET with `,`, others with
//! nothing between). Repetition is ordinary, so it is no finding; every value *and* their joins are inspected.

use std::ops::Range;

use crate::classes::Classes;
use crate::decode::{Coding, Transform};
use crate::inspect::{Field, Origin, Run};
use crate::parse::query;
use crate::span::Place;
use crate::trail::Trail;

/// Most bytes of pairs that are searched for repetition: a form body beyond it has its later values inspected one by one.
pub(crate) const SEARCHED: usize = 64 << 10;

/// A pair by name, for sorting. Kept in scratch.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    hash: u64,
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
    /// Where the value stands for its origin.
    pub(crate) at: usize,
}

impl Repeat {
    /// A pair of `text`, in which the ranges count; its value stands at `at`.
    pub(crate) fn new(text: &[u8], name: Range<usize>, value: Range<usize>, at: usize) -> Repeat {
        Repeat { hash: hash(text.get(name.clone()).unwrap_or_default()), name, value, at }
    }
}

/// Inspects the joins of values that share a name, among the pairs of `text[within]`. O(n log n) in the pairs, O(len) in
/// the bytes. `origin` is that of `text`.
pub(crate) fn joins(
    run: &mut Run<'_>,
    text: &[u8],
    within: Range<usize>,
    origin: &Origin<'_>,
    place: Place,
) {
    let mut repeats = std::mem::take(&mut run.memory.repeats);
    repeats.clear();
    for pair in query::pairs(text, within.start..within.end.min(within.start + SEARCHED)) {
        if let Some(value) = pair.value {
            let at = value.start;
            repeats.push(Repeat::new(text, pair.name, value, at));
        }
    }
    joins_of(run, text, &mut repeats, origin, place, Coding::Form);
    run.memory.repeats = repeats;
}

/// The same for pairs that were told apart before, in any order.
pub(crate) fn joins_of(
    run: &mut Run<'_>,
    text: &[u8],
    repeats: &mut [Repeat],
    origin: &Origin<'_>,
    place: Place,
    coding: Coding,
) {
    if repeats.len() > 1 {
        // By name, then in the order sent.
        repeats.sort_unstable_by_key(|repeat| (repeat.hash, repeat.at));
        for group in repeats.chunk_by(|a, b| a.hash == b.hash) {
            if group.len() > 1 {
                join(run, text, group, origin, place, coding);
            }
        }
    }
}

fn join(
    run: &mut Run<'_>,
    text: &[u8],
    group: &[Repeat],
    origin: &Origin<'_>,
    place: Place,
    coding: Coding,
) {
    let name = group.first().and_then(|first| text.get(first.name.clone())).unwrap_or_default();
    let trail = Trail::name(name, coding);
    let mut view = std::mem::take(&mut run.memory.joined);
    for between in [&b","[..], b""] {
        view.clear(0);
        let mut end = 0;
        for (at, repeat) in group.iter().enumerate() {
            let separator = if at == 0 { b"" } else { between };
            view.replace(repeat.at.saturating_sub(end), separator);
            view.copy(text.get(repeat.value.clone()).unwrap_or_default());
            end = repeat.at + repeat.value.len();
        }
        let joined = Origin::View { view: &view, transform: Transform::Join, origin };
        let (raw, origin, trail) = (view.bytes(), &joined, &trail);
        let (classes, name, clean) = (Classes::of(raw), false, false);
        run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
    }
    run.memory.joined = view;
}

/// FNV-1a. Two names that share a hash are joined too, which costs a reading and hides nothing.
fn hash(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
