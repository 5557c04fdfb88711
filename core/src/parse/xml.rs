//! XML documents as events with ranges (XML 1.0, fifth edition).
//!
//! A thin layer over `quick-xml`: it finds the markup, this says where it stands and refuses what makes readers differ. Nothing is
//! resolved and nothing fetched: a document type declaration is an event, and what refers to its entities is malformed. Linear.

use std::ops::Range;

use encoding_rs::Encoding;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::flags::flags;
use super::header::is_utf8;
use crate::content::charset;

flags! {
    /// Why a document is read differently, or not at all.
    XmlProblems {
        /// The bytes are not UTF-8.
        NOT_UTF8 = "not-utf8",
        /// Markup that is not well-formed.
        MALFORMED = "malformed",
        /// A reference to an entity that XML does not define.
        ENTITY = "entity",
        /// The declaration names another encoding than UTF-8, and some readers heed it.
        ENCODING = "encoding",
        /// Elements are not closed, or there is none, or more than one at the top.
        NOT_ONE = "not-one",
    }
}

/// What a document consists of, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum XmlEvent {
    /// A start tag, with the name of the element. Its attributes follow.
    Start(Range<usize>),
    /// An attribute: name, and value between its quotes.
    Attribute(Range<usize>, Range<usize>),
    /// The end of an element.
    End,
    /// Text as it stands, of a CDATA section too.
    Text(Range<usize>),
    /// A reference, of all its bytes, and the character that it stands for.
    Character(Range<usize>, char),
    /// A comment or processing instruction, without its marks: no text of the element, which goes on behind it.
    Aside(Range<usize>),
    /// A document type declaration, without its marks.
    DocType(Range<usize>),
}

/// How far a document could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct XmlEnd {
    pub(crate) problems: XmlProblems,
    /// Nesting was deeper than allowed, and reading ended there.
    pub(crate) too_deep: bool,
}

/// Reads a document of at most `depth` nested elements. `each` gets the events up to the first thing that is not well-formed.
pub(crate) fn read(bytes: &[u8], depth: usize, mut each: impl FnMut(XmlEvent)) -> XmlEnd {
    let mut end = XmlEnd { problems: XmlProblems::default(), too_deep: false };
    let Ok(text) = simdutf8::basic::from_utf8(bytes) else {
        end.problems = XmlProblems::NOT_UTF8;
        return end;
    };
    let mut open = 0_usize;
    let mut roots = 0_usize;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let Ok(event) = reader.read_event() else {
            end.problems.set_if(true, XmlProblems::MALFORMED);
            return end;
        };
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                roots += usize::from(open == 0);
                if open >= depth {
                    end.too_deep = true;
                    return end;
                }
                each(XmlEvent::Start(range(text, tag.name().as_ref())));
                for attribute in tag.attributes().with_checks(false) {
                    let Ok(attribute) = attribute else {
                        end.problems.set_if(true, XmlProblems::MALFORMED);
                        return end;
                    };
                    let (name, value) =
                        (range(text, attribute.key.as_ref()), range(text, &attribute.value));
                    let dangling = references(bytes, value.clone()).any(|(range, character)| {
                        character.is_none() && bytes.get(range.start) == Some(&b'&')
                    });
                    end.problems.set_if(dangling, XmlProblems::ENTITY);
                    each(XmlEvent::Attribute(name, value));
                }
                if matches!(event, Event::Empty(_)) {
                    each(XmlEvent::End);
                } else {
                    open += 1;
                }
            }
            Event::End(_) => {
                open = open.saturating_sub(1);
                each(XmlEvent::End);
            }
            Event::Text(part) => {
                let outside = open == 0 && !part.trim_ascii().is_empty();
                // A mark of the byte order is no text.
                end.problems.set_if(outside && part.trim() != "\u{FEFF}", XmlProblems::NOT_ONE);
                each(XmlEvent::Text(range(text, part)));
            }
            Event::CData(part) => each(XmlEvent::Text(range(text, part))),
            Event::GeneralRef(name) => {
                let character = character(name);
                // With its `&` and `;`.
                let inside = range(text, name);
                let whole = inside.start.saturating_sub(1)..(inside.end + 1).min(text.len());
                end.problems.set_if(character.is_none(), XmlProblems::ENTITY);
                each(match character {
                    Some(character) => XmlEvent::Character(whole, character),
                    None => XmlEvent::Text(whole),
                });
            }
            Event::Comment(part) => each(XmlEvent::Aside(range(text, part))),
            Event::PI(part) => each(XmlEvent::Aside(range(text, part))),
            Event::DocType(part) => each(XmlEvent::DocType(range(text, part))),
            Event::Decl(declaration) => {
                let known = declaration.encoding().is_none_or(|encoding| {
                    encoding.is_ok_and(|name| reads_ascii(name.as_bytes(), bytes.is_ascii()))
                });
                end.problems.set_if(!known, XmlProblems::ENCODING);
                each(XmlEvent::Aside(range(text, declaration)));
            }
            Event::Eof => {
                end.problems.set_if(open > 0 || roots != 1, XmlProblems::NOT_ONE);
                return end;
            }
        }
    }
}

