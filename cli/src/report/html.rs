//! A report as one page that needs nothing else: style, script and plots stand in it, and it may load nothing.
//!
//! Every text that came from outside goes through [`escaped`].
#![allow(clippy::cast_precision_loss, reason = "nobody sees the 53rd bit of a plot")]

use std::fmt::Write;

use super::escape::escaped;
use super::table::number;
use super::tally::{Actions, Report, Row};

/// Rows of paths and columns of the time line that are shown.
const PATHS: usize = 200;
const COLUMNS: usize = 96;
/// Size of a plot, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;

/// The page.
pub(super) fn page(report: &Report<'_>) -> String {
    let title = format!("abatis: {}", escaped(&report.about.input));
    let mut body = String::new();
    head(report, &mut body);
    let _ = write!(body, "<div class=\"plots\">");
    figure("By class", "Requests with a finding that counts", &bars(&report.classes), &mut body);
    figure(
        "By score",
        "Requests with evidence, by their highest score",
        &scores(report),
        &mut body,
    );
    if report.hours.len() > 1 {
        let acted =
            timeline(&report.hours, |actions| [actions.block, actions.flag + actions.sanitize]);
        figure("Acted on, by hour", LEGEND, &acted, &mut body);
        let all = timeline(&report.hours, |actions| [0, actions.total()]);
        figure("All requests, by hour", "UTC", &all, &mut body);
    }
    body.push_str("</div>");
    counts("Rules", "rule", &report.rules, &mut body);
    let mut paths: Vec<&Row> = report.paths.iter().take(PATHS).collect();
    let mut other = report.other_paths;
    for row in report.paths.iter().skip(PATHS) {
        other = sum(other, row.actions);
    }
    let rest = Row { name: "(all others)".to_owned(), class: None, actions: other };
    if other.total() > 0 {
        paths.push(&rest);
    }
    counts("Paths", "path", paths, &mut body);
    counts("Places", "place", &report.places, &mut body);
    worst(report, &mut body);
    if !report.unreadable_lines.is_empty() {
        let rows = report.unreadable_lines.iter();
        let rows = rows.map(|line| [line.line.to_string(), escaped(line.error)]);
        table(&["#line", "why it could not be read"], rows, "Unreadable lines", &mut body);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
         <title>{title}</title><style>{}</style></head><body><main>{body}</main><script>{}</script></body></html>",
        include_str!("report.css"),
        include_str!("report.js"),
    )
}

const LEGEND: &str =
    "UTC; <span class=\"key block\"></span> block <span class=\"key flag\"></span> flag";

fn sum(a: Actions, b: Actions) -> Actions {
    Actions {
        allow: a.allow + b.allow,
        flag: a.flag + b.flag,
        sanitize: a.sanitize + b.sanitize,
        block: a.block + b.block,
    }
}

/// What was scanned, and the totals.
fn head(report: &Report<'_>, out: &mut String) {
    let about = report.about;
    let _ = write!(
        out,
        "<h1>{}</h1><p class=\"about\">policy {}, ruleset {}, {}, {:.1} s</p><div class=\"tiles\">",
        escaped(&about.input),
        escaped(&about.policy),
        escaped(&about.ruleset),
        escaped(&about.made),
        about.seconds,
    );
    let Actions { allow, flag, sanitize, block } = report.actions;
    let mut tile = |kind: &str, count: u64, name: &str| {
        let share = if report.items == 0 || name == "judged" || name == "unreadable" {
            String::new()
        } else {
            format!("<small>{}</small>", percent(count, report.items))
        };
        let _ = write!(
            out,
            "<div class=\"tile {kind}\"><b>{}</b><span>{name}</span>{share}</div>",
            number(count)
        );
    };
    tile("", report.items, "judged");
    tile("block", block, "block");
    tile("flag", flag + sanitize, "flag");
    tile("allow", allow, "allow");
    tile("", report.unreadable, "unreadable");
    out.push_str("</div>");
    if !report.partial.is_empty() {
        let reasons: Vec<_> = report
            .partial
            .iter()
            .map(|(reason, count)| format!("{} {}", number(*count), escaped(reason)))
            .collect();
        let _ = write!(out, "<p>Not inspected in full: {}.</p>", reasons.join(", "));
    }
}

