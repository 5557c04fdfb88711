//! A [`tower`](tower_service) layer that puts [`abatis`] in front of a service: requests are judged before, or while, the service
//! reads them.
//!
//! ```
//! use abatis::{Engine, Policy};
//! use abatis_tower::AbatisLayer;
//! use axum::{Router, body::Body, routing::post};
//! use http::{Request, StatusCode};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(&Policy::default())?;
//! let app = Router::new()
//!     .route("/login", post(|body: String| async move { body }))
//!     .layer(AbatisLayer::new(engine));
//!
//! let login = |body: &'static str| {
//!     Request::post("/login").header("content-type", "application/json").body(Body::from(body))
//! };
//! let response = app.clone().oneshot(login(r#"{"user": "Conan O'Brien"}"#)?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! let response = app.oneshot(login(r#"{"user": "admin\u0027 or sleep(5)#"}"#)?).await?;
//! assert_eq!(response.status(), StatusCode::FORBIDDEN);
//! let problem = axum::body::to_bytes(response.into_body(), 1024).await?;
//! let problem: serde_json::Value = serde_json::from_slice(&problem)?;
//! assert_eq!(problem["class"], "sqli");
//! assert_eq!(problem["pointer"], "/user");
//! # Ok(())
//! # }
//! ```
//!
//! # The way of a request
//!
//! ```text
//! head   request line and headers are inspected; refused: answered, the inner service is not called
//! body   none       the verdict is final: the inner service is called
//!        Buffered   read, inspected chunk by chunk and held; refused as soon as that is known; else the inner service is
//!                   called with all of it
//!        Stream     the inner service is called at once; each chunk is inspected before it gets it
//! end    the verdict is final: `on_verdict`, and the extension `Inspected`
//! ```
//!
//! [`BodyMode::Buffered`] is the default: nothing of a refused request reaches the inner service. [`AbatisLayer`] lists all settings.
//!
//! Refusals are answered with `application/problem+json` (RFC 9457), see [`Refusal::problem`], calls of gRPC with a status of
//! gRPC. Which requests are refused is a
//! matter of the policy alone: a policy of mode `detect` refuses none, and [`AbatisLayer::report_only`] keeps the layer from it.
//!
//! # Where in the stack
//!
//! - **Outside of routers that are nested.** `axum` cuts the prefix off the URI of a nested router, and routes of the policy are
//!   then not found. A layer on the outermost router sees what was sent.
//! - **Inside of what undoes content codings** (as `tower-http`'s `RequestDecompression`, which takes the header out): bodies that are
//!   still coded are refused by default.
//! - **Inside of time limits.** A client that sends its body slowly holds its buffer until a limit of time ends that; there is none in
//!   this layer.
//! - **Outside of everything that acts on the request**, caches and logins included.
//!
//! # Hazards
//!
//! - **In [`BodyMode::Stream`], act at the end of the body.** What was handed out cannot be taken back, and the attack may stand in the
//!   last chunk. An answer that has been given before cannot be replaced.
//! - **Streams in both directions need [`BodyMode::Stream`]**, as in gRPC, or both sides wait: choose it for them by
//!   [`AbatisLayer::body_mode_by`]. List `application/grpc` and its kin among the policy's `body_types.opaque`, or its frames are read as
//!   text of an unknown type.
//! - **Trailers** are inspected with the end of the body, and passed on.
//! - **Upgrades and tunnels** (WebSocket, CONNECT) are judged by their head; what the two sides say afterwards is not seen. Their
//!   requests pass with all extensions.
//! - **`HeaderMap` keeps no order between names.** Spans of findings count header lines in the order of the map; on HTTP/2 the host is
//!   line 0.
//! - **Inspecting takes the worker's time**: nanoseconds to microseconds for each chunk, but bodies that are one text are inspected at their end,
//!   up to `limits.body_bytes` at once. Lower it where bodies are small.
//!
//! # Reload
//!
//! Give the layer an [`EngineHandle`] and swap another engine in, or a function ([`Engines::from_fn`]). Requests under way keep the
//! engine that they began with.
//!
//! # Cost
//!
//! Scratches are shared by all services that come from one layer and its clones, one for each core. None is held, and no lock is,
//! across an `await`. A request without body costs one allocation for its record, the lines for the engine, and what
//! extensions take; a body costs a box for itself and one for its inspection, and a buffered one a copy if it comes in more than one
//! chunk.

#![forbid(unsafe_code)]

mod answer;
mod body;
mod engines;
mod inspection;
mod layer;
mod record;
mod service;

pub use answer::{Refusal, ResponseBody};
pub use body::{BoxError, InspectedBody, Refused};
pub use engines::{EngineHandle, Engines};
pub use layer::{AbatisLayer, BodyMode, PastLimit};
pub use record::{Inspected, Report};
pub use service::{AbatisService, ResponseFuture};

/// The examples of the guide are tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/rust.md")]
struct Guide;
