//! Inspects one of the inputs of the benches over and over, for a profiler to look at.
//!
//! `cargo build --profile quick -p abatis-benches --example repeat`, then run it under `perf record` or
//! `valgrind --tool=callgrind` with the input's name and how often: `repeat browser-get 10000`. Prints nanoseconds a time.
//! What is no name of an input is taken for a value: `repeat 'no invoice in box' 10000`. A third argument is a policy file.

#![allow(clippy::print_stdout, reason = "a tool")]

use std::hint::black_box;
use std::time::Instant;

use abatis::model::Bundle;
use abatis::{Engine, Place, Policy, Scratch};
use abatis_benches::{ATTACK, NAME, PROSE, browser_get, order_post};

/// How often the time is taken.
const ROUNDS: u32 = 100;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "name".to_owned());
    let times: u32 = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    let bundle = match arguments.next() {
        Some(policy) => Bundle::load(policy),
        None => Bundle::new(Policy::default()),
    };
    let bundle = bundle.unwrap_or_else(|error| panic!("{error}"));
    let engine = Engine::builder().build(&bundle).unwrap_or_else(|error| panic!("{error}"));
    let mut scratch = Scratch::new();
    let request = if name == "json-1k" { order_post() } else { browser_get() };
    let value = match name.as_str() {
        "name" => NAME,
        "prose" => PROSE,
        "attack" => ATTACK,
        "browser-get" | "json-1k" => b"",
        other => other.as_bytes(),
    };
    let mut best = u128::MAX;
    // The best of many rounds is what a quiet machine would show.
    let each = times.div_ceil(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..each {
            if value.is_empty() {
                black_box(engine.inspect_with(&mut scratch, black_box(&request)));
            } else {
                black_box(engine.inspect_value(&mut scratch, Place::Query, black_box(value)));
            }
        }
        best = best.min(start.elapsed().as_nanos() / u128::from(each));
    }
    println!("{name}: {best} ns");
}
