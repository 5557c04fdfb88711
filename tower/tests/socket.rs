//! The layer in an axum service, over real sockets, HTTP/1 and HTTP/2.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use abatis::{Engine, Policy};
use abatis_tower::{AbatisLayer, BodyMode, EngineHandle};
use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Channel, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const WAIT: Duration = Duration::from_secs(20);

fn engine(policy: &str) -> Engine {
    Engine::new(&Policy::from_yaml("test.yaml", policy).unwrap()).unwrap()
}

/// A service that sends back what it gets, frame by frame; gives its port.
async fn serve(layer: AbatisLayer) -> u16 {
    let echo = post(|request: Request<Body>| async { Response::new(request.into_body()) });
    listen(Router::new().route("/", echo.get(|| async { "hello" })).layer(layer)).await
}

/// Serves; gives the port.
async fn listen(app: Router) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

/// One raw HTTP/1.1 exchange; the server closes.
async fn raw(port: u16, request: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is the server's right: it has not read everything.
    let _ = timeout(WAIT, socket.read_to_end(&mut answer)).await.expect("closed");
    String::from_utf8_lossy(&answer).into_owned()
}

fn text(method: &str, target: &str, more: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n{more}\
         content-length: {len}\r\n\r\n{body}"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_are_refused_and_the_rest_comes_back() {
    let port = serve(AbatisLayer::new(engine("mode: block"))).await;
    let json = "content-type: application/json\r\n";
    for (request, class) in [
        (text("GET", "/?id=1'+or+'1'%3D'1", "", ""), "sqli"),
        (text("GET", "/", "user-agent: () { :; }; /bin/id\r\n", ""), "shellshock"),
        (text("POST", "/", json, r#"{"user": "admin\u0027 or sleep(5)#"}"#), "sqli"),
    ] {
        let answer = raw(port, &request).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{request}\n{answer}");
        let (_, problem) = answer.split_once("\r\n\r\n").unwrap();
        let problem: Value = serde_json::from_str(problem).unwrap();
        assert_eq!(problem["class"], class);
    }
    let body = r#"{"user": "Conan O'Brien"}"#;
    let answer = raw(port, &text("POST", "/", json, body)).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(body), "{answer}");
    let chunked = "POST / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n5\r\n: 12}\r\n0\r\n\r\n";
    let answer = raw(port, chunked).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"a": 12}"#), "{answer}");
}

