//! A small service behind the layer, with a policy that knows its route.
//!
//! ```console
//! $ cargo run -p abatis-tower --example axum
//! $ curl -i localhost:3000/orders/7 -X PUT -H 'content-type: application/json' -d '{"sku": "OT-0042", "quantity": 2}'
//! $ curl -i localhost:3000/orders/7 -X PUT -H 'content-type: application/json' -d '{"sku": "OT-0042", "quantity": 0}'
//! $ curl -i "localhost:3000/orders/7?sort=1'+or+'1'%3D'1"
//! ```
#![allow(clippy::print_stderr, reason = "a program that logs to its terminal")]

use abatis::{Action, Engine, Policy};
use abatis_tower::{AbatisLayer, EngineHandle};
use axum::Router;
use axum::extract::Path;
use axum::routing::get;

const POLICY: &str = r#"
schemas:
  order:
    type: object
    required: [sku, quantity]
    additionalProperties: false
    properties:
      sku: {type: string, pattern: "^[A-Z]{2}-[0-9]{4}$"}
      quantity: {type: integer, minimum: 1}
      note: {type: string, maxLength: 500}
routes:
  - path: /orders/{id}
    methods: [PUT]
    body: order
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Every error of the policy at once, with line and column.
    let engine = Engine::new(&Policy::from_yaml("orders.yaml", POLICY)?)?;
    // For a reload: `handle.swap(another_engine)`, whenever the policy has changed.
    let handle = EngineHandle::new(engine);

    let layer = AbatisLayer::new(handle.clone()).on_verdict(|report| {
        let verdict = report.verdict();
        if verdict.action > Action::Allow {
            let rule = verdict.findings.first().map(|finding| finding.rule.as_str());
            eprintln!("{} {} {rule:?} {}", report.method(), verdict.action, verdict.score);
        }
    });
    let app = Router::new()
        .route("/orders/{id}", get(show).put(change))
        // On the outermost router, so that it sees what was sent.
        .layer(layer);

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 3000)).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn show(Path(id): Path<u64>) -> String {
    format!("order {id}\n")
}

async fn change(Path(id): Path<u64>, order: String) -> String {
    format!("order {id} is now {order}\n")
}
