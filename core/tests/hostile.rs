//! Input made to hurt: always a verdict, never a panic, and no more steps than its bytes pay for.
//!
//! Run with the feature `internals`, since steps are counted inside. Times are printed (`--nocapture`), never asserted.

#![cfg(feature = "internals")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "figures for people")]

use std::sync::LazyLock;
use std::time::Instant;

use abatis::internals::stages;
use abatis::model::policy::BodyKind;
use abatis::{Action, Coverage, Engine, Limit, Limits, Place, Policy, Request, Scratch, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Policy::default()).unwrap());

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const XML: &str = "application/xml";
const NDJSON: &str = "application/x-ndjson";
const GRAPHQL: &str = "application/graphql";

/// Bytes that mean something to some lexer, decoder or parser.
const TELLING: [u8; 22] = [
    b'\'', b'"', b'`', b'<', b'(', b'{', b'[', b'%', b'&', b'\\', b'.', b'/', b';', b'+', b'#',
    b'*', b' ', b'A', 0, 0xff, 0xc0, 0xe2,
];

fn policy(change: impl FnOnce(&mut Limits)) -> Policy {
    let mut policy = Policy::default();
    change(&mut policy.limits);
    policy
}

fn post<'a>(content_type: &'a str, body: &'a [u8]) -> Request<'a> {
    Request::new("POST", "/p").header("Content-Type", content_type).body(body)
}

fn bytes_of(request: &Request<'_>) -> usize {
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.len() + value.len()).sum();
    request.target().len() + headers + request.body_bytes().len()
}

/// The verdict, told on one line; fails if the steps are not paid for by the bytes.
fn inspect(what: &str, request: &Request<'_>) -> Verdict {
    let bytes = bytes_of(request);
    let begin = Instant::now();
    let verdict = ENGINE.inspect(request);
    let time = begin.elapsed();
    let steps = stages::steps(&ENGINE, request);
    println!(
        "{what:44} {bytes:8} bytes {:7.1} ms {:9.1} steps/byte {} {:?} {:?}",
        time.as_secs_f64() * 1e3,
        steps as f64 / bytes as f64,
        verdict.action,
        verdict.coverage,
        verdict.class(),
    );
    assert!(steps <= Limits::STEPS_PER_BYTE * bytes as u64, "{what}: {steps} steps, {bytes} bytes");
    verdict
}

fn assert_partial(verdict: &Verdict, limit: Limit) {
    assert_eq!((verdict.coverage, verdict.action), (Coverage::Partial(limit), Action::Block));
}

#[test]
fn truncated_and_broken_bodies() {
    for body in [
        &br#"{"a": "b"#[..],
        br#"{"a": "\u00"#,
        br#"{"a": 1e"#,
        br#"{"a": tru"#,
        b"{",
        b"[",
        b"\xef\xbb",
        b"\"",
        br#"{"a":1}}"#,
        br#"{"a":1} {"#,
        b"{'a':1}",
        b"nul",
        b"\x00",
    ] {
        let verdict = inspect("broken JSON", &post(JSON, body));
        assert_eq!(verdict.action, Action::Block, "{}", body.escape_ascii());
        assert!(verdict.findings.iter().any(|f| f.rule.to_string().starts_with("protocol.")));
    }
    for body in [&b"a"[..], b"=", b"&", b"a=%", b"a=%2", b"a=%u12", b"&&&=&=", b"%=%&%%=%%"] {
        let _ = inspect("broken form", &post(FORM, body));
    }
}

