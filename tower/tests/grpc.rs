//! The layer in front of a tonic server: unary calls, a stream of answers, and refusals as gRPC clients see them.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Duration;

use abatis::{Engine, Policy};
use abatis_tower::{AbatisLayer, BodyMode};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::HealthReporter;

const WAIT: Duration = Duration::from_secs(20);

/// The service that tonic has for questions after its health, behind the layer.
async fn serve() -> (HealthClient<Channel>, HealthReporter) {
    let policy = "body_types: {opaque: [application/grpc]}";
    let engine = Engine::new(&Policy::from_yaml("test.yaml", policy).unwrap()).unwrap();
    let (reporter, service) = tonic_health::server::health_reporter();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let layer = AbatisLayer::new(engine).body_mode(BodyMode::Stream);
    let server = Server::builder().layer(layer).add_service(service);
    tokio::spawn(server.serve_with_incoming(incoming));
    let channel = Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    (HealthClient::new(channel.connect().await.unwrap()), reporter)
}

fn question() -> Request<HealthCheckRequest> {
    Request::new(HealthCheckRequest { service: "shop".to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_streams_go_through() {
    let (mut client, reporter) = serve().await;
    let unknown = client.check(question()).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound, "the answer of the service: {unknown}");
    reporter.set_service_status("shop", ServingStatus::Serving).await;
    let answer = timeout(WAIT, client.check(question())).await.unwrap().unwrap();
    assert_eq!(answer.into_inner().status, ServingStatus::Serving as i32);

    let mut answers = client.watch(question()).await.unwrap().into_inner();
    // Each comes before the next is made.
    for (status, next) in [
        (ServingStatus::Serving, ServingStatus::NotServing),
        (ServingStatus::NotServing, ServingStatus::Serving),
    ] {
        let answer = timeout(WAIT, answers.message()).await.unwrap().unwrap().unwrap();
        assert_eq!(answer.status, status as i32);
        reporter.set_service_status("shop", next).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attack_in_the_metadata_is_refused() {
    let (mut client, reporter) = serve().await;
    reporter.set_service_status("shop", ServingStatus::Serving).await;
    let mut attack = question();
    attack.metadata_mut().insert("x-name", "1' or '1'='1".parse().unwrap());
    let refused = timeout(WAIT, client.check(attack)).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    let answer = timeout(WAIT, client.check(question())).await.unwrap().unwrap();
    assert_eq!(answer.into_inner().status, ServingStatus::Serving as i32);
}
