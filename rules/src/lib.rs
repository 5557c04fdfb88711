//! Built-in rules, weights and policies of abatis: data only.
//!
//! A crate of its own, so that packages of the engine can carry it.

/// A file that ships with abatis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// `detect/sql.yaml`, for messages.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(File { name: $path, text: include_str!(concat!("../", $path)) }),*]
    };
}

/// Rule files, `detect/*.yaml`.
pub const DETECT: &[File] = files![
    "detect/sql.yaml",
    "detect/shell.yaml",
    "detect/html.yaml",
    "detect/script.yaml",
    "detect/path.yaml",
    "detect/url.yaml",
    "detect/code.yaml",
    "detect/template.yaml",
    "detect/rce-code.yaml",
    "detect/serialised.yaml",
    "detect/ssti.yaml",
    "detect/nosql.yaml",
    "detect/ldap.yaml",
    "detect/xpath.yaml",
    "detect/xxe.yaml",
    "detect/ssrf.yaml",
    "detect/header.yaml",
    "detect/log4j.yaml",
    "detect/ssi.yaml",
    "detect/prototype.yaml",
];

/// Weight files, `weights/*.json`.
pub const WEIGHTS: &[File] = files![
    "weights/sql.json",
    "weights/shell.json",
    "weights/html.json",
    "weights/script.json",
    "weights/path.json",
    "weights/url.json",
    "weights/code.json",
    "weights/template.json",
];

/// Policies, `policy/*.yaml`.
pub const POLICY: &[File] = files![
    "policy/default.yaml",
    "policy/strict.yaml",
    "policy/monitor.yaml",
    "policy/api-json.yaml",
];
