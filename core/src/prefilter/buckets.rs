//! Where windows may end: a shift-or automaton in one word, for all windows at once.
//!
//! A window is up to [`LANES`] neighbouring bytes of a literal. The windows are spread over [`BUCKETS`] buckets, each of which
//! knows which bytes stand first, second, ... in its windows, and nothing of how they go together: it lets pass what is
//! made of such bytes, windows or not. That is one bit for each bucket and place of the window, so that a word holds all of
//! them, and a byte of text costs a shift, an or and a compare (Baeza-Yates and Gonnet, "A New Approach to Text Searching",
//! 1992; superimposed as in Wang et al., "Hyperscan", NSDI 2019). How little passes is decided by who shares a bucket:
//! the windows are chosen for it.

/// Bytes of the longest window.
pub(super) const LANES: usize = 4;
/// Sets of windows that are told apart.
const BUCKETS: usize = 16;
/// The buckets of whole windows; the others are for what is shorter, which a long one in the same bucket would let pass
/// anywhere.
const LONG: usize = 10;
/// How often each window is given another choice, once the others are placed.
const ROUNDS: usize = 1;

/// A place where some window may end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Index of the window's last byte.
    pub(super) end: usize,
    /// The buckets that it may be of, in the last lane.
    open: u64,
}

impl Candidate {
    const LONG: u64 = ((1 << LONG) - 1) << ((LANES - 1) * BUCKETS);

    /// Whether it may be one of [`LANES`] bytes.
    #[inline]
    pub(super) fn is_long(self) -> bool {
        self.open & Self::LONG != 0
    }

    /// Whether it may be a shorter one.
    #[inline]
    pub(super) fn is_short(self) -> bool {
        self.open & !Self::LONG >= 1 << ((LANES - 1) * BUCKETS)
    }
}

/// The automaton. Immutable.
#[derive(Debug)]
pub(super) struct Buckets {
    /// By byte: a lane of [`BUCKETS`] bits for each place of a window, the last one highest. A bit is clear where the byte
    /// may stand.
    rows: Box<[u64; 256]>,
    /// Before the first byte no window has begun; places that a short one lacks stand open.
    start: u64,
}

impl Buckets {
    /// Chooses a window for each of `texts` (in lower case, none empty), where it ends, and its bucket.
    ///
    /// O(texts x their length).
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t [u8]>) -> (Buckets, Vec<Window>) {
        let mut sets = Sets::default();
        let texts: Vec<&[u8]> = texts.collect();
        let mut windows: Vec<Window> = texts.iter().map(|text| sets.place(text)).collect();
        for _ in 0..ROUNDS {
            for (window, text) in windows.iter_mut().zip(&texts) {
                sets.remove(*window, text);
                *window = sets.place(text);
            }
        }
        (sets.finish(), windows)
    }

    /// Tells `candidate` where windows may end, from left to right. O(len), five instructions a byte.
    #[inline]
    pub(super) fn find(&self, view: &[u8], mut candidate: impl FnMut(Candidate)) {
        /// The last lane alone, all of it set: no window ends here.
        const NONE: u64 = !0 << ((LANES - 1) * BUCKETS);
        let rows = &*self.rows;
        let mut state = self.start;
        let mut step = |end: usize, byte: u8| {
            state = state << BUCKETS | rows[byte as usize];
            if state < NONE {
                candidate(Candidate { end, open: !state });
            }
        };
        let (fours, rest) = view.as_chunks::<4>();
        let mut end = 0;
        for &[a, b, c, d] in fours {
            step(end, a);
            step(end + 1, b);
            step(end + 2, c);
            step(end + 3, d);
            end += 4;
        }
        for (byte, end) in rest.iter().zip(end..) {
            step(end, *byte);
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        size_of_val(&*self.rows)
    }
}

/// A window of a literal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Where in the literal it ends.
    pub(super) end: usize,
    bucket: usize,
}

impl Window {
    /// The bytes of the window and the lane of the first one.
    fn of(self, text: &[u8]) -> impl Iterator<Item = (usize, u8)> {
        let start = self.end.saturating_sub(LANES);
        let bytes = text.get(start..self.end).unwrap_or_default();
        (LANES - bytes.len()..LANES).zip(bytes.iter().copied())
    }
}

/// What a bucket lets pass at one place of its windows.
#[derive(Clone, Debug)]
struct Set {
    /// How many windows have each byte here.
    count: [u16; 256],
    /// How many windows begin only later.
    open: u16,
    /// How often a byte of text is one of these, in parts of [`FREQUENCIES`].
    frequency: u32,
}

