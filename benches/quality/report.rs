//! Counting and printing.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use abatis::model::policy::Sensitivity;

/// One judged record.
pub(crate) struct Record {
    pub(crate) attack: bool,
    pub(crate) class: String,
    pub(crate) cluster: String,
    /// Whether it was caught, for each sensitivity in [`Sensitivity::ALL`].
    pub(crate) caught: Vec<bool>,
}

/// The bars that values have to clear at sensitivity `default`, by cluster, in per cent.
pub(crate) struct Bars {
    caught: f64,
    mean_of_classes: f64,
    ordinary: f64,
    technical: f64,
}

impl Default for Bars {
    fn default() -> Bars {
        Bars { caught: 85.0, mean_of_classes: 60.0, ordinary: 0.2, technical: 3.0 }
    }
}

/// The classes whose rates the mean over classes is taken of.
const CLASSES: [&str; 12] = [
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

/// Whether a benign kind is of the ordinary ones.
pub(crate) fn ordinary(kind: &str) -> bool {
    !TECHNICAL.contains(&kind) && !HARD.contains(&kind)
}

/// Sums of one cluster: records, and caught ones for each sensitivity.
#[derive(Clone, Copy, Default)]
struct Sum {
    records: u32,
    caught: [u32; 4],
}

type Clusters = HashMap<String, Sum>;

/// Everything counted.
#[derive(Default)]
pub(crate) struct Rates {
    /// By (benign, class).
    classes: BTreeMap<(bool, String), Clusters>,
    wrong: HashMap<String, usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Record,
    Cluster,
}

impl Rates {
    pub(crate) fn add(&mut self, record: Record, wrong: bool) {
        if wrong {
            self.count_wrong(&record.class);
        }
        let clusters = self.classes.entry((!record.attack, record.class)).or_default();
        let sum = clusters.entry(record.cluster).or_default();
        sum.records += 1;
        for (sum, caught) in sum.caught.iter_mut().zip(record.caught) {
            *sum += u32::from(caught);
        }
    }

    pub(crate) fn count_wrong(&mut self, class: &str) {
        *self.wrong.entry(class.to_owned()).or_default() += 1;
    }

    pub(crate) fn wrong_so_far(&self, class: &str) -> usize {
        self.wrong.get(class).copied().unwrap_or(0)
    }

    /// Rates in per cent for each sensitivity, and how many samples they are of.
    fn rate(&self, by: By, wanted: impl Fn(bool, &str) -> bool) -> ([f64; 4], usize) {
        let mut sums = [0.0; 4];
        let mut samples = 0;
        for ((benign, class), clusters) in &self.classes {
            if !wanted(*benign, class) {
                continue;
            }
            for cluster in clusters.values() {
                let weight = if by == By::Cluster { f64::from(cluster.records) } else { 1.0 };
                samples += if by == By::Cluster { 1 } else { cluster.records as usize };
                for (sum, caught) in sums.iter_mut().zip(cluster.caught) {
                    *sum += f64::from(caught) / weight;
                }
            }
        }
        let all = f64::from(u32::try_from(samples.max(1)).unwrap_or(u32::MAX));
        (sums.map(|sum| 100.0 * sum / all), samples)
    }

    fn tiers(&self, by: By) -> Vec<(&'static str, [f64; 4], usize)> {
        let mut tiers = Vec::new();
        let (rates, samples) = self.rate(by, |benign, _| !benign);
        tiers.push(("caught, all attacks", rates, samples));
        let mut mean = [0.0; 4];
        let mut classes = 0;
        for class in CLASSES {
            let (rates, samples) = self.rate(by, |benign, name| !benign && name == class);
            if samples > 0 {
                classes += 1;
                for (mean, rate) in mean.iter_mut().zip(rates) {
                    *mean += rate;
                }
            }
        }
        tiers.push((
            "caught, mean over classes",
            mean.map(|sum| sum / f64::from(classes.max(1))),
            classes as usize,
        ));
        let technical = |name: &str| TECHNICAL.contains(&name);
        let hard = |name: &str| HARD.contains(&name);
        let (rates, samples) = self.rate(by, |benign, name| benign && ordinary(name));
        tiers.push(("flagged, ordinary", rates, samples));
        let (rates, samples) = self.rate(by, |benign, name| benign && technical(name));
        tiers.push(("flagged, technical", rates, samples));
        let (rates, samples) = self.rate(by, |benign, name| benign && hard(name));
        tiers.push(("flagged, hard", rates, samples));
        tiers
    }

    /// What of the bars is missed at `default`.
    pub(crate) fn misses(&self, bars: &Bars) -> Vec<String> {
        let tiers = self.tiers(By::Cluster);
        let at_default = |index: usize| tiers.get(index).map_or(0.0, |(_, rates, _)| rates[1]);
        let mut misses = Vec::new();
        for (index, bar, least) in [(0, bars.caught, true), (1, bars.mean_of_classes, true)]
            .into_iter()
            .chain([(2, bars.ordinary, false), (3, bars.technical, false)])
        {
            let rate = at_default(index);
            if (least && rate < bar) || (!least && rate > bar) {
                let name = tiers.get(index).map_or("", |(name, ..)| name);
                misses.push(format!("{name}: {rate:.2} %, bar {bar} %"));
            }
        }
        misses
    }

    /// The tables, as Markdown.
    pub(crate) fn table(&self, kind: &str, data: &str) -> String {
        let mut text = format!(
            "# Quality on `{data}`: {kind}\n\n`cargo xtask quality --data …/{data}`. Per cent with any action but allow.\n"
        );
        for (by, title) in [(By::Cluster, "By cluster"), (By::Record, "By record")] {
            let names: Vec<_> = Sensitivity::ALL.iter().map(|s| s.as_str()).collect();
            let _ = write!(
                text,
                "\n## {title}\n\n| | n | {} |\n|---|---:|{}\n",
                names.join(" | "),
                "---:|".repeat(4)
            );
            let mut row = |name: &str, rates: [f64; 4], samples: usize, digits: usize| {
                let rates = rates.map(|rate| format!("{rate:.digits$}")).join(" | ");
                let _ = writeln!(text, "| {name} | {samples} | {rates} |");
            };
            for (name, rates, samples) in self.tiers(by) {
                row(
                    &format!("**{name}**"),
                    rates,
                    samples,
                    if name.contains("ordinary") { 3 } else { 2 },
                );
            }
            for (benign, class) in self.classes.keys() {
                let (rates, samples) = self.rate(by, |b, name| b == *benign && name == class);
                row(class, rates, samples, 2);
            }
        }
        text
    }
}
