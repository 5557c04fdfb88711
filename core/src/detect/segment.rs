//! The scorer that every language shares: the maximum-scoring segment of a token stream under an n-gram model.
//!
//! A detector's lexer pushes folded tokens; [`Scorer`] adds up integer weights of the unigrams, bigrams and trigrams they
//! form and remembers the best contiguous run (Kadane's algorithm). So evidence needs O(1) memory, works on a stream of
//! any length, cannot be diluted by text before or after an attack, and names the guilty span. There is no cap on
//! tokens: a cap is a hole (120 junk expressions in front of the payload cost 31 points of recall in a trial).
//!
//! Token runs with a period of 1 to 4 (`1;2;3;4;...`, `a=b&c=d&...`) count twice at most, else lists would add up without
//! bound.
//!
//! Weights are data: `rules/weights/<detector>.json`, by token name, so that they can be read, reviewed and learned.

use std::ops::Range;

use serde::Serialize;

pub(crate) use crate::model::weights::{Levels, WeightFile};

/// A token of a folded stream: an index below 64 into the language's table of token names.
pub(crate) type Token = u8;

/// Where a lexer sends its tokens.
pub(crate) trait Sink {
    /// Takes the next token; `range` is where it stands in the view. Ranges never go backwards.
    fn token(&mut self, token: Token, range: Range<usize>);
}

/// The best run of tokens of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Sum of the weights, in the model's own unit.
    pub(crate) score: i32,
    /// Where the run stands in the view.
    pub(crate) range: Range<usize>,
}

/// The weights of one language, ready to score. About 16 KiB, plus 128 bytes for each bigram that begins a trigram.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    names: &'static [&'static str],
    uni: [i16; 64],
    /// By both tokens: 64 x the first, and the second.
    bi: Box<[Bigram; 64 * 64]>,
    tri: Vec<[i16; 64]>,
    levels: Levels,
}

/// What two tokens in a row weigh.
#[derive(Clone, Copy, Debug, Default)]
struct Bigram {
    weight: i16,
    /// Row of [`Weights::tri`] for a third token behind them; row 0 is all zero.
    row: u16,
}

impl Weights {
    /// Compiles a weight file against a language's token names.
    pub(crate) fn new(
        names: &'static [&'static str],
        file: &WeightFile,
    ) -> Result<Weights, Vec<String>> {
        let mut errors = Vec::new();
        assert!(names.len() <= 64, "a language has at most 64 tokens");
        let mut weights = Weights {
            names,
            uni: [0; 64],
            bi: Box::new([Bigram::default(); 64 * 64]),
            tri: vec![[0; 64]],
            levels: file.levels,
        };
        let Levels { paranoid, high, default, low } = file.levels;
        if !(0 < paranoid && paranoid < high && high < default && default < low) {
            errors.push(format!(
                "levels must increase from paranoid to low and be positive, found {paranoid}, {high}, {default}, {low}"
            ));
        }
        for (ngram, &weight) in &file.weights {
            let mut ids = Vec::new();
            for name in ngram.split(' ') {
                match names.iter().position(|known| known == &name) {
                    Some(id) => ids.push(id),
                    None => errors.push(format!(
                        "unknown token `{name}` in `{ngram}`, expected one of {}",
                        names.join(", ")
                    )),
                }
            }
            match ids[..] {
                [a] => weights.uni[a] = weight,
                [a, b] => weights.bi[a * 64 + b].weight = weight,
                [a, b, c] => {
                    let pair = &mut weights.bi[a * 64 + b];
                    if pair.row == 0 {
                        pair.row = weights.tri.len() as u16;
                        weights.tri.push([0; 64]);
                    }
                    weights.tri[pair.row as usize][c] = weight;
                }
                _ => errors.push(format!("`{ngram}` is not one to three token names")),
            }
        }
        if errors.is_empty() { Ok(weights) } else { Err(errors) }
    }

    /// The calibrated score, 0..=1000, of a segment score: linear between the levels of the weight file.
    pub(crate) fn calibrate(&self, score: i32) -> u16 {
        let Levels { paranoid, high, default, low } = self.levels;
        let twice = low.saturating_mul(2);
        let knots =
            [(0, 0), (paranoid, 300), (high, 500), (default, 700), (low, 900), (twice, 1000)];
        if score <= 0 {
            return 0;
        }
        for pair in knots.windows(2) {
            if let [(x0, y0), (x1, y1)] = *pair
                && score < x1
            {
                let part = i64::from(score - x0) * (y1 - y0) / i64::from(x1 - x0);
                return (y0 + part) as u16;
            }
        }
        1000
    }

    /// The least segment score worth a finding at any sensitivity.
    pub(crate) fn floor(&self) -> i32 {
        self.levels.paranoid
    }

    /// Bytes that the tables take.
    pub(crate) fn memory_usage(&self) -> usize {
        size_of::<Weights>() + size_of_val(&self.bi[..]) + size_of_val(&self.tri[..])
    }

    /// Name of a token.
    pub(crate) fn name(&self, token: Token) -> &'static str {
        self.names.get(token as usize).copied().unwrap_or("?")
    }

    #[inline]
    fn unigram(&self, a: Token) -> i32 {
        i32::from(self.uni[(a & 63) as usize])
    }

    #[inline]
    fn bigram(&self, a: Token, b: Token) -> (i32, u16) {
        let Bigram { weight, row } = self.bi[((a & 63) as usize) * 64 + (b & 63) as usize];
        (i32::from(weight), row)
    }

    #[inline]
    fn trigram(&self, row: u16, c: Token) -> i32 {
        self.tri.get(row as usize).map_or(0, |row| i32::from(row[(c & 63) as usize]))
    }
}

