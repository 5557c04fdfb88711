//! `Finding`, `Span`, `Feature`.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::error::{Failure, guard};
use crate::model::PyAction;
use crate::verdict::{Dict, hash, to_dict};

/// One piece of evidence. Immutable.
///
/// Its span counts bytes of the request as received, so the guilty bytes can be cut out of it.
#[pyclass(frozen, eq, module = "abatis")]
pub(crate) struct Finding {
    verdict: Arc<abatis::Verdict>,
    at: usize,
}

impl PartialEq for Finding {
    fn eq(&self, other: &Finding) -> bool {
        self.inner() == other.inner()
    }
}

impl Finding {
    /// Finding number `at` of a verdict, which has as many.
    pub(crate) fn new(verdict: Arc<abatis::Verdict>, at: usize) -> Finding {
        Finding { verdict, at }
    }

    fn inner(&self) -> &abatis::Finding {
        &self.verdict.findings[self.at]
    }
}

#[pymethods]
impl Finding {
    /// The rule that found it.
    #[getter]
    fn rule(&self) -> &str {
        self.inner().rule.as_str()
    }

    /// What an attack would be after: `sqli`, `xss`, ...
    #[getter]
    fn class_(&self) -> &'static str {
        self.inner().class.as_str()
    }

    /// 0 to 1000; fires from the threshold of the sensitivity on.
    #[getter]
    fn score(&self) -> u16 {
        self.inner().score
    }

    /// What this finding alone asks for.
    #[getter]
    fn action(&self) -> PyAction {
        PyAction(self.inner().action)
    }

    /// The kind of field: `path`, `query`, `form`, `json`, `header`, `cookie` or `body`.
    #[getter]
    fn place(&self) -> &'static str {
        self.inner().place.as_str()
    }

    /// Whether it stands in the field's name rather than in its value.
    #[getter]
    fn name(&self) -> bool {
        self.inner().name
    }

    /// The field as a JSON Pointer: `/items/0/name`, `/q`. The client chose the names in it.
    #[getter]
    fn pointer(&self) -> &str {
        &self.inner().pointer
    }

    /// The field as a pattern for exclusions: `items[*].name`, `q`.
    #[getter]
    fn pattern(&self) -> &str {
        &self.inner().pattern
    }

    /// Where it stands in the request as received.
    #[getter]
    fn span(&self) -> Span {
        Span(self.inner().span.clone())
    }

    /// How the raw bytes were decoded to what was read, outermost first.
    #[getter]
    fn decoded(&self) -> Result<Vec<&'static str>, Failure> {
        guard(|| self.inner().decoded.iter().map(|step| step.as_str()).collect())
    }

    /// What the value was read as: the detector's start context, or empty.
    #[getter]
    fn context(&self) -> &'static str {
        self.inner().context
    }

    /// What spoke for it, with weights.
    #[getter]
    fn evidence(&self) -> Result<Vec<Feature>, Failure> {
        guard(|| self.inner().evidence.iter().cloned().map(Feature).collect())
    }

    /// One sentence for people. Never holds bytes of the request.
    #[getter]
    fn message(&self) -> &str {
        &self.inner().message
    }

    /// As a dict, with the keys and values of the JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Dict<'py>> {
        to_dict(py, &self.to_json()?)
    }

    /// As JSON, as in a verdict.
    fn to_json(&self) -> Result<String, Failure> {
        // Writing these types to memory cannot fail.
        guard(|| serde_json::to_string(self.inner()).unwrap_or_default())
    }

    fn __hash__(&self) -> Result<u64, Failure> {
        self.to_json().map(|json| hash(&json))
    }

    fn __repr__(&self) -> Result<String, Failure> {
        let abatis::Finding { rule, score, action, place, pointer, span, .. } = self.inner();
        guard(|| {
            // The client chose the names in it, and this ends up in logs.
            let (pointer, start, end) = (pointer.escape_debug(), span.range.start, span.range.end);
            format!(
                "<abatis.Finding {rule} {score} {action} in {place} {pointer} bytes {start}..{end}>"
            )
        })
    }
}

/// A range of bytes of one part of the request.
#[pyclass(frozen, eq, hash, module = "abatis")]
#[derive(PartialEq, Hash)]
pub(crate) struct Span(abatis::Span);

#[pymethods]
impl Span {
    /// `method`, `target`, `header`, `headername`, `body`, `value` or `statement`.
    #[getter]
    fn part(&self) -> Result<String, Failure> {
        // The name that the JSON of verdicts has.
        let name = || serde_json::to_value(self.0.part).ok()?.as_str().map(str::to_owned);
        guard(|| name().unwrap_or_default())
    }

    /// Which header, in the order received; 0 for other parts.
    #[getter]
    fn index(&self) -> u32 {
        self.0.index
    }

    /// The first byte of the part.
    #[getter]
    fn start(&self) -> usize {
        self.0.range.start
    }

    /// The byte after the last one.
    #[getter]
    fn end(&self) -> usize {
        self.0.range.end
    }

    /// `raw`: bytes as received; `decoded`: bytes of a body once its content coding and charset were removed.
    #[getter]
    fn basis(&self) -> &'static str {
        match self.0.basis {
            abatis::Basis::Decoded => "decoded",
            _ => "raw",
        }
    }

    fn __repr__(&self) -> Result<String, Failure> {
        let part = self.part()?;
        guard(|| format!("<abatis.Span {part} {}..{}>", self.start(), self.end()))
    }
}

/// Something that spoke for a finding, and how much.
#[pyclass(frozen, eq, module = "abatis")]
#[derive(PartialEq)]
pub(crate) struct Feature(abatis::Feature);

#[pymethods]
impl Feature {
    /// What it is.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What it weighs.
    #[getter]
    fn weight(&self) -> i32 {
        self.0.weight
    }

    fn __repr__(&self) -> Result<String, Failure> {
        guard(|| format!("<abatis.Feature {:+} {}>", self.weight(), self.name()))
    }
}
