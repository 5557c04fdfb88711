//! `abatis propose`: exclusions for false alarms, and what else they would let pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use abatis::model::Bundle;
use abatis::model::policy::{Exclusion, Route};
use abatis::{Action, Class, Engine, Finding, Part, Place, Scratch};
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::log::pipeline::{self, Block, Sink, Work};
use crate::log::{Format, Item, LogArgs, input, items, jobs, longest_line, path};
use crate::mask;
use crate::output::{Error, complain, print, tame};
use crate::policy::{PolicyArgs, build};

/// Propose exclusions from a log in which every request is innocent.
///
/// Each finding that counts is a false alarm here. For each rule and field that raised one: the narrowest exclusion, on the route or the
/// path if the alarms are on few, and which examples of attacks would no longer be caught there.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The output is YAML to be read and then pasted into the policy; --json is for programs. Exclusions are tried one by one and all \
together on the alarms of the log (the first 10,000 of them), so the numbers are measured. What the parsers refuse (`protocol.*`, \
`schema.*`) is told but not excluded: an ambiguity is set to `flag` or `accept`, a schema is made to fit.

Exit codes: 0 done, 2 the policy or the log cannot be used.

Examples:
  abatis propose --policy policy.yaml innocent.jsonl
  abatis propose --policy monitor --format combined access.log.gz > exclusions.yaml")]
pub(crate) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    log: LogArgs,
    /// The proposals as JSON
    #[arg(long)]
    json: bool,
}

/// Alarms that are kept to try exclusions on, and their bytes.
const ALARMS: usize = 10_000;
const BYTES: usize = 64 << 20;
/// Proposals that are made.
const PROPOSALS: usize = 100;
/// Paths that get an exclusion of their own; on more, it holds on all.
const PATHS: usize = 3;
/// Examples that are named.
const EXAMPLES: usize = 3;

pub(crate) fn run(args: &Args) -> Result<ExitCode, Error> {
    let bundle = args.policy.bundle()?;
    let longest = longest_line(&bundle.policy.limits);
    let finder = Finder { engine: build(&bundle)?, format: args.log.format };
    let (source, progress) = input::open(&args.log.log)?;
    let mut log = Log::default();
    let done = pipeline::run(
        (source, args.log.format),
        (&args.log.log, Path::new("standard output")),
        longest,
        finder,
        jobs(args.log.jobs),
        &mut log,
    );
    progress.finish_and_clear();
    done?;
    args.log.check(log.items, log.unreadable)?;
    let (proposals, removed) = propose(&bundle, &log)?;
    let text = if args.json {
        format!("{:#}\n", as_json(&log, &proposals, removed))
    } else {
        as_yaml(&bundle, &log, &proposals, removed)
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Finds alarms.
struct Finder {
    engine: Engine,
    format: Format,
}

/// What raised alarms: a rule in a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    rule: String,
    class: Class,
    place: Place,
    field: String,
    name: bool,
}

/// Where it did: the path, and the route it takes.
type Site = (String, Option<usize>);

/// A request that raised an alarm.
struct Alarm {
    item: Item<'static>,
    /// With the exclusion that `explain` names too.
    causes: BTreeMap<Cause, Exclusion>,
    site: Site,
}

/// The alarms of a log.
#[derive(Default)]
struct Log {
    items: u64,
    unreadable: u64,
    alarms: u64,
    kept: Vec<Alarm>,
    bytes: usize,
}

impl Work for Finder {
    type Memory = Scratch;
    type Output = Log;

    fn memory(&self) -> Scratch {
        Scratch::new()
    }

    fn judge(&self, scratch: &mut Scratch, block: &Block) -> Log {
        let mut log = Log::default();
        for (_, item) in items(self.format, block) {
            let Ok(item) = item else {
                log.unreadable += 1;
                continue;
            };
            log.items += 1;
            let request = item.request();
            let verdict = self.engine.inspect_with(scratch, &request);
            if verdict.action == Action::Allow {
                continue;
            }
            log.alarms += 1;
            if log.kept.len() == ALARMS {
                continue;
            }
            let acting = verdict.findings.iter().filter(|finding| finding.action > Action::Allow);
            let causes = acting.map(|finding| (Cause::of(finding), finding.exclusion())).collect();
            let guilty = |at| mask::is_guilty(verdict, Part::Target, 0, at);
            let path = path::pattern(request.target(), guilty);
            let route = self.engine.route(scratch, &request);
            log.bytes += item.bytes();
            log.kept.push(Alarm { item: item.into_owned(), causes, site: (path, route) });
        }
        log
    }
}

impl Sink<Log> for Log {
    fn take(&mut self, log: Log) -> io::Result<()> {
        self.items += log.items;
        self.unreadable += log.unreadable;
        self.alarms += log.alarms;
        if self.bytes < BYTES {
            let room = ALARMS - self.kept.len();
            self.kept.extend(log.kept.into_iter().take(room));
            self.bytes += log.bytes;
        }
        Ok(())
    }
}

impl Cause {
    fn of(finding: &Finding) -> Cause {
        Cause {
            rule: finding.rule.to_string(),
            class: finding.class,
            place: finding.place,
            field: finding.pattern.clone(),
            name: finding.name,
        }
    }

    /// Whether an exclusion is the answer to it.
    fn is_excludable(&self) -> bool {
        !matches!(self.class, Class::Protocol | Class::Schema)
    }
}

/// Where an exclusion is to stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// On a route of the policy.
    Route(usize),
    /// On a new route for this path.
    Path(String),
    /// For all requests.
    Policy,
}

