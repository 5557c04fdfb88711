//! `EngineHandle`.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::engine::Engine;
use crate::error::{Failure, guard};

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
    fn new(engine: Py<Engine>) -> Result<EngineHandle, Failure> {
        guard(|| EngineHandle(Mutex::new(engine)))
    }

    /// The engine that is in it now.
    fn load(&self, py: Python<'_>) -> Result<Py<Engine>, Failure> {
        // Held for a copy or a swap of a pointer, never while Python code runs.
        guard(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_ref(py))
    }

    /// Puts another engine in and gives back the one that was there. Sessions go on with the engine that they began with.
    fn swap(&self, engine: Py<Engine>) -> Result<Py<Engine>, Failure> {
        guard(|| {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *held, engine)
        })
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String, Failure> {
        let engine = self.load(py)?;
        guard(|| format!("<abatis.EngineHandle ruleset={}>", engine.get().inner().ruleset()))
    }
}
