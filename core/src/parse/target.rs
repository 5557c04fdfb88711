//! The request target in its four forms (RFC 9112, 3.2).
//!
//! The target is cut into ranges that together hold every byte of it, whatever its form, so that nothing of it can
//! stand outside of what is inspected. What no form allows is cut up all the same and reported in [`Target::problems`].

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::flags::flags;

/// Which form a target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `/path?query`: what clients send to servers.
    Origin,
    /// `http://host/path?query`: what clients send to proxies; servers must take it too.
    Absolute,
    /// `host:port`, of CONNECT alone.
    Authority,
    /// `*`, of OPTIONS alone.
    Asterisk,
    /// None of these; read as if it were a path and query.
    Malformed,
}

flags! {
    /// What is wrong with a target.
    Problems {
        /// It has no form, or one that does not go with the method.
        FORM = "form",
        /// It holds control characters. A server that drops or stops at them sees another target.
        CONTROL = "control",
        /// It holds a blank. Where the target ends is then up to the reader.
        BLANK = "blank",
        /// It holds bytes above 127 that should have been percent-encoded. Some clients send them.
        NON_ASCII = "non-ascii",
        /// It holds `#`. Some readers end the target there, some keep it as part of the path or query.
        FRAGMENT = "fragment",
        /// Its authority holds `user@`, which no client may send (RFC 9110, 4.2.4) and readers of hosts get wrong.
        USERINFO = "userinfo",
    }
}

/// A target cut into its parts. Ranges count bytes of the target as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its form.
    pub(crate) form: Form,
    /// `http`, in absolute form.
    pub(crate) scheme: Option<Range<usize>>,
    /// `user@host:port`, in absolute and authority form.
    pub(crate) authority: Option<Range<usize>>,
    /// The path; empty where there is none.
    pub(crate) path: Range<usize>,
    /// What stands between the first `?` and the fragment.
    pub(crate) query: Option<Range<usize>>,
    /// What stands after the first `#`. Not allowed, but sent; since some readers take it as part of the query it has
    /// to be inspected like one.
    pub(crate) fragment: Option<Range<usize>>,
    /// What is wrong with it.
    pub(crate) problems: Problems,
}

impl Target {
    /// Cuts `target` up. `method` decides whether the authority and asterisk forms may stand. O(len).
    ///
    /// Bytes like `|` or `{` that the grammar wants encoded are no problem: browsers send them as they are.
    pub(crate) fn parse(method: &[u8], target: &[u8]) -> Target {
        let mut problems = byte_problems(target);
        let mut parsed = if target == b"*" {
            problems.set_if(method != b"OPTIONS", Problems::FORM);
            Target::of(Form::Asterisk, target.len()..target.len())
        } else if target.starts_with(b"/") {
            problems.set_if(method == b"CONNECT", Problems::FORM);
            Target::of_tail(Form::Origin, target, 0)
        } else if let Some(hier) = Hierarchical::parse(target) {
            let authority = target.get(hier.authority.clone()).unwrap_or_default();
            let odd = authority.is_empty() || memchr(b'\\', authority).is_some();
            problems.set_if(odd || method == b"CONNECT", Problems::FORM);
            problems.set_if(memchr(b'@', authority).is_some(), Problems::USERINFO);
            Target {
                scheme: Some(hier.scheme),
                authority: Some(hier.authority.clone()),
                ..Target::of_tail(Form::Absolute, target, hier.authority.end)
            }
        } else if method == b"CONNECT" && is_host_and_port(target) {
            Target {
                authority: Some(0..target.len()),
                ..Target::of(Form::Authority, target.len()..target.len())
            }
        } else {
            problems.set_if(true, Problems::FORM);
            Target::of_tail(Form::Malformed, target, 0)
        };
        problems.set_if(parsed.fragment.is_some(), Problems::FRAGMENT);
        parsed.problems = problems;
        parsed
    }

    fn of(form: Form, path: Range<usize>) -> Target {
        Target {
            form,
            scheme: None,
            authority: None,
            path,
            query: None,
            fragment: None,
            problems: Problems::default(),
        }
    }

    fn of_tail(form: Form, target: &[u8], from: usize) -> Target {
        let Tail { path, query, fragment } = Tail::parse(target, from);
        Target { query, fragment, ..Target::of(form, path) }
    }
}

/// `scheme://authority`, the head of a URL.
pub(super) struct Hierarchical {
    pub(super) scheme: Range<usize>,
    /// Ends before the first of `/?#`, where the [`Tail`] begins.
    pub(super) authority: Range<usize>,
}

impl Hierarchical {
    /// The head of `url`, if it begins with `scheme://`. O(len of the head).
    pub(super) fn parse(url: &[u8]) -> Option<Hierarchical> {
        let scheme = url.iter().position(
            |b| !matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.'),
        )?;
        let rest = url.get(scheme..)?.strip_prefix(b"://")?;
        if !url.first()?.is_ascii_alphabetic() {
            return None;
        }
        let start = url.len() - rest.len();
        let len = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        Some(Hierarchical { scheme: 0..scheme, authority: start..start + len })
    }
}

