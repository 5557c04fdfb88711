//! HTTP Archive 1.2: what browsers and proxies save.
//!
//! The archive is read as a stream of `log.entries[]`: one request is held at a time, and responses are passed over without
//! being kept. Each entry becomes a JSON line with its index as id, so workers know one format less. What the archive adds to
//! or takes from a request is undone: pseudo-headers of HTTP/2 (`:authority` becomes `Host`), and headers about a coding that
//! the text of the body no longer has.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::io::{self, Read};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Value, json};

use super::json::Unreadable;
use super::pipeline::SendBlock;

/// Sends the entries as blocks of JSON lines of about `size` bytes. No request may take more than `longest` bytes.
pub(super) fn read_blocks(
    source: impl Read,
    longest: usize,
    size: usize,
    send: &mut SendBlock<'_>,
) -> io::Result<()> {
    let meter = Meter { longest, left: Cell::new(None) };
    let metered = Metered { source, meter: &meter };
    let mut entries =
        Entries { meter: &meter, index: 0, first: 0, text: Vec::new(), size, send, stopped: false };
    let mut archive = serde_json::Deserializer::from_reader(metered);
    let entries_of = In { meter: &meter, key: "entries", seed: List(&mut entries) };
    let log = In { meter: &meter, key: "log", seed: entries_of };
    let read = log.deserialize(&mut archive).and_then(|()| archive.end());
    entries.flush();
    if entries.stopped {
        return Ok(());
    }
    read.map_err(|error| {
        let message = format!("not an HTTP Archive: {error}, after {} entries", entries.index);
        match error.io_error_kind() {
            Some(_) => io::Error::from(error),
            None => io::Error::new(io::ErrorKind::InvalidData, message),
        }
    })
}

/// Counts the bytes of a request while it is read.
struct Meter {
    longest: usize,
    left: Cell<Option<usize>>,
}

impl Meter {
    /// Reads what is kept.
    fn bounded<T>(&self, read: impl FnOnce() -> T) -> T {
        self.left.set(Some(self.longest));
        let read = read();
        self.left.set(None);
        read
    }
}

struct Metered<'m, R> {
    source: R,
    meter: &'m Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    /// Asked for single bytes, from a buffer.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        if let Some(left) = self.meter.left.get() {
            let left = left.checked_sub(read).ok_or_else(|| {
                let longest = self.meter.longest;
                io::Error::other(format!(
                    "a request of the archive takes more than {longest} bytes"
                ))
            })?;
            self.meter.left.set(Some(left));
        }
        Ok(read)
    }
}

/// Where entries go.
struct Entries<'e, 's> {
    meter: &'e Meter,
    index: usize,
    /// Index of the first entry in `text`.
    first: usize,
    text: Vec<u8>,
    size: usize,
    send: &'e mut SendBlock<'s>,
    stopped: bool,
}

impl Entries<'_, '_> {
    /// Whether more is wanted.
    fn add(&mut self, entry: Result<Value, &str>) -> bool {
        match entry {
            Ok(line) => {
                self.text.extend_from_slice(line.to_string().as_bytes());
                self.text.push(b'\n');
                self.index += 1;
                self.text.len() < self.size || self.flush()
            }
            Err(error) => {
                let more = self.flush();
                let lost = Unreadable::numbered(self.index, error);
                let more = more && (self.send)(self.index, Vec::new(), Some(lost));
                self.index += 1;
                self.first = self.index;
                self.stopped |= !more;
                more
            }
        }
    }

    fn flush(&mut self) -> bool {
        let text = std::mem::take(&mut self.text);
        let more = text.is_empty() || (self.send)(self.first, text, None);
        self.first = self.index;
        self.stopped |= !more;
        more
    }
}

/// What the value of one key of an object is given to; the other keys are passed over.
struct In<'m, S> {
    meter: &'m Meter,
    key: &'static str,
    seed: S,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for In<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for In<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seed = Some(self.seed);
        while let Some(key) = self.meter.bounded(|| map.next_key::<String>())? {
            match seed.take_if(|_| key == self.key) {
                Some(seed) => map.next_value_seed(seed)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match seed {
            Some(_) => Err(A::Error::missing_field(self.key)),
            None => Ok(()),
        }
    }
}

