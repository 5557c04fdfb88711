//! A request as it comes in: request line, headers, body in chunks, end.
//!
//! The same code inspects whole requests ([`Engine::inspect_with`](crate::Engine::inspect_with)), so chunked and whole agree by
//! construction: what a chunk boundary cuts is carried over, and inspected when it is complete.

use std::ops::Range;
use std::sync::Arc;

use crate::ambiguity::Ambiguity;
use crate::body::{self, Body};
use crate::classes::Classes;
use crate::compile::plan::{Plan, RoutePlan};
use crate::content::runs::Runs;
use crate::content::{Broken, Content};
use crate::contract::{self, Given, Parameters};
use crate::decode::Coding;
use crate::engine::{Engine, Inner};
use crate::facts::{Facts, Fields, Reading};
use crate::inspect::{At, Case, Field, Memory, Origin, Run};
use crate::parse::header::{self, Treatment, ValueBytes};
use crate::parse::target::{Problems, Target};
use crate::parse::{cookie, query};
use crate::prefilter::literals::Hits;
use crate::repeat;
use crate::request::Request;
use crate::schema::document::CompiledSchema;
use crate::scratch::Scratch;
use crate::sink::{Sink, Values};
use crate::span::{Basis, Part, Place, Span};
use crate::trail::Trail;
use crate::verdict::{Action, Finding, Limit, Progress, Verdict};

/// A request that comes in pieces.
///
/// Owned, `Send + 'static`: it can wait in a connection between reads. It holds its engine, so a reload does not touch
/// it. Each call borrows a [`Scratch`]; different calls may use different ones. An idle session takes a few hundred bytes and
/// what a cut token holds.
///
/// Order: [`request_line`](Session::request_line), [`header`](Session::header) for each line,
/// [`body`](Session::body) for each chunk, [`trailer`](Session::trailer) for each line behind them,
/// [`finish`](Session::finish). A call out of order does nothing and makes the verdict `Partial(Misuse)`. Fed to the end, the verdict is that of the whole request; finished after a
/// [`Progress::Block`], it is `Partial(Stopped)` and has the same action.
///
/// ```
/// use abatis::{Action, Engine, Policy, Progress, Scratch};
/// let engine = Engine::new(&Policy::default())?;
/// let mut scratch = Scratch::new();
/// let mut session = engine.session();
/// let _ = session.request_line(&mut scratch, b"POST", b"/comments");
/// let _ = session.header(&mut scratch, b"Content-Type", b"application/json");
/// let _ = session.body(&mut scratch, br#"{"text": "<script>ale"#);
/// let progress = session.body(&mut scratch, br#"rt(1)</script>"}"#);
/// assert_eq!(progress, Progress::Block);
/// let verdict = session.finish(&mut scratch);
/// assert_eq!(verdict.action, Action::Block);
/// assert_eq!(verdict.findings[0].pointer, "/text");
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    engine: Arc<Inner>,
    state: State,
}

impl Session {
    pub(crate) fn new(engine: Arc<Inner>) -> Session {
        let mut state = State::new(&engine.plan);
        state.reset(&engine.plan);
        Session { engine, state }
    }

    /// Method and target, as sent. The target is inspected at once.
    pub fn request_line(
        &mut self,
        scratch: &mut Scratch,
        method: &[u8],
        target: &[u8],
    ) -> Progress {
        let work = scratch.work(&self.engine);
        self.state.request_line(&self.engine.plan, &mut work.memory, method, target);
        self.state.progress()
    }

    /// One header line; repeated names as often as they came, in order.
    pub fn header(&mut self, scratch: &mut Scratch, name: &[u8], value: &[u8]) -> Progress {
        let work = scratch.work(&self.engine);
        self.state.header(&self.engine.plan, &mut work.memory, name, value);
        self.state.progress()
    }

    /// The next bytes of the body, split anywhere. Costs what the bytes cost, however they are split.
    pub fn body(&mut self, scratch: &mut Scratch, chunk: &[u8]) -> Progress {
        let work = scratch.work(&self.engine);
        self.state.body(&self.engine.plan, &mut work.memory, chunk, false);
        self.state.progress()
    }