/// What a limit keeps from being inspected does not pass, and says why.
#[test]
fn more_than_the_limits_allow() {
    let limits = Limits::default();
    let body = vec![b'a'; limits.body_bytes + 1];
    assert_partial(&inspect("body", &post("text/plain", &body)), Limit::BodyBytes);
    let form = [b"a=", &body[..]].concat();
    assert_partial(&inspect("form body", &post(FORM, &form)), Limit::BodyBytes);
    let target = format!("/?a={}", "b".repeat(limits.target_bytes));
    assert_partial(&inspect("target", &Request::new("GET", &target)), Limit::Target);

    let many = |count| (0..count).fold(Request::new("GET", "/"), |r, _| r.header("X-A", "b"));
    assert_eq!(inspect("headers", &many(limits.headers)).coverage, Coverage::Full);
    assert_partial(&inspect("one header more", &many(limits.headers + 1)), Limit::Headers);
    assert_partial(&inspect("10,000 headers", &many(10_000)), Limit::Headers);
    let long = "b".repeat(limits.header_bytes);
    assert_partial(
        &inspect("header", &Request::new("GET", "/").header("A", &long)),
        Limit::Headers,
    );

    let fields = |count: usize| "a=b&".repeat(count / 2);
    assert_eq!(inspect("fields", &post(FORM, fields(9_990).as_bytes())).action, Action::Allow);
    assert_partial(&inspect("fields", &post(FORM, fields(10_100).as_bytes())), Limit::Fields);
    let repeated = fields(100_000);
    assert_partial(&inspect("50,000 repeated", &post(FORM, repeated.as_bytes())), Limit::Fields);
    let keys: Vec<_> = (0..10_000).map(|key| format!("\"k{key}\":\"v\",")).collect();
    let keys = keys.concat();
    let object = format!("{{{keys}\"end\":1}}");
    assert_partial(&inspect("10,000 keys", &post(JSON, object.as_bytes())), Limit::Fields);

    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let inner = if open == "[" { "" } else { "1" };
        let nest = |depth| format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
        let fits = nest(limits.depth);
        assert_eq!(inspect("depth", &post(JSON, fits.as_bytes())).action, Action::Allow);
        for depth in [limits.depth + 1, 100_000] {
            let deep = nest(depth);
            assert_partial(&inspect("too deep", &post(JSON, deep.as_bytes())), Limit::Depth);
        }
    }

    for depth in [limits.depth + 1, 100_000] {
        let deep = format!("a={}1{}", "[".repeat(depth), "]".repeat(depth));
        assert_partial(&inspect("too deep in a value", &post(FORM, deep.as_bytes())), Limit::Depth);
    }

    let engine = Engine::new(&policy(|limits| limits.steps = 1000)).unwrap();
    let attack = format!("a={}", "1' or '1'='1 ".repeat(20));
    assert_partial(&engine.inspect(&post(FORM, attack.as_bytes())), Limit::Steps);
}

/// A 50,000 times repeated parameter, where the policy allows for it.
#[test]
fn repeated_parameters_within_limits() {
    let engine = Engine::new(&policy(|limits| limits.fields = 200_000)).unwrap();
    let form = "a=b&".repeat(50_000);
    let verdict = engine.inspect(&post(FORM, form.as_bytes()));
    assert_eq!((verdict.action, verdict.coverage), (Action::Allow, Coverage::Full));
    let distinct = (0..50_000).map(|n| format!("a{n}=b&")).collect::<Vec<_>>().concat();
    let verdict = engine.inspect(&post(FORM, distinct.as_bytes()));
    assert_eq!((verdict.action, verdict.coverage), (Action::Allow, Coverage::Full));
}

/// The body is not what its type says, or says nothing: it is read some way, and an attack in it is found.
#[test]
fn types_that_lie() {
    let json = br#"{"q": "1' union select password from users -- "}"#;
    let form = b"a=b&q=1'+union+select+password+from+users+--+";
    for content_type in [
        "",
        ";",
        "/",
        "application/jsonx",
        "application/json; charset=utf-16",
        "text/plain",
        "TEXT/HTML",
        FORM,
        JSON,
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json\0",
        "application/json, text/plain",
        "\u{feff}application/json",
    ] {
        for body in [&json[..], form] {
            let verdict = inspect(&format!("{content_type:?}"), &post(content_type, body));
            assert!(verdict.action > Action::Allow, "{content_type:?}");
        }
    }
    for body in [&json[..], form] {
        let verdict = inspect("no type", &Request::new("POST", "/p").body(body));
        assert_eq!(verdict.action, Action::Block);
        let twice = post(JSON, body).header("Content-Type", "image/png");
        assert_eq!(inspect("two types", &twice).action, Action::Block);
    }
}

