//! Model to engine: checks, literals, automata, routes, plan. The only stage that sees both sides.

pub(crate) mod check;
pub(crate) mod field;
pub(crate) mod gate;
pub(crate) mod plan;
pub(crate) mod route;
pub(crate) mod schema;
