//! A verdict for people: the request with the guilty bytes underlined, how they were decoded, what weighed how much, and
//! the narrowest exclusion that would let them pass.

use std::fmt::{self, Write};

use crate::model::rule::Class;
use crate::request::Request;
use crate::span::{Basis, Part, Place, Span};
use crate::verdict::{Action, Coverage, Finding, Step, Verdict};

/// How many columns of the request are shown around the guilty bytes.
const WIDTH: usize = 96;

/// Shows a [`Verdict`] on the [`Request`] that it was made for.
///
/// The guilty bytes are masked unless [`show_payload`](Explanation::show_payload) is set: explanations end up in logs and
/// tickets. Control and non-ASCII bytes are shown as `·`, so that nothing a request holds can act on a terminal.
///
/// ```
/// use abatis::{Engine, Explanation, Policy, Request};
/// let engine = Engine::new(&Policy::default())?;
/// let request = Request::new("GET", "/item?id=1'+or+'1'%3D'1");
/// let verdict = engine.inspect(&request);
/// let text = Explanation::new(&request, &verdict).to_string();
/// assert!(text.contains("sql.injection") && text.contains("^^^^"));
/// assert!(!text.contains("'1'%3D"));
/// # Ok::<(), abatis::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    request: &'a Request<'a>,
    verdict: &'a Verdict,
    show_payload: bool,
    color: bool,
}

impl<'a> Explanation<'a> {
    /// Masked, without colour.
    pub fn new(request: &'a Request<'a>, verdict: &'a Verdict) -> Explanation<'a> {
        Explanation { request, verdict, show_payload: false, color: false }
    }

    /// Whether the guilty bytes are shown.
    pub fn show_payload(mut self, on: bool) -> Explanation<'a> {
        self.show_payload = on;
        self
    }

