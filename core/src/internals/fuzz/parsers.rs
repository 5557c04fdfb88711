//! What decoders and parsers promise.

use std::ops::Range;

use super::inside;
use crate::content::{Codings, Content, charset};
use crate::decode::{Coding, Readings};
use crate::limits::Limits;
use crate::parse::form::FormParser;
use crate::parse::graphql::{self, GraphqlEvent};
use crate::parse::header::{self, ContentLength, ContentType};
use crate::parse::json::{Event, JsonParser, JsonSink, Path, Problem};
use crate::parse::multipart::{MultipartParser, Piece};
use crate::parse::packed::{self, PackedProblems, Packing};
use crate::parse::target::Target;
use crate::parse::xml::{self, XmlEvent};
use crate::parse::{cookie, query};

/// Readings of any bytes under any coding: bounded, and every byte of each leads back into the raw bytes.
pub(super) fn decode(data: &[u8]) {
    let limits = Limits::default();
    let mut readings = Readings::default();
    for coding in [Coding::None, Coding::Form, Coding::Percent, Coding::JsonString] {
        let mut budget = limits.budget();
        readings.read(data, coding, limits.decode_rounds, &limits, &mut budget);
        assert!((1..=limits.views + 1).contains(&readings.len()));
        for index in 0..readings.len() {
            let Some(reading) = readings.get(index, data) else { panic!("no reading {index}") };
            for at in 0..reading.bytes.len() {
                let source = readings.source(index, at..at + 1);
                inside(&source, data.len());
            }
        }
    }
}

/// Coded bytes in two pieces decode to what the whole does, and to no more than the limit. The first byte says how they are coded, the
/// second where they are cut.
pub(super) fn content(data: &[u8]) {
    const MOST: usize = 64 << 10;
    const CODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"];
    const CHARSETS: [&str; 4] = ["", "utf-16le", "shift_jis", "iso-2022-jp"];
    let [how, cut, data @ ..] = data else { return };
    let how = usize::from(*how);
    let mut codings = Codings::default();
    assert!(CODINGS.get(how % 8).is_none_or(|value| codings.learn(value.as_bytes())));
    codings.set_charset(charset::of_name(CHARSETS[how / 8 % 4].as_bytes()));
    let whole = |chunks: &[&[u8]]| {
        let mut content = Content::default();
        content.begin(&codings, MOST);
        let mut decoded = Vec::new();
        let mut broken = Vec::new();
        if content.is_plain() {
            return (decoded, broken);
        }
        for chunk in chunks {
            let (bytes, why) = content.feed(chunk);
            decoded.extend_from_slice(bytes);
            broken.extend(why);
        }
        let (bytes, why) = content.finish();
        decoded.extend_from_slice(bytes);
        broken.extend(why);
        assert!(decoded.len() <= MOST && broken.len() <= 1);
        (decoded, broken)
    };
    let (a, b) = data.split_at(usize::from(*cut).min(data.len()));
    assert_eq!(whole(&[a, b]), whole(&[data]));
}

/// Events of XML lie in the document, one behind the other; elements are closed as often as they are opened if it is well-formed.
pub(super) fn parse_xml(data: &[u8]) {
    let (mut at, mut open) = (0, 0_i32);
    let end = xml::read(data, 16, |event| {
        let range = match event {
            XmlEvent::Start(name) => {
                open += 1;
                name
            }
            XmlEvent::End => {
                open -= 1;
                return;
            }
            XmlEvent::Attribute(name, value) => {
                inside(&name, data.len());
                assert!(name.end <= value.start);
                value
            }
            XmlEvent::Text(range)
            | XmlEvent::Character(range, _)
            | XmlEvent::Aside(range)
            | XmlEvent::DocType(range) => range,
        };
        inside(&range, data.len());
        assert!(at <= range.start, "{at} {range:?}");
        at = range.start;
    });
    assert!(open == 0 || end.too_deep || !end.problems.is_empty());
}

