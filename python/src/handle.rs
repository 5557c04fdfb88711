//! `EngineHandle`.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::engine::Engine;

/// A place for the engine of the day: requests take it out while another thread puts a new one in.
///
/// Args:
///     engine: The first engine.
///
/// Example:
///     >>> handle = EngineHandle(Engine.default())
///     >>> old = handle.swap(Engine({"sensitivity": "high"}))
///     >>> handle.load() is old
///     False
#[pyclass(frozen, module = "abatis")]
pub(crate) struct EngineHandle(Mutex<Py<Engine>>);

#[pymethods]
impl EngineHandle {
    #[new]
    fn new(engine: Py<Engine>) -> EngineHandle {
        EngineHandle(Mutex::new(engine))
    }

    /// The engine that is in it now.
    fn load(&self, py: Python<'_>) -> Py<Engine> {
        // Held for a copy or a swap of a pointer, never while Python code runs.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_ref(py)
    }

    /// Puts another engine in and gives back the one that was there. Sessions go on with the engine that they began with.
    fn swap(&self, engine: Py<Engine>) -> Py<Engine> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, engine)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<abatis.EngineHandle ruleset={}>", self.load(py).get().inner().ruleset())
    }
}
