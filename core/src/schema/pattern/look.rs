//! Look-around: what is an intersection becomes one.
//!
//! A pattern is a search for a match anywhere, so what a look-around adds can often be said by patterns without it, all of which are to match
//! the same text, or not to match it:
//!
//! | | becomes |
//! |---|---|
//! | `^P(?=A)R`, where all that `P` matches is of one length | `^PR` and `^PA` |
//! | `^P(?!A)R` | `^PR` and not `^PA` |
//! | `R(?<=A)P$`, `R(?<!A)P$` | `RP$` and `AP$`, `RP$` and not `AP$` |
//! | `^(?:(?!A)c)*$`, where `A` is not empty and `c` one character | `^c*$` and not `A` |
//! | `R(?=A)`, `(?<=A)R`, at an end of the pattern | `RA`, `AR` |
//! | `R(?!abc)`, `(?<!a)R` | `R(?:$|[^a]|a(?:$|[^b]|b(?:$|[^c])))`, `(?:^|[^a])R` |
//! | `(?!a)c`, `(?=a)c`, and behind, characters or classes | one class |
//! | `(?!A)$`, where `A` is not empty | `$` |
//!
//! Each of these is exact. What is left is refused.

use regex_syntax::hir::ClassUnicode;

use super::PatternError;
use super::class;
use super::parse::{Look, Node};

/// Characters that may be forbidden at an edge; each is a level of the tree.
const LITERAL_MAX: usize = 100;
/// Patterns that one may be taken apart into.
const CONJUNCTS_MAX: usize = 64;

/// A pattern without look-around that is to match, or not to match.
#[derive(Debug)]
pub(super) struct Conjunct {
    pub(super) node: Node,
    pub(super) positive: bool,
}

/// The patterns without look-around that say together what `node` says. O(size squared) at worst.
pub(super) fn conjuncts(node: Node) -> Result<Vec<Conjunct>, PatternError> {
    let mut found = Vec::new();
    split(simplify(node), &mut found)?;
    match found.iter().find_map(|conjunct| obstacle(&conjunct.node)) {
        Some(reason) => Err(PatternError::unsupported(reason)),
        None => Ok(found),
    }
}

/// Why this is no regular expression.
fn obstacle(node: &Node) -> Option<&'static str> {
    match node {
        Node::Look(Look { ahead: true, .. }) => Some("this look-ahead is no intersection"),
        Node::Look(Look { ahead: false, .. }) => Some("this look-behind is no intersection"),
        Node::BackReference => Some("back-references are not regular"),
        Node::Repeat { node, .. } => obstacle(node),
        Node::Concat(nodes) | Node::Alternation(nodes) => nodes.iter().find_map(obstacle),
        _ => None,
    }
}

/// Adds the conjuncts of a simplified tree.
fn split(node: Node, found: &mut Vec<Conjunct>) -> Result<(), PatternError> {
    let mut items = match node {
        Node::Concat(items) => items,
        node => vec![node],
    };
    if let [Node::Start, Node::Repeat { node, min, max }, Node::End] = &items[..]
        && let Node::Concat(each) = &**node
        && let [Node::Look(Look { ahead: true, negative: true, node: unwanted }), each] = &each[..]
        && single(each).is_some()
        && length(unwanted).0 > 0
    {
        negate((**unwanted).clone(), found)?;
        let all = Node::Repeat { node: Box::new(each.clone()), min: *min, max: *max };
        items = vec![Node::Start, all, Node::End];
    }
    extract(&mut items, true, found)?;
    extract(&mut items, false, found)?;
    let node = edge(edge(Node::Concat(flat(items)), true), false);
    found.push(Conjunct { node, positive: true });
    Ok(())
}

/// Adds what the negation of a pattern says, if that is one conjunct.
fn negate(node: Node, found: &mut Vec<Conjunct>) -> Result<(), PatternError> {
    let mut inner = Vec::new();
    split(node, &mut inner)?;
    match inner.pop() {
        Some(conjunct) if inner.is_empty() => {
            found.push(Conjunct { positive: !conjunct.positive, ..conjunct });
            Ok(())
        }
        _ => Err(PatternError::unsupported("look-around within a negative one is no intersection")),
    }
}

