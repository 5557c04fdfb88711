//! `Session`.

use std::sync::Mutex;

use abatis::Scratch;
use pyo3::prelude::*;

use crate::arguments::{Bytes, Headers};
use crate::engine::{DETACH, Engine};
use crate::error::Failure;
use crate::inject::{Point, trip};
use crate::model::PyProgress;
use crate::verdict::Verdict;

/// A request that comes in pieces.
///
/// It keeps its engine, so a reload does not touch it. Order: `head` (or `request_line` and `header` for each line), `body` for each
/// chunk, `trailer` for each line behind them, `finish`. A call out of order does nothing, and makes the verdict partial, for the
/// reason `misuse`. Calls from several threads wait for each other.
///
/// Example:
///     >>> session = engine.session()
///     >>> session.head("POST", "/comments", {"Content-Type": "application/json"})
///     <Progress.CONTINUE: 0>
///     >>> session.body(b'{"text": "<script>ale')
///     <Progress.CONTINUE: 0>
///     >>> session.body(b'rt(1)</script>"}')
///     <Progress.BLOCK: 1>
///     >>> session.finish().findings[0].pointer
///     '/text'
#[pyclass(frozen, module = "abatis")]
pub(crate) struct Session {
    session: Mutex<abatis::Session>,
    engine: Py<Engine>,
}

impl Session {
    pub(crate) fn new(engine: Py<Engine>) -> Session {
        let session = Mutex::new(engine.get().inner().session());
        Session { session, engine }
    }

    /// Runs `call` on the session. The lock is taken and given back inside of what runs without the interpreter: a thread that holds
    /// one never waits for the other.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        bytes: usize,
        call: impl FnOnce(&mut abatis::Session, &mut Scratch) -> T + Send,
    ) -> PyResult<T> {
        let done = self.engine.get().run(py, bytes, |_, scratch| -> Result<T, Failure> {
            // Poisoned: a call panicked and may have left anything behind, so no verdict may come of it.
            let mut session = self.session.lock().map_err(|_| Failure::Defect)?;
            trip(Point::Session);
            Ok(call(&mut session, scratch))
        });
        Ok(done??)
    }

    fn verdict_of(
        &self,
        py: Python<'_>,
        bytes: usize,
        call: impl for<'s> FnOnce(&'s mut abatis::Session, &mut Scratch) -> &'s abatis::Verdict + Send,
    ) -> PyResult<Py<Verdict>> {
        let engine = self.engine.get();
        let verdict =
            self.with(py, bytes, |session, scratch| engine.verdict(call(session, scratch)))?;
        engine.give(py, verdict)
    }
}

#[pymethods]
impl Session {
    /// Method and target, as sent. The target is inspected at once.
    fn request_line(&self, py: Python<'_>, method: Bytes, target: Bytes) -> PyResult<PyProgress> {
        let bytes = target.len();
        let call = |session: &mut abatis::Session, scratch: &mut Scratch| {
            session.request_line(scratch, &method, &target)
        };
        self.with(py, bytes, call).map(PyProgress)
    }

    /// One header line; repeated names as often as they came, in order.
    fn header(&self, py: Python<'_>, name: Bytes, value: Bytes) -> PyResult<PyProgress> {
        let bytes = value.len();
        self.with(py, bytes, |session, scratch| session.header(scratch, &name, &value))
            .map(PyProgress)
    }

    /// Request line and headers in one call.
    ///
    /// Args:
    ///     method: The method.
    ///     target: The request target as sent, undecoded.
    ///     headers: A mapping, or pairs of name and value, in the order received.
    #[pyo3(signature = (method, target, headers=None))]
    fn head(
        &self,
        py: Python<'_>,
        method: Bytes,
        target: Bytes,
        headers: Option<Headers>,
    ) -> PyResult<PyProgress> {
        let headers = headers.unwrap_or_default();
        let bytes = target.len() + headers.size();
        let call = |session: &mut abatis::Session, scratch: &mut Scratch| {
            let first = session.request_line(scratch, &method, &target);
            headers.iter().fold(first, |_, (name, value)| session.header(scratch, name, value))
        };
        self.with(py, bytes, call).map(PyProgress)
    }

    /// The next bytes of the body, split anywhere. After `Progress.BLOCK` the request may be answered at once.
    fn body(&self, py: Python<'_>, chunk: Bytes) -> PyResult<PyProgress> {
        let bytes = chunk.len();
        self.with(py, bytes, |session, scratch| session.body(scratch, &chunk)).map(PyProgress)
    }

    /// One trailer line, which came behind the body. Inspected as a header line; a name that may not stand there is `protocol.trailer`.
    fn trailer(&self, py: Python<'_>, name: Bytes, value: Bytes) -> PyResult<PyProgress> {
        let bytes = value.len();
        self.with(py, bytes, |session, scratch| session.trailer(scratch, &name, &value))
            .map(PyProgress)
    }

    /// The end of the request: what was cut is inspected, schemas are settled. Later calls change nothing.
    fn finish(&self, py: Python<'_>) -> PyResult<Py<Verdict>> {
        // What waits for the end may be a whole body of text.
        self.verdict_of(py, DETACH, abatis::Session::finish)
    }

    /// Gives up before the end, as after `Progress.BLOCK`: the verdict on what came so far, partial for the reason `stopped`.
    fn stop(&self, py: Python<'_>) -> PyResult<Py<Verdict>> {
        self.verdict_of(py, 0, |session, _| session.stop())
    }

    /// The verdict so far.
    #[getter]
    fn verdict(&self, py: Python<'_>) -> PyResult<Py<Verdict>> {
        self.verdict_of(py, 0, |session, _| session.verdict())
    }

    /// The engine that judges.
    #[getter]
    fn engine(&self, py: Python<'_>) -> Py<Engine> {
        self.engine.clone_ref(py)
    }
}