#[test]
fn binary_bodies() {
    let mut noise = Random(7);
    let body: Vec<u8> = (0..64 << 10).map(|_| noise.below(256) as u8).collect();
    for content_type in ["image/png", "application/octet-stream", "", "text/plain", FORM] {
        let _ = inspect(&format!("noise as {content_type:?}"), &post(content_type, &body));
    }
    assert_eq!(inspect("noise as JSON", &post(JSON, &body)).action, Action::Block);
    let mut policy = Policy::default();
    assert!(policy.body_types.accept.contains(&BodyKind::Opaque));
    let opaque = Engine::new(&policy).unwrap().inspect(&post("image/png", &body));
    policy.on_partial.opaque = abatis::model::policy::Disposition::Block;
    let blocked = Engine::new(&policy).unwrap().inspect(&post("image/png", &body));
    if opaque.coverage == Coverage::Partial(Limit::Opaque) {
        assert_eq!((opaque.action, blocked.action), (Action::Allow, Action::Block));
    }
}

#[test]
fn a_mebibyte_of_one_byte() {
    for byte in TELLING {
        let body = vec![byte; 1 << 20];
        let _ = inspect(
            &format!("1 MiB of {} as text", byte.escape_ascii()),
            &post("text/plain", &body),
        );
    }
}

/// Where a parser looks for an end that does not come, or remembers what leads to each of many: steps do not tell, a clock and a debugger do.
#[test]
fn a_mebibyte_of_xml() {
    let open = format!("<{}>", "n".repeat(250)).repeat(30);
    for (what, body) in [
        ("references without an end", wrapped("<a b='", "&", "'/>", 1_000_000)),
        ("references of all there is", wrapped("<a b='&", "0", ";'/>", 1_000_000)),
        ("text beside elements, far down", wrapped(&open, "<b>x<i/></b>", "", 1_000_000)),
        ("attributes", wrapped("<a", " b='c'", "/>", 1_000_000)),
        ("elements", repeat("<a>", 1_000_000)),
    ] {
        let _ = inspect(&format!("1 MiB of XML: {what}"), &post(XML, &body));
    }
}

/// The same in every format that a parser takes, shorter.
#[test]
fn one_byte_in_every_format() {
    for byte in TELLING {
        let run = vec![byte; 16 << 10];
        let target: Vec<u8> = [b"/?q=", &run[..16_000]].concat();
        let _ = inspect(
            &format!("{} in the query", byte.escape_ascii()),
            &Request::new("GET", &target),
        );
        let header = Request::new("GET", "/").header("Cookie", &run).header("Referer", &run);
        let _ = inspect(&format!("{} in headers", byte.escape_ascii()), &header);
        for (content_type, before, after) in [
            (JSON, &b"{\"a\":\""[..], &b"\"}"[..]),
            (JSON, b"", b""),
            (FORM, b"a=", b""),
            (FORM, b"", b""),
            (NDJSON, b"", b""),
            (XML, b"<a b='", b"'/>"),
            (XML, b"<a>", b"</a>"),
            (GRAPHQL, b"query { a(b: \"", b"\") }"),
            (GRAPHQL, b"query {", b"}"),
            ("text/plain; charset=utf-16le", b"", b""),
            ("x/y", b"", b""),
        ] {
            let body = [before, &run, after].concat();
            let what = format!("{} as {content_type}", byte.escape_ascii());
            let _ = inspect(&what, &post(content_type, &body));
        }
    }
}

/// One attack on the bounds at any size: about `bytes` of body.
struct Family {
    name: &'static str,
    content_type: &'static str,
    make: fn(usize) -> Vec<u8>,
}

fn repeat(unit: &str, bytes: usize) -> Vec<u8> {
    unit.repeat(bytes / unit.len()).into_bytes()
}

