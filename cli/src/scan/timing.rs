//! `--timing`: how long single inspections took.

use std::time::Duration;

/// Times of single inspections. Eight bytes an item: the median is the true one.
#[derive(Default)]
pub(super) struct Timing {
    nanoseconds: Vec<u64>,
    bytes: u64,
}

impl Timing {
    pub(super) fn add(&mut self, time: Duration, bytes: usize) {
        self.nanoseconds.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        self.bytes += bytes as u64;
    }

    pub(super) fn append(&mut self, mut other: Timing) {
        self.nanoseconds.append(&mut other.nanoseconds);
        self.bytes += other.bytes;
    }

    /// One line of JSON: items, bytes, and nanoseconds: median, mean, 99th percentile, maximum of one item; total.
    pub(super) fn summary(mut self) -> String {
        self.nanoseconds.sort_unstable();
        let items = self.nanoseconds.len();
        let at = |share: usize| {
            let index = (items * share / 100).min(items.saturating_sub(1));
            self.nanoseconds.get(index).copied().unwrap_or(0)
        };
        let total: u64 = self.nanoseconds.iter().sum();
        let summary = serde_json::json!({
            "items": items,
            "bytes": self.bytes,
            "ns_per_item_median": at(50),
            "ns_per_item_mean": total.checked_div(items as u64).unwrap_or(0),
            "ns_per_item_p99": at(99),
            "ns_per_item_max": at(100),
            "ns_total": total,
        });
        format!("{summary}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_up() {
        let mut timing = Timing::default();
        assert!(std::mem::take(&mut timing).summary().contains(r#""items":0"#));
        for nanoseconds in [30, 10, 20] {
            timing.add(Duration::from_nanos(nanoseconds), 5);
        }
        let summary: serde_json::Value = serde_json::from_str(&timing.summary()).unwrap();
        assert_eq!(summary["ns_per_item_median"], 20);
        assert_eq!(summary["ns_per_item_max"], 30);
        assert_eq!(summary["bytes"], 15);
    }
}
