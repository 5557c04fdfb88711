//! A row of classes from the start of a text: most patterns of real schemas are nothing else.
//!
//! `^[a-z][a-z0-9-]{0,62}$` is one class and then another, so and so many times. Each run takes as many characters as it can. That is exact if
//! nothing that stands behind a run could begin with one of its characters; other patterns are left to the automata.

use regex_syntax::hir::ClassUnicode;

use super::class;
use super::parse::Node;

/// More are left to an automaton, which takes them all in one table.
const RUNS_MAX: usize = 64;

/// A row of runs.
#[derive(Debug)]
pub(super) struct Runs {
    runs: Vec<Run>,
    /// Whether nothing may follow.
    to_end: bool,
}

/// So many characters of a class.
#[derive(Debug)]
struct Run {
    /// A bit for each ASCII character.
    ascii: [u64; 2],
    /// The whole class.
    class: ClassUnicode,
    min: u32,
    max: Option<u32>,
}

impl Runs {
    /// `None` if the pattern is no such row, or taking as much as possible would not be exact.
    pub(super) fn new(node: &Node) -> Option<Runs> {
        let items = match node {
            Node::Concat(items) => &items[..],
            node => std::slice::from_ref(node),
        };
        let items = items.strip_prefix(&[Node::Start])?;
        let (items, to_end) = match items.strip_suffix(&[Node::End]) {
            Some(items) => (items, true),
            None => (items, false),
        };
        let mut runs: Vec<Run> = Vec::new();
        for item in items {
            let run = match item {
                Node::Repeat { node, min, max } => Run::new(node, *min, *max)?,
                node => Run::new(node, 1, Some(1))?,
            };
            match runs.last_mut() {
                Some(last) if last.class == run.class => {
                    last.min = last.min.checked_add(run.min)?;
                    last.max = match last.max.zip(run.max) {
                        Some((one, other)) => Some(one.checked_add(other)?),
                        None => None,
                    };
                }
                _ => runs.push(run),
            }
        }
        if !to_end && let Some(last) = runs.last_mut() {
            last.max = Some(last.min);
        }
        let exact = (1..runs.len()).all(|next| {
            let (before, behind) = runs.split_at(next);
            before.last().is_none_or(|run| run.is_exact(behind))
        });
        (exact && runs.len() <= RUNS_MAX).then_some(Runs { runs, to_end })
    }

    /// O(len), or O(len x log of the ranges of a class) beyond ASCII.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        let mut rest = text;
        for run in &self.runs {
            match run.skip(rest) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        !self.to_end || rest.is_empty()
    }

    /// Memory taken beside the type itself, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        let ranges = |run: &Run| size_of_val(run.class.ranges());
        size_of_val(&self.runs[..]) + self.runs.iter().map(ranges).sum::<usize>()
    }
}

impl Run {
    fn new(node: &Node, min: u32, max: Option<u32>) -> Option<Run> {
        let class = match node {
            Node::Char(character) => class::range(u32::from(*character), u32::from(*character)),
            Node::Class(class) => class.clone(),
            _ => return None,
        };
        let mut ascii = [0; 2];
        for byte in 0..128_u8 {
            if class::contains(&class, char::from(byte)) {
                ascii[usize::from(byte / 64)] |= 1 << (byte % 64);
            }
        }
        Some(Run { ascii, class, min, max })
    }

    /// Whether no shorter run could leave something for the runs behind it.
    fn is_exact(&self, behind: &[Run]) -> bool {
        if self.max == Some(self.min) {
            return true;
        }
        for run in behind {
            let mut common = self.class.clone();
            common.intersect(&run.class);
            if !common.ranges().is_empty() {
                return false;
            }
            if run.min > 0 {
                break;
            }
        }
        true
    }

    /// What stands behind as many characters of the class as there are and may be; `None` if they are too few.
    #[inline]
    fn skip<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let max = self.max.unwrap_or(u32::MAX) as usize;
        let mut count = 0;
        let mut at = 0;
        while count < max {
            let Some(&byte) = text.get(at) else { break };
            if byte < 128 {
                if self.ascii[usize::from(byte / 64)] >> (byte % 64) & 1 == 0 {
                    break;
                }
                at += 1;
            } else {
                match decode(text.get(at..).unwrap_or_default()) {
                    Some(character) if class::contains(&self.class, character) => {
                        at += character.len_utf8();
                    }
                    _ => break,
                }
            }
            count += 1;
        }
        if count < self.min as usize { None } else { text.get(at..) }
    }
}

/// The first character, which is not ASCII.
fn decode(text: &[u8]) -> Option<char> {
    let length = match text.first()? {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    };
    str::from_utf8(text.get(..length)?).ok()?.chars().next()
}