fn wrapped(before: &str, unit: &str, after: &str, bytes: usize) -> Vec<u8> {
    [before.as_bytes(), &repeat(unit, bytes), after.as_bytes()].concat()
}

const FAMILIES: &[Family] = &[
    Family { name: "%25…", content_type: FORM, make: |n| wrapped("a=", "%25", "27", n) },
    Family { name: "%%%", content_type: FORM, make: |n| wrapped("a=", "%2", "", n) },
    Family {
        name: "%2525 chains",
        content_type: FORM,
        make: |n| wrapped("a=", "%25252527", "", n),
    },
    Family { name: "a=b&", content_type: FORM, make: |n| repeat("a=b&", n) },
    Family { name: "a=%27&", content_type: FORM, make: |n| repeat("a=%27&", n) },
    Family { name: "a=' or '1'='1&", content_type: FORM, make: |n| repeat("a=' or '1'='1&", n) },
    Family { name: "names", content_type: FORM, make: |n| numbered(n, |k| format!("n{k}={k}'&")) },
    Family { name: "&amp;", content_type: "text/plain", make: |n| wrapped("&", "amp;", "lt;", n) },
    Family { name: "&amp;&amp;", content_type: "text/plain", make: |n| repeat("&amp;", n) },
    Family { name: "&#x26;", content_type: "text/plain", make: |n| repeat("&#x26;lt;", n) },
    Family {
        name: "\\u005c",
        content_type: "text/plain",
        make: |n| wrapped("\\", "u005c", "u0027", n),
    },
    Family {
        name: "everything",
        content_type: "text/plain",
        make: |n| repeat("%26lt%3b\\u0026lt;+&#x25;27/./../\u{ff1c}\u{200b}", n),
    },
    Family {
        name: "everything in JSON",
        content_type: JSON,
        make: |n| {
            wrapped("{\"a\":\"", "%26lt%3b\\u0026lt;+&#x25;27/./../\u{ff1c}\u{200b}", "\"}", n)
        },
    },
    Family { name: "a=&&& in XML", content_type: XML, make: |n| wrapped("<a b='", "&", "'/>", n) },
    Family {
        name: "references in XML",
        content_type: XML,
        make: |n| wrapped("<a b='", "&#39;", "'/>", n),
    },
    Family {
        name: "comments in XML",
        content_type: XML,
        make: |n| wrapped("<a>", "x<!---->", "</a>", n),
    },
    Family { name: "mixed XML", content_type: XML, make: |n| nested_xml(n, "<b>'x<i/>y</b>") },
    Family {
        name: "mixed in mixed XML",
        content_type: XML,
        make: |n| nested_xml(n, "<b>'x<b>y<i/>z</b>y</b>z"),
    },
    Family { name: "JSON lines", content_type: NDJSON, make: |n| repeat("{\"a\":\"it's\"}\n", n) },
    Family {
        name: "GraphQL",
        content_type: GRAPHQL,
        make: |n| wrapped("query {", "a:b(c:{d:[\"it's\"]}){e}", "}", n),
    },
    Family { name: "base64 of base64", content_type: "text/plain", make: |n| nested_base64(n, 3) },
    Family {
        name: "base64 in a form",
        content_type: FORM,
        make: |n| [b"a=".to_vec(), nested_base64(n, 2)].concat(),
    },
    Family {
        name: "JSON in a parameter",
        content_type: FORM,
        make: |n| [&b"a="[..], &nest("[", "]", n)].concat(),
    },
    Family {
        name: "objects in a parameter",
        content_type: FORM,
        make: |n| wrapped("a=[", "{\"a\":\"b'\"},", "1]", n),
    },
    Family {
        name: "broken JSON in a parameter",
        content_type: FORM,
        make: |n| wrapped("a={", "{\"a\":\"b'\"},", "}", n),
    },
    Family { name: "JSON in JSON strings", content_type: JSON, make: |n| json_in_json(n, 3) },
    Family {
        name: "many JSONs in strings",
        content_type: JSON,
        make: |n| wrapped("[", "\"{\\\"a\\\":\\\"b' or 1=1\\\"}\",", "1]", n),
    },
    Family {
        name: "queries in queries",
        content_type: FORM,
        make: |n| wrapped("a=", "b%3Dc%26d%253De%2526", "f%3D1", n),
    },
    Family {
        name: "URLs in URLs",
        content_type: FORM,
        make: |n| wrapped("a=http://x/?b=", "http%3A%2F%2Fx%2F%3Fb%3D", "1", n),
    },
    Family {
        name: "same key",
        content_type: JSON,
        make: |n| wrapped("{", "\"a\":\"'\",", "\"b\":1}", n),
    },
    Family {
        name: "keys",
        content_type: JSON,
        make: |n| [&b"{"[..], &numbered(n, |k| format!("\"k{k}\":1,")), b"\"z\":1}"].concat(),
    },
    Family {
        name: "colliding keys",
        content_type: JSON,
        make: |n| [&b"{"[..], &colliding(n), b"\"z\":1}"].concat(),
    },
    Family {
        name: "long keys",
        content_type: JSON,
        make: |n| {
            [&b"{\""[..], &vec![b'k'; n / 2], b"\":[", &repeat("\"1' or '1'='1\",", n / 2), b"1]}"]
                .concat()
        },
    },
    Family {
        name: "findings",
        content_type: JSON,
        make: |n| wrapped("[", "\"<script>alert(1)</script>\",\"1' or 1=1 -- \",", "1]", n),
    },
    Family { name: "numbers", content_type: JSON, make: |n| wrapped("[1", "0", "e9]", n) },
    Family { name: "<a <a", content_type: "text/plain", make: |n| repeat("<a ", n) },
    Family { name: "<!--", content_type: "text/plain", make: |n| repeat("<!--", n) },
    Family { name: "<a b=\"", content_type: "text/plain", make: |n| repeat("<a b=\"", n) },
    Family { name: "<script>", content_type: "text/plain", make: |n| repeat("<script>", n) },
    Family { name: "<style>", content_type: "text/plain", make: |n| repeat("<style>a{b:url(", n) },
    Family {
        name: "javascript:",
        content_type: "text/plain",
        make: |n| repeat("<a href=javascript:", n),
    },
    Family {
        name: "data:",
        content_type: "text/plain",
        make: |n| repeat("data:text/html;base64,", n),
    },
    Family { name: "/*", content_type: "text/plain", make: |n| repeat("1/*", n) },
    Family { name: "$tag$", content_type: "text/plain", make: |n| repeat("select $a$", n) },
    Family { name: "q'[", content_type: "text/plain", make: |n| repeat("' or q'[", n) },
    Family {
        name: "((((",
        content_type: "text/plain",
        make: |n| wrapped("' or ", "(select ", "", n),
    },
    Family { name: "`${", content_type: "text/plain", make: |n| repeat("`${", n) },
    Family { name: "/re/", content_type: "text/plain", make: |n| repeat("=/[", n) },
    Family { name: "$(", content_type: "text/plain", make: |n| wrapped(";", "$(", "", n) },
    Family { name: "<<EOF", content_type: "text/plain", make: |n| repeat("cat <<EOF\n", n) },
    Family { name: "{a,b", content_type: "text/plain", make: |n| wrapped(";", "{cat,", "", n) },
    Family { name: "/???/", content_type: "text/plain", make: |n| wrapped(";", "/???", "", n) },
    Family { name: "../", content_type: "text/plain", make: |n| repeat("../", n) },
    Family { name: "a/../", content_type: "text/plain", make: |n| repeat("a/../", n) },
    Family { name: "{{", content_type: "text/plain", make: |n| repeat("{{", n) },
    Family { name: "${jndi:", content_type: "text/plain", make: |n| repeat("${${lower:j}", n) },
    Family {
        name: "<!ENTITY",
        content_type: "text/plain",
        make: |n| repeat("<!ENTITY a \"&b;\">", n),
    },
    Family { name: "every literal", content_type: "text/plain", make: every_literal },
];