/// Strings of MessagePack and CBOR lie in the document, one behind the other; one that is cut short is none. The first byte says which.
pub(super) fn parse_packed(data: &[u8]) {
    let [which, data @ ..] = data else { return };
    let packing = if which % 2 == 0 { Packing::Msgpack } else { Packing::Cbor };
    let mut at = 0;
    let end = packed::read(data, packing, 16, |string, pointer| {
        assert!(pointer.is_empty() || pointer.starts_with('/'));
        for range in string.pieces {
            inside(range, data.len());
            assert!(at <= range.start);
            at = range.end;
        }
    });
    assert!(at <= end.len && end.len <= data.len());
    let is_whole = end.problems.is_empty() && !end.too_deep;
    assert!(!is_whole || end.len == data.len());
    if is_whole && let Some((_, cut)) = data.split_last() {
        let end = packed::read(cut, packing, 16, |_, _| {});
        assert!(end.problems.has(PackedProblems::CUT_OFF));
    }
}

/// Strings of GraphQL lie in the document, one behind the other, and what is entered is left; a document that is cut is none.
pub(super) fn parse_graphql(data: &[u8]) {
    let (mut at, mut open) = (0, 0_i32);
    let size = graphql::read(data, 16, |event, range| {
        inside(&range, data.len());
        assert!(at <= range.start);
        at = range.start;
        match event {
            GraphqlEvent::Field(_) | GraphqlEvent::Key(_) => open += 1,
            GraphqlEvent::Leave => open -= 1,
            GraphqlEvent::String { text, .. } | GraphqlEvent::Comment(text) => {
                assert_eq!(data.get(range), Some(text));
            }
        }
        assert!(open >= 0);
    });
    if size.is_some() {
        assert_eq!(open, 0);
        let cut = data.trim_ascii_end();
        if let [head @ .., b'}'] = cut {
            // Its last brace is needed, unless it stands in a comment.
            assert!(head.contains(&b'#') || graphql::read(head, 16, |_, _| {}).is_none());
        }
    }
}

/// Any target is cut into ranges inside of it.
pub(super) fn parse_target(data: &[u8]) {
    for method in [&b"GET"[..], b"CONNECT", b"OPTIONS"] {
        let target = Target::parse(method, data);
        let parts =
            [Some(target.path), target.query, target.fragment, target.authority, target.scheme];
        parts.iter().flatten().for_each(|range| inside(range, data.len()));
    }
}

/// Pairs hold every byte but the separators; URLs and queries are cut inside the value.
pub(super) fn parse_query(data: &[u8]) {
    let mut covered = 0;
    for pair in query::pairs(data, 0..data.len()) {
        inside(&pair.name, data.len());
        covered += pair.name.len();
        if let Some(value) = pair.value {
            inside(&value, data.len());
            covered += value.len() + 1;
        }
    }
    let separators = memchr::memchr_iter(b'&', data).count();
    assert_eq!(covered + separators, data.len());
    let _ = query::looks_like_query(data);
    if let Some(url) = query::looks_like_url(data) {
        let parts = [url.scheme, url.host, Some(url.path), url.query, url.fragment];
        parts.iter().flatten().for_each(|range| inside(range, data.len()));
    }
}

/// A multipart body in two pieces gives the parts of the whole, whose ranges lie inside; the first byte says where it is cut,
/// the second how long the boundary is, which comes next.
pub(super) fn parse_multipart(data: &[u8]) {
    let [cut, len, data @ ..] = data else { return };
    let Some((boundary, body)) = data.split_at_checked(1 + usize::from(len % 8)) else { return };
    let pieces = |chunks: &[&[u8]]| {
        let mut pieces = Vec::new();
        let mut parser = MultipartParser::new();
        parser.reset(boundary, 0);
        let mut take = |piece: Piece<'_>| {
            if let Piece::Part(part) = &piece {
                let len = part.raw.bytes.len();
                let names = [&part.name, &part.filename, &part.content_type];
                let ranges = names.into_iter().flatten().chain([&part.head, &part.content]);
                ranges.for_each(|range| inside(range, len));
                inside(&part.raw.range(), body.len());
            }
            pieces.push(format!("{piece:?}"));
        };
        for chunk in chunks {
            parser.feed(chunk, &mut take);
        }
        parser.finish(&mut take);
        pieces
    };
    let (a, b) = body.split_at(usize::from(*cut).min(body.len()));
    assert_eq!(pieces(&[a, b]), pieces(&[body]));
}

