//! The layer around services that are functions: every answer, without a socket.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use abatis::{Action, Coverage, Engine, Limit, Policy, Verdict};
use abatis_tower::{
    AbatisLayer, BodyMode, EngineHandle, Engines, Inspected, InspectedBody, PastLimit, Refused,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, Service, ServiceExt, service_fn};

type Answer = Response<Full<Bytes>>;
/// Trailers and bytes.
type Seen = (Option<HeaderMap>, Bytes);
/// The verdict, and the status if it was refused.
type Told = (Verdict, Option<StatusCode>);

/// A body of these frames, one at each poll.
#[derive(Debug, Default)]
struct Frames(VecDeque<io::Result<Frame<Bytes>>>);

impl Frames {
    fn of(chunks: &[&'static str]) -> Frames {
        Frames(chunks.iter().map(|chunk| Ok(Frame::data(Bytes::from(*chunk)))).collect())
    }

    fn trailers(mut self, name: &'static str, value: &str) -> Frames {
        let mut trailers = HeaderMap::new();
        trailers.insert(name, value.parse().unwrap());
        self.0.push_back(Ok(Frame::trailers(trailers)));
        self
    }

    fn fails(mut self) -> Frames {
        self.0.push_back(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
        self
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.0.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
        SizeHint::with_exact(data.map(|data| data.len() as u64).sum())
    }
}

fn engine(policy: &str) -> Engine {
    Engine::new(&Policy::from_yaml("test.yaml", policy).unwrap()).unwrap()
}

/// What the inner service saw, and what the hook was told.
#[derive(Clone, Default)]
struct Log {
    seen: Arc<Mutex<Vec<Result<Seen, String>>>>,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Log {
    fn layer(&self, engines: impl Into<Engines>) -> AbatisLayer {
        let told = self.told.clone();
        AbatisLayer::new(engines).on_verdict(move |report| {
            told.lock().unwrap().push((report.verdict().clone(), report.refused()));
        })
    }

    /// The only thing that was told.
    fn told(&self) -> Told {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        let [told] = told.try_into().expect("told once");
        told
    }

    /// What the inner service got, if it was called.
    fn seen(&self) -> Option<Result<Seen, String>> {
        self.seen.lock().unwrap().pop()
    }

    /// Sends a request through `layer` to a service that reads all of it, and answers 200 whatever happens.
    async fn send<B>(&self, layer: &AbatisLayer, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes, Error = io::Error> + 'static,
    {
        let seen = self.seen.clone();
        let inner = service_fn(move |request: Request<InspectedBody<B>>| {
            let seen = seen.clone();
            async move {
                assert!(request.extensions().get::<Inspected>().is_some());
                let body = request.into_body();
                let hint = body.size_hint();
                let body = body.collect().await.map_err(|error| {
                    let refused = error.is::<Refused>();
                    let passed_on = error.downcast_ref::<io::Error>().map(io::Error::kind);
                    format!("refused: {refused}, io: {passed_on:?}")
                });
                let body = body.map(|body| (body.trailers().cloned(), body.to_bytes()));
                if let Ok((_, bytes)) = &body {
                    assert_eq!(hint.exact(), Some(bytes.len() as u64));
                }
                seen.lock().unwrap().push(body);
                Ok::<_, Infallible>(Answer::new(Full::from("done")))
            }
        });
        let response = layer.layer(inner).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        assert!(body.size_hint().exact().is_some());
        Response::from_parts(head, Full::new(body.collect().await.unwrap().to_bytes()))
    }
}

async fn problem(answer: Answer) -> Value {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.extensions().get::<Inspected>().is_some_and(Inspected::is_refused));
    let status = answer.status().as_u16();
    let problem = answer.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&problem).unwrap();
    assert_eq!(problem["status"], status);
    problem
}

fn get(target: &str) -> Request<Frames> {
    Request::get(target).body(Frames::default()).unwrap()
}

fn post(kind: &str, body: Frames) -> Request<Frames> {
    Request::post("/").header("content-type", kind).body(body).unwrap()
}

const JSON: &str = "application/json";
const ATTACK: [&str; 2] = [r#"{"user": "admin\u0027 or sl"#, r#"eep(5)#", "and": "more"}"#];

#[tokio::test]
async fn an_attack_in_the_query_is_answered_with_a_problem() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block"));
    let answer = log.send(&layer, get("/?id=1'+or+'1'%3D'1")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let problem = problem(answer).await;
    assert_eq!(problem["title"], "Forbidden");
    assert_eq!(problem["rule"], "sql.injection");
    assert_eq!(problem["class"], "sqli");
    assert_eq!(problem["place"], "query");
    assert_eq!(problem["pointer"], "/id");
    assert!(!problem.to_string().contains("or '1'"), "no payload");
    assert!(log.seen().is_none());
    let (verdict, refused) = log.told();
    assert_eq!((verdict.action, refused), (Action::Block, Some(StatusCode::FORBIDDEN)));
}

#[tokio::test]
async fn an_attack_in_a_header_is_refused_before_the_body() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).status(StatusCode::NOT_FOUND);
    let mut request = post(JSON, Frames::of(&["{}"]));
    request.headers_mut().insert("user-agent", "() { :; }; /bin/id".parse().unwrap());
    let answer = log.send(&layer, request).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(problem(answer).await["class"], "shellshock");
    assert!(log.seen().is_none());
    assert_eq!(log.told().0.coverage, Coverage::Partial(Limit::Stopped));
}

#[tokio::test]
async fn bodies_pass_byte_for_byte_with_their_trailers() {
    for mode in [BodyMode::Buffered, BodyMode::Stream] {
        for chunks in
            [&[r#"{"name": "Conan O'Brien"}"#][..], &[r#"{"na"#, "", r#"me": "x"#, r#""}"#]]
        {
            let log = Log::default();
            let layer = log.layer(engine("mode: block")).body_mode(mode);
            let body = Frames::of(chunks).trailers("checksum", "7");
            let answer = log.send(&layer, post(JSON, body)).await;
            assert_eq!(answer.status(), StatusCode::OK);
            let (trailers, seen) = log.seen().unwrap().unwrap();
            assert_eq!(trailers.unwrap()["checksum"], "7");
            assert_eq!(seen, chunks.concat());
            let (verdict, refused) = log.told();
            assert_eq!((verdict.action, verdict.coverage), (Action::Allow, Coverage::Full));
            assert_eq!(refused, None);
        }
    }
}

#[tokio::test]
async fn a_buffered_attack_never_reaches_the_service() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block"));
    let answer = log.send(&layer, post(JSON, Frames::of(&ATTACK))).await;
    assert_eq!(problem(answer).await["pointer"], "/user");
    assert!(log.seen().is_none());
    log.told();
}

#[tokio::test]
async fn a_refusal_in_a_stream_replaces_the_answer() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_mode(BodyMode::Stream);
    let answer = log.send(&layer, post(JSON, Frames::of(&ATTACK))).await;
    assert_eq!(problem(answer).await["pointer"], "/user");
    assert_eq!(log.seen().unwrap().unwrap_err(), "refused: true, io: None");
    log.told();
}

/// The verdict on the last chunk is known before it is handed out, also where it takes the end of the text to know.
#[tokio::test]
async fn the_last_chunk_of_a_stream_waits_for_its_verdict() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_mode(BodyMode::Stream);
    let got = Arc::new(Mutex::new(Vec::new()));
    let reader = got.clone();
    let inner = service_fn(move |request: Request<InspectedBody<Frames>>| {
        let got = reader.clone();
        async move {
            let mut body = request.into_body();
            while let Some(Ok(frame)) = body.frame().await {
                got.lock().unwrap().push(frame.into_data().unwrap());
            }
            Ok::<_, Infallible>(Answer::default())
        }
    });
    let body = Frames::of(&["text <scr", "ipt>alert(1)</script>"]);
    let answer = layer.layer(inner).oneshot(post("text/plain", body)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(*got.lock().unwrap(), ["text <scr"]);
}

#[tokio::test]
async fn an_answer_that_was_given_before_the_refusal_stands() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_mode(BodyMode::Stream);
    let kept = Arc::new(Mutex::new(None));
    let keep = kept.clone();
    let inner = service_fn(move |request: Request<InspectedBody<Frames>>| {
        *keep.lock().unwrap() = Some(request.into_body());
        async { Ok::<_, Infallible>(Answer::default()) }
    });
    let answer = layer.layer(inner).oneshot(post(JSON, Frames::of(&ATTACK))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let body = kept.lock().unwrap().take().unwrap();
    assert!(body.collect().await.unwrap_err().is::<Refused>());
    assert_eq!(log.told().1, Some(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn what_is_not_read_is_reported_and_not_refused() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_mode(BodyMode::Stream);
    let inner = service_fn(|_: Request<InspectedBody<Frames>>| async {
        Ok::<_, Infallible>(Answer::default())
    });
    let answer = layer.layer(inner).oneshot(post(JSON, Frames::of(&ATTACK))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let (verdict, refused) = log.told();
    assert_eq!((verdict.coverage, refused), (Coverage::Partial(Limit::Stopped), None));
}

#[tokio::test]
async fn errors_of_the_body_come_through() {
    for mode in [BodyMode::Buffered, BodyMode::Stream] {
        let log = Log::default();
        let layer = log.layer(engine("mode: block")).body_mode(mode);
        let body = Frames::of(&[r#"{"name": "#]).fails();
        let answer = log.send(&layer, post(JSON, body)).await;
        assert_eq!(answer.status(), StatusCode::OK, "what the service made of the error");
        assert_eq!(log.seen().unwrap().unwrap_err(), "refused: false, io: Some(ConnectionReset)");
        assert_eq!(log.told().0.coverage, Coverage::Partial(Limit::Stopped));
    }
}

#[tokio::test]
async fn a_body_past_the_limit_gets_413() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_limit(8);
    let refused = log.send(&layer, post(JSON, Frames::of(&["[1,2,3,", "4,5]"]))).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(problem(refused).await["limit"], "stopped");
    assert!(log.seen().is_none());
    log.told();
    let exact = log.send(&layer, post(JSON, Frames::of(&["[1,2,", "34]"]))).await;
    assert_eq!(exact.status(), StatusCode::OK);
    log.told();

    // The limit of the policy, in either mode.
    for mode in [BodyMode::Buffered, BodyMode::Stream] {
        let layer = log.layer(engine("limits: {body_bytes: 8}")).body_mode(mode);
        let refused = log.send(&layer, post(JSON, Frames::of(&["[1,2,3,", "4,5]"]))).await;
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(problem(refused).await["limit"], "body-bytes");
        log.told();
    }
}

#[tokio::test]
async fn a_body_past_the_limit_may_stream_on() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_limit(8).past_limit(PastLimit::Stream);
    let body = Frames::of(&["[1,2,3,", "4,5,", "6]"]).trailers("checksum", "7");
    let answer = log.send(&layer, post(JSON, body)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let (trailers, seen) = log.seen().unwrap().unwrap();
    assert!(trailers.is_some());
    assert_eq!(seen, "[1,2,3,4,5,6]");
    assert_eq!(log.told().0.coverage, Coverage::Full, "inspected to its end");

    let answer = log.send(&layer, post(JSON, Frames::of(&ATTACK))).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    log.told();
}

#[tokio::test]
async fn detecting_refuses_nothing() {
    let log = Log::default();
    let detect = log.layer(engine("mode: detect")).body_limit(8);
    let report = log.layer(engine("mode: block")).report_only(true).body_limit(8);
    let sent = ATTACK.concat();
    for (layer, action) in [(detect, Action::Flag), (report, Action::Block)] {
        for mode in [BodyMode::Buffered, BodyMode::Stream] {
            let layer = layer.clone().body_mode(mode);
            for request in [get("/?id=1'+or+'1'%3D'1"), post(JSON, Frames::of(&ATTACK))] {
                let has_body = !request.body().is_end_stream();
                let answer = log.send(&layer, request).await;
                assert_eq!(answer.status(), StatusCode::OK);
                let (_, seen) = log.seen().unwrap().unwrap();
                assert_eq!(seen, if has_body { &sent } else { "" });
                let (verdict, refused) = log.told();
                assert_eq!((verdict.action, refused), (action, None), "{layer:?}");
            }
        }
    }
}

#[tokio::test]
async fn engines_can_be_swapped() {
    let log = Log::default();
    let handle = EngineHandle::new(engine("mode: detect"));
    let reader = handle.clone();
    for layer in [log.layer(handle.clone()), log.layer(Engines::from_fn(move || reader.load()))] {
        let attack = || get("/?file=../../../etc/passwd");
        assert_eq!(log.send(&layer, attack()).await.status(), StatusCode::OK);
        let old = handle.swap(engine("mode: block"));
        assert_eq!(log.send(&layer, attack()).await.status(), StatusCode::FORBIDDEN);
        handle.swap(old);
        assert_eq!(log.send(&layer, attack()).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_mode_can_depend_on_the_head() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).body_mode_by(|head| {
        if head.uri.path() == "/" { BodyMode::Stream } else { BodyMode::Buffered }
    });
    log.send(&layer, post(JSON, Frames::of(&ATTACK))).await;
    assert!(log.seen().is_some(), "called before the end");
    let mut request = post(JSON, Frames::of(&ATTACK));
    *request.uri_mut() = "/other".parse().unwrap();
    log.send(&layer, request).await;
    assert!(log.seen().is_none());
}

#[tokio::test]
async fn answers_can_be_ones_own() {
    let log = Log::default();
    let layer = log.layer(engine("mode: block")).answer(|refusal| {
        let mut response = Response::new(Bytes::from_static(b"no"));
        *response.status_mut() = refusal.status();
        assert!(refusal.finding().is_some());
        response
    });
    let answer = log.send(&layer, get("/?id=1'+or+'1'%3D'1")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "no");
}

/// `poll_ready` and `call` go to the same instance of the inner service: that is what readiness was reserved on.
#[tokio::test]
async fn the_ready_service_is_the_one_that_is_called() {
    #[derive(Debug, Default)]
    struct Picky(bool);
    impl Clone for Picky {
        fn clone(&self) -> Picky {
            Picky(false)
        }
    }
    impl Service<Request<InspectedBody<Frames>>> for Picky {
        type Response = Answer;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Answer, Infallible>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            self.0 = true;
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: Request<InspectedBody<Frames>>) -> Self::Future {
            assert!(std::mem::take(&mut self.0), "called without being ready");
            std::future::ready(Ok(Answer::default()))
        }
    }
    let log = Log::default();
    let mut service = log.layer(engine("mode: block")).layer(Picky::default());
    for _ in 0..2 {
        for request in [get("/"), post(JSON, Frames::of(&["[1,", "2]"]))] {
            let answer = service.ready().await.unwrap().call(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        }
    }
}

#[test]
fn everything_can_be_sent_between_threads() {
    fn send<T: Send + 'static>() {}
    fn sync<T: Send + Sync + Clone + 'static>() {}
    send::<InspectedBody<Frames>>();
    sync::<AbatisLayer>();
    sync::<abatis_tower::AbatisService<axum::routing::Route>>();
    send::<abatis_tower::ResponseFuture<axum::routing::Route, axum::body::Body>>();
}
