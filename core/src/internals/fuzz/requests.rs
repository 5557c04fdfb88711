//! What whole inspections promise, on requests written as HTTP/1.1 text: so seeds, findings and dictionaries can be read.

use std::fmt;
use std::sync::LazyLock;

use super::{DEFAULT, engine, inside};
use crate::compile::route::RouteBuf;
use crate::decide::Settings;
use crate::engine::Engine;
use crate::explain::Explanation;
use crate::internals::stages;
use crate::limits::Limits;
use crate::model::policy::Mode;
use crate::parse::target::Target;
use crate::request::Request;
use crate::scratch::Scratch;
use crate::span::{Part, Place};
use crate::verdict::{Action, Coverage, Limit, Verdict};

/// Schemas, exclusions, a monitored rule and limits that are easily met.
const TIGHT_POLICY: &str = r#"
limits: {target_bytes: 200, headers: 6, header_bytes: 400, body_bytes: 500, fields: 20, depth: 4, decode_rounds: 2,
         views: 5, findings_max: 3, steps: 40000}
rules: {sql.injection: {mode: monitor}}
exclusions:
  - {class: xss, field: "items[*].note"}
  - {rule: protocol.nul-byte, place: query}
schemas:
  order:
    type: object
    required: [items]
    properties:
      items: {type: array, maxItems: 3, items: {type: object, properties: {note: {type: string, maxLength: 9}}}}
      id: {type: integer}
    additionalProperties: false
routes:
  - path: /orders/{id}
    body: order
    parameters:
      - {name: id, in: path, schema: {type: integer, maximum: 1000}}
      - {name: tag, in: query, schema: {type: array, uniqueItems: true, items: {type: string, pattern: "^[a-z]+$"}}}
      - {name: page, in: form, required: true, schema: {type: integer}}
  - {path: "/files/{*rest}", mode: detect, exclusions: [{class: lfi, place: path}]}
"#;

static TIGHT: LazyLock<Engine> = LazyLock::new(|| engine(TIGHT_POLICY, |builder| builder));
static NO_GATE: LazyLock<Engine> = LazyLock::new(|| engine("{}", |builder| builder.gate(false)));
static NO_PREFILTER: LazyLock<Engine> =
    LazyLock::new(|| engine("{}", |builder| builder.prefilter(false)));

/// Any request gets a verdict that keeps together: see [`check`]. A warm scratch changes nothing, steps are bounded by the
/// bytes, and what is not inspected does not pass.
pub(super) fn inspect(data: &[u8]) {
    let case = Case::parse(data);
    let request = case.request();
    let mut scratch = Scratch::new();
    for engine in [&*DEFAULT, &TIGHT] {
        let verdict = engine.inspect_with(&mut scratch, &request).clone();
        check(engine, &request, &verdict, &case);
        assert_eq!(verdict, engine.inspect(&request), "warm and pooled: {case:?}");
    }
    let bytes = (STEPS_BYTES + data.len()) as u64;
    let steps = stages::steps(&DEFAULT, &request);
    assert!(steps <= bytes * Limits::STEPS_PER_BYTE, "{steps} steps: {case:?}");
}

/// Longest verdict, in bytes of JSON: verdicts end up in logs, so a sender must not make them as long as he likes.
const WRITTEN_MAX: usize = 128 << 10;

/// Bytes that a request counts for beside its own when its steps are counted.
const STEPS_BYTES: usize = 64;

/// A request in pieces gets the verdict of the whole, in everything.
pub(super) fn chunked(data: &[u8]) {
    let case = Case::parse(data);
    let mut scratch = Scratch::new();
    for engine in [&*DEFAULT, &TIGHT] {
        let whole = engine.inspect_with(&mut scratch, &case.request()).clone();
        assert_eq!(case.in_pieces(engine, &mut scratch), whole, "{case:?}");
    }
}

/// Gates and prefilter change cost, never a verdict. The first byte says where the value stands.
pub(super) fn gates(data: &[u8]) {
    let [place, value @ ..] = data else { return };
    let place = Place::ALL[usize::from(*place) % Place::ALL.len()];
    let verdict = |engine: &Engine| engine.inspect_value(&mut Scratch::new(), place, value).clone();
    let expected = verdict(&DEFAULT);
    assert_eq!(verdict(&NO_GATE), expected, "gate: {}", value.escape_ascii());
    assert_eq!(verdict(&NO_PREFILTER), expected, "prefilter: {}", value.escape_ascii());
}