/// An exclusion, and what it does.
struct Proposal {
    level: Level,
    cause: Cause,
    exclusion: Exclusion,
    /// Alarms that the rule raised there.
    raised: usize,
    /// Alarms that are gone with this exclusion alone.
    removed: usize,
    /// Examples of attacks that are caught there today, and those that no longer would be.
    hits: usize,
    lost: Vec<String>,
}

/// The proposals, narrowest first, and how many alarms they remove together.
fn propose(bundle: &Bundle, log: &Log) -> Result<(Vec<Proposal>, usize), Error> {
    let mut raised: BTreeMap<&Cause, BTreeMap<&Site, usize>> = BTreeMap::new();
    for alarm in &log.kept {
        for cause in alarm.causes.keys().filter(|cause| cause.is_excludable()) {
            *raised.entry(cause).or_default().entry(&alarm.site).or_default() += 1;
        }
    }
    let mut wanted: BTreeMap<(Level, &Cause), usize> = BTreeMap::new();
    for (cause, sites) in &raised {
        let paths: BTreeSet<_> =
            sites.keys().filter(|(_, route)| route.is_none()).map(|(path, _)| path).collect();
        for ((path, route), count) in sites {
            let level = match (route, template(path)) {
                (Some(route), _) => Level::Route(*route),
                (None, Some(path)) if paths.len() <= PATHS => Level::Path(path),
                _ => Level::Policy,
            };
            *wanted.entry((level, cause)).or_default() += count;
        }
    }
    let mut wanted: Vec<_> = wanted.into_iter().collect();
    wanted.sort_by_key(|((level, _), count)| (*level == Level::Policy, std::cmp::Reverse(*count)));
    if wanted.len() > PROPOSALS {
        complain(format_args!("{} more are not told", wanted.len() - PROPOSALS));
        wanted.truncate(PROPOSALS);
    }
    let engine = build(bundle)?;
    let mut scratch = Scratch::new();
    let mut proposals = Vec::new();
    let mut all = bundle.clone();
    for ((level, cause), count) in wanted {
        let of_cause =
            |alarm: &&Alarm| alarm.causes.contains_key(cause) && level.holds(&alarm.site);
        let Some(alarm) = log.kept.iter().find(of_cause) else { continue };
        let Some(exclusion) = alarm.causes.get(cause).cloned() else { continue };
        let mut alone = bundle.clone();
        level.add(&mut alone, &exclusion);
        let narrowed = build(&alone)?;
        level.add(&mut all, &exclusion);
        let mut proposal = Proposal {
            level,
            cause: cause.clone(),
            exclusion,
            raised: count,
            removed: removed(&narrowed, &mut scratch, &log.kept),
            hits: 0,
            lost: Vec::new(),
        };
        proposal.try_hits(bundle, (&engine, &narrowed), alarm, &mut scratch);
        proposals.push(proposal);
    }
    let all = build(&all)?;
    Ok((proposals, removed(&all, &mut scratch, &log.kept)))
}

