//! The native part of the Python package `abatis`. Its documentation is the docstrings; its guide is `docs/guide/python.md`.
//!
//! ```text
//! Engine ── inspect, inspect_value, validate ──► Verdict ──► Finding
//!   │ ▲  └─ session ──► Session ── finish ──────►
//! swap ▼ load      scan_arrow ──► Scan
//! EngineHandle
//! ```
//!
//! One class a file; `model` makes what stands in `abatis._model`, the part that is written in Python: enums and exceptions.
//!
//! What all methods keep to: arguments are turned into bytes first ([`arguments`]); what does more than read a field runs under
//! [`error::guard`], and without the interpreter if there is much to look at ([`engine::DETACH`]).
#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments in by value")]
#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "readers of docstrings read Python"
)]

mod arguments;
mod arrow;
mod command;
mod engine;
mod error;
mod finding;
mod handle;
mod inject;
mod model;
mod session;
mod verdict;

/// The native part of abatis; everything in it is exported by `abatis`.
#[pyo3::pymodule(gil_used = false)]
mod _abatis {
    #[pymodule_export]
    use crate::arrow::Scan;
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::finding::{Feature, Finding, Span};
    #[pymodule_export]
    use crate::handle::EngineHandle;
    #[cfg(feature = "test-panic")]
    #[pymodule_export]
    use crate::inject::on_demand::{panic_at, panic_is_due};
    #[pymodule_export]
    use crate::session::Session;
    #[pymodule_export]
    use crate::verdict::Verdict;

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python calls it so")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