    /// One trailer line, which came behind the body (RFC 9110, 6.5). Inspected as a header line; a name that may not stand there is
    /// `protocol.trailer`. Spans count trailer lines on from the header lines.
    ///
    /// ```
    /// # use abatis::{Action, Engine, Policy, Scratch};
    /// # let engine = Engine::new(&Policy::default())?;
    /// let mut scratch = Scratch::new();
    /// let mut session = engine.session();
    /// let _ = session.request_line(&mut scratch, b"POST", b"/notes");
    /// let _ = session.header(&mut scratch, b"Content-Type", b"text/plain");
    /// let _ = session.body(&mut scratch, b"Dear all,");
    /// let _ = session.trailer(&mut scratch, b"Host", b"internal.example");
    /// let verdict = session.finish(&mut scratch);
    /// assert_eq!(verdict.action, Action::Block);
    /// assert_eq!(verdict.findings[0].rule.as_str(), "protocol.trailer");
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn trailer(&mut self, scratch: &mut Scratch, name: &[u8], value: &[u8]) -> Progress {
        let work = scratch.work(&self.engine);
        self.state.trailer(&self.engine.plan, &mut work.memory, name, value);
        self.state.progress()
    }

    /// Bytes of the body that wait for what follows: of a text, a part, a long string. They are inspected in one go when that is
    /// complete, at [`Session::finish`] at the latest, which takes up to 35 us a KiB; so a server that must not wait can tell what to leave
    /// to a thread. Never more than `limits.body_bytes` allow.
    ///
    /// ```
    /// # let engine = abatis::Engine::new(&abatis::Policy::default())?;
    /// let mut scratch = abatis::Scratch::new();
    /// let mut session = engine.session();
    /// session.request_line(&mut scratch, b"POST", b"/notes");
    /// session.header(&mut scratch, b"Content-Type", b"text/plain");
    /// session.body(&mut scratch, b"Dear all,");
    /// assert_eq!(session.pending(), 9);
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn pending(&self) -> usize {
        self.state.body.pending() + self.state.runs.pending()
    }

    /// The end of the request: what was cut is inspected, schemas are settled. Later calls change nothing.
    pub fn finish(&mut self, scratch: &mut Scratch) -> &Verdict {
        let work = scratch.work(&self.engine);
        self.state.finish(&self.engine.plan, &mut work.memory);
        &self.state.case.verdict
    }

    /// Gives up before the end, e.g. after [`Progress::Block`]: the verdict on what came so far, `Partial(Stopped)`.
    pub fn stop(&mut self) -> &Verdict {
        self.state.stop(&self.engine.plan);
        &self.state.case.verdict
    }

    /// Keeps the values that are inspected from here on, for [`check_sink`](Session::check_sink) and [`values`](Session::values). They are
    /// copied, up to twice the bytes that the limits let a request have.
    ///
    /// ```
    /// use abatis::{Action, Dialect, Engine, Policy, Scratch, Sink};
    /// let engine = Engine::new(&Policy::default())?;
    /// let mut scratch = Scratch::new();
    /// let mut session = engine.session();
    /// session.keep_values();
    /// session.request_line(&mut scratch, b"GET", b"/users?id=7+or+true");
    /// assert_eq!(session.finish(&mut scratch).action, Action::Allow);
    ///
    /// let statement = "select name from users where id = 7 or true";
    /// let verdict = session.check_sink(Sink::Sql(Dialect::Mysql), statement);
    /// assert_eq!(verdict.action, Action::Block);
    /// assert_eq!(verdict.findings[0].pointer, "/id");
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn keep_values(&mut self) {
        self.state.case.values.get_or_insert_default();
    }

    /// The values that were kept; none without [`keep_values`](Session::keep_values).
    pub fn values(&self) -> Option<&Values> {
        self.state.case.values.as_ref()
    }

    /// Looks for the values that were kept in a statement, under the policy of the request's route: see
    /// [`Engine::check_sink`]. The verdict on the request stays as it is. Before anything was kept there is nothing to look for.
    pub fn check_sink(&self, sink: Sink<'_>, statement: impl AsRef<[u8]>) -> Verdict {
        let none = Values::new();
        let values = self.values().unwrap_or(&none);
        self.engine().check_in(sink, statement.as_ref(), values, Some(&self.state.case))
    }

    /// The verdict so far.
    pub fn verdict(&self) -> &Verdict {
        &self.state.case.verdict
    }

