//! The compiled engine: [`Engine`] and its [`Builder`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::compile::check::unused;
use crate::compile::gate::GateAutomaton;
use crate::compile::plan::Plan;
use crate::error::{BuildError, Diagnostic};
use crate::inspect::{Case, Memory};
use crate::model::Bundle;
use crate::model::policy::Policy;
use crate::model::rule::{Class, RuleId};
use crate::parse::target::Target;
use crate::request::Request;
use crate::scratch::{Scratch, Work};
use crate::session::{Session, State};
use crate::sink::{self, Sink, Values};
use crate::span::Place;
use crate::verdict::Verdict;

/// A compiled policy: immutable, `Send + Sync`, cheap to clone (one reference count).
///
/// Build one at start-up or on reload, then share it. Building can fail and takes milliseconds; inspecting cannot fail
/// and takes microseconds. To change a policy, build another engine and swap it in; sessions keep the engine they
/// began with.
///
/// - [`inspect`](Engine::inspect): comfort, memory from a pool inside.
/// - [`inspect_with`](Engine::inspect_with): speed, memory from the caller; allocates nothing when warm and clean.
/// - [`session`](Engine::session): a request that comes in pieces.
/// - [`inspect_value`](Engine::inspect_value): one value outside of any request.
/// - [`route`](Engine::route): which route of the policy a request takes.
/// - [`validate`](Engine::validate): one JSON document against a schema of the policy.
/// - [`check_sink`](Engine::check_sink): whether values of a request are code in the statement that was made with them.
///
/// ```
/// use abatis::{Action, Engine, Policy, Request};
/// let engine = Engine::new(&Policy::default())?;
/// let verdict = engine.inspect(&Request::new("GET", "/item?id=1'+or+'1'%3D'1"));
/// assert_eq!(verdict.action, Action::Block);
/// assert_eq!(verdict.findings[0].pointer, "/id");
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What an engine shares.
pub(crate) struct Inner {
    pub(crate) plan: Plan,
    /// Memory for `inspect`, at most as many as ever ran at once.
    pool: Mutex<Vec<Work>>,
}

impl Engine {
    /// Compiles a policy with the built-in rules.
    ///
    /// # Errors
    ///
    /// All rules, schemas, routes and exclusions that cannot be compiled, each with its place.
    pub fn new(policy: &Policy) -> Result<Engine, BuildError> {
        let bundle = Bundle::new(policy.clone())
            .map_err(|error| BuildError::invalid(error.diagnostics().to_vec()))?;
        Builder::new().build(&bundle)
    }

    /// How engines are built when defaults will not do.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Inspects a whole request, with memory from a pool inside. Costs two locks more than
    /// [`inspect_with`](Engine::inspect_with) and a copy of the verdict.
    pub fn inspect(&self, request: &Request<'_>) -> Verdict {
        let pool = || self.inner.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let pooled = pool().pop();
        let mut work = pooled.unwrap_or_default();
        let verdict =
            self.run(&mut work, |state, plan, memory| state.whole(plan, memory, request)).clone();
        pool().push(work);
        verdict
    }

    /// Inspects a whole request in the caller's memory. O(bytes x readings x detectors), bounded by `limits.steps`.
    ///
    /// Allocates nothing when the scratch is warm and the request is clean; findings are allocated.
    pub fn inspect_with<'s>(&self, scratch: &'s mut Scratch, request: &Request<'_>) -> &'s Verdict {
        self.run(scratch.work(&self.inner), |state, plan, memory| {
            state.whole(plan, memory, request);
        })
    }

