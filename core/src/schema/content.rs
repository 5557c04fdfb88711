//! `contentEncoding` and `contentMediaType`, which draft 7 lets a validator assert of strings.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;

use super::program::Content;
use crate::limits::Limits;
use crate::parse::json::{Event, JsonParser, JsonSink, Path, Problem};

impl Content {
    /// Whether a string holds what the keywords say. O(len).
    pub(crate) fn holds(self, text: &[u8]) -> bool {
        if !self.base64 {
            return !self.json || is_json(text);
        }
        STANDARD.decode(text).is_ok_and(|decoded| !self.json || is_json(&decoded))
    }
}

fn is_json(text: &[u8]) -> bool {
    struct Nothing;
    impl JsonSink for Nothing {
        fn event(&mut self, _: Event<'_>, _: std::ops::Range<usize>, _: &Path) {}
        fn problem(&mut self, _: Problem, _: std::ops::Range<usize>, _: &Path) {}
        fn rest(&mut self, _: &[u8], _: usize) {}
    }
    let limits = Limits::default();
    JsonParser::new(&limits).walk(text, 0, &limits, &mut Nothing).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_and_media_types() {
        for (text, base64, json, expected) in [
            ("eyJmb28iOiAiYmFyIn0K", true, true, true),
            ("ezp9Cg==", true, true, false),
            ("ezp9Cg==", true, false, true),
            ("{}", true, false, false),
            ("eyJm=mZZ", true, false, false),
            ("YQ==YQ==", true, false, false),
            ("YWI", true, false, false),
            ("", true, false, true),
            ("{\"a\":1}", false, true, true),
            ("{:}", false, true, false),
        ] {
            let content = Content { base64, json };
            assert_eq!(content.holds(text.as_bytes()), expected, "{text}");
        }
    }
}
