//! Judging a block of lines.

use std::time::Instant;

use abatis::model::Bundle;
use abatis::{Action, Engine, Part, Request, Scratch, Verdict};

use super::memory::{Known, Memory, Remembering, is_clean};
use super::timing::Timing;
use super::write::{self, Clean};
use crate::events::{self, EventsFormat};
use crate::log::json::{self, Unreadable, ValueLine};
use crate::log::pipeline::{Block, Work};
use crate::log::{Format, Id, Item, combined, path};
use crate::mask;
use crate::report::{Hour, Tally, Worst};

/// What lines hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Values,
    Requests(Format),
}

/// What a worker needs to know.
pub(super) struct Worker {
    engine: Engine,
    bundle: Bundle,
    kind: Kind,
    timing: bool,
    /// The least action whose lines are written; none of them are if there is none.
    lines: Option<Action>,
    tallied: bool,
    show_payload: bool,
    events: Option<EventsFormat>,
    remembering: Remembering,
    clean: Clean,
}

/// What became of lines.
#[derive(Default)]
pub(super) struct Output {
    pub(super) text: Vec<u8>,
    pub(super) events: Vec<u8>,
    pub(super) strongest: Action,
    pub(super) unreadable: usize,
    pub(super) timing: Timing,
    pub(super) tally: Tally,
}

/// What a worker keeps from block to block.
#[derive(Default)]
pub(super) struct Kept {
    scratch: Scratch,
    memory: Memory,
    /// The last minute of a log, and its hour.
    minute: Option<(Vec<u8>, Option<Hour>)>,
}

impl Worker {
    pub(super) fn new(engine: Engine, bundle: Bundle, kind: Kind) -> Worker {
        let mut scratch = Scratch::new();
        let clean = Clean::new(engine.inspect_with(&mut scratch, &Request::new("GET", "/")));
        Worker {
            remembering: Remembering::new(&bundle),
            engine,
            bundle,
            kind,
            timing: false,
            lines: Some(Action::Allow),
            tallied: false,
            show_payload: false,
            events: None,
            clean,
        }
    }

    /// Whether inspections are timed, each by itself.
    pub(super) fn timing(self, on: bool) -> Worker {
        let remembering = if on { Remembering::Off } else { self.remembering };
        Worker { timing: on, remembering, ..self }
    }

    /// Whether lines are written, from which action on.
    pub(super) fn lines(self, on: bool, only: Action) -> Worker {
        Worker { lines: on.then_some(only), ..self }
    }

    /// Whether lines are counted for a report, and whether that may show evidence.
    pub(super) fn tallied(self, on: bool, show_payload: bool) -> Worker {
        Worker { tallied: on, show_payload, ..self }
    }

    pub(super) fn events(self, events: Option<EventsFormat>) -> Worker {
        Worker { events, ..self }
    }

    fn line(
        &self,
        kept: &mut Kept,
        number: usize,
        line: &[u8],
        output: &mut Output,
    ) -> Result<(), Unreadable> {
        match self.kind {
            Kind::Values => {
                let ValueLine { id, value, place } = json::value(line)?;
                let request = Request::new("", "").body(&value);
                let verdict = self.inspect(kept, value.len(), output, |engine, scratch| {
                    engine.inspect_value(scratch, place, &value)
                });
                self.tell(kept, (Id::Given(id), number), None, &request, &verdict, output);
            }
            Kind::Requests(Format::Combined) => {
                let line = combined::Line::read(line, number)?;
                self.combined(kept, number, &line, output)?;
            }
            Kind::Requests(Format::Jsonl | Format::Har) => {
                self.item(kept, number, &json::request(line)?, output);
            }
        }
        Ok(())
    }

