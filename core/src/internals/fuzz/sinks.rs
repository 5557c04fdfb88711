//! What sink checks promise.

use super::{DEFAULT, inside};
use crate::sink::{Dialect, Sink, Values};
use crate::span::{Part, Place};
use crate::verdict::{Action, Coverage};

/// Any value and any statement (the first byte says of what kind, the first line end parts them): spans lie in the statement, partial is never
/// allowed, and what is quoted as the sink quotes is data.
pub(super) fn sink(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    let at = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (value, statement) = rest.split_at(at);
    let statement = statement.get(1..).unwrap_or_default();
    let dialect = Dialect::ALL[usize::from(kind) % Dialect::ALL.len()];
    let base = if kind & 64 == 0 { &b"/srv/a"[..] } else { b"C:\\a" };
    let sinks = [Sink::Sql(dialect), Sink::Shell, Sink::Path(base), Sink::Url];
    let mut values = Values::new();
    values.push(Place::Query, "v", value);
    values.push(Place::Json, "w", statement.get(..statement.len() / 2).unwrap_or_default());
    for sink in sinks {
        let joined = [statement, value, statement].concat();
        for statement in [statement, &joined] {
            let verdict = DEFAULT.check_sink(sink, statement, &values);
            for finding in &verdict.findings {
                assert_eq!(finding.span.part, Part::Statement);
                inside(&finding.span.range, statement.len());
                assert!(!finding.evidence.is_empty() && finding.score > 0);
            }
            assert!(verdict.findings.len() <= values.len());
            assert!(verdict.coverage == Coverage::Full || verdict.action == Action::Block);
        }
    }
    let mut values = Values::new();
    values.push(Place::Query, "v", value);
    // The whole statement is the value, and its quotes: nothing of it stands anywhere by chance.
    let doubled = quoted(value, b"''");
    let escaped = quoted(value, br"'\''");
    for (sink, statement) in [(Sink::Sql(Dialect::Mssql), doubled), (Sink::Shell, escaped)] {
        let verdict = DEFAULT.check_sink(sink, &statement, &values);
        // A quote may come to light by decoding, and then it was not escaped.
        let codes = value.iter().any(|byte| b"%&\\+=".contains(byte) || *byte >= 128);
        assert!(verdict.action == Action::Allow || codes, "{sink:?}");
    }
}

/// The value between single quotes, each of its own written as `escape`.
fn quoted(value: &[u8], escape: &[u8]) -> Vec<u8> {
    let mut statement = vec![b'\''];
    for &byte in value {
        if byte == b'\'' { statement.extend_from_slice(escape) } else { statement.push(byte) }
    }
    statement.push(b'\'');
    statement
}
