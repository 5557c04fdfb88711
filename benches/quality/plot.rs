//! Plots as SVG, without script: curves of caught against flagged, a rate with its interval, engines beside each other.

use std::fmt::Write;

use abatis::model::policy::Sensitivity;

use crate::escape::escaped;
use crate::peers::Peer;
use crate::rates::Roc;

/// Size of a small plot, in its own units, and the room for the numbers at its axes.
const WIDTH: f64 = 350.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 34.0;
const BELOW: f64 = 24.0;
const EDGE: f64 = 8.0;

/// A plane: per cent flagged to the right, by powers of ten, and per cent caught upward.
struct Plane {
    width: f64,
    height: f64,
    /// Powers of ten at both ends.
    from: i32,
    to: i32,
    lowest: f64,
}

impl Plane {
    fn x(&self, flagged: f64) -> f64 {
        let power = flagged.max(1e-9).log10().clamp(f64::from(self.from), f64::from(self.to));
        let share = (power - f64::from(self.from)) / f64::from(self.to - self.from);
        LEFT + share * (self.width - LEFT - EDGE)
    }

    fn y(&self, caught: f64) -> f64 {
        let share = (caught.max(self.lowest) - self.lowest) / (100.0 - self.lowest);
        self.height - BELOW - share * (self.height - BELOW - EDGE)
    }

    /// The frame: lines and numbers of both axes.
    fn open(&self, label: &str) -> String {
        let Plane { width, height, .. } = self;
        let mut out = format!(
            "<svg class=\"small\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
            escaped(label)
        );
        let (bottom, right) = (self.y(self.lowest), width - EDGE);
        let mut caught = self.lowest;
        while caught <= 100.0 {
            let y = self.y(caught);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" class=\"end\">{caught:.0}</text>",
                LEFT - 5.0,
                y + 4.0
            );
            caught += (100.0 - self.lowest) / 5.0;
        }
        for power in self.from..=self.to {
            let x = self.x(10f64.powi(power));
            let digits = usize::try_from(-power).unwrap_or(0);
            let class = if power == self.to { "end" } else { "middle" };
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{EDGE}\" y2=\"{bottom:.1}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" class=\"{class}\">{:.digits$}</text>",
                height - 6.0,
                10f64.powi(power)
            );
        }
        out
    }
}

/// Caught of one class against flagged of both tiers, over the threshold of the score; a dot for each sensitivity.
pub(crate) fn curve(roc: &Roc, class: &str) -> String {
    let plane = Plane { width: WIDTH, height: HEIGHT, from: -3, to: 1, lowest: 50.0 };
    let mut out = plane.open(&format!("{class}: caught against flagged"));
    let Some(caught) = roc.caught.get(class) else { return String::new() };
    for (tier, flagged) in roc.flagged.iter().rev() {
        let points: Vec<String> = flagged
            .iter()
            .zip(caught)
            .filter(|(_, caught)| **caught >= plane.lowest)
            .map(|(flagged, caught)| format!("{:.1},{:.1}", plane.x(*flagged), plane.y(*caught)))
            .collect();
        let _ = write!(out, "<polyline class=\"{tier}\" points=\"{}\"/>", points.join(" "));
        for sensitivity in Sensitivity::ALL {
            let at = roc.thresholds.iter().position(|t| *t == sensitivity.threshold());
            let found = at.and_then(|at| Some((flagged.get(at)?, caught.get(at)?)));
            let Some((flagged, caught)) = found else { continue };
            if *caught < plane.lowest {
                continue;
            }
            let _ = write!(
                out,
                "<circle class=\"{tier}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{}, from {}: {caught:.2} % of {class} caught, {flagged:.3} % {tier} flagged</title></circle>",
                plane.x(*flagged),
                plane.y(*caught),
                sensitivity.as_str(),
                sensitivity.threshold()
            );
        }
    }
    out + "</svg>"
}

/// Engines as points: mean caught against ordinary flagged.
pub(crate) fn engines(peers: &[Peer]) -> String {
    let plane = Plane { width: 1100.0, height: 320.0, from: -3, to: 1, lowest: 0.0 };
    let mut out = plane.open("Engines: mean caught against ordinary flagged");
    for peer in peers {
        let Some([_, mean, ordinary, _]) = peer.rates else { continue };
        let (x, y) = (plane.x(ordinary), plane.y(mean));
        let right = x > plane.width * 0.6;
        let class = if peer.name.starts_with("abatis") { "ordinary" } else { "technical" };
        let _ = write!(
            out,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\"><title>{0}: {mean:.1} % caught, {ordinary:.3} % flagged</title></circle>\
             <text x=\"{1:.1}\" y=\"{2:.1}\" class=\"{3}\">{0}</text>",
            escaped(&peer.name),
            x + if right { -11.0 } else { 11.0 },
            y + 4.0,
            if right { "end" } else { "" }
        );
    }
    out + "</svg>"
}

/// A rate and its interval as a bar; `most` is the rate of a full bar.
pub(crate) fn bar(rate: f64, interval: [f64; 2], most: f64, class: &str) -> String {
    const WIDTH: f64 = 200.0;
    let x = |rate: f64| (rate / most).clamp(0.0, 1.0) * WIDTH;
    let [low, high] = interval.map(x);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 12\" role=\"img\" aria-label=\"{rate:.2} %\"><rect class=\"under\" width=\"{WIDTH}\" height=\"12\"/>\
         <rect class=\"{class}\" width=\"{:.1}\" height=\"12\"/><path class=\"interval\" d=\"M{low:.1} 6H{high:.1}M{low:.1} 2V10M{high:.1} 2V10\"/></svg>",
        x(rate)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_run_the_right_way() {
        let plane = Plane { width: 350.0, height: 220.0, from: -3, to: 1, lowest: 50.0 };
        assert!((plane.x(0.0) - LEFT).abs() < 1e-9 && (plane.x(0.001) - LEFT).abs() < 1e-9);
        assert!((plane.x(10.0) - 342.0).abs() < 1e-9 && plane.x(0.1) > plane.x(0.01));
        assert!((plane.y(100.0) - EDGE).abs() < 1e-9 && (plane.y(20.0) - 196.0).abs() < 1e-9);
    }

    #[test]
    fn bars_stay_in_their_room() {
        let bar = bar(120.0, [50.0, 150.0], 100.0, "block");
        assert!(
            bar.contains("class=\"block\" width=\"200.0\"") && bar.contains("M100.0 6H200.0"),
            "{bar}"
        );
    }
}
