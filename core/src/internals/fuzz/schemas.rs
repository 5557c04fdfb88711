//! What formats of schemas promise.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use crate::schema::format::Format;

/// What is valid as the first is valid as the second.
const HOLDS: [(Format, Format); 9] = [
    (Format::Email, Format::IdnEmail),
    (Format::HostnameIdna, Format::Hostname),
    (Format::HostnameIdna, Format::IdnHostname),
    (Format::Uri, Format::UriReference),
    (Format::Uri, Format::Iri),
    (Format::Uri, Format::UriTemplate),
    (Format::UriReference, Format::IriReference),
    (Format::Iri, Format::IriReference),
    (Format::RelativeJsonPointer, Format::ShiftedJsonPointer),
];

/// The expressions of all formats that have one.
static SUPERSETS: LazyLock<Vec<(Format, Regex)>> = LazyLock::new(|| {
    let with_superset =
        Format::ALL.into_iter().filter_map(|format| Some((format, format.superset()?)));
    with_superset
        .map(|(format, superset)| (format, Regex::new(superset).expect("an expression of ours")))
        .collect()
});

/// Any text: what is valid as a format matches its expression, and is valid as the formats that hold it. The first byte says which format is
/// asked, 255 asks all.
pub(super) fn schema_format(data: &[u8]) {
    let Some((&which, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let is_valid = |format: Format| format.is_valid(&text, |_| true);
    let which = usize::from(which);
    for (at, (format, superset)) in SUPERSETS.iter().enumerate() {
        if (which == 255 || which % SUPERSETS.len() == at) && is_valid(*format) {
            assert!(superset.is_match(text.as_bytes()), "{format:?}");
            for (_, wider) in HOLDS.iter().filter(|(narrow, _)| narrow == format) {
                assert!(is_valid(*wider), "{format:?} {wider:?}");
            }
        }
    }
}
