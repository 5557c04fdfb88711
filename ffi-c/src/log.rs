//! Log lines, to where the program wants them.

use std::ffi::{c_char, c_void};

use abatis::{Action, Verdict};

use crate::error::Failure;
use crate::options::abatis_options;
use crate::status::abatis_status;

/// How important a line is. A smaller number is more important.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum abatis_log_level {
    /// A verdict that blocks.
    Warn = 20,
    /// A verdict that flags; an engine that was built or swapped in.
    Info = 30,
    /// Every other verdict.
    Debug = 40,
}

/// Takes a line: one JSON object without line ends, `message` of `len` bytes and a NUL after them. A verdict is logged as
/// `abatis_verdict_json` gives it, an event as `{"event": ...}`. Payloads are never in it; names of fields that a client chose are.
///
/// It is called on the thread, and before the end, of the call that it tells about; so if threads share an engine, it is called by
/// several at once. It must return (no `longjmp`, no C++ exception) and may not use the session, scratch or handle of that call.
/// `message` lives until it returns.
pub type abatis_log_fn =
    Option<unsafe extern "C" fn(data: *mut c_void, level: i32, message: *const c_char, len: usize)>;

/// Where an engine's lines go.
#[derive(Debug)]
pub(crate) struct Log {
    call: abatis_log_fn,
    data: *mut c_void,
    level: abatis_log_level,
}

// SAFETY: the data is only handed back to the program, which said that its callback may be called by several threads.
unsafe impl Send for Log {}
// SAFETY: the same.
unsafe impl Sync for Log {}

impl Log {
    pub(crate) fn new(options: &abatis_options) -> Result<Log, Failure> {
        let level = match options.log_level {
            0 | 30 => abatis_log_level::Info,
            20 => abatis_log_level::Warn,
            40 => abatis_log_level::Debug,
            _ => return Err(abatis_status::BadEnum.into()),
        };
        Ok(Log { call: options.log, data: options.log_data, level })
    }

    pub(crate) fn verdict(&self, verdict: &Verdict) {
        let level = match verdict.action {
            Action::Allow => abatis_log_level::Debug,
            Action::Block => abatis_log_level::Warn,
            _ => abatis_log_level::Info,
        };
        self.line(level, || serde_json::to_vec(verdict).unwrap_or_default());
    }

    /// An event of an engine.
    pub(crate) fn event(&self, event: &str, ruleset: &str, bytes: usize) {
        self.line(abatis_log_level::Info, || {
            serde_json::json!({"event": event, "ruleset": ruleset, "bytes": bytes})
                .to_string()
                .into_bytes()
        });
    }

    fn line(&self, level: abatis_log_level, line: impl FnOnce() -> Vec<u8>) {
        if let Some(call) = self.call.filter(|_| level <= self.level) {
            let mut line = line();
            let len = line.len();
            line.push(0);
            // SAFETY: the program gave function and data for each other; the line lives until the call returns.
            unsafe { call(self.data, level as i32, line.as_ptr().cast(), len) }
        }
    }
}