/// The list of entries.
struct List<'l, 'e, 's>(&'l mut Entries<'e, 's>);

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(more) = list.next_element_seed(Entry(&mut *self.0))? {
            if !more {
                return Err(A::Error::custom("nobody reads on"));
            }
        }
        Ok(())
    }
}

/// One entry; whether more is wanted.
struct Entry<'l, 'e, 's>(&'l mut Entries<'e, 's>);

impl<'de> DeserializeSeed<'de> for Entry<'_, '_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<bool, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_, '_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry with a `request`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let meter = self.0.meter;
        let (mut request, mut time) = (Value::Null, Value::Null);
        while let Some(key) = meter.bounded(|| map.next_key::<String>())? {
            match &*key {
                "request" => request = meter.bounded(|| map.next_value())?,
                "startedDateTime" => time = meter.bounded(|| map.next_value())?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let line = line(self.0.index, &time, &request);
        Ok(self.0.add(line))
    }
}

/// The entry as a JSON line.
fn line(index: usize, time: &Value, request: &Value) -> Result<Value, &'static str> {
    let method = request["method"].as_str().ok_or("`request.method` is missing or no string")?;
    let url = request["url"].as_str().ok_or("`request.url` is missing or no string")?;
    let (host, target) = target_of(url);
    let mut headers: Vec<(&str, &str)> = Vec::new();
    for header in request["headers"].as_array().into_iter().flatten() {
        let text = |key: &str| header[key].as_str();
        let (Some(name), Some(value)) = (text("name"), text("value")) else {
            return Err("`request.headers`: expected objects with the strings `name` and `value`");
        };
        headers.push((name, value));
    }
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let authority = headers.iter().find(|(name, _)| is(name, ":authority")).map(|pair| pair.1);
    headers.retain(|(name, _)| !name.starts_with(':'));
    if let Some(host) = authority.or(host)
        && !headers.iter().any(|(name, _)| is(name, "host"))
    {
        headers.insert(0, ("Host", host));
    }
    let mut line = json!({"id": index, "method": method, "target": target, "time": time});
    let posted = &request["postData"];
    let body = body(posted);
    if body.is_some() {
        headers.retain(|(name, _)| {
            !["content-encoding", "content-length", "transfer-encoding"].iter().any(|n| is(name, n))
        });
        if let Some(kind) = posted["mimeType"].as_str()
            && !headers.iter().any(|(name, _)| is(name, "content-type"))
        {
            headers.push(("Content-Type", kind));
        }
    }
    line["headers"] = json!(headers);
    if let Some((key, body)) = body {
        line[key] = body.into();
    }
    Ok(line)
}

/// Host and target of a URL. A fragment is never sent.
fn target_of(url: &str) -> (Option<&str>, &str) {
    let url = url.split('#').next().unwrap_or_default();
    let Some((_, rest)) = url.split_once("://") else { return (None, url) };
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    (Some(host), if target.is_empty() { "/" } else { target })
}