    /// Inspects one value as the application would get it (decoded once by its format), as if it stood in `place`: a parameter, or
    /// what is no request at all, like a message of a WebSocket or a job of a queue.
    ///
    /// ```
    /// use abatis::{Action, Engine, Place, Policy, Scratch};
    /// let engine = Engine::new(&Policy::default())?;
    /// let mut scratch = Scratch::new();
    /// let message = br#"{"room": 7, "text": "<script>alert(1)</script>"}"#;
    /// let verdict = engine.inspect_value(&mut scratch, Place::Body, message);
    /// assert_eq!(verdict.action, Action::Block);
    /// assert_eq!(verdict.findings[0].pointer, "/text");
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn inspect_value<'s>(
        &self,
        scratch: &'s mut Scratch,
        place: Place,
        value: &[u8],
    ) -> &'s Verdict {
        self.run(scratch.work(&self.inner), |state, plan, memory| {
            state.value(plan, memory, place, value);
        })
    }

    /// Holds a JSON document against the policy's schema of that name, as the body of a route that asks for it would be: read
    /// by the same parser, its values inspected, its violations told as findings of class `schema`. `None` if the policy has no
    /// such schema.
    ///
    /// ```
    /// use abatis::{Action, Engine, Policy, Scratch};
    /// let policy = Policy::from_yaml("p.yaml", "schemas: {age: {type: integer, minimum: 0}}")?;
    /// let engine = Engine::new(&policy)?;
    /// let mut scratch = Scratch::new();
    /// let verdict = engine.validate(&mut scratch, "age", b"42").expect("a schema of that name");
    /// assert_eq!(verdict.action, Action::Allow);
    /// let verdict = engine.validate(&mut scratch, "age", b"-1").expect("a schema of that name");
    /// assert_eq!(verdict.findings[0].rule.as_str(), "schema.minimum");
    /// assert!(engine.validate(&mut scratch, "size", b"42").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn validate<'s>(
        &self,
        scratch: &'s mut Scratch,
        schema: &str,
        document: &[u8],
    ) -> Option<&'s Verdict> {
        let schema = self.inner.plan.schema(schema)?;
        Some(self.run(scratch.work(&self.inner), |state, plan, memory| {
            state.document(plan, memory, schema, document);
        }))
    }

    /// Looks for values of a request in a statement that was made with them, and says which of them cross a token boundary of it: what is
    /// data stays inside of one string, number, word, segment or component, and what does not is code.
    ///
    /// This answers what no look at a lone value can, since `1 or true` is two operands and an operator just where a number was meant. Spans count
    /// bytes of the statement; place and pointer are those of the value. Mode, sensitivity, rules and exclusions of the policy hold, not those of
    /// a route: for these ask the session ([`Session::check_sink`]).
    ///
    /// O(statement + readings of the values), in steps that are counted. A value that could be no boundary costs a look at its bytes.
    ///
    /// ```
    /// use abatis::{Action, Dialect, Engine, Place, Policy, Sink, Values};
    /// let engine = Engine::new(&Policy::default())?;
    /// let mut values = Values::new();
    /// values.push(Place::Query, "id", "1 or true");
    /// let sink = Sink::Sql(Dialect::Sqlite);
    ///
    /// let verdict = engine.check_sink(sink, "select * from items where id = 1 or true", &values);
    /// assert_eq!(verdict.action, Action::Block);
    /// let finding = &verdict.findings[0];
    /// assert_eq!((finding.rule.as_str(), finding.pointer.as_str()), ("sink.sql.crossed", "/id"));
    /// assert_eq!(finding.span.range, 31..40);
    /// assert_eq!(finding.evidence[0].name, "NUM LOGIC LIT");
    ///
    /// // The same value where it is data.
    /// let verdict = engine.check_sink(sink, "select * from items where note = '1 or true'", &values);
    /// assert_eq!(verdict.action, Action::Allow);
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn check_sink(
        &self,
        sink: Sink<'_>,
        statement: impl AsRef<[u8]>,
        values: &Values,
    ) -> Verdict {
        self.check_in(sink, statement.as_ref(), values, None)
    }

    /// As [`check_sink`](Engine::check_sink), under the settings of a request's route.
    pub(crate) fn check_in(
        &self,
        sink: Sink<'_>,
        statement: &[u8],
        values: &Values,
        request: Option<&Case>,
    ) -> Verdict {
        let plan = &self.inner.plan;
        let mut case = Case::new(plan);
        case.reset(plan);
        if let Some(request) = request {
            (case.route, case.settings) = (request.route, request.settings);
        }
        sink::check(plan, &mut case, &sink, statement, values);
        case.verdict
    }

    /// The values of a request that its inspection sees: for [`check_sink`](Engine::check_sink), where no [`Session`] is at hand. Costs an
    /// inspection.
    ///
    /// ```
    /// use abatis::{Engine, Policy, Request};
    /// let engine = Engine::new(&Policy::default())?;
    /// let values = engine.values(&Request::new("GET", "/items?id=1+or+true"));
    /// assert!(values.iter().any(|(_, pointer, bytes)| (pointer, bytes) == ("/id", b"1 or true")));
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn values(&self, request: &Request<'_>) -> Values {
        let plan = &self.inner.plan;
        let mut state = State::new(plan);
        state.reset(plan);
        state.case.values = Some(Values::new());
        state.whole(plan, &mut Memory::default(), request);
        state.case.values.take().unwrap_or_default()
    }

    /// Which of the policy's routes a request takes: an index into [`Policy::routes`]. The same look-up that
    /// [`inspect_with`](Engine::inspect_with) makes, O(length of the path).
    ///
    /// ```
    /// use abatis::{Engine, Policy, Request, Scratch};
    /// let policy = Policy::from_yaml("p.yaml", "routes: [{path: '/orders/{id}'}]")?;
    /// let engine = Engine::new(&policy)?;
    /// let mut scratch = Scratch::new();
    /// assert_eq!(engine.route(&mut scratch, &Request::new("GET", "/orders/7?x=1")), Some(0));
    /// assert_eq!(engine.route(&mut scratch, &Request::new("GET", "/")), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn route(&self, scratch: &mut Scratch, request: &Request<'_>) -> Option<usize> {
        let (method, target) = (request.method(), request.target());
        let path = Target::parse(method, target).path;
        let buf = &mut scratch.work(&self.inner).memory.route;
        self.inner.plan.router.find(method, target, path, buf).map(|found| found.route)
    }

    #[inline]
    fn run<'s>(
        &self,
        work: &'s mut Work,
        run: impl FnOnce(&mut State, &Plan, &mut Memory),
    ) -> &'s Verdict {
        let plan = &self.inner.plan;
        let state = work.state.get_or_insert_with(|| Box::new(State::new(plan)));
        state.reset(plan);
        run(state, plan, &mut work.memory);
        &state.case.verdict
    }

    /// A session for a request that comes in pieces. It owns a reference to this engine.
    pub fn session(&self) -> Session {
        Session::new(self.inner.clone())
    }

    /// The language of values that may matter to `class` in `place`, as an automaton. Takes milliseconds and up to some
    /// megabytes: for tools that compare schemas with it, not for requests.
    ///
    /// # Errors
    ///
    /// The automaton would exceed `limits.compiled_bytes`.
    pub fn gate(&self, place: Place, class: Class) -> Result<GateAutomaton, BuildError> {
        GateAutomaton::compile(&self.inner.plan, place, class)
    }

    /// Bytes of memory that the compiled rules take.
    pub fn memory_usage(&self) -> usize {
        self.inner.plan.memory_usage()
    }

    /// The worst steps that one received byte can cost a request, all rules together: the budget of a request is that many for each
    /// byte that it may have, unless `limits.steps` says otherwise.
    pub fn steps_per_byte(&self) -> u64 {
        self.inner.plan.steps_per_byte
    }

    /// What each rule costs a byte of one reading at worst: the states that an expression may be in at once, the contexts in which
    /// a detector lexes, nothing for literals, which one scan finds for all rules.
    ///
    /// ```
    /// use abatis::{Engine, Policy};
    /// let policy = Policy::default();
    /// let engine = Engine::new(&policy)?;
    /// assert!(engine.rule_steps().iter().all(|(_, steps)| *steps <= policy.limits.rule_steps));
    /// # Ok::<(), abatis::BuildError>(())
    /// ```
    pub fn rule_steps(&self) -> Vec<(RuleId, usize)> {
        self.inner.plan.rule_steps()
    }

    /// The schemas of the policy and of the parameters of its routes, by their names, each with what keeps it from the schema machine if anything does:
    /// then the slower full validator runs it (see [`Schema::fallback`](crate::Schema::fallback)).
    ///
    /// ```
    /// use abatis::{Engine, Policy};
    /// let policy = Policy::from_yaml("p.yaml", "schemas: {note: {type: object, maxProperties: 3}}")?;
    /// let engine = Engine::new(&policy)?;
    /// assert_eq!(engine.schemas(), [("note", None)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn schemas(&self) -> Vec<(&str, Option<&str>)> {
        self.inner.plan.schemas()
    }

    /// Digest of rules and weights, as in [`Verdict::ruleset`].
    pub fn ruleset(&self) -> &str {
        &self.inner.plan.ruleset
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Engine {
        Engine { inner }
    }

    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn plan(&self) -> &Plan {
        &self.inner.plan
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("ruleset", &self.ruleset()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("ruleset", &self.plan.ruleset).finish_non_exhaustive()
    }
}

/// Builds an [`Engine`].
///
/// ```no_run
/// use abatis::{Engine, model::Bundle};
/// let bundle = Bundle::load("policy.yaml")?;
/// let engine = Engine::builder().build(&bundle)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Defaults
///
/// `gate: true`, `prefilter: true`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    gate: bool,
    prefilter: bool,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder::new()
    }
}

