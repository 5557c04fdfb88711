//! How rules scale: 10,000 literals and 1,000 expressions beside 100 of them.
//!
//! `cargo bench -p abatis-benches --bench scale`. One core, warm, answers checked first.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![allow(clippy::print_stdout, reason = "sizes are told beside times")]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use abatis::model::Bundle;
use abatis::{Action, Engine, Place, Scratch};
use abatis_benches::scale::rule_file;
use abatis_benches::{NAME, PROSE, browser_get, order_post};
use criterion::{Criterion, criterion_group, criterion_main};

/// Literals and expressions beside the built-in rules.
const SIZES: [(usize, usize); 2] = [(90, 10), (10_000, 1_000)];

/// A policy with so many rules of its own, in a file.
fn policy(literals: usize, expressions: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scale-{literals}"));
    fs::create_dir_all(&folder).expect("a folder below target");
    fs::write(folder.join("rules.yaml"), rule_file(literals, expressions)).expect("a rule file");
    let policy = folder.join("policy.yaml");
    fs::write(&policy, "rulesets: [builtin, rules.yaml]\n").expect("a policy");
    policy
}

fn scale(c: &mut Criterion) {
    for (literals, expressions) in SIZES {
        let rules = literals + expressions;
        let mut group = c.benchmark_group(format!("scale/{rules}"));
        group.sample_size(10);
        let policy = policy(literals, expressions);
        let read = || Bundle::load(&policy).unwrap_or_else(|error| panic!("{error}"));
        group.bench_function("read", |b| b.iter(read));
        let bundle = read();
        let compile = || {
            Engine::builder().build(black_box(&bundle)).unwrap_or_else(|error| panic!("{error}"))
        };
        group.bench_function("compile", |b| b.iter(compile));
        let engine = compile();
        println!("scale/{rules}: {} KiB of {} KiB", engine.memory_usage() >> 10, 64 << 10);

        group.sample_size(100);
        let mut scratch = Scratch::new();
        for (name, value) in [("name", NAME), ("prose", PROSE)] {
            assert_eq!(
                engine.inspect_value(&mut scratch, Place::Form, value).action,
                Action::Allow
            );
            group.bench_function(name, |b| {
                b.iter(|| engine.inspect_value(&mut scratch, Place::Form, black_box(value)).action);
            });
        }
        for (name, request) in [("browser-get", browser_get()), ("json-1k", order_post())] {
            assert_eq!(engine.inspect_with(&mut scratch, &request).action, Action::Allow);
            group.bench_function(name, |b| {
                b.iter(|| engine.inspect_with(&mut scratch, black_box(&request)).action);
            });
        }
    }
}

criterion_group!(benches, scale);
criterion_main!(benches);
