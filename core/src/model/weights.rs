//! Weight files: `rules/weights/*.json`. What a detector's tokens speak for, learned or set by hand, as data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The weight file of one detector: `rules/weights/<detector>.json`.
///
/// ```json
/// {
///   "detector": "sql",
///   "origin": "by hand",
///   "levels": {"paranoid": 35, "high": 48, "default": 60, "low": 95},
///   "weights": {"NAME": -5, "CLOSE UNION": 50, "NAME CMP HEX": 20}
/// }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightFile {
    /// The detector whose tokens are named here.
    pub detector: String,
    /// How the weights came about: `by hand`, or the command that learned them.
    pub origin: String,
    /// Segment scores at which each sensitivity fires; must increase from `paranoid` to `low`.
    pub levels: Levels,
    /// Weight by one to three token names, separated by blanks: `"UNION SELECT": 40`.
    pub weights: BTreeMap<String, i16>,
}

/// Segment scores at which each sensitivity fires.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    /// Fires at sensitivity `paranoid` (calibrated score 300).
    pub paranoid: i32,
    /// Fires at sensitivity `high` (calibrated score 500).
    pub high: i32,
    /// Fires at sensitivity `default` (calibrated score 700).
    pub default: i32,
    /// Fires at sensitivity `low` (calibrated score 900).
    pub low: i32,
}
