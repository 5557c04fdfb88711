//! What the grammar expects next, and the brackets that are open.

/// What the grammar allows next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// An operand must come: behind a binary operator.
    Operand,
    /// An operand or the end of a list or statement: behind `(`, `,`, `;`, `return`.
    Open,
    /// An operand is complete: an operator, a call, or an end.
    Operator,
    /// Either: at the start of a value and behind `}`.
    Any,
}

/// What a bracket is to the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// `(`, of a call too.
    Paren,
    /// `(` of `if`, `for`, `while`: a statement follows it.
    Control,
    /// `[` behind an operand.
    Index,
    /// `[` that begins an operand.
    Array,
    Brace,
    /// `${` in a template.
    Hole,
}

/// The open brackets.
pub(super) struct Nest {
    kinds: [Bracket; Nest::DEPTH],
    depth: usize,
}

impl Nest {
    /// Brackets whose kind is remembered. Deeper ones match whatever closes them.
    pub(super) const DEPTH: usize = 64;

    /// None open.
    pub(super) const EMPTY: Nest = Nest { kinds: [Bracket::Paren; Nest::DEPTH], depth: 0 };

    pub(super) fn push(&mut self, bracket: Bracket) {
        if let Some(slot) = self.kinds.get_mut(self.depth) {
            *slot = bracket;
        }
        self.depth += 1;
    }

    /// The innermost open bracket, if it is remembered.
    pub(super) fn top(&self) -> Option<Bracket> {
        self.kinds.get(self.depth.checked_sub(1)?).copied()
    }

    /// Takes the innermost open bracket; false if none is open.
    pub(super) fn pop(&mut self) -> bool {
        let open = self.depth > 0;
        self.depth -= usize::from(open);
        open
    }
}
