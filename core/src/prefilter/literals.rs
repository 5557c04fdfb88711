//! One scan for every literal that a rule or a gate waits for.
//!
//! Way: decode -> gate -> **literals** -> detect. The gate words of all languages and the literals of all pattern rules
//! are found in one pass over a reading of a value, whatever their number. The scan yields [`Hits`]: the languages whose
//! gate opened, and where each literal stands first, so that a literal rule needs no search of its own.
//!
//! Two searches find the same. [`Windows`] is taken while the literals are few and differ enough that its worst case is
//! bounded, which those of the built-in rules are; of thousands, [`Samples`] takes the long ones, at a quarter of the cost.
//! [`Automaton`] is for all other sets, since it is linear whatever they are.
//!
//! A dense automaton was tried first, with 1,300 literals: 7 MB beside a small one for values of ordinary bytes took 18 ms to
//! build, 1.9 ns a byte on names and 4 on prose and URLs, where it leaves the caches; a sparse one of 0.6 MB 3.2 and 4.4 to 8.
//! The windows took 80 KB, 0.3 ms, 1.9 and 2.0 to 2.4 ns.
//!
//! A prefilter may overstate, never understate: `find_slowly` is the plain twin, used when the prefilter is
//! switched off; the tests hold all three against each other.

use std::collections::HashMap;
use std::ops::Range;

use super::automaton::Automaton;
use super::samples::{self, Samples};
use super::windows::Windows;
use crate::words::equals_lower;

/// Names a literal of one [`Literals`], in the order of [`Builder::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LiteralId(u32);

impl LiteralId {
    pub(super) fn new(index: usize) -> LiteralId {
        LiteralId(index as u32)
    }

    /// The literal as an index.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Who waits for a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The language of this number (below 32): the literal opens its gate.
    Language(u8),
    /// A pattern rule, which asks for it by its id.
    Rule,
}

/// Collects literals; equal ones (ASCII letters in any case) become one.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    ids: HashMap<Box<[u8]>, LiteralId>,
    literals: Vec<Literal>,
}

/// A literal and who waits for it.
#[derive(Debug)]
pub(super) struct Literal {
    /// In lower case, never empty.
    pub(super) text: Box<[u8]>,
    /// Languages whose gate it opens, as bits.
    languages: u32,
    /// Whether a rule waits for it.
    rules: bool,
}

impl Literal {
    /// Whether `text`, of the same length, is this literal.
    #[inline]
    pub(super) fn is(&self, text: &[u8]) -> bool {
        // PERF: what shares a window mostly differs at an end; 0x20 folds more than case, and the rest tells it apart.
        let same = |a: Option<&u8>, b: Option<&u8>| a.map(|a| a | 0x20) == b.map(|b| b | 0x20);
        same(text.first(), self.text.first())
            && same(text.last(), self.text.last())
            && equals_lower(text, &self.text)
    }
}

impl Builder {
    /// Adds a literal, which must not be empty.
    pub(crate) fn add(&mut self, literal: &str, owner: Owner) -> LiteralId {
        assert!(!literal.is_empty(), "an empty literal is everywhere");
        let text = literal.to_ascii_lowercase().into_bytes().into_boxed_slice();
        let id = *self.ids.entry(text).or_insert_with_key(|text| {
            self.literals.push(Literal { text: text.clone(), languages: 0, rules: false });
            LiteralId(self.literals.len() as u32 - 1)
        });
        let literal = &mut self.literals[id.index()];
        match owner {
            Owner::Language(language) => literal.languages |= 1 << language,
            Owner::Rule => literal.rules = true,
        }
        id
    }

    /// Chooses the search and builds it. O(bytes of all literals), some milliseconds for ten thousand literals.
    pub(crate) fn build(self) -> Literals {
        let search = Search::new(&self.literals);
        Literals { texts: self.literals, search }
    }

    /// The plain twin of [`Builder::build`]: literals that are searched for one by one.
    pub(crate) fn build_slow(self) -> Literals {
        Literals { texts: self.literals, search: Search::Slowly }
    }
}

/// How literals are searched for. Each finds the same.
#[derive(Debug)]
enum Search {
    /// The long ones of many, and the others.
    Windows(Option<Box<Samples>>, Box<Windows>),
    Automaton(Box<Automaton>),
    /// One by one: what is left if there is no automaton of that size.
    Slowly,
}

