//! A run's memory, reused.

use std::sync::Arc;

use crate::engine::Inner;
use crate::inspect::Memory;
use crate::session::State;

/// The memory that inspections work in. One for each worker thread; any engine can use it.
///
/// A scratch grows to what the largest request so far needed and then allocates nothing. It carries nothing from one
/// request to the next that a verdict depends on. An idle scratch keeps its memory: drop it to give it back.
///
/// ```
/// use abatis::{Engine, Policy, Request, Scratch};
/// let engine = Engine::new(&Policy::default())?;
/// let mut scratch = Scratch::new();
/// for target in ["/?q=tea", "/?q=coffee"] {
///     let verdict = engine.inspect_with(&mut scratch, &Request::new("GET", target));
///     assert_eq!(verdict.action.as_str(), "allow");
/// }
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    work: Work,
    /// The engine that `work` last worked for: caches of automata belong to one engine. Held so that its address cannot be
    /// given to another engine meanwhile.
    owner: Option<Arc<Inner>>,
}

/// Memory that fits one engine.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) memory: Memory,
    /// The state of whole inspections, kept for its memory.
    pub(crate) state: Option<Box<State>>,
}

impl Scratch {
    /// Empty memory.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// The memory, made to fit the engine if it last worked for another.
    #[inline]
    pub(crate) fn work(&mut self, engine: &Arc<Inner>) -> &mut Work {
        if self.owner.as_ref().is_none_or(|owner| !Arc::ptr_eq(owner, engine)) {
            self.work = Work::default();
            self.owner = Some(engine.clone());
        }
        &mut self.work
    }
}
