//! Any request gets a verdict: no panic, no end of steps within limits, spans inside their parts.
#![no_main]

use abatis::{Coverage, Limit, Part, Scratch};
use abatis_fuzz::{Case, DEFAULT};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: Case| {
    let request = case.request();
    let mut scratch = Scratch::new();
    let verdict = DEFAULT.inspect_with(&mut scratch, &request);
    assert_ne!(verdict.coverage, Coverage::Partial(Limit::Steps), "{case:?}");
    assert!(verdict.score <= 1000);
    for finding in &verdict.findings {
        let part = match finding.span.part {
            Part::Method => request.method(),
            Part::Target => request.target(),
            Part::Header => request.headers()[finding.span.index as usize].1,
            Part::HeaderName => request.headers()[finding.span.index as usize].0,
            _ => request.body_bytes(),
        };
        let range = &finding.span.range;
        assert!(range.start <= range.end && range.end <= part.len(), "{finding:?} {case:?}");
    }
    assert_eq!(*verdict, DEFAULT.inspect(&request), "a warm scratch tells another verdict");
});