/// The stretches of an attribute's value: references with the characters that they stand for, what refers to nothing that XML knows, and the text
/// between. O(len): a reference ends before the next one begins.
pub(crate) fn references(
    document: &[u8],
    value: Range<usize>,
) -> impl Iterator<Item = (Range<usize>, Option<char>)> {
    let text = document.get(..value.end).unwrap_or_default();
    let mut at = value.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let [b'&', inside @ ..] = rest else {
            at += memchr::memchr(b'&', rest).unwrap_or(rest.len());
            return Some((start..at, None));
        };
        let len = memchr::memchr2(b'&', b';', inside).unwrap_or(inside.len());
        let is_closed = inside.get(len) == Some(&b';');
        at += 1 + len + usize::from(is_closed);
        let name = inside.get(..len).filter(|_| is_closed);
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        Some((start..at, name.and_then(character)))
    })
}

/// Whether a reader that heeds an encoding of that name sees the characters that a reader of UTF-8 sees.
fn reads_ascii(name: &[u8], is_ascii: bool) -> bool {
    let single = || charset::of_name(name).is_some_and(Encoding::is_single_byte);
    is_utf8(name) || is_ascii && single()
}

/// The character that a reference, without `&` and `;`, stands for.
pub(crate) fn character(reference: &str) -> Option<char> {
    let Some(number) = reference.strip_prefix('#') else {
        let mut known = quick_xml::escape::resolve_xml_entity(reference)?.chars();
        return known.next();
    };
    if number.contains('+') {
        return None;
    }
    let number = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?)
}

/// Where `part` stands in the text that it was cut out of.
fn range(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    let end = start.wrapping_add(part.len());
    // What was not cut out of it, of which there is none, would be nowhere.
    if start <= end && end <= text.len() { start..end } else { 0..0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(document: &str) -> (Vec<String>, Vec<&'static str>) {
        let mut events = Vec::new();
        let cut = |range: &Range<usize>| document.get(range.clone()).unwrap_or("?").to_owned();
        let end = read(document.as_bytes(), 8, |event| {
            events.push(match &event {
                XmlEvent::Start(name) => format!("<{}>", cut(name)),
                XmlEvent::Attribute(name, value) => format!("{}={}", cut(name), cut(value)),
                XmlEvent::End => "</>".to_owned(),
                XmlEvent::Text(text) => cut(text),
                XmlEvent::Character(text, character) => format!("{}={character}", cut(text)),
                XmlEvent::Aside(text) => format!("({})", cut(text)),
                XmlEvent::DocType(text) => format!("!{}", cut(text)),
            });
        });
        let deep = end.too_deep.then_some("too-deep");
        (events, end.problems.names().chain(deep).collect())
    }

    #[test]
    fn events_say_where_they_stand() {
        let (found, problems) = events(
            "<?xml version=\"1.0\"?><a b='1' c:d=\"&lt;\">x&#x27;y<!-- z --><e/><![CDATA[<f>]]></a>",
        );
        let expected = [
            "(xml version=\"1.0\")",
            "<a>",
            "b=1",
            "c:d=&lt;",
            "x",
            "&#x27;='",
            "y",
            "( z )",
            "<e>",
            "</>",
            "<f>",
            "</>",
        ];
        assert_eq!((found, problems), (expected.map(str::to_owned).into(), vec![]));
    }

    #[test]
    fn attributes_are_cut_at_references() {
        let value = "a&lt;b&&#x27;&nope;c&";
        let cut: Vec<_> = references(value.as_bytes(), 0..value.len())
            .map(|(range, character)| (&value[range], character))
            .collect();
        let expected = [
            ("a", None),
            ("&lt;", Some('<')),
            ("b", None),
            ("&", None),
            ("&#x27;", Some('\'')),
            ("&nope;", None),
            ("c", None),
            ("&", None),
        ];
        assert_eq!(cut, expected);
    }

    #[test]
    fn what_readers_differ_about_is_told() {
        for (document, expected) in [
            ("<a>", &["not-one"][..]),
            ("", &["not-one"]),
            ("<a/><b/>", &["not-one"]),
            ("x<a/>", &["not-one"]),
            ("<a></b>", &["malformed"]),
            ("<a b=1/>", &["malformed"]),
            ("<a>&nbsp;</a>", &["entity"]),
            ("<a>&#xD800;</a>", &["entity"]),
            ("<a b='&c;'/>", &["entity"]),
            ("<a b='&amp;&lt;x&#39;'/>", &[]),
            ("<a b='x &'/>", &["entity"]),
            ("<a>&#x110000;</a>", &["entity"]),
            ("<?xml version='1.0' encoding='utf-7'?><a>é</a>", &["encoding"]),
            ("<?xml version='1.0' encoding='UTF-8'?><a>é</a>", &[]),
            ("\u{FEFF}<a/>\n", &[]),
            ("<a><a><a><a><a><a><a><a><a>", &["too-deep"]),
        ] {
            assert_eq!(events(document).1, expected, "{document}");
        }
        assert!(read(b"<a>\xff</a>", 8, |_| {}).problems.has(XmlProblems::NOT_UTF8));
    }
}
