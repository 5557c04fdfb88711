//! Counting: rates by class, kind and tier, with intervals, and what scores would do at other thresholds.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use abatis::model::policy::Sensitivity;
use serde::Serialize;

/// One judged record.
pub(crate) struct Record {
    pub(crate) attack: bool,
    pub(crate) class: String,
    pub(crate) cluster: String,
    /// Whether it was caught, for each sensitivity in [`Sensitivity::ALL`].
    pub(crate) caught: Vec<bool>,
    /// The highest score, 0..=1000.
    pub(crate) score: u16,
}

/// What values have to clear at one sensitivity, by cluster, in per cent.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Bar {
    pub(crate) caught: f64,
    pub(crate) mean: f64,
    pub(crate) ordinary: f64,
    pub(crate) technical: f64,
}

/// The bars of the project, for the first three of [`Sensitivity::ALL`].
pub(crate) const BARS: [Bar; 3] = [
    Bar { caught: 95.0, mean: 85.0, ordinary: 0.01, technical: 0.3 },
    Bar { caught: 97.0, mean: 92.0, ordinary: 0.03, technical: 1.0 },
    Bar { caught: 99.5, mean: 97.0, ordinary: 0.3, technical: 5.0 },
];

/// The classes whose rates the mean over classes is taken of.
pub(crate) const CLASSES: [&str; 12] = [
    "sqli", "xss", "cmdi", "lfi", "rce-code", "ssti", "ssrf", "log4j", "nosqli", "crlf", "ldapi",
    "xxe",
];
/// Innocents made to look like attacks.
const HARD: [&str; 2] = ["benign-libinjection-fp", "benign-naughty"];
/// Prose about code.
const TECHNICAL: [&str; 5] = [
    "benign-sql-prose",
    "benign-security-prose",
    "benign-man",
    "benign-man-i18n",
    "benign-markdown",
];

/// What a class or kind is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Attack,
    Ordinary,
    Technical,
    Hard,
}

impl Tier {
    pub(crate) fn of(attack: bool, kind: &str) -> Tier {
        match kind {
            _ if attack => Tier::Attack,
            kind if TECHNICAL.contains(&kind) => Tier::Technical,
            kind if HARD.contains(&kind) => Tier::Hard,
            _ => Tier::Ordinary,
        }
    }
}

/// Rates in per cent, for each sensitivity in [`Sensitivity::ALL`].
pub(crate) type Four = [f64; 4];

/// A row of a table: one class or kind, or a sum over several.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) tier: Tier,
    pub(crate) clusters: usize,
    pub(crate) records: usize,
    pub(crate) by_cluster: Four,
    /// 95 % intervals of the rates by cluster.
    pub(crate) interval: [[f64; 2]; 4],
    pub(crate) by_record: Four,
}

/// What was measured on one file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) tiers: Vec<Row>,
    pub(crate) classes: Vec<Row>,
}

/// What the values would come to at each threshold of the score, by cluster.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Roc {
    pub(crate) thresholds: Vec<u16>,
    pub(crate) flagged: BTreeMap<&'static str, Vec<f64>>,
    pub(crate) caught: BTreeMap<String, Vec<f64>>,
}

/// Sums of one cluster.
#[derive(Clone, Default)]
struct Sum {
    scores: Vec<u16>,
    caught: [u32; 4],
}

type Clusters = HashMap<String, Sum>;

/// Everything counted.
#[derive(Default)]
pub(crate) struct Rates {
    classes: BTreeMap<(Tier, String), Clusters>,
}

impl Rates {
    pub(crate) fn add(&mut self, record: Record) {
        let tier = Tier::of(record.attack, &record.class);
        let clusters = self.classes.entry((tier, record.class)).or_default();
        let sum = clusters.entry(record.cluster).or_default();
        sum.scores.push(record.score);
        for (sum, caught) in sum.caught.iter_mut().zip(record.caught) {
            *sum += u32::from(caught);
        }
    }

    /// One row of all classes that are wanted.
    fn row(&self, name: &str, tier: Tier, wanted: impl Fn(&str) -> bool) -> Row {
        let (mut by_cluster, mut by_record) = ([0.0; 4], [0.0; 4]);
        let (mut clusters, mut records) = (0, 0);
        let classes = self.classes.iter().filter(|((of, name), _)| *of == tier && wanted(name));
        for cluster in classes.flat_map(|(_, clusters)| clusters.values()) {
            clusters += 1;
            records += cluster.scores.len();
            for (at, caught) in cluster.caught.into_iter().enumerate() {
                by_cluster[at] += f64::from(caught) / count(cluster.scores.len());
                by_record[at] += f64::from(caught);
            }
        }
        let by_cluster = by_cluster.map(|sum| rounded(100.0 * sum / count(clusters)));
        Row {
            name: name.to_owned(),
            tier,
            clusters,
            records,
            by_cluster,
            interval: by_cluster.map(|rate| wilson(rate, clusters)),
            by_record: by_record.map(|sum| rounded(100.0 * sum / count(records))),
        }
    }

