//! All that was measured: as data for `benches/record/`, and as one page that needs nothing else. Its style and script are those of the
//! report of `abatis scan`.
//!
//! The page shows lines of the data, so it is not for the repository; the data shows none.

use std::fmt::Write;

use abatis::model::policy::Sensitivity;
use serde::Serialize;

use crate::escape::escaped;
use crate::peers::Peer;
use crate::places::PlaceRow;
use crate::plot;
use crate::rates::{BARS, CLASSES, Roc, Row, Table, Tier};
use crate::robust::Mutated;

/// Lines of each class that the page shows, and characters of each.
const WORST: usize = 12;
const SHOWN: usize = 240;
/// Points that a mutator may cost.
const LOSS: f64 = 1.0;

/// What was measured, without a line of the data.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) schema: u32,
    pub(crate) data: String,
    pub(crate) made: String,
    pub(crate) ruleset: String,
    pub(crate) values: Option<Table>,
    pub(crate) requests: Option<Table>,
    pub(crate) roc: Option<Roc>,
    pub(crate) places: Vec<PlaceRow>,
    pub(crate) mutated: Vec<Mutated>,
    pub(crate) pairs: Vec<Mutated>,
    pub(crate) peers: Vec<Peer>,
}

/// A line that was judged wrong at `default`.
pub(crate) struct Wrong {
    attack: bool,
    class: String,
    score: u16,
    why: String,
    shown: String,
}

impl Wrong {
    pub(crate) fn new(attack: bool, class: &str, score: u16, why: &str, shown: &str) -> Wrong {
        let mut short: String = shown.chars().take(SHOWN).collect();
        if short.len() < shown.len() {
            short.push('…');
        }
        Wrong { attack, class: class.to_owned(), score, why: why.to_owned(), shown: short }
    }
}

/// The page.
pub(crate) fn page(report: &Report, wrong: &mut [Wrong]) -> String {
    let mut body = String::new();
    let title = format!("abatis: quality on {}", escaped(&report.data));
    let _ = write!(
        body,
        "<h1>{title}</h1><p class=\"about\">{}, ruleset {}</p>",
        escaped(&report.made),
        escaped(&report.ruleset)
    );
    body.push_str(
        "<p>Caught, or flagged, is what gets any action but allow. Rates are per cent <b>by cluster</b>: near-duplicates count once, as their mean. \
         Ranges are 95 % intervals (Wilson). Ordinary are names, addresses, forms, tokens, URLs, descriptions; technical is prose about code: \
         manuals, markdown, texts on SQL and security.</p>",
    );
    if let Some(values) = &report.values {
        let [attacks, _, ordinary, technical] =
            [0, 1, 2, 3].map(|tier| values.tiers[tier].clusters);
        let _ = write!(
            body,
            "<p class=\"about\">Values: {attacks} clusters of attacks, {ordinary} of ordinary text, {technical} of technical text.</p>"
        );
        headline(values, report.requests.as_ref(), &mut body);
    }
    if let Some(roc) = &report.roc {
        curves(roc, report.values.as_ref(), &mut body);
    }
    peers(&report.peers, &mut body);
    if let Some(values) = &report.values {
        rates(values, "Values", &mut body);
    }
    if let Some(requests) = &report.requests {
        rates(requests, "Whole requests", &mut body);
    }
    places(&report.places, &mut body);
    mutated(report, &mut body);
    worst(wrong, &mut body);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
         <title>{title}</title><style>{}{}</style></head><body><main>{body}</main><script>{}</script></body></html>\n",
        include_str!("../../cli/src/report/report.css"),
        include_str!("page.css"),
        include_str!("../../cli/src/report/report.js"),
    )
}

/// A rate with as many digits as its kind needs: what is flagged is told finer.
fn rate(rate: f64, fine: bool) -> String {
    if fine { format!("{rate:.3}") } else { format!("{rate:.2}") }
}

