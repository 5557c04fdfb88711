//! Single stages: gate, decode, prefilter, each detector, the JSON parser.
//!
//! `cargo bench -p abatis-benches --bench stages`. One core, warm, answers checked first.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use abatis::internals::stages::{self, Decoder, Json, Prefilter};
use abatis::{Engine, Policy};
use abatis_benches::{ATTACK, LANGUAGES, NAME, ORDER, PROSE};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ENCODED: &[u8] = b"oak+table+%26+chairs+%2850%25+off%29";

fn gate(c: &mut Criterion) {
    assert_eq!(stages::gate(b"a"), stages::gate(b"z"));
    let mut group = c.benchmark_group("gate");
    for (name, value) in [("name", NAME), ("prose", PROSE)] {
        group.throughput(Throughput::Bytes(value.len() as u64));
        group.bench_function(name, |b| b.iter(|| stages::gate(black_box(value))));
    }
}

fn decode(c: &mut Criterion) {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.readings(NAME), 1);
    assert!(decoder.readings(ENCODED) > 1);
    let mut group = c.benchmark_group("decode");
    for (name, value) in [("name", NAME), ("prose", PROSE), ("encoded", ENCODED)] {
        group.throughput(Throughput::Bytes(value.len() as u64));
        group.bench_function(name, |b| b.iter(|| decoder.readings(black_box(value))));
    }
}

fn prefilter(c: &mut Criterion) {
    let engine = Engine::new(&Policy::default()).expect("the built-in policy");
    let mut prefilter = Prefilter::new(&engine);
    assert!(!prefilter.scan(NAME) && prefilter.scan(ATTACK));
    let mut group = c.benchmark_group("prefilter");
    for (name, value) in [("name", NAME), ("prose", PROSE), ("attack", ATTACK)] {
        group.throughput(Throughput::Bytes(value.len() as u64));
        group.bench_function(name, |b| b.iter(|| prefilter.scan(black_box(value))));
    }
}

fn detect(c: &mut Criterion) {
    let engine = Engine::new(&Policy::default()).expect("the built-in policy");
    assert!(stages::language(&engine, "sql", ATTACK) >= Some(700));
    let mut group = c.benchmark_group("detect");
    for language in LANGUAGES {
        assert!(stages::language(&engine, language, PROSE) < Some(700), "{language}");
        for (name, value) in [("prose", PROSE), ("attack", ATTACK)] {
            group.throughput(Throughput::Bytes(value.len() as u64));
            group.bench_function(format!("{language}/{name}"), |b| {
                b.iter(|| stages::language(&engine, language, black_box(value)));
            });
        }
    }
}

fn parse(c: &mut Criterion) {
    let mut json = Json::default();
    assert!(json.events(ORDER).is_some_and(|events| events > 60));
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(ORDER.len() as u64));
    group.bench_function("json-1k", |b| b.iter(|| json.events(black_box(ORDER))));
}

criterion_group!(benches, gate, decode, prefilter, detect, parse);
criterion_main!(benches);