impl Search {
    fn new(literals: &[Literal]) -> Search {
        let (samples, others) = if literals.len() < samples::FEWEST {
            (None, (0..literals.len()).map(LiteralId::new).collect())
        } else {
            Samples::new(literals)
        };
        match Windows::new(literals, &others) {
            Some(windows) => Search::Windows(samples.map(Box::new), Box::new(windows)),
            None => Automaton::new(literals)
                .map_or(Search::Slowly, |automaton| Search::Automaton(Box::new(automaton))),
        }
    }

    /// See [`Literals::find`]; adds to `hits`.
    #[inline]
    fn find(&self, view: &[u8], literals: &[Literal], hits: &mut Hits) {
        match self {
            Search::Windows(samples, windows) => {
                windows.find(view, literals, hits);
                if let Some(samples) = samples {
                    samples.find(view, literals, hits);
                }
            }
            Search::Automaton(automaton) => automaton.find(view, literals, hits),
            Search::Slowly => find_slowly(view, literals, hits),
        }
    }
}

/// What the others find, by a plain search for each literal: their twin. O(len x literals).
fn find_slowly(view: &[u8], literals: &[Literal], hits: &mut Hits) {
    for (id, literal) in (0..).map(LiteralId).zip(literals) {
        let len = literal.text.len();
        for (at, text) in view.windows(len).enumerate() {
            if text.eq_ignore_ascii_case(&literal.text) {
                hits.add(id, literal, at..at + len);
            }
        }
    }
}

/// Every literal, ready to be searched for. Immutable.
#[derive(Debug)]
pub(crate) struct Literals {
    texts: Vec<Literal>,
    search: Search,
}

impl Literals {
    /// Finds every literal of `view`. Allocates nothing once `hits` is warm.
    ///
    /// One pass, O(len): see [`Windows::find`] and [`Automaton::find`] for in what else.
    #[inline]
    pub(crate) fn find(&self, view: &[u8], hits: &mut Hits) {
        hits.clear();
        self.search.find(view, &self.texts, hits);
    }

    /// Whether the literals are searched for by windows.
    #[cfg(test)]
    pub(crate) fn has_windows(&self) -> bool {
        matches!(self.search, Search::Windows(..))
    }

    /// Memory taken, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let texts: usize = self.texts.iter().map(|l| size_of::<Literal>() + l.text.len()).sum();
        texts
            + match &self.search {
                Search::Windows(samples, windows) => {
                    samples.as_ref().map_or(0, |samples| samples.memory_usage())
                        + windows.memory_usage()
                }
                Search::Automaton(automaton) => automaton.memory_usage(),
                Search::Slowly => 0,
            }
    }
}

/// What one scan found. Reused from value to value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hits {
    languages: u32,
    rules: bool,
    /// The literals of `found`, as bits.
    seen: Vec<u64>,
    found: Vec<Occurrence>,
    /// Where literals of `found` stand once more, up to [`MANY`].
    again: Vec<Occurrence>,
}

/// Places of literals from which on it is not worth asking where they stand.
const MANY: usize = 64;

/// The first place of a literal in a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// Which literal.
    pub(crate) literal: LiteralId,
    start: u32,
    end: u32,
}

impl Occurrence {
    /// Where it stands.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Hits {
    /// The languages of which a gate word was found, as bits.
    #[inline]
    pub(crate) fn languages(&self) -> u32 {
        self.languages
    }

    /// Whether a literal was found that a rule waits for.
    pub(crate) fn wake_rules(&self) -> bool {
        self.rules
    }

    /// Each literal that was found, once, at its first place; in no order to rely on.
    pub(crate) fn found(&self) -> &[Occurrence] {
        &self.found
    }

    /// Whether no literal was found.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether no literal stands inside of `range` of the view, so that this piece of it needs no scan of its own. O(1) for
    /// nearly all views; overstates what is found where they hold many literals.
    #[inline]
    pub(crate) fn is_clean(&self, range: Range<usize>) -> bool {
        self.found.is_empty() || self.is_clear_of(&range)
    }

    #[inline(never)]
    fn is_clear_of(&self, range: &Range<usize>) -> bool {
        let inside = |place: &Occurrence| {
            range.start <= place.start as usize && place.end as usize <= range.end
        };
        self.found.len() + self.again.len() < MANY
            && !self.found.iter().chain(&self.again).any(inside)
    }