/// What stands in the body of a refused request must never be read as the next one.
#[tokio::test]
async fn one_request_never_gets_two_answers() {
    for mode in [BodyMode::Buffered, BodyMode::Stream] {
        let port = serve(AbatisLayer::new(engine("mode: block")).body_mode(mode)).await;
        let hidden = "GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n";
        let request = format!(
            "POST /?id=1'+or+'1'%3D'1 HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 500000\r\n\r\n{hidden}"
        );
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = timeout(WAIT, socket.read_to_string(&mut answer)).await.expect("closed");
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

/// A service that changes to another protocol, in which it sends back in capitals what it gets.
async fn upgrade(mut request: Request<Body>) -> Response<Body> {
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = TokioIo::new(upgraded.await.unwrap());
        let mut piece = [0; 1024];
        while let Ok(n @ 1..) = io.read(&mut piece).await {
            io.write_all(&piece[..n].to_ascii_uppercase()).await.unwrap();
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .body(Body::empty())
        .unwrap()
}

/// A 101 goes through, and what is said after it is not looked at; an attack in the request for it is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_go_through() {
    for mode in [BodyMode::Buffered, BodyMode::Stream] {
        let layer = AbatisLayer::new(engine("mode: block")).body_mode(mode);
        let port = listen(Router::new().route("/", get(upgrade)).layer(layer)).await;
        let ask = |target: &str| {
            format!(
                "GET {target} HTTP/1.1\r\nhost: shop.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
            )
        };
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        socket.write_all(ask("/").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(WAIT, socket.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        let mut answer = [0; 12];
        for _ in 0..2 {
            socket.write_all(b"1' or '1'='1").await.unwrap();
            timeout(WAIT, socket.read_exact(&mut answer)).await.unwrap().unwrap();
            assert_eq!(&answer, b"1' OR '1'='1");
        }
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        socket.write_all(ask("/?id=1'+or+'1'%3D'1").as_bytes()).await.unwrap();
        let mut start = [0; 12];
        timeout(WAIT, socket.read_exact(&mut start)).await.unwrap().unwrap();
        assert_eq!(&start, b"HTTP/1.1 403");
    }
}

async fn http2(port: u16) -> hyper::client::conn::http2::SendRequest<Body> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .unwrap();
    tokio::spawn(connection);
    sender
}

/// Both ways at once, with trailers, as gRPC does it: the first chunk is back before the last is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_flow_with_trailers_over_http_2() {
    let policy = "body_types: {opaque: [application/grpc]}";
    let port = serve(AbatisLayer::new(engine(policy)).body_mode(BodyMode::Stream)).await;
    let mut client = http2(port).await;
    let (mut to, body) = Channel::<Bytes, Infallible>::new(4);
    to.send_data(Bytes::from_static(b"\0\0\0\0\x02\x08\x01")).await.unwrap();
    let request = Request::post(format!("http://shop.example:{port}/"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(body))
        .unwrap();
    let response = timeout(WAIT, client.send_request(request)).await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let first = timeout(WAIT, body.frame()).await.unwrap().unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), &b"\0\0\0\0\x02\x08\x01"[..]);
    to.send_data(Bytes::from_static(b"last")).await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    to.send_trailers(trailers).await.unwrap();
    drop(to);
    let rest = timeout(WAIT, body.collect()).await.unwrap().unwrap();
    assert_eq!(rest.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(rest.to_bytes(), "last");
}

/// Many at once on one connection, with the engine swapped meanwhile: each gets the answer to its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_and_reloads_do_not_mix() {
    let handle = EngineHandle::new(engine("mode: block"));
    let port = serve(AbatisLayer::new(handle.clone())).await;
    let client = http2(port).await;
    let mut running = Vec::new();
    for number in 0..200_u32 {
        if number % 50 == 0 {
            handle.swap(engine("sensitivity: high"));
        }
        let mut client = client.clone();
        running.push(tokio::spawn(async move {
            let bad = number % 3 == 0;
            let body =
                if bad { "1; cat /etc/passwd".to_owned() } else { format!("table {number}") };
            let request = Request::post(format!("http://shop.example:{port}/"))
                .header("content-type", "text/plain")
                .body(Body::new(Full::from(body.clone())))
                .unwrap();
            let response = timeout(WAIT, client.send_request(request)).await.unwrap().unwrap();
            assert_eq!(response.status() == StatusCode::FORBIDDEN, bad, "{body}");
            if !bad {
                assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
            }
        }));
    }
    for request in running {
        request.await.unwrap();
    }
}

/// What the layer adds to a service that does nothing. Prints; no machine is fast enough to assert on.
/// `cargo test --release -p abatis-tower --test socket -- --ignored --nocapture overhead`
#[tokio::test]
#[ignore = "measures"]
#[allow(clippy::print_stderr, reason = "the figures")]
async fn overhead() {
    use tower::{Layer, Service, service_fn};
    const ROUNDS: u32 = 20_000;
    async fn time<S, R>(name: &str, mut service: S)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<R>>,
        S::Error: std::fmt::Debug,
    {
        let json =
            format!(r#"{{"items": [{}7]}}"#, r#"{"sku": "OT-0042", "quantity": 2}, "#.repeat(28));
        let bodies = [("no body", ""), ("1 KB of JSON", &*json)];
        for (kind, body) in bodies {
            let body = Bytes::from(body.to_owned());
            let mut begun = Instant::now();
            for round in 0..ROUNDS + 1000 {
                if round == 1000 {
                    begun = Instant::now();
                }
                let request = Request::post("/search?q=oak+table")
                    .header("host", "shop.example")
                    .header("user-agent", "curl/8.5.0")
                    .header("accept", "*/*")
                    .header("content-type", "application/json")
                    .body(Full::new(body.clone()))
                    .unwrap();
                let response = service.call(request).await.unwrap();
                assert_eq!(response.status(), StatusCode::OK);
            }
            eprintln!("{name}, {kind}: {:?}", begun.elapsed() / ROUNDS);
        }
    }
    time("without", service_fn(read::<Full<Bytes>>)).await;
    let layer = AbatisLayer::new(engine("mode: block"));
    time("buffered", layer.layer(service_fn(read))).await;
    let layer = layer.body_mode(BodyMode::Stream);
    time("stream", layer.layer(service_fn(read))).await;
}

async fn read<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::new(Full::new(body)))
}
