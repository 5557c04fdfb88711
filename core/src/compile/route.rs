//! Routes: which entry of the policy a request is for.
//!
//! ```text
//! policy  /users/{id} ──► Template ──► Trie, a node for each canonical segment
//! target  /x/../users/%37 ──► canonical /users/7 ──► route 0, id = 7 with its span in the target
//! ```
//!
//! A path is looked up as most servers read it; if no route knows it, or only as part of a `{*rest}`, also as the most
//! lenient read it (see [`path`]), so that neither can slip past a schema. What the routes do not know at all has none.
//!
//! `HEAD` is answered by the handlers of `GET`, so it has their routes unless it is named itself.

mod path;
mod template;
mod trie;

use std::ops::Range;

use crate::error::Diagnostic;
use crate::model::policy::Route;
use crate::parse::header::is_token;
use path::{PathBuf, Reading};
use template::Template;
use trie::{Entry, Stack, Trie};

pub(crate) use path::PathForms;

/// The routes of a policy, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    exact: Trie,
    lenient: Trie,
    /// The names of the parameters of each route.
    names: Vec<Box<[Box<str>]>>,
}

/// Memory for [`Routes::find`].
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteBuf {
    path: PathBuf,
    stack: Stack,
    values: Vec<Range<usize>>,
    forms: PathForms,
}

impl RouteBuf {
    /// What in the path last looked up is not read alike by all servers.
    pub(crate) fn forms(&self) -> PathForms {
        self.forms
    }
}

/// The route of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteMatch<'a> {
    /// Index into `routes` of the policy.
    pub(crate) route: usize,
    /// Whether only the lenient reading of the path is known.
    pub(crate) lenient: bool,
    names: &'a [Box<str>],
    values: &'a [Range<usize>],
}

impl<'a> RouteMatch<'a> {
    /// The parameters of the path in their order: name, and where the value stands in the part that was looked up. An empty
    /// rest has none.
    pub(crate) fn params(&self) -> impl Iterator<Item = (&'a str, Range<usize>)> + use<'a> {
        self.names.iter().map(|name| &**name).zip(self.values.iter().cloned())
    }
}

impl Routes {
    /// Compiles the routes of a policy; every error, with its pointer into the policy.
    pub(crate) fn compile(routes: &[Route]) -> Result<Routes, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut compiled = Routes {
            exact: Trie::new(Reading::Exact),
            lenient: Trie::new(Reading::Lenient),
            names: Vec::with_capacity(routes.len()),
        };
        for (index, route) in routes.iter().enumerate() {
            check_methods(index, route, &mut errors);
            match Template::parse(&route.path) {
                Ok(template) => {
                    let methods = route.methods.iter().map(|method| method.as_str().into());
                    let entry = Entry { route: index, methods: methods.collect() };
                    // Paths that differ in case alone are one to the lenient; the first is taken.
                    let _ = compiled.lenient.insert(&template, entry.clone());
                    if let Err(other) = compiled.exact.insert(&template, entry) {
                        let other_path = routes.get(other).map_or("", |route| &route.path);
                        errors.push(at_path(index, twice(&route.path, other, other_path)));
                    }
                    compiled.names.push(template.names.into());
                }
                Err(messages) => errors.extend(messages.into_iter().map(|m| at_path(index, m))),
            }
        }
        if errors.is_empty() { Ok(compiled) } else { Err(errors) }
    }

    /// The route of a request with this method and the path `part[within]`.
    ///
    /// O(len) to read the path and look it up, up to three times if no route knows it as most servers read it.
    pub(crate) fn find<'a>(
        &'a self,
        method: &[u8],
        part: &[u8],
        within: Range<usize>,
        buf: &'a mut RouteBuf,
    ) -> Option<RouteMatch<'a>> {
        let RouteBuf { path, stack, values, forms } = buf;
        *forms = path.read(part, within.clone(), Reading::Exact);
        if self.names.is_empty() {
            return None;
        }
        let exact = self.exact.find(method, path.canonical(part), stack, values);
        let (found, lenient) = match exact {
            Some(exact) if !exact.by_rest => (exact, false),
            _ => {
                path.read(part, within.clone(), Reading::Lenient);
                match self.lenient.find(method, path.canonical(part), stack, values) {
                    Some(lenient) if exact.is_none() || !lenient.by_rest => (lenient, true),
                    _ => {
                        exact?;
                        path.read(part, within, Reading::Exact);
                        (self.exact.find(method, path.canonical(part), stack, values)?, false)
                    }
                }
            }
        };
        for value in values.iter_mut() {
            *value = path.source(value.clone());
        }
        let names = self.names.get(found.route)?;
        Some(RouteMatch { route: found.route, lenient, names, values })
    }
}

fn twice(path: &str, other: usize, other_path: &str) -> String {
    let same = if path == other_path { "" } else { ", which is the same path" };
    format!(
        "`{path}` is already route {other} (`{other_path}`{same}): give them different methods or make them one"
    )
}

