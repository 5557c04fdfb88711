//! What the fuzz targets share: requests from bytes, and engines to judge them.

use std::fmt;
use std::sync::LazyLock;

use abatis::{Engine, Policy, Request, Scratch, Verdict};
use abatis::model::Bundle;
use arbitrary::Arbitrary;

/// A request, and where to cut its body.
#[derive(Arbitrary, Clone)]
pub struct Case {
    method: Method,
    target: Vec<u8>,
    content_type: ContentType,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    cuts: Vec<u16>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Method {
    Get,
    Post,
    Other(Vec<u8>),
}

#[derive(Arbitrary, Clone, Debug)]
enum ContentType {
    Missing,
    Json,
    Form,
    Text,
    Xml,
    Image,
    Other(Vec<u8>),
}

impl Case {
    fn method(&self) -> &[u8] {
        match &self.method {
            Method::Get => b"GET",
            Method::Post => b"POST",
            Method::Other(method) => method,
        }
    }

    fn content_type(&self) -> Option<&[u8]> {
        Some(match &self.content_type {
            ContentType::Missing => return None,
            ContentType::Json => b"application/json",
            ContentType::Form => b"application/x-www-form-urlencoded",
            ContentType::Text => b"text/plain",
            ContentType::Xml => b"application/xml",
            ContentType::Image => b"image/png",
            ContentType::Other(value) => value,
        })
    }

    /// The header lines in order.
    pub fn headers(&self) -> Vec<(&[u8], &[u8])> {
        let content_type = self.content_type().map(|value| (&b"Content-Type"[..], value));
        content_type.into_iter().chain(self.headers.iter().map(|(n, v)| (&n[..], &v[..]))).collect()
    }

    /// The whole request.
    pub fn request(&self) -> Request<'_> {
        let request = Request::new(self.method(), &self.target).body(&self.body);
        self.headers().into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// The verdict on the request in pieces.
    pub fn in_pieces(&self, engine: &Engine, scratch: &mut Scratch) -> Verdict {
        let mut session = engine.session();
        let _ = session.request_line(scratch, self.method(), &self.target);
        for (name, value) in self.headers() {
            let _ = session.header(scratch, name, value);
        }
        let mut rest = &self.body[..];
        for cut in &self.cuts {
            let (chunk, after) = rest.split_at(usize::from(*cut) % (rest.len() + 1));
            let _ = session.body(scratch, chunk);
            rest = after;
        }
        let _ = session.body(scratch, rest);
        session.finish(scratch).clone()
    }
}

/// Prints a reproducer.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        write!(f, "Request::new(b\"{}\", b\"{}\")", text(self.method()), text(&self.target))?;
        for (name, value) in self.headers() {
            write!(f, ".header(b\"{}\", b\"{}\")", text(name), text(value))?;
        }
        write!(f, ".body(b\"{}\") // cut at {:?}", text(&self.body), self.cuts)
    }
}

fn engine(gate: bool, prefilter: bool) -> Engine {
    let bundle = Bundle::new(Policy::default()).expect("the built-in rules");
    Engine::builder().gate(gate).prefilter(prefilter).build(&bundle).expect("the built-in policy")
}

/// The built-in policy.
pub static DEFAULT: LazyLock<Engine> = LazyLock::new(|| engine(true, true));
/// The same, without byte gates.
pub static NO_GATE: LazyLock<Engine> = LazyLock::new(|| engine(false, true));
/// The same, with literals searched one by one.
pub static NO_PREFILTER: LazyLock<Engine> = LazyLock::new(|| engine(true, false));