fn numbered(bytes: usize, unit: impl Fn(usize) -> String) -> Vec<u8> {
    let mut out = Vec::new();
    for number in 1000.. {
        if out.len() >= bytes {
            break;
        }
        out.extend_from_slice(unit(number).as_bytes());
    }
    out
}

/// Keys that collide under hashes that add or multiply up bytes: permutations of each other.
fn colliding(bytes: usize) -> Vec<u8> {
    numbered(bytes, |number| {
        let key: String =
            (0..16).map(|bit| if number >> bit & 1 == 1 { "Aa" } else { "BB" }).collect();
        format!("\"{key}\":1,")
    })
}

fn nest(open: &str, close: &str, bytes: usize) -> Vec<u8> {
    let depth = (bytes / (open.len() + close.len())).min(60);
    let unit = format!("{}'{}", open.repeat(depth), close.repeat(depth));
    wrapped("[", &format!("{unit},"), "1]", bytes)
}

fn json_in_json(bytes: usize, levels: usize) -> Vec<u8> {
    // Each level escapes the quotes of the one below.
    let mut text = String::from_utf8(repeat("it's ", bytes / 2)).unwrap();
    for _ in 0..levels {
        text = serde_json::json!({ "a": text, "b": "x' or 1=1" }).to_string();
    }
    text.into_bytes()
}

