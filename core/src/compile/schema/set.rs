//! From nodes to sets of nodes: every set that can be live for some value, made before the first document comes.
//!
//! As a DFA is made from an NFA: the sets that key and index lead to from a set are sets again, until no new one turns up. Real schemas have
//! about as many sets as nodes. What would have too many, or too wide ones, is left to the full validator.

use std::collections::HashMap;

use super::native::Unsupported;
use crate::schema::bits::Bits;
use crate::schema::key::Keys;
use crate::schema::pattern::{PatternLimits, PatternSet};
use crate::schema::program::{
    ArrayPlan, ArrayRules, Caches, Check, Counter, Dependent, Item, Kind, Link, Member, NO_SET,
    Node, NodeId, ObjectPlan, ObjectRules, Op, Outcome, Part, Program, Required, Set, SetId, Size,
    Step,
};

/// Most sets of one schema.
const SETS_MAX: usize = 1 << 18;
/// Most members that all sets name.
const MEMBERS_MAX: usize = 1 << 21;
/// Most patterns of names that one object is held against: each doubles the number of ways inside.
const PATTERNS_MAX: usize = 6;

/// What makes an inner node matter to an outer one.
#[derive(Clone, Copy)]
enum Why {
    Must,
    Count(u16),
    Unevaluated,
}

/// Makes all sets that can be reached from the node `root`.
pub(super) fn determinise(program: &mut Program, root: NodeId) -> Result<(), Unsupported> {
    let mut sets = Sets {
        nodes: std::mem::take(&mut program.nodes),
        program,
        ids: HashMap::new(),
        entries: Vec::new(),
        members: 0,
        caches: Caches::default(),
    };
    let step = sets.step(&[(0, root, Why::Must)], Bits::NONE, Bits::NONE);
    let result = step.and_then(|step| {
        sets.program.root = step;
        let mut next = 0;
        while next < sets.program.sets.len() {
            let set = sets.build(next)?;
            if let Some(place) = sets.program.sets.get_mut(next) {
                *place = set;
            }
            next += 1;
        }
        Ok(())
    });
    let nodes = sets.nodes;
    program.nodes = nodes;
    result
}

struct Sets<'p> {
    program: &'p mut Program,
    nodes: Vec<Node>,
    /// By the nodes that the place asks for.
    ids: HashMap<Vec<NodeId>, SetId>,
    /// The other way round.
    entries: Vec<Vec<NodeId>>,
    members: usize,
    caches: Caches,
}