    /// The engine that judges.
    pub fn engine(&self) -> Engine {
        Engine::from_inner(self.engine.clone())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Start,
    Headers,
    Body,
    Trailers,
    Done,
}

/// What a session owns.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) case: Case,
    phase: Phase,
    facts: Facts,
    headers: usize,
    header_bytes: usize,
    content: Content,
    /// The text in coded content.
    runs: Runs,
    body: Body,
    received: usize,
    /// Whether requests of this method come with a body.
    carries_body: bool,
    parameters: Parameters,
}

impl State {
    pub(crate) fn new(plan: &Plan) -> State {
        State {
            case: Case::new(plan),
            phase: Phase::Start,
            facts: Facts::default(),
            headers: 0,
            header_bytes: 0,
            content: Content::default(),
            runs: Runs::default(),
            body: Body::default(),
            received: 0,
            carries_body: false,
            parameters: Parameters::default(),
        }
    }

    pub(crate) fn reset(&mut self, plan: &Plan) {
        self.case.reset(plan);
        self.phase = Phase::Start;
        self.facts = Facts::default();
        self.headers = 0;
        self.header_bytes = 0;
        self.body.reset();
        self.received = 0;
        self.parameters.reset();
    }

    /// A whole request, from [`State::reset`].
    pub(crate) fn whole(&mut self, plan: &Plan, memory: &mut Memory, request: &Request<'_>) {
        self.request_line(plan, memory, request.method(), request.target());
        for (name, value) in request.headers() {
            self.header(plan, memory, name, value);
        }
        if !request.body_bytes().is_empty() {
            self.body(plan, memory, request.body_bytes(), true);
        }
        for (name, value) in request.trailers() {
            self.trailer(plan, memory, name, value);
        }
        self.finish(plan, memory);
    }

    /// One value, from [`State::reset`].
    pub(crate) fn value(&mut self, plan: &Plan, memory: &mut Memory, place: Place, value: &[u8]) {
        let origin = Origin::Part { part: Part::Value, index: 0, offset: 0 };
        let field = Field {
            raw: value,
            classes: Classes::of(value),
            coding: Coding::None,
            place,
            name: false,
            clean: false,
            origin: &origin,
            trail: &Trail::Root,
        };
        Run { plan, memory, case: &mut self.case }.field(&field);
        self.phase = Phase::Done;
    }

    /// One JSON document that is held against a schema, from [`State::reset`].
    pub(crate) fn document(
        &mut self,
        plan: &Plan,
        memory: &mut Memory,
        schema: &CompiledSchema,
        document: &[u8],
    ) {
        self.body.begin(plan, Reading::Json, &Fields::default(), true);
        let mut run = Run { plan, memory, case: &mut self.case };
        let fits = document.get(..plan.limits.body_bytes).unwrap_or(document);
        if fits.len() < document.len() {
            run.case.partial(plan, Limit::BodyBytes);
        }
        self.body.feed(&mut run, &mut self.parameters, Some(schema), fits, true);
        self.body.finish(&mut run, &mut self.parameters, Some(schema));
        self.phase = Phase::Done;
    }

    fn progress(&self) -> Progress {
        if self.case.verdict.action == Action::Block { Progress::Block } else { Progress::Continue }
    }

    fn misuse(&mut self, plan: &Plan) {
        self.case.partial(plan, Limit::Misuse);
    }