/// The body as `body` or `body_b64` of a line: the text, or the parameters as a form.
fn body(posted: &Value) -> Option<(&'static str, String)> {
    if let Some(text) = posted["text"].as_str().filter(|text| !text.is_empty()) {
        let coded = posted["encoding"].as_str().is_some_and(|e| e.eq_ignore_ascii_case("base64"));
        return Some((if coded { "body_b64" } else { "body" }, text.to_owned()));
    }
    let params = posted["params"].as_array().filter(|params| !params.is_empty())?;
    let text = |param: &Value, key: &str| param[key].as_str().unwrap_or_default().to_owned();
    let kind = posted["mimeType"].as_str().unwrap_or_default();
    let boundary = kind.split_once("boundary=").map(|(_, after)| {
        after.split(';').next().unwrap_or_default().trim_matches([' ', '"']).to_owned()
    });
    let mut body = String::new();
    match boundary {
        Some(boundary) => {
            // Writing to a String cannot fail.
            for param in params {
                let (name, file) = (text(param, "name"), text(param, "fileName"));
                let _ =
                    write!(body, "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
                if !file.is_empty() {
                    let _ = write!(body, "; filename=\"{file}\"");
                }
                let _ = write!(body, "\r\n\r\n{}\r\n", text(param, "value"));
            }
            let _ = write!(body, "--{boundary}--\r\n");
        }
        None => {
            for param in params {
                if !body.is_empty() {
                    body.push('&');
                }
                push_coded(&mut body, &text(param, "name"));
                body.push('=');
                push_coded(&mut body, &text(param, "value"));
            }
        }
    }
    Some(("body", body))
}

/// `application/x-www-form-urlencoded`.
fn push_coded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lines = Vec<(usize, Result<Value, String>)>;

    fn read(archive: &str, longest: usize) -> (Lines, Result<(), String>) {
        let mut lines: Lines = Vec::new();
        let mut send = |first: usize, text: Vec<u8>, lost: Option<Unreadable>| {
            let text = String::from_utf8(text).unwrap();
            let found = text.lines().map(|line| Ok(serde_json::from_str(line).unwrap()));
            let lost = lost.iter().map(|lost| Err(lost.error().to_owned()));
            lines.extend(found.chain(lost).enumerate().map(|(at, line)| (first + at, line)));
            true
        };
        let done = read_blocks(archive.as_bytes(), longest, 100, &mut send);
        (lines, done.map_err(|error| error.to_string()))
    }

    #[test]
    fn entries_become_lines() {
        let archive = json!({"log": {
            "version": "1.2", "creator": {"name": "x"}, "pages": [{"id": [1, {"entries": [2]}]}],
            "entries": [
                {"startedDateTime": "2026-10-10T13:55:36.000+02:00", "time": 3,
                 "request": {"method": "GET", "url": "https://shop.example/a?b=1#c", "headers": [
                    {"name": ":authority", "value": "shop.example"}, {"name": "accept", "value": "*/*"}]},
                 "response": {"content": {"text": "y".repeat(5000)}}},
                {"request": {"method": "GET"}},
                {"request": {"method": "POST", "url": "http://h", "headers": [
                    {"name": "Host", "value": "other"}, {"name": "Content-Length", "value": "3"}],
                 "postData": {"mimeType": "application/x-www-form-urlencoded",
                              "params": [{"name": "a b", "value": "1&2"}, {"name": "c"}]}}},
                {"request": {"method": "PUT", "url": "http://h/p", "headers": [],
                 "postData": {"mimeType": "image/png", "text": "AAEC", "encoding": "base64"}}},
                {"request": {"method": "POST", "url": "/m", "headers": [],
                 "postData": {"mimeType": "multipart/form-data; boundary=x7",
                              "params": [{"name": "f", "fileName": "a.txt", "value": "hi"}]}}},
            ]
        }}).to_string();
        let (lines, done) = read(&archive, 4000);
        assert_eq!(done, Ok(()));
        let lines: Vec<_> = lines.iter().map(|(at, line)| (*at, line.as_ref())).collect();
        assert_eq!(
            lines[0].1.unwrap()["headers"],
            json!([["Host", "shop.example"], ["accept", "*/*"]])
        );
        assert_eq!(lines[0].1.unwrap()["target"], "/a?b=1");
        assert_eq!(lines[0].1.unwrap()["time"], "2026-10-10T13:55:36.000+02:00");
        assert!(lines[1].1.unwrap_err().contains("`request.url`"));
        assert_eq!(lines[1].0, 1);
        assert_eq!(lines[2].1.unwrap()["body"], "a+b=1%262&c=");
        let form = "application/x-www-form-urlencoded";
        assert_eq!(
            lines[2].1.unwrap()["headers"],
            json!([["Host", "other"], ["Content-Type", form]])
        );
        assert_eq!(lines[3].1.unwrap()["body_b64"], "AAEC");
        let part = "--x7\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nhi\r\n--x7--\r\n";
        assert_eq!(lines[4].1.unwrap()["body"], part);
        assert!(lines.iter().enumerate().all(|(at, line)| at == line.0));
    }

    #[test]
    fn what_is_no_archive_is_told() {
        for (archive, error) in [
            ("", "EOF"),
            ("[]", "an object with `log`"),
            ("{\"log\": {\"pages\": []}}", "missing field `entries`"),
            ("{\"log\": {\"entries\": [{\"request\": {}}", "after 1 entries"),
            ("{\"log\": {\"entries\": []}} x", "trailing"),
        ] {
            let (_, done) = read(archive, 4000);
            let told = done.unwrap_err();
            assert!(told.contains(error), "{archive}: {told}");
        }
        let long = json!({"log": {"entries": [{"request": {"method": "x".repeat(5000)}}]}});
        assert!(read(&long.to_string(), 4000).1.unwrap_err().contains("more than 4000 bytes"));
    }
}