impl Builder {
    /// The defaults.
    pub fn new() -> Builder {
        Builder { gate: true, prefilter: true }
    }

    /// Whether detectors are skipped on values whose bytes cannot matter to them. Changes cost, never a verdict; off to
    /// prove that.
    pub fn gate(mut self, on: bool) -> Builder {
        self.gate = on;
        self
    }

    /// Whether literals are found by one automaton rather than one by one. Changes cost, never a verdict; off to prove
    /// that.
    pub fn prefilter(mut self, on: bool) -> Builder {
        self.prefilter = on;
        self
    }

    /// What in a bundle has no effect, though it can be compiled: exclusions of fields that no request has or that another exclusion
    /// covers, rules that find nothing of their own.
    ///
    /// ```
    /// use abatis::{Engine, Policy, model::Bundle};
    /// let text = "exclusions: [{class: xss}, {class: xss, place: query}]";
    /// let bundle = Bundle::new(Policy::from_yaml("p.yaml", text)?)?;
    /// let warnings = Engine::builder().warnings(&bundle);
    /// assert!(warnings[0].message.contains("/exclusions/0 already covers it"));
    /// # Ok::<(), abatis::LoadError>(())
    /// ```
    pub fn warnings(&self, bundle: &Bundle) -> Vec<Diagnostic> {
        unused(bundle)
    }

    /// Compiles a policy with the rule files, weights and schemas that go with it.
    ///
    /// # Errors
    ///
    /// All that cannot be compiled, each with its place; or that the result would exceed `limits.compiled_bytes`.
    pub fn build(&self, bundle: &Bundle) -> Result<Engine, BuildError> {
        let plan = Plan::compile(bundle, self.gate, self.prefilter)?;
        Ok(Engine { inner: Arc::new(Inner { plan, pool: Mutex::new(Vec::new()) }) })
    }
}