/// Takes out the look-aheads that stand at a place which is known from the start, or the look-behinds from the end.
fn extract(
    items: &mut Vec<Node>,
    ahead: bool,
    found: &mut Vec<Conjunct>,
) -> Result<(), PatternError> {
    let anchor = if ahead { Node::Start } else { Node::End };
    let is_look = |node: &Node| matches!(node, Node::Look(look) if look.ahead == ahead);
    if !ahead {
        items.reverse();
    }
    // `(?=A)^` is `^(?=A)`.
    let place = items.iter().position(|item| !is_look(item));
    if place.and_then(|place| items.get(place)) == Some(&anchor) {
        items[..=place.unwrap_or(0)].rotate_right(1);
        let mut before = Vec::new();
        let mut rest = std::mem::take(items).into_iter();
        for item in rest.by_ref() {
            match item {
                Node::Look(look) if look.ahead == ahead => {
                    if found.len() >= CONJUNCTS_MAX {
                        let message = "the pattern has too many look-arounds";
                        return Err(PatternError::too_large(message));
                    }
                    let mut whole = before.clone();
                    whole.push(*look.node);
                    if !ahead {
                        whole.reverse();
                    }
                    let whole = Node::Concat(flat(whole));
                    if look.negative { negate(whole, found)? } else { split(whole, found)? }
                }
                item => {
                    let (least, most) = length(&item);
                    before.push(item);
                    if Some(least) != most {
                        break;
                    }
                }
            }
        }
        before.extend(rest);
        *items = before;
    }
    if !ahead {
        items.reverse();
    }
    Ok(())
}

/// Rewrites look-aheads at the very end of a pattern, or look-behinds at its start: what follows there is asked for, and then nothing.
fn edge(node: Node, ahead: bool) -> Node {
    match node {
        Node::Concat(mut items) => {
            if let Some(item) = if ahead { items.last_mut() } else { items.first_mut() } {
                *item = edge(std::mem::replace(item, Node::Empty), ahead);
            }
            Node::Concat(flat(items))
        }
        Node::Alternation(nodes) => {
            Node::Alternation(nodes.into_iter().map(|node| edge(node, ahead)).collect())
        }
        Node::Look(look) if look.ahead == ahead => match (look.negative, other_than(&look)) {
            (false, _) => edge(*look.node, ahead),
            (true, Some(node)) => node,
            (true, None) => Node::Look(look),
        },
        node => node,
    }
}

/// What stands at the edge of a text that does not go on with these characters.
fn other_than(look: &Look) -> Option<Node> {
    let border = if look.ahead { Node::End } else { Node::Start };
    if *look.node == border {
        return Some(Node::Class(class::any()));
    }
    let items = match &*look.node {
        Node::Concat(items) => &items[..],
        node => std::slice::from_ref(node),
    };
    if items.len() > LITERAL_MAX {
        return None;
    }
    let mut nearest_last: Vec<&Node> = items.iter().collect();
    if look.ahead {
        nearest_last.reverse();
    }
    let mut other: Option<Node> = None;
    for item in nearest_last {
        let class = single(item)?;
        let mut negated = class.clone();
        negated.negate();
        let mut alternatives = vec![border.clone(), Node::Class(negated)];
        if let Some(other) = other {
            let mut pair = vec![Node::Class(class), other];
            if !look.ahead {
                pair.reverse();
            }
            alternatives.push(Node::Concat(pair));
        }
        other = Some(Node::Alternation(alternatives));
    }
    other
}

