//! What is remembered of a request: [`Inspected`] for handlers, [`Report`] for the hook.

use std::sync::{Arc, OnceLock};

use abatis::{Action, Coverage, Limit, Verdict};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode, Uri};

use crate::answer::Refusal;
use crate::layer::Config;

/// The outcome, as an extension of the request for handlers, and of the responses that refuse for layers outside.
///
/// ```
/// use abatis::Action;
/// use abatis_tower::Inspected;
///
/// fn handler<B>(request: &http::Request<B>) -> bool {
///     // Flagged: let it pass, but with a closer look.
///     let verdict = request.extensions().get::<Inspected>().and_then(Inspected::verdict);
///     verdict.is_some_and(|verdict| verdict.action == Action::Allow)
/// }
/// # assert!(!handler(&http::Request::new(())));
/// ```
#[derive(Clone, Debug)]
pub struct Inspected(pub(crate) Arc<Record>);

impl Inspected {
    /// The verdict, once it is final: from the start, except in [`BodyMode::Stream`](crate::BodyMode::Stream), where the body has to be
    /// read to its end first.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.0.verdict.get()
    }

    /// Whether the layer refused the request.
    pub fn is_refused(&self) -> bool {
        self.0.refused.get().is_some()
    }
}

/// What came out of one request, for [`AbatisLayer::on_verdict`](crate::AbatisLayer::on_verdict).
///
/// The URI is what the client sent, attacks included: escape it where you print it, or do without.
#[derive(Debug)]
pub struct Report<'a> {
    verdict: &'a Verdict,
    refused: Option<StatusCode>,
    method: &'a Method,
    uri: &'a Uri,
}

impl Report<'_> {
    /// The verdict. Of a body that was not read to its end (refused before, or dropped by the inner service or the client)
    /// it is [`Partial(Stopped)`](Limit::Stopped).
    pub fn verdict(&self) -> &Verdict {
        self.verdict
    }

    /// The status with which the layer refuses the request. `None` if it does not: because of the action, in
    /// [`report_only`](crate::AbatisLayer::report_only), or since there is nothing left to refuse.
    pub fn refused(&self) -> Option<StatusCode> {
        self.refused
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The URI.
    pub fn uri(&self) -> &Uri {
        self.uri
    }
}

/// Shared by the response future, the body and the extension.
#[derive(Debug, Default)]
pub(crate) struct Record {
    verdict: OnceLock<Verdict>,
    refused: OnceLock<StatusCode>,
    /// Kept only if somebody will be told.
    head: Option<(Method, Uri)>,
    /// Whether a refusal is told to a client of gRPC.
    grpc: bool,
}

/// Why an inspection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The request was inspected to its end, or cannot be saved by what follows.
    Verdict,
    /// The body is longer than the layer holds.
    TooLong,
    /// Nobody reads on, so there is nothing to refuse.
    Dropped,
}

impl Record {
    pub(crate) fn new(config: &Config, head: &Parts) -> Record {
        let wanted = config.on_verdict.is_some();
        Record {
            head: wanted.then(|| (head.method.clone(), head.uri.clone())),
            grpc: head
                .headers
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")),
            ..Record::default()
        }
    }

    /// The verdict is final. Whether the request is refused.
    pub(crate) fn settle(&self, config: &Config, verdict: Verdict, why: Why) -> bool {
        let refuse = verdict.action >= Action::Block && !config.report_only && why != Why::Dropped;
        if refuse {
            let too_long = why == Why::TooLong || is_too_long(&verdict);
            let status = if too_long { StatusCode::PAYLOAD_TOO_LARGE } else { config.status };
            let _ = self.refused.set(status);
        }
        let verdict = self.verdict.get_or_init(|| verdict);
        if let (Some(call), Some((method, uri))) = (&config.on_verdict, &self.head) {
            call(&Report { verdict, refused: self.refused.get().copied(), method, uri });
        }
        refuse
    }

    /// What to answer, if the request is refused.
    pub(crate) fn refusal(&self) -> Option<Refusal<'_>> {
        Some(Refusal::new(self.verdict.get()?, *self.refused.get()?, self.grpc))
    }
}

/// Whether length alone is what the policy refuses.
fn is_too_long(verdict: &Verdict) -> bool {
    verdict.coverage == Coverage::Partial(Limit::BodyBytes)
        && verdict.findings.iter().all(|finding| finding.action < Action::Block)
}
