//! What the machine runs: a schema as nodes, and the sets of nodes that can be live for one value.
//!
//! A *node* is one schema object, in the same form for every draft. A *set* holds the nodes that are live for a value: those that the
//! place of the value asks for, and all that they apply to the same value (`allOf`, `anyOf`, `$ref`, …), children before
//! parents. Key and index lead from set to set, as bytes lead from state to state in a DFA; all sets are made when the schema is compiled, so a
//! value is read once however many branches look at it, and a set's number means the same in every run.
//!
//! ```text
//! Program  root ─► Set { nodes, kinds: what each kind of value comes to, ops: anyOf … }
//!                   ├ object: name ─► Member { step } ─► Set …
//!                   └ array:  index ─► step ─► Set …
//! ```

use super::bits::Bits;
use super::format::Format;
use super::key::Keys;
use super::number::{Limit, Unit};
use super::pattern::{Cache, Pattern, PatternSet};

/// Number of a node in [`Program::nodes`].
pub(crate) type NodeId = u32;
/// Number of a set in [`Program::sets`].
pub(crate) type SetId = u32;

/// The place of a value that no schema asks about.
pub(crate) const NO_SET: SetId = SetId::MAX;

/// A compiled schema.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    pub(crate) sets: Vec<Set>,
    pub(crate) patterns: Vec<NamedPattern>,
    pub(crate) choices: Vec<Choice>,
    /// How the document itself is judged.
    pub(crate) root: Step,
    /// Where nobody asks.
    nothing: (Set, ObjectPlan, ArrayPlan, Step),
}

/// A pattern, and how the schema writes it.
#[derive(Debug)]
pub(crate) struct NamedPattern {
    pub(crate) source: Box<str>,
    pub(crate) pattern: Pattern,
}

/// What the patterns of a program remember, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Caches(Vec<Cache>);

impl Program {
    /// Bytes that it takes, about: the tables and automata, not every box.
    pub(crate) fn memory_usage(&self) -> usize {
        let member = |member: &Member| size_of::<Member>() + size_of_val(&*member.step.links);
        let item = |item: &Item| size_of::<Item>() + size_of_val(&*item.step.links);
        let object = |plan: &ObjectPlan| {
            let members = plan.members.iter().chain(&plan.others).map(member).sum::<usize>();
            let which = plan.which.as_ref().map_or(0, |which| which.memory_usage());
            size_of::<ObjectPlan>() + plan.keys.memory_usage() + members + which
        };
        let array =
            |plan: &ArrayPlan| size_of::<ArrayPlan>() + plan.prefix.iter().map(item).sum::<usize>();
        let set = |set: &Set| {
            size_of::<Set>()
                + size_of_val(&*set.nodes)
                + size_of_val(&*set.ops)
                + set.object.as_deref().map_or(0, object)
                + set.array.as_deref().map_or(0, array)
        };
        self.sets.iter().map(set).sum::<usize>()
            + size_of_val(&*self.nodes)
            + self.patterns.iter().map(|known| known.pattern.memory_usage()).sum::<usize>()
            + self.choices.iter().map(|choice| choice.strings.memory_usage()).sum::<usize>()
    }

    /// Whether the pattern of that number matches somewhere in the text. O(len).
    pub(crate) fn matches(&self, number: u32, text: &[u8], caches: &mut Caches) -> bool {
        let at = number as usize;
        let Some(known) = self.patterns.get(at) else { return false };
        if caches.0.len() <= at {
            caches.0.resize_with(self.patterns.len(), Cache::default);
        }
        caches.0.get_mut(at).is_some_and(|cache| known.pattern.is_match(text, cache))
    }

    #[inline]
    pub(crate) fn set(&self, id: SetId) -> &Set {
        self.sets.get(id as usize).unwrap_or(&self.nothing.0)
    }

    /// How a set judges objects.
    #[inline]
    pub(crate) fn object(&self, id: SetId) -> &ObjectPlan {
        let plan = self.sets.get(id as usize).and_then(|set| set.object.as_deref());
        plan.unwrap_or(&self.nothing.1)
    }

    /// How a set judges arrays.
    #[inline]
    pub(crate) fn array(&self, id: SetId) -> &ArrayPlan {
        let plan = self.sets.get(id as usize).and_then(|set| set.array.as_deref());
        plan.unwrap_or(&self.nothing.2)
    }

