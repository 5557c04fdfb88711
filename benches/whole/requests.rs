//! Whole inspections: names and other values, prose, attacks, a browser's GET, a 1 KB JSON body.
//!
//! `cargo bench -p abatis-benches --bench requests`. One core, warm scratch, verdict checked first.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use abatis::{Action, Engine, Place, Policy, Request, Scratch};
use abatis_benches::{ATTACK, ATTACKS, BENIGN, NAME, PROSE, browser_get, order_post};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn values(c: &mut Criterion) {
    let engine = Engine::new(&Policy::default()).expect("the built-in policy");
    let mut scratch = Scratch::new();
    let mut group = c.benchmark_group("value");
    let benign = [("name", NAME), ("prose", PROSE)].into_iter().chain(BENIGN);
    let attacks = [("attack", ATTACK)].into_iter().chain(ATTACKS);
    let values = benign.map(|(name, value)| (name, value, Action::Allow));
    for (name, value, action) in values.chain(attacks.map(|(n, value)| (n, value, Action::Block))) {
        let verdict = engine.inspect_value(&mut scratch, Place::Query, value);
        assert_eq!(verdict.action, action, "{name}: {verdict:?}");
        group.throughput(Throughput::Bytes(value.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                engine.inspect_value(&mut scratch, Place::Query, std::hint::black_box(value)).action
            });
        });
    }
}

fn requests(c: &mut Criterion) {
    let engine = Engine::new(&Policy::default()).expect("the built-in policy");
    let mut scratch = Scratch::new();
    let mut group = c.benchmark_group("request");
    let bytes = |request: &Request<'_>| {
        let headers: usize =
            request.headers().iter().map(|(name, value)| name.len() + value.len()).sum();
        (request.target().len() + headers + request.body_bytes().len()) as u64
    };
    for (name, request) in [("browser-get", browser_get()), ("json-1k", order_post())] {
        let verdict = engine.inspect_with(&mut scratch, &request);
        assert_eq!(verdict.action, Action::Allow, "{name}: {verdict:?}");
        group.throughput(Throughput::Bytes(bytes(&request)));
        group.bench_function(name, |b| {
            b.iter(|| engine.inspect_with(&mut scratch, std::hint::black_box(&request)).action);
        });
    }
}

criterion_group!(benches, values, requests);
criterion_main!(benches);
