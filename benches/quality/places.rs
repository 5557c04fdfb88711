//! The same values at every place of a request: how many are caught and flagged there, beside the value alone.

use std::collections::BTreeMap;
use std::fmt::Write;

use abatis::{Action, Engine, Place, Request, Scratch};
use serde::Serialize;

use crate::rates::rounded;

/// Where a value is put, and how it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Placed {
    /// Not in a request at all: what the others are compared with.
    Alone,
    Query,
    Path,
    Form,
    Multipart,
    Json,
    /// Every character as `\uXXXX`.
    JsonEscaped,
    Header,
    Cookie,
}

const EVERYWHERE: [(Placed, &str); 9] = [
    (Placed::Alone, "alone"),
    (Placed::Query, "query"),
    (Placed::Path, "path"),
    (Placed::Form, "form"),
    (Placed::Multipart, "multipart"),
    (Placed::Json, "JSON"),
    (Placed::JsonEscaped, "JSON, `\\u`"),
    (Placed::Header, "header"),
    (Placed::Cookie, "cookie"),
];

/// Sums over clusters that can be written at a place: what is caught there, and what is caught of the same values alone.
#[derive(Clone, Copy, Default)]
struct Sum {
    records: f64,
    here: f64,
    alone: f64,
}

/// What was judged, by place, label and cluster.
#[derive(Default)]
pub(crate) struct Places {
    clusters: BTreeMap<(Placed, bool), BTreeMap<String, Sum>>,
}

impl Places {
    /// Judges a value at every place.
    pub(crate) fn add(
        &mut self,
        engine: &Engine,
        scratch: &mut Scratch,
        attack: bool,
        cluster: &str,
        value: &[u8],
    ) -> Vec<&'static str> {
        let mut missed = Vec::new();
        let mut alone = false;
        for (placed, name) in EVERYWHERE {
            let Some(action) = judge(engine, scratch, placed, value) else { continue };
            let here = action > Action::Allow;
            if placed == Placed::Alone {
                alone = here;
            }
            if here != alone && here != attack {
                missed.push(name);
            }
            let clusters = self.clusters.entry((placed, attack)).or_default();
            let sum = clusters.entry(cluster.to_owned()).or_default();
            sum.records += 1.0;
            sum.here += f64::from(u8::from(here));
            sum.alone += f64::from(u8::from(alone));
        }
        missed
    }

    /// A row for each place.
    pub(crate) fn rows(&self) -> Vec<PlaceRow> {
        let row = |(placed, place)| {
            let [attacks, innocents] = [true, false].map(|attack| {
                let clusters = self.clusters.get(&(placed, attack));
                let (mut n, mut here, mut alone) = (0, 0.0, 0.0);
                for sum in clusters.into_iter().flat_map(BTreeMap::values) {
                    n += 1;
                    here += sum.here / sum.records;
                    alone += sum.alone / sum.records;
                }
                let rate = |sum: f64| rounded(100.0 * sum / f64::from(n.max(1)));
                Placement { clusters: n, here: rate(here), alone: rate(alone) }
            });
            PlaceRow { place, attacks, innocents }
        };
        EVERYWHERE.map(row).into()
    }
}

/// Rates in per cent of what can be written at a place.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Placement {
    pub(crate) clusters: u32,
    pub(crate) here: f64,
    /// The same values, not in a request.
    pub(crate) alone: f64,
}

/// One place.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlaceRow {
    pub(crate) place: &'static str,
    pub(crate) attacks: Placement,
    pub(crate) innocents: Placement,
}

/// The table, as Markdown.
pub(crate) fn markdown(rows: &[PlaceRow], data: &str) -> String {
    let mut text = format!(
        "# Quality on `{data}`: the values at every place\n\n`cargo xtask quality --data …/{data}`. At `default`, per cent by cluster with any action but \
         allow, beside the same values alone.\nInnocents are of the ordinary kinds. A header holds no line ends and JSON no bytes that are not UTF-8, so \
         these have fewer values.\n\n\
         | place | attacks | caught | alone | innocents | flagged | alone |\n|---|---:|---:|---:|---:|---:|---:|\n"
    );
    for row in rows {
        let _ = write!(text, "| {} ", row.place);
        for (placed, digits) in [(row.attacks, 2), (row.innocents, 3)] {
            let Placement { clusters, here, alone } = placed;
            let _ = write!(text, "| {clusters} | {here:.digits$} | {alone:.digits$} ");
        }
        text.push_str("|\n");
    }
    text
}

/// What the engine says of the value at a place; nothing if it cannot be written there.
fn judge(engine: &Engine, scratch: &mut Scratch, placed: Placed, value: &[u8]) -> Option<Action> {
    let written;
    let post = |of: &'static str| Request::new("POST", "/items").header("Content-Type", of);
    let request = match placed {
        Placed::Alone => return Some(engine.inspect_value(scratch, Place::Query, value).action),
        Placed::Query => {
            written = [b"/items?q=", &percent(value)[..]].concat();
            Request::new("GET", &written)
        }
        Placed::Path => {
            written = [b"/items/", &percent(value)[..], b"/view"].concat();
            Request::new("GET", &written)
        }
        Placed::Form => {
            written = [b"q=", &percent(value)[..]].concat();
            post("application/x-www-form-urlencoded").body(&written)
        }
        Placed::Multipart => {
            let head = b"--b0undary\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n";
            written = [&head[..], value, b"\r\n--b0undary--\r\n"].concat();
            post("multipart/form-data; boundary=b0undary").body(&written)
        }
        Placed::Json => {
            written = serde_json::to_vec(&[std::str::from_utf8(value).ok()?]).ok()?;
            post("application/json").body(&written)
        }
        Placed::JsonEscaped => {
            let units = std::str::from_utf8(value).ok()?.encode_utf16();
            let mut escaped = String::from("[\"");
            for unit in units {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
            written = (escaped + "\"]").into_bytes();
            post("application/json").body(&written)
        }
        Placed::Header if value.iter().any(|byte| b"\r\n\0".contains(byte)) => return None,
        Placed::Header => Request::new("GET", "/items").header("X-Note", value),
        Placed::Cookie => {
            written = [b"q=", &percent(value)[..]].concat();
            Request::new("GET", "/items").header("Cookie", &written)
        }
    };
    Some(engine.inspect_with(scratch, &request.header("Host", "shop.example")).action)
}

/// Percent-coded, all but the characters that RFC 3986 calls unreserved.
fn percent(value: &[u8]) -> Vec<u8> {
    let mut coded = Vec::with_capacity(value.len() * 3);
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            coded.push(byte);
        } else {
            coded.extend(format!("%{byte:02X}").bytes());
        }
    }
    coded
}
