//! Time follows the bytes: what no step counts, a look ahead or back, must end somewhere near.
//!
//! Steps are counted before a stage works (`hostile.rs`), so they do not tell a lexer that looks to the end of the value from each of its bytes:
//! one did, and 64 KiB of `@(` took 0.4 s. So this test reads the clock of its own thread, with room for any noise: a long value may cost four times
//! as much a byte as one of an eighth of its length, where looking to the end costs eight times as much; only what is slow at all is asked, and
//! the best of several tries counts.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::cast_precision_loss, reason = "times of values that are short of 2^53 bytes")]

use std::time::Duration;

use abatis::{Engine, Place, Policy, Scratch};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

/// What some lexer or decoder looks ahead or back from.
#[derive(Deserialize)]
struct Hostile {
    pieces: Vec<String>,
}

const LONG: usize = 32 << 10;
/// Nanoseconds a byte from which on a value is slow.
const SLOW: f64 = 400.0;
/// How much dearer a byte of a value may be that is eight times as long.
const DEARER: f64 = 4.0;

struct Clock {
    engine: Engine,
    scratch: Scratch,
}

impl Clock {
    /// Nanoseconds a byte of the value that the pieces make.
    fn cost(&mut self, make: &dyn Fn(usize) -> Vec<u8>, bytes: usize) -> f64 {
        let value = make(bytes);
        let begin = worked();
        let _ = self.engine.inspect_value(&mut self.scratch, Place::Query, &value);
        worked().saturating_sub(begin).as_secs_f64() * 1e9 / value.len() as f64
    }

    /// Whether a byte of a long value costs what one of a short value does.
    fn is_linear(&mut self, make: &dyn Fn(usize) -> Vec<u8>) -> bool {
        (0..5).any(|_| {
            let long = self.cost(make, LONG);
            long < SLOW || long < DEARER * self.cost(make, LONG / 8)
        })
    }
}

/// How long this thread has worked; what other programs do does not count.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

fn repeat(unit: &str, bytes: usize) -> Vec<u8> {
    unit.as_bytes().iter().copied().cycle().take(bytes).collect()
}

#[test]
fn a_long_value_costs_what_its_bytes_cost() {
    let engine = Engine::new(&Policy::default()).unwrap();
    let mut clock = Clock { engine, scratch: Scratch::new() };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/hostile.toml");
    let Hostile { pieces } = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for first in &pieces {
        for second in &pieces {
            let both = format!("{first}{second}");
            if !clock.is_linear(&|bytes| repeat(&both, bytes)) {
                wrong.push(format!("{both:?} over and over"));
            }
            // One half of each: what is looked for stands far away, or nowhere.
            let halves = |bytes| [repeat(first, bytes / 2), repeat(second, bytes / 2)].concat();
            if !clock.is_linear(&halves) {
                wrong.push(format!("{first:?} over and over, then {second:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} grow faster than their bytes:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
