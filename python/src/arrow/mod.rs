//! `Engine.scan_arrow`: columns of text in, columns of verdicts out, on all cores, without a copy of either.
//!
//! ```text
//! capsule ─► interface ─► column ─► blocks of rows ─► threads, one scratch each ─► batches ─► interface ─► capsule
//! ```

mod column;
mod interface;

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use abatis::{Action, Coverage, Engine, Place, Request, Scratch, Verdict};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyString};

use crate::arguments::PlaceName;
use crate::error::{Failure, guard};
use crate::inject::{Point, trip};
use crate::model::hint;
use column::Column;
use interface::{Array, Buffer, Field, OutBatch, OutColumn, Schema, Stream};

/// Rows that are judged in one go, and that come out in one batch.
const BLOCK: usize = 16 << 10;
/// More threads than any machine has cores: beyond is a mistake, which memory would be taken for.
const MOST_THREADS: usize = 1024;

const FIELDS: &[Field] = &[
    (c"action", c"U"),
    (c"score", c"s"),
    (c"class", c"U"),
    (c"rule", c"U"),
    (c"partial", c"U"),
    (c"verdict", c"U"),
];

/// What a row is.
#[derive(Clone, Copy)]
pub(crate) enum Rows {
    Values(Place),
    Targets,
}

impl<'py> FromPyObject<'_, 'py> for Rows {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("RowPlace");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Rows> {
        if object.cast::<PyString>()?.to_str()? == "target" {
            return Ok(Rows::Targets);
        }
        object.extract::<PlaceName>().map(|place| Rows::Values(place.0))
    }
}

/// Verdicts on the rows of a column, as an Arrow table.
///
/// Anything that reads the Arrow C stream interface takes it, without a copy: `pyarrow.table(scan)`, `polars.DataFrame(scan)`,
/// `pandas.DataFrame.from_arrow(scan)`, DuckDB.
///
/// Columns: `action`, `score`, `class`, `rule` (of the strongest finding), `partial` (why it was not inspected in full), `verdict` (as JSON,
/// of rows with findings). A row that was null is null in all of them.
#[pyclass(frozen, module = "abatis")]
pub(crate) struct Scan {
    batches: Arc<Vec<OutBatch>>,
    /// How many rows came to each action.
    counts: [usize; 4],
    rows: usize,
}

const ACTIONS: [Action; 4] = [Action::Allow, Action::Flag, Action::Sanitize, Action::Block];

#[pymethods]
impl Scan {
    /// How many rows came to each action, by its name. Rows that were null came to none.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Counts<'py>> {
        let counts = PyDict::new(py);
        for (action, count) in ACTIONS.iter().zip(self.counts) {
            counts.set_item(action.as_str(), count)?;
        }
        Ok(Counts(counts))
    }

    fn __len__(&self) -> usize {
        self.rows
    }

    /// The Arrow PyCapsule interface. A requested schema is not looked at, as the interface allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Capsule<'py>> {
        let _ = requested_schema;
        interface::stream(py, FIELDS, self.batches.clone()).map(Capsule)
    }

    fn __repr__(&self) -> Result<String, Failure> {
        let Scan { counts: [allow, flag, sanitize, block], rows, .. } = self;
        guard(|| {
            format!(
                "<abatis.Scan {rows} rows: {allow} allow, {flag} flag, {sanitize} sanitize, {block} block>"
            )
        })
    }
}

crate::model::typed!(
    /// A capsule; its own type has a name in Python from 3.13 on only.
    Capsule,
    "Capsule",
    PyCapsule
);
crate::model::typed!(
    /// Numbers of rows by action.
    Counts,
    "Counts",
    PyDict
);

/// Judges the rows of a column.
pub(crate) fn scan(
    data: &Bound<'_, PyAny>,
    engine: &Engine,
    rows: Rows,
    column: Option<&str>,
    threads: Option<i64>,
) -> Result<Scan, Failure> {
    let py = data.py();
    let threads = match threads {
        None => std::thread::available_parallelism().map_or(1, NonZero::get),
        Some(threads) => usize::try_from(threads)
            .ok()
            .filter(|threads| (1..=MOST_THREADS).contains(threads))
            .ok_or_else(|| {
                let message = format!("threads: expected 1 to {MOST_THREADS}, not {threads}");
                Failure::Python(PyValueError::new_err(message))
            })?,
    };
    let mut judge =
        Judge { engine, rows, scratches: (0..threads).map(|_| Scratch::new()).collect() };
    let mut scan = Vec::new();
    match Source::new(data)? {
        Source::Array(schema, array) => {
            scan.extend(judge.array(py, &schema, &array, column)?);
        }
        Source::Stream(mut stream) => {
            let failed = |error: String| Failure::Python(PyValueError::new_err(error));
            let schema = stream.schema().map_err(failed)?;
            while let Some(array) = stream.next().map_err(failed)? {
                scan.extend(judge.array(py, &schema, &array, column)?);
                py.check_signals()?;
            }
        }
    }
    let mut counts = [0; 4];
    for (_, of_block) in &scan {
        counts.iter_mut().zip(of_block).for_each(|(count, more)| *count += more);
    }
    let batches: Vec<_> = scan.into_iter().map(|(batch, _)| batch).collect();
    let rows = batches.iter().map(|batch| batch.rows).sum();
    Ok(Scan { batches: Arc::new(batches), counts, rows })
}

