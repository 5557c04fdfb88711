//! Verdicts: what came out.

use std::ffi::c_char;
use std::io::Write;

use abatis::Verdict;

use crate::boundary::{Out, guard, guard_or, object, take_back};
use crate::choice::{abatis_action, abatis_coverage};
use crate::finding::abatis_finding;
use crate::status::abatis_status;
use crate::text::abatis_str;

/// What came out of one inspection, strongest findings first. Immutable: any number of threads may read it. It needs nothing else to live.
/// Free it with `abatis_verdict_free`.
#[derive(Debug)]
pub struct abatis_verdict(pub(crate) Verdict);

/// Frees a verdict and with it its findings. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_free(verdict: *mut abatis_verdict) {
    // SAFETY: the head of the header.
    unsafe { take_back(verdict) }
}

/// What to do. Of NULL: `ABATIS_ACTION_BLOCK`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_action(verdict: *const abatis_verdict) -> abatis_action {
    // SAFETY: the head of the header.
    unsafe { look(verdict, abatis_action::Block, |verdict| verdict.action.into()) }
}

/// The highest score of all findings, 0 to 1000. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_score(verdict: *const abatis_verdict) -> u32 {
    // SAFETY: the head of the header.
    unsafe { look(verdict, 0, |verdict| verdict.score.into()) }
}

/// The class of the strongest finding that asks for more than allow: `sqli`, `xss`, ...; empty if there is none. Static. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_class(verdict: *const abatis_verdict) -> abatis_str {
    let class = |verdict: &Verdict| {
        verdict.class().map_or(abatis_str::EMPTY, |class| abatis_str::new(class.as_str()))
    };
    // SAFETY: the head of the header.
    unsafe { look(verdict, abatis_str::EMPTY, class) }
}

/// Whether all was inspected. Of NULL: `ABATIS_COVERAGE_OTHER`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_coverage(
    verdict: *const abatis_verdict,
) -> abatis_coverage {
    // SAFETY: the head of the header.
    unsafe { look(verdict, abatis_coverage::Other, |verdict| verdict.coverage.into()) }
}

/// Digest of the rules and weights that spoke, 16 hexadecimal digits. Of NULL: empty. Any thread; lives as long as the verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_ruleset(verdict: *const abatis_verdict) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(verdict, abatis_str::EMPTY, |verdict| abatis_str::new(&verdict.ruleset)) }
}

/// How many findings there are. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_count(verdict: *const abatis_verdict) -> usize {
    // SAFETY: the head of the header.
    unsafe { look(verdict, 0, |verdict| verdict.findings.len()) }
}

/// How many more there were than the policy's `limits.findings_max`. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_dropped(verdict: *const abatis_verdict) -> u32 {
    // SAFETY: the head of the header.
    unsafe { look(verdict, 0, |verdict| verdict.dropped) }
}

/// Finding number `index`, counted from 0, strongest first. Past the end, or of NULL: NULL, which each `abatis_finding_` function
/// takes. Any thread; lives as long as the verdict, and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_finding(
    verdict: *const abatis_verdict,
    index: usize,
) -> *const abatis_finding {
    let finding = |verdict: &Verdict| {
        verdict.findings.get(index).map_or(std::ptr::null(), abatis_finding::lend)
    };
    // SAFETY: the head of the header.
    unsafe { look(verdict, std::ptr::null(), finding) }
}

/// The whole verdict as JSON: what `abatis inspect --json` says of it.
///
/// - `buffer`: of `size` bytes; gets the text and a NUL. NULL and 0 to ask for the length. If it is too small it gets an empty text.
/// - `len`: set to the length of the text without the NUL, 0 if `verdict` is NULL; may be NULL.
///
/// `ABATIS_STATUS_BUFFER_TOO_SMALL` if `size` is not larger than the length. Payloads are never in it; names of fields that a client
/// chose are. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_verdict_json(
    verdict: *const abatis_verdict,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> abatis_status {
    // SAFETY: the head of the header; an empty text is set first.
    let (len, empty) = unsafe {
        let buffer = if size > 0 { buffer.cast() } else { std::ptr::null_mut() };
        (Out::claim(len, 0), Out::<u8>::claim(buffer, 0))
    };
    guard(Out::none(), || {
        // SAFETY: the head of the header.
        let verdict = unsafe { object(verdict) }?;
        if size > 0 {
            empty.wanted()?;
        }
        let mut counted = Counted::default();
        // A verdict has string keys and no fallible serializer, and counting cannot fail.
        let _ = serde_json::to_writer(&mut counted, &verdict.0);
        len.put(counted.0);
        if size <= counted.0 {
            return Err(abatis_status::BufferTooSmall.into());
        }
        // SAFETY: not NULL and writable for `size` bytes, says the head of the header. It is set first: C need not have.
        let buffer = unsafe {
            std::ptr::write_bytes(buffer.cast::<u8>(), 0, counted.0 + 1);
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), counted.0)
        };
        let _ = serde_json::to_writer(buffer, &verdict.0);
        Ok(())
    })
}

/// Counts what is written.
#[derive(Default)]
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Looks at a verdict.
///
/// # Safety
///
/// As the head of the header says.
unsafe fn look<T: Copy>(
    verdict: *const abatis_verdict,
    null: T,
    look: impl FnOnce(&Verdict) -> T,
) -> T {
    // SAFETY: the same promise.
    guard_or(null, || unsafe { object(verdict) }.map_or(null, |verdict| look(&verdict.0)))
}