/// The four rates of each sensitivity against the bars, then those of whole requests.
fn headline(values: &Table, requests: Option<&Table>, out: &mut String) {
    let cell = |(row, bar, least): (&Row, f64, bool), at: usize| {
        let (value, [low, high]) = (row.by_cluster[at], row.interval[at]);
        let met = if least { value >= bar } else { value <= bar };
        let (class, sign) = if met { ("met", "met") } else { ("missed", "missed") };
        format!(
            "<b class=\"{class}\">{} %</b> <small>{} – {}</small><br><small>bar {} {bar} %: <span class=\"{class}\">{sign}</span></small>",
            rate(value, !least),
            rate(low, !least),
            rate(high, !least),
            if least { "≥" } else { "≤" }
        )
    };
    out.push_str(
        "<section><h2>Against the bars</h2><div class=\"wide tall\"><table class=\"bars\"><thead><tr>",
    );
    for head in
        ["", "attacks caught", "mean over 12 classes", "ordinary flagged", "technical flagged"]
    {
        let _ = write!(out, "<th><button type=\"button\" disabled>{head}</button></th>");
    }
    out.push_str("</tr></thead><tbody>");
    for (at, (bar, sensitivity)) in BARS.iter().zip(Sensitivity::ALL).enumerate() {
        let cells =
            values.against(at, bar).map(|measured| format!("<td>{}</td>", cell(measured, at)));
        let _ = write!(out, "<tr><td><b>{}</b></td>{}</tr>", sensitivity.as_str(), cells.concat());
    }
    if let Some(requests) = requests {
        // Only these two have a bar.
        let [caught, mean, ordinary, technical] = [0, 1, 2, 3].map(|tier| &requests.tiers[tier]);
        let plain = |row: &Row| {
            format!(
                "<td><b>{:.2} %</b> <small>{:.2} – {:.2}</small></td>",
                row.by_cluster[1], row.interval[1][0], row.interval[1][1]
            )
        };
        let _ = write!(
            out,
            "<tr><td><b>default</b><br><small>whole requests</small></td><td>{}</td>{}<td>{}</td>{}</tr>",
            cell((caught, 97.0, true), 1),
            plain(mean),
            cell((ordinary, 0.3, false), 1),
            plain(technical)
        );
    }
    out.push_str("</tbody></table></div></section>");
}

fn curves(roc: &Roc, values: Option<&Table>, out: &mut String) {
    out.push_str(
        "<section><h2>Caught against flagged, by class</h2><p class=\"about\">Upward: per cent of the class caught, from 50. To the right: per cent flagged, by powers of ten; \
         the left edge is 0.001 or none. Each curve runs over the threshold of the score, from 1000 at the left to 300. The dots are low, default, high and paranoid. \
         Against <span class=\"key ordinary\"></span> ordinary <span class=\"key technical\"></span> technical text.</p><div class=\"three\">",
    );
    for class in CLASSES.into_iter().filter(|class| roc.caught.contains_key(*class)) {
        let row = values.and_then(|table| table.classes.iter().find(|row| row.name == class));
        let n = row.map_or(0, |row| row.clusters);
        let _ = write!(
            out,
            "<figure><h3>{class}<small>{n} clusters</small></h3>{}</figure>",
            plot::curve(roc, class)
        );
    }
    out.push_str("</div></section>");
}

fn peers(peers: &[Peer], out: &mut String) {
    if peers.is_empty() {
        return;
    }
    out.push_str(
        "<section><h2>Beside other engines</h2><p class=\"about\">The same values. ModSecurity gets each as a parameter of a GET request and counts if it blocks; libddwaf gets it \
         as a query parameter, any event counts; of libinjection either check counts. CRS 4 is quoted: our own earlier measurement on a sample \
         (one value of each cluster, at most 1,000 of a class).</p>",
    );
    let _ = write!(
        out,
        "<figure><figcaption><h2>Mean caught against ordinary flagged</h2><p>Upward: mean over 12 classes, per cent. To the right: ordinary flagged, per cent, by powers of ten.</p></figcaption>{}</figure>",
        plot::engines(peers)
    );
    let rows = peers.iter().map(|peer| {
        let [caught, mean, ordinary, technical] = match peer.rates {
            Some([caught, mean, ordinary, technical]) => [
                rate(caught, false),
                rate(mean, false),
                rate(ordinary, true),
                rate(technical, false),
            ],
            None => ["not installed".to_owned(), String::new(), String::new(), String::new()],
        };
        [
            escaped(&peer.name),
            caught,
            mean,
            ordinary,
            technical,
            format!("{}, {}", escaped(&peer.version), escaped(&peer.made)),
        ]
    });
    let heads = ["engine", "#caught", "#mean", "#ordinary", "#technical", "version, asked on"];
    table(&heads.map(str::to_owned), rows.map(Vec::from), "Rates", out);
    let with: Vec<&Peer> = peers.iter().filter(|peer| !peer.classes.is_empty()).collect();
    let heads: Vec<String> = ["class".to_owned()]
        .into_iter()
        .chain(with.iter().map(|peer| format!("#{}", escaped(&peer.name))))
        .collect();
    let classes = with.first().into_iter().flat_map(|peer| peer.classes.keys());
    let rows = classes.map(|class| {
        let rates = with
            .iter()
            .map(|peer| peer.classes.get(class).map_or(String::new(), |of| rate(*of, false)));
        [class.clone()].into_iter().chain(rates).collect()
    });
    table(&heads, rows, "Caught by class", out);
    out.push_str("</section>");
}

