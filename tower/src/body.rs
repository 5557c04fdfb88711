//! The body as the inner service sees it: [`InspectedBody`].

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::inspection::{Inspection, IsRefused, Passed};

/// The error of bodies, as tower's: errors of the body inside come through as they are.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The error that ends a body in [`BodyMode::Stream`](crate::BodyMode::Stream) when the request is refused. What the inner service
/// answers after it is replaced by the refusal.
///
/// ```
/// use abatis_tower::Refused;
/// fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
///     std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<Refused>())
/// }
/// # assert!(!is_refused(&std::fmt::Error));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was refused while its body came in")
    }
}

impl Error for Refused {}

/// The body as the inner service sees it: the bytes, the trailers and the errors of the body `B` inside, inspected before or
/// while they are read.
///
/// Trailers are inspected like headers and passed on. A body that was buffered comes in one frame.
pub struct InspectedBody<B> {
    /// Inspected, and not yet handed out.
    held: Bytes,
    /// Handed out last.
    trailers: Option<HeaderMap>,
    /// Handed out instead of all else.
    failed: Option<BoxError>,
    /// What may still come. In a box, since it may have been polled before it got here.
    rest: Option<Pin<Box<B>>>,
    /// What still wants to see it.
    inspection: Option<Box<Inspection>>,
}

impl<B> InspectedBody<B> {
    /// A body that has ended.
    pub(crate) fn empty() -> InspectedBody<B> {
        InspectedBody {
            held: Bytes::new(),
            trailers: None,
            failed: None,
            rest: None,
            inspection: None,
        }
    }

    /// A body that is inspected while it is read.
    pub(crate) fn stream(body: Pin<Box<B>>, inspection: Box<Inspection>) -> InspectedBody<B> {
        InspectedBody { rest: Some(body), inspection: Some(inspection), ..InspectedBody::empty() }
    }
}

impl<B> InspectedBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// The next frame of what is not held, inspected.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let frame = ready!(rest.as_mut().poll_frame(cx));
        let ends = frame.is_none() || rest.is_end_stream();
        let mut inspect = |chunk: &[u8], ends: bool| -> Passed {
            let Some(inspection) = &mut self.inspection else { return Ok(()) };
            inspection.body(chunk)?;
            if ends { inspection.finish() } else { Ok(()) }
        };
        let (frame, passed) = match frame.transpose() {
            // Dropping the inspection reports that it was stopped.
            Err(error) => return self.end(Some(error.into())),
            Ok(None) => (None, inspect(b"", true)),
            Ok(Some(frame)) => match into_bytes(frame) {
                Ok(data) => {
                    let passed = inspect(&data, ends);
                    (Some(Frame::data(data)), passed)
                }
                // Trailers come last, so the verdict is known before they are handed out.
                Err(frame) => {
                    let trailers = frame.trailers_ref();
                    let inspection = self.inspection.as_mut();
                    let passed = inspection.map_or(Ok(()), |inspection| inspection.end(trailers));
                    (Some(frame), passed)
                }
            },
        };
        match (passed, frame) {
            (Err(IsRefused), _) => self.end(Some(Refused.into())),
            (Ok(()), None) => self.end(None),
            (Ok(()), Some(frame)) => Poll::Ready(Some(Ok(frame))),
        }
    }

    fn end(&mut self, error: Option<BoxError>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.rest = None;
        self.inspection = None;
        Poll::Ready(error.map(Err))
    }
}

/// The bytes of a frame, without a copy if they are [`Bytes`] already.
fn into_bytes<D: Buf>(frame: Frame<D>) -> Result<Bytes, Frame<Bytes>> {
    match frame.into_data() {
        Ok(mut data) => Ok(data.copy_to_bytes(data.remaining())),
        Err(frame) => Err(frame.map_data(|_| Bytes::new())),
    }
}