/// Scores a token stream as it comes. O(1) memory and time per token.
#[derive(Debug)]
pub(crate) struct Scorer<'w> {
    weights: &'w Weights,
    current: i32,
    current_start: usize,
    /// Tokens in the current run, 2 at most: how long an n-gram may be.
    run: u8,
    previous: Token,
    /// Trigram row of the two tokens before.
    row: u16,
    best: Segment,
    /// Which tokens came at all.
    seen: u64,
    periods: Periods,
}

impl<'w> Scorer<'w> {
    pub(crate) fn new(weights: &'w Weights) -> Scorer<'w> {
        Scorer {
            weights,
            current: 0,
            current_start: 0,
            run: 0,
            previous: 0,
            row: 0,
            best: Segment { score: 0, range: 0..0 },
            seen: 0,
            periods: Periods::default(),
        }
    }

    /// The best segment so far; score 0 if nothing spoke for an attack.
    pub(crate) fn best(&self) -> &Segment {
        &self.best
    }

    /// The set of tokens seen so far, as bits.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }
}

impl Sink for Scorer<'_> {
    #[inline]
    fn token(&mut self, token: Token, range: Range<usize>) {
        self.seen |= 1 << (token & 63);
        if self.periods.repeats(token) {
            // Still part of the run that it prolongs, but of no weight.
            if self.current > 0 && self.current == self.best.score {
                self.best.range.end = range.end.max(self.best.range.end);
            }
            return;
        }
        let alone = self.weights.unigram(token);
        let mut joined = alone;
        let mut row = 0;
        if self.run >= 1 {
            let (pair, pair_row) = self.weights.bigram(self.previous, token);
            joined += pair;
            row = pair_row;
            if self.run >= 2 && self.row != 0 {
                joined += self.weights.trigram(self.row, token);
            }
        }
        // A body may hold more evidence than a sum has room for.
        let prolonged = self.current.saturating_add(joined);
        if self.run >= 1 && prolonged >= alone {
            self.current = prolonged;
            self.run = 2;
            self.row = row;
        } else {
            self.current = alone;
            self.current_start = range.start;
            self.run = 1;
            self.row = 0;
        }
        self.previous = token;
        if self.current > self.best.score {
            self.best = Segment { score: self.current, range: self.current_start..range.end };
        }
    }
}

/// Notices token runs of period 1 to 4 beyond their second round.
// PERF: four periods at once, a byte for each; told apart in a loop they took a third of the scoring.
#[derive(Debug)]
struct Periods {
    /// The four tokens before, the last one in the lowest byte.
    last: u32,
    /// For each period whether a token equalled the one that many before it: the last eight tokens, the last one in the lowest bit.
    equal: u32,
}

impl Default for Periods {
    fn default() -> Periods {
        // No token: those of a language are below 64.
        Periods { last: 0x7f7f_7f7f, equal: 0 }
    }
}

impl Periods {
    /// Each period's byte.
    const EACH: u32 = 0x0101_0101;
    /// The highest bit of each.
    const HIGH: u32 = 0x8080_8080;
    /// So many tokens in a row as make a third round begin: 2 of period 1, to 5 of period 4.
    const ROUND: u32 = u32::from_le_bytes([0b11, 0b111, 0b1111, 0b1_1111]);

