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
    /// A bit for each byte that is an ASCII character of the class.
    ascii: [u64; 4],
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
            Node::Char(character) => class::one(*character),
            Node::Class(class) => class.clone(),
            _ => return None,
        };
        let mut ascii = [0; 4];
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
    fn skip<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let mut left = self.max.map_or(usize::MAX, |max| max as usize);
        let most = left;
        let mut rest = text;
        loop {
            let ascii = rest.get(..left).unwrap_or(rest);
            let count = ascii.iter().position(|&byte| !self.has_ascii(byte));
            let count = count.unwrap_or(ascii.len());
            rest = rest.get(count..)?;
            left -= count;
            match first_wide(rest) {
                Some(character) if left > 0 && class::contains(&self.class, character) => {
                    rest = rest.get(character.len_utf8()..)?;
                    left -= 1;
                }
                _ => break,
            }
        }
        if most - left < self.min as usize { None } else { Some(rest) }
    }

    #[inline]
    fn has_ascii(&self, byte: u8) -> bool {
        self.ascii[usize::from(byte / 64)] >> (byte % 64) & 1 != 0
    }
}

/// The first character, if it is not ASCII.
fn first_wide(text: &[u8]) -> Option<char> {
    let length = match text.first()? {
        ..0x80 => return None,
        ..0xE0 => 2,
        ..0xF0 => 3,
        _ => 4,
    };
    str::from_utf8(text.get(..length)?).ok()?.chars().next()
}