impl<B> Body for InspectedBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        if !this.held.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.held)))));
        }
        match ready!(this.poll_rest(cx)) {
            None => Poll::Ready(this.trailers.take().map(|trailers| Ok(Frame::trailers(trailers)))),
            frame => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failed.is_none()
            && self.held.is_empty()
            && self.trailers.is_none()
            && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.len() as u64;
        let Some(rest) = &self.rest else { return SizeHint::with_exact(held) };
        let rest = rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(held));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(held)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B> fmt::Debug for InspectedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectedBody")
            .field("held", &self.held.len())
            .field("ended", &self.rest.is_none())
            .finish_non_exhaustive()
    }
}

/// A body that is being held until its verdict is known.
#[derive(Debug)]
pub(crate) struct Gathering<B> {
    body: InspectedBody<B>,
    held: Held,
    limit: usize,
    /// Whether what is longer than the limit is handed on as a stream.
    stream_past_limit: bool,
}

impl<B> Gathering<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(
        body: Pin<Box<B>>,
        inspection: Box<Inspection>,
        limit: usize,
        stream_past_limit: bool,
    ) -> Gathering<B> {
        let body = InspectedBody::stream(body, inspection);
        Gathering { body, held: Held::None, limit, stream_past_limit }
    }

    /// The body, once the inner service may have it. O(bytes).
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<InspectedBody<B>, IsRefused>> {
        // What is announced as too long need not be waited for.
        let announced = self.body.size_hint().lower().saturating_add(self.held.len() as u64);
        let mut past = announced > self.limit as u64;
        loop {
            if past && !self.stream_past_limit {
                if let Some(inspection) = &mut self.body.inspection {
                    inspection.too_long()?;
                }
                self.stream_past_limit = true;
            }
            // What is announced may still be refused for what it is: read on, up to the limit.
            if self.held.len() > self.limit {
                return Poll::Ready(Ok(self.take(None)));
            }
            match ready!(self.body.poll_rest(cx)) {
                None => return Poll::Ready(Ok(self.take(None))),
                Some(Err(error)) if error.is::<Refused>() => return Poll::Ready(Err(IsRefused)),
                // What came before it has not been inspected to its end: nobody shall see it.
                Some(Err(error)) => {
                    self.held = Held::None;
                    self.body.failed = Some(error);
                    return Poll::Ready(Ok(self.take(None)));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.held.add(data),
                    Err(frame) => return Poll::Ready(Ok(self.take(frame.into_trailers().ok()))),
                },
            }
            past = self.held.len() > self.limit;
        }
    }

    fn take(&mut self, trailers: Option<HeaderMap>) -> InspectedBody<B> {
        let mut body = std::mem::replace(&mut self.body, InspectedBody::empty());
        if trailers.is_some() {
            body.rest = None;
            body.inspection = None;
        }
        body.held = std::mem::replace(&mut self.held, Held::None).into_bytes();
        body.trailers = trailers;
        body
    }
}

/// Bytes in one piece. The first chunk is kept as it is; only a second one makes a copy. To keep all as they are would hold
/// dozens of bytes for each byte of a client that sends them one by one.
#[derive(Debug)]
enum Held {
    None,
    One(Bytes),
    More(BytesMut),
}

impl Held {
    fn len(&self) -> usize {
        match self {
            Held::None => 0,
            Held::One(bytes) => bytes.len(),
            Held::More(bytes) => bytes.len(),
        }
    }

    fn add(&mut self, chunk: Bytes) {
        match self {
            _ if chunk.is_empty() => {}
            Held::None => *self = Held::One(chunk),
            Held::One(first) => {
                let mut both = BytesMut::with_capacity(2 * (first.len() + chunk.len()));
                both.extend_from_slice(first);
                both.extend_from_slice(&chunk);
                *self = Held::More(both);
            }
            Held::More(bytes) => bytes.extend_from_slice(&chunk),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Held::None => Bytes::new(),
            Held::One(bytes) => bytes,
            Held::More(bytes) => bytes.freeze(),
        }
    }
}