    /// The way from a container with this set inside.
    #[inline]
    pub(crate) fn step(&self, id: SetId, at: At) -> &Step {
        let step = match at {
            At::Nothing => None,
            At::Member(_) | At::Other(_) => self.object(id).member(at).map(|member| &member.step),
            At::Prefix(_) | At::Rest => self.array(id).item(at).map(|item| &item.step),
        };
        step.unwrap_or(&self.nothing.3)
    }

    /// The nodes that do not allow a value there.
    pub(crate) fn closed(&self, id: SetId, at: At) -> Bits {
        let member = self.object(id).member(at).map(|member| member.closed);
        let item = self.array(id).item(at).map(|item| item.closed);
        member.or(item).unwrap_or(Bits::NONE)
    }
}

/// A way from a container inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Nothing,
    /// By its name: a place in [`ObjectPlan::members`].
    Member(u32),
    /// By the patterns that its name matches: a place in [`ObjectPlan::others`].
    Other(u32),
    /// By its index: a place in [`ArrayPlan::prefix`].
    Prefix(u32),
    Rest,
}

/// Kinds of values; a number is one of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    /// An integer that is written as one.
    Integer,
    /// An integer by its value: `1.0`.
    IntegerByValue,
    Fraction,
    String,
    Array,
    Object,
}

impl Kind {
    pub(crate) const ALL: [Kind; 9] = [
        Kind::Null,
        Kind::False,
        Kind::True,
        Kind::Integer,
        Kind::IntegerByValue,
        Kind::Fraction,
        Kind::String,
        Kind::Array,
        Kind::Object,
    ];

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Kind::Integer | Kind::IntegerByValue | Kind::Fraction)
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kinds(pub(crate) u16);

impl Kinds {
    pub(crate) fn of(kinds: &[Kind]) -> Kinds {
        Kinds(kinds.iter().fold(0, |bits, &kind| bits | 1 << kind as u16))
    }

    pub(crate) fn has(self, kind: Kind) -> bool {
        self.0 >> (kind as u16) & 1 == 1
    }

    pub(crate) fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}

/// One schema object, as all drafts mean it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// Where it stands in the schema.
    pub(crate) pointer: Box<str>,
    /// The schema `false`.
    pub(crate) never: bool,
    /// What `type` allows.
    pub(crate) types: Option<Types>,
    /// What else a value by itself must be.
    pub(crate) checks: Box<[Check]>,
    pub(crate) object: Option<Box<ObjectRules>>,
    pub(crate) array: Option<Box<ArrayRules>>,
    /// What it applies to the same value.
    pub(crate) parts: Box<[Part]>,
}

/// The keyword `type`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Types {
    pub(crate) kinds: Kinds,
    pub(crate) names: Box<[Box<str>]>,
}

/// A keyword that looks at a string, a number, or a whole value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Check {
    MinLength(u64),
    MaxLength(u64),
    /// A number in [`Program::patterns`].
    Pattern(u32),
    Format(Format),
    Content(Content),
    Minimum(Limit),
    ExclusiveMinimum(Limit),
    Maximum(Limit),
    ExclusiveMaximum(Limit),
    MultipleOf(Unit),
    /// `enum`: a number in [`Program::choices`].
    Enum(u32),
    /// `const`, likewise.
    Const(u32),
}

impl Check {
    /// Whether it looks at values of this kind.
    pub(crate) fn concerns(&self, kind: Kind) -> bool {
        match self {
            Check::MinLength(_)
            | Check::MaxLength(_)
            | Check::Pattern(_)
            | Check::Format(_)
            | Check::Content(_) => kind == Kind::String,
            Check::Minimum(_)
            | Check::ExclusiveMinimum(_)
            | Check::Maximum(_)
            | Check::ExclusiveMaximum(_)
            | Check::MultipleOf(_) => kind.is_number(),
            Check::Enum(_) | Check::Const(_) => true,
        }
    }
}

/// What draft 7 asks of a string that holds a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    pub(crate) base64: bool,
    pub(crate) json: bool,
}

/// The values of `enum` or `const`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) null: bool,
    pub(crate) falsity: bool,
    pub(crate) truth: bool,
    pub(crate) strings: Keys,
    pub(crate) numbers: Box<[Limit]>,
    /// Canonical forms of arrays and objects, sorted.
    pub(crate) arrays: Box<[Box<[u8]>]>,
    pub(crate) objects: Box<[Box<[u8]>]>,
    /// As the schema writes it.
    pub(crate) text: Box<str>,
}