fn percent(count: u64, all: u64) -> String {
    format!("{:.2} %", count as f64 * 100.0 / all as f64)
}

fn figure(title: &str, note: &str, plot: &str, out: &mut String) {
    let _ = write!(
        out,
        "<figure><figcaption><h2>{title}</h2><p>{note}</p></figcaption>{plot}</figure>"
    );
}

const NOTHING: &str = "<p class=\"nothing\">Nothing was found.</p>";

/// A bar for each row, block and flag one after the other.
fn bars(rows: &[Row]) -> String {
    const BAR: f64 = 24.0;
    const NAME: f64 = 100.0;
    const COUNT: f64 = 80.0;
    let most = rows.iter().map(|row| row.actions.total()).max().unwrap_or(0);
    if most == 0 {
        return NOTHING.to_owned();
    }
    let height = BAR * rows.len() as f64;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Requests by class\">"
    );
    for (at, row) in rows.iter().enumerate() {
        let top = BAR * at as f64;
        let middle = top + BAR / 2.0 + 4.0;
        let scale = (WIDTH - NAME - COUNT) / most as f64;
        let Actions { block, flag, sanitize, allow } = row.actions;
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{middle}\" class=\"end\">{}</text>",
            NAME - 8.0,
            escaped(&row.name)
        );
        let mut left = NAME;
        for (kind, count) in [("block", block), ("flag", flag + sanitize), ("allow", allow)] {
            let width = count as f64 * scale;
            if count > 0 {
                let _ = write!(
                    out,
                    "<rect class=\"{kind}\" x=\"{left:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\"><title>{} {kind} {}</title></rect>",
                    top + 3.0,
                    width.max(1.0),
                    BAR - 6.0,
                    escaped(&row.name),
                    number(count)
                );
            }
            left += width;
        }
        let total = number(row.actions.total());
        let _ = write!(out, "<text x=\"{:.1}\" y=\"{middle}\">{total}</text>", left + 6.0);
    }
    out + "</svg>"
}

/// A column to be plotted: its name, and counts from the bottom up with the class of their style.
struct Column {
    name: String,
    parts: [(&'static str, u64); 2],
}

/// Columns with a scale at the left and the first, middle and last name below.
fn columns(columns: &[Column], label: &str) -> String {
    const LEFT: f64 = 88.0;
    const BELOW: f64 = 22.0;
    const ABOVE: f64 = 12.0;
    let total = |column: &Column| column.parts.iter().map(|part| part.1).sum::<u64>();
    let most = columns.iter().map(total).max().unwrap_or(0);
    if most == 0 {
        return NOTHING.to_owned();
    }
    let top = round_up(most);
    let plot = HEIGHT - BELOW - ABOVE;
    let mut out =
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">");
    let middle = top.is_multiple_of(2).then_some(top / 2);
    for mark in [Some(0), middle, Some(top)].into_iter().flatten() {
        let y = ABOVE + plot * (1.0 - mark as f64 / top as f64);
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" class=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            number(mark)
        );
    }
    let step = (WIDTH - LEFT) / columns.len() as f64;
    for (at, column) in columns.iter().enumerate() {
        let mut bottom = ABOVE + plot;
        let left = LEFT + step * at as f64;
        for (kind, count) in column.parts {
            let height = plot * count as f64 / top as f64;
            if count > 0 {
                let height = height.max(1.0);
                let _ = write!(
                    out,
                    "<rect class=\"{kind}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{} {}</title></rect>",
                    bottom - height,
                    (step * 0.85).max(1.0),
                    escaped(&column.name),
                    number(count)
                );
            }
            bottom -= height;
        }
    }
    let y = HEIGHT - 4.0;
    let ends = [(0, LEFT, ""), (columns.len() / 2, LEFT + (WIDTH - LEFT) / 2.0, "middle")];
    for (at, x, anchor) in ends.into_iter().chain([(columns.len() - 1, WIDTH, "end")]) {
        if let Some(column) = columns.get(at) {
            let name = escaped(&column.name);
            let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y}\" class=\"{anchor}\">{name}</text>");
        }
    }
    out + "</svg>"
}

