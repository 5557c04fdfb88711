//! What patterns of JSON Schema promise.

use crate::schema::pattern::{
    self, Cache, Pattern, PatternErrorKind, PatternLimits, PatternSet, SetCache,
};

/// Limits at which a pattern takes no more than milliseconds.
const LIMITS: PatternLimits =
    PatternLimits { runs: true, dense: 1 << 16, cache: 1 << 16, nfa: 1 << 17 };

/// A pattern up to the first line end, and a text behind it: the engines agree, alone and in a set; what is refused says why; memory is
/// within the limits.
pub(super) fn schema_pattern(data: &[u8]) {
    let data = String::from_utf8_lossy(data);
    let (source, text) = data.split_once('\n').unwrap_or((&data, &data));
    let text = text.as_bytes();
    let dense = PatternLimits { runs: false, ..LIMITS };
    let lazy = PatternLimits { dense: 0, ..dense };
    let pike = PatternLimits { cache: 0, ..lazy };
    let first = match Pattern::compile(source, LIMITS) {
        Ok(pattern) => pattern,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let PatternErrorKind::Syntax(at) = error.kind() {
                assert!(at <= source.chars().count() && !pattern::is_ecma(source));
            }
            return;
        }
    };
    let mut cache = Cache::default();
    let expected = first.is_match(text, &mut cache);
    for limits in [dense, lazy, pike] {
        // A row of runs may be small where its automaton is not.
        let Ok(pattern) = Pattern::compile(source, limits) else { return };
        assert_eq!(pattern.is_match(text, &mut cache), expected, "{limits:?}");
        assert_eq!(pattern.is_match(text, &mut cache), expected, "{limits:?}, warm");
        let parts = pattern::language(source, limits).map_or(0, |parts| parts.len());
        assert!(pattern.memory_usage() <= parts * (limits.dense.max(limits.nfa) + (1 << 12)));
    }
    let sources = [source, "^x-", source];
    for limits in [LIMITS, lazy] {
        let Ok(set) = PatternSet::compile(&sources, limits) else {
            panic!("alone but not in a set")
        };
        let mut found = [false; 3];
        set.matches(text, &mut SetCache::default(), |index| found[index] = true);
        assert_eq!(found, [expected, text.starts_with(b"x-"), expected], "{limits:?}");
    }
}