    /// Whether `token` only repeats, a third time or more, the period before it.
    #[inline]
    fn repeats(&mut self, token: Token) -> bool {
        let token = u32::from(token & 63);
        let differs = self.last ^ (token * Periods::EACH);
        self.last = self.last << 8 | token;
        // Bytes are below 128, so what is taken from 128 leaves that bit to zero alone.
        let equals = (Periods::HIGH - differs) >> 7 & Periods::EACH;
        self.equal = self.equal << 1 & !Periods::EACH | equals;
        // Whether a byte is zero: no bit of its round is missing.
        let missing = !self.equal & Periods::ROUND;
        missing.wrapping_sub(Periods::EACH) & !missing & Periods::HIGH != 0
    }
}

/// One n-gram that spoke for or against, with its weight: the explanation of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Feature {
    /// Token names, separated by blanks; or what a pattern rule looked for.
    pub name: String,
    /// What it added to the score, in the model's own unit.
    pub weight: i32,
}

/// Records a stream, for explanations and tests.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) tokens: Vec<(Token, Range<usize>)>,
}

impl Sink for Recorder {
    fn token(&mut self, token: Token, range: Range<usize>) {
        self.tokens.push((token, range));
    }
}

/// The tokens of evidence that was found, so that it can be explained without lexing again.
// PERF: lexing again took a fifth of what a plain attack costs.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    tokens: Vec<(Token, Range<usize>)>,
}

impl Trace {
    /// Tokens that are kept, of all evidence together: what has more is lexed again.
    const MOST: usize = 1024;

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.tokens.clear();
    }

    /// A scorer whose tokens are kept behind those that are.
    pub(crate) fn scorer<'s>(&'s mut self, weights: &'s Weights) -> Traced<'s> {
        let from = self.tokens.len();
        Traced { scorer: Scorer::new(weights), trace: self, from }
    }

    /// The tokens that a [`Traced`] kept.
    pub(crate) fn tokens(&self, kept: &Range<usize>) -> &[(Token, Range<usize>)] {
        self.tokens.get(kept.clone()).unwrap_or_default()
    }
}

/// A [`Scorer`] that keeps its tokens.
#[derive(Debug)]
pub(crate) struct Traced<'s> {
    pub(crate) scorer: Scorer<'s>,
    trace: &'s mut Trace,
    from: usize,
}

impl Traced<'_> {
    /// Forgets the tokens.
    pub(crate) fn forget(self) {
        self.trace.tokens.truncate(self.from);
    }

    /// Keeps them in place of those that stand directly before; where they are now, none if there were too many.
    pub(crate) fn keep(self, before: Option<Range<usize>>) -> Option<Range<usize>> {
        let tokens = &mut self.trace.tokens;
        let start = before.map_or(self.from, |before| before.start.min(self.from));
        tokens.drain(start..self.from);
        if tokens.len() + (self.from - start) >= Trace::MOST {
            tokens.truncate(start);
            return None;
        }
        Some(start..tokens.len())
    }
}

impl Sink for Traced<'_> {
    #[inline]
    fn token(&mut self, token: Token, range: Range<usize>) {
        if self.trace.tokens.len() < Trace::MOST {
            self.trace.tokens.push((token, range.clone()));
        }
        self.scorer.token(token, range);
    }
}

impl Recorder {
    /// The tokens that count for a score, all but those that only repeat a period.
    #[cfg(feature = "internals")]
    pub(crate) fn counted(&self) -> impl Iterator<Item = Token> {
        let mut periods = Periods::default();
        self.tokens.iter().map(|(token, _)| *token).filter(move |&token| !periods.repeats(token))
    }
}

/// The n-grams of a stream inside `range` with their weights, in the order of their first occurrence; adds up to the segment's score.
///
/// An n-gram that occurs often is told once, with all that it added: evidence may be as long as a body.
pub(crate) fn features(
    tokens: &[(Token, Range<usize>)],
    weights: &Weights,
    range: &Range<usize>,
) -> Vec<Feature> {
    let mut told = Told::default();
    let mut add = |ngram, weight| told.add(ngram, weight);
    let mut periods = Periods::default();
    let (mut before, mut last) = (None, None);
    for (token, at) in tokens {
        if periods.repeats(*token) || at.start < range.start || at.end > range.end {
            continue;
        }
        add([None, None, Some(*token)], weights.unigram(*token));
        if let Some(last) = last {
            let (pair, _) = weights.bigram(last, *token);
            add([None, Some(last), Some(*token)], pair);
            if let Some(before) = before {
                let (_, row) = weights.bigram(before, last);
                add([Some(before), Some(last), Some(*token)], weights.trigram(row, *token));
            }
        }
        (before, last) = (last, Some(*token));
    }
    told.finish(weights)
}

