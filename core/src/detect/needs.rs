//! What an expression cannot match without, told from its syntax: sets of byte classes.
//!
//! Literals of ordinary values (`[1`, `=new`, `://`) wake expressions that want much more of a value than that. The classes of a
//! reading are known; where they do not suffice, the expression need not run. Overstates, and never understates: the suite and a
//! fuzz target compare with the gate off.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::classes::Classes;

/// Most sets that are told apart.
const MOST: usize = 32;
/// Most classes of one character that are told apart.
const MOST_OF_ONE: usize = 4;

/// Sets of byte classes: what matches holds all classes of one of them at least. Never empty; no set holds another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needs(Vec<Classes>);

impl Needs {
    /// Nothing is known.
    pub(super) fn nothing() -> Needs {
        Needs(vec![Classes::NONE])
    }

    /// Those of an expression. O(its size).
    pub(super) fn of(hir: &Hir) -> Needs {
        match hir.kind() {
            HirKind::Literal(literal) => Needs(vec![Classes::of(&literal.0)]),
            HirKind::Class(class) => Needs::of_class(class),
            HirKind::Repetition(repeated) if repeated.min > 0 => Needs::of(&repeated.sub),
            HirKind::Capture(capture) => Needs::of(&capture.sub),
            HirKind::Concat(parts) => {
                parts.iter().fold(Needs::nothing(), |needs, part| needs.and(&Needs::of(part)))
            }
            HirKind::Alternation(parts) => {
                let either = parts.iter().flat_map(|part| Needs::of(part).0).collect();
                Needs::simplest(either).unwrap_or_else(Needs::nothing)
            }
            HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => Needs::nothing(),
        }
    }

    fn of_class(class: &Class) -> Needs {
        let Class::Bytes(class) = class else { return Needs::nothing() };
        let bytes = class.iter().flat_map(|range| range.start()..=range.end());
        let mut each: Vec<Classes> = bytes.map(Classes::of_byte).collect();
        each.dedup();
        let needs = Needs::simplest(each);
        needs.filter(|needs| needs.0.len() <= MOST_OF_ONE).unwrap_or_else(Needs::nothing)
    }

    /// Both. If that is too much, only the first.
    fn and(self, other: &Needs) -> Needs {
        let each = |&one: &Classes| other.0.iter().map(move |&set| one.or(set));
        Needs::simplest(self.0.iter().flat_map(each).collect()).unwrap_or(self)
    }

    /// Without sets that hold another; none if too many are left, or there are none.
    fn simplest(mut sets: Vec<Classes>) -> Option<Needs> {
        sets.sort_by_key(|set| (set.0.count_ones(), set.0));
        let mut kept: Vec<Classes> = Vec::new();
        for set in sets {
            if !kept.iter().any(|known| known.without(set).is_empty()) {
                kept.push(set);
            }
        }
        (1..=MOST).contains(&kept.len()).then_some(Needs(kept))
    }

    /// Whether a text of these classes may match. O([`MOST`]).
    pub(super) fn allow(&self, classes: Classes) -> bool {
        self.0.iter().any(|set| set.without(classes).is_empty())
    }

    /// Memory taken, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        size_of_val(&self.0[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pattern: &str) -> Needs {
        let config = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let config = config.case_insensitive(true);
        Needs::of(&regex_automata::util::syntax::parse_with(pattern, &config).unwrap())
    }

    fn allow(pattern: &str, text: &str) -> bool {
        needs(pattern).allow(Classes::of(text.as_bytes()))
    }

    #[test]
    fn what_must_stand_in_a_match_is_needed() {
        assert!(allow(r"a\(", "a("));
        assert!(!allow(r"a\(", "a"));
        assert!(!allow(r"(x=)+\d", "x="));
        assert!(!allow(r#"//\w+\[\s*["'\d]"#, "items [1]"));
        assert!(allow(r#"//\w+\[\s*["'\d]"#, "//a['"));
    }

    #[test]
    fn what_may_be_missing_is_not() {
        for pattern in [r"(?:\()?", r"\(*", "", "^", r"(?:a|\(|)"] {
            assert_eq!(needs(pattern), Needs::nothing(), "{pattern}");
        }
        assert!(allow(r"a\(*b", "ab"));
        assert!(allow(r"[^a]b", "zb"), "a class of many kinds asks for none");
    }

    #[test]
    fn one_side_of_an_alternation_is_enough() {
        for text in ["a(", "[=", "<"] {
            assert!(allow(r"a\(|\[=|<", text), "{text}");
        }
        for text in ["a", "(", "[", "a="] {
            assert!(!allow(r"a\(|\[=|<", text), "{text}");
        }
    }

    #[test]
    fn more_than_can_be_told_apart_is_left_out() {
        let many = r#"[.:+-]['"`<]["()><][;|&=][%$#*][/\\{\[]"#;
        let needs = needs(many);
        assert!(needs.0.len() <= MOST);
        assert!(needs.allow(Classes::of(br#".'";%/"#)));
    }
}