enum Source {
    Array(Schema, Array),
    Stream(Stream),
}

impl Source {
    fn new(data: &Bound<'_, PyAny>) -> PyResult<Source> {
        if let Some(export) = data.getattr_opt("__arrow_c_stream__")? {
            return interface::take_stream(&export.call0()?).map(Source::Stream);
        }
        if let Some(export) = data.getattr_opt("__arrow_c_array__")? {
            let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
                export.call0()?.extract()?;
            let (schema, array) = interface::take_array(&schema, &array)?;
            return Ok(Source::Array(schema, array));
        }
        let found = data.get_type().name()?;
        let message = format!(
            "expected data with the Arrow C interface, as of pyarrow, polars, pandas or duckdb, not {found}"
        );
        Err(PyTypeError::new_err(message))
    }
}

/// The verdicts of a block, and how many rows came to each action.
type Judged = (OutBatch, [usize; 4]);

struct Judge<'a> {
    engine: &'a Engine,
    rows: Rows,
    /// One for each thread, kept warm from array to array.
    scratches: Vec<Scratch>,
}

impl Judge<'_> {
    /// All blocks of an array, in order.
    fn array(
        &mut self,
        py: Python<'_>,
        schema: &Schema,
        array: &Array,
        name: Option<&str>,
    ) -> Result<Vec<Judged>, Failure> {
        let column = guard(|| Column::find(schema.view(), array.view(), name))?
            .map_err(|error| Failure::Python(PyValueError::new_err(error)))?;
        py.detach(|| guard(|| self.column(&column)))
    }

    fn column(&mut self, column: &Column<'_>) -> Vec<Judged> {
        let blocks = column.len().div_ceil(BLOCK);
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(blocks));
        let (engine, rows) = (self.engine, self.rows);
        let work = |scratch: &mut Scratch| {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= blocks {
                    return;
                }
                let judged = block(engine, scratch, rows, column, at * BLOCK);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, judged));
            }
        };
        if let Some((own, others)) = self.scratches.split_first_mut() {
            std::thread::scope(|scope| {
                for scratch in others.iter_mut().take(blocks.saturating_sub(1)) {
                    scope.spawn(|| {
                        trip(Point::Thread);
                        work(scratch);
                    });
                }
                work(own);
            });
        }
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, judged)| judged).collect()
    }
}

/// Judges the rows from `from` on, at most a block of them.
fn block(
    engine: &Engine,
    scratch: &mut Scratch,
    rows: Rows,
    column: &Column<'_>,
    from: usize,
) -> Judged {
    let count = BLOCK.min(column.len() - from);
    let mut block = Block::with_capacity(count);
    for at in from..from + count {
        trip(Point::Row);
        let verdict = column.get(at).map(|item| match rows {
            Rows::Values(place) => engine.inspect_value(scratch, place, item),
            Rows::Targets => engine.inspect_with(scratch, &Request::new("GET", item)),
        });
        block.push(verdict);
    }
    block.finish(count)
}

/// Columns in the making, in the order of [`FIELDS`].
struct Block {
    /// Clean rows that are not in the columns yet.
    clean: usize,
    action: Texts,
    score: Vec<i16>,
    class: Texts,
    rule: Texts,
    partial: Texts,
    verdict: Texts,
    counts: [usize; 4],
}

impl Block {
    fn with_capacity(rows: usize) -> Block {
        let texts = || Texts::with_capacity(rows);
        Block {
            clean: 0,
            action: texts(),
            score: Vec::with_capacity(rows),
            class: texts(),
            rule: texts(),
            partial: texts(),
            verdict: texts(),
            counts: [0; 4],
        }
    }

    #[inline]
    fn push(&mut self, verdict: Option<&Verdict>) {
        // PERF: nearly all rows are clean, and written many at once: 25 ns less for each.
        if verdict.is_some_and(is_clean) {
            self.clean += 1;
        } else {
            self.settle();
            self.push_any(verdict);
        }
    }