    fn request_line(&mut self, plan: &Plan, memory: &mut Memory, method: &[u8], target: &[u8]) {
        if self.phase != Phase::Start {
            return self.misuse(plan);
        }
        self.phase = Phase::Headers;
        self.carries_body = matches!(method, b"POST" | b"PUT" | b"PATCH");
        let parsed = Target::parse(method, target);
        let mut buf = std::mem::take(&mut memory.route);
        let found = plan.router.find(method, target, parsed.path.clone(), &mut buf);
        if let Some(found) = &found {
            self.case.route = Some(found.route);
            if let Some(route) = plan.routes.get(found.route) {
                self.case.settings = route.settings;
                for (name, range) in found.params() {
                    let given = Given {
                        place: Place::Path,
                        name: name.as_bytes(),
                        coding: Coding::Percent,
                    };
                    let span = Span::new(Part::Target, range.clone());
                    self.parameters.add(Some(route), &given, cut(target, &range), span);
                }
            }
        }
        let lenient = found.as_ref().is_some_and(|found| found.lenient);
        let ambiguous_path = lenient || !buf.forms().is_empty();
        memory.route = buf;
        let mut run = Run { plan, memory, case: &mut self.case };
        let whole = |part, len| At {
            place: Place::Path,
            name: false,
            trail: &Trail::Root,
            span: Span::new(part, 0..len),
        };
        if !header::is_token(method) {
            run.ambiguity(Ambiguity::BadHeader, whole(Part::Method, method.len()));
        }
        if target.len() > plan.limits.target_bytes {
            run.case.partial(plan, Limit::Target);
            return;
        }
        if is_bad(&parsed) {
            run.ambiguity(Ambiguity::BadTarget, whole(Part::Target, target.len()));
        }
        let at = |offset| Origin::Part { part: Part::Target, index: 0, offset };
        // One scan for all that stands in the target.
        let mut hits = std::mem::take(&mut run.memory.whole);
        plan.literals(target, &mut hits);
        // What no application decodes as pairs, but some print, log or resolve.
        let texts = [
            (parsed.authority, &b"authority"[..], Coding::None),
            (Some(parsed.path.clone()), b"path", Coding::Percent),
            (parsed.fragment, b"fragment", Coding::Percent),
        ];
        for (range, name, coding) in texts {
            let Some(range) = range.filter(|range| !range.is_empty()) else { continue };
            let raw = target.get(range.clone()).unwrap_or_default();
            let trail = Trail::name(name, Coding::None);
            let (place, origin) = (Place::Path, &at(range.start));
            let (name, clean, trail) = (false, hits.is_clean(range), &trail);
            let classes = Classes::of(raw);
            run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
        }
        segments(&mut run, target, parsed.path, &hits);
        if ambiguous_path {
            run.ambiguity(Ambiguity::PathForm, whole(Part::Target, target.len()));
        }
        if let Some(range) = parsed.query {
            for pair in query::pairs(target, range.clone()) {
                let value = pair.value.unwrap_or(pair.name.end..pair.name.end);
                let piece = |range: &Range<usize>| Piece {
                    raw: cut(target, range),
                    clean: hits.is_clean(range.clone()),
                    offset: range.start,
                };
                let (name, text) = (piece(&pair.name), piece(&value));
                run.pair(&name, &text, Place::Query, Coding::Form, at);
                let given = Given { place: Place::Query, name: name.raw, coding: Coding::Form };
                self.parameters.add(run.route(), &given, text.raw, Span::new(Part::Target, value));
            }
            repeat::joins(&mut run, target, range, &at(0), Place::Query);
        }
        run.memory.whole = hits;
    }

    fn header(&mut self, plan: &Plan, memory: &mut Memory, name: &[u8], value: &[u8]) {
        if self.phase != Phase::Headers {
            return self.misuse(plan);
        }
        self.line(plan, memory, name, value);
    }

