//! `Engine`.

use std::path::PathBuf;

use abatis::model::Bundle;
use abatis::{LoadError, Place, Policy, Pool, Scratch};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::arguments::{ArrowData, Bytes, Headers, NamedValues, PlaceName, PolicyDict, SinkName};
use crate::arrow::{self, Rows, Scan};
use crate::error::{Failure, guard};
use crate::inject::{Point, trip};
use crate::session::Session;
use crate::verdict::Verdict;

/// From how many bytes on other Python threads run meanwhile. To let them costs some 20 ns, inspecting a byte one or more.
pub(crate) const DETACH: usize = 4096;

/// A compiled policy: immutable, and good for any number of threads.
///
/// Build one at start-up and share it: that takes milliseconds, inspecting takes microseconds. To change a policy, build another
/// engine and swap it into an `EngineHandle`.
///
/// Args:
///     policy: The policy as a dict with the keys of a policy file, as `{"sensitivity": "high"}`. Left out: the built-in policy.
///
/// Raises:
///     PolicyError: The policy cannot be used; it holds everything that is wrong with it.
///
/// Example:
///     >>> from abatis import Action, Engine
///     >>> engine = Engine({"mode": "block"})
///     >>> verdict = engine.inspect(target="/item?id=1'+or+'1'%3D'1")
///     >>> verdict.action, verdict.findings[0].rule
///     (<Action.BLOCK: 3>, 'sql.injection')
#[pyclass(frozen, module = "abatis")]
pub(crate) struct Engine {
    inner: abatis::Engine,
    pool: Pool,
    /// What nearly every inspection comes to, made once.
    clean: Py<Verdict>,
}

impl Engine {
    fn build(
        py: Python<'_>,
        policy: impl FnOnce() -> Result<Policy, LoadError> + Send,
    ) -> Result<Engine, Failure> {
        let build = || -> Result<_, Failure> {
            Ok(abatis::Engine::builder().build(&Bundle::new(policy()?)?)?)
        };
        let engine = py.detach(|| guard(build)?)?;
        let mut clean = abatis::Verdict::default();
        clean.ruleset = engine.ruleset().into();
        let clean = Py::new(py, Verdict::new(clean))?;
        Ok(Engine { inner: engine, pool: Pool::new(), clean })
    }

    /// Runs `inspect` in a scratch: without the interpreter if there is much to look at.
    #[inline]
    pub(crate) fn run<T: Send>(
        &self,
        py: Python<'_>,
        bytes: usize,
        inspect: impl FnOnce(&abatis::Engine, &mut Scratch) -> T + Send,
    ) -> Result<T, Failure> {
        let lent = |scratch: &mut Scratch| {
            trip(Point::Scratch);
            inspect(&self.inner, scratch)
        };
        let run = || guard(|| self.pool.with(lent));
        if bytes < DETACH { run() } else { py.detach(run) }
    }

    /// A verdict for Python: the one that all clean inspections share, or a copy.
    #[inline]
    pub(crate) fn verdict(&self, verdict: &abatis::Verdict) -> Option<Verdict> {
        let is_clean = verdict.findings.is_empty() && verdict == self.clean.get().inner();
        (!is_clean).then(|| Verdict::new(verdict.clone()))
    }

    #[inline]
    pub(crate) fn give(&self, py: Python<'_>, verdict: Option<Verdict>) -> PyResult<Py<Verdict>> {
        verdict.map_or_else(|| Ok(self.clean.clone_ref(py)), |verdict| Py::new(py, verdict))
    }

