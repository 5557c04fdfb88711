//! Whether a bundle agrees with itself: every contradiction at once, each at its place in its file.
//!
//! Way: model -> **check** -> literals, automata, routes. What needs a compiler to be seen (a regex, a token name, a field
//! pattern, a JSON Schema) is told by that compiler; here is the rest. [`rules`] looks at rules and weights, [`policy`] at what
//! the policy says about them and about routes; [`unused`] tells what has no effect, which is no error.

mod policy;
mod rules;
mod unused;

pub(crate) use unused::unused;

use std::collections::BTreeMap;

use crate::error::Diagnostic;
use crate::model::rule::Rule;
use crate::model::{Bundle, Source};

/// Everything wrong with a bundle, file by file in the order of their lines. `detectors` are the names of those that exist.
pub(crate) fn check(bundle: &Bundle, detectors: &[&str]) -> Vec<Diagnostic> {
    let mut errors = rules::check(bundle, detectors);
    policy::check(bundle, &known_rules(bundle), &mut errors);
    let files: Vec<&str> = std::iter::once(&bundle.policy.source)
        .chain(bundle.rules.iter().map(|file| &file.source))
        .chain(bundle.weights.iter().map(|file| &file.source))
        .map(Source::name)
        .collect();
    let order = |file: &str| files.iter().position(|known| *known == file);
    errors.sort_by_key(|error| (order(&error.file), error.line, error.column));
    errors
}

/// All rules by id; of two with the same id the first.
fn known_rules(bundle: &Bundle) -> BTreeMap<&str, &Rule> {
    let mut known = BTreeMap::new();
    for rule in bundle.rules.iter().flat_map(|file| &file.content.rules) {
        known.entry(rule.id.as_str()).or_insert(rule);
    }
    known
}

/// `, did you mean …?` where a known name is near.
fn hint<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
    crate::model::similar(name, &known)
        .map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// Ids that belong to findings which no rule file makes: what the parsers, the schemas and the sink checks say.
fn is_reserved(id: &str) -> bool {
    id.starts_with("protocol.") || id.starts_with("schema.") || crate::sink::is_rule(id)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::detect::LanguageId;
    use crate::model::policy::Policy;
    use crate::model::weights::Levels;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/load/check")
    }

    fn detectors() -> [&'static str; LanguageId::ALL.len()] {
        LanguageId::ALL.map(LanguageId::name)
    }

    fn bundle(name: &str) -> Bundle {
        let text = std::fs::read_to_string(folder().join(name)).unwrap();
        let policy = Policy::from_yaml(name, &text).unwrap().in_folder(folder());
        Bundle::new(policy).unwrap_or_else(|error| panic!("{error}"))
    }

    fn told(errors: &[Diagnostic]) -> String {
        let root = format!("{}/", folder().display());
        errors.iter().map(|error| format!("{error}\n").replace(&root, "")).collect()
    }

    #[test]
    fn contradictions_are_told_as_written_beside_them() {
        for name in ["rules.yaml", "policy.yaml"] {
            let beside = Path::new(name).with_extension("expected");
            let expected = std::fs::read_to_string(folder().join(&beside)).unwrap_or_default();
            let found = told(&check(&bundle(name), &detectors()));
            assert!(found == expected, "{} should be\n{found}", beside.display());
        }
    }

    #[test]
    fn what_ships_agrees_with_itself() {
        for name in ["default", "strict", "monitor", "api-json"] {
            let bundle = Bundle::new(Policy::builtin(name).unwrap()).unwrap();
            let errors = check(&bundle, &detectors());
            assert!(errors.is_empty(), "{}", told(&errors));
        }
    }

    #[test]
    fn weights_fit_their_detectors() {
        let mut bundle = bundle("weights.yaml");
        let sql = bundle.weights.iter().position(|w| w.content.detector == "sql").unwrap();
        let mut again = bundle.weights[sql].clone();
        again.content.levels = Levels { paranoid: 35, high: 35, default: 60, low: 95 };
        bundle.weights.push(again);
        bundle.weights.retain(|weights| weights.content.detector != "html");
        let errors = told(&check(&bundle, &["sql", "html", "shell", "path"]));
        for message in [
            "unknown detector `script`",
            "the weights of `sql` are already in builtin:weights/sql.json",
            "levels must be positive and increase: paranoid < high < default < low, found 35, 35, 60, 95",
            "rule `html.markup`: no weights for detector `html`",
        ] {
            assert!(errors.contains(message), "{message}:\n{errors}");
        }
    }

    #[test]
    fn a_policy_made_in_code_is_checked_too() {
        let policy = Policy {
            routes: vec![crate::model::policy::Route {
                path: "orders".to_owned(),
                ..Default::default()
            }],
            ..Policy::default()
        };
        let errors = check(&Bundle::new(policy).unwrap(), &detectors());
        assert_eq!(told(&errors), "policy: `orders` does not begin with `/` (at /routes/0/path)\n");
    }
}
