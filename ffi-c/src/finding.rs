//! Findings: pieces of evidence, lent by a verdict.

use abatis::Finding;

use crate::boundary::{guard_or, object};
use crate::choice::{abatis_action, abatis_part, abatis_place};
use crate::text::abatis_str;

/// One piece of evidence. It is part of its verdict: lives as long, is read by any number of threads, and is not freed.
#[derive(Debug)]
pub struct abatis_finding {
    /// Never made: a pointer to it is one to a [`Finding`].
    _opaque: [u8; 0],
}

impl abatis_finding {
    /// Lends a finding to C.
    pub(crate) fn lend(finding: &Finding) -> *const abatis_finding {
        std::ptr::from_ref(finding).cast()
    }
}

/// The rule that found it: `sql.injection`. Of NULL: empty. Any thread; lives as long as the verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_rule(finding: *const abatis_finding) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, |finding| abatis_str::new(finding.rule.as_str())) }
}

/// What an attack would be after: `sqli`, `xss`, ... Of NULL: empty. Static. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_class(finding: *const abatis_finding) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, |finding| abatis_str::new(finding.class.as_str())) }
}

/// Its score, 0 to 1000. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_score(finding: *const abatis_finding) -> u32 {
    // SAFETY: the head of the header.
    unsafe { look(finding, 0, |finding| finding.score.into()) }
}

/// What this finding alone asks for. Of NULL: `ABATIS_ACTION_ALLOW`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_action(finding: *const abatis_finding) -> abatis_action {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_action::Allow, |finding| finding.action.into()) }
}

/// The kind of field that it stands in. Of NULL: `ABATIS_PLACE_BODY`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_place(finding: *const abatis_finding) -> abatis_place {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_place::Body, |finding| finding.place.into()) }
}

/// Whether it stands in the field's name rather than in its value. Of NULL: false. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_in_name(finding: *const abatis_finding) -> bool {
    // SAFETY: the head of the header.
    unsafe { look(finding, false, |finding| finding.name) }
}

/// The field as a JSON Pointer: `/items/0/name`, `/q`. A client chose the names in it. Of NULL: empty. Any thread; lives as long
/// as the verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_pointer(finding: *const abatis_finding) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, |finding| abatis_str::new(&finding.pointer)) }
}

/// The field as a pattern, as exclusions in a policy name it: `items[*].name`, `q`. A client chose the names in it. Of NULL: empty.
/// Any thread; lives as long as the verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_pattern(finding: *const abatis_finding) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, |finding| abatis_str::new(&finding.pattern)) }
}

/// The piece of the request that the span counts in. Of NULL: `ABATIS_PART_OTHER`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_part(finding: *const abatis_finding) -> abatis_part {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_part::Other, |finding| (&finding.span).into()) }
}

/// The number of the header line, counted from 0, if the part is a header or its name; else 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_part_index(finding: *const abatis_finding) -> u32 {
    // SAFETY: the head of the header.
    unsafe { look(finding, 0, |finding| finding.span.index) }
}

/// The first byte of the evidence in its part as it was received. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_start(finding: *const abatis_finding) -> usize {
    // SAFETY: the head of the header.
    unsafe { look(finding, 0, |finding| finding.span.range.start) }
}

/// The byte after the last one of the evidence. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_end(finding: *const abatis_finding) -> usize {
    // SAFETY: the head of the header.
    unsafe { look(finding, 0, |finding| finding.span.range.end) }
}

/// In how many steps the bytes were decoded to what was judged. Of NULL: 0. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_decoded_count(finding: *const abatis_finding) -> usize {
    // SAFETY: the head of the header.
    unsafe { look(finding, 0, |finding| finding.decoded.len()) }
}

/// Step number `index`, outermost first: `form`, `base64`, ... Past the end, or of NULL: empty. Static. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_decoded(
    finding: *const abatis_finding,
    index: usize,
) -> abatis_str {
    let step = |finding: &Finding| {
        finding.decoded.get(index).map_or(abatis_str::EMPTY, |step| abatis_str::new(step.as_str()))
    };
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, step) }
}

/// What the value was read as, if the detector tells contexts apart: `single-quote`; else empty. Static. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_context(finding: *const abatis_finding) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, |finding| abatis_str::new(finding.context)) }
}

/// One sentence for people, which never holds bytes of the request. Of NULL: empty. Any thread; lives as long as the verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn abatis_finding_message(finding: *const abatis_finding) -> abatis_str {
    // SAFETY: the head of the header.
    unsafe { look(finding, abatis_str::EMPTY, |finding| abatis_str::new(&finding.message)) }
}

/// Looks at a finding.
///
/// # Safety
///
/// As the head of the header says.
unsafe fn look<T: Copy>(
    finding: *const abatis_finding,
    null: T,
    look: impl FnOnce(&Finding) -> T,
) -> T {
    // SAFETY: the same promise; what was lent is a finding.
    guard_or(null, || unsafe { object(finding.cast::<Finding>()) }.map_or(null, look))
}