impl Sets<'_> {
    fn node(&self, id: NodeId) -> Result<&Node, Unsupported> {
        self.nodes.get(id as usize).ok_or_else(|| Unsupported::new("", "a node is missing"))
    }

    /// The set of these nodes; its plans are made later.
    fn set(&mut self, mut entries: Vec<NodeId>) -> Result<SetId, Unsupported> {
        entries.sort_unstable();
        entries.dedup();
        if entries.is_empty() {
            return Ok(NO_SET);
        }
        if let Some(&id) = self.ids.get(&entries) {
            return Ok(id);
        }
        let id = self.program.sets.len();
        if id >= SETS_MAX {
            return Err(Unsupported::new("", "its places have too many combinations of schemas"));
        }
        let nodes = self.closure(&entries)?;
        self.program.sets.push(Set { nodes: nodes.into(), ..Set::default() });
        self.entries.push(entries.clone());
        self.ids.insert(entries, id as SetId);
        Ok(id as SetId)
    }

    /// The nodes and all that they apply to the same value, children before parents.
    fn closure(&self, entries: &[NodeId]) -> Result<Vec<NodeId>, Unsupported> {
        #[derive(Clone, Copy, PartialEq)]
        enum Visit {
            Open,
            Done,
        }
        let mut visited: HashMap<NodeId, Visit> = HashMap::new();
        let mut order = Vec::new();
        let mut open: Vec<(NodeId, bool)> = entries.iter().rev().map(|&id| (id, false)).collect();
        while let Some((id, leave)) = open.pop() {
            let node = self.node(id)?;
            if leave {
                visited.insert(id, Visit::Done);
                order.push(id);
                continue;
            }
            match visited.get(&id) {
                Some(Visit::Done) => continue,
                Some(Visit::Open) => {
                    return Err(Unsupported::endless(&node.pointer));
                }
                None => {}
            }
            visited.insert(id, Visit::Open);
            open.push((id, true));
            for child in node.parts.iter().flat_map(Part::nodes) {
                match visited.get(&child) {
                    Some(Visit::Done) => {}
                    Some(Visit::Open) => {
                        return Err(Unsupported::endless(&node.pointer));
                    }
                    None => open.push((child, false)),
                }
            }
        }
        if order.len() > Bits::MAX {
            let pointer = entries
                .first()
                .map_or("", |&id| self.nodes.get(id as usize).map_or("", |n| &n.pointer));
            return Err(Unsupported::new(pointer, "more than 256 schemas apply to the same value"));
        }
        Ok(order)
    }

    /// The way to an inner value: `children` are nodes for it, each with the number of its outer node.
    fn step(
        &mut self,
        children: &[(u16, NodeId, Why)],
        evaluated: Bits,
        asked: Bits,
    ) -> Result<Step, Unsupported> {
        let mut wanted = Vec::new();
        for &(parent, id, why) in children {
            let settled = matches!(why, Why::Unevaluated) && evaluated.has(parent);
            if settled || (matches!(why, Why::Must) && self.node(id)?.is_trivial()) {
                continue;
            }
            wanted.push((parent, id, why));
        }
        let set = self.set(wanted.iter().map(|&(_, id, _)| id).collect())?;
        let nodes = self.program.sets.get(set as usize).map(|set| set.nodes.clone());
        let nodes = nodes.unwrap_or_default();
        let place = |id| nodes.iter().position(|&node| node == id).unwrap_or_default() as u16;
        let link = |&(parent, id, why): &(u16, NodeId, Why)| match why {
            Why::Must => Link::Must { child: place(id), parent },
            Why::Count(counter) => Link::Count { child: place(id), counter },
            Why::Unevaluated => Link::Unevaluated { child: place(id), parent },
        };
        let links: Box<[Link]> = wanted.iter().map(link).collect();
        let tracks = !asked.without(evaluated).is_empty()
            || links.iter().any(|link| !matches!(link, Link::Must { .. }));
        Ok(Step { set, links, evaluated, tracks })
    }

    fn build(&mut self, id: usize) -> Result<Set, Unsupported> {
        let nodes = self.program.sets.get(id).map(|set| set.nodes.clone()).unwrap_or_default();
        // Those of the set, as its numbers.
        let list: Vec<Node> =
            nodes.iter().map(|&id| self.node(id).cloned()).collect::<Result<_, _>>()?;
        let numbered = || (0u16..).zip(&list);
        let live = |kind: Kind| {
            let of_kind = move |node: &Node| {
                !node.never && node.types.as_ref().is_none_or(|types| types.kinds.has(kind))
            };
            numbered().filter(move |(_, node)| of_kind(node))
        };
        let objects: Vec<(u16, &ObjectRules)> = live(Kind::Object)
            .filter_map(|(at, node)| Some((at, node.object.as_deref()?)))
            .collect();
        let arrays: Vec<(u16, &ArrayRules)> =
            live(Kind::Array).filter_map(|(at, node)| Some((at, node.array.as_deref()?))).collect();
        let names = conditional_names(&list);
        let mut bits = HashMap::new();
        let object = if objects.is_empty() && names.is_empty() {
            None
        } else {
            Some(Box::new(self.object(&objects, &names, &mut bits)?))
        };
        let array = if arrays.is_empty() { None } else { Some(Box::new(self.array(&arrays)?)) };
        let ops = ops(&nodes, &list, &bits);
        let kinds = Kind::ALL.map(|kind| {
            let plan = match kind {
                Kind::Object => object.is_some(),
                Kind::Array => array.is_some(),
                _ => false,
            };
            self.outcome(&list, &ops, kind, plan)
        });
        let entries = self.entries.get(id).map(|entries| entries.iter());
        let branches = branches(&ops, &nodes, entries.into_iter().flatten());
        Ok(Set { nodes, kinds, ops, branches, object, array })
    }

    fn outcome(&self, list: &[Node], ops: &[Op], kind: Kind, plan: bool) -> Outcome {
        let mut fail = Bits::NONE;
        let mut checks = Vec::new();
        let mut captures = false;
        for (at, node) in (0u16..).zip(list) {
            if node.never || node.types.as_ref().is_some_and(|types| !types.kinds.has(kind)) {
                fail.insert(at);
                continue;
            }
            for check in node.checks.iter().filter(|check| check.concerns(kind)) {
                match self.choice(check, kind) {
                    Some(true) => {}
                    Some(false) => fail.insert(at),
                    None => {
                        captures |= matches!(kind, Kind::Array | Kind::Object);
                        checks.push((at, check.clone()));
                    }
                }
            }
        }
        checks.retain(|(at, _)| !fail.has(*at));
        let settled = checks.is_empty() && !plan;
        if settled {
            fail = join_all(ops, fail);
        }
        captures &= !checks.is_empty();
        let joined = if settled { fail } else { join_all(ops, fail) };
        let plain = joined.is_empty();
        Outcome { fail, checks: checks.into(), settled, captures, plain }
    }

    /// Whether values of this kind pass a check; `None` if it depends on the value.
    fn choice(&self, check: &Check, kind: Kind) -> Option<bool> {
        let (Check::Enum(at) | Check::Const(at)) = check else { return None };
        let choice = self.program.choices.get(*at as usize)?;
        let any = |some: bool| if some { None } else { Some(false) };
        match kind {
            Kind::Null => Some(choice.null),
            Kind::False => Some(choice.falsity),
            Kind::True => Some(choice.truth),
            Kind::String => any(choice.strings.len() > 0),
            Kind::Array => any(!choice.arrays.is_empty()),
            Kind::Object => any(!choice.objects.is_empty()),
            Kind::Integer | Kind::IntegerByValue | Kind::Fraction => {
                any(!choice.numbers.is_empty())
            }
        }
    }

    fn object(
        &mut self,
        rules: &[(u16, &ObjectRules)],
        conditional: &[Box<str>],
        bits: &mut HashMap<Box<str>, u16>,
    ) -> Result<ObjectPlan, Unsupported> {
        let asked = rules.iter().flat_map(|(_, rules)| {
            let dependent =
                rules.dependent.iter().flat_map(|asks| asks.needs.iter().chain([&asks.name]));
            rules.required.iter().chain(dependent)
        });
        for name in asked.chain(conditional) {
            let next = bits.len() as u16;
            bits.entry(name.clone()).or_insert(next);
        }
        if bits.len() > Bits::MAX {
            return Err(Unsupported::new(
                "",
                "more than 256 properties of an object are asked for by name",
            ));
        }
        let mut names: Vec<&str> = rules
            .iter()
            .flat_map(|(_, rules)| rules.properties.iter().map(|(name, _)| &**name))
            .chain(bits.keys().map(|name| &**name))
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut patterns: Vec<u32> = rules
            .iter()
            .flat_map(|(_, rules)| rules.patterns.iter().map(|(pattern, _)| *pattern))
            .collect();
        patterns.sort_unstable();
        patterns.dedup();
        if patterns.len() > PATTERNS_MAX {
            return Err(Unsupported::new("", "more than 6 patterns of names apply to one object"));
        }
        self.members += names.len() + (1 << patterns.len());
        if self.members > MEMBERS_MAX {
            return Err(Unsupported::new("", "its places name too many properties"));
        }
        let has_names = rules.iter().any(|(_, rules)| rules.names.is_some());
        let mut members = Vec::new();
        for name in &names {
            let mut matching = Vec::new();
            for &number in &patterns {
                if self.program.matches(number, name.as_bytes(), &mut self.caches) {
                    matching.push(number);
                }
            }
            let bit = bits.get(*name).copied();
            members.push(self.member(rules, Some(name), &matching, bit, has_names)?);
        }
        let mut others = Vec::new();
        for chosen in 0..1u32 << patterns.len() {
            let matching: Vec<u32> = (0..)
                .zip(&patterns)
                .filter(|(bit, _)| chosen >> bit & 1 == 1)
                .map(|(_, number)| *number)
                .collect();
            others.push(self.member(rules, None, &matching, None, has_names)?);
        }
        let named: Vec<_> =
            rules.iter().filter_map(|(at, rules)| Some((*at, rules.names?, Why::Must))).collect();
        let names_step =
            if has_names { Some(self.step(&named, Bits::NONE, Bits::NONE)?) } else { None };
        let bit = |name: &str| bits.get(name).copied().unwrap_or_default();
        let required = rules.iter().filter(|(_, rules)| !rules.required.is_empty());
        let required = required.map(|(at, rules)| {
            let list: Box<[u16]> = rules.required.iter().map(|name| bit(name)).collect();
            let needs = list.iter().fold(Bits::NONE, |needs, &bit| needs.or(Bits::one(bit)));
            Required { parent: *at, needs, bits: list }
        });
        let dependent = rules.iter().flat_map(|(at, rules)| {
            (0u16..).zip(&rules.dependent).map(move |(rule, asks)| Dependent {
                parent: *at,
                key: bit(&asks.name),
                needs: asks.needs.iter().map(|name| bit(name)).collect(),
                rule,
            })
        });
        let sizes = rules.iter().filter(|(_, rules)| rules.min > 0 || rules.max.is_some());
        let sizes = sizes.map(|(at, rules)| Size {
            parent: *at,
            min: rules.min,
            max: rules.max.unwrap_or(u64::MAX),
        });
        let unevaluated = asking(rules.iter().map(|(at, rules)| (*at, rules.unevaluated)));
        Ok(ObjectPlan {
            keys: Keys::new(&names.iter().map(|name| name.as_bytes()).collect::<Vec<_>>()),
            members: members.into(),
            which: self.automaton(&patterns),
            patterns: patterns.into(),
            others: others.into(),
            names: names_step,
            required: required.collect(),
            dependent: dependent.collect(),
            sizes: sizes.collect(),
            unevaluated,
        })
    }

    /// Several patterns as one.
    fn automaton(&self, patterns: &[u32]) -> Option<Box<PatternSet>> {
        let known =
            patterns.iter().filter_map(|&number| self.program.patterns.get(number as usize));
        let sources: Vec<&str> = known.map(|known| &*known.source).collect();
        if sources.len() < 2 {
            return None;
        }
        PatternSet::compile(&sources, PatternLimits::default()).ok().map(Box::new)
    }

    /// The way to the members of a name, or of all names that are not spoken of and match these patterns alone.
    fn member(
        &mut self,
        rules: &[(u16, &ObjectRules)],
        name: Option<&str>,
        matching: &[u32],
        bit: Option<u16>,
        named: bool,
    ) -> Result<Member, Unsupported> {
        let mut children = Vec::new();
        let (mut closed, mut evaluated) = (Bits::NONE, Bits::NONE);
        for (at, rules) in rules {
            let own = rules.properties.iter().filter(|(known, _)| name == Some(&**known));
            let by_pattern = rules.patterns.iter().filter(|(known, _)| matching.contains(known));
            let before = children.len();
            children.extend(own.map(|(_, id)| (*at, *id, Why::Must)));
            children.extend(by_pattern.map(|(_, id)| (*at, *id, Why::Must)));
            let mut spoken_of = children.len() > before;
            if let Some(id) = rules.additional.filter(|_| !spoken_of) {
                spoken_of = true;
                if self.node(id)?.never {
                    closed.insert(*at);
                } else {
                    children.push((*at, id, Why::Must));
                }
            }
            if spoken_of {
                evaluated.insert(*at);
            }
        }
        let asked = asking(rules.iter().map(|(at, rules)| (*at, rules.unevaluated)));
        for (at, rules) in rules {
            if let Some(id) = rules.unevaluated.filter(|_| !evaluated.has(*at))
                && !self.node(id)?.never
            {
                children.push((*at, id, Why::Unevaluated));
            }
        }
        let step = self.step(&children, evaluated, asked)?;
        Ok(Member { bit, closed, refused: !closed.is_empty(), named, step })
    }

    fn array(&mut self, rules: &[(u16, &ArrayRules)]) -> Result<ArrayPlan, Unsupported> {
        let counting = rules.iter().filter_map(|(at, rules)| Some((*at, rules.contains.as_ref()?)));
        let counters: Box<[Counter]> = counting
            .clone()
            .map(|(parent, contains)| Counter {
                parent,
                min: contains.min,
                max: contains.max.unwrap_or(u64::MAX),
                min_given: contains.min_given,
                evaluates: contains.evaluates,
            })
            .collect();
        let counted: Vec<_> = (0u16..)
            .zip(counting)
            .map(|(counter, (at, contains))| (at, contains.node, Why::Count(counter)))
            .collect();
        let len = rules.iter().map(|(_, rules)| rules.prefix.len()).max().unwrap_or_default();
        let mut prefix = Vec::new();
        for index in 0..len {
            prefix.push(self.item(rules, &counted, index)?);
        }
        let sizes = rules.iter().filter(|(_, rules)| rules.min > 0 || rules.max.is_some());
        let sizes = sizes.map(|(at, rules)| Size {
            parent: *at,
            min: rules.min,
            max: rules.max.unwrap_or(u64::MAX),
        });
        let unique = rules.iter().filter(|(_, rules)| rules.unique);
        let unevaluated = asking(rules.iter().map(|(at, rules)| (*at, rules.unevaluated)));
        Ok(ArrayPlan {
            prefix: prefix.into(),
            rest: self.item(rules, &counted, len)?,
            counters,
            sizes: sizes.collect(),
            unique: unique.fold(Bits::NONE, |bits, (at, _)| bits.or(Bits::one(*at))),
            unevaluated,
        })
    }

    /// The way to the item of that index, or to all from the longest prefix on.
    fn item(
        &mut self,
        rules: &[(u16, &ArrayRules)],
        counted: &[(u16, NodeId, Why)],
        index: usize,
    ) -> Result<Item, Unsupported> {
        let mut children = counted.to_vec();
        let (mut closed, mut evaluated) = (Bits::NONE, Bits::NONE);
        for (at, rules) in rules {
            match (rules.prefix.get(index), rules.rest) {
                (Some(id), _) => children.push((*at, *id, Why::Must)),
                (None, Some(id))
                    if rules.rest_keyword == "additionalItems" && self.node(id)?.never =>
                {
                    closed.insert(*at);
                }
                (None, Some(id)) => children.push((*at, id, Why::Must)),
                (None, None) => continue,
            }
            evaluated.insert(*at);
        }
        let asked = asking(rules.iter().map(|(at, rules)| (*at, rules.unevaluated)));
        for (at, rules) in rules {
            if let Some(id) = rules.unevaluated.filter(|_| !evaluated.has(*at))
                && !self.node(id)?.never
            {
                children.push((*at, id, Why::Unevaluated));
            }
        }
        let step = self.step(&children, evaluated, asked)?;
        Ok(Item { closed, refused: !closed.is_empty(), step })
    }
}