/// The rates of each class and kind, as bars with intervals and as numbers.
fn rates(measured: &Table, title: &str, out: &mut String) {
    let _ = write!(
        out,
        "<section><h2>{title}: rates</h2><p class=\"about\">Bars at default, with intervals. Those of attacks end at 100 %, those of innocents at 5 %.</p>"
    );
    for attacks in [true, false] {
        let rows = measured.classes.iter().filter(|row| (row.tier == Tier::Attack) == attacks);
        let rows = rows.map(|row| {
            let (most, class) = if attacks { (100.0, "score") } else { (5.0, "flag") };
            let [low, high] = row.interval[1];
            let tier = match row.tier {
                Tier::Attack => "",
                Tier::Ordinary => "ordinary",
                Tier::Technical => "technical",
                Tier::Hard => "hard",
            };
            let mut cells = vec![
                format!("{}<i>{tier}</i>", escaped(row.name.trim_start_matches("benign-"))),
                row.clusters.to_string(),
                plot::bar(row.by_cluster[1], row.interval[1], most, class),
                format!("{} – {}", rate(low, false), rate(high, false)),
            ];
            cells.extend(row.by_cluster.map(|of| rate(of, false)));
            cells.push(rate(row.by_record[1], false));
            cells
        });
        let name = if attacks { "class" } else { "kind" };
        let heads = [
            name,
            "#clusters",
            "default",
            "interval",
            "#low",
            "#default",
            "#high",
            "#paranoid",
            "#default, by record",
        ];
        let title = if attacks { "Attacks caught" } else { "Innocents flagged" };
        table(&heads.map(str::to_owned), rows, title, out);
    }
    out.push_str("</section>");
}

fn places(places: &[PlaceRow], out: &mut String) {
    let rows = places.iter().map(|row| {
        vec![
            escaped(&row.place.replace('`', "")),
            row.attacks.clusters.to_string(),
            rate(row.attacks.here, false),
            rate(row.attacks.alone, false),
            row.innocents.clusters.to_string(),
            rate(row.innocents.here, true),
            rate(row.innocents.alone, true),
        ]
    });
    let heads = ["place", "#attacks", "#caught", "#alone", "#ordinary", "#flagged", "#alone"];
    table(
        &heads.map(str::to_owned),
        rows,
        "The same values at every place of a request, default",
        out,
    );
}