/// Elements within thirty others of long names.
fn nested_xml(bytes: usize, unit: &str) -> Vec<u8> {
    let name = "n".repeat(bytes / 300);
    let [open, close] = ["<", "</"].map(|mark| format!("{mark}{name}>").repeat(30));
    wrapped(&open, unit, &close, bytes)
}

fn nested_base64(bytes: usize, levels: usize) -> Vec<u8> {
    let mut text =
        repeat("union select ", bytes * 3_usize.pow(levels as u32) / 4_usize.pow(levels as u32));
    for _ in 0..levels {
        text = BASE64_STANDARD.encode(&text).into_bytes();
    }
    text
}

/// Every example of every rule, over and over: what wakes the most expressions.
fn every_literal(bytes: usize) -> Vec<u8> {
    let policy = abatis::model::Bundle::new(Policy::default()).unwrap();
    let mut text = String::new();
    for rule in policy.each_rule() {
        text.extend(rule.hits.first().map(|hit| hit.chars().take(40).collect::<String>()));
        text.push(' ');
    }
    text.as_bytes().iter().copied().cycle().take(bytes).collect()
}

/// Twice the bytes cost twice the steps: nothing is quadratic, at any size of body.
#[test]
fn steps_grow_with_the_bytes() {
    let mut wrong = Vec::new();
    for family in FAMILIES {
        let steps = [4 << 10, 8 << 10, 16 << 10].map(|bytes| {
            let body = (family.make)(bytes);
            let request = post(family.content_type, &body);
            let _ = inspect(family.name, &request);
            stages::steps(&ENGINE, &request) as f64 / bytes_of(&request) as f64
        });
        for pair in steps.windows(2) {
            if pair[0] > 0.0 && pair[1] / pair[0] > 1.05 {
                wrong.push(format!("{}: {steps:.1?} steps a byte", family.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The most that a byte can be made to cost: every decoder, every expression, as a text, as a form and in joins.
#[test]
fn waking_everything_keeps_to_the_steps_of_a_byte() {
    let every_way = "a=%26lt%3b\\u0026lt;+&#x25;27/./../\u{ff1c}\u{200b}&a=";
    for bytes in [1 << 10, 8 << 10, 64 << 10] {
        let body = [every_way.as_bytes(), &every_literal(bytes)].concat();
        let verdict = inspect("everything at once", &post("x/y", &body));
        assert_eq!(verdict.action, Action::Block);
    }
}

/// What a verdict takes written out does not follow the body.
#[test]
fn verdicts_stay_short() {
    let key = format!("{{\"{}\":[{}1]}}", "k".repeat(500_000), "\"1' or '1'='1\",".repeat(9_000));
    let text =
        ";cat /etc/passwd|sh $(id) `x` <script>alert(document.cookie)</script>".repeat(10_000);
    for (content_type, body) in [(JSON, &key), ("text/plain", &text)] {
        let verdict = inspect("to be written", &post(content_type, body.as_bytes()));
        assert_eq!(verdict.action, Action::Block);
        let written = serde_json::to_string(&verdict).unwrap();
        assert!(written.len() < 64 << 10, "{} bytes", written.len());
    }
}

/// A linear congruential generator (the constants of MMIX): the same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn text(&mut self, pieces: &[&str], longest: usize) -> String {
        (0..self.below(longest)).map(|_| self.pick(pieces)).collect()
    }
}

/// Law 4: in mode block nothing passes that was not inspected in full, under any limits.
#[test]
fn partial_is_never_allowed_in_mode_block() {
    const PIECES: &[&str] = &[
        "a",
        "=",
        "&",
        "%2525",
        "%27",
        "\\u0022",
        "[",
        "{\"a\":",
        "\"b\"",
        "}",
        "]",
        ",",
        "?",
        "/",
        "../",
        "&lt;",
        "1",
        "dW5pb24gc2VsZWN0IDE=",
        "http://h/",
        ";",
        " ",
        "\u{ff1c}",
        "'",
        "<b>",
        "\0",
    ];
    let mut random = Random(11);
    let mut scratch = Scratch::new();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..60 {
        let limits = policy(|limits| {
            limits.target_bytes = 1 + random.below(80);
            limits.headers = random.below(5);
            limits.header_bytes = random.below(100);
            limits.body_bytes = random.below(120);
            limits.fields = random.below(10);
            limits.depth = random.below(4);
            limits.decode_rounds = random.below(4);
            limits.views = random.below(5);
            limits.findings_max = random.below(4);
            limits.steps = [0, 1 + random.below(3000) as u64][random.below(2)];
        });
        let Ok(engine) = Engine::new(&limits) else { continue };
        for _ in 0..100 {
            let target = format!("/{}", random.text(PIECES, 12));
            let body = random.text(PIECES, 40);
            let content_type = random.pick(&[JSON, FORM, "text/plain", "x/y", "image/png"]);
            let value = random.text(PIECES, 6);
            let request = post(content_type, body.as_bytes());
            let mut whole = Request::new("POST", &target).body(request.body_bytes());
            for (name, value) in request.headers().iter().chain([&(&b"X-A"[..], value.as_bytes())])
            {
                whole = whole.header(*name, *value);
            }
            let verdict = engine.inspect_with(&mut scratch, &whole);
            if let Coverage::Partial(limit) = verdict.coverage {
                *seen.entry(limit).or_insert(0) += 1;
                assert!(
                    limit == Limit::Opaque || verdict.action == Action::Block,
                    "{verdict:?} {whole:?}"
                );
            }
        }
    }
    println!("{seen:?}");
    for limit in [
        Limit::BodyBytes,
        Limit::Fields,
        Limit::Depth,
        Limit::Decode,
        Limit::Steps,
        Limit::Headers,
        Limit::Target,
    ] {
        assert!(seen.contains_key(&limit), "no request met {limit}");
    }
}

/// Values have no request around them; any bytes are one.
#[test]
fn values_are_bounded_too() {
    let mut scratch = Scratch::new();
    for place in Place::ALL {
        for byte in TELLING {
            let value = vec![byte; 4096];
            let verdict = ENGINE.inspect_value(&mut scratch, place, &value);
            assert!(verdict.score <= 1000);
            let steps = stages::value_steps(&ENGINE, place, &value);
            assert!(steps <= Limits::STEPS_PER_BYTE * 4096, "{place:?} {byte} {steps}");
        }
    }
}

/// Numbers that take more memory written out than they take bytes are not written out.
#[test]
fn numbers_of_a_schema_are_not_written_out() {
    let yaml = r"
schemas: {list: {type: array, items: {type: number, multipleOf: 0.01, maximum: 1e300}, uniqueItems: true}}
routes: [{path: /p, body: list}]
";
    let engine = Engine::new(&Policy::from_yaml("p.yaml", yaml).unwrap()).unwrap();
    for number in
        ["1e999999999", "-1e-999999999", "1E400", "0.1e-400", "9".repeat(100_000).as_str()]
    {
        let body = format!("[{number},1,{number}]");
        let begin = Instant::now();
        let verdict = engine.inspect(&post(JSON, body.as_bytes()));
        println!("{:.20} {:?} {}", number, begin.elapsed(), verdict.action);
    }
    let body = format!("[{}1]", "1,".repeat(400_000));
    let begin = Instant::now();
    let verdict = engine.inspect(&post(JSON, body.as_bytes()));
    println!("not unique {:?} {}", begin.elapsed(), verdict.action);
    assert_eq!(verdict.action, Action::Block);
    let body: Vec<String> = (0..130_000).map(|n| format!("{n}")).collect();
    let body = format!("[{}]", body.join(","));
    let begin = Instant::now();
    let verdict = engine.inspect(&post(JSON, body.as_bytes()));
    println!("unique {:?} {} {:?}", begin.elapsed(), verdict.action, verdict.class());
}

/// Documents and parts within each other, as many as fit.
#[test]
fn packed_parts_and_documents_in_values() {
    const MSGPACK: &str = "application/msgpack";
    const CBOR: &str = "application/cbor";
    let size = 256 << 10;
    for (what, content_type, body) in [
        (
            "msgpack: strings of one byte",
            MSGPACK,
            [&b"\xdd\0\x01\0\0"[..], &b"\xa1'".repeat(65_536)].concat(),
        ),
        ("msgpack: arrays in arrays", MSGPACK, b"\x91".repeat(size)),
        ("msgpack: empty maps", MSGPACK, [&b"\xdd\0\x04\0\0"[..], &b"\x80".repeat(size)].concat()),
        ("cbor: tags", CBOR, [&b"\xc1".repeat(size)[..], b"\x01"].concat()),
        ("cbor: pieces", CBOR, [&b"\x7f"[..], &b"\x61'".repeat(size / 2), b"\xff"].concat()),
        (
            "cbor: long keys, deep",
            CBOR,
            [&[&b"\xa1\x79\x03\xe8"[..], &[b'k'; 1000]].concat().repeat(60)[..], b"\x61x"].concat(),
        ),
        (
            "json: XML in a text",
            JSON,
            [&b"[\""[..], b"<a>", &b"<b>it's</b>".repeat(size / 12), b"</a>\"]"].concat(),
        ),
        (
            "json: XML in XML",
            JSON,
            [
                &b"[\"<a>&lt;b&gt;&amp;lt;c&amp;gt;"[..],
                &b"&amp;amp;#39;".repeat(size / 13),
                b"&amp;lt;/c&amp;gt;&lt;/b&gt;</a>\"]",
            ]
            .concat(),
        ),
        ("form: names of charsets", FORM, b"_charset_=gbk&a=%81'&".repeat(size / 21)),
        (
            "form: a text in a charset",
            FORM,
            [&b"_charset_=iso-2022-jp&a="[..], &b"\x1b$B''\x1b(B".repeat(6_000)].concat(),
        ),
    ] {
        inspect(what, &post(content_type, &body));
    }
    const RELATED: &str = "multipart/related; boundary=x";
    let part = b"\r\n--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n'\r\n--y--";
    let nested = [&part.repeat(size / part.len())[2..], b"\r\n--x--"].concat();
    inspect("parts in parts", &post(RELATED, &nested));
    let part = b"\r\n--x\r\nContent-Disposition: form-data; name=a\r\n\r\n'";
    let repeated = [&part.repeat(size / part.len())[2..], b"\r\n--x--"].concat();
    inspect("fields of one name", &post("multipart/form-data; boundary=x", &repeated));
}
