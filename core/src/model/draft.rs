//! The drafts of JSON Schema that are known: [`Draft`].

use std::fmt;
use std::str::FromStr;

/// A draft of JSON Schema. A schema names its own by `$schema`; this says what one that names none is written in.
///
/// ```
/// use abatis::Draft;
/// assert_eq!("2019-09".parse(), Ok(Draft::Draft201909));
/// assert_eq!(Draft::of_uri("http://json-schema.org/draft-07/schema#"), Some(Draft::Draft7));
/// assert_eq!(Draft::default().to_string(), "2020-12");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Draft {
    /// Draft 4, of 2013.
    Draft4,
    /// Draft 6, of 2017.
    Draft6,
    /// Draft 7, of 2018: the last in which `format` is an assertion by default.
    Draft7,
    /// Draft 2019-09.
    Draft201909,
    /// Draft 2020-12, and what most write today.
    #[default]
    Draft202012,
}

impl Draft {
    /// Every draft, oldest first.
    pub const ALL: [Draft; 5] =
        [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012];

    /// Its name: `4`, `6`, `7`, `2019-09` or `2020-12`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Draft::Draft4 => "4",
            Draft::Draft6 => "6",
            Draft::Draft7 => "7",
            Draft::Draft201909 => "2019-09",
            Draft::Draft202012 => "2020-12",
        }
    }

    /// The URI of its meta-schema, as `$schema` has it.
    pub const fn uri(self) -> &'static str {
        match self {
            Draft::Draft4 => "http://json-schema.org/draft-04/schema#",
            Draft::Draft6 => "http://json-schema.org/draft-06/schema#",
            Draft::Draft7 => "http://json-schema.org/draft-07/schema#",
            Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
            Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The draft whose meta-schema has this URI, with or without `#`, by `http` or `https`.
    pub fn of_uri(uri: &str) -> Option<Draft> {
        let bare = |uri: &str| {
            let uri = uri.trim_end_matches('#');
            uri.strip_prefix("https:").or_else(|| uri.strip_prefix("http:")).map(str::to_owned)
        };
        let wanted = bare(uri)?;
        Draft::ALL.into_iter().find(|draft| bare(draft.uri()).as_ref() == Some(&wanted))
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Draft {
    type Err = String;

    fn from_str(name: &str) -> Result<Draft, String> {
        Draft::ALL.into_iter().find(|draft| draft.as_str() == name).ok_or_else(|| {
            let known = Draft::ALL.map(Draft::as_str).join(", ");
            format!("unknown draft `{name}`, expected one of {known}")
        })
    }
}