    /// Judges a line of an access log, by memory if it is known to be clean.
    fn combined(
        &self,
        kept: &mut Kept,
        number: usize,
        line: &combined::Line<'_>,
        output: &mut Output,
    ) -> Result<(), Unreadable> {
        if self.remembering == Remembering::Off {
            self.item(kept, number, &line.item(number)?, output);
            return Ok(());
        }
        let hour = if self.tallied { kept.hour(line.time) } else { None };
        let headers = line.headers();
        let Kept { scratch, memory: Memory { requests, headers: tables }, .. } = kept;
        let known = requests.get(0, line.request);
        if let Some(known) = known {
            let mut parts = tables.iter_mut().zip(headers);
            if parts
                .all(|(table, text)| text.is_none_or(|text| table.get(known.route, text).is_some()))
            {
                self.clean(number, &known.path, hour, output);
                return Ok(());
            }
        }
        if let Some((method, target)) = line.bare() {
            let bare = Request::new(&method, &target);
            let route = match self.remembering {
                Remembering::ByRoute => {
                    self.engine.route(scratch, &bare).map_or(0, |route| route as u32 + 1)
                }
                _ => 0,
            };
            // What is not known to be clean, and nothing else.
            let unknown =
                [0, 1].map(|at| headers[at].filter(|text| tables[at].get(route, text).is_none()));
            let values = unknown.map(|text| text.map(combined::unescaped));
            let named = combined::HEADERS.iter().zip(&values);
            let request = named.fold(bare, |request, (name, value)| match value {
                Some(value) => request.header(*name, value),
                None => request,
            });
            if is_clean(self.engine.inspect_with(scratch, &request)) {
                let path =
                    if self.tallied { path::pattern(&target, |_| false) } else { String::new() };
                self.clean(number, &path, hour, output);
                for (table, text) in tables.iter_mut().zip(unknown) {
                    if let Some(text) = text {
                        table.put(route, text, ());
                    }
                }
                if requests.get(0, line.request).is_none() {
                    requests.put(0, line.request, Known { route, path: path.into() });
                }
                return Ok(());
            }
        }
        self.item(kept, number, &line.item(number)?, output);
        Ok(())
    }

    /// Tells of a line on which nothing was found.
    #[inline]
    fn clean(&self, number: usize, path: &str, hour: Option<Hour>, output: &mut Output) {
        if self.lines == Some(Action::Allow) {
            self.clean.write(&mut output.text, number);
        }
        if self.tallied {
            output.tally.clean(Some(path), hour);
        }
    }

    /// Judges a request as a whole.
    fn item(&self, kept: &mut Kept, number: usize, item: &Item<'_>, output: &mut Output) {
        let request = item.request();
        let verdict = self.inspect(kept, item.bytes(), output, |engine, scratch| {
            engine.inspect_with(scratch, &request)
        });
        self.tell(kept, (item.id, number), Some(item), &request, &verdict, output);
    }

    fn inspect(
        &self,
        kept: &mut Kept,
        bytes: usize,
        output: &mut Output,
        inspect: impl for<'s> Fn(&Engine, &'s mut Scratch) -> &'s Verdict,
    ) -> Verdict {
        if self.timing {
            // Warm: the first run grows the scratch and fills caches.
            inspect(&self.engine, &mut kept.scratch);
            let start = Instant::now();
            std::hint::black_box(inspect(&self.engine, &mut kept.scratch));
            output.timing.add(start.elapsed(), bytes);
        }
        inspect(&self.engine, &mut kept.scratch).clone()
    }

    /// Writes and counts what was found; `item` if it is a request.
    fn tell(
        &self,
        kept: &mut Kept,
        (id, number): (Id<'_>, usize),
        item: Option<&Item<'_>>,
        request: &Request<'_>,
        verdict: &Verdict,
        output: &mut Output,
    ) {
        output.strongest = output.strongest.max(verdict.action);
        if self.lines.is_some_and(|least| verdict.action >= least) {
            write::verdict(&mut output.text, id, verdict);
        }
        if self.tallied {
            let path = item.map(|_| {
                let guilty = |at| mask::is_guilty(verdict, Part::Target, 0, at);
                path::pattern(request.target(), guilty)
            });
            let hour = item.and_then(|item| item.time).map(Hour::of);
            output.tally.add(verdict, path.as_deref(), hour, || {
                let finding = verdict.findings.first()?;
                Some(Worst {
                    id: id.value(),
                    line: number,
                    score: verdict.score,
                    action: verdict.action,
                    rule: finding.rule.clone(),
                    class: finding.class,
                    place: finding.place,
                    pointer: finding.pointer.clone(),
                    excerpt: mask::excerpt(request, verdict, finding, self.show_payload),
                })
            });
        }
        if let Some(format) = self.events
            && verdict.action > Action::Allow
        {
            let context = events::Context {
                id: id.value(),
                time: item.and_then(|item| item.time),
                client: item.and_then(|item| item.client.as_deref()),
                bundle: &self.bundle,
                route: item.and_then(|_| self.engine.route(&mut kept.scratch, request)),
            };
            events::write(format, &mut output.events, context, request, verdict);
        }
    }
}

impl Work for Worker {
    type Memory = Kept;
    type Output = Output;

    fn memory(&self) -> Kept {
        Kept::default()
    }

    fn judge(&self, kept: &mut Kept, block: &Block) -> Output {
        let mut output = Output::default();
        for (number, line) in block.lines() {
            let judged = line.and_then(|line| self.line(kept, number, line, &mut output));
            if let Err(unreadable) = judged {
                output.unreadable += 1;
                if self.lines.is_some() {
                    write::unreadable(&mut output.text, number, &unreadable);
                }
                if self.tallied {
                    output.tally.unreadable(number, unreadable.error());
                }
            }
        }
        output
    }
}