    /// The tables.
    pub(crate) fn table(&self) -> Table {
        let classes: Vec<Row> = self
            .classes
            .keys()
            .map(|(tier, class)| self.row(class, *tier, |name| name == class))
            .collect();
        let tiers = vec![
            self.row("caught, all attacks", Tier::Attack, |_| true),
            mean("caught, mean over classes", &classes),
            self.row("flagged, ordinary", Tier::Ordinary, |_| true),
            self.row("flagged, technical", Tier::Technical, |_| true),
            self.row("flagged, hard", Tier::Hard, |_| true),
        ];
        Table { tiers, classes }
    }

    /// Curves over the threshold of the score, from 1000 down to the least score that is kept as evidence.
    pub(crate) fn roc(&self) -> Roc {
        let thresholds: Vec<u16> = (300..=1000).rev().step_by(10).collect();
        let curve = |tier: Tier, class: &str| {
            let classes = self
                .classes
                .iter()
                .filter(|((of, name), _)| *of == tier && (class.is_empty() || name == class));
            let clusters: Vec<&Sum> = classes.flat_map(|(_, clusters)| clusters.values()).collect();
            let rate = |threshold: u16| {
                let share = |sum: &&Sum| {
                    let over = sum.scores.iter().filter(|score| **score >= threshold);
                    over.map(|_| 1.0 / count(sum.scores.len())).sum::<f64>()
                };
                100.0 * clusters.iter().map(share).sum::<f64>() / count(clusters.len())
            };
            thresholds.iter().map(|threshold| rounded(rate(*threshold))).collect::<Vec<_>>()
        };
        let tiers = [("ordinary", Tier::Ordinary), ("technical", Tier::Technical)];
        let attacks = self.classes.keys().filter(|(tier, _)| *tier == Tier::Attack);
        Roc {
            flagged: tiers.map(|(name, tier)| (name, curve(tier, ""))).into(),
            caught: attacks.map(|(tier, class)| (class.clone(), curve(*tier, class))).collect(),
            thresholds,
        }
    }
}

/// At least one, to divide by.
#[allow(clippy::cast_precision_loss, reason = "nobody counts 2^53 records")]
fn count(of: usize) -> f64 {
    of.max(1) as f64
}

/// Four digits behind the point are enough for a record.
pub(crate) fn rounded(rate: f64) -> f64 {
    (rate * 1e4).round() / 1e4
}

/// The 95 % interval of a rate in per cent over `n` samples (Wilson's score interval; what is between 0 and 1 in a
/// cluster counts as its share).
pub(crate) fn wilson(rate: f64, n: usize) -> [f64; 2] {
    const Z: f64 = 1.959_964;
    if n == 0 {
        return [0.0, 100.0];
    }
    let (p, n) = (rate / 100.0, count(n));
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
    let whole = 1.0 + Z * Z / n;
    [100.0 * ((middle - half) / whole).max(0.0), 100.0 * ((middle + half) / whole).min(1.0)]
        .map(rounded)
}

/// The mean over [`CLASSES`]. Its interval adds the distances of the classes' own in squares (MOVER), so that a thin
/// class without a miss still counts as uncertain.
fn mean(name: &str, classes: &[Row]) -> Row {
    let of: Vec<&Row> = classes
        .iter()
        .filter(|row| row.tier == Tier::Attack && CLASSES.contains(&&*row.name))
        .collect();
    let n = count(of.len());
    let mut row = Row {
        name: name.to_owned(),
        tier: Tier::Attack,
        clusters: of.len(),
        records: of.len(),
        by_cluster: [0.0; 4],
        interval: [[0.0; 2]; 4],
        by_record: [0.0; 4],
    };
    for at in 0..4 {
        let rate = of.iter().map(|row| row.by_cluster[at]).sum::<f64>() / n;
        let far = |end: usize| {
            of.iter()
                .map(|row| (row.by_cluster[at] - row.interval[at][end]).powi(2))
                .sum::<f64>()
                .sqrt()
                / n
        };
        row.by_cluster[at] = rounded(rate);
        row.by_record[at] = rounded(of.iter().map(|row| row.by_record[at]).sum::<f64>() / n);
        row.interval[at] = [rate - far(0), (rate + far(1)).min(100.0)].map(rounded);
    }
    row
}

impl Table {
    /// What is measured against each [`Bar`], in its order: rate and whether more is better.
    pub(crate) fn against(&self, at: usize, bar: &Bar) -> [(&Row, f64, bool); 4] {
        let [all, mean, ordinary, technical] = [0, 1, 2, 3].map(|tier| &self.tiers[tier]);
        debug_assert!(at < BARS.len(), "paranoid has no bar");
        [
            (all, bar.caught, true),
            (mean, bar.mean, true),
            (ordinary, bar.ordinary, false),
            (technical, bar.technical, false),
        ]
    }