    /// Whether to use ANSI colours.
    pub fn color(mut self, on: bool) -> Explanation<'a> {
        self.color = on;
        self
    }

    fn paint(&self, f: &mut fmt::Formatter<'_>, code: &str, text: &str) -> fmt::Result {
        if self.color { write!(f, "\x1b[{code}m{text}\x1b[0m") } else { f.write_str(text) }
    }

    fn finding(&self, f: &mut fmt::Formatter<'_>, number: usize, finding: &Finding) -> fmt::Result {
        write!(f, "\n{number}. ")?;
        self.paint(f, "1", finding.rule.as_str())?;
        write!(f, "  {}  {}  ", finding.class, finding.score)?;
        self.paint(f, color_of(finding.action), finding.action.as_str())?;
        writeln!(f, "\n   {}\n", finding.message)?;

        let what = if finding.name { "name of " } else { "" };
        let (place, pointer) = (place_name(finding.place), tame(&finding.pointer));
        writeln!(f, "   in        {what}{place} {pointer}")?;
        let Span { part, index, range, basis } = &finding.span;
        let part_name = match part {
            Part::Method => "method".to_owned(),
            Part::Target => "target".to_owned(),
            Part::Header => format!("header {index}"),
            Part::HeaderName => format!("name of header {index}"),
            Part::Body => "body".to_owned(),
            Part::Value => "value".to_owned(),
            Part::Statement => "statement".to_owned(),
        };
        write!(f, "   bytes     {part_name} {}..{}", range.start, range.end)?;
        if *basis == Basis::Raw {
            f.write_str("\n\n")?;
            self.underline(f, &finding.span)?;
        } else {
            f.write_str(", counted after its coding was removed\n\n")?;
        }
        self.steps(f, finding)?;

        if !finding.context.is_empty() {
            writeln!(f, "   context   {}", finding.context)?;
        }
        if !finding.evidence.is_empty() {
            writeln!(f, "   evidence")?;
            for feature in &finding.evidence {
                writeln!(f, "     {:>+6}  {}", feature.weight, feature.name)?;
            }
        }
        if finding.action > Action::Allow && finding.class != Class::Protocol {
            writeln!(f, "   to let it pass, in the policy:")?;
            writeln!(f, "     exclusions:")?;
            writeln!(f, "       - {}", finding.exclusion())?;
        }
        Ok(())
    }

    /// The line of the request that holds the span, with the span underlined.
    fn underline(&self, f: &mut fmt::Formatter<'_>, span: &Span) -> fmt::Result {
        let (before, text) = self.part(span);
        let start = span.range.start.min(text.len());
        let end = span.range.end.clamp(start, text.len());
        let from = start.saturating_sub(WIDTH / 3);
        let shown = (end - start).min(WIDTH);
        let to = (start + shown + WIDTH / 3).min(text.len());

        let mut line = String::new();
        let mut marks = String::new();
        let lead = if from == 0 { before } else { "…".to_owned() };
        line.push_str(&lead);
        marks.extend(std::iter::repeat_n(' ', lead.chars().count()));
        for (at, &byte) in text.iter().enumerate().take(to).skip(from) {
            let guilty = (start..end).contains(&at);
            if guilty && at >= start + shown {
                break;
            }
            let masked = !self.show_payload && (guilty || self.is_guilty(span, at));
            line.push(if masked { '*' } else { visible(byte) });
            marks.push(if guilty { '^' } else { ' ' });
        }
        if end - start > shown || to < text.len() {
            line.push('…');
        }
        writeln!(f, "     {line}")?;
        f.write_str("     ")?;
        self.paint(f, "31", marks.trim_end())?;
        f.write_str("\n\n")
    }

    /// Whether a byte of the part that `span` counts in is evidence of any finding: what one masks no other may show.
    fn is_guilty(&self, span: &Span, at: usize) -> bool {
        let of = |span: &Span| (span.part, span.index, span.basis);
        self.verdict.findings.iter().any(|f| of(&f.span) == of(span) && f.span.range.contains(&at))
    }

    /// The part that a span counts in, and what stands before it in the request.
    fn part(&self, span: &Span) -> (String, &'a [u8]) {
        let header = |index: u32| self.request.line(index);
        let text = |bytes: &[u8]| bytes.iter().map(|&byte| visible(byte)).collect::<String>();
        match span.part {
            Part::Method => (String::new(), self.request.method()),
            Part::Target => (format!("{} ", text(self.request.method())), self.request.target()),
            Part::HeaderName => (String::new(), header(span.index).unwrap_or_default().0),
            Part::Header => {
                let (name, value) = header(span.index).unwrap_or_default();
                (format!("{}: ", text(name)), value)
            }
            Part::Body | Part::Value | Part::Statement => {
                (String::new(), self.request.body_bytes())
            }
        }
    }

    fn steps(&self, f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
        if finding.decoded.is_empty() && finding.span.basis == Basis::Raw {
            return Ok(());
        }
        if !finding.decoded.is_empty() {
            let chain: Vec<_> = finding.decoded.iter().map(|step| step.as_str()).collect();
            writeln!(f, "   decoded   {}", chain.join(" → "))?;
        }
        if self.show_payload {
            for step in finding.steps() {
                writeln!(f, "     {:<12}{}", step.name(), step.shown())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.verdict;
        self.paint(f, color_of(verdict.action), &verdict.action.as_str().to_uppercase())?;
        write!(f, "  score {}", verdict.score)?;
        if let Some(class) = verdict.class() {
            write!(f, "  {class}")?;
        }
        if let Coverage::Partial(limit) = verdict.coverage {
            write!(f, "  not inspected in full: {limit}")?;
        }
        writeln!(f, "  (ruleset {})", verdict.ruleset)?;
        for (at, finding) in verdict.findings.iter().enumerate() {
            self.finding(f, at + 1, finding)?;
        }
        if verdict.dropped > 0 {
            writeln!(f, "\n{} weaker findings are not listed", verdict.dropped)?;
        }
        if !self.show_payload && !verdict.findings.is_empty() {
            writeln!(f, "\nThe payload is masked.")?;
        }
        Ok(())
    }
}

impl Step {
    /// The text of the step, made safe to show.
    fn shown(&self) -> String {
        let mut shown = String::new();
        for &byte in self.text() {
            shown.push(visible(byte));
        }
        if self.cut() {
            let _ = shown.write_char('…');
        }
        shown
    }
}

fn color_of(action: Action) -> &'static str {
    match action {
        Action::Block => "1;31",
        Action::Flag | Action::Sanitize => "1;33",
        Action::Allow => "1;32",
    }
}

fn place_name(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query parameter",
        Place::Form => "form field",
        Place::Json => "JSON field",
        Place::Header => "header",
        Place::Cookie => "cookie",
        Place::Body => "body",
        Place::Xml => "XML",
    }
}

/// A name that the request chose, without the characters that act on a terminal.
fn tame(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// One column for each byte: what prints, prints; the rest is a dot.
fn visible(byte: u8) -> char {
    if byte == b' ' || byte.is_ascii_graphic() { char::from(byte) } else { '·' }
}