/// The same with flat sequences, one class for alternatives of one character, and without the look-arounds that concern the next character alone.
fn simplify(node: Node) -> Node {
    match node {
        Node::Concat(nodes) => {
            let mut items = flat(nodes.into_iter().map(simplify));
            merge(&mut items, true);
            items.reverse();
            merge(&mut items, false);
            items.reverse();
            Node::Concat(items)
        }
        Node::Alternation(nodes) => {
            let node = Node::Alternation(nodes.into_iter().map(simplify).collect());
            single(&node).map_or(node, Node::Class)
        }
        Node::Repeat { node, min, max } => {
            Node::Repeat { node: Box::new(simplify(*node)), min, max }
        }
        Node::Look(look) => Node::Look(Look { node: Box::new(simplify(*look.node)), ..look }),
        node => node,
    }
}

/// The items of a sequence, without sequences in it.
fn flat(nodes: impl IntoIterator<Item = Node>) -> Vec<Node> {
    let mut items = Vec::new();
    for node in nodes {
        match node {
            Node::Concat(inner) => items.extend(inner),
            Node::Empty => {}
            node => items.push(node),
        }
    }
    items
}

/// Merges look-aheads with what they stand before, or look-behinds in a sequence that is reversed.
fn merge(items: &mut Vec<Node>, ahead: bool) {
    let border = if ahead { Node::End } else { Node::Start };
    // From the last on, since what was merged may stand behind another look-ahead.
    for at in (0..items.len().saturating_sub(1)).rev() {
        let (Some(Node::Look(look)), Some(next)) = (items.get(at), items.get(at + 1)) else {
            continue;
        };
        if look.ahead != ahead {
            continue;
        }
        if *next == border && length(&look.node).0 > 0 {
            let never = Node::Class(ClassUnicode::empty());
            items[at] = if look.negative { Node::Empty } else { never };
            continue;
        }
        let Some(seen) = single(&look.node) else { continue };
        let narrow = |mut class: ClassUnicode| {
            if look.negative {
                class.difference(&seen);
            } else {
                class.intersect(&seen);
            }
            Node::Class(class)
        };
        let merged = match next {
            Node::Repeat { node, min: min @ 1.., max } => single(node).map(|class| {
                let max = max.map(|max| max - 1);
                let others = Node::Repeat { node: node.clone(), min: min - 1, max };
                (narrow(class), others)
            }),
            next => single(next).map(|class| (narrow(class), Node::Empty)),
        };
        if let Some((first, others)) = merged {
            items[at] = first;
            items[at + 1] = others;
        }
    }
    items.retain(|item| *item != Node::Empty);
}

/// The characters of a node that matches exactly one.
fn single(node: &Node) -> Option<ClassUnicode> {
    match node {
        Node::Char(character) => Some(class::one(*character)),
        Node::Class(class) => Some(class.clone()),
        Node::Concat(nodes) => match &nodes[..] {
            [node] => single(node),
            _ => None,
        },
        Node::Alternation(nodes) => {
            let classes = nodes.iter().map(single).collect::<Option<Vec<_>>>()?;
            Some(ClassUnicode::new(classes.iter().flat_map(ClassUnicode::iter).copied()))
        }
        _ => None,
    }
}

/// The least and the greatest number of characters that a node matches; `None` if there is no greatest.
fn length(node: &Node) -> (u64, Option<u64>) {
    match node {
        Node::Char(_) | Node::Class(_) => (1, Some(1)),
        Node::Concat(nodes) => nodes.iter().map(length).fold((0, Some(0)), |sum, next| {
            let most = sum.1.zip(next.1).map(|(sum, next)| sum.saturating_add(next));
            (sum.0.saturating_add(next.0), most)
        }),
        Node::Alternation(nodes) => {
            let mut lengths = nodes.iter().map(length);
            let first = lengths.next().unwrap_or((0, Some(0)));
            lengths.fold(first, |all, next| {
                let most = all.1.zip(next.1).map(|(one, other)| one.max(other));
                (all.0.min(next.0), most)
            })
        }
        Node::Repeat { node, min, max } => {
            let (least, most) = length(node);
            let most = most.zip(*max).map(|(most, max)| most.saturating_mul(u64::from(max)));
            (least.saturating_mul(u64::from(*min)), most)
        }
        // As long as what it refers to.
        Node::BackReference => (0, None),
        _ => (0, Some(0)),
    }
}
