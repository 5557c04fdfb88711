//! What the tests of parsers share: cases of `testdata/`, and inputs from a fixed seed.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The `[[case]]` entries of `testdata/<file>`.
pub(crate) fn cases<T: DeserializeOwned>(file: &str) -> Vec<T> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases<T> {
        case: Vec<T>,
    }
    read::<Cases<T>>(file).case
}

/// Reads `testdata/<file>`.
pub(crate) fn read<T: DeserializeOwned>(file: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The text that a range cuts out; ranges that do not fit panic, which is what the tests are for.
#[track_caller]
pub(crate) fn cut(bytes: &[u8], range: &Range<usize>) -> String {
    String::from_utf8_lossy(&bytes[range.clone()]).into_owned()
}

/// A generator of the same numbers on every run (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        Random(0x9E37_79B9_7F4A_7C15)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    /// Up to `most` pieces of `alphabet` in a row, now and then one random byte.
    pub(crate) fn text(&mut self, alphabet: &[&str], most: usize) -> Vec<u8> {
        let mut text = Vec::new();
        for _ in 0..self.below(most + 1) {
            if self.below(12) == 0 {
                text.push(self.below(256) as u8);
            } else {
                text.extend_from_slice(alphabet[self.below(alphabet.len())].as_bytes());
            }
        }
        text
    }
}