impl Kept {
    /// The hour of a time in a log: `10/Oct/2026:13:55:36 +0200`.
    fn hour(&mut self, time: &[u8]) -> Option<Hour> {
        // All seconds of a minute are in one hour.
        let (minute, zone) = (time.get(..17)?, time.get(20..)?);
        if let Some((known, hour)) = &self.minute
            && known.strip_prefix(minute) == Some(zone)
        {
            return *hour;
        }
        let hour = combined::time(time).map(Hour::of);
        self.minute = Some(([minute, zone].concat(), hour));
        hour
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use abatis::Policy;

    use super::*;
    use crate::policy::build;

    const POLICIES: [&str; 4] = [
        "{}",
        "mode: detect\nsensitivity: paranoid\n",
        "routes: [{path: /a, exclusions: [{place: header}]}, {path: /b, parameters: [{name: User-Agent, in: header, schema: {type: string, maxLength: 5}}]}]",
        "limits: {steps: 400}",
    ];

    fn texts(policy: &str, remembering: Remembering, log: &str) -> (String, String, String) {
        let policy = Policy::from_yaml("p.yaml", policy).unwrap();
        let bundle = Bundle::new(policy).unwrap();
        let worker = Worker::new(build(&bundle).unwrap(), bundle, Kind::Requests(Format::Combined));
        let worker = worker.tallied(true, false).events(Some(EventsFormat::Abatis));
        let remembering =
            if remembering == Remembering::Off { remembering } else { worker.remembering };
        let worker = Worker { remembering, ..worker };
        let output = worker.judge(&mut worker.memory(), &Block::of(log.as_bytes()));
        let about = crate::report::About {
            input: String::new(),
            policy: String::new(),
            ruleset: String::new(),
            made: String::new(),
            seconds: 0.0,
        };
        let report = serde_json::to_string(&output.tally.report(&about)).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.text), text(output.events), report)
    }

    /// Every mix of targets and headers, in an order that no part of which repeats soon, twice over.
    #[test]
    fn verdicts_are_equal_with_and_without_memory() {
        let requests = [
            "GET / HTTP/1.1",
            "GET /a HTTP/1.1",
            "GET /b?x=1 HTTP/1.1",
            "POST /a HTTP/2.0",
            "GET /b HTTP/1.1",
            "HEAD /b/../a HTTP/1.1",
            "GET /s?q=1'+or+'1'='1 HTTP/1.1",
            r"GET /s?q=\x22><script>alert(1)</script> HTTP/1.1",
            "GET /x' or y HTTP/1.1",
            "-",
            "GET /",
            "GET /items/4711?page=2 HTTP/1.1",
            "GET /items/4712?page=2 HTTP/1.1",
        ];
        let headers = [
            "",
            r#" "-" "-""#,
            r#" "-" "Fox""#,
            r#" "http://h/a?b=c" "Mozilla/5.0 (X11; Linux) Fox/7""#,
            r#" "http://h/?q=<script>alert(1)</script>" "Fox""#,
            r#" "-" "() { :; }; /bin/id""#,
            r#" "-" "Fox \"8\"" more"#,
            r#" "-" "unfinished"#,
        ];
        let mut log = String::new();
        for round in 0..2 * requests.len() * headers.len() {
            let (request, headers) =
                (requests[round % requests.len()], headers[round * 5 % headers.len()]);
            writeln!(
                log,
                "192.0.2.1 - - [10/Oct/2026:13:{:02}:36 +0200] \"{request}\" 200 1{headers}",
                round % 60
            )
            .unwrap();
        }
        for policy in POLICIES {
            let with = texts(policy, Remembering::On, &log);
            let without = texts(policy, Remembering::Off, &log);
            assert_eq!(with.0.lines().count(), 2 * requests.len() * headers.len());
            assert!(with == without, "{policy}");
            assert!(with.0.contains("\"action\":\"allow\"") && !with.1.is_empty());
        }
    }

    /// What is remembered to be clean on one route says nothing of another.
    #[test]
    fn routes_have_memories_of_their_own() {
        let line = |path: &str| {
            format!("- - - [x] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"() {{ :; }}; /bin/id\"\n")
        };
        let log = line("/a") + &line("/") + &line("/a") + &line("/");
        let (text, ..) = texts(POLICIES[2], Remembering::On, &log);
        let actions: Vec<_> =
            text.lines().map(|line| line.contains("\"schema\":1,\"action\":\"allow\"")).collect();
        assert_eq!(actions, [true, false, true, false], "{text}");
    }
}
