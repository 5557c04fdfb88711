//! Single stages, to be timed, and the steps that a run counts.

use std::ops::Range;

use crate::classes::Classes;
use crate::decode::{Coding, Readings};
use crate::detect::LanguageId;
use crate::detect::segment::Trace;
use crate::engine::Engine;
use crate::inspect::Memory;
use crate::limits::Limits;
use crate::parse::json::{Event, JsonParser, JsonSink, Path, Problem};
use crate::prefilter::literals::Hits;
use crate::request::Request;
use crate::session::State;
use crate::span::Place;

/// The byte classes of a value, as bits.
pub fn gate(value: &[u8]) -> u32 {
    Classes::of(value).0
}

/// Decodes values with memory of its own.
#[derive(Debug, Default)]
pub struct Decoder {
    readings: Readings,
    limits: Limits,
}

impl Decoder {
    /// How many readings the value has, coded as a form value.
    pub fn readings(&mut self, value: &[u8]) -> usize {
        let mut budget = self.limits.budget();
        self.readings.read(
            value,
            Coding::Form,
            self.limits.decode_rounds,
            &self.limits,
            &mut budget,
        );
        self.readings.len()
    }
}

/// Scans values for an engine's literals with memory of its own.
#[derive(Debug)]
pub struct Prefilter {
    engine: Engine,
    hits: Hits,
}

impl Prefilter {
    /// For the literals of this engine.
    pub fn new(engine: &Engine) -> Prefilter {
        Prefilter { engine: engine.clone(), hits: Hits::default() }
    }

    /// Whether any literal occurs.
    pub fn scan(&mut self, value: &[u8]) -> bool {
        self.engine.plan().literals(value, &mut self.hits);
        !self.hits.is_empty()
    }
}

/// The calibrated score that one language gives a value: `sql`, `shell`, `html`, `script`, `path`, `url`, `code`, `template`.
pub fn language(engine: &Engine, name: &str, value: &[u8]) -> Option<u16> {
    let id = LanguageId::ALL.into_iter().find(|id| id.name() == name)?;
    let weights = &engine.plan().language(id)?.weights;
    let mut budget = engine.plan().budget();
    let mut trace = Trace::default();
    let evidence = id.judge(weights, value, Classes::of(value), &mut budget, &mut trace);
    Some(evidence.map_or(0, |evidence| weights.calibrate(evidence.score)))
}

/// The tokens of one reading of a value in one start context, as a language's scorer takes them: training reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The language, as weight files are named.
    pub language: &'static str,
    /// The start context.
    pub context: &'static str,
    /// Names of the folded tokens, without those that only repeat a period.
    pub tokens: Vec<&'static str>,
}

/// Every token stream that an engine would score for a value: all readings, all languages whose gate opens, all contexts that
/// apply. A stream that is no evidence whatever it scores is left out.
pub fn streams(engine: &Engine, place: Place, value: &[u8]) -> Vec<Stream> {
    let plan = engine.plan();
    let mut state = State::new(plan);
    state.reset(plan);
    let mut memory = Memory::default();
    memory.judged = Some(Vec::new());
    state.value(plan, &mut memory, place, value);
    let judged = memory.judged.unwrap_or_default();
    judged.iter().flat_map(|(language, view)| language.streams(view)).collect()
}

/// Parses JSON bodies with memory of its own.
#[derive(Debug)]
pub struct Json {
    parser: JsonParser,
    limits: Limits,
}

impl Default for Json {
    fn default() -> Json {
        let limits = Limits::default();
        Json { parser: JsonParser::new(&limits), limits }
    }
}

impl Json {
    /// How many events the body gives; none if it is not JSON.
    pub fn events(&mut self, body: &[u8]) -> Option<usize> {
        struct Count(usize);
        impl JsonSink for Count {
            fn event(&mut self, _: Event<'_>, _: Range<usize>, _: &Path) {
                self.0 += 1;
            }
            fn problem(&mut self, _: Problem, _: Range<usize>, _: &Path) {}
            fn rest(&mut self, _: &[u8], _: usize) {}
        }
        let mut count = Count(0);
        self.parser.walk(body, 0, &self.limits, &mut count).ok().map(|()| count.0)
    }
}

/// The steps that a request costs.
pub fn steps(engine: &Engine, request: &Request<'_>) -> u64 {
    spent(engine, |state, memory| state.whole(engine.plan(), memory, request))
}

/// The steps that a value costs.
pub fn value_steps(engine: &Engine, place: Place, value: &[u8]) -> u64 {
    spent(engine, |state, memory| state.value(engine.plan(), memory, place, value))
}

fn spent(engine: &Engine, run: impl FnOnce(&mut State, &mut Memory)) -> u64 {
    let plan = engine.plan();
    let mut state = State::new(plan);
    state.reset(plan);
    run(&mut state, &mut Memory::default());
    plan.budget().left() - state.case.budget.left()
}
