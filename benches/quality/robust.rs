//! What mutators cost: the same attacks as they are and written otherwise, one value of each cluster.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use abatis::{Action, Engine, Place, Scratch};
use serde::Serialize;

use crate::mutate::{ALL, Mutator};
use crate::rates::rounded;

/// Most bytes of a value that is mutated.
const LONGEST: usize = 2000;

/// One value of each cluster, with what is said of it unmutated.
#[derive(Default)]
pub(crate) struct Attacks {
    seen: HashSet<String>,
    values: Vec<(String, String, bool)>,
}

/// What one mutator, or one after another, does to the rate.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mutated {
    pub(crate) name: String,
    pub(crate) what: &'static str,
    /// Values that it applies to.
    pub(crate) values: u32,
    /// Of these caught as they are, in per cent.
    pub(crate) before: f64,
    /// Of these caught as mutated.
    pub(crate) after: f64,
    /// Points lost, by class, of the classes that lose any; below zero is a gain.
    pub(crate) lost: BTreeMap<String, Lost>,
}

/// Values of one class.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Lost {
    pub(crate) values: u32,
    pub(crate) before: u32,
    pub(crate) after: u32,
}

impl Mutated {
    /// Points lost.
    pub(crate) fn loss(&self) -> f64 {
        self.before - self.after
    }
}

impl Attacks {
    /// Takes the first value of each cluster that is text.
    pub(crate) fn add(&mut self, class: &str, cluster: &str, value: &[u8], caught: bool) {
        if value.len() > LONGEST || self.seen.contains(cluster) {
            return;
        }
        if let Ok(text) = std::str::from_utf8(value) {
            self.seen.insert(cluster.to_owned());
            self.values.push((class.to_owned(), text.to_owned(), caught));
        }
    }

    /// Each mutator alone.
    pub(crate) fn alone(&self, engine: &Engine, scratch: &mut Scratch) -> Vec<Mutated> {
        let one = |mutator: &Mutator| {
            self.mutated(mutator.name.to_owned(), mutator.what, engine, scratch, |class, text| {
                mutator.apply(class, text)
            })
        };
        ALL.iter().map(one).collect()
    }

    /// One that rewrites the code, then any other; the worst first.
    pub(crate) fn pairs(&self, engine: &Engine, scratch: &mut Scratch) -> Vec<Mutated> {
        let mut pairs = Vec::new();
        for first in ALL.iter().filter(|first| first.rewrites()) {
            for second in ALL.iter().filter(|second| second.name != first.name) {
                let name = format!("{} + {}", first.name, second.name);
                let both = |class: &str, text: &str| {
                    let once = String::from_utf8(first.apply(class, text)?).ok()?;
                    second.apply(class, &once)
                };
                pairs.push(self.mutated(name, "", engine, scratch, both));
            }
        }
        pairs.retain(|pair| pair.values > 0);
        pairs.sort_by(|a, b| b.loss().total_cmp(&a.loss()));
        pairs
    }

    fn mutated(
        &self,
        name: String,
        what: &'static str,
        engine: &Engine,
        scratch: &mut Scratch,
        mutate: impl Fn(&str, &str) -> Option<Vec<u8>>,
    ) -> Mutated {
        let mut classes: BTreeMap<String, Lost> = BTreeMap::new();
        let mut all = Lost::default();
        for (class, text, caught) in &self.values {
            let Some(mutated) = mutate(class, text) else { continue };
            let now = engine.inspect_value(scratch, Place::Query, &mutated).action > Action::Allow;
            for sum in [classes.entry(class.clone()).or_default(), &mut all] {
                sum.values += 1;
                sum.before += u32::from(*caught);
                sum.after += u32::from(now);
            }
        }
        classes.retain(|_, sum| sum.before != sum.after);
        let rate = |caught: u32| rounded(100.0 * f64::from(caught) / f64::from(all.values.max(1)));
        let (before, after) = (rate(all.before), rate(all.after));
        Mutated { name, what, values: all.values, before, after, lost: classes }
    }
}

/// The table, as Markdown.
pub(crate) fn markdown(alone: &[Mutated], pairs: &[Mutated], data: &str) -> String {
    let mut text = format!(
        "# Quality on `{data}`: attacks written otherwise\n\n`cargo xtask quality --data …/{data} --pairs`. At `default`, one value of each cluster, per cent caught \
         of those that a mutator applies to.\nA mutator applies where the attack stays what it is (`benches/quality/mutate.rs`).\n"
    );
    for (title, rows) in [("Alone", alone), ("In pairs, the worst twenty", pairs)] {
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n## {title}\n\n| mutator | values | as they are | mutated | points lost |\n|---|---:|---:|---:|---:|\n"
        );
        for Mutated { name, values, before, after, .. } in rows.iter().take(20) {
            let _ = writeln!(
                text,
                "| {name} | {values} | {before:.2} | {after:.2} | {:.2} |",
                before - after
            );
        }
    }
    text
}
