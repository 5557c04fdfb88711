//! One request on its way through the engine.

use std::borrow::Cow;
use std::sync::Arc;

use abatis::{Engine, Progress, Request, Session};
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Version};

use crate::layer::Config;
use crate::record::{Record, Why};

/// The request is refused: what to answer stands in the record.
#[derive(Debug)]
pub(crate) struct IsRefused;

pub(crate) type Passed = Result<(), IsRefused>;

/// A request without a body: all at once.
pub(crate) fn whole(config: &Config, engine: &Engine, record: &Record, head: &Parts) -> Passed {
    let target = target(head);
    let mut request = Request::new(head.method.as_str(), &*target);
    for (name, value) in lines(head) {
        request = request.header(name, value);
    }
    // The hook must not run while the scratch is lent.
    let verdict = config.pool.with(|scratch| engine.inspect_with(scratch, &request).clone());
    passed(!record.settle(config, verdict, Why::Verdict))
}

/// A request with a body: its head at once, its body as it comes.
///
/// Whoever holds it feeds it until it is settled; if it is dropped before, that is reported too.
#[derive(Debug)]
pub(crate) struct Inspection {
    session: Session,
    config: Arc<Config>,
    record: Arc<Record>,
    settled: bool,
}

impl Inspection {
    pub(crate) fn new(config: Arc<Config>, engine: &Engine, record: Arc<Record>) -> Inspection {
        Inspection { session: engine.session(), config, record, settled: false }
    }

    /// Request line and headers.
    pub(crate) fn head(&mut self, head: &Parts) -> Passed {
        let session = &mut self.session;
        let target = target(head);
        let progress = self.config.pool.with(|scratch| {
            let method = head.method.as_str().as_bytes();
            let mut progress = session.request_line(scratch, method, target.as_bytes());
            for (name, value) in lines(head) {
                progress = session.header(scratch, name, value);
            }
            progress
        });
        self.go_on(progress)
    }

    /// The next bytes of the body.
    pub(crate) fn body(&mut self, chunk: &[u8]) -> Passed {
        if self.settled {
            return Ok(());
        }
        let session = &mut self.session;
        let progress = self.config.pool.with(|scratch| session.body(scratch, chunk));
        self.go_on(progress)
    }

    /// The end of the body, with the lines behind it.
    pub(crate) fn end(&mut self, trailers: Option<&HeaderMap>) -> Passed {
        if self.settled {
            return Ok(());
        }
        let session = &mut self.session;
        for (name, value) in trailers.into_iter().flatten() {
            let (name, value) = (name.as_ref(), value.as_bytes());
            let progress = self.config.pool.with(|scratch| session.trailer(scratch, name, value));
            // What follows adds evidence; the verdict is asked for below.
            let _: Progress = progress;
        }
        self.finish()
    }

    /// The end of the body.
    pub(crate) fn finish(&mut self) -> Passed {
        if self.settled {
            return Ok(());
        }
        let session = &mut self.session;
        let verdict = self.config.pool.with(|scratch| session.finish(scratch).clone());
        self.settled = true;
        passed(!self.record.settle(&self.config, verdict, Why::Verdict))
    }

    /// The body is longer than is held. Whether it may pass all the same.
    pub(crate) fn too_long(&mut self) -> Passed {
        self.stop(Why::TooLong)
    }

    fn go_on(&mut self, progress: Progress) -> Passed {
        match progress {
            // What follows adds evidence, for a report.
            Progress::Block if !self.config.report_only => self.stop(Why::Verdict),
            _ => Ok(()),
        }
    }

    fn stop(&mut self, why: Why) -> Passed {
        if self.settled {
            return Ok(());
        }
        self.settled = true;
        let verdict = self.session.stop().clone();
        passed(!self.record.settle(&self.config, verdict, why))
    }
}

impl Drop for Inspection {
    fn drop(&mut self) {
        // Nobody reads on: nothing to refuse, but to report.
        let _ = self.stop(Why::Dropped);
    }
}

fn passed(passed: bool) -> Passed {
    if passed { Ok(()) } else { Err(IsRefused) }
}

/// The request target as sent. HTTP/2 takes it apart (RFC 9113, 8.3.1): there `:path` is the target and `:authority` the host.
fn target(head: &Parts) -> Cow<'_, str> {
    let uri = &head.uri;
    let from_origin = uri.scheme().is_none() && uri.authority().is_none();
    match uri.path_and_query() {
        Some(path) if from_origin || in_pieces(head) => Cow::Borrowed(path.as_str()),
        _ => Cow::Owned(uri.to_string()),
    }
}

fn in_pieces(head: &Parts) -> bool {
    head.version >= Version::HTTP_2
}

/// The header lines, names in the order of the map; before them the host, if it came as `:authority`.
fn lines(head: &Parts) -> impl Iterator<Item = (&[u8], &[u8])> {
    let authority = head.uri.authority().filter(|_| in_pieces(head)).map(|a| a.as_str().as_bytes());
    // Both are allowed, if they are the same.
    let said_twice = |authority: &&[u8]| {
        head.headers.get(HOST).is_some_and(|host| host.as_bytes() == *authority)
    };
    let host = authority.filter(|authority| !said_twice(authority));
    let headers = head.headers.iter().map(|(name, value)| (name.as_ref(), value.as_bytes()));
    host.map(|host| (&b"host"[..], host)).into_iter().chain(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(uri: &str, version: Version) -> Parts {
        let request = http::Request::get(uri).version(version).header("accept", "*/*");
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_target_is_what_was_sent() {
        for (uri, version, expected) in [
            ("/a%20b?c=%27", Version::HTTP_11, "/a%20b?c=%27"),
            ("http://shop.example/a?b", Version::HTTP_11, "http://shop.example/a?b"),
            ("https://shop.example/a?b", Version::HTTP_2, "/a?b"),
            ("*", Version::HTTP_11, "*"),
            ("shop.example:443", Version::HTTP_11, "shop.example:443"),
        ] {
            assert_eq!(target(&head(uri, version)), expected, "{uri} {version:?}");
        }
    }

    #[test]
    fn the_host_of_http_2_is_a_header_line() {
        let mut head = head("https://shop.example/a", Version::HTTP_2);
        let names = |head: &Parts| {
            lines(head).map(|(n, v)| [n, v].map(|t| String::from_utf8_lossy(t).into())).collect()
        };
        let both: Vec<[String; 2]> = names(&head);
        assert_eq!(both, [["host", "shop.example"], ["accept", "*/*"]]);
        head.headers.insert(HOST, "shop.example".parse().unwrap());
        assert_eq!(names(&head).len(), 2, "said twice, inspected once");
        head.headers.insert(HOST, "other.example".parse().unwrap());
        assert_eq!(names(&head).len(), 3);
    }
}