/// Keywords of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ObjectRules {
    pub(crate) properties: Vec<(Box<str>, NodeId)>,
    /// Numbers in [`Program::patterns`] and what their members must be.
    pub(crate) patterns: Vec<(u32, NodeId)>,
    pub(crate) additional: Option<NodeId>,
    pub(crate) names: Option<NodeId>,
    pub(crate) required: Vec<Box<str>>,
    pub(crate) dependent: Vec<Asks>,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) unevaluated: Option<NodeId>,
}

/// A property that asks for others: `dependentRequired`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asks {
    /// That, or `dependencies`.
    pub(crate) keyword: &'static str,
    pub(crate) name: Box<str>,
    pub(crate) needs: Vec<Box<str>>,
}

/// Keywords of arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ArrayRules {
    pub(crate) prefix: Vec<NodeId>,
    pub(crate) rest: Option<NodeId>,
    /// Of what keyword `rest` is: `items` or `additionalItems`.
    pub(crate) rest_keyword: &'static str,
    pub(crate) contains: Option<Contains>,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) unique: bool,
    pub(crate) unevaluated: Option<NodeId>,
}

/// `contains` with its limits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Contains {
    pub(crate) node: NodeId,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    /// Whether `minContains` was given.
    pub(crate) min_given: bool,
    /// Whether items that it matches count as evaluated (from 2020-12 on).
    pub(crate) evaluates: bool,
}

/// An application of other nodes to the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// `allOf`, `$ref`: all must hold.
    All(NodeId),
    Any(Box<[NodeId]>),
    One(Box<[NodeId]>),
    Not(NodeId),
    If {
        cond: NodeId,
        then: Option<NodeId>,
        otherwise: Option<NodeId>,
    },
    /// `dependentSchemas`: holds if the property is there.
    Dependent(Box<str>, NodeId),
}

impl Part {
    /// The nodes that it applies.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        match self {
            Part::All(node) | Part::Not(node) | Part::Dependent(_, node) => vec![*node],
            Part::Any(nodes) | Part::One(nodes) => nodes.to_vec(),
            Part::If { cond, then, otherwise } => {
                [Some(*cond), *then, *otherwise].into_iter().flatten().collect()
            }
        }
    }
}

/// Nodes that are live for the same value. Numbers of nodes in a set are their places in `nodes`.
#[derive(Debug, Default)]
pub(crate) struct Set {
    /// Children before parents.
    pub(crate) nodes: Box<[NodeId]>,
    /// By [`Kind`].
    pub(crate) kinds: [Outcome; 9],
    /// What joins the results, in the order of their parents.
    pub(crate) ops: Box<[Op]>,
    /// Nodes that only choices apply (`anyOf`, `oneOf`, `not`, `if`): of theirs the first failure alone is told.
    pub(crate) branches: Bits,
    pub(crate) object: Option<Box<ObjectPlan>>,
    pub(crate) array: Option<Box<ArrayPlan>>,
}

/// What a kind of value comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Nodes that fail before any check. Final if `settled`.
    pub(crate) fail: Bits,
    /// Checks that the value itself must be asked for.
    pub(crate) checks: Box<[(u16, Check)]>,
    /// Whether nothing more need be asked, nor anything inside of the value.
    pub(crate) settled: bool,
    /// Whether a check needs the canonical form.
    pub(crate) captures: bool,
    /// Whether the value is good for all nodes just if it passes all checks.
    pub(crate) plain: bool,
}

/// How results of nodes make the result of another. Numbers in the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    All {
        parent: u16,
        child: u16,
    },
    Any {
        parent: u16,
        of: Box<[u16]>,
    },
    One {
        parent: u16,
        of: Box<[u16]>,
    },
    Not {
        parent: u16,
        child: u16,
    },
    If {
        parent: u16,
        cond: u16,
        then: Option<u16>,
        otherwise: Option<u16>,
    },
    Dependent {
        parent: u16,
        key: u16,
        child: u16,
    },
    /// `unevaluatedProperties` or `unevaluatedItems`.
    Unevaluated {
        parent: u16,
    },
}

impl Op {
    pub(crate) fn parent(&self) -> u16 {
        match self {
            Op::All { parent, .. }
            | Op::Any { parent, .. }
            | Op::One { parent, .. }
            | Op::Not { parent, .. }
            | Op::If { parent, .. }
            | Op::Dependent { parent, .. }
            | Op::Unevaluated { parent } => *parent,
        }
    }
}