/// N-grams with their weights, in the order in which they first came.
// PERF: with a map that is searched for each n-gram, and names put together from lists, a plain attack took a fifth more.
#[derive(Debug, Default)]
struct Told {
    ngrams: Vec<Ngram>,
    count: u32,
}

#[derive(Debug)]
struct Ngram {
    /// The tokens as a number: a byte for each, one more than the token, or zero where there is none.
    key: u32,
    /// Which of all n-grams it was.
    nth: u32,
    weight: i32,
}

impl Told {
    /// N-grams that are searched one by one, as many as nearly all evidence has.
    const FEW: usize = 48;

    /// Amortised O(log distinct n-grams), as is the memory in those.
    fn add(&mut self, tokens: [Option<Token>; 3], weight: i32) {
        if weight == 0 {
            return;
        }
        let key = tokens
            .iter()
            .fold(0, |key, &token| key << 8 | token.map_or(0, |token| u32::from(token) + 1));
        let known = self.ngrams.iter_mut().take(Told::FEW).find(|known| known.key == key);
        if let Some(known) = known {
            known.weight = known.weight.saturating_add(weight);
            return;
        }
        if self.ngrams.len() == self.ngrams.capacity() {
            self.merge();
            self.ngrams.reserve(self.ngrams.len().max(Told::FEW));
        }
        self.ngrams.push(Ngram { key, nth: self.count, weight });
        self.count += 1;
    }

    /// Makes equal n-grams one. The first [`FEW`](Told::FEW) are all different.
    fn merge(&mut self) {
        if self.ngrams.len() <= Told::FEW {
            return;
        }
        self.ngrams.sort_unstable_by_key(|ngram| (ngram.key, ngram.nth));
        self.ngrams.dedup_by(|again, first| {
            let same = again.key == first.key;
            if same {
                first.weight = first.weight.saturating_add(again.weight);
            }
            same
        });
    }