    /// A header line, or behind the body a trailer line, which has no say in how the request is read.
    fn line(&mut self, plan: &Plan, memory: &mut Memory, name: &[u8], value: &[u8]) {
        let index = self.headers as u32;
        self.headers += 1;
        self.header_bytes += name.len() + value.len();
        if self.headers > plan.limits.headers || self.header_bytes > plan.limits.header_bytes {
            self.case.partial(plan, Limit::Headers);
            return;
        }
        let mut run = Run { plan, memory, case: &mut self.case };
        let trail = Trail::name(name, Coding::None);
        let whole = || At {
            place: Place::Header,
            name: false,
            trail: &trail,
            span: Span::new(Part::Header, 0..value.len()).with_index(index),
        };
        if !header::is_token(name) {
            let span = Span::new(Part::HeaderName, 0..name.len()).with_index(index);
            run.ambiguity(Ambiguity::BadHeader, At { name: true, span, ..whole() });
        }
        if header::value_bytes(value) >= ValueBytes::Control {
            run.ambiguity(Ambiguity::BadHeader, whole());
        }
        let told = if self.phase == Phase::Headers {
            self.facts.learn(plan, name, value, |ambiguity| run.ambiguity(ambiguity, whole()))
        } else {
            if !header::may_trail(name) {
                run.ambiguity(Ambiguity::Trailer, whole());
            }
            false
        };

        let at = |offset| Origin::Part { part: Part::Header, index, offset };
        let treatment = header::treatment(name);
        if treatment == Treatment::Cookie {
            // One scan for all cookies.
            let mut hits = std::mem::take(&mut run.memory.whole);
            plan.literals(value, &mut hits);
            let piece = |range: &Range<usize>| Piece {
                raw: cut(value, range),
                clean: hits.is_clean(range.clone()),
                offset: range.start,
            };
            for pair in cookie::cookies(value) {
                let name = piece(&pair.name.unwrap_or(pair.value.start..pair.value.start));
                for range in [Some(pair.value), pair.quoted_on].into_iter().flatten() {
                    let text = piece(&range);
                    run.pair(&name, &text, Place::Cookie, Coding::None, at);
                    let given =
                        Given { place: Place::Cookie, name: name.raw, coding: Coding::None };
                    let span = Span::new(Part::Header, range).with_index(index);
                    self.parameters.add(run.route(), &given, text.raw, span);
                }
            }
            run.memory.whole = hits;
            return;
        }
        let given = Given { place: Place::Header, name, coding: Coding::None };
        let span = Span::new(Part::Header, 0..value.len()).with_index(index);
        self.parameters.add(run.route(), &given, value, span);
        if told || treatment == Treatment::List && header::is_plain_list(value) {
            return;
        }
        // PERF: 4,300 instructions in place of 11,800 for the user agent of a browser.
        if treatment == Treatment::Agent
            && !run.keeps_values()
            && header::is_plain_agent(value)
            && !run.wakes_rules(value)
        {
            return;
        }
        // `Basic dXNlcjpwYXNz`: what is coded stands after the scheme.
        let start = match treatment {
            Treatment::Credential => memchr::memchr(b' ', value).map_or(0, |blank| blank + 1),
            _ => 0,
        };
        for range in [start..value.len(), 0..start] {
            let raw = cut(value, &range);
            if raw.is_empty() {
                continue;
            }
            let (place, origin) = (Place::Header, &at(range.start));
            let (coding, name, clean, trail) = (Coding::None, false, false, &trail);
            let classes = Classes::of(raw);
            run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
        }
    }

    fn trailer(&mut self, plan: &Plan, memory: &mut Memory, name: &[u8], value: &[u8]) {
        match self.phase {
            Phase::Headers => self.end_of_headers(plan),
            Phase::Body | Phase::Trailers => {}
            Phase::Start | Phase::Done => return self.misuse(plan),
        }
        self.phase = Phase::Trailers;
        self.line(plan, memory, name, value);
    }

    fn body(&mut self, plan: &Plan, memory: &mut Memory, chunk: &[u8], last: bool) {
        if self.phase == Phase::Headers {
            self.end_of_headers(plan);
        }
        if self.phase != Phase::Body {
            return self.misuse(plan);
        }
        let mut run = Run { plan, memory, case: &mut self.case };
        let schema = run.route().and_then(|route| route.body.as_deref());
        if self.received == 0 && !chunk.is_empty() && self.facts.is_ambiguous() {
            body::note_type(&mut run);
        }
        let room = plan.limits.body_bytes.saturating_sub(self.received);
        self.received = self.received.saturating_add(chunk.len());
        let fits = match chunk.get(..room) {
            Some(fits) if chunk.len() > room => {
                run.case.partial(plan, Limit::BodyBytes);
                fits
            }
            _ => chunk,
        };
        if self.content.is_plain() {
            self.body.feed(&mut run, &mut self.parameters, schema, fits, last);
            return;
        }
        self.runs.feed(fits);
        let (decoded, broken) = self.content.feed(fits);
        self.body.feed(&mut run, &mut self.parameters, schema, decoded, false);
        note_broken(&mut run, broken);
    }

    fn end_of_headers(&mut self, plan: &Plan) {
        self.phase = Phase::Body;
        self.content.begin(self.facts.codings(), plan.limits.body_bytes);
        self.runs.reset();
        if !self.content.is_plain() {
            self.case.basis = Basis::Decoded;
        }
        let schema = self.case.route.and_then(|route| plan.routes.get(route)?.body.as_ref());
        self.body.begin(plan, self.facts.reading(), self.facts.fields(), schema.is_some());
    }

