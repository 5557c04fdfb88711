//! `abatis replay`: what would change between two policies, on requests that went by.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abatis::{Action, Coverage, Engine, Part, Request, Scratch, Verdict};
use serde::Serialize;
use serde_json::{Value, json};

use crate::log::pipeline::{self, Block, Sink, Work};
use crate::log::{Format, LogArgs, input, items, jobs, longest_line, path};
use crate::mask;
use crate::output::{Color, Error, print, tame};
use crate::policy::{build, load};

/// Compare two policies on a log: which requests would be judged otherwise, by rule and path.
///
/// Every request is judged by both policies; told are those whose action differs.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The rule is that of the strongest finding that only the stricter policy acts on; `coverage` if it is none, but a limit. \
Evidence in the examples is masked.

Exit codes: 0 nothing changes, 1 something does (with --fail-on: something of that kind), 2 a policy or the log cannot be used.

Examples:
  abatis replay --old policy.yaml --new policy-next.yaml captured.jsonl
  abatis replay --old monitor --new strict --format combined access.log.gz
  abatis replay --old policy.yaml --new next.yaml --fail-on looser --json captured.jsonl")]
pub(crate) struct Args {
    /// The policy that is in force: a file, or the name of a built-in one
    #[arg(long, value_name = "FILE")]
    old: PathBuf,
    /// The policy that may follow
    #[arg(long, value_name = "FILE")]
    new: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    /// Which changes make the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    fail_on: Kind,
    /// The changes as JSON
    #[arg(long)]
    json: bool,
}

/// Kinds of changes.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Kind {
    /// Every change
    #[default]
    Any,
    /// The new policy asks for more: allow to flag or block, flag to block
    Stricter,
    /// The new policy asks for less
    Looser,
}

/// Rows that are told apart; more are counted by rule alone.
const ROWS: usize = 2000;
/// Rows of the table.
const SHOWN: usize = 40;

pub(crate) fn run(args: &Args, color: Color) -> Result<ExitCode, Error> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let longest = longest_line(&old.policy.limits).max(longest_line(&new.policy.limits));
    let replayer = Replayer { old: build(&old)?, new: build(&new)?, format: args.log.format };
    let (source, progress) = input::open(&args.log.log)?;
    let mut changes = Changes::default();
    let done = pipeline::run(
        (source, args.log.format),
        (&args.log.log, Path::new("standard output")),
        longest,
        replayer,
        jobs(args.log.jobs),
        &mut changes,
    );
    progress.finish_and_clear();
    done?;
    args.log.check(changes.items, changes.unreadable)?;
    print(&if args.json { format!("{:#}\n", changes.json()) } else { changes.table(color) })?;
    let counts = match args.fail_on {
        Kind::Any => changes.stricter + changes.looser,
        Kind::Stricter => changes.stricter,
        Kind::Looser => changes.looser,
    };
    Ok(if counts > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Judges by both policies.
struct Replayer {
    old: Engine,
    new: Engine,
    format: Format,
}

/// What changed.
#[derive(Default)]
struct Changes {
    items: u64,
    unreadable: u64,
    stricter: u64,
    looser: u64,
    rows: BTreeMap<Change, Row>,
}

/// What is counted together. Ordered as it is told: the most serious first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    from: Action,
    to: Action,
    rule: String,
    /// None stands for all paths that are not told apart.
    path: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    count: u64,
    /// The first of them: its id, and where the evidence stands.
    example: Value,
}

impl Work for Replayer {
    /// A scratch for each policy.
    type Memory = (Scratch, Scratch);
    type Output = Changes;

    fn memory(&self) -> (Scratch, Scratch) {
        (Scratch::new(), Scratch::new())
    }

    fn judge(&self, (old_scratch, new_scratch): &mut (Scratch, Scratch), block: &Block) -> Changes {
        let mut changes = Changes::default();
        for (_, item) in items(self.format, block) {
            let Ok(item) = item else {
                changes.unreadable += 1;
                continue;
            };
            changes.items += 1;
            let request = item.request();
            let old = self.old.inspect_with(old_scratch, &request);
            let new = self.new.inspect_with(new_scratch, &request);
            if old.action != new.action {
                changes.add(&item.id.value(), &request, old, new);
            }
        }
        changes
    }
}