/// `path?query#fragment`, the rest of a URL after its authority.
pub(super) struct Tail {
    pub(super) path: Range<usize>,
    pub(super) query: Option<Range<usize>>,
    pub(super) fragment: Option<Range<usize>>,
}

impl Tail {
    /// Cuts up what stands from `from` on, at the first `?` and the first `#`. O(len).
    pub(super) fn parse(url: &[u8], from: usize) -> Tail {
        let rest = url.get(from..).unwrap_or_default();
        let end = memchr(b'#', rest).map_or(url.len(), |len| from + len);
        let path = memchr2(b'?', b'#', rest).map_or(url.len(), |len| from + len);
        Tail {
            path: from..path,
            query: (path < end).then(|| path + 1..end),
            fragment: (end < url.len()).then(|| end + 1..url.len()),
        }
    }
}

fn byte_problems(target: &[u8]) -> Problems {
    let mut problems = Problems::default();
    problems.set_if(memchr(b' ', target).is_some(), Problems::BLANK);
    // PERF: going through to the end is wide, stopping at the first is not: a third of the time for 75 bytes.
    let controls = target.iter().fold(0, |any, byte| any | u8::from(byte.is_ascii_control()));
    problems.set_if(controls != 0, Problems::CONTROL);
    problems.set_if(!target.is_ascii(), Problems::NON_ASCII);
    problems
}

/// `host:port` as CONNECT has it: something without delimiters, a colon, digits (RFC 9112, 3.2.3).
fn is_host_and_port(target: &[u8]) -> bool {
    let Some(colon) = memchr::memrchr(b':', target) else { return false };
    let (host, port) = target.split_at(colon);
    let port = port.get(1..).unwrap_or_default();
    !host.is_empty()
        && !host.iter().any(|b| matches!(b, b'/' | b'?' | b'#' | b'@' | b'\\'))
        && !port.is_empty()
        && port.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{Random, cases, cut};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Case {
        #[serde(default = "get")]
        method: String,
        target: String,
        form: String,
        scheme: Option<String>,
        authority: Option<String>,
        path: String,
        query: Option<String>,
        fragment: Option<String>,
        #[serde(default)]
        problems: Vec<String>,
    }

    fn get() -> String {
        "GET".to_owned()
    }

    #[test]
    fn testdata() {
        for case in cases::<Case>("parse/target.toml") {
            let bytes = case.target.as_bytes();
            let parsed = Target::parse(case.method.as_bytes(), bytes);
            let text = |range: &Option<Range<usize>>| range.as_ref().map(|r| cut(bytes, r));
            let got = Case {
                method: case.method.clone(),
                target: case.target.clone(),
                form: format!("{:?}", parsed.form).to_lowercase(),
                scheme: text(&parsed.scheme),
                authority: text(&parsed.authority),
                path: cut(bytes, &parsed.path),
                query: text(&parsed.query),
                fragment: text(&parsed.fragment),
                problems: parsed.problems.names().map(str::to_owned).collect(),
            };
            assert_eq!(got, case);
        }
    }

    #[test]
    fn bytes_that_toml_cannot_hold() {
        let parsed = Target::parse(b"GET", b"/caf\xe9?q=\xff");
        assert_eq!(parsed.problems, Problems::NON_ASCII);
        assert_eq!(parsed.query, Some(6..9));
    }

    #[test]
    fn the_parts_make_up_the_whole() {
        let alphabet =
            ["/", "?", "#", "http", "://", "h:80", "*", "a=b", "&", "%2f", " ", "@", "\\", "é"];
        let mut random = Random::new();
        for round in 0..20_000 {
            let target = random.text(&alphabet, 10);
            let method: &[u8] = [b"GET" as &[u8], b"CONNECT", b"OPTIONS"][round % 3];
            let parsed = Target::parse(method, &target);
            let mut whole = Vec::new();
            if parsed.form == Form::Asterisk {
                whole.push(b'*');
            }
            if let Some(scheme) = &parsed.scheme {
                whole.extend_from_slice(&target[scheme.clone()]);
                whole.extend_from_slice(b"://");
            }
            if let Some(authority) = &parsed.authority {
                whole.extend_from_slice(&target[authority.clone()]);
            }
            whole.extend_from_slice(&target[parsed.path.clone()]);
            for (mark, range) in [(b'?', &parsed.query), (b'#', &parsed.fragment)] {
                if let Some(range) = range {
                    whole.push(mark);
                    whole.extend_from_slice(&target[range.clone()]);
                }
            }
            assert_eq!(whole, target);
            assert!(parsed.form != Form::Malformed || parsed.problems.has(Problems::FORM));
        }
    }
}