    pub(crate) fn inner(&self) -> &abatis::Engine {
        &self.inner
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (policy=None))]
    fn new(py: Python<'_>, policy: Option<PolicyDict<'_>>) -> Result<Engine, Failure> {
        let Some(policy) = policy else { return Engine::build(py, || Ok(Policy::default())) };
        let options = PyDict::new(py);
        options.set_item("allow_nan", false)?;
        let text = py.import("json")?.call_method("dumps", (policy.0,), Some(&options))?;
        let text: String = text.extract()?;
        Engine::build(py, move || Policy::from_yaml("policy", &text))
            .map_err(Failure::without_lines)
    }

    /// The engine of the built-in policy: the same one for all who ask, built when the first one does.
    #[staticmethod]
    fn default(py: Python<'_>) -> PyResult<Py<Engine>> {
        static DEFAULT: PyOnceLock<Py<Engine>> = PyOnceLock::new();
        let build = || Py::new(py, Engine::build(py, || Ok(Policy::default()))?);
        Ok(DEFAULT.get_or_try_init(py, build)?.clone_ref(py))
    }

    /// The engine of a policy that ships with abatis.
    ///
    /// Args:
    ///     name: `default`, `strict`, `monitor` or `api-json`.
    ///
    /// Raises:
    ///     PolicyError: There is none of that name.
    #[staticmethod]
    fn builtin(py: Python<'_>, name: &str) -> Result<Engine, Failure> {
        Engine::build(py, || Policy::builtin(name))
    }

    /// The engine of a policy file (YAML or JSON) and the files that it names.
    ///
    /// Args:
    ///     path: The file. Paths in it are relative to its folder and may not leave it.
    ///
    /// Raises:
    ///     PolicyError: The policy cannot be read or used; it names file, line and column.
    #[staticmethod]
    fn from_file(py: Python<'_>, path: PathBuf) -> Result<Engine, Failure> {
        Engine::build(py, || Policy::from_file(&path))
    }

    /// The engine of a policy text (YAML or JSON).
    ///
    /// Args:
    ///     text: The policy.
    ///     name: What messages call it.
    ///     folder: What paths in it are relative to, and may not leave. Needed if it names files.
    ///
    /// Raises:
    ///     PolicyError: The policy cannot be used; it names line and column.
    #[staticmethod]
    #[pyo3(signature = (text, *, name="policy", folder=None))]
    fn from_yaml(
        py: Python<'_>,
        text: &str,
        name: &str,
        folder: Option<PathBuf>,
    ) -> Result<Engine, Failure> {
        Engine::build(py, || {
            let policy = Policy::from_yaml(name, text)?;
            Ok(match folder {
                Some(folder) => policy.in_folder(folder),
                None => policy,
            })
        })
    }

    /// Inspects a whole request.
    ///
    /// Args:
    ///     target: The request target as sent, undecoded, with its query: `/items?q=a%20b`.
    ///     method: The method; `GET` if left out.
    ///     headers: A mapping, or pairs of name and value, in the order received.
    ///     body: The body as received.
    ///
    /// Text is inspected as UTF-8. Other Python threads run meanwhile if the request is larger than 4 KiB.
    ///
    /// Example:
    ///     >>> engine.inspect(
    ///     ...     method="POST",
    ///     ...     target="/login",
    ///     ...     headers={"Content-Type": "application/json"},
    ///     ...     body='{"user": "Conan O\'Brien"}',
    ///     ... ).action
    ///     <Action.ALLOW: 0>
    #[pyo3(signature = (*, target, method=None, headers=None, body=None))]
    fn inspect(
        &self,
        py: Python<'_>,
        target: Bytes,
        method: Option<Bytes>,
        headers: Option<Headers>,
        body: Option<Bytes>,
    ) -> PyResult<Py<Verdict>> {
        let headers = headers.unwrap_or_default();
        let method = method.as_deref().unwrap_or(b"GET");
        let body = body.as_deref().unwrap_or_default();
        let bytes = target.len() + headers.size() + body.len();
        let verdict = self.run(py, bytes, |engine, scratch| {
            let request = headers.request(method, &target, body);
            self.verdict(engine.inspect_with(scratch, &request))
        })?;
        self.give(py, verdict)
    }

    /// Inspects one value as the application would get it, as if it stood in `place`.
    ///
    /// Args:
    ///     value: The value, decoded once by its format.
    ///     place: `path`, `query`, `form`, `json`, `header`, `cookie` or `body`; `query` if left out.
    ///
    /// Example:
    ///     >>> engine.inspect_value("x; cat /etc/passwd").class_
    ///     'cmdi'
    #[pyo3(signature = (value, place=None))]
    fn inspect_value(
        &self,
        py: Python<'_>,
        value: Bytes,
        place: Option<PlaceName>,
    ) -> PyResult<Py<Verdict>> {
        let place = place.map_or(Place::Query, |place| place.0);
        let verdict = self.run(py, value.len(), |engine, scratch| {
            self.verdict(engine.inspect_value(scratch, place, &value))
        })?;
        self.give(py, verdict)
    }

    /// Holds a JSON document against a schema of the policy; violations are findings of class `schema`, and its values are inspected.
    ///
    /// Args:
    ///     schema: The name of a schema in the policy's `schemas`.
    ///     document: The document, as JSON text.
    ///
    /// Raises:
    ///     KeyError: The policy has no schema of that name.
    fn validate(&self, py: Python<'_>, schema: &str, document: Bytes) -> PyResult<Py<Verdict>> {
        let verdict = self.run(py, document.len(), |engine, scratch| {
            Some(self.verdict(engine.validate(scratch, schema, &document)?))
        })?;
        let unknown = || PyKeyError::new_err(format!("the policy has no schema {schema:?}"));
        self.give(py, verdict.ok_or_else(unknown)?)
    }

    /// Looks for values of a request in a statement that was made with them, and finds those that are code in it: that cross a token boundary.
    ///
    /// Args:
    ///     sink: Where the statement goes: a database (`mysql`, `postgres`, `mssql`, `oracle`, `sqlite`), a `shell`, the file system (`path`)
    ///         or a client (`url`).
    ///     statement: The statement. Spans of findings count bytes of it.
    ///     values: The values as the application got them: a mapping of names, which count as query parameters, or triples of place, name
    ///         and value.
    ///     base: For `path`: the folder that the path must stay below.
    ///
    /// Raises:
    ///     ValueError: There is no such sink, or a path has no base.
    ///
    /// Example:
    ///     >>> verdict = engine.check_sink("sqlite", "select * from t where id = 1 or true", {"id": "1 or true"})
    ///     >>> verdict.action, verdict.findings[0].rule
    ///     (<Action.BLOCK: 3>, 'sink.sql.crossed')
    ///     >>> engine.check_sink("sqlite", "select * from t where id = '1 or true'", {"id": "1 or true"}).action
    ///     <Action.ALLOW: 0>
    #[pyo3(signature = (sink, statement, values, *, base=None))]
    fn check_sink(
        &self,
        py: Python<'_>,
        sink: SinkName,
        statement: Bytes,
        values: NamedValues,
        base: Option<Bytes>,
    ) -> PyResult<Py<Verdict>> {
        let sink = sink.sink(base.as_deref())?;
        let verdict = self.run(py, statement.len(), |engine, _| {
            self.verdict(&engine.check_sink(sink, &*statement, &values.0))
        })?;
        self.give(py, verdict)
    }

    /// Judges the rows of a column of text, on all cores, without copying it.
    ///
    /// Args:
    ///     data: What offers the Arrow C stream or array interface: a table, a column, a reader of pyarrow, polars, pandas or duckdb.
    ///     column: Which column, if there are several.
    ///     place: What a row is taken for: a value in `path`, `query`, `form`, `json`, `header`, `cookie` or `body`, or `target`: a request
    ///         target, judged as the GET request for it. `query` if left out.
    ///     threads: How many threads judge, 1 to 1024; all cores if left out.
    ///
    /// Raises:
    ///     ValueError: There is no such column, or it is not of text or bytes.
    ///
    /// Example:
    ///     >>> import pyarrow
    ///     >>> scan = engine.scan_arrow(pyarrow.array(["tea", "1' or '1'='1", None]))
    ///     >>> pyarrow.table(scan)["class"].to_pylist()
    ///     [None, 'sqli', None]
    ///     >>> scan.counts
    ///     {'allow': 1, 'flag': 0, 'sanitize': 0, 'block': 1}
    #[pyo3(signature = (data, *, column=None, place=None, threads=None))]
    fn scan_arrow(
        &self,
        data: ArrowData<'_>,
        column: Option<&str>,
        place: Option<Rows>,
        threads: Option<i64>,
    ) -> Result<Scan, Failure> {
        let rows = place.unwrap_or(Rows::Values(Place::Query));
        arrow::scan(&data.0, &self.inner, rows, column, threads)
    }

    /// A session for a request that comes in pieces.
    fn session(this: Py<Self>) -> Result<Session, Failure> {
        guard(|| Session::new(this))
    }

    /// Digest of rules and weights, as in `Verdict.ruleset`.
    #[getter]
    fn ruleset(&self) -> &str {
        self.inner.ruleset()
    }

    /// Bytes of memory that the compiled rules take.
    #[getter]
    fn memory_usage(&self) -> usize {
        self.inner.memory_usage()
    }

    fn __repr__(&self) -> Result<String, Failure> {
        guard(|| format!("<abatis.Engine ruleset={}>", self.inner.ruleset()))
    }
}
