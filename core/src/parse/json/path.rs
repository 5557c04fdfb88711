//! Where the parser stands: the open containers and the keys that lead to the current value.
//!
//! The keys of every open object are kept, unescaped, in one stack of bytes. That one store answers two questions: what
//! is the JSON Pointer of this value (written only when somebody asks), and was this key seen before in its object.
//!
//! Duplicates: an object with few keys compares them one by one (a word each, then the bytes); from [`LINEAR`] keys
//! on they are found through a hash table. The hash is 64 bits of std's `SipHash` under a random key, and every hit is
//! verified on the bytes, so that the answer never depends on the key of the hash, and nobody can choose keys that collide.
//! Inserting costs O(key length) amortised; all memory is reused.

use std::hash::{BuildHasher, RandomState};

use super::string::unescape;

/// From so many keys on an object is searched through a hash table.
const LINEAR: usize = 16;

/// What a value or a frame is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// A member of an object, by its unescaped key; UTF-8 unless the parser said otherwise.
    Key(&'a [u8]),
    /// An item of an array, counted from 0.
    Index(u32),
}

/// An open container.
#[derive(Clone, Copy, Debug)]
struct Frame {
    container: Container,
    /// How many keys there were when it was opened.
    keys: u32,
    /// How many slots there were when it was opened.
    slots: u32,
    /// Of an array: which item is current.
    index: u32,
}

/// A key of an open object.
#[derive(Clone, Copy, Debug)]
struct Key {
    start: u32,
    len: u32,
    /// The first bytes, so that most keys are told apart without touching the others.
    head: u64,
}

/// A place in a hash table.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The number of the key in `keys` plus 1; 0 if the place is empty.
    number: u32,
    /// The hash of the key, so that growing need not hash again.
    hash: u32,
}

/// The way from the root of a document to the current value.
#[derive(Debug, Default)]
pub(crate) struct Path {
    frames: Vec<Frame>,
    keys: Vec<Key>,
    bytes: Vec<u8>,
    /// Hash tables of the large open objects, the innermost last. Only the innermost object can grow, so its table always
    /// stands at the end.
    slots: Vec<Slot>,
    hasher: RandomState,
}

impl Path {
    /// Back to the root of another document; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.keys.clear();
        self.bytes.clear();
        self.slots.clear();
    }

    /// How many containers are open.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The innermost open container.
    #[inline]
    pub(super) fn container(&self) -> Option<Container> {
        self.frames.last().map(|frame| frame.container)
    }

    #[inline]
    pub(super) fn open(&mut self, container: Container) {
        self.frames.push(Frame {
            container,
            keys: self.keys.len() as u32,
            slots: self.slots.len() as u32,
            index: 0,
        });
    }

    #[inline]
    pub(super) fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        if let Some(first) = self.keys.get(frame.keys as usize) {
            self.bytes.truncate(first.start as usize);
            self.keys.truncate(frame.keys as usize);
            self.slots.truncate(frame.slots as usize);
        }
    }

    /// Into an array that is no part of a document, such as the values of a repeated parameter.
    pub(crate) fn enter_array(&mut self) {
        self.open(Container::Array);
    }

    /// On to the next item of the innermost array.
    #[inline]
    pub(crate) fn next_item(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.index += 1;
        }
    }

    /// Takes the next key of the innermost object; whether the object had it already.
    #[inline]
    pub(super) fn key(&mut self, raw: &[u8], escaped: bool) -> bool {
        let start = self.bytes.len();
        if escaped {
            unescape(raw, &mut self.bytes);
        } else {
            self.bytes.extend_from_slice(raw);
        }
        let bytes = self.bytes.get(start..).unwrap_or_default();
        let key = Key { start: start as u32, len: bytes.len() as u32, head: head(bytes) };
        let first = self.frames.last().map_or(0, |frame| frame.keys as usize);
        let siblings = self.keys.get(first..).unwrap_or_default();
        let seen = if siblings.len() < LINEAR {
            siblings.iter().any(|sibling| self.same(sibling, &key))
        } else {
            self.find_or_insert(first, &key)
        };
        self.keys.push(key);
        seen
    }

    #[inline]
    fn same(&self, one: &Key, other: &Key) -> bool {
        one.head == other.head
            && one.len == other.len
            && (one.len <= 8 || self.bytes_of(one) == self.bytes_of(other))
    }

    #[inline]
    fn bytes_of(&self, key: &Key) -> &[u8] {
        let start = key.start as usize;
        self.bytes.get(start..start + key.len as usize).unwrap_or_default()
    }

    /// Looks up `key` in the table of the innermost object, whose first key is number `first`, and adds it as the next key.
    #[inline(never)]
    fn find_or_insert(&mut self, first: usize, key: &Key) -> bool {
        let base = self.frames.last().map_or(0, |frame| frame.slots as usize);
        let count = self.keys.len() - first;
        let size = self.slots.len() - base;
        // At most half full, always a power of two.
        if 2 * (count + 1) > size {
            let old = self.slots.split_off(base);
            self.slots.resize(base + (4 * (count + 1)).next_power_of_two(), Slot::default());
            if old.is_empty() {
                for number in first..self.keys.len() {
                    if let Some(old) = self.keys.get(number) {
                        let slot = Slot { number: number as u32 + 1, hash: self.hash(old) };
                        self.insert(base, slot);
                    }
                }
            }
            for slot in old.into_iter().filter(|slot| slot.number != 0) {
                self.insert(base, slot);
            }
        }
        let slot = Slot { number: self.keys.len() as u32 + 1, hash: self.hash(key) };
        self.find(base, slot, key) || {
            self.insert(base, slot);
            false
        }
    }

    fn hash(&self, key: &Key) -> u32 {
        self.hasher.hash_one(self.bytes_of(key)) as u32
    }

    /// Whether the table at `base` holds a key equal to `key`.
    fn find(&self, base: usize, slot: Slot, key: &Key) -> bool {
        self.probe(base, slot.hash)
            .map_while(|at| self.slots.get(at).filter(|other| other.number != 0))
            .filter(|other| other.hash == slot.hash)
            .filter_map(|other| self.keys.get(other.number as usize - 1))
            .any(|other| self.same(other, key))
    }

    /// Puts `slot` at the first empty place that its hash leads to.
    fn insert(&mut self, base: usize, slot: Slot) {
        let empty = |at: &usize| self.slots.get(*at).is_some_and(|slot| slot.number == 0);
        let place = self.probe(base, slot.hash).find(empty);
        if let Some(place) = place.and_then(|at| self.slots.get_mut(at)) {
            *place = slot;
        }
    }

    /// The places that `hash` leads to in the table at `base`; each once.
    fn probe(&self, base: usize, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let size = self.slots.len() - base;
        (0..size).map(move |step| base + ((hash as usize + step) & (size - 1)))
    }

    /// The steps from the root to the current value.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.frames.iter().enumerate().filter_map(|(at, frame)| match frame.container {
            Container::Array => Some(Segment::Index(frame.index)),
            Container::Object => {
                let end =
                    self.frames.get(at + 1).map_or(self.keys.len(), |next| next.keys as usize);
                let key = self.keys.get(frame.keys as usize..end)?.last()?;
                Some(Segment::Key(self.bytes_of(key)))
            }
        })
    }

    /// Appends the JSON Pointer (RFC 6901) of the current value: `/items/0/name`.
    ///
    /// What `out` already holds is the prefix, such as [`pointer_key`] of the parameter that the JSON was found in.
    pub(crate) fn pointer(&self, out: &mut String) {
        for segment in self.segments() {
            match segment {
                Segment::Key(key) => pointer_key(key, out),
                Segment::Index(index) => {
                    use std::fmt::Write;
                    // Writing to a String cannot fail.
                    let _ = write!(out, "/{index}");
                }
            }
        }
    }
}

