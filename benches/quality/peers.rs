//! What other engines make of the same values: `peers.py` asks them, this reads what it wrote.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::rates::{CLASSES, Table, Tier, rounded};

/// What `peers.py` writes.
#[derive(Debug, Deserialize)]
struct File {
    /// Bytes of the values that they were asked about.
    bytes: u64,
    made: String,
    engines: Vec<Asked>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    name: String,
    #[serde(default)]
    version: String,
    missing: Option<String>,
    #[serde(default)]
    kinds: BTreeMap<String, Kind>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Kind {
    n: u32,
    rate: f64,
}

/// One engine beside the others; rates in per cent by cluster.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) version: String,
    /// When it was asked.
    pub(crate) made: String,
    /// Caught of all attacks, mean over classes, ordinary and technical flagged; nothing if it was not installed.
    pub(crate) rates: Option<[f64; 4]>,
    pub(crate) classes: BTreeMap<String, f64>,
}

/// Measured by us on 2026-11-21, on a sample of the development data: one value of each cluster, at most 1,000 of a class. These
/// rule sets are in no registry, so they are quoted.
const EARLIER: [(&str, [f64; 4]); 2] = [
    ("ModSecurity, CRS 4, level 1", [90.0, 92.4, 1.18, 9.24]),
    ("ModSecurity, CRS 4, level 2", [96.1, 96.8, 8.78, 49.5]),
];

/// What was measured, and what is quoted where the data is what it was measured on; nothing if they were asked about other values.
pub(crate) fn read(path: &Path, data: &str, values: &Path) -> Result<Vec<Peer>, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read(path).map_err(|error| named(&error))?;
    let file: File = serde_json::from_slice(&text).map_err(|error| named(&error))?;
    if std::fs::metadata(values).map_err(|error| named(&error))?.len() != file.bytes {
        eprintln!("quality: {}: of other values, left out; ask again with --peers", path.display());
        return Ok(Vec::new());
    }
    let mut peers: Vec<Peer> =
        file.engines.into_iter().map(|asked| peer(asked, &file.made)).collect();
    if data == "dev" {
        peers.extend(EARLIER.map(|(name, rates)| Peer {
            name: name.to_owned(),
            version: "measured earlier, on a sample".to_owned(),
            made: "2026-11-21".to_owned(),
            rates: Some(rates),
            classes: BTreeMap::new(),
        }));
    }
    Ok(peers)
}

fn peer(asked: Asked, made: &str) -> Peer {
    let Asked { name, version, missing, kinds } = asked;
    let attack = |kind: &str| !kind.starts_with("benign-");
    let rate = |wanted: &dyn Fn(&str) -> bool| {
        let kinds = kinds.iter().filter(|(kind, _)| wanted(kind)).map(|(_, kind)| kind);
        let (sum, n) = kinds
            .fold((0.0, 0), |(sum, n), kind| (sum + kind.rate * f64::from(kind.n), n + kind.n));
        rounded(sum / f64::from(n.max(1)))
    };
    let means: Vec<f64> =
        CLASSES.iter().filter_map(|class| Some(kinds.get(*class)?.rate)).collect();
    let mean = rounded(
        means.iter().sum::<f64>() / f64::from(u32::try_from(means.len()).unwrap_or(1).max(1)),
    );
    let of = |tier: Tier| rate(&|kind| !attack(kind) && Tier::of(false, kind) == tier);
    let rates = [rate(&attack), mean, of(Tier::Ordinary), of(Tier::Technical)];
    Peer {
        name,
        rates: missing.is_none().then_some(rates),
        version: missing.unwrap_or(version),
        made: made.to_owned(),
        classes: kinds
            .iter()
            .filter(|(kind, _)| attack(kind))
            .map(|(kind, of)| (kind.clone(), of.rate))
            .collect(),
    }
}

/// abatis as one of them, at `default` and at `high`.
pub(crate) fn ours(table: &Table, made: &str) -> Vec<Peer> {
    let at = |(at, name): (usize, &str)| Peer {
        name: format!("abatis, {name}"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: made.to_owned(),
        rates: Some([0, 1, 2, 3].map(|tier| table.tiers[tier].by_cluster[at])),
        classes: table
            .classes
            .iter()
            .filter(|row| row.tier == Tier::Attack)
            .map(|row| (row.name.clone(), row.by_cluster[at]))
            .collect(),
    };
    [(0, "low"), (1, "default"), (2, "high")].map(at).into()
}

/// The tables, as Markdown.
pub(crate) fn markdown(peers: &[Peer], data: &str) -> String {
    let mut text = format!(
        "# Quality on `{data}`: other engines on the same values\n\n`cargo xtask quality --data …/{data} --peers`. Per cent by cluster. ModSecurity gets each value \
         as a parameter of a GET request and counts if it blocks; libddwaf gets it as a\nquery parameter and any event counts; of libinjection either check counts. What \
         was \"measured earlier\" is our own measurement on a sample: one value of each\ncluster, at most 1,000 of a class.\n\n\
         | engine | caught | mean over classes | ordinary flagged | technical flagged | version | on |\n|---|---:|---:|---:|---:|---|---|\n"
    );
    for Peer { name, version, made, rates, .. } in peers {
        let rates = match rates {
            Some([caught, mean, ordinary, technical]) => {
                format!("{caught:.2} | {mean:.2} | {ordinary:.3} | {technical:.2}")
            }
            None => "not installed | | |".to_owned(),
        };
        let _ = writeln!(text, "| {name} | {rates} | {version} | {made} |");
    }
    let with: Vec<&Peer> = peers.iter().filter(|peer| !peer.classes.is_empty()).collect();
    let names: Vec<&str> = with.iter().map(|peer| &*peer.name).collect();
    let _ = write!(
        text,
        "\n## By class\n\n| caught | {} |\n|---|{}\n",
        names.join(" | "),
        "---:|".repeat(with.len())
    );
    for class in with.first().into_iter().flat_map(|peer| peer.classes.keys()) {
        let rates: Vec<String> = with
            .iter()
            .map(|peer| peer.classes.get(class).map_or(String::new(), |rate| format!("{rate:.2}")))
            .collect();
        let _ = writeln!(text, "| {class} | {} |", rates.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_weighed_by_clusters() {
        let asked = r#"{"name": "x", "version": "1", "kinds": {
            "sqli": {"n": 30, "rate": 90}, "xss": {"n": 10, "rate": 50}, "ssi": {"n": 10, "rate": 0},
            "benign-city": {"n": 1, "rate": 0}, "benign-email": {"n": 3, "rate": 4}, "benign-man": {"n": 2, "rate": 5}}}"#;
        let peer = peer(serde_json::from_str(asked).expect("it is JSON"), "today");
        assert_eq!(
            peer.rates,
            Some([64.0, 70.0, 3.0, 5.0]),
            "ssi is not among the classes of the mean"
        );
        let asked = r#"{"name": "x", "missing": "pip install x"}"#;
        let peer = super::peer(serde_json::from_str(asked).expect("it is JSON"), "today");
        assert_eq!((peer.rates, &*peer.version), (None, "pip install x"));
    }
}
