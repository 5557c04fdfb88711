//! The second question: does a value of the request cross a token boundary of the statement that was made with it?
//!
//! ```text
//! Values ─ readings ─► texts ─ find ─► occurrences in the statement ─┐
//! statement ─ sql, shell: tokens; path: segments; url: components ───┴─ judge ─► worst of each value ─► Verdict
//! ```
//!
//! No look at a lone value can tell that `1 or true` is an attack: it is one just where it stands as more than a number. Here the
//! statement is known, so nothing is guessed: a value that stays inside of one token is data, whatever it looks like, and one that does
//! not is code, however harmless. Nothing is learned and nothing is weighed; the scores say how sure it is that nobody wanted that.
//!
//! A value that has nothing that could be a boundary is not even looked for, which is how nearly every check ends.

mod find;
mod path;
mod shell;
mod sql;
mod token;
mod url;
mod values;

use std::borrow::Cow;
use std::ops::Range;

use find::{Occurrence, Text};
use path::{Faults, Style, What};
use token::{Kind, Token};
use url::Parts;
pub use values::Values;

use crate::classes::Classes;
use crate::compile::plan::Plan;
use crate::decode::{Coding, Oddity, Readings};
use crate::detect::Feature;
use crate::inspect::{Case, Memory, Run};
use crate::model::policy::RuleMode;
use crate::model::rule::Class;
use crate::span::{Part, Span};
use crate::trail::Trail;
use crate::verdict::{Finding, Limit, Step};

/// Where a statement goes, and so what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sink<'a> {
    /// A database: the statement is SQL.
    Sql(Dialect),
    /// A POSIX shell: the statement is a command line, as for `sh -c`.
    Shell,
    /// The file system: the statement is a path, which has to stay below this folder. A base with a drive (`C:\data`) makes it a path of
    /// Windows.
    Path(&'a [u8]),
    /// A client: the statement is a URL that it will ask for.
    Url,
}

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// `MySQL` and `MariaDB`.
    Mysql,
    /// `PostgreSQL` and its kin.
    Postgres,
    /// SQL Server.
    Mssql,
    /// Oracle.
    Oracle,
    /// `SQLite`.
    Sqlite,
}

impl Dialect {
    /// Every dialect, in a fixed order.
    pub const ALL: [Dialect; 5] =
        [Dialect::Mysql, Dialect::Postgres, Dialect::Mssql, Dialect::Oracle, Dialect::Sqlite];

    /// Its name in options and findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Mysql => "mysql",
            Dialect::Postgres => "postgres",
            Dialect::Mssql => "mssql",
            Dialect::Oracle => "oracle",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// The dialect of that name, or of a driver's name for it.
    ///
    /// ```
    /// use abatis::Dialect;
    /// assert_eq!(Dialect::from_name("postgresql"), Some(Dialect::Postgres));
    /// assert_eq!(Dialect::from_name("dbase"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Dialect> {
        match name {
            "mariadb" => Some(Dialect::Mysql),
            "postgresql" => Some(Dialect::Postgres),
            "sqlserver" => Some(Dialect::Mssql),
            _ => Dialect::ALL.into_iter().find(|dialect| dialect.as_str() == name),
        }
    }
}

