//! A report for people at a terminal.

use std::fmt::Write;

use super::tally::{Actions, Report, Row};

/// Rows of each part.
const ROWS: usize = 8;

/// Totals, then the classes, rules and paths that were acted on most.
pub(crate) fn table(report: &Report<'_>) -> String {
    let Actions { allow, flag, sanitize, block } = report.actions;
    let mut out = format!(
        "{} judged: {} allow, {} flag, {} block",
        number(report.items),
        number(allow),
        number(flag + sanitize),
        number(block)
    );
    if report.unreadable > 0 {
        let _ = write!(out, "; {} unreadable", number(report.unreadable));
    }
    out.push('\n');
    for (title, rows) in
        [("class", &report.classes), ("rule", &report.rules), ("path", &report.paths)]
    {
        let acted: Vec<&Row> = rows.iter().filter(|row| row.actions.acted() > 0).collect();
        if acted.is_empty() {
            continue;
        }
        let name = |row: &Row| shortened(&row.name);
        let shown = acted.iter().take(ROWS);
        let width = shown.clone().map(|row| name(row).chars().count()).max().unwrap_or(0).max(24);
        let _ = writeln!(out, "\n{title:width$}  {:>10}  {:>10}", "flag", "block");
        for row in shown {
            let Actions { flag, sanitize, block, .. } = row.actions;
            let (flag, block) = (number(flag + sanitize), number(block));
            let _ = writeln!(out, "{:width$}  {flag:>10}  {block:>10}", name(row));
        }
        if acted.len() > ROWS {
            let _ = writeln!(out, "and {} more", acted.len() - ROWS);
        }
    }
    out
}

/// A name that does not fill the line.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// `1,234,567`
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
    }
}
