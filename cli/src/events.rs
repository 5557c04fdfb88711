//! Events: one JSON object for each verdict that is not allow, for what collects logs. `docs/guide/events.md` tells the keys,
//! `rules/schema/event.schema.json` holds them. No event holds what a request was caught for.

mod ocsf;

use abatis::model::Bundle;
use abatis::model::policy::Mode;
use abatis::{Action, Class, Coverage, Part, Place, Request, RuleId, Verdict};
use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::log::path;
use crate::mask::is_guilty;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum EventsFormat {
    /// Our own, with everything that is known
    #[default]
    Abatis,
    /// Open Cybersecurity Schema Framework 1.4: HTTP Activity with the profile Security Control
    Ocsf,
}

/// A verdict on a request that asked for more than allow. Holds no byte that is evidence of a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Event {
    /// Version of this format: 1.
    schema: u32,
    /// When the request came, if that is known, else when it was judged: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    time: String,
    /// The `id` of the line in the log, or the name of the file.
    id: Value,
    /// The request.
    request: EventRequest,
    /// What the policy did.
    #[schemars(with = "ActionName")]
    action: Action,
    /// The highest score of all findings, 0..=1000.
    #[schemars(range(max = 1000))]
    score: u16,
    /// The class of the strongest finding that counts; null if only the coverage speaks.
    class: Option<Class>,
    /// What was found, strongest first.
    findings: Vec<EventFinding>,
    /// How many more findings there were.
    dropped: u32,
    /// `full`, or why not all was inspected.
    coverage: EventCoverage,
    /// The policy that judged.
    policy: EventPolicy,
    /// Digest of rules and weights, 16 hexadecimal digits.
    ruleset: String,
}

/// What is told of a request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct EventRequest {
    /// The method; left out if it is none or is evidence itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// The path as a pattern: `/orders/{id}`. A segment that is evidence is `{payload}`.
    path: String,
    /// The `Host`, unless it is evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// The address of the client, if the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct EventFinding {
    /// The rule.
    rule: RuleId,
    /// What an attack would be after.
    class: Class,
    /// Its own score, 0..=1000.
    score: u16,
    /// What it alone asks for.
    #[schemars(with = "ActionName")]
    action: Action,
    /// The kind of field.
    place: Place,
    /// Whether it stands in the field's name.
    name: bool,
    /// The field as a pattern for exclusions: `items[*].name`.
    pattern: String,
    /// Where it stands in the request as received.
    span: EventSpan,
    /// How it was decoded, outermost first.
    decoded: Vec<String>,
}

/// Bytes of a part of the request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct EventSpan {
    /// `target`, `header`, `headername`, `body`, `method`.
    part: String,
    /// Which header, counted from 0.
    index: u32,
    /// First byte, and the byte after the last.
    range: [usize; 2],
}

/// Whether all was inspected.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum EventCoverage {
    /// Every byte, under every reading.
    Full,
    /// Not all, for this reason.
    Partial(String),
}

/// The policy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct EventPolicy {
    /// `block` or `detect`, as it holds for the route of the request.
    mode: Mode,
    /// The path of the route, if the request takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<String>,
}

/// The names of actions that events have.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "stands for `Action` in the schema")]
enum ActionName {
    /// Let it pass and report it.
    Flag,
    /// Pass on what was rewritten.
    Sanitize,
    /// Refuse it.
    Block,
    /// Only of a finding: it alone does not count.
    Allow,
}

/// The JSON Schema of events.
pub(crate) fn schema() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Event>()
        .into()
}

/// What is known of a request beside itself.
pub(crate) struct Context<'c> {
    pub(crate) id: Value,
    pub(crate) time: Option<Timestamp>,
    pub(crate) client: Option<&'c str>,
    pub(crate) bundle: &'c Bundle,
    pub(crate) route: Option<usize>,
}

/// Writes an event as one line, if the verdict is worth one.
pub(crate) fn write(
    format: EventsFormat,
    out: &mut Vec<u8>,
    context: Context<'_>,
    request: &Request<'_>,
    verdict: &Verdict,
) {
    if verdict.action == Action::Allow {
        return;
    }
    let time = context.time.unwrap_or_else(Timestamp::now);
    let event = Event::new(context, time, request, verdict);
    // Writing these types to memory cannot fail.
    let _ = match format {
        EventsFormat::Abatis => serde_json::to_writer(&mut *out, &event),
        EventsFormat::Ocsf => serde_json::to_writer(&mut *out, &ocsf::event(&event, time)),
    };
    out.push(b'\n');
}

impl Event {
    fn new(
        context: Context<'_>,
        time: Timestamp,
        request: &Request<'_>,
        verdict: &Verdict,
    ) -> Event {
        let policy = &context.bundle.policy;
        let route = context.route.and_then(|route| policy.routes.get(route));
        let text = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).ok()?;
            let plain =
                !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_graphic());
            plain.then(|| text.to_owned())
        };
        let guilty = |part, index| {
            verdict.findings.iter().any(|f| (f.span.part, f.span.index) == (part, index))
        };
        let is_token =
            |method: &String| method.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
        let hosts = (0u32..).zip(request.headers());
        let mut hosts = hosts.filter(|(_, (name, _))| name.eq_ignore_ascii_case(b"host"));
        let host = hosts.next().filter(|(index, _)| !guilty(Part::Header, *index));
        Event {
            schema: 1,
            time: time.to_string(),
            id: context.id,
            request: EventRequest {
                method: text(request.method())
                    .filter(|method| is_token(method) && method.len() <= 32),
                path: path::pattern(request.target(), |at| is_guilty(verdict, Part::Target, 0, at)),
                host: host.and_then(|(_, (_, value))| text(value)),
                client: context.client.and_then(|client| text(client.as_bytes())),
            },
            action: verdict.action,
            score: verdict.score,
            class: verdict.class(),
            findings: verdict.findings.iter().map(EventFinding::new).collect(),
            dropped: verdict.dropped,
            coverage: match verdict.coverage {
                Coverage::Full => EventCoverage::Full,
                Coverage::Partial(limit) => EventCoverage::Partial(limit.to_string()),
            },
            policy: EventPolicy {
                mode: route.and_then(|route| route.mode).unwrap_or(policy.mode),
                route: route.map(|route| route.path.clone()),
            },
            ruleset: verdict.ruleset.to_string(),
        }
    }
}

impl EventFinding {
    fn new(finding: &abatis::Finding) -> EventFinding {
        let span = &finding.span;
        let part = serde_json::to_value(span.part).ok();
        EventFinding {
            rule: finding.rule.clone(),
            class: finding.class,
            score: finding.score,
            action: finding.action,
            place: finding.place,
            name: finding.name,
            pattern: finding.pattern.clone(),
            span: EventSpan {
                part: part.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
                index: span.index,
                range: [span.range.start, span.range.end],
            },
            decoded: finding.decoded.iter().map(|step| step.as_str().to_owned()).collect(),
        }
    }
}