/// Appends `/key`, escaped as in RFC 6901; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn pointer_key(key: &[u8], out: &mut String) {
    out.push('/');
    let key = String::from_utf8_lossy(key);
    if !key.contains(['~', '/']) {
        return out.push_str(&key);
    }
    for char in key.chars() {
        match char {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            char => out.push(char),
        }
    }
}

/// Up to eight bytes as a word; of equal length they are equal just if the words are.
///
/// PERF: four to seven bytes are two reads that overlap, not a loop.
#[inline]
fn head(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(first) => u64::from_le_bytes(*first),
        None => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => bytes.iter().fold(0, |head, &byte| head << 8 | u64::from(byte)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_of_open_containers() {
        let mut path = Path::default();
        path.open(Container::Object);
        let mut pointer = String::new();
        path.pointer(&mut pointer);
        assert_eq!(pointer, "", "no key yet");
        path.key(b"skipped", false);
        path.key(br"a\/b~", true);
        path.open(Container::Array);
        path.open(Container::Array);
        path.next_item();
        path.open(Container::Object);
        path.key("né".as_bytes(), false);
        path.pointer(&mut pointer);
        assert_eq!(pointer, "/a~1b~0/0/1/né");
        path.close();
        path.close();
        path.close();
        let mut pointer = String::new();
        pointer_key(b"q", &mut pointer);
        path.pointer(&mut pointer);
        assert_eq!(pointer, "/q/a~1b~0");
    }

    /// Every size around the switch to the table and its growth, with an inner object of each size in between.
    #[test]
    fn duplicates_are_found_at_every_size() {
        for size in 0..200usize {
            let mut path = Path::default();
            path.open(Container::Object);
            for number in 0..size {
                let key = format!("key-number-{number}");
                assert!(!path.key(key.as_bytes(), false), "{key} of {size}");
                path.open(Container::Object);
                for inner in 0..number % 40 {
                    assert!(!path.key(format!("key-number-{inner}").as_bytes(), false));
                }
                path.close();
            }
            for number in 0..size {
                let key = format!("key-number-{number}");
                assert!(path.key(key.as_bytes(), false), "{key} of {size} again");
            }
            assert!(!path.key(b"", false));
            assert!(path.key(b"", false));
        }
    }

    #[test]
    fn keys_are_compared_unescaped_and_whole() {
        let mut path = Path::default();
        path.open(Container::Object);
        assert!(!path.key(b"admin", false));
        assert!(path.key(br"\u0061dmin", true));
        assert!(!path.key(b"a\0", false));
        assert!(!path.key(b"a", false));
        assert!(!path.key(b"longer key 1", false));
        assert!(!path.key(b"longer key 2", false));
    }
}