impl Set {
    fn pass(&self) -> u32 {
        if self.open > 0 { FREQUENCIES } else { self.frequency }
    }

    fn pass_with(&self, byte: u8) -> u32 {
        let more = if self.count[byte as usize] == 0 { frequency(byte) } else { 0 };
        if self.open > 0 { FREQUENCIES } else { self.frequency + more }
    }
}

/// The buckets while windows are placed.
struct Sets(Vec<[Set; LANES]>);

impl Default for Sets {
    fn default() -> Sets {
        let set = Set { count: [0; 256], open: 0, frequency: 0 };
        Sets(vec![std::array::from_fn(|_| set.clone()); BUCKETS])
    }
}

impl Sets {
    /// Puts a text where it makes least pass that did not pass before.
    fn place(&mut self, text: &[u8]) -> Window {
        let size = text.len().min(LANES);
        let buckets = if size == LANES { 0..LONG } else { LONG..BUCKETS };
        let windows = (size..=text.len())
            .flat_map(|end| buckets.clone().map(move |bucket| Window { end, bucket }));
        let cost = |window: &Window| self.cost(*window, text);
        let window = windows.min_by_key(cost).unwrap_or(Window { end: size, bucket: LONG });
        let bucket = &mut self.0[window.bucket];
        bucket.iter_mut().take(LANES - size).for_each(|set| set.open += 1);
        for (lane, byte) in window.of(text) {
            let set = &mut bucket[lane];
            if set.count[byte as usize] == 0 {
                set.frequency += frequency(byte);
            }
            set.count[byte as usize] += 1;
        }
        window
    }

    fn remove(&mut self, window: Window, text: &[u8]) {
        let bucket = &mut self.0[window.bucket];
        bucket.iter_mut().take(LANES.saturating_sub(text.len())).for_each(|set| set.open -= 1);
        for (lane, byte) in window.of(text) {
            let set = &mut bucket[lane];
            set.count[byte as usize] -= 1;
            if set.count[byte as usize] == 0 {
                set.frequency -= frequency(byte);
            }
        }
    }

    /// How much more passes with this window, in parts of [`FREQUENCIES`] to the power of [`LANES`].
    fn cost(&self, window: Window, text: &[u8]) -> u64 {
        let bucket = &self.0[window.bucket];
        let product = |pass: u64, more: u32| pass * u64::from(more);
        let before = bucket.iter().map(Set::pass).fold(1, product);
        let open = LANES.saturating_sub(text.len());
        let after = window
            .of(text)
            .map(|(lane, byte)| bucket[lane].pass_with(byte))
            .fold(u64::from(FREQUENCIES).pow(open as u32), product);
        after - before
    }

    fn finish(self) -> Buckets {
        let mut rows = Box::new([!0; 256]);
        let mut start = 0;
        for (number, bucket) in self.0.iter().enumerate() {
            for (lane, set) in bucket.iter().enumerate() {
                let bit = 1 << (lane * BUCKETS + number);
                for (byte, row) in rows.iter_mut().enumerate() {
                    let lower = (byte as u8).to_ascii_lowercase();
                    if set.open > 0 || set.count[lower as usize] > 0 {
                        *row &= !bit;
                    }
                }
                if set.open == 0 {
                    start |= bit;
                }
            }
        }
        Buckets { rows, start }
    }
}

/// The whole of which [`frequency`] tells parts.
const FREQUENCIES: u32 = 4096;

/// How often a byte (in lower case) stands in the values of requests, roughly: it decides about speed only.
fn frequency(byte: u8) -> u32 {
    match byte {
        b'e' => 260,
        b'a' | b't' => 200,
        b'o' | b'i' | b'n' | b's' | b'r' => 160,
        b'c' | b'd' | b'h' | b'l' | b'm' | b'p' | b'u' => 100,
        b'0'..=b'9' => 75,
        b'f' | b'g' | b'b' | b'w' | b'y' | b'v' | b'k' | b' ' => 60,
        b'.' | b'/' | b'-' | b'=' | b',' => 50,
        b'"' | b';' | b':' | b'%' | b'&' => 45,
        b'x' | b'j' | b'q' | b'z' | b'_' => 30,
        b'(' | b')' | b'\'' | b'*' | b'?' | b'+' => 15,
        _ => 4,
    }
}
