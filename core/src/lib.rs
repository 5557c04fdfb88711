//! Input validation and attack detection for APIs: a policy and its rules are compiled once, then each request gets a
//! verdict that says what to do and why.
//!
//! ```
//! use abatis::{Action, Engine, Policy, Request};
//! let engine = Engine::new(&Policy::default())?;
//!
//! let verdict = engine.inspect(&Request::new("GET", "/search?q=oak+table"));
//! assert_eq!(verdict.action, Action::Allow);
//!
//! let request = Request::new("POST", "/login")
//!     .header("Content-Type", "application/json")
//!     .body(r#"{"user": "admin\u0027 or sleep(5)#"}"#);
//! let verdict = engine.inspect(&request);
//! assert_eq!(verdict.action, Action::Block);
//! let finding = &verdict.findings[0];
//! assert_eq!(finding.rule.as_str(), "sql.injection");
//! assert_eq!(finding.pointer, "/user");
//! // Where it stands in the body as it was received, before any decoding.
//! let guilty = &request.body_bytes()[finding.span.range.clone()];
//! assert!(guilty.starts_with(br"\u0027 or sleep"));
//! # Ok::<(), abatis::BuildError>(())
//! ```
//!
//! # The two ways
//!
//! ```text
//! compile   policy.yaml, rules/*.yaml, weights, JSON Schemas           text
//!   way       -> model     typed, unknown keys refused, every error with file:line:column
//!             -> compile   checks, literals, expressions, routes, schemas: one plan
//!             -> Engine    immutable, Send + Sync; to change a policy, build another one
//!
//! run       request bytes, whole or in chunks
//!   way       -> content   what the body is once its codings are removed
//!             -> parse     fields: target, query, headers, cookies, form, multipart, JSON, XML; spans, no DOM
//!             -> schema    what the request's route asks of its body and parameters
//!             -> decode    every plausible reading of a value, each with its way back to the raw bytes
//!             -> prefilter byte classes, then literals: what can fire at all; mostly nothing
//!             -> detect    sql, shell, html, script, path: lex -> fold -> judge; literal and regex rules last
//!             -> decide    evidence -> score 0..=1000 -> sensitivity, exclusions, mode -> action
//!             -> Verdict   action, score, findings, coverage
//! ```
//!
//! Loading and compiling can fail, and then tell all errors at once ([`LoadError`], [`BuildError`]). Inspecting cannot
//! fail: a limit that was met, bad UTF-8 or a broken body is a [`Finding`] or [`Coverage::Partial`]. Work is counted in
//! bytes and steps, never in time, so the same request gets the same verdict on any machine under any load.
//!
//! # Should I use this?
//!
//! Yes, if requests come to you as bytes and you want to know *before* your handlers run whether they are what you
//! expect: a service in Rust, a proxy, a log to be searched for attacks.
//!
//! It is a second line. A query with placeholders, output escaped where it is written and a file opened below one folder
//! are the first, and nothing here replaces them: a detector sees the value, not the code it will meet.
//!
//! Something else is better, if
//!
//! - you want to clean HTML that users may write: use a sanitizer. This crate rewrites nothing yet;
//! - you want to stop floods, bots or stolen passwords: nothing here counts requests or knows users.
//!
//! # A whole request, and the memory it takes
//!
//! [`Engine::inspect`] takes memory from a pool inside. A worker that keeps its own [`Scratch`] saves the locks and a copy of
//! the verdict, and once warm allocates nothing for clean requests.
//!
//! ```
//! use abatis::{Action, Engine, Policy, Request, Scratch};
//! let engine = Engine::new(&Policy::default())?;
//! let mut scratch = Scratch::new();
//! for (target, action) in [("/?file=report.pdf", Action::Allow), ("/?file=../../../etc/passwd", Action::Block)] {
//!     let verdict = engine.inspect_with(&mut scratch, &Request::new("GET", target));
//!     assert_eq!(verdict.action, action);
//! }
//! # Ok::<(), abatis::BuildError>(())
//! ```
//!
//! # A request in chunks
//!
//! A [`Session`] takes the request as it arrives, its body cut anywhere. Fed to the end, its verdict is that of the whole.
//!
//! ```
//! use abatis::{Action, Engine, Policy, Progress, Scratch};
//! let engine = Engine::new(&Policy::default())?;
//! let mut scratch = Scratch::new();
//! let mut session = engine.session();
//! let _ = session.request_line(&mut scratch, b"POST", b"/comments");
//! let _ = session.header(&mut scratch, b"Content-Type", b"application/x-www-form-urlencoded");
//! assert_eq!(session.body(&mut scratch, b"name=Ann&text=%3Cscr"), Progress::Continue);
//! // Known before the end: the caller may answer now.
//! let progress = session.body(&mut scratch, b"ipt%3Ealert(1)%3C/script%3E&rating=5");
//! assert_eq!(progress, Progress::Block);
//! let verdict = session.finish(&mut scratch);
//! assert_eq!(verdict.action, Action::Block);
//! assert_eq!(verdict.findings[0].pointer, "/text");
//! # Ok::<(), abatis::BuildError>(())
//! ```
//!
//! # A single value
//!
//! For what does not come in a request: a message from a queue, a column of a table, a line of a log.
//!
//! ```
//! use abatis::{Engine, Place, Policy, Scratch};
//! let engine = Engine::new(&Policy::default())?;
//! let mut scratch = Scratch::new();
//! let verdict = engine.inspect_value(&mut scratch, Place::Form, b"127.0.0.1; cat /etc/passwd");
//! assert_eq!(verdict.class().map(|class| class.as_str()), Some("cmdi"));
//! // People have such names.
//! assert!(engine.inspect_value(&mut scratch, Place::Form, b"Conan O'Brien").findings.is_empty());
//! # Ok::<(), abatis::BuildError>(())
//! ```
//!
//! # A policy with a route and its schema
//!
//! What a schema refuses is a finding of class `schema`, with the rule `schema.<keyword>`.
//!
//! ```
//! use abatis::{Action, Engine, Policy, Request};
//! let policy = Policy::from_yaml("shop.yaml", r#"
//! sensitivity: high
//! exclusions:
//!   - {reason: customers quote code, class: xss, place: json, field: "items[*].note"}
//! schemas:
//!   order:
//!     type: object
//!     required: [items]
//!     additionalProperties: false
//!     properties:
//!       items:
//!         type: array
//!         items:
//!           type: object
//!           properties:
//!             sku: {type: string, pattern: "^[A-Z]{2}-[0-9]{4}$"}
//!             quantity: {type: integer, minimum: 1}
//!             note: {type: string, maxLength: 500}
//! routes:
//!   - path: /orders/{id}
//!     methods: [PUT]
//!     body: order
//!     parameters:
//!       - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
//! "#)?;
//! let engine = Engine::new(&policy)?;
//! let put = |target, body| {
//!     engine.inspect(&Request::new("PUT", target).header("Content-Type", "application/json").body(body))
//! };
//! let good = r#"{"items": [{"sku": "OT-0042", "quantity": 2, "note": "ring twice; thanks"}]}"#;
//! assert_eq!(put("/orders/7", good).action, Action::Allow);
//!
//! let verdict = put("/orders/7", r#"{"items": [{"sku": "OT-0042", "quantity": 0}]}"#);
//! assert_eq!(verdict.findings[0].rule.as_str(), "schema.minimum");
//! assert_eq!(verdict.findings[0].pointer, "/items/0/quantity");
//!
//! let verdict = put("/orders/seven", good);
//! assert_eq!(verdict.findings[0].pointer, "/id");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A document and its schema
//!
//! Without a policy, and without a look for attacks: [`Schema`] and its [`Validator`]. Each [`Violation`] names the bytes it is about.
//!
//! ```
//! let schema = abatis::Schema::new(r#"{"properties": {"age": {"type": "integer", "minimum": 0}}}"#)?;
//! let mut validator = schema.validator();
//! assert!(validator.is_valid(br#"{"age": 42}"#));
//! let violations = validator.validate(br#"{"age": -1}"#, 10);
//! assert_eq!((&*violations[0].keyword, violations[0].range.clone()), ("minimum", 8..10));
//! # Ok::<(), abatis::BuildError>(())
//! ```
//!
//! # Hazards
//!
//! - **Hand in what was received.** The target undecoded, header lines in their order and as often as they came, the body
//!   as it is. A server that has already decoded, merged or sorted them shows an attack that is no longer there, or hides one
//!   that is. A content coding is removed here; if your server has done so already, leave its `Content-Encoding` header out:
//!   with it, the body counts as still coded, and what cannot be decoded is refused by default.
//! - **Inspect last.** A proxy behind the inspection that rewrites paths, joins headers or decodes once more makes
//!   another request of it.
//! - **Act on the action.** A verdict does nothing by itself. [`Action::Flag`] passes; so does everything in mode `detect`.
//! - **[`Action::Allow`] is no proof.** It means that nothing reached the sensitivity, and no more.
//! - **Look at the coverage in mode `detect`.** In mode `block`, what was not inspected in full is refused unless the policy
//!   says otherwise (`on_partial`). In mode `detect` it passes as a flag.
//! - **Finish sessions.** Text waits for its end and schemas are settled there; [`Session::verdict`] before that is not the
//!   answer.
//! - **A scratch belongs to one engine at a time.** It may be handed to another, but starts anew then, which costs what a cold
//!   start costs.
//! - **Verdicts hold names that a client chose.** [`Finding::pointer`] and [`Finding::pattern`] name fields of the request (a name
//!   that is itself the evidence is shown as `*`); escape them where you print them. [`Finding::message`] never holds bytes of the request, [`Finding::steps`] and
//!   [`Explanation::show_payload`] do.
//! - **XML and GraphQL bodies are not taken apart yet.** They are read as text and as a form, as every body is whose
//!   type is not known. Set `ambiguities.body_type: block` if you have no use for them.
//!
//! # Modules
//!
//! Public is what files say ([`model`]) and the types at the root of the crate. Inside, modules stand in the order of the way:
//!
//! | module | does |
//! |---|---|
//! | `span`, `limits`, `error`, `ambiguity` | the vocabulary of all others |
//! | [`model`] | text to typed policies, rules and weights |
//! | `compile` | model to plan: checks, routes, schemas |
//! | `engine`, `scratch`, `session`, `request` | what a caller holds |
//! | `parse` | target, query, headers, cookies, form, JSON |
//! | `facts`, `body`, `repeat` | which reader a body is for; its fields; joins of repeated parameters |
//! | `schema`, `contract` | a tape of the body for the validator; what a route asks |
//! | `decode` | readings and their way back |
//! | `inspect`, `structure`, `trail` | one field through the stages; JSON and URLs inside of values; where a field is |
//! | `prefilter` | byte gate, literal scan |
//! | `detect` | languages and patterns |
//! | `decide` | scores to actions |
//! | `validator` | documents against a schema, outside of requests |
//! | `verdict`, `explain` | the answer, for programs and for people |
//!
//! # Features
//!
//! `internals` opens single stages to the fuzz targets and benches of this repository. It promises nothing and changes no verdict.

