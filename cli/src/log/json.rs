//! JSON lines, values and requests: a contract with other programs. Messages never hold what the line holds.

use std::borrow::Cow;

use abatis::Place;
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Id, Item};

/// RFC 4648, 4; writers differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a line cannot be read, and its id if that much can.
#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    id: Option<Box<RawValue>>,
    error: String,
}

impl Unreadable {
    pub(crate) fn new(id: Option<&RawValue>, error: impl Into<String>) -> Unreadable {
        Unreadable { id: id.map(ToOwned::to_owned), error: error.into() }
    }

    /// Of a log whose lines are known by their numbers.
    pub(crate) fn numbered(number: usize, error: impl Into<String>) -> Unreadable {
        let id = RawValue::from_string(number.to_string()).ok();
        Unreadable { id, error: error.into() }
    }

    /// The id of the line, if it can be read.
    pub(crate) fn id(&self) -> Option<&RawValue> {
        self.id.as_deref()
    }

    pub(crate) fn error(&self) -> &str {
        &self.error
    }
}

/// A line of `--values`.
pub(crate) struct ValueLine<'l> {
    pub(crate) id: Option<&'l RawValue>,
    pub(crate) value: Vec<u8>,
    pub(crate) place: Place,
}

/// Reads a line of `--values`.
pub(crate) fn value(line: &[u8]) -> Result<ValueLine<'_>, Unreadable> {
    /// What is in it is looked at later, key by key: serde's own messages would show it.
    #[derive(Deserialize)]
    struct Keys<'l> {
        #[serde(borrow, default)]
        id: Option<&'l RawValue>,
        #[serde(borrow, default)]
        value: Option<&'l RawValue>,
        #[serde(borrow, default)]
        value_b64: Option<&'l RawValue>,
        #[serde(borrow, default)]
        place: Option<&'l RawValue>,
    }
    let keys: Keys<'_> = object(line)?;
    let line = Keyed { id: keys.id };
    let value = match (keys.value, keys.value_b64) {
        (Some(value), None) => line.string("value", value)?.into_bytes(),
        (None, Some(coded)) => line.base64("value_b64", coded)?,
        (Some(_), Some(_)) => return line.wrong("expected `value` or `value_b64`, not both"),
        (None, None) => return line.wrong("expected `value` or `value_b64`"),
    };
    let place = match keys.place {
        Some(place) => crate::explain::place(&line.string("place", place)?)
            .or_else(|error| line.wrong(format!("`place`: {error}")))?,
        None => Place::Query,
    };
    Ok(ValueLine { id: keys.id, value, place })
}

/// Reads a line of `--requests`.
pub(crate) fn request(line: &[u8]) -> Result<Item<'_>, Unreadable> {
    #[derive(Deserialize)]
    struct Keys<'l> {
        #[serde(borrow, default)]
        id: Option<&'l RawValue>,
        #[serde(borrow, default)]
        method: Option<&'l RawValue>,
        #[serde(borrow, default)]
        target: Option<&'l RawValue>,
        #[serde(borrow, default)]
        headers: Option<&'l RawValue>,
        #[serde(borrow, default)]
        trailers: Option<&'l RawValue>,
        #[serde(borrow, default)]
        body: Option<&'l RawValue>,
        #[serde(borrow, default)]
        body_b64: Option<&'l RawValue>,
        #[serde(borrow, default)]
        time: Option<&'l RawValue>,
        #[serde(borrow, default)]
        client: Option<&'l RawValue>,
    }
    let keys: Keys<'_> = object(line)?;
    let line = Keyed { id: keys.id };
    let needed = |name: &str, value: Option<&RawValue>| match value {
        Some(value) => line.string(name, value),
        None => line.wrong(format!("`{name}` is missing")),
    };
    let owned = |text: String| Cow::Owned(text.into_bytes());
    let lines = |name: &str, lines: Option<&RawValue>| {
        let Some(lines) = lines else { return Ok(Vec::new()) };
        let pairs = "a list of [name, value] pairs of strings";
        let lines = line.read::<Vec<(String, String)>>(name, pairs, lines)?;
        Ok(lines.into_iter().map(|(name, value)| (owned(name), owned(value))).collect())
    };
    let (headers, trailers) = (lines("headers", keys.headers)?, lines("trailers", keys.trailers)?);
    let body = match (keys.body, keys.body_b64) {
        (Some(body), None) => line.string("body", body)?.into_bytes(),
        (None, Some(coded)) => line.base64("body_b64", coded)?,
        (Some(_), Some(_)) => return line.wrong("expected `body` or `body_b64`, not both"),
        (None, None) => Vec::new(),
    };
    let (method, target) = (needed("method", keys.method)?, needed("target", keys.target)?);
    // What they hold is another program's business: what is no time or no text is none.
    let text =
        |value: Option<&RawValue>| -> Option<String> { serde_json::from_str(value?.get()).ok() };
    Ok(Item {
        id: Id::Given(keys.id),
        time: text(keys.time).and_then(|time| time.parse().ok()),
        client: text(keys.client).map(Cow::Owned),
        method: owned(method),
        target: owned(target),
        headers,
        body,
        trailers,
    })
}

/// The keys of a line that is an object.
fn object<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, Unreadable> {
    // Serde would take a list for the keys in their order.
    if !line.starts_with(b"{") {
        return Err(Unreadable::new(None, "expected a JSON object"));
    }
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        // The line of the JSON text is always 1; ours is told beside the message.
        let what = text.split(" at line ").next().unwrap_or_default();
        Unreadable::new(None, format!("column {}: {what}", error.column()))
    })
}

/// A line whose id is known.
struct Keyed<'l> {
    id: Option<&'l RawValue>,
}

impl Keyed<'_> {
    fn wrong<T>(&self, error: impl Into<String>) -> Result<T, Unreadable> {
        Err(Unreadable::new(self.id, error))
    }

    fn read<T: DeserializeOwned>(
        &self,
        name: &str,
        expected: &str,
        value: &RawValue,
    ) -> Result<T, Unreadable> {
        serde_json::from_str(value.get())
            .or_else(|_| self.wrong(format!("`{name}`: expected {expected}")))
    }

    fn string(&self, name: &str, value: &RawValue) -> Result<String, Unreadable> {
        let expected =
            format!("a string of Unicode text; bytes that are none go into `{name}_b64`");
        let coded = matches!(name, "value" | "body");
        self.read(name, if coded { &expected } else { "a string" }, value)
    }

    fn base64(&self, name: &str, value: &RawValue) -> Result<Vec<u8>, Unreadable> {
        let coded = self.string(name, value)?;
        BASE64
            .decode(coded)
            .or_else(|_| self.wrong(format!("`{name}`: expected Base64 (RFC 4648, section 4)")))
    }
}
