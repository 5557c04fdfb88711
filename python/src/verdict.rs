//! `Verdict`.

use std::fmt::Write as _;
use std::sync::Arc;

use abatis::Coverage;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{Failure, guard};
use crate::finding::Finding;
use crate::model::{self, PyAction};

/// What came out of one inspection. Immutable; equal if all that it says is equal.
///
/// As JSON (`to_json`) it is what `abatis scan` prints.
#[pyclass(frozen, eq, module = "abatis")]
#[derive(PartialEq)]
pub(crate) struct Verdict(Arc<abatis::Verdict>);

impl Verdict {
    pub(crate) fn new(verdict: abatis::Verdict) -> Verdict {
        Verdict(Arc::new(verdict))
    }

    #[inline]
    pub(crate) fn inner(&self) -> &abatis::Verdict {
        &self.0
    }
}

#[pymethods]
impl Verdict {
    /// What to do.
    #[getter]
    fn action(&self) -> PyAction {
        PyAction(self.0.action)
    }

    /// The highest score of all findings that are not excluded, 0 to 1000.
    #[getter]
    fn score(&self) -> u16 {
        self.0.score
    }

    /// The class of the strongest finding that asks for more than allow: `sqli`, `xss`, ...; None if there is none.
    #[getter]
    fn class_(&self) -> Option<&'static str> {
        self.0.class().map(abatis::Class::as_str)
    }

    /// The evidence, strongest first; at most `limits.findings_max` of the policy.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Findings<'py>> {
        let finding = |at| Finding::new(self.0.clone(), at);
        let findings: Vec<_> = guard(|| (0..self.0.findings.len()).map(finding).collect())?;
        PyTuple::new(py, findings).map(Findings)
    }

    /// How many findings were left out.
    #[getter]
    fn dropped(&self) -> u32 {
        self.0.dropped
    }

    /// Why not all was inspected: `body-bytes`, `depth`, ...; None if all was.
    #[getter]
    fn partial(&self) -> Option<&'static str> {
        match self.0.coverage {
            Coverage::Full => None,
            Coverage::Partial(limit) => Some(limit.as_str()),
        }
    }

    /// Digest of the rules and weights that spoke, 16 hexadecimal digits.
    #[getter]
    fn ruleset(&self) -> &str {
        &self.0.ruleset
    }

    /// As a dict, with the keys and values of the JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Dict<'py>> {
        to_dict(py, &self.to_json()?)
    }

    /// As JSON: `schema`, `action`, `score`, `class`, `findings`, `dropped`, `coverage`, `ruleset`. Holds no bytes of the request but
    /// the names of fields.
    fn to_json(&self) -> Result<String, Failure> {
        // Writing these types to memory cannot fail.
        guard(|| serde_json::to_string(&*self.0).unwrap_or_default())
    }

    fn __hash__(&self) -> Result<u64, Failure> {
        self.to_json().map(|json| hash(&json))
    }

    fn __repr__(&self) -> Result<String, Failure> {
        guard(|| self.short())
    }

    /// For notebooks.
    fn _repr_html_(this: &Bound<'_, Self>) -> PyResult<String> {
        let html = this.py().import("abatis._html")?;
        html.call_method1("verdict", (this,))?.extract()
    }
}

impl Verdict {
    /// In one line.
    fn short(&self) -> String {
        let verdict = &self.0;
        // Writing to a string cannot fail.
        let mut text = format!("<abatis.Verdict {} {}", verdict.action, verdict.score);
        if let Some(first) = verdict.findings.first() {
            // The client chose the names in the pointer, and this ends up in logs.
            let _ =
                write!(text, " {} in {} {}", first.rule, first.place, first.pointer.escape_debug());
        }
        if verdict.findings.len() > 1 {
            let _ = write!(text, " and {} more", verdict.findings.len() - 1);
        }
        if let Some(partial) = self.partial() {
            let _ = write!(text, " partial: {partial}");
        }
        text.push('>');
        text
    }
}

/// The JSON of a verdict or finding as Python has it.
pub(crate) fn to_dict<'py>(py: Python<'py>, json: &str) -> PyResult<Dict<'py>> {
    py.import("json")?.call_method1("loads", (json,)).map(Dict)
}

/// Equal texts have equal hashes, in this process.
pub(crate) fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

model::typed!(
    /// A dict of the contract.
    Dict,
    "Json"
);
model::typed!(
    /// The findings of a verdict.
    Findings,
    "Findings",
    PyTuple
);
