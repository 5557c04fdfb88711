//! Enums. Those that C hands in arrive as `int32_t` and are checked ([`abatis_status::BadEnum`]); those that C gets may have
//! members in later versions that it does not know yet.

use abatis::model::policy::{Mode, Sensitivity};
use abatis::{Action, Basis, Coverage, Dialect, Limit, Part, Place, Progress, Sink, Span};

use crate::error::Failure;
use crate::status::abatis_status;

/// What to do with a request. A larger number is stronger.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_action {
    /// Let it pass.
    Allow = 0,
    /// Let it pass and report it.
    Flag = 1,
    /// Pass on what was rewritten.
    Sanitize = 2,
    /// Refuse it.
    Block = 3,
}

/// Whether more of a request is wanted.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_progress {
    /// Go on.
    Continue = 0,
    /// The request will be blocked whatever comes, so it may be answered now.
    Block = 1,
}

/// The kind of field that a value came from.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_place {
    /// The path of the target.
    Path = 0,
    /// A query parameter.
    Query = 1,
    /// A field of a form.
    Form = 2,
    /// A string or key of a JSON body.
    Json = 3,
    /// A header value.
    Header = 4,
    /// A cookie.
    Cookie = 5,
    /// A body read as one text.
    Body = 6,
    /// A name, an attribute or the text of an element of an XML body.
    Xml = 7,
}

/// The piece of a request that a span counts in.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_part {
    /// One that this version does not know.
    Other = 0,
    /// The method.
    Method = 1,
    /// The target as sent.
    Target = 2,
    /// The value of a header.
    Header = 3,
    /// The name of a header.
    HeaderName = 4,
    /// The body, from its first byte, over all chunks.
    Body = 5,
    /// A value that was inspected alone.
    Value = 6,
    /// The body once its content coding and charset were removed.
    DecodedBody = 7,
    /// The statement of a sink check.
    Statement = 8,
}

/// Where a statement goes, and so what it is made of.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_sink {
    /// `MySQL` or `MariaDB`.
    Mysql = 0,
    /// `PostgreSQL` and its kin.
    Postgres = 1,
    /// SQL Server.
    Mssql = 2,
    /// Oracle.
    Oracle = 3,
    /// `SQLite`.
    Sqlite = 4,
    /// A command line for a POSIX shell.
    Shell = 5,
    /// A path that has to stay below a base. A base with a drive (`C:\data`) makes it a path of Windows.
    Path = 6,
    /// A URL that will be asked for.
    Url = 7,
}

/// Whether all was inspected, and if not, why.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_coverage {
    /// Every byte, under every reading.
    Full = 0,
    /// A binary body of a type that the policy lists as opaque.
    Opaque = 1,
    /// The body was longer than `limits.body_bytes`.
    BodyBytes = 2,
    /// More fields than `limits.fields`.
    Fields = 3,
    /// Deeper than `limits.depth`.
    Depth = 4,
    /// More readings than `limits.views` or `limits.decode_rounds` allow.
    Decode = 5,
    /// More work than `limits.steps`.
    Steps = 6,
    /// More or longer headers than the limits allow.
    Headers = 7,
    /// A target longer than `limits.target_bytes`.
    Target = 8,
    /// The session was ended before its request.
    Stopped = 9,
    /// The session was called out of order.
    Misuse = 10,
    /// For a reason that this version has no number for; `abatis_verdict_json` names it.
    Other = 99,
}

/// Whether bad requests are blocked or only reported.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_mode {
    /// Report: the strongest action is flag.
    Detect = 0,
    /// Block what reaches the sensitivity.
    Block = 1,
}

/// How much evidence it takes: a score from which a finding counts.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum abatis_sensitivity {
    /// 900: only what is beyond doubt.
    Low = 0,
    /// 700: the best balance for most.
    Default = 1,
    /// 500: for fields that hold no prose or code.
    High = 2,
    /// 300: everything that looks odd.
    Paranoid = 3,
}

impl From<Action> for abatis_action {
    fn from(action: Action) -> abatis_action {
        match action {
            Action::Allow => abatis_action::Allow,
            Action::Flag => abatis_action::Flag,
            Action::Sanitize => abatis_action::Sanitize,
            // An action that is not known here is not let pass.
            _ => abatis_action::Block,
        }
    }
}