    fn finish(mut self, weights: &Weights) -> Vec<Feature> {
        self.merge();
        self.ngrams.sort_unstable_by_key(|ngram| ngram.nth);
        let feature = |ngram: &Ngram| {
            let name = |byte: u32| weights.name((ngram.key >> byte) as u8 - 1);
            let name = match ngram.key {
                0..0x100 => name(0).to_owned(),
                0x100..0x1_0000 => [name(8), name(0)].join(" "),
                _ => [name(16), name(8), name(0)].join(" "),
            };
            Feature { name, weight: ngram.weight }
        };
        self.ngrams.iter().map(feature).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["WORD", "QUOTE", "UNION", "SELECT"];

    fn weights() -> Weights {
        let file = WeightFile {
            detector: "test".into(),
            origin: "by hand".into(),
            levels: Levels { paranoid: 10, high: 20, default: 30, low: 40 },
            weights: [("WORD", -5), ("UNION", 4), ("UNION SELECT", 20), ("QUOTE UNION SELECT", 9)]
                .map(|(name, weight)| (name.to_owned(), weight))
                .into(),
        };
        Weights::new(NAMES, &file).unwrap()
    }

    fn best(tokens: &[Token]) -> Segment {
        let weights = weights();
        let mut scorer = Scorer::new(&weights);
        for (at, &token) in tokens.iter().enumerate() {
            scorer.token(token, at..at + 1);
        }
        scorer.best().clone()
    }

    #[test]
    fn the_best_run_is_found_whatever_surrounds_it() {
        assert_eq!(best(&[1, 2, 3]), Segment { score: 33, range: 0..3 });
        assert_eq!(best(&[0, 0, 1, 2, 3, 0, 0]), Segment { score: 33, range: 2..5 });
        assert_eq!(best(&[0, 0]).score, 0);
    }

    #[test]
    fn periods_count_twice_at_most() {
        let twice = best(&[2, 3, 2, 3]).score;
        let many: Vec<Token> = [2, 3].repeat(50);
        assert_eq!(best(&many).score, twice);
        assert_eq!(best(&many).range, 0..100);
    }

    #[test]
    fn features_add_up_to_the_score() {
        let weights = weights();
        let mut recorder = Recorder::default();
        for (at, &token) in [0, 1, 2, 3, 0].iter().enumerate() {
            recorder.token(token, at..at + 1);
        }
        let features = features(&recorder.tokens, &weights, &(1..4));
        assert_eq!(features.iter().map(|f| f.weight).sum::<i32>(), 33);
    }

    /// A body of a mebibyte gave a finding with 337,000 features, ten mebibytes when written out.
    #[test]
    fn an_n_gram_is_told_once() {
        let weights = weights();
        let mut recorder = Recorder::default();
        // No period of four or less, which would count twice at most.
        let tokens = [0, 1, 2, 3, 0, 2, 1, 3, 2].iter().cycle().take(9_000);
        for (at, &token) in tokens.enumerate() {
            recorder.token(token, at..at + 1);
        }
        let features = features(&recorder.tokens, &weights, &(0..9_000));
        let told: Vec<_> = features.iter().map(|f| (&*f.name, f.weight)).collect();
        let expected = [
            ("WORD", -10_000),
            ("UNION", 12_000),
            ("UNION SELECT", 20_000),
            ("QUOTE UNION SELECT", 9_000),
        ];
        assert_eq!(told, expected);
    }

    /// More different n-grams than are searched one by one, each of them again and again.
    #[test]
    fn n_grams_are_told_in_their_order_however_many() {
        const NAMES: [&str; 60] = ["T"; 60];
        let file = WeightFile {
            detector: "test".into(),
            origin: "by hand".into(),
            levels: Levels { paranoid: 10, high: 20, default: 30, low: 40 },
            weights: std::collections::BTreeMap::new(),
        };
        let mut weights = Weights::new(&NAMES, &file).unwrap();
        weights.uni = std::array::from_fn(|token| token as i16 + 1);
        let tokens: Vec<_> = (0..600).map(|at| ((at * 7 % 60) as Token, at..at + 1)).collect();
        let told: Vec<_> =
            features(&tokens, &weights, &(0..600)).iter().map(|f| f.weight).collect();
        let expected: Vec<_> = (0..60).map(|at| 10 * (at * 7 % 60 + 1)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn tokens_are_kept_for_the_best_alone() {
        let weights = weights();
        let mut trace = Trace::default();
        let mut lex = |tokens: usize, before| {
            let mut traced = trace.scorer(&weights);
            (0..tokens).for_each(|at| traced.token(2, at..at + 1));
            traced.keep(before)
        };
        let first = lex(3, None);
        assert_eq!(first, Some(0..3));
        let better = lex(5, first);
        assert_eq!(better, Some(0..5));
        assert_eq!(lex(2, None), Some(5..7));
        assert_eq!(lex(2000, None), None);
        assert_eq!(lex(1, None), Some(7..8));
        assert_eq!(trace.tokens(&(5..7)).len(), 2);
        trace.scorer(&weights).forget();
        assert_eq!(trace.tokens.len(), 8);
    }

    #[test]
    fn a_score_beyond_all_bounds_stays_the_highest() {
        let levels = Levels { paranoid: 10, high: 20, default: 30, low: i32::MAX };
        let file = WeightFile {
            detector: "test".into(),
            origin: "by hand".into(),
            levels,
            weights: [("UNION".to_owned(), i16::MAX)].into(),
        };
        let weights = Weights::new(NAMES, &file).unwrap();
        let mut scorer = Scorer::new(&weights);
        let tokens = [2, 0, 2, 2, 0, 0, 2].iter().cycle().take(500_000);
        for (at, &token) in tokens.enumerate() {
            scorer.token(token, at..at + 1);
        }
        assert_eq!(scorer.best().score, i32::MAX);
        assert_eq!((weights.calibrate(1 << 30), weights.calibrate(i32::MAX)), (799, 1000));
    }

    #[test]
    fn calibration_hits_the_levels() {
        let weights = weights();
        for (raw, score) in
            [(-3, 0), (0, 0), (10, 300), (20, 500), (30, 700), (40, 900), (99, 1000)]
        {
            assert_eq!(weights.calibrate(raw), score);
        }
    }

    #[test]
    fn an_unknown_token_is_an_error_that_lists_the_known() {
        let file = WeightFile {
            detector: "test".into(),
            origin: "by hand".into(),
            levels: Levels { paranoid: 1, high: 2, default: 3, low: 4 },
            weights: [("SELCT".to_owned(), 1)].into(),
        };
        let errors = Weights::new(NAMES, &file).unwrap_err();
        assert!(errors[0].contains("`SELCT`") && errors[0].contains("SELECT"), "{errors:?}");
    }
}
