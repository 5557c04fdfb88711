//! What is written in Python, `abatis._model`: enums and exceptions, which are better classes there than PyO3 can make here.

use abatis::{Action, Progress};
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A name of `abatis._model` as a type hint.
pub(crate) const fn hint(name: &'static str) -> PyStaticExpr {
    PyStaticExpr::Attribute { value: &PyStaticExpr::Name { id: "abatis._model" }, attr: name }
}

/// A class of `abatis._model`.
pub(crate) fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("abatis._model")?.getattr(name)
}

/// [`Action`] as a member of the Python enum.
#[derive(Clone, Copy)]
pub(crate) struct PyAction(pub(crate) Action);

impl<'py> IntoPyObject<'py> for PyAction {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    const OUTPUT_TYPE: PyStaticExpr = hint("Action");

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static MEMBERS: PyOnceLock<[Py<PyAny>; 4]> = PyOnceLock::new();
        let members = MEMBERS.get_or_try_init(py, || {
            let class = class(py, "Action")?;
            let member = |name| class.getattr(name).map(Bound::unbind);
            PyResult::Ok([member("ALLOW")?, member("FLAG")?, member("SANITIZE")?, member("BLOCK")?])
        })?;
        let [allow, flag, sanitize, block] = members;
        let member = match self.0 {
            Action::Allow => allow,
            Action::Flag => flag,
            Action::Sanitize => sanitize,
            // An action that is not known here is none to let pass.
            _ => block,
        };
        Ok(member.bind(py).clone())
    }
}

/// [`Progress`] as a member of the Python enum.
#[derive(Clone, Copy)]
pub(crate) struct PyProgress(pub(crate) Progress);

impl<'py> IntoPyObject<'py> for PyProgress {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    const OUTPUT_TYPE: PyStaticExpr = hint("Progress");

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static MEMBERS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();
        let members = MEMBERS.get_or_try_init(py, || {
            let class = class(py, "Progress")?;
            let member = |name| class.getattr(name).map(Bound::unbind);
            PyResult::Ok([member("CONTINUE")?, member("BLOCK")?])
        })?;
        let [go_on, block] = members;
        let member = if self.0 == Progress::Continue { go_on } else { block };
        Ok(member.bind(py).clone())
    }
}

/// A type of results whose hint stands in `abatis._model`.
macro_rules! typed {
    ($(#[$doc:meta])* $name:ident, $hint:literal) => {
        $crate::model::typed!($(#[$doc])* $name, $hint, pyo3::PyAny);
    };
    ($(#[$doc:meta])* $name:ident, $hint:literal, $target:ty) => {
        $(#[$doc])*
        pub(crate) struct $name<'py>(pub(crate) pyo3::Bound<'py, $target>);

        impl<'py> pyo3::IntoPyObject<'py> for $name<'py> {
            type Target = $target;
            type Output = pyo3::Bound<'py, $target>;
            type Error = std::convert::Infallible;

            const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = $crate::model::hint($hint);

            fn into_pyobject(self, _: pyo3::Python<'py>) -> Result<Self::Output, Self::Error> {
                Ok(self.0)
            }
        }
    };
}
pub(crate) use typed;