/// From a value to one inside of it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The set of the inner value, or [`NO_SET`].
    pub(crate) set: SetId,
    /// What its results mean for the outer nodes.
    pub(crate) links: Box<[Link]>,
    /// Outer nodes that evaluate the inner value by themselves, if anybody asks.
    pub(crate) evaluated: Bits,
    /// Whether the inner value counts even if it is good: for `contains`, or as evaluated or not.
    pub(crate) tracks: bool,
}

impl Default for Step {
    fn default() -> Step {
        Step { set: NO_SET, links: Box::default(), evaluated: Bits::NONE, tracks: false }
    }
}

impl Step {
    /// Whether an outer node fails because of what fails inside.
    #[inline]
    pub(crate) fn must_fail(&self, fail: Bits) -> bool {
        !fail.is_empty()
            && self
                .links
                .iter()
                .any(|link| matches!(link, Link::Must { child, .. } if fail.has(*child)))
    }
}

/// What the result of an inner node means for an outer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The inner one must hold.
    Must { child: u16, parent: u16 },
    /// It is counted, as number `counter` of the array.
    Count { child: u16, counter: u16 },
    /// It must hold if nobody else evaluates the value.
    Unevaluated { child: u16, parent: u16 },
}

/// How a set judges objects.
#[derive(Debug, Default)]
pub(crate) struct ObjectPlan {
    /// Names that somebody speaks of.
    pub(crate) keys: Keys,
    pub(crate) members: Box<[Member]>,
    /// Patterns of names: numbers in [`Program::patterns`].
    pub(crate) patterns: Box<[u32]>,
    /// The same in one automaton, where there are several.
    pub(crate) which: Option<Box<PatternSet>>,
    /// Members of other names: place `n` is for those that the patterns of the bits of `n` match.
    pub(crate) others: Box<[Member]>,
    /// The set for names, where not all names are allowed.
    pub(crate) names: Option<Step>,
    pub(crate) required: Box<[Required]>,
    pub(crate) dependent: Box<[Dependent]>,
    pub(crate) sizes: Box<[Size]>,
    /// Nodes that ask for those that nobody evaluates, and so evaluate all if they hold.
    pub(crate) unevaluated: Bits,
}

impl ObjectPlan {
    #[inline]
    pub(crate) fn member(&self, at: At) -> Option<&Member> {
        match at {
            At::Member(number) => self.members.get(number as usize),
            At::Other(matching) => self.others.get(matching as usize),
            At::Nothing | At::Prefix(_) | At::Rest => None,
        }
    }
}

/// A member, by its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    /// Its bit, if it is asked for by name.
    pub(crate) bit: Option<u16>,
    /// Nodes that do not allow it (`additionalProperties: false`), and whether there are any.
    pub(crate) closed: Bits,
    pub(crate) refused: bool,
    /// Whether the name itself must be judged (`propertyNames`).
    pub(crate) named: bool,
    pub(crate) step: Step,
}

/// What must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    pub(crate) parent: u16,
    /// Bits of members, also in the order of the keyword.
    pub(crate) needs: Bits,
    pub(crate) bits: Box<[u16]>,
}

/// If one property is there, others must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependent {
    pub(crate) parent: u16,
    pub(crate) key: u16,
    /// In the order of the keyword.
    pub(crate) needs: Box<[u16]>,
    /// Which of the node's `dependent`.
    pub(crate) rule: u16,
}

/// How many members or items there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) parent: u16,
    pub(crate) min: u64,
    pub(crate) max: u64,
}

/// How a set judges arrays.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArrayPlan {
    /// The first items, one by one, and all others.
    pub(crate) prefix: Box<[Item]>,
    pub(crate) rest: Item,
    pub(crate) counters: Box<[Counter]>,
    pub(crate) sizes: Box<[Size]>,
    pub(crate) unique: Bits,
    pub(crate) unevaluated: Bits,
}

impl ArrayPlan {
    #[inline]
    pub(crate) fn item(&self, at: At) -> Option<&Item> {
        match at {
            At::Prefix(index) => self.prefix.get(index as usize),
            At::Rest => Some(&self.rest),
            At::Nothing | At::Member(_) | At::Other(_) => None,
        }
    }
}

/// An item, by its index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    /// Nodes that do not allow it (`additionalItems: false`), and whether there are any.
    pub(crate) closed: Bits,
    pub(crate) refused: bool,
    pub(crate) step: Step,
}

/// A `contains`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    pub(crate) parent: u16,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) min_given: bool,
    pub(crate) evaluates: bool,
}