    fn finish(&mut self, plan: &Plan, memory: &mut Memory) {
        match self.phase {
            Phase::Done => return,
            Phase::Start => return self.misuse(plan),
            Phase::Headers => self.end_of_headers(plan),
            Phase::Body | Phase::Trailers => {}
        }
        self.phase = Phase::Done;
        let mut run = Run { plan, memory, case: &mut self.case };
        let schema = run.route().and_then(|route| route.body.as_deref());
        if self.received > 0 {
            if !self.content.is_plain() {
                let (decoded, broken) = self.content.finish();
                self.body.feed(&mut run, &mut self.parameters, schema, decoded, false);
                note_broken(&mut run, broken);
            }
            self.body.finish(&mut run, &mut self.parameters, schema);
            self.runs.each(|text, offset| body::coded_text(&mut run, text, offset));
        }
        let has_json = self.received > 0 && self.body.reading() == Reading::Json;
        if schema.is_some() && !has_json && (self.received > 0 || self.carries_body) {
            contract::no_json(&mut run);
        }
        self.parameters.settle(&mut run);
    }

    fn stop(&mut self, plan: &Plan) {
        if self.phase != Phase::Done {
            self.phase = Phase::Done;
            self.case.partial(plan, Limit::Stopped);
        }
    }
}

/// Notes that the content could not be decoded to its end.
fn note_broken(run: &mut Run<'_>, broken: Option<Broken>) {
    let Some(broken) = broken else { return };
    if broken == Broken::TooLong {
        run.case.partial(run.plan, Limit::BodyBytes);
    }
    let (place, trail, span) = (Place::Body, &Trail::Root, Span::new(Part::Body, 0..0));
    let at = At { place, name: false, trail, span };
    run.ambiguity_told(Ambiguity::ContentEncoding, at, &broken.to_string());
}

/// Whether readers may take the target apart differently. Bytes above 127 and a fragment are sent by ordinary clients.
fn is_bad(target: &Target) -> bool {
    [Problems::FORM, Problems::CONTROL, Problems::BLANK, Problems::USERINFO]
        .into_iter()
        .any(|problem| target.problems.has(problem))
}

/// Each segment of the path that is more than plain words, as a value of its own: `/view/%2Fetc%2Fpasswd/raw` hands on `/etc/passwd`,
/// which the path as a whole does not begin with. Not one in which a finding stands that blocks: nothing is told twice.
fn segments(run: &mut Run<'_>, target: &[u8], path: Range<usize>, hits: &Hits) {
    let trail = Trail::name(b"path", Coding::None);
    let mut start = path.start;
    for raw in cut(target, &path).split(|&byte| byte == b'/') {
        let range = start..start + raw.len();
        start = range.end + 1;
        let classes = Classes::of(raw);
        let told = |f: &Finding| {
            let Span { part, range: told, .. } = &f.span;
            let here = told.start < range.end && range.start < told.end;
            f.action == Action::Block && *part == Part::Target && here
        };
        if classes.without(Classes::ORDINARY) == Classes::NONE
            || run.case.verdict.findings.iter().any(told)
        {
            continue;
        }
        run.field(&Field {
            raw,
            classes,
            coding: Coding::Percent,
            place: Place::Path,
            name: false,
            clean: hits.is_clean(range.clone()),
            origin: &Origin::Part { part: Part::Target, index: 0, offset: range.start },
            trail: &trail,
        });
    }
}

fn cut<'t>(text: &'t [u8], range: &Range<usize>) -> &'t [u8] {
    text.get(range.clone()).unwrap_or_default()
}

/// Raw bytes and where they stand.
pub(crate) struct Piece<'a> {
    pub(crate) raw: &'a [u8],
    /// See [`Field::clean`].
    pub(crate) clean: bool,
    pub(crate) offset: usize,
}

impl<'r> Run<'r> {
    /// Inspects a name and its value; `at` says where an offset is in the request.
    #[inline]
    pub(crate) fn pair(
        &mut self,
        name: &Piece<'_>,
        value: &Piece<'_>,
        place: Place,
        coding: Coding,
        at: impl Fn(usize) -> Origin<'static>,
    ) {
        for (piece, is_name) in [(name, true), (value, false)] {
            let Piece { raw, clean, offset } = *piece;
            if raw.is_empty() {
                continue;
            }
            let classes = Classes::of(raw);
            let inert = self.is_inert(raw, classes);
            if inert && clean && !self.keeps_values() {
                self.inert();
                continue;
            }
            let (origin, trail) = (&at(offset), &Trail::name(name.raw, coding));
            let name = is_name;
            let field = Field { raw, classes, coding, place, name, clean, origin, trail };
            self.field_told(&field, inert);
        }
    }

    /// What is known of the route that the request takes.
    pub(crate) fn route(&self) -> Option<&'r RoutePlan> {
        self.plan.routes.get(self.case.route?)
    }
}