/// A form in two pieces gives the fields of the whole; the first byte says where it is cut.
pub(super) fn parse_form(data: &[u8]) {
    let [cut, data @ ..] = data else { return };
    let fields = |chunks: &[&[u8]]| {
        let mut fields = Vec::new();
        let mut parser = FormParser::new(usize::MAX);
        let mut take = |field: crate::parse::form::Field<'_>| {
            fields.push((
                field.name.at,
                field.name.bytes.to_vec(),
                field.value.map(|v| (v.at, v.bytes.to_vec())),
            ));
        };
        for chunk in chunks {
            parser.feed(chunk, &mut take);
        }
        parser.finish(&mut take);
        fields
    };
    let (first, second) = data.split_at(usize::from(*cut) % (data.len() + 1));
    assert_eq!(fields(&[data]), fields(&[first, second]));
}

/// Cookies are cut inside the header.
pub(super) fn parse_cookie(data: &[u8]) {
    for cookie in cookie::cookies(data) {
        [cookie.name, Some(cookie.value), cookie.quoted_on]
            .iter()
            .flatten()
            .for_each(|range| inside(range, data.len()));
    }
}

/// Header parsers take anything.
pub(super) fn parse_header(data: &[u8]) {
    let content_type = ContentType::parse(data);
    let parts = [
        Some(content_type.kind.clone()),
        Some(content_type.subtype.clone()),
        content_type.boundary.clone(),
    ];
    parts.iter().flatten().for_each(|range| inside(range, data.len()));
    let _ = content_type.is_utf8();
    let _ = (
        ContentLength::parse(data),
        header::treatment(data),
        header::is_token(data),
        header::value_bytes(data),
    );
}

/// JSON in two pieces gives the events of the whole; what it accepts, `serde_json` accepts, and the other way round but for
/// what this parser is stricter about. The first byte says where it is cut.
pub(super) fn parse_json(data: &[u8]) {
    let [cut, data @ ..] = data else { return };
    let limits = Limits::default();
    let whole = events(&limits, &[data]);
    let (first, second) = data.split_at(usize::from(*cut) % (data.len() + 1));
    assert_eq!(whole.0, events(&limits, &[first, second]).0);
    let accepted = whole.1.iter().all(|problem| *problem == Problem::DuplicateKey);
    let depth = data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if depth < limits.depth {
        let oracle = serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
            && std::str::from_utf8(data).is_ok();
        assert!(!accepted || oracle, "accepted what serde_json refuses: {}", data.escape_ascii());
        assert!(accepted || !oracle || !whole.1.is_empty(), "{}", data.escape_ascii());
    }
}

/// Events as text, and the problems among them. `rest` is put together, since its pieces follow the chunks.
fn events(limits: &Limits, chunks: &[&[u8]]) -> (Vec<String>, Vec<Problem>) {
    #[derive(Default)]
    struct Log {
        events: Vec<String>,
        problems: Vec<Problem>,
        rest: Vec<u8>,
    }
    impl JsonSink for Log {
        fn event(&mut self, event: Event<'_>, range: Range<usize>, path: &Path) {
            let mut pointer = String::new();
            path.pointer(&mut pointer);
            self.events.push(format!("{event:?} {range:?} {pointer}"));
        }

        fn problem(&mut self, problem: Problem, range: Range<usize>, _: &Path) {
            self.events.push(format!("{problem:?} {range:?}"));
            self.problems.push(problem);
        }

        fn rest(&mut self, bytes: &[u8], _: usize) {
            self.rest.extend_from_slice(bytes);
        }
    }
    let mut log = Log::default();
    let mut parser = JsonParser::new(limits);
    for chunk in chunks {
        parser.feed(chunk, &mut log);
    }
    parser.finish(&mut log);
    log.events.push(format!("rest {}", log.rest.escape_ascii()));
    (log.events, log.problems)
}