/// How many of the alarms an engine does not raise.
fn removed(engine: &Engine, scratch: &mut Scratch, alarms: &[Alarm]) -> usize {
    let is_gone = |alarm: &&Alarm| {
        engine.inspect_with(scratch, &alarm.item.request()).action == Action::Allow
    };
    alarms.iter().filter(is_gone).count()
}

/// The path of a route, of the pattern of paths; none if it cannot be one.
fn template(pattern: &str) -> Option<String> {
    let mut path = String::new();
    let mut ids = 0;
    for segment in pattern.split('/').skip(1) {
        path.push('/');
        match segment {
            "{id}" => {
                ids += 1;
                // No name may stand twice.
                let number = if ids == 1 { String::new() } else { ids.to_string() };
                path.extend(["{id", &number, "}"]);
            }
            _ if segment.contains(['{', '}', '*', '…', '%', '#']) || !segment.is_ascii() => {
                return None;
            }
            _ => path.push_str(segment),
        }
    }
    Some(path)
}

impl Level {
    fn holds(&self, (path, route): &Site) -> bool {
        match self {
            Level::Route(known) => *route == Some(*known),
            Level::Path(known) => route.is_none() && template(path).as_ref() == Some(known),
            Level::Policy => true,
        }
    }

    /// Puts an exclusion where it is to stand.
    fn add(&self, bundle: &mut Bundle, exclusion: &Exclusion) {
        let policy = &mut bundle.policy;
        let list = match self {
            Level::Policy => Some(&mut policy.exclusions),
            Level::Route(route) => policy.routes.get_mut(*route).map(|route| &mut route.exclusions),
            Level::Path(path) => {
                let at = policy
                    .routes
                    .iter()
                    .position(|route| route.path == *path && route.methods.is_empty());
                let at = at.unwrap_or_else(|| {
                    let mut route = Route::default();
                    route.path.clone_from(path);
                    policy.routes.push(route);
                    policy.routes.len() - 1
                });
                policy.routes.get_mut(at).map(|route| &mut route.exclusions)
            }
        };
        if let Some(list) = list
            && !list.contains(exclusion)
        {
            list.push(exclusion.clone());
        }
    }
}

impl Proposal {
    /// Tries the examples of all rules of the class where the alarms were.
    fn try_hits(
        &mut self,
        bundle: &Bundle,
        (before, after): (&Engine, &Engine),
        alarm: &Alarm,
        scratch: &mut Scratch,
    ) {
        let Cause { class, place, ref field, name, .. } = self.cause;
        let request = alarm.item.request();
        let path = request.target().split(|byte| *byte == b'?').next().unwrap_or_default();
        let path = String::from_utf8_lossy(path);
        let looks = |targets: &[Place]| targets.is_empty() || targets.contains(&place);
        let rules = bundle.each_rule().filter(|rule| rule.class == class && looks(&rule.targets));
        for hit in rules.flat_map(|rule| &rule.hits) {
            let carrier = if name {
                Carrier::name(place, &path, hit)
            } else {
                Carrier::value(place, &path, field, hit)
            };
            let request = carrier.request();
            let mut caught =
                |engine: &Engine| engine.inspect_with(scratch, &request).action > Action::Allow;
            if caught(before) {
                self.hits += 1;
                if !caught(after) {
                    self.lost.push(hit.clone());
                }
            }
        }
    }

