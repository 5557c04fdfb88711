//! The lines of `scan`: a contract with other programs. Messages never hold what the line holds.

use abatis::{Place, Request, Verdict};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// RFC 4648, 4; writers differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a line cannot be read, and its id if that much can.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    id: Option<Box<RawValue>>,
    error: String,
}

impl Unreadable {
    pub(super) fn new(id: Option<&RawValue>, error: impl Into<String>) -> Unreadable {
        Unreadable { id: id.map(ToOwned::to_owned), error: error.into() }
    }

    /// `{"id": …, "line": N, "error": "…"}`
    pub(super) fn write(&self, number: usize, text: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Told<'l> {
            id: Option<&'l RawValue>,
            line: usize,
            error: &'l str,
        }
        write_line(text, &Told { id: self.id.as_deref(), line: number, error: &self.error });
    }
}

/// A line of `--values`.
pub(super) struct ValueLine<'l> {
    pub(super) id: Option<&'l RawValue>,
    pub(super) value: Vec<u8>,
    pub(super) place: Place,
}

/// Reads a line of `--values`.
pub(super) fn value(line: &[u8]) -> Result<ValueLine<'_>, Unreadable> {
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

/// A line of `--requests`.
pub(super) struct RequestLine<'l> {
    pub(super) id: Option<&'l RawValue>,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl RequestLine<'_> {
    pub(super) fn request(&self) -> Request<'_> {
        let request = Request::new(&self.method, &self.target).body(&self.body);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Bytes of target, headers and body.
    pub(super) fn bytes(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.target.len() + headers + self.body.len()
    }
}

/// Reads a line of `--requests`.
pub(super) fn request(line: &[u8]) -> Result<RequestLine<'_>, Unreadable> {
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
        body: Option<&'l RawValue>,
        #[serde(borrow, default)]
        body_b64: Option<&'l RawValue>,
    }
    let keys: Keys<'_> = object(line)?;
    let line = Keyed { id: keys.id };
    let needed = |name: &str, value: Option<&RawValue>| match value {
        Some(value) => line.string(name, value),
        None => line.wrong(format!("`{name}` is missing")),
    };
    let headers = match keys.headers {
        Some(headers) => {
            line.read("headers", "a list of [name, value] pairs of strings", headers)?
        }
        None => Vec::new(),
    };
    let body = match (keys.body, keys.body_b64) {
        (Some(body), None) => line.string("body", body)?.into_bytes(),
        (None, Some(coded)) => line.base64("body_b64", coded)?,
        (Some(_), Some(_)) => return line.wrong("expected `body` or `body_b64`, not both"),
        (None, None) => Vec::new(),
    };
    let (method, target) = (needed("method", keys.method)?, needed("target", keys.target)?);
    Ok(RequestLine { id: keys.id, method, target, headers, body })
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

/// Writes a verdict line.
pub(super) fn write(text: &mut Vec<u8>, id: Option<&RawValue>, verdict: &Verdict) {
    #[derive(Serialize)]
    struct Line<'v> {
        id: Option<&'v RawValue>,
        #[serde(flatten)]
        verdict: &'v Verdict,
    }
    write_line(text, &Line { id, verdict });
}

fn write_line(text: &mut Vec<u8>, line: &impl Serialize) {
    // Writing these types to memory cannot fail.
    let _ = serde_json::to_writer(&mut *text, line);
    text.push(b'\n');
}