impl Changes {
    fn add(&mut self, id: &Value, request: &Request<'_>, old: &Verdict, new: &Verdict) {
        let (strict, lax) = if new.action > old.action {
            self.stricter += 1;
            (new, old)
        } else {
            self.looser += 1;
            (old, new)
        };
        let acting = |verdict: &'_ Verdict, least: Action| {
            let findings = verdict.findings.iter().filter(move |f| f.action >= least);
            findings.cloned().collect::<Vec<_>>()
        };
        let known = acting(lax, strict.action);
        let finding = acting(strict, strict.action)
            .into_iter()
            .find(|f| !known.iter().any(|k| (&k.rule, &k.pointer) == (&f.rule, &f.pointer)));
        let rule = match (&finding, strict.coverage) {
            (Some(finding), _) => finding.rule.to_string(),
            (None, Coverage::Partial(limit)) => format!("coverage {limit}"),
            (None, Coverage::Full) => String::new(),
        };
        let guilty = |at| {
            mask::is_guilty(strict, Part::Target, 0, at)
                || mask::is_guilty(lax, Part::Target, 0, at)
        };
        let path = Some(path::pattern(request.target(), guilty));
        let excerpt = finding.map(|finding| mask::excerpt(request, strict, &finding, false));
        let change = Change { from: old.action, to: new.action, rule, path };
        let example = json!({"id": id, "excerpt": excerpt});
        self.rows.entry(change).or_insert(Row { count: 0, example }).count += 1;
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(change, row)| {
            json!({"from": change.from, "to": change.to, "rule": change.rule, "path": change.path,
                "count": row.count, "example": row.example})
        });
        json!({"schema": 1, "items": self.items, "unreadable": self.unreadable, "stricter": self.stricter,
            "looser": self.looser, "changes": rows.collect::<Vec<_>>()})
    }

    fn table(&self, color: Color) -> String {
        let mut out = format!(
            "{} requests: {} stricter, {} looser\n",
            self.items, self.stricter, self.looser
        );
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|(change, row)| (change.from, change.to, std::cmp::Reverse(row.count)));
        for pair in rows.chunk_by(|(a, _), (b, _)| (a.from, a.to) == (b.from, b.to)) {
            let Some((Change { from, to, .. }, _)) = pair.first() else { continue };
            let count: u64 = pair.iter().map(|(_, row)| row.count).sum();
            let (from, to) = (color.action(*from, 0), color.action(*to, 0));
            let _ = writeln!(out, "\n{from} -> {to}: {count}");
            for (change, row) in pair.iter().take(SHOWN) {
                let path = change.path.as_deref().unwrap_or("(other paths)");
                let _ = writeln!(out, "{:>8}  {:<32}  {}", row.count, change.rule, tame(path));
                let excerpt = row.example["excerpt"].as_str().unwrap_or_default();
                let _ = writeln!(out, "          e.g. {}: {}", row.example["id"], tame(excerpt));
            }
            if pair.len() > SHOWN {
                let _ = writeln!(out, "          and {} more rows, see --json", pair.len() - SHOWN);
            }
        }
        out
    }
}

impl Sink<Changes> for Changes {
    fn take(&mut self, changes: Changes) -> io::Result<()> {
        self.items += changes.items;
        self.unreadable += changes.unreadable;
        self.stricter += changes.stricter;
        self.looser += changes.looser;
        for (change, row) in changes.rows {
            let full = self.rows.len() >= ROWS && !self.rows.contains_key(&change);
            let change = if full { Change { path: None, ..change } } else { change };
            let known = self.rows.entry(change).or_insert(Row { count: 0, ..row.clone() });
            known.count += row.count;
        }
        Ok(())
    }
}