    /// Writes the clean rows.
    fn settle(&mut self) {
        let rows = std::mem::take(&mut self.clean);
        self.action.push_many(Action::Allow.as_str(), rows);
        self.score.resize(self.score.len() + rows, 0);
        for texts in [&mut self.class, &mut self.rule, &mut self.partial, &mut self.verdict] {
            texts.push_nulls(rows);
        }
        self.counts[0] += rows;
    }

    fn push_any(&mut self, verdict: Option<&Verdict>) {
        let first = verdict.and_then(|verdict| verdict.findings.first());
        let partial = verdict.and_then(|verdict| match verdict.coverage {
            Coverage::Full => None,
            Coverage::Partial(limit) => Some(limit.as_str()),
        });
        self.action.push(verdict.map(|verdict| verdict.action.as_str()));
        self.score.push(verdict.map_or(0, |verdict| verdict.score.cast_signed()));
        self.class.push(verdict.and_then(Verdict::class).map(abatis::Class::as_str));
        self.rule.push(first.map(|finding| finding.rule.as_str()));
        self.partial.push(partial);
        // Writing these types to memory cannot fail.
        let json =
            first.and(verdict).map(|verdict| serde_json::to_string(verdict).unwrap_or_default());
        self.verdict.push(json.as_deref());
        if let Some(verdict) = verdict {
            self.counts
                [ACTIONS.iter().position(|action| *action == verdict.action).unwrap_or(3)] += 1;
        }
    }

    fn finish(mut self, rows: usize) -> Judged {
        self.settle();
        // Null where there is no verdict, and so where there is no action.
        let score = OutColumn {
            nulls: self.action.nulls,
            buffers: vec![self.action.validity(), Buffer::Short(self.score)],
        };
        let texts = [self.class, self.rule, self.partial, self.verdict].map(Texts::finish);
        let columns = [self.action.finish(), score].into_iter().chain(texts).collect();
        (OutBatch { rows, columns }, self.counts)
    }
}

/// Whether there is nothing to tell of a row but that it is allowed.
#[inline]
fn is_clean(verdict: &Verdict) -> bool {
    verdict.action == Action::Allow
        && verdict.score == 0
        && verdict.findings.is_empty()
        && verdict.coverage == Coverage::Full
}

/// A column of text in the making: the layout of `large_string`.
///
/// PERF: as long as all rows are null it is but their number, and then a buffer that all such columns share: a third less for clean names,
/// whose other columns would be memory to get from the system, to fill and to give back.
struct Texts {
    /// How many rows there will be.
    capacity: usize,
    valid: Vec<u8>,
    /// Empty as long as all rows are null.
    offsets: Vec<i64>,
    data: Vec<u8>,
    len: usize,
    nulls: usize,
}

impl Texts {
    fn with_capacity(capacity: usize) -> Texts {
        let (valid, offsets, data) = (Vec::new(), Vec::new(), Vec::new());
        Texts { capacity, valid, offsets, data, len: 0, nulls: 0 }
    }

    fn push(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.push_texts(text, text.len(), 1),
            None => self.push_nulls(1),
        }
    }

    /// As many rows of this text.
    fn push_many(&mut self, text: &str, rows: usize) {
        if rows > 0 {
            self.push_texts(&text.repeat(rows), text.len(), rows);
        }
    }

    /// As many rows of the same length, one behind the other in `texts`.
    fn push_texts(&mut self, texts: &str, len: usize, rows: usize) {
        if self.offsets.is_empty() {
            self.valid.resize(self.capacity.div_ceil(8), 0);
            self.offsets.reserve_exact(self.capacity + 1);
            self.offsets.resize(self.len + 1, 0);
        }
        for at in self.len..self.len + rows {
            self.valid[at / 8] |= 1 << (at % 8);
        }
        let start = self.data.len();
        self.offsets.extend((1..=rows).map(|row| (start + row * len) as i64));
        self.data.extend_from_slice(texts.as_bytes());
        self.len += rows;
    }

    fn push_nulls(&mut self, rows: usize) {
        self.nulls += rows;
        self.len += rows;
        if !self.offsets.is_empty() {
            self.offsets.resize(self.len + 1, self.data.len() as i64);
        }
    }

    fn validity(&self) -> Buffer {
        match self.nulls {
            0 => Buffer::None,
            nulls if nulls == self.len => Buffer::Zeros,
            _ => Buffer::Bytes(self.valid.clone()),
        }
    }

    fn finish(self) -> OutColumn {
        let validity = self.validity();
        let offsets =
            if self.offsets.is_empty() { Buffer::Zeros } else { Buffer::Long(self.offsets) };
        OutColumn { nulls: self.nulls, buffers: vec![validity, offsets, Buffer::Bytes(self.data)] }
    }
}
