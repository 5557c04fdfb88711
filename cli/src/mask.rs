//! What of a request may be shown: everything but the bytes that are evidence, which are `*` unless they are asked for.

use abatis::{Basis, Finding, Part, Request, Verdict};

/// Bytes around the evidence that are shown.
const AROUND: usize = 48;
/// Bytes of evidence that are shown.
const EVIDENCE: usize = 64;

/// Whether a byte of a part is evidence of any finding: what one masks no other may show.
pub(crate) fn is_guilty(verdict: &Verdict, part: Part, index: u32, at: usize) -> bool {
    verdict.findings.iter().any(|finding| {
        let span = &finding.span;
        (span.part, span.index, span.basis) == (part, index, Basis::Raw) && span.range.contains(&at)
    })
}

/// Where a finding stands, with what is around it: `GET /search?q=****&page=2`. Nothing in it acts on a terminal.
pub(crate) fn excerpt(
    request: &Request<'_>,
    verdict: &Verdict,
    finding: &Finding,
    show_payload: bool,
) -> String {
    let span = &finding.span;
    if span.basis == Basis::Decoded {
        // The bytes as received are compressed.
        return String::new();
    }
    let header = request.line(span.index);
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (before, part) = match span.part {
        Part::Target => (lossy(request.method()) + " ", request.target()),
        Part::Header => {
            let (name, value) = header.unwrap_or_default();
            (lossy(name) + ": ", value)
        }
        Part::HeaderName => (String::new(), header.map_or(&b""[..], |header| header.0)),
        Part::Method => (String::new(), request.method()),
        Part::Body | Part::Value | Part::Statement => (String::new(), request.body_bytes()),
        _ => return String::new(),
    };
    let start = span.range.start.min(part.len());
    let end = span.range.end.clamp(start, part.len());
    let from = start.saturating_sub(AROUND);
    let mut shown = String::new();
    shown.extend(before.chars().take(AROUND).map(|c| if c.is_control() { '·' } else { c }));
    if from > 0 {
        shown.push('…');
    }
    let cut = (end - start).min(EVIDENCE);
    let mut bytes: Vec<u8> = Vec::new();
    let mask = |at: usize, byte: u8| {
        let hidden = !show_payload && is_guilty(verdict, span.part, span.index, at);
        if hidden { b'*' } else { byte }
    };
    let at_most = |range: std::ops::Range<usize>, bytes: &mut Vec<u8>| {
        let of = part.get(range.clone()).unwrap_or_default();
        bytes.extend(range.zip(of).map(|(at, byte)| mask(at, *byte)));
    };
    at_most(from..start + cut, &mut bytes);
    if cut < end - start {
        bytes.extend_from_slice("…".as_bytes());
    }
    let to = (end + AROUND).min(part.len());
    at_most(end..to, &mut bytes);
    if to < part.len() {
        bytes.extend_from_slice("…".as_bytes());
    }
    shown.extend(lossy(&bytes).chars().map(|c| if c.is_control() { '·' } else { c }));
    shown
}

#[cfg(test)]
mod tests {
    use abatis::{Engine, Policy};

    use super::*;

    #[test]
    fn evidence_is_masked_and_what_is_around_it_is_not() {
        let engine = Engine::new(&Policy::default()).unwrap();
        let target = "/search?sort=asc&q=1'+or+'1'%3D'1&page=2";
        let request = Request::new("GET", target).header("Referer", "/<script>alert(1)</script>");
        let verdict = engine.inspect(&request);
        let shown = |show| -> Vec<String> {
            verdict.findings.iter().map(|f| excerpt(&request, &verdict, f, show)).collect()
        };
        let masked = shown(false);
        assert!(
            masked.iter().any(|text| text.starts_with("GET /search?sort=asc&q=")),
            "{masked:?}"
        );
        assert!(masked.iter().any(|text| text.starts_with("Referer: /")), "{masked:?}");
        assert!(masked.iter().all(|text| !text.contains("or+") && !text.contains("alert")));
        assert!(shown(true).contains(&format!("GET {target}")), "{:?}", shown(true));
    }
}
