//! Arguments of methods: what Python hands in, as bytes that the engine reads.

use abatis::{Place, Request, Sink, Values};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyMemoryView, PyString};

use crate::model::hint;

/// Text or bytes. `str` and `bytes` are borrowed, for they cannot change; `bytearray` and `memoryview` are copied, for they can.
pub(crate) enum Bytes {
    Borrowed(PyBackedBytes),
    Text(PyBackedStr),
    Copy(Vec<u8>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Text(text) => text.as_bytes(),
            Bytes::Copy(bytes) => bytes,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Bytes {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("Data");

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Bytes> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Bytes::Borrowed(PyBackedBytes::from(bytes.to_owned())));
        }
        if let Ok(text) = object.cast::<PyString>() {
            return match PyBackedStr::try_from(text.to_owned()) {
                Ok(text) => Ok(Bytes::Text(text)),
                // Half of a surrogate pair: no UTF-8, but nothing to fail at. The engine sees what a lenient writer makes of it.
                Err(_) => encoded(text),
            };
        }
        copied(object)
    }
}

#[cold]
fn encoded(text: Borrowed<'_, '_, PyString>) -> PyResult<Bytes> {
    let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
    Ok(Bytes::Copy(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
}

#[cold]
fn copied(object: Borrowed<'_, '_, PyAny>) -> PyResult<Bytes> {
    if let Ok(array) = object.cast::<PyByteArray>() {
        return Ok(Bytes::Copy(array.to_vec()));
    }
    let Ok(view) = PyMemoryView::from(&object) else {
        let found = object.get_type().name()?;
        let message = format!("expected str, bytes, bytearray or memoryview, not {found}");
        return Err(PyTypeError::new_err(message));
    };
    let bytes = view.call_method0("tobytes")?;
    Ok(Bytes::Copy(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// Header lines: a mapping, or pairs of name and value.
#[derive(Default)]
pub(crate) struct Headers(Vec<(Bytes, Bytes)>);

impl Headers {
    /// Names and values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The request that these lines belong to.
    pub(crate) fn request<'a>(
        &'a self,
        method: &'a [u8],
        target: &'a [u8],
        body: &'a [u8],
    ) -> Request<'a> {
        let request = Request::new(method, target).body(body);
        self.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Bytes of all lines.
    pub(crate) fn size(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

impl<'py> FromPyObject<'_, 'py> for Headers {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("HeaderLines");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Headers> {
        let pairs = match object.getattr_opt("items")? {
            Some(items) => items.call0()?,
            None => object.to_owned(),
        };
        let wrong =
            |_| PyTypeError::new_err("expected headers as a mapping or as (name, value) pairs");
        let mut lines = Vec::new();
        for pair in pairs.try_iter().map_err(wrong)? {
            let pair = pair?;
            if pair.is_instance_of::<PyString>()
                || pair.is_instance_of::<PyBytes>()
                || pair.len().ok() != Some(2)
            {
                return Err(wrong(PyTypeError::new_err(())));
            }
            lines.push((pair.get_item(0)?.extract()?, pair.get_item(1)?.extract()?));
        }
        Ok(Headers(lines))
    }
}

/// A place by its name.
#[derive(Clone, Copy)]
pub(crate) struct PlaceName(pub(crate) Place);

impl<'py> FromPyObject<'_, 'py> for PlaceName {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("Place");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<PlaceName> {
        let name = object.cast::<PyString>()?;
        Place::from_name(name.to_str()?).map(PlaceName).ok_or_else(|| {
            let known = Place::ALL.map(Place::as_str).join(", ");
            PyValueError::new_err(format!("unknown place, expected one of {known}"))
        })
    }
}

/// A sink by its name, with the base that a path needs.
#[derive(Clone, Copy)]
pub(crate) enum SinkName {
    Path,
    Other(Sink<'static>),
}

impl SinkName {
    /// The sink; a path has a base, and nothing else has one.
    pub(crate) fn sink(self, base: Option<&[u8]>) -> PyResult<Sink<'_>> {
        match (self, base) {
            (SinkName::Path, Some(base)) => Ok(Sink::Path(base)),
            (SinkName::Other(sink), None) => Ok(sink),
            (SinkName::Path, None) => Err(PyValueError::new_err("a path needs its base")),
            (SinkName::Other(_), Some(_)) => Err(PyValueError::new_err("only a path has a base")),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for SinkName {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("Sink");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<SinkName> {
        let name = object.cast::<PyString>()?;
        match Sink::from_name(name.to_str()?, b"") {
            Some(Sink::Path(_)) => Ok(SinkName::Path),
            Some(sink) => Ok(SinkName::Other(sink)),
            None => Err(PyValueError::new_err(
                "unknown sink, expected one of mysql, postgres, mssql, oracle, sqlite, shell, path, url",
            )),
        }
    }
}

/// Values by name, or as (place, name, value).
pub(crate) struct NamedValues(pub(crate) Values);

impl<'py> FromPyObject<'_, 'py> for NamedValues {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("SinkValues");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<NamedValues> {
        let mut values = Values::new();
        if let Some(items) = object.getattr_opt("items")? {
            for pair in items.call0()?.try_iter()? {
                let (name, value): (Bytes, Bytes) = pair?.extract()?;
                values.push(Place::Query, &*name, &*value);
            }
        } else {
            for value in object.try_iter()? {
                let (place, name, value): (PlaceName, Bytes, Bytes) = value?.extract()?;
                values.push(place.0, &*name, &*value);
            }
        }
        Ok(NamedValues(values))
    }
}

/// A policy as a dict.
pub(crate) struct PolicyDict<'py>(pub(crate) Bound<'py, PyDict>);

impl<'py> FromPyObject<'_, 'py> for PolicyDict<'py> {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("Json");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<PolicyDict<'py>> {
        let Ok(policy) = object.cast::<PyDict>() else {
            let found = object.get_type().name()?;
            let message = format!(
                "expected the policy as a dict, not {found}; for a file there is Engine.from_file, for a text Engine.from_yaml"
            );
            return Err(PyTypeError::new_err(message));
        };
        Ok(PolicyDict(policy.to_owned()))
    }
}

/// What offers the Arrow C interface; looked at where it is read.
pub(crate) struct ArrowData<'py>(pub(crate) Bound<'py, PyAny>);

impl<'py> FromPyObject<'_, 'py> for ArrowData<'py> {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = hint("ArrowData");

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<ArrowData<'py>> {
        Ok(ArrowData(object.to_owned()))
    }
}