    /// What of the bars is missed.
    pub(crate) fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        for (at, (bar, sensitivity)) in BARS.iter().zip(Sensitivity::ALL).enumerate() {
            for (row, bar, least) in self.against(at, bar) {
                let rate = row.by_cluster[at];
                if (least && rate < bar) || (!least && rate > bar) {
                    misses.push(format!(
                        "{}: {}: {rate:.3} %, bar {bar} %",
                        sensitivity.as_str(),
                        row.name
                    ));
                }
            }
        }
        misses
    }

    /// As Markdown.
    pub(crate) fn markdown(&self, kind: &str, data: &str) -> String {
        let mut text = format!(
            "# Quality on `{data}`: {kind}\n\n`cargo xtask quality --data …/{data}`. Per cent with any action but allow.\n"
        );
        let names: Vec<_> = Sensitivity::ALL.iter().map(|s| s.as_str()).collect();
        for (by_cluster, title) in [(true, "By cluster"), (false, "By record")] {
            let _ = write!(
                text,
                "\n## {title}\n\n| | n | {} |\n|---|---:|{}\n",
                names.join(" | "),
                "---:|".repeat(4)
            );
            for (summed, row) in self
                .tiers
                .iter()
                .map(|row| (true, row))
                .chain(self.classes.iter().map(|row| (false, row)))
            {
                let (rates, n) = if by_cluster {
                    (row.by_cluster, row.clusters)
                } else {
                    (row.by_record, row.records)
                };
                let digits = if row.name.contains("ordinary") { 3 } else { 2 };
                let rates = rates.map(|rate| format!("{rate:.digits$}")).join(" | ");
                let name = if summed { format!("**{}**", row.name) } else { row.name.clone() };
                let _ = writeln!(text, "| {name} | {n} | {rates} |");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(attack: bool, class: &str, cluster: &str, score: u16) -> Record {
        let caught = Sensitivity::ALL.map(|sensitivity| score >= sensitivity.threshold()).to_vec();
        Record { attack, class: class.to_owned(), cluster: cluster.to_owned(), caught, score }
    }

    fn tenths(rates: Four) -> [i64; 4] {
        rates.map(|rate| (rate * 10.0).round() as i64)
    }

    #[test]
    fn a_cluster_counts_once() {
        let mut rates = Rates::default();
        for score in [1000, 1000, 1000, 0] {
            rates.add(record(true, "sqli", "flood", score));
        }
        rates.add(record(true, "sqli", "lone", 600));
        rates.add(record(false, "benign-city", "c", 400));
        let table = rates.table();
        let sqli = table.classes.iter().find(|row| row.name == "sqli").expect("counted");
        assert_eq!((sqli.clusters, sqli.records), (2, 5));
        assert_eq!(tenths(sqli.by_cluster), [375, 375, 875, 875]);
        assert_eq!(tenths(sqli.by_record), [600, 600, 800, 800]);
        assert_eq!(tenths(table.tiers[2].by_cluster), [0, 0, 0, 1000]);
        let roc = rates.roc();
        let at = |threshold| roc.thresholds.iter().position(|t| *t == threshold).expect("a step");
        assert!((roc.caught["sqli"][at(600)] - 87.5).abs() < 1e-9);
        assert!((roc.caught["sqli"][at(610)] - 37.5).abs() < 1e-9);
        assert!((roc.flagged["ordinary"][at(400)] - 100.0).abs() < 1e-9);
        assert!(roc.flagged["ordinary"][at(410)].abs() < 1e-9);
    }

    #[test]
    fn intervals_are_those_of_the_books() {
        // Brown, Cai and DasGupta (2001): all of 10 and none of 10.
        let [low, high] = wilson(100.0, 10);
        assert!((low - 72.25).abs() < 0.01 && (high - 100.0).abs() < 1e-9, "{low} {high}");
        let [low, high] = wilson(0.0, 10);
        assert!(low.abs() < 1e-9 && (high - 27.75).abs() < 0.01, "{low} {high}");
        let [low, high] = wilson(50.0, 100);
        assert!((low - 40.38).abs() < 0.01 && (high - 59.62).abs() < 0.01, "{low} {high}");
    }

    #[test]
    fn bars_tell_more_from_less() {
        let mut rates = Rates::default();
        for class in CLASSES {
            rates.add(record(true, class, class, 1000));
        }
        assert!(rates.table().misses().is_empty());
        rates.add(record(false, "benign-city", "c", 800));
        let misses = rates.table().misses();
        assert_eq!(misses.len(), 2, "{misses:?}");
        assert!(misses[0].starts_with("default: flagged, ordinary: 100.000 %"), "{misses:?}");
    }
}