impl<'a> Sink<'a> {
    /// The sink of that name: that of a [`Dialect`], or `shell`, `path` (with its base), `url`.
    ///
    /// ```
    /// use abatis::{Dialect, Sink};
    /// assert_eq!(Sink::from_name("mysql", b""), Some(Sink::Sql(Dialect::Mysql)));
    /// assert_eq!(Sink::from_name("path", b"/srv"), Some(Sink::Path(b"/srv")));
    /// assert_eq!(Sink::from_name("mail", b""), None);
    /// ```
    pub fn from_name(name: &str, base: &'a [u8]) -> Option<Sink<'a>> {
        match name {
            "shell" => Some(Sink::Shell),
            "path" => Some(Sink::Path(base)),
            "url" => Some(Sink::Url),
            dialect => Dialect::from_name(dialect).map(Sink::Sql),
        }
    }

    fn class(&self) -> Class {
        match self {
            Sink::Sql(_) => Class::Sqli,
            Sink::Shell => Class::Cmdi,
            Sink::Path(_) => Class::Lfi,
            Sink::Url => Class::Ssrf,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Sink::Sql(dialect) => dialect.as_str(),
            Sink::Shell => "shell",
            Sink::Path(_) => "path",
            Sink::Url => "url",
        }
    }

    /// Whether a text may be more than a piece of one token, wherever it stands. Overstates. O(len).
    fn concerns(&self, text: &[u8]) -> bool {
        let is_word = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128;
        let shortest = if matches!(self, Sink::Path(_)) { 2 } else { 3 };
        text.len() >= shortest
            && find::is_told(text)
            && match self {
                // Digits may be glued to a word: `1or`.
                Sink::Sql(_) => {
                    !text.iter().all(is_word)
                        || text.first().is_some_and(u8::is_ascii_digit)
                            && !text.iter().all(u8::is_ascii_digit)
                }
                Sink::Shell => {
                    let is_plain = |byte: &u8| is_word(byte) || b"-./:,@%+=".contains(byte);
                    !text.iter().all(is_plain) || text.first() == Some(&b'-')
                }
                Sink::Path(base) if Style::of(base) == Style::Windows => true,
                Sink::Path(_) => text.iter().any(|byte| matches!(byte, b'/' | b'.' | 0)),
                Sink::Url => true,
            }
    }
}

/// The ids of what sink checks find.
const RULES: [&str; 14] = [
    "sink.sql.crossed",
    "sink.sql.list",
    "sink.shell.crossed",
    "sink.shell.pattern",
    "sink.shell.option",
    "sink.path.left",
    "sink.path.climbed",
    "sink.path.nul",
    "sink.path.device",
    "sink.url.crossed",
    "sink.url.inside",
    "sink.url.climbed",
    "sink.url.host",
    "sink.url.segments",
];

/// Whether findings of sink checks have this id.
pub(crate) fn is_rule(id: &str) -> bool {
    RULES.contains(&id)
}

/// A statement, read once.
enum Read {
    Sql(Vec<Token>),
    Shell(Vec<Token>),
    Path(Faults),
    Url(Parts),
}

/// What a value does at one place.
struct Deed {
    rule: &'static str,
    score: u16,
    says: &'static str,
    /// Where in the statement.
    at: usize,
    /// What it covers.
    evidence: String,
}

/// The worst that a value does.
struct Worst {
    deed: Deed,
    range: Range<usize>,
    text: usize,
}

/// Steps for each byte of the statement and of the values, and for all that is shorter than a line: what an honest request needs some times
/// over.
const STEPS_PER_BYTE: u64 = 128;
const STEPS_AT_LEAST: u64 = 1 << 16;

/// How many times as long as the statement a value may be: in no coding that is read is a text longer.
const LONGER: usize = 16;

/// Looks for the values in the statement and reports what they cross. O(statement + readings), all counted.
pub(crate) fn check(
    plan: &Plan,
    case: &mut Case,
    sink: &Sink<'_>,
    statement: &[u8],
    values: &Values,
) {
    if let Some(limit) = values.missing() {
        case.partial(plan, limit);
    }
    let whole = statement.len();
    let statement = statement.get(..plan.limits.body_bytes).unwrap_or(statement);
    if statement.len() < whole {
        case.partial(plan, Limit::BodyBytes);
    }
    let size = statement.len() + values.bytes();
    case.budget.at_most(STEPS_AT_LEAST + STEPS_PER_BYTE * size as u64);
    let texts = texts(plan, case, sink, statement, values);
    if texts.is_empty() {
        return;
    }

    let mut read = None;
    let mut complete = true;
    let mut worst: Vec<Option<Worst>> = Vec::new();
    worst.resize_with(values.len(), || None);
    let searched = find::occurrences(statement, &texts, &mut case.budget, |occurrence| {
        let read = read.get_or_insert_with(|| {
            let (read, in_full) = Read::of(sink, statement);
            complete = in_full;
            read
        });
        let Some((deed, range)) = read.worst(statement, &occurrence) else { return };
        let text = occurrence.text;
        let Some(known) = texts.get(text).and_then(|text| worst.get_mut(text.value)) else {
            return;
        };
        if known.as_ref().is_none_or(|known| known.deed.score < deed.score) {
            *known = Some(Worst { deed, range, text });
        }
    });
    if !searched {
        case.partial(plan, Limit::Steps);
    }
    if !complete {
        case.partial(plan, Limit::Depth);
    }
    let mut memory = Memory::default();
    for (value, worst) in values.list().iter().zip(worst) {
        let Some(worst) = worst else { continue };
        let Worst { deed, range, text } = worst;
        let chain = texts.get(text).map_or(&[][..], |text| &text.chain);
        let trail = Trail::Pointer { parent: &Trail::Root, pointer: &value.pointer };
        let stands = statement.get(range.clone()).unwrap_or_default();
        let action = case.settings.action(deed.score, RuleMode::On);
        let (class, at) = (sink.class(), (value.place, &trail));
        Run { plan, memory: &mut memory, case }.report_as(
            deed.rule,
            class,
            deed.score,
            action,
            at,
            |rule, action| Finding {
                rule,
                class,
                score: deed.score,
                action,
                place: value.place,
                name: value.name,
                pointer: if value.name { trail.pointer_of_name() } else { trail.pointer() },
                pattern: if value.name { trail.pattern_of_name() } else { trail.pattern() },
                span: Span::new(Part::Statement, range),
                decoded: chain.to_vec(),
                context: sink.name(),
                evidence: vec![Feature { name: deed.evidence, weight: i32::from(deed.score) }],
                message: format!(
                    "A value of the request {}, at byte {} of the statement.",
                    deed.says, deed.at
                ),
                steps: vec![Step::new(None, &value.bytes), Step::new(None, stands)],
            },
        );
    }
}

/// The readings that could cross a boundary, if they stand in the statement.
fn texts<'v>(
    plan: &Plan,
    case: &mut Case,
    sink: &Sink<'_>,
    statement: &[u8],
    values: &'v Values,
) -> Vec<Text<'v>> {
    let mut texts = Vec::new();
    let mut readings = Readings::default();
    let most = LONGER * statement.len() + 1024;
    let values = values.list().iter().enumerate();
    for (index, value) in values.filter(|(_, value)| value.bytes.len() <= most) {
        let raw = value.bytes.as_slice();
        let (classes, rounds) = (Classes::of(raw), plan.limits.decode_rounds);
        let budget = &mut case.budget;
        let notes = readings.read_classed(raw, classes, Coding::None, rounds, &plan.limits, budget);
        if notes.get(Oddity::TooMany).is_some() {
            let spent = case.budget.exhausted();
            case.partial(plan, if spent { Limit::Steps } else { Limit::Decode });
        }
        for reading in 0..readings.len() {
            let Some(found) = readings.get(reading, raw) else { break };
            let text = trim(found.bytes);
            if text.len() > statement.len() || !sink.concerns(text) {
                continue;
            }
            let is_raw = readings.is_raw(reading);
            let bytes = if is_raw { Cow::Borrowed(trim(raw)) } else { Cow::Owned(text.to_vec()) };
            let chain = readings.chain(reading).to_vec();
            texts.push(Text { value: index, chain, bytes });
        }
    }
    texts
}