impl From<Progress> for abatis_progress {
    fn from(progress: Progress) -> abatis_progress {
        match progress {
            Progress::Continue => abatis_progress::Continue,
            _ => abatis_progress::Block,
        }
    }
}

impl From<Place> for abatis_place {
    fn from(place: Place) -> abatis_place {
        match place {
            Place::Path => abatis_place::Path,
            Place::Query => abatis_place::Query,
            Place::Form => abatis_place::Form,
            Place::Json => abatis_place::Json,
            Place::Header => abatis_place::Header,
            Place::Cookie => abatis_place::Cookie,
            Place::Xml => abatis_place::Xml,
            _ => abatis_place::Body,
        }
    }
}

impl From<&Span> for abatis_part {
    fn from(span: &Span) -> abatis_part {
        match span.part {
            Part::Method => abatis_part::Method,
            Part::Target => abatis_part::Target,
            Part::Header => abatis_part::Header,
            Part::HeaderName => abatis_part::HeaderName,
            Part::Body if span.basis == Basis::Decoded => abatis_part::DecodedBody,
            Part::Body => abatis_part::Body,
            Part::Value => abatis_part::Value,
            Part::Statement => abatis_part::Statement,
            _ => abatis_part::Other,
        }
    }
}

impl From<Coverage> for abatis_coverage {
    fn from(coverage: Coverage) -> abatis_coverage {
        let Coverage::Partial(limit) = coverage else { return abatis_coverage::Full };
        match limit {
            Limit::Opaque => abatis_coverage::Opaque,
            Limit::BodyBytes => abatis_coverage::BodyBytes,
            Limit::Fields => abatis_coverage::Fields,
            Limit::Depth => abatis_coverage::Depth,
            Limit::Decode => abatis_coverage::Decode,
            Limit::Steps => abatis_coverage::Steps,
            Limit::Headers => abatis_coverage::Headers,
            Limit::Target => abatis_coverage::Target,
            Limit::Stopped => abatis_coverage::Stopped,
            Limit::Misuse => abatis_coverage::Misuse,
            _ => abatis_coverage::Other,
        }
    }
}

/// The member of that number.
fn member<T: Copy>(members: &[(i32, T)], number: i32) -> Result<T, Failure> {
    let found = members.iter().find(|(known, _)| *known == number);
    found.map(|(_, member)| *member).ok_or_else(|| abatis_status::BadEnum.into())
}

pub(crate) fn place(number: i32) -> Result<Place, Failure> {
    member(&Place::ALL.map(|place| (abatis_place::from(place) as i32, place)), number)
}

/// The sink of that number; `base` is for paths.
pub(crate) fn sink(number: i32, base: &[u8]) -> Result<Sink<'_>, Failure> {
    let members = [
        (abatis_sink::Mysql, Sink::Sql(Dialect::Mysql)),
        (abatis_sink::Postgres, Sink::Sql(Dialect::Postgres)),
        (abatis_sink::Mssql, Sink::Sql(Dialect::Mssql)),
        (abatis_sink::Oracle, Sink::Sql(Dialect::Oracle)),
        (abatis_sink::Sqlite, Sink::Sql(Dialect::Sqlite)),
        (abatis_sink::Shell, Sink::Shell),
        (abatis_sink::Path, Sink::Path(base)),
        (abatis_sink::Url, Sink::Url),
    ];
    member(&members.map(|(known, sink)| (known as i32, sink)), number)
}

pub(crate) fn mode(number: i32) -> Result<Mode, Failure> {
    let members = [(abatis_mode::Detect, Mode::Detect), (abatis_mode::Block, Mode::Block)];
    member(&members.map(|(known, mode)| (known as i32, mode)), number)
}

pub(crate) fn sensitivity(number: i32) -> Result<Sensitivity, Failure> {
    let members = [
        (abatis_sensitivity::Low, Sensitivity::Low),
        (abatis_sensitivity::Default, Sensitivity::Default),
        (abatis_sensitivity::High, Sensitivity::High),
        (abatis_sensitivity::Paranoid, Sensitivity::Paranoid),
    ];
    member(&members.map(|(known, sensitivity)| (known as i32, sensitivity)), number)
}
