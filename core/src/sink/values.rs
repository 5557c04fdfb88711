//! The values of a request, as a sink check looks for them.

use crate::decode;
use crate::inspect::Field;
use crate::parse::json::pointer_key;
use crate::span::Place;
use crate::verdict::Limit;

/// Values of one request, to be looked for in the statements that come of it: see [`Engine::check_sink`](crate::Engine::check_sink).
///
/// A [`Session`](crate::Session) keeps those that it inspects if it is asked to
/// ([`keep_values`](crate::Session::keep_values)); for values that come from elsewhere, name them:
///
/// ```
/// use abatis::{Place, Values};
/// let mut values = Values::new();
/// values.push(Place::Query, "id", "1 or true");
/// values.push(Place::Cookie, "theme", "dark");
/// assert_eq!(values.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Values {
    list: Vec<Value>,
    /// Bytes of values and of what leads to them.
    bytes: usize,
    /// Why some are missing.
    missing: Option<Limit>,
}

/// One value as the application gets it.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) place: Place,
    /// It is a name of the request and no value.
    pub(crate) name: bool,
    pub(crate) pointer: String,
    pub(crate) bytes: Vec<u8>,
}

impl Values {
    /// None.
    pub fn new() -> Values {
        Values::default()
    }

    /// Adds a value as the application gets it, decoded once by its format; `name` is that of its parameter, header or cookie.
    pub fn push(&mut self, place: Place, name: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) {
        let mut pointer = String::new();
        pointer_key(name.as_ref(), &mut pointer);
        let bytes = bytes.as_ref().to_vec();
        self.add(Value { place, name: false, pointer, bytes });
    }

    /// Adds a value that stands deeper, by its JSON Pointer: `/items/0/name`.
    pub fn push_at(&mut self, place: Place, pointer: &str, bytes: impl AsRef<[u8]>) {
        let (pointer, bytes) = (pointer.to_owned(), bytes.as_ref().to_vec());
        self.add(Value { place, name: false, pointer, bytes });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Place, JSON Pointer and bytes of each.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &str, &[u8])> {
        self.list.iter().map(|value| (value.place, value.pointer.as_str(), value.bytes.as_slice()))
    }

    pub(crate) fn list(&self) -> &[Value] {
        &self.list
    }

    /// Bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn missing(&self) -> Option<Limit> {
        self.missing
    }

    /// Keeps a field that is inspected, if there is room: names and pieces come with the values that they belong to, and all
    /// together may be no more than `most` bytes.
    pub(crate) fn keep(&mut self, field: &Field<'_>, most: usize) {
        let bytes = decode::plain(field.raw, field.coding);
        if bytes.len() < SHORTEST {
            return;
        }
        if self.bytes + bytes.len() > most {
            self.missing = Some(Limit::Fields);
            return;
        }
        let (place, name) = (field.place, field.name);
        self.add(Value { place, name, pointer: field.trail.pointer(), bytes: bytes.into_owned() });
    }

    fn add(&mut self, value: Value) {
        self.bytes += value.bytes.len() + value.pointer.len();
        self.list.push(value);
    }
}

/// The shortest value that is kept: what is shorter stands everywhere by chance.
const SHORTEST: usize = 2;