    fn told(&self) -> String {
        let Proposal { raised, removed, hits, lost, .. } = self;
        let class = self.cause.class;
        let mut told = format!(
            "{raised} alarms; alone it removes {removed}; lets pass {} of {hits} examples of {class}",
            lost.len()
        );
        for (at, hit) in lost.iter().take(EXAMPLES).enumerate() {
            let hit: String = hit.chars().take(60).collect();
            let _ = write!(told, "{} {:?}", if at == 0 { ":" } else { "," }, tame(&hit));
        }
        told
    }
}

/// Alarms that no exclusion answers, by rule.
fn others(log: &Log) -> BTreeMap<&str, usize> {
    let mut others = BTreeMap::new();
    for alarm in &log.kept {
        let rules = alarm.causes.keys().filter(|cause| !cause.is_excludable());
        for rule in rules.map(|cause| cause.rule.as_str()).collect::<BTreeSet<_>>() {
            *others.entry(rule).or_default() += 1;
        }
    }
    others
}

fn as_yaml(bundle: &Bundle, log: &Log, proposals: &[Proposal], removed: usize) -> String {
    let mut out = format!(
        "# {} alarms in {} requests; tried on {} of them, these exclusions remove {removed}.\n",
        log.alarms,
        log.items,
        log.kept.len()
    );
    for (rule, count) in others(log) {
        let hint = match rule.strip_prefix("protocol.") {
            Some(code) => format!("see `ambiguities: {{{}: flag}}`", code.replace('-', "_")),
            None => "make the schema fit".to_owned(),
        };
        let _ = writeln!(out, "# {count} alarms of {rule}: no exclusion; {hint}.");
    }
    let policy: Vec<_> = proposals.iter().filter(|p| p.level == Level::Policy).collect();
    if !policy.is_empty() {
        out.push_str("exclusions:\n");
        for proposal in policy {
            let _ = writeln!(out, "  # {}\n  - {}", proposal.told(), proposal.exclusion);
        }
    }
    let mut routes: BTreeMap<&Level, Vec<&Proposal>> = BTreeMap::new();
    for proposal in proposals.iter().filter(|p| p.level != Level::Policy) {
        routes.entry(&proposal.level).or_default().push(proposal);
    }
    if !routes.is_empty() {
        out.push_str("routes:\n");
    }
    for (level, proposals) in routes {
        match level {
            Level::Route(at) => {
                let route = bundle.policy.routes.get(*at);
                let path = route.map_or("", |route| &route.path);
                let _ = writeln!(
                    out,
                    "  # into routes[{at}], which is there\n  - path: {}",
                    Value::from(path)
                );
                if let Some(route) = route.filter(|route| !route.methods.is_empty()) {
                    let _ = writeln!(out, "    methods: {}", json!(route.methods));
                }
            }
            Level::Path(path) => {
                let _ = writeln!(out, "  - path: {}", Value::from(path.as_str()));
            }
            Level::Policy => {}
        }
        out.push_str("    exclusions:\n");
        for proposal in proposals {
            let _ = writeln!(out, "      # {}\n      - {}", proposal.told(), proposal.exclusion);
        }
    }
    out
}

fn as_json(log: &Log, proposals: &[Proposal], removed: usize) -> Value {
    let proposal = |proposal: &Proposal| {
        let (route, path) = match &proposal.level {
            Level::Route(at) => (json!(at), Value::Null),
            Level::Path(path) => (Value::Null, json!(path)),
            Level::Policy => (Value::Null, Value::Null),
        };
        json!({"exclusion": proposal.exclusion, "route": route, "new_route": path, "alarms": proposal.raised,
            "removes": proposal.removed, "examples": proposal.hits, "lets_pass": proposal.lost})
    };
    json!({"schema": 1, "items": log.items, "unreadable": log.unreadable, "alarms": log.alarms, "tried": log.kept.len(),
        "removed": removed, "proposals": proposals.iter().map(proposal).collect::<Vec<_>>(), "others": others(log)})
}
