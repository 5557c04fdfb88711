//! [`AbatisService`]: head first, then the body, then the inner service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::answer::ResponseBody;
use crate::body::{BoxError, Gathering, InspectedBody};
use crate::inspection::{Inspection, IsRefused, whole};
use crate::layer::{BodyMode, Config, PastLimit};
use crate::record::{Inspected, Record};

/// A service with the inspection in front of it, made by [`AbatisLayer`](crate::AbatisLayer).
///
/// It is ready when the inner service is. That one is called with `Request<InspectedBody<B>>` and answers with any body whose data can
/// be made from [`Bytes`](bytes::Bytes).
#[derive(Clone, Debug)]
pub struct AbatisService<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> AbatisService<S> {
    pub(crate) fn new(inner: S, config: Arc<Config>) -> AbatisService<S> {
        AbatisService { inner, config }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B, R> Service<Request<B>> for AbatisService<S>
where
    S: Service<Request<InspectedBody<B>>, Response = Response<R>> + Clone,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<S, B> {
        let (head, body) = request.into_parts();
        let config = &self.config;
        let record = Arc::new(Record::new(config, &head));
        let state = match admit(config, &record, &head, body) {
            Err(IsRefused) => State::Refused,
            Ok(Admitted::Now(body)) => {
                let future = self.inner.call(hand_over(head, body, &record));
                State::Answering { future }
            }
            Ok(Admitted::Later(gathering)) => {
                // The one that was polled ready goes with the request, a fresh one stays.
                let fresh = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, fresh);
                let waiting = Some(Box::new(Waiting { gathering, head, service: ready }));
                State::Gathering { waiting }
            }
        };
        ResponseFuture { state, record, config: config.clone() }
    }
}

enum Admitted<B> {
    Now(InspectedBody<B>),
    Later(Gathering<B>),
}

/// All that can be said before the body is read.
fn admit<B>(
    config: &Arc<Config>,
    record: &Arc<Record>,
    head: &Parts,
    body: B,
) -> Result<Admitted<B>, IsRefused>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let engine = config.engines.current();
    if body.is_end_stream() {
        whole(config, &engine, record, head)?;
        return Ok(Admitted::Now(InspectedBody::empty()));
    }
    let mut inspection = Box::new(Inspection::new(config.clone(), &engine, record.clone()));
    inspection.head(head)?;
    let body = Box::pin(body);
    Ok(match config.mode(head) {
        BodyMode::Stream => Admitted::Now(InspectedBody::stream(body, inspection)),
        BodyMode::Buffered => {
            let stream = config.past_limit == PastLimit::Stream || config.report_only;
            Admitted::Later(Gathering::new(body, inspection, config.body_limit, stream))
        }
    })
}

fn hand_over<B>(
    mut head: Parts,
    body: InspectedBody<B>,
    record: &Arc<Record>,
) -> Request<InspectedBody<B>> {
    head.extensions.insert(Inspected(record.clone()));
    Request::from_parts(head, body)
}

pin_project! {
    /// The future of [`AbatisService`].
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<InspectedBody<B>>>,
    {
        #[pin]
        state: State<S, S::Future, B>,
        record: Arc<Record>,
        config: Arc<Config>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F, B> {
        Refused,
        Gathering { waiting: Option<Box<Waiting<S, B>>> },
        Answering { #[pin] future: F },
    }
}

/// A request that waits for its body.
struct Waiting<S, B> {
    gathering: Gathering<B>,
    head: Parts,
    service: S,
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<InspectedBody<B>>, Response = Response<R>>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut answer = None;
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Refused => break,
                StateProjection::Gathering { waiting: slot } => {
                    let Some(waiting) = slot else { break };
                    let gathered = ready!(waiting.gathering.poll(cx));
                    match (gathered, slot.take()) {
                        (Ok(body), Some(mut waiting)) => {
                            let request = hand_over(waiting.head, body, this.record);
                            State::Answering { future: waiting.service.call(request) }
                        }
                        _ => State::Refused,
                    }
                }
                StateProjection::Answering { future } => {
                    answer = Some(ready!(future.poll(cx)));
                    break;
                }
            };
            this.state.set(next);
        }
        // Refused while the inner service read on: whatever it made of the rest is not sent.
        Poll::Ready(match (this.record.refusal(), answer) {
            (Some(refusal), _) => {
                let mut response = this.config.respond(&refusal).map(ResponseBody::refusal);
                response.extensions_mut().insert(Inspected(this.record.clone()));
                Ok(response)
            }
            (None, Some(answer)) => answer.map(|response| response.map(ResponseBody::inner)),
            // A request without answer is a refused one, and that leaves its mark. Should that fail to be true, the client
            // does not get through.
            (None, None) => {
                let mut response = Response::new(ResponseBody::refusal(bytes::Bytes::new()));
                *response.status_mut() = this.config.status;
                Ok(response)
            }
        })
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<InspectedBody<B>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("record", &self.record).finish_non_exhaustive()
    }
}