/// The nodes that no entry applies outside of choices.
fn branches<'e>(ops: &[Op], nodes: &[NodeId], entries: impl Iterator<Item = &'e NodeId>) -> Bits {
    let places = |id: &NodeId| nodes.iter().position(|node| node == id);
    let mut direct =
        entries.filter_map(places).fold(Bits::NONE, |bits, at| bits.or(Bits::one(at as u16)));
    // Parents before children.
    for op in ops.iter().rev() {
        if let Op::All { parent, child } | Op::Dependent { parent, child, .. } = *op
            && direct.has(parent)
        {
            direct.insert(child);
        }
    }
    let all = (0..nodes.len() as u16).fold(Bits::NONE, |bits, at| bits.or(Bits::one(at)));
    all.without(direct)
}

/// What fails if no check does.
fn join_all(ops: &[Op], mut fail: Bits) -> Bits {
    for op in ops {
        op.join(&mut fail, Bits::NONE);
    }
    fail
}

/// The numbers of those that ask for what nobody evaluates.
fn asking(rules: impl Iterator<Item = (u16, Option<NodeId>)>) -> Bits {
    rules
        .filter(|(_, asks)| asks.is_some())
        .fold(Bits::NONE, |bits, (at, _)| bits.or(Bits::one(at)))
}