/// Spans lie in their parts, findings are few enough and sorted, the action is that of the strongest reason, a request that
/// was not inspected in full is not allowed in mode block, and the verdict can be written and shown.
fn check(engine: &Engine, request: &Request<'_>, verdict: &Verdict, case: &Case<'_>) {
    let limits = &engine.plan().limits;
    assert!(verdict.score <= 1000);
    assert!(verdict.findings.len() <= limits.findings_max);
    assert!(verdict.findings.is_sorted_by_key(|f| std::cmp::Reverse((f.action, f.score))));
    for finding in &verdict.findings {
        let header = || request.line(finding.span.index);
        let part = match finding.span.part {
            Part::Method => Some(request.method()),
            Part::Target => Some(request.target()),
            Part::Header => header().map(|(_, value)| value),
            Part::HeaderName => header().map(|(name, _)| name),
            Part::Body => Some(request.body_bytes()),
            Part::Value | Part::Statement => None,
        };
        let Some(part) = part else { panic!("{finding:?} has no part: {case:?}") };
        inside(&finding.span.range, part.len());
        assert!(finding.action <= verdict.action && finding.score <= 1000, "{case:?}");
    }
    match verdict.coverage {
        Coverage::Full | Coverage::Partial(Limit::Opaque) => {}
        Coverage::Partial(limit) => {
            assert!(verdict.action > Action::Allow, "{limit}: {case:?}");
            let blocks = case.settings(engine).mode == Mode::Block;
            assert!(!blocks || verdict.action == Action::Block, "{limit}: {case:?}");
        }
    }
    let Ok(written) = serde_json::to_string(verdict) else { panic!("not written: {case:?}") };
    assert!(written.len() <= WRITTEN_MAX, "{} bytes of verdict: {case:?}", written.len());
    for shown in [false, true] {
        let explanation = Explanation::new(request, verdict).show_payload(shown).to_string();
        assert!(!explanation.is_empty());
    }
}

/// A request, cut out of text: request line, header lines, an empty line, the body. Lines that begin with `>` come behind the body.
struct Case<'d> {
    method: &'d [u8],
    target: &'d [u8],
    headers: Vec<(&'d [u8], &'d [u8])>,
    body: &'d [u8],
    trailers: Vec<(&'d [u8], &'d [u8])>,
}

impl<'d> Case<'d> {
    /// Any bytes are a request: what is missing is empty. Lines end with a line feed alone.
    fn parse(data: &'d [u8]) -> Case<'d> {
        let (line, mut rest) = cut(data, b'\n').unwrap_or((data, b""));
        let line = line.strip_suffix(b" HTTP/1.1").unwrap_or(line);
        let (method, target) = cut(line, b' ').unwrap_or((b"GET", line));
        let (mut headers, mut trailers) = (Vec::new(), Vec::new());
        while let Some((line, after)) = cut(rest, b'\n') {
            rest = after;
            if line.is_empty() {
                break;
            }
            let trailer = line.strip_prefix(b">");
            let lines = if trailer.is_some() { &mut trailers } else { &mut headers };
            let line = trailer.unwrap_or(line);
            let (name, value) = cut(line, b':').unwrap_or((line, b""));
            lines.push((name, value.strip_prefix(b" ").unwrap_or(value)));
        }
        Case { method, target, headers, body: rest, trailers }
    }

    fn request(&self) -> Request<'_> {
        let request = Request::new(self.method, self.target).body(self.body);
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, *value));
        let trailers = self.trailers.iter();
        trailers.fold(request, |request, (name, value)| request.trailer(*name, *value))
    }

    /// The settings that hold for its route.
    fn settings(&self, engine: &Engine) -> Settings {
        let plan = engine.plan();
        let path = Target::parse(self.method, self.target).path;
        let mut buf = RouteBuf::default();
        let found = plan.router.find(self.method, self.target, path, &mut buf);
        let route = found.and_then(|found| plan.routes.get(found.route));
        route.map_or(plan.settings, |route| route.settings)
    }

    /// The verdict on the request in pieces, of one byte each or of up to so many; the bytes themselves say where.
    fn in_pieces(&self, engine: &Engine, scratch: &mut Scratch) -> Verdict {
        let mut session = engine.session();
        let _ = session.request_line(scratch, self.method, self.target);
        for (name, value) in &self.headers {
            let _ = session.header(scratch, name, value);
        }
        let mut random = self.body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let longest = [1, 3, 16, self.body.len().max(1)][(random >> 62) as usize];
        let mut rest = self.body;
        while !rest.is_empty() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let len = ((random >> 33) as usize % (longest + 1)).min(rest.len());
            let (chunk, after) = rest.split_at(len);
            let _ = session.body(scratch, chunk);
            rest = after;
        }
        for (name, value) in &self.trailers {
            let _ = session.trailer(scratch, name, value);
        }
        session.finish(scratch).clone()
    }
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let len = memchr::memchr(at, text)?;
    Some((text.get(..len)?, text.get(len + 1..)?))
}

/// Prints a reproducer.
impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, target) = (self.method.escape_ascii(), self.target.escape_ascii());
        write!(f, "Request::new(b\"{method}\", b\"{target}\")")?;
        for (name, value) in &self.headers {
            write!(f, ".header(b\"{}\", b\"{}\")", name.escape_ascii(), value.escape_ascii())?;
        }
        write!(f, ".body(b\"{}\")", self.body.escape_ascii())?;
        for (name, value) in &self.trailers {
            write!(f, ".trailer(b\"{}\", b\"{}\")", name.escape_ascii(), value.escape_ascii())?;
        }
        Ok(())
    }
}