#![deny(unsafe_code)]

mod ambiguity;
mod body;
mod charsets;
mod classes;
mod compile;
mod content;
mod contract;
mod decide;
mod decode;
mod detect;
mod elements;
mod engine;
mod error;
mod explain;
mod facts;
mod inspect;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod limits;
pub mod model;
mod packed;
mod parse;
mod parts;
mod pool;
mod prefilter;
mod repeat;
mod request;
mod schema;
mod scratch;
mod session;
mod sink;
mod span;
mod structure;
mod trail;
mod validator;
mod verdict;
mod words;

pub use compile::gate::GateAutomaton;
pub use decode::Transform;
pub use detect::Feature;
pub use engine::{Builder, Engine};
pub use error::{BuildError, Diagnostic, LoadError};
pub use explain::Explanation;
pub use limits::Limits;
pub use model::Draft;
pub use model::policy::Policy;
pub use model::rule::{Class, RuleId};
pub use model::weights::WeightFile;
pub use pool::Pool;
pub use request::Request;
pub use scratch::Scratch;
pub use session::Session;
pub use sink::{Dialect, Sink, Values};
pub use span::{Basis, Part, Place, Span};
pub use validator::{Schema, SchemaBuilder, Validator, Violation};
pub use verdict::{Action, Coverage, Finding, Limit, Progress, Step, Verdict};