/// The text without blanks and controls around it, but for a NUL, which ends paths.
fn trim(text: &[u8]) -> &[u8] {
    let is_text = |&byte: &u8| byte > b' ' && byte != 127 || byte == 0;
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text.iter().rposition(is_text).map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

impl Read {
    /// Reads a statement; false if not all of it could be read.
    fn of(sink: &Sink<'_>, statement: &[u8]) -> (Read, bool) {
        match sink {
            Sink::Sql(dialect) => (Read::Sql(sql::lex(*dialect, statement)), true),
            Sink::Shell => {
                let (tokens, complete) = shell::lex(statement);
                (Read::Shell(tokens), complete)
            }
            Sink::Path(base) => (Read::Path(path::faults(Style::of(base), base, statement)), true),
            Sink::Url => (Read::Url(Parts::of(statement)), true),
        }
    }

    /// What an occurrence does, and where. If it can be read in several ways, one of which makes data of it, that was meant; in a statement
    /// that never ends what it begins, the worst one.
    fn worst(&self, statement: &[u8], occurrence: &Occurrence) -> Option<(Deed, Range<usize>)> {
        let told = occurrence
            .ranges
            .iter()
            .map(|range| Some((self.deed(statement, range)?, range.clone())));
        let score =
            |told: &Option<(Deed, Range<usize>)>| told.as_ref().map_or(0, |(deed, _)| deed.score);
        if self.is_broken() { told.max_by_key(score) } else { told.min_by_key(score) }.flatten()
    }

    /// Whether a quote of the statement is never closed.
    fn is_broken(&self) -> bool {
        match self {
            // What never closes has swallowed all that follows.
            Read::Sql(tokens) | Read::Shell(tokens) => {
                tokens.last().is_some_and(|token| token.open)
            }
            Read::Path(_) | Read::Url(_) => false,
        }
    }

    fn deed(&self, statement: &[u8], at: &Range<usize>) -> Option<Deed> {
        match self {
            Read::Sql(tokens) => sql_deed(statement, tokens, at),
            Read::Shell(tokens) => shell_deed(statement, tokens, at),
            Read::Path(faults) => path_deed(faults, at),
            Read::Url(parts) => {
                let deed = parts.deed(statement, at)?;
                let (rule, score, says) = deed.told();
                let evidence = deed.name().to_owned();
                Some(Deed { rule, score, says, at: at.start, evidence })
            }
        }
    }
}

fn sql_deed(statement: &[u8], tokens: &[Token], at: &Range<usize>) -> Option<Deed> {
    let touched = tokens.get(token::touched(tokens, at))?;
    let boundary = token::crossed(statement, touched, at)?;
    if boundary == token::Boundary::Covers && sql::is_signed_number(touched) {
        return None;
    }
    let is_list = sql::is_list(statement, touched);
    let (rule, score, says) = if is_list {
        ("sink.sql.list", 500, "holds more than one number or name")
    } else {
        ("sink.sql.crossed", 950, boundary.says())
    };
    Some(Deed { rule, score, says, at: boundary_at(touched, at), evidence: names(touched) })
}

fn shell_deed(statement: &[u8], tokens: &[Token], at: &Range<usize>) -> Option<Deed> {
    let range = token::touched(tokens, at);
    let touched = tokens.get(range.clone())?;
    let text = statement.get(at.clone()).unwrap_or_default();
    let evidence = || names(touched);
    if let Some(boundary) = token::crossed(statement, touched, at) {
        let (rule, score, says) = ("sink.shell.crossed", 950, boundary.says());
        let at = boundary_at(touched, at);
        return Some(Deed { rule, score, says, at, evidence: evidence() });
    }
    let [only] = touched else { return None };
    let (rule, score, says) = match only.kind {
        // A name of a variable that is already there is no more than a word.
        Kind::Expansion if text.iter().any(|byte| b"$`{}()".contains(byte)) => {
            ("sink.shell.crossed", 950, "holds what the shell expands")
        }
        Kind::Name if shell::has_pattern(text) => {
            ("sink.shell.pattern", 500, "holds a pattern that the shell replaces by file names")
        }
        Kind::Name | Kind::Quoted
            if text.first() == Some(&b'-')
                && at.start == only.inner.start
                && range.start > 0
                && shell::begins_word(tokens, range.start)
                && !shell::is_behind_dashes(statement, tokens, range.start) =>
        {
            ("sink.shell.option", 500, "is an option of the command")
        }
        _ => return None,
    };
    Some(Deed { rule, score, says, at: at.start, evidence: evidence() })
}

fn path_deed(faults: &Faults, at: &Range<usize>) -> Option<Deed> {
    let what = faults.worst(at)?;
    let (rule, score, says, evidence) = match what {
        What::Left => ("sink.path.left", 950, "leads out of the base of the path", "LEFT"),
        What::Nul => ("sink.path.nul", 950, "ends the path before its end", "NUL"),
        What::Climbed => ("sink.path.climbed", 900, "takes a segment of the path back", "STEP"),
        What::Device => {
            ("sink.path.device", 900, "names a device, or another stream of a file", "DEVICE")
        }
    };
    Some(Deed { rule, score, says, at: at.start, evidence: evidence.to_owned() })
}

/// The first boundary between tokens that stands in `at`; else where it begins.
fn boundary_at(touched: &[Token], at: &Range<usize>) -> usize {
    let ends =
        touched.iter().flat_map(|token| [token.inner.start, token.inner.end, token.range.end]);
    ends.filter(|end| at.start < *end && *end < at.end).min().unwrap_or(at.start)
}

/// Most tokens that evidence names.
const NAMED: usize = 8;

fn names(touched: &[Token]) -> String {
    let mut names: Vec<_> = touched.iter().take(NAMED).map(|token| token.name).collect();
    if touched.len() > NAMED {
        names.push("…");
    }
    names.join(" ")
}
