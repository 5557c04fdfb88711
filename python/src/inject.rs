//! Panics on demand, for `python/tests/test_panic.py`: [`trip`]. Without the feature `test-panic`, which no wheel that is shipped
//! has, it does nothing.

/// Where a panic can be had.
#[derive(Clone, Copy)]
pub(crate) enum Point {
    /// In the next guarded call, before it does anything.
    Call = 1,
    /// With a scratch in use.
    Scratch,
    /// With the lock of a session held.
    Session,
    /// In the next row of a column, on whichever thread it comes.
    Row,
    /// At the start of the next thread that is begun for a column.
    Thread,
}

/// Panics if a test asked for it.
#[inline]
pub(crate) fn trip(point: Point) {
    #[cfg(feature = "test-panic")]
    on_demand::trip(point);
    let _ = point;
}

#[cfg(feature = "test-panic")]
pub(crate) mod on_demand {
    use std::sync::atomic::{AtomicU8, Ordering};

    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    use super::Point;

    /// The point that panics next, once; 0 if none does. Of all threads, since the one that is to panic may not be there yet.
    static ARMED: AtomicU8 = AtomicU8::new(0);

    /// Makes the next call that comes to a point panic: `call`, `scratch`, `session`, `row` or `thread`.
    #[pyfunction]
    pub(crate) fn panic_at(point: &str) -> PyResult<()> {
        let point = match point {
            "call" => Point::Call,
            "scratch" => Point::Scratch,
            "session" => Point::Session,
            "row" => Point::Row,
            "thread" => Point::Thread,
            _ => return Err(PyValueError::new_err("unknown point")),
        };
        ARMED.store(point as u8, Ordering::SeqCst);
        Ok(())
    }

    /// Whether a panic was asked for that has not come; it is called off.
    #[pyfunction]
    pub(crate) fn panic_is_due() -> bool {
        ARMED.swap(0, Ordering::SeqCst) != 0
    }

    pub(super) fn trip(point: Point) {
        let tripped = ARMED.compare_exchange(point as u8, 0, Ordering::SeqCst, Ordering::SeqCst);
        assert!(tripped.is_err(), "a test asked for this");
    }
}
