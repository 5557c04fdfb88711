//! The cases of `testdata/request` through the layer: the action is that of the case, whatever the mode and the pieces.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stderr, reason = "a test says what it leaves out")]

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use abatis::{Action, Engine, Policy};
use abatis_tower::{AbatisLayer, BodyMode, InspectedBody};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Channel, Empty};
use serde::Deserialize;
use tower::{Layer, ServiceExt, service_fn};

/// What of `testdata/request` is needed here; `core/tests/requests.rs` reads all of it.
#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    why: String,
    policy: Option<String>,
    method: String,
    target: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_b64: Option<String>,
    #[serde(default)]
    trailers: Vec<(String, String)>,
    action: String,
}

impl Case {
    fn body(&self) -> Bytes {
        match &self.body_b64 {
            Some(coded) => BASE64_STANDARD.decode(coded).unwrap().into(),
            None => self.body.clone().unwrap_or_default().into(),
        }
    }

    /// The request with its body in pieces; none if a server's parser lets no such request through.
    fn request(&self, pieces: usize) -> Option<Request<Pieces>> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = self.body();
        let size = body.len().div_ceil(pieces).max(1);
        let (mut to, channel) = Channel::new(body.len().div_ceil(size) + 1);
        for piece in body.chunks(size) {
            to.try_send(Frame::data(Bytes::copy_from_slice(piece))).unwrap();
        }
        if !self.trailers.is_empty() {
            let named =
                |(name, value): &(String, String)| Some((name.parse().ok()?, value.parse().ok()?));
            let lines: Option<HeaderMap> = self.trailers.iter().map(named).collect();
            to.try_send(Frame::trailers(lines?)).unwrap();
        }
        let request = request.body(channel).ok()?;
        // Where the parser of targets reads another one, the engine is asked about that.
        (request.uri().to_string() == self.target).then_some(request)
    }
}

type Pieces = Channel<Bytes, Infallible>;

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/request");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(read).flat_map(|cases: Cases| cases.case).collect()
}

/// The service reads all that it gets.
async fn read(
    request: Request<InspectedBody<Pieces>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    Ok(Response::new(Empty::new()))
}

#[tokio::test]
async fn shared_cases_are_judged_as_by_the_engine() {
    let (mut ran, mut left_out) = (0, 0);
    for case in cases() {
        let policy = case.policy.as_deref().unwrap_or("{}");
        let engine = Engine::new(&Policy::from_yaml("case", policy).unwrap()).unwrap();
        for mode in [BodyMode::Buffered, BodyMode::Stream] {
            for pieces in [1, 2, 7, usize::MAX] {
                let Some(request) = case.request(pieces) else {
                    left_out += 1;
                    continue;
                };
                let told = Arc::new(Mutex::new(None));
                let tell = told.clone();
                let layer =
                    AbatisLayer::new(engine.clone()).body_mode(mode).on_verdict(move |report| {
                        *tell.lock().unwrap() = Some(report.verdict().action);
                    });
                let answer = layer.layer(service_fn(read)).oneshot(request).await.unwrap();
                let what = format!("{}: {mode:?}, {pieces} pieces", case.why);
                let action = told.lock().unwrap().take().expect(&what);
                assert_eq!(action.as_str(), case.action, "{what}");
                let refused = answer.status() != StatusCode::OK;
                assert_eq!(refused, action == Action::Block, "{what}: {}", answer.status());
                ran += 1;
            }
        }
    }
    eprintln!("{ran} ran, {left_out} are no request for `http`");
    assert!(ran > 8 * left_out, "{ran} ran, {left_out} left out");
}