/// The least of 1, 2, 4, 5, 10, 20 … that is not below.
fn round_up(most: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for step in [1, 2, 4, 5, 8] {
            let round = power.saturating_mul(step);
            if round >= most {
                return round;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn scores(report: &Report<'_>) -> String {
    let column = |score: &super::tally::Score| Column {
        name: format!("{} to {}", score.from, score.to),
        parts: [("score", score.count), ("flag", 0)],
    };
    columns(&report.scores.iter().map(column).collect::<Vec<_>>(), "Requests by score")
}

/// Counts by hour; where there are more than [`COLUMNS`], hours that follow each other are counted together.
fn timeline(hours: &[Row], count: impl Fn(Actions) -> [u64; 2]) -> String {
    let group = hours.len().div_ceil(COLUMNS).max(1);
    let columns_of = hours.chunks(group).map(|rows| {
        let all = rows.iter().fold(Actions::default(), |all, row| sum(all, row.actions));
        let [below, above] = count(all);
        let name = rows.first().map_or("", |row| row.name.as_str()).replace('T', " ");
        Column { name: name.replace('Z', ""), parts: [("block", below), ("flag", above)] }
    });
    let mut shown: Vec<_> = columns_of.collect();
    if shown.iter().all(|column| column.parts[0].1 == 0) {
        for column in &mut shown {
            column.parts[1].0 = "allow";
        }
    }
    columns(&shown, "Requests by hour")
}

/// A table of counts, one row for each name.
fn counts<'r>(title: &str, what: &str, rows: impl IntoIterator<Item = &'r Row>, out: &mut String) {
    let rows = rows.into_iter().map(|row| {
        let Actions { allow, flag, sanitize, block } = row.actions;
        let class = row.class.map_or(String::new(), |class| format!(" <i>{class}</i>"));
        [
            format!("<code>{}</code>{class}", escaped(&row.name)),
            number(block),
            number(flag + sanitize),
            number(allow),
        ]
    });
    table(&[what, "#block", "#flag", "#allow"], rows, title, out);
}

fn worst(report: &Report<'_>, out: &mut String) {
    let rows = report.worst.iter().map(|line| {
        [
            line.score.to_string(),
            format!("<span class=\"{0}\">{0}</span>", line.action),
            escaped(&line.id.to_string()),
            format!("<code>{}</code>", escaped(line.rule.as_str())),
            format!("{} <code>{}</code>", line.place, escaped(&line.pointer)),
            format!("<code>{}</code>", escaped(&line.excerpt)),
        ]
    });
    table(&["#score", "action", "id", "rule", "where", "what"], rows, "Worst", out);
}

/// A table that sorts by a click on its head; columns that begin with `#` hold numbers. Cells are HTML.
fn table<const N: usize>(
    heads: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    title: &str,
    out: &mut String,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = write!(out, "<section><h2>{title}</h2><div class=\"wide\"><table><thead><tr>");
    for head in heads {
        let (class, head) = match head.strip_prefix('#') {
            Some(head) => (" class=\"number\"", head),
            None => ("", *head),
        };
        let _ = write!(out, "<th{class}><button type=\"button\">{head}</button></th>");
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
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
    fn nothing_from_outside_is_markup() {
        assert_eq!(escaped("<a href=\"x\">'&\u{1b}"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;·");
        let about = super::super::About {
            input: "</title><script>alert(1)</script>".to_owned(),
            policy: "p".to_owned(),
            ruleset: "r".to_owned(),
            made: "now".to_owned(),
            seconds: 1.0,
        };
        let mut tally = super::super::Tally::default();
        tally.clean(Some("/<script>"), None);
        tally.unreadable(3, "<b>");
        let page = page(&tally.report(&about));
        assert_eq!(page.matches("<script>").count(), 1, "our own: {page}");
        assert!(page.contains("/&lt;script&gt;") && page.contains("&lt;b&gt;"));
    }

    #[test]
    fn scales_are_round() {
        for (most, scale) in [(1, 1), (2, 2), (3, 4), (7, 8), (9, 10), (41, 50), (812, 1000)] {
            assert_eq!(round_up(most), scale);
        }
    }
}