fn check_methods(index: usize, route: &Route, errors: &mut Vec<Diagnostic>) {
    for (at, method) in route.methods.iter().enumerate() {
        let message = if !is_token(method.as_bytes()) {
            format!(
                "`{method}` is no method: write `GET`, `POST` and so on, or leave `methods` out for all"
            )
        } else if method.bytes().any(|b| b.is_ascii_lowercase()) {
            format!("methods are written in upper case: `{}`", method.to_ascii_uppercase())
        } else {
            continue;
        };
        errors.push(error_at(format!("/routes/{index}/methods/{at}"), message));
    }
}

fn at_path(index: usize, message: String) -> Diagnostic {
    error_at(format!("/routes/{index}/path"), message)
}

fn error_at(pointer: String, message: String) -> Diagnostic {
    Diagnostic::new("policy", message).at(0, 0, pointer)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::parse::testing::{Random, cut, read};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases {
        routes: Vec<Route>,
        case: Vec<Case>,
        bad: Vec<BadCase>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        #[serde(default = "get")]
        method: String,
        path: String,
        route: Option<String>,
        #[serde(default)]
        lenient: bool,
        #[serde(default)]
        params: Vec<(String, String)>,
        #[serde(default)]
        forms: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct BadCase {
        routes: Vec<Route>,
        errors: Vec<(String, String)>,
    }

    fn get() -> String {
        "GET".to_owned()
    }

    fn spelled(route: &Route) -> String {
        format!("{} {}", route.methods.join(","), route.path).trim_start().to_owned()
    }

    #[test]
    fn testdata() {
        let cases: Cases = read("route/route.toml");
        let routes = Routes::compile(&cases.routes).expect("testdata compiles");
        let mut buf = RouteBuf::default();
        for case in cases.case {
            // Something before and after the path, as in a target.
            let part = format!("pre{}?post", case.path);
            let within = 3..3 + case.path.len();
            let found = routes.find(case.method.as_bytes(), part.as_bytes(), within, &mut buf);
            let label = format!("{} {}", case.method, case.path);
            let route = found.and_then(|f| cases.routes.get(f.route)).map(spelled);
            assert_eq!(route, case.route, "{label}");
            let params: Vec<(String, String)> = found
                .iter()
                .flat_map(RouteMatch::params)
                .map(|(name, range)| (name.to_owned(), cut(part.as_bytes(), &range)))
                .collect();
            assert_eq!(params, case.params, "{label}");
            assert_eq!(found.is_some_and(|f| f.lenient), case.lenient, "{label}");
            let forms: Vec<&str> = buf.forms().names().collect();
            assert_eq!(forms, case.forms, "{label}");
        }
    }

    #[test]
    fn bad_routes_are_all_reported() {
        for bad in read::<Cases>("route/route.toml").bad {
            let errors = Routes::compile(&bad.routes).expect_err("must not compile");
            let got: Vec<(String, String)> =
                errors.into_iter().map(|error| (error.pointer, error.message)).collect();
            assert_eq!(got.len(), bad.errors.len(), "{got:#?}");
            for ((pointer, message), (at, says)) in got.iter().zip(&bad.errors) {
                assert!(
                    pointer == at && message.contains(says),
                    "{pointer}: {message}\n{at}: {says}"
                );
            }
        }
    }

    #[test]
    fn without_routes_nothing_is_found() {
        let routes = Routes::compile(&[]).expect("no routes are fine");
        let mut buf = RouteBuf::default();
        assert!(routes.find(b"GET", b"/a/../b", 0..7, &mut buf).is_none());
        assert!(buf.forms().has(PathForms::DOT_SEGMENT));
    }

    #[test]
    fn any_spelling_of_a_path_finds_its_route_and_stays_in_bounds() {
        let routes = Routes::compile(&read::<Cases>("route/route.toml").routes).expect("compiles");
        let mut random = Random::new();
        let mut buf = RouteBuf::default();
        let noise = ["/", "//", "/./", "/%2e/", "/x/../", "/x/%2E%2e/"];
        for _ in 0..5_000 {
            // One route spelled at random: doubled and dotted slashes, any letter percent-encoded.
            let mut path = Vec::new();
            for segment in ["api", "orders", "o-1"] {
                path.extend_from_slice(noise[random.below(noise.len())].as_bytes());
                for byte in segment.bytes() {
                    match random.below(3) {
                        0 => path.extend_from_slice(format!("%{byte:02x}").as_bytes()),
                        _ => path.push(byte),
                    }
                }
            }
            let found = routes.find(b"GET", &path, 0..path.len(), &mut buf).expect("found");
            let params: Vec<(&str, Range<usize>)> = found.params().collect();
            assert_eq!(params.len(), 1);
            assert!(path.ends_with(&path[params[0].1.clone()]) && params[0].1.len() >= 3);
        }
        let pieces = [
            "/", "%2f", "%5C", "\\", ".", "..", "%2e", "api", "orders", "FILES", "%", ";x", "%4",
            "é",
        ];
        for _ in 0..20_000 {
            let path = random.text(&pieces, 12);
            let within = random.below(path.len() + 1)..random.below(path.len() + 3);
            if let Some(found) = routes.find(b"POST", &path, within.clone(), &mut buf) {
                for (_, range) in found.params() {
                    assert!(within.start <= range.start && range.end <= within.end);
                }
            }
        }
    }
}
