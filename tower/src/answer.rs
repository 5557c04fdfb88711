//! What a refused client gets: [`Refusal`], [`ResponseBody`].

use std::pin::Pin;
use std::task::{Context, Poll};

use abatis::{Action, Coverage, Finding, Verdict};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use serde_json::json;

/// A request that is refused: what to answer, and why.
#[derive(Debug)]
pub struct Refusal<'a> {
    verdict: &'a Verdict,
    status: StatusCode,
    grpc: bool,
}

impl<'a> Refusal<'a> {
    pub(crate) fn new(verdict: &'a Verdict, status: StatusCode, grpc: bool) -> Refusal<'a> {
        Refusal { verdict, status, grpc }
    }

    /// Whether it is a call of gRPC, whose clients understand an answer of another type badly.
    pub fn is_grpc(&self) -> bool {
        self.grpc
    }

    /// The verdict.
    pub fn verdict(&self) -> &'a Verdict {
        self.verdict
    }

    /// The status as it was set, or 413 for a body that is too long.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The strongest finding that asks for the refusal. `None` if it is refused only because it could not be inspected in full.
    pub fn finding(&self) -> Option<&'a Finding> {
        self.verdict.findings.iter().find(|finding| finding.action >= Action::Block)
    }

    /// The default answer to a call of gRPC: no message, and `grpc-status` in the head, `RESOURCE_EXHAUSTED` for a body that is too
    /// long, else `PERMISSION_DENIED`.
    pub fn grpc_status(&self) -> Response<Bytes> {
        let too_long = self.status == StatusCode::PAYLOAD_TOO_LARGE;
        let (status, message) = if too_long { ("8", "too long") } else { ("7", "refused") };
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from_static(status));
        headers.insert("grpc-message", HeaderValue::from_static(message));
        response
    }

    /// The default answer to all others: `application/problem+json` as of RFC 9457, with the members `rule`, `class`, `place` and `pointer` of
    /// the finding, or `limit`: what kept the request from being inspected in full. It holds nothing of the values that were
    /// sent; the pointer names a field as the client did.
    ///
    /// It is of use to the authors of honest clients, and tells attackers which rule they met. To tell them less, set
    /// [`AbatisLayer::answer`](crate::AbatisLayer::answer).
    pub fn problem(&self) -> Response<Bytes> {
        let title = self.status.canonical_reason().unwrap_or("Refused");
        let mut problem =
            json!({ "type": "about:blank", "title": title, "status": self.status.as_u16() });
        if let Some(finding) = self.finding() {
            problem["detail"] = json!(finding.message);
            problem["rule"] = json!(finding.rule.as_str());
            problem["class"] = json!(finding.class.as_str());
            problem["place"] = json!(finding.place);
            problem["pointer"] = json!(finding.pointer);
        } else if let Coverage::Partial(limit) = self.verdict.coverage {
            problem["detail"] = json!("the request could not be inspected in full");
            problem["limit"] = json!(limit.as_str());
        }
        let mut response = Response::new(Bytes::from(problem.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // Nobody else may be refused because of this request, whatever the status.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

pin_project! {
    /// The body of a response: that of the inner service, as it is, or a refusal.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Refusal { text: Bytes },
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn inner(body: B) -> ResponseBody<B> {
        ResponseBody { kind: Kind::Inner { body } }
    }

    pub(crate) fn refusal(text: Bytes) -> ResponseBody<B> {
        ResponseBody { kind: Kind::Refusal { text } }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx),
            KindProjection::Refusal { text } if text.is_empty() => Poll::Ready(None),
            KindProjection::Refusal { text } => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(text).into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Refusal { text } => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Refusal { text } => SizeHint::with_exact(text.len() as u64),
        }
    }
}
