//! What a call can fail with, as the exceptions of `abatis._model`; and the guard that panics end at.

use std::panic::{AssertUnwindSafe, catch_unwind};

use abatis::{BuildError, Diagnostic, LoadError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::inject::{Point, trip};
use crate::model;

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A policy or what belongs to it cannot be used. The text, and all that is wrong; nothing if a size limit was exceeded.
    Policy(String, Vec<Diagnostic>),
    /// The engine panicked: a defect of it.
    Defect,
    /// What Python says.
    Python(PyErr),
}

/// Runs a call into the engine. A panic becomes an exception that `except Exception` catches; PyO3's own does not.
///
/// Nothing of the panic's message is told, since it may hold bytes of a request.
#[inline]
pub(crate) fn guard<T>(call: impl FnOnce() -> T) -> Result<T, Failure> {
    let call = || {
        trip(Point::Call);
        call()
    };
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| Failure::Defect)
}

impl Failure {
    /// The same, of a policy that has no lines, since it was no text.
    pub(crate) fn without_lines(self) -> Failure {
        let Failure::Policy(text, mut diagnostics) = self else { return self };
        if diagnostics.is_empty() {
            return Failure::Policy(text, diagnostics);
        }
        for diagnostic in &mut diagnostics {
            (diagnostic.line, diagnostic.column) = (0, 0);
        }
        let lines: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        Failure::Policy(lines.join("\n"), diagnostics)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        Failure::Policy(error.to_string(), error.diagnostics().to_vec())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Failure {
        Failure::Policy(error.to_string(), error.diagnostics().to_vec())
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Failure {
        Failure::Python(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        Python::attach(|py| {
            let raised = match failure {
                Failure::Python(error) => return error,
                Failure::Policy(text, diagnostics) => policy_error(py, &text, &diagnostics),
                Failure::Defect => model::class(py, "DefectError").and_then(|class| class.call0()),
            };
            raised.map_or_else(|error| error, PyErr::from_value)
        })
    }
}

fn policy_error<'py>(
    py: Python<'py>,
    text: &str,
    diagnostics: &[Diagnostic],
) -> PyResult<Bound<'py, PyAny>> {
    let class = model::class(py, "Diagnostic")?;
    let known = diagnostics.iter().map(|d| {
        class.call1((&d.file, d.line, d.column, &d.pointer, d.rule.as_deref(), &d.message))
    });
    let known = PyList::new(py, known.collect::<PyResult<Vec<_>>>()?)?;
    model::class(py, "PolicyError")?.call1((text, known.to_tuple()))
}
