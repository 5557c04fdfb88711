//! A tree without look-around to the representation of regex-syntax.

use regex_syntax::hir::{Class, Dot, Hir, HirKind, Look, Repetition};

use super::PatternError;
use super::parse::Node;

/// The expression for a tree without look-around. `most` is how many characters, ranges and anchors it may consist of when
/// its repetitions are written out; looked at first, so that nothing is built of a pattern that is too large.
pub(super) fn translate(node: &Node, most: u64) -> Result<Hir, PatternError> {
    if size(node) > most {
        return Err(PatternError::too_large(
            "the pattern repeats too much; use fewer or smaller counts",
        ));
    }
    Ok(hir(node))
}

/// What a node comes to with its repetitions written out.
fn size(node: &Node) -> u64 {
    match node {
        Node::Class(class) => 1 + class.ranges().len() as u64,
        Node::Concat(nodes) | Node::Alternation(nodes) => {
            nodes.iter().map(size).fold(1, u64::saturating_add)
        }
        Node::Repeat { node, min, max } => {
            let times = max.unwrap_or(*min).max(1);
            size(node).saturating_add(1).saturating_mul(u64::from(times))
        }
        _ => 1,
    }
}

/// Lazy repetitions everywhere: of two ways the one that ends first is preferred, so a search that stops at a match has fewer states.
fn hir(node: &Node) -> Hir {
    match node {
        // Refused before.
        Node::Look(_) | Node::BackReference => Hir::fail(),
        Node::Empty => Hir::empty(),
        Node::Char(character) => Hir::literal(character.encode_utf8(&mut [0; 4]).as_bytes()),
        Node::Class(class) => Hir::class(Class::Unicode(class.clone())),
        Node::Start => Hir::look(Look::Start),
        Node::End => Hir::look(Look::End),
        Node::Boundary => Hir::look(Look::WordAscii),
        Node::NoBoundary => Hir::look(Look::WordAsciiNegate),
        Node::Concat(nodes) => Hir::concat(nodes.iter().map(hir).collect()),
        Node::Alternation(nodes) => Hir::alternation(nodes.iter().map(hir).collect()),
        Node::Repeat { node, min, max } => repeat(hir(node), *min, *max),
    }
}

fn repeat(hir: Hir, min: u32, max: Option<u32>) -> Hir {
    // What matches nothing but the place where it stands does so once as often.
    let zero_width = hir.properties().maximum_len() == Some(0);
    let (min, max) = if zero_width { (min.min(1), Some(1)) } else { (min, max) };
    Hir::repetition(Repetition { min, max, greedy: false, sub: Box::new(hir) })
}

/// The expression behind any characters, unless it begins at the start of the text anyway: a search is a match from the start on.
///
/// Whole characters, not bytes, since `\B` matches between the bytes of one.
pub(super) fn searching(hir: Hir) -> Hir {
    if hir.properties().look_set_prefix().contains(Look::Start) {
        return hir;
    }
    Hir::concat(vec![repeat(Hir::dot(Dot::AnyChar), 0, None), hir])
}

/// The expression for the whole texts in which [`searching`] finds a match.
pub(super) fn whole(hir: Hir) -> Hir {
    let ends = hir.properties().look_set_suffix().contains(Look::End);
    let mut parts = vec![searching(hir)];
    if !ends {
        parts.push(repeat(Hir::dot(Dot::AnyChar), 0, None));
    }
    parts.push(Hir::look(Look::End));
    Hir::concat(parts)
}

/// Whether nothing can match.
pub(super) fn never(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Class(class) if class.is_empty())
}