    /// Forgets what was found.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if !self.found.is_empty() {
            self.forget();
        }
    }

    #[inline(never)]
    fn forget(&mut self) {
        self.languages = 0;
        self.rules = false;
        self.again.clear();
        for occurrence in self.found.drain(..) {
            if let Some(word) = self.seen.get_mut(occurrence.literal.index() / 64) {
                *word = 0;
            }
        }
    }

    pub(super) fn add(&mut self, id: LiteralId, literal: &Literal, range: Range<usize>) {
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        let place = Occurrence { literal: id, start: range.start as u32, end: range.end as u32 };
        if self.seen[word] & bit != 0 {
            if self.again.len() < MANY {
                self.again.push(place);
            }
            return;
        }
        self.seen[word] |= bit;
        self.languages |= literal.languages;
        self.rules |= literal.rules;
        self.found.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Literals of every length, some inside of others, some with neighbours in their windows.
    const LITERALS: [&str; 27] = [
        "|",
        "::",
        "cmd",
        "\n",
        "{{",
        "${",
        "*)",
        "://",
        "or ",
        "xp_",
        "exec",
        "execute",
        "select",
        "electron",
        "elect",
        "union all",
        "information_schema",
        "__proto__",
        "%c0%af",
        "aaaa",
        "aaa",
        "aab",
        "é{",
        "\0\x05",
        "UPPER",
        "a",
        "[[[[",
    ];

    fn builder(literals: &[String]) -> (Builder, Vec<LiteralId>) {
        let mut builder = Builder::default();
        let owner = |at: usize| {
            if at.is_multiple_of(3) { Owner::Language(at as u8 % 32) } else { Owner::Rule }
        };
        let ids =
            literals.iter().enumerate().map(|(at, text)| builder.add(text, owner(at))).collect();
        (builder, ids)
    }

    fn literals() -> (Literals, Vec<LiteralId>) {
        let (builder, ids) = builder(&LITERALS.map(str::to_owned));
        (builder.build(), ids)
    }

    /// Pseudo-random numbers.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % limit
        }

        /// A value of literals, halves of literals and noise, in any case.
        fn value(&mut self, literals: &[String]) -> Vec<u8> {
            let mut value = Vec::new();
            for _ in 0..self.below(6) {
                let text = literals[self.below(literals.len())].as_bytes();
                let cut = self.below(text.len() + 1);
                match self.below(4) {
                    0 => value.extend_from_slice(text),
                    1 => value.extend_from_slice(&text[..cut]),
                    2 => value.extend_from_slice(&text[cut..]),
                    _ => value.extend((0..cut).map(|at| (at * 37 + cut) as u8)),
                }
            }
            for byte in &mut value {
                if self.below(3) == 0 {
                    *byte = byte.to_ascii_uppercase();
                }
            }
            value
        }

        /// A literal of these characters.
        fn literal(&mut self, alphabet: &str, longest: usize) -> String {
            let alphabet: Vec<char> = alphabet.chars().collect();
            (0..=self.below(longest)).map(|_| alphabet[self.below(alphabet.len())]).collect()
        }
    }

    /// Holds windows (if the set is one for them), automaton and plain searches against each other.
    fn agree(literals: &[String], values: usize) -> bool {
        let (mut built, _) = builder(literals);
        let texts = std::mem::take(&mut built.literals);
        let search = Search::new(&texts);
        let automaton = Automaton::new(&texts).unwrap();
        let is_windows = matches!(search, Search::Windows(..));
        let slow = Literals { texts, search: Search::Slowly };
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut hits = [Hits::default(), Hits::default(), Hits::default()];
        let mut found = 0;
        for _ in 0..values {
            let value = random.value(literals);
            let [by_windows, by_automaton, slowly] = &mut hits;
            slow.find(&value, slowly);
            slowly.found.sort();
            found += slowly.found.len();
            let pieces: Vec<_> = (0..8)
                .map(|_| {
                    let start = random.below(value.len() + 1);
                    start..start + random.below(value.len() + 1 - start)
                })
                .collect();
            let equals = |fast: &mut Hits| {
                fast.found.sort();
                assert_eq!(fast.found, slowly.found, "{:?}", String::from_utf8_lossy(&value));
                assert_eq!(fast.languages, slowly.languages);
                assert_eq!(fast.wake_rules(), slowly.wake_rules());
                for piece in &pieces {
                    assert_eq!(fast.is_clean(piece.clone()), slowly.is_clean(piece.clone()));
                }
            };
            by_automaton.clear();
            automaton.find(&value, &slow.texts, by_automaton);
            equals(by_automaton);
            if is_windows {
                by_windows.clear();
                search.find(&value, &slow.texts, by_windows);
                equals(by_windows);
            }
        }
        assert!(found > values / 4, "the values hold too little to tell: {found}");
        is_windows
    }

    #[test]
    fn all_searches_find_the_same() {
        assert!(agree(&LITERALS.map(str::to_owned), 20_000));
    }

    #[test]
    fn all_searches_find_the_same_in_sets_of_any_kind() {
        let mut random = Random(1);
        // Few characters make many that are alike and inside of each other.
        for (alphabet, longest, count) in [
            ("ab", 3, 8),
            ("abc_", 6, 30),
            ("aB'|", 5, 60),
            ("a\0\n @`[{", 4, 60),
            ("éß%", 4, 40),
            ("abcdefghijklmnopqrstuvwxyz ", 12, 400),
        ] {
            for _ in 0..4 {
                let set: Vec<String> =
                    (0..count).map(|_| random.literal(alphabet, longest)).collect();
                agree(&set, 500);
            }
        }
    }

    #[test]
    fn sets_without_a_bound_are_not_for_windows() {
        let alike: Vec<String> = (4..40).map(|len| "a".repeat(len)).collect();
        assert!(!agree(&alike, 500), "too much to compare at one place");
        assert!(!agree(&["a".repeat(300)], 50), "too long");
        let short: Vec<String> = (0..9000).map(|number| format!("w{number:x}")).collect();
        assert!(!agree(&short, 50), "too many that are short");
        assert!(matches!(builder(&short).0.build().search, Search::Automaton(_)));
    }

    #[test]
    fn of_many_the_long_ones_are_sampled() {
        let long =
            |number: usize| format!("{:x}-{}", number * 7919, "plugin".repeat(number % 3 + 1));
        let mut many: Vec<String> = (0..3000).map(long).collect();
        many.extend(LITERALS.map(str::to_owned));
        // These share all their windows, and are left to the others.
        many.extend((0..9).map(|number| "q".repeat(20 + number)));
        assert!(agree(&many, 2000));
        assert!(matches!(builder(&many).0.build().search, Search::Windows(Some(_), _)));
    }

    #[test]
    fn the_built_in_literals_are_for_windows() {
        let engine = crate::Engine::new(&crate::Policy::default()).unwrap();
        assert!(engine.plan().scans_by_windows());
    }

    #[test]
    fn the_first_place_is_told_and_the_gate_opens() {
        let (literals, ids) = literals();
        let mut hits = Hits::default();
        literals.find(b"x Select or SELECT", &mut hits);
        let select = hits.found().iter().find(|found| found.literal == ids[12]);
        assert_eq!(select.map(Occurrence::range), Some(2..8));
        // `select` is a language's, `or ` and `elect` are rules'.
        assert_eq!(hits.languages(), 1 << 12);
    }

    #[test]
    fn a_piece_is_clean_if_a_scan_of_its_own_finds_nothing() {
        let (literals, _) = literals();
        let (mut whole, mut own) = (Hits::default(), Hits::default());
        let view = b"xyz select 1, selec, SELECT | {{x}} or  cm cmd";
        literals.find(view, &mut whole);
        for start in 0..=view.len() {
            for end in start..=view.len() {
                literals.find(&view[start..end], &mut own);
                assert_eq!(whole.is_clean(start..end), own.is_empty(), "{start}..{end}");
            }
        }
        literals.find(&b"::".repeat(MANY), &mut whole);
        assert!(!whole.is_clean(0..1), "where there are many, none is told from another");
    }

    #[test]
    fn equal_literals_are_one_with_both_owners() {
        let mut builder = Builder::default();
        let a = builder.add("Exec", Owner::Rule);
        assert_eq!(a, builder.add("eXEC", Owner::Language(2)));
        let literals = builder.build();
        let mut hits = Hits::default();
        literals.find(b"exec", &mut hits);
        assert_eq!(hits.languages() >> 2 & 1, 1);
        assert_eq!(hits.found().len(), 1);
    }

    #[test]
    fn hits_are_reused_from_one_set_to_another() {
        let (many, _) = literals();
        let mut builder = Builder::default();
        builder.add("zzz", Owner::Rule);
        let one = builder.build();
        let mut hits = Hits::default();
        one.find(b"zzz", &mut hits);
        assert_eq!(hits.found().len(), 1);
        many.find(b"information_schema |", &mut hits);
        assert_eq!(hits.found().len(), 3, "{:?}", hits.found());
        one.find(b"information_schema", &mut hits);
        assert_eq!(hits.found().len(), 0);
        many.find(b"information_schema |", &mut hits);
        assert_eq!(hits.found().len(), 3);
    }
}