fn mutated(report: &Report, out: &mut String) {
    let row = |mutated: &Mutated| {
        let loss = mutated.loss();
        let class = if loss > LOSS { "missed" } else { "met" };
        let mut lost: Vec<_> = mutated
            .lost
            .iter()
            .map(|(class, sum)| (sum.before.saturating_sub(sum.after), class))
            .filter(|(lost, _)| *lost > 0)
            .collect();
        lost.sort_by_key(|(lost, _)| std::cmp::Reverse(*lost));
        let lost = lost.iter().map(|(lost, class)| format!("{class} {lost}"));
        vec![
            escaped(&mutated.name),
            format!("<code>{}</code>", escaped(mutated.what)),
            mutated.values.to_string(),
            rate(mutated.before, false),
            rate(mutated.after, false),
            format!("<span class=\"{class}\">{}</span>", rate(loss, false)),
            lost.collect::<Vec<_>>().join(", "),
        ]
    };
    let heads = [
        "written otherwise",
        "how",
        "#values",
        "#as they are",
        "#mutated",
        "#points lost",
        "values lost, by class",
    ];
    let heads = heads.map(str::to_owned);
    table(
        &heads,
        report.mutated.iter().map(row),
        "Attacks written otherwise, default (bar: at most 1 point)",
        out,
    );
    let heads: Vec<String> = heads.into_iter().filter(|head| head != "how").collect();
    let pairs = report.pairs.iter().take(40).map(|pair| {
        let mut cells = row(pair);
        cells.remove(1);
        cells
    });
    table(&heads, pairs, "In pairs, the worst forty", out);
}

/// What is missed with the least score, and what is flagged with the highest.
fn worst(wrong: &mut [Wrong], out: &mut String) {
    wrong.sort_by(|a, b| {
        let score = if a.attack { a.score.cmp(&b.score) } else { b.score.cmp(&a.score) };
        a.class.cmp(&b.class).then(score)
    });
    for (attack, title) in [
        (true, "Missed at default, the least scores of each class"),
        (false, "Flagged at default, the highest scores of each kind"),
    ] {
        let mut rows = Vec::new();
        let of: Vec<&Wrong> = wrong.iter().filter(|wrong| wrong.attack == attack).collect();
        for class in of.chunk_by(|a, b| a.class == b.class) {
            rows.extend(class.iter().take(WORST).map(|wrong| {
                vec![
                    escaped(&wrong.class),
                    wrong.score.to_string(),
                    format!("<code>{}</code>", escaped(&wrong.why)),
                    format!("<code>{}</code>", escaped(&wrong.shown)),
                ]
            }));
        }
        let heads = ["class", "#score", "strongest finding", "line"].map(str::to_owned);
        table(&heads, rows.into_iter(), title, out);
    }
}

/// A table that sorts by a click on its head; columns that begin with `#` hold numbers. Cells are HTML.
fn table(heads: &[String], rows: impl Iterator<Item = Vec<String>>, title: &str, out: &mut String) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = write!(out, "<section><h2>{title}</h2><div class=\"wide\"><table><thead><tr>");
    for head in heads {
        let (class, head) = match head.strip_prefix('#') {
            Some(head) => (" class=\"number\"", head),
            None => ("", head.as_str()),
        };
        let _ = write!(out, "<th{class}><button type=\"button\">{head}</button></th>");
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        let ours = if row.iter().any(|cell| cell.starts_with("abatis, ")) {
            " class=\"ours\""
        } else {
            ""
        };
        let _ = write!(out, "<tr{ours}>");
        for (cell, head) in row.iter().zip(heads) {
            let class = if head.starts_with('#') { " class=\"number\"" } else { "" };
            let _ = write!(out, "<td{class}>{cell}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div></section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_text_and_short() {
        let attack = format!("<script>alert(1)</script>{}", "x".repeat(SHOWN));
        let mut wrong = [
            Wrong::new(true, "xss", 400, "", "second"),
            Wrong::new(true, "xss", 0, "", &attack),
            Wrong::new(false, "benign-man", 800, "sql.injection 800 <", "b"),
        ];
        let page = page(&Report { data: "<b>".to_owned(), ..Report::default() }, &mut wrong);
        assert_eq!(page.matches("<script>").count(), 1, "our own");
        assert!(
            page.contains("&lt;script&gt;alert(1)")
                && page.contains("x…</code>")
                && !page.contains("<b></h1>")
        );
        let (first, second) = (page.find("x…"), page.find("second"));
        assert!(first < second, "the least score comes first");
    }

    #[test]
    fn the_record_holds_no_line() {
        let json = serde_json::to_value(Report::default()).expect("it is JSON");
        let keys: Vec<&String> =
            json.as_object().into_iter().flatten().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "data", "made", "mutated", "pairs", "peers", "places", "requests", "roc",
                "ruleset", "schema", "values"
            ]
        );
    }
}
