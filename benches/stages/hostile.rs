//! What a byte can be made to cost each language: 64 KiB of every two of the pieces that lexers look ahead or back from.
//!
//! `cargo bench -p abatis-benches --bench hostile`. One core, warm, the best of three; prints the worst of each language, in nanoseconds a
//! byte, over all its start contexts together. That time follows the bytes at all is tested in `core/tests/linear.rs`.

#![allow(clippy::print_stdout, reason = "a tool")]
#![allow(clippy::cast_precision_loss, reason = "times that are short of 2^53 nanoseconds")]

use std::hint::black_box;
use std::time::Instant;

use abatis::internals::stages;
use abatis::{Engine, Policy};
use abatis_benches::LANGUAGES;
use serde::Deserialize;

#[derive(Deserialize)]
struct Hostile {
    pieces: Vec<String>,
}

const BYTES: usize = 64 << 10;
const TRIES: usize = 3;

fn main() {
    let engine = Engine::new(&Policy::default()).expect("the built-in policy");
    let Hostile { pieces } =
        toml::from_str(include_str!("../../testdata/hostile.toml")).expect("a list of pieces");
    for language in LANGUAGES {
        let mut worst = (0.0, String::new());
        for first in &pieces {
            for second in &pieces {
                let text = format!("{first}{second}");
                let value: Vec<u8> = text.bytes().cycle().take(BYTES).collect();
                let once = || {
                    let begin = Instant::now();
                    black_box(stages::language(&engine, language, black_box(&value)));
                    begin.elapsed().as_nanos()
                };
                let best = (0..TRIES).map(|_| once()).min().unwrap_or_default();
                let each = best as f64 / BYTES as f64;
                if each > worst.0 {
                    worst = (each, text);
                }
            }
        }
        let (each, text) = worst;
        println!("{language:10} {each:6.1} ns a byte: {text:?} over and over");
    }
}