/// The names that `dependentSchemas` of the set ask about.
fn conditional_names(list: &[Node]) -> Vec<Box<str>> {
    let parts = list.iter().flat_map(|node| &node.parts);
    parts
        .filter_map(|part| match part {
            Part::Dependent(name, _) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// What joins the results of the set's nodes.
fn ops(nodes: &[NodeId], list: &[Node], bits: &HashMap<Box<str>, u16>) -> Box<[Op]> {
    let places: HashMap<NodeId, u16> = nodes.iter().copied().zip(0u16..).collect();
    let place = |id: &NodeId| places.get(id).copied().unwrap_or_default();
    let all = |ids: &[NodeId]| ids.iter().map(place).collect();
    let mut ops = Vec::new();
    for (parent, node) in (0u16..).zip(list) {
        ops.extend(node.parts.iter().map(|part| match part {
            Part::All(child) => Op::All { parent, child: place(child) },
            Part::Any(children) => Op::Any { parent, of: all(children) },
            Part::One(children) => Op::One { parent, of: all(children) },
            Part::Not(child) => Op::Not { parent, child: place(child) },
            Part::If { cond, then, otherwise } => Op::If {
                parent,
                cond: place(cond),
                then: then.as_ref().map(place),
                otherwise: otherwise.as_ref().map(place),
            },
            Part::Dependent(name, child) => Op::Dependent {
                parent,
                key: bits.get(name).copied().unwrap_or_default(),
                child: place(child),
            },
        }));
        let object = node.object.as_ref().is_some_and(|rules| rules.unevaluated.is_some());
        let array = node.array.as_ref().is_some_and(|rules| rules.unevaluated.is_some());
        if object || array {
            ops.push(Op::Unevaluated { parent });
        }
    }
    ops.into()
}

impl Node {
    /// Whether every value is good.
    fn is_trivial(&self) -> bool {
        !self.never
            && self.types.is_none()
            && self.checks.is_empty()
            && self.object.is_none()
            && self.array.is_none()
            && self.parts.is_empty()
    }
}
