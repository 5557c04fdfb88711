//! Markup bytes to tokens, after the tokenizer of the WHATWG HTML standard (13.2.5), in any of its states that a value can
//! start in.
//!
//! Text that a browser does not read as markup (comments, `<title>`, `<textarea>`, `<style>` ...) ends where the standard
//! says, so that a quote inside cannot swallow what follows. But what stands inside is read as markup too, since it *is*
//! markup once the parser is in SVG or `MathML`, or the surrounding page has closed the element before.
//!
//! One pass over the bytes, and one search for each end of raw text; a search that failed is remembered.

use super::fold::ScriptLook;
use super::style::{self, Does};
use super::words::{self, HtmlToken as T, RAW_NAMES, Raw};
use crate::detect::script::lex as script;
use crate::detect::segment::Sink;

/// What surrounds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Text of an element.
    Text,
    /// An attribute in these quotes, which the value must close.
    Quotes(u8),
    /// A tag, between its attributes; also an attribute without quotes, which the value's first blank ends.
    Tag,
    /// Where the quotes of the value's own tags do not count, nor its comments: in a comment or raw text that the value
    /// closes between them, or in a browser that ends them elsewhere. Every `<` begins a tag.
    Loose,
    /// A URL attribute that the value is the whole of.
    Url,
}

/// Lexes `view` as what may stand there; false if it does not leave what surrounds it, or shows nothing then that
/// [`Start::Text`] does not. O(len).
pub(super) fn lex<S: Sink>(view: &[u8], start: Start, sink: &mut S) -> bool {
    let mut lexer = Lexer::new(view, sink);
    if !lexer.enter(start) {
        return false;
    }
    lexer.text();
    true
}

/// Whether markup may stand inside of quotes: `<`, later a quote, later `<`.
fn may_hide(view: &[u8]) -> bool {
    let behind = |at: Option<usize>, view| at.and_then(|at| <[u8]>::get(view, at + 1..));
    let tag = behind(memchr::memchr(b'<', view), view);
    let quoted = tag.and_then(|view| behind(memchr::memchr2(b'"', b'\'', view), view));
    quoted.is_some_and(|view| memchr::memchr(b'<', view).is_some())
}

/// Whether the last byte, but for blanks and the backslash of an escaped quote, is `=`. O(len).
fn ends_in_equals(text: &[u8]) -> bool {
    text.iter().rev().find(|&&b| !matches!(b, 0..=b' ' | b'\\')) == Some(&b'=')
}

/// Search that failed: bit of the comment end, behind those of [`RAW_NAMES`] and `script`.
const COMMENT_END: u8 = RAW_NAMES.len() as u8;
const SCRIPT_END: u8 = COMMENT_END + 1;

/// The state of the tokenizer.
pub(super) struct Lexer<'v, 's, S> {
    pub(super) view: &'v [u8],
    /// Where the raw text that is being read ends; else the length of the view.
    pub(super) end: usize,
    pub(super) at: usize,
    pub(super) sink: &'s mut S,
    /// Ends that a search did not find, as bits: there is none further on either.
    no_end: u16,
    /// The tag being read was opened by the value.
    pub(super) own_tag: bool,
    /// An attribute came that can do something.
    pub(super) interesting: bool,
    /// Quotes and comments do not count: [`Start::Loose`].
    pub(super) loose: bool,
}

impl<'v, 's, S: Sink> Lexer<'v, 's, S> {
    fn new(view: &'v [u8], sink: &'s mut S) -> Lexer<'v, 's, S> {
        Lexer {
            view,
            end: view.len(),
            at: 0,
            sink,
            no_end: 0,
            own_tag: false,
            interesting: false,
            loose: false,
        }
    }

    /// Leaves what surrounds the value.
    fn enter(&mut self, start: Start) -> bool {
        let first_tag = || memchr::memchr(b'<', self.view).unwrap_or(self.view.len());
        match start {
            Start::Text => true,
            Start::Quotes(quote) => {
                let Some(end) = memchr::memchr(quote, self.view) else { return false };
                let same_as_text = end < first_tag();
                let before = self.view.get(..end).unwrap_or_default();
                // The quote of an attribute in a tag of the value's own, which nobody was meant to leave.
                let own = !same_as_text && ends_in_equals(before);
                let behind = self.view.get(end + 1..).unwrap_or_default();
                let out = behind.iter().find(|&&b| !matches!(b, 0..=b' ' | b'/')) == Some(&b'>');
                self.emit(if own { T::IN_TAG } else { T::IN_QUOTES }, end, 1);
                self.attributes();
                self.interesting || out || !same_as_text
            }
            Start::Tag => {
                self.emit(T::IN_TAG, 0, 0);
                self.attributes();
                self.interesting
            }
            Start::Loose => {
                self.loose = true;
                self.emit(T::IN_HIDING, 0, 0);
                may_hide(self.view)
            }
            Start::Url => {
                self.sink.token(T::IN_URL as u8, 0..0);
                let worth = self.url();
                self.at = self.view.len();
                worth
            }
        }
    }

    /// The rest of the value from the state of text on.
    fn text(&mut self) {
        loop {
            let rest = self.view.get(self.at..self.end).unwrap_or_default();
            let Some(skipped) = memchr::memchr(b'<', rest) else {
                if !self.in_raw() {
                    return;
                }
                // Raw text ends: what follows is text again, whatever stood inside.
                self.at = self.end;
                self.end = self.view.len();
                continue;
            };
            let text = rest.get(..skipped).unwrap_or_default();
            if text.iter().any(u8::is_ascii_alphanumeric) {
                self.emit(T::TEXT, self.at, skipped);
            } else {
                self.at += skipped;
            }
            self.markup();
        }
    }

    /// What `<` begins.
    fn markup(&mut self) {
        let at = self.at;
        let rest = self.view.get(at..self.end).unwrap_or_default();
        // A NUL before a name was dropped by old browsers.
        let nuls = rest.iter().skip(1).take_while(|&&b| b == 0).count();
        match rest.get(1 + nuls..).unwrap_or_default() {
            [b'!', b'-', b'-', ..] => {
                self.emit(T::COMMENT, at, nuls + 4);
                // `<!-->` and `<!--->` are whole comments.
                self.at -= 2;
                self.raw_text(COMMENT_END, |rest| {
                    let end = memchr::memmem::find_iter(rest, b"--");
                    end.map(|at| (at, rest.get(at + 2..).unwrap_or_default())).find_map(
                        |(at, behind)| {
                            matches!(behind, [b'>', ..] | [b'!' | b'-', b'>', ..]).then_some(at)
                        },
                    )
                });
                self.at = (self.at + 2).min(self.end);
            }
            [b'?', target @ ..] if let Some((len, token)) = words::processed(target) => {
                self.emit(token, at, nuls + 2 + len);
                self.own_tag = true;
                self.attributes();
            }
            [b'!' | b'?' | b'%', ..] => self.emit(T::DECLARATION, at, nuls + 2),
            [b'/', b'a'..=b'z' | b'A'..=b'Z', ..] => self.end_tag(nuls + 2),
            [b'a'..=b'z' | b'A'..=b'Z', ..] => self.start_tag(nuls + 1),
            _ => self.at += 1,
        }
    }

    /// Reads on inside raw text up to its end, if that is found and raw text is not being read already.
    fn raw_text(&mut self, kind: u8, find: impl Fn(&[u8]) -> Option<usize>) {
        if self.loose || self.in_raw() || self.no_end & 1 << kind != 0 {
            return;
        }
        match find(self.view.get(self.at..).unwrap_or_default()) {
            Some(len) => self.end = self.at + len,
            None => self.no_end |= 1 << kind,
        }
    }

    /// Whether raw text is being read.
    fn in_raw(&self) -> bool {
        self.end != self.view.len()
    }

    fn end_tag(&mut self, skip: usize) {
        let at = self.at;
        let (name, len, _) = self.name(at + skip);
        let name = name.local();
        // The standard drops attributes here; old browsers did not, and no author writes them.
        let dressed = matches!(self.view.get(at + skip + len), Some(1..=b' ' | b'/'));
        let token = match name {
            b"script" => T::END_SCRIPT,
            _ if words::raw(name).is_some() => T::END_RAW,
            _ => T::END_TAG,
        };
        self.emit(token, at, skip + len);
        if dressed {
            self.own_tag = true;
            self.attributes();
        }
    }

    fn start_tag(&mut self, skip: usize) {
        let at = self.at;
        let (name, len, odd) = self.name(at + skip);
        let token = if odd { T::TAG_ODD } else { words::element(name.local()) };
        // What does not belong to a name may have been meant to end it.
        self.emit(token, at, skip + if odd { self.plain_len(at + skip) } else { len });
        self.own_tag = true;
        if !self.attributes() {
            return;
        }
        match token {
            T::TAG_SCRIPT => self.script_element(),
            _ => {
                if let Some(raw) = words::raw(name.local()) {
                    self.raw_element(raw, token);
                }
            }
        }
    }

    /// The content of `<script>`: a look at it as script, up to its end tag.
    fn script_element(&mut self) {
        let from = self.at;
        let rest = self.view.get(from..self.end).unwrap_or_default();
        let len = if self.no_end & 1 << SCRIPT_END != 0 {
            rest.len()
        } else if let Some(len) = end_tag_of(rest, b"script") {
            len
        } else {
            // The end of raw text hides what is behind it from this search.
            self.no_end |= u16::from(!self.in_raw()) << SCRIPT_END;
            rest.len()
        };
        self.script(from, from + len);
        self.at = from + len;
    }

    fn raw_element(&mut self, raw: Raw, token: T) {
        let Some(&name) = RAW_NAMES.get(raw as usize) else { return };
        let ends_before = self.end;
        self.raw_text(raw, |rest| end_tag_of(rest, name));
        if token == T::TAG_STYLE {
            let sheet = self.view.get(self.at..self.end).unwrap_or_default();
            // A sheet that has no end of its own reaches to the next tag.
            let own_end = self.end != ends_before;
            let len = if own_end { None } else { memchr::memchr(b'<', sheet) };
            if style::does(sheet.get(..len.unwrap_or(sheet.len())).unwrap_or_default()) == Does::Run
            {
                self.emit(T::SCRIPT_STYLE, self.at, 0);
            }
        }
    }

    /// A tag name at `from`: lower-case and without controls; its length; whether it holds what names do not.
    fn name(&self, from: usize) -> (Name, usize, bool) {
        let mut name = Name { bytes: [0; words::LONGEST], len: 0 };
        let (mut len, mut odd) = (0, false);
        for &byte in self.view.get(from..self.end).unwrap_or_default() {
            match byte {
                0 => {}
                1..=b' ' | b'/' | b'>' | b'<' => break,
                _ => {
                    odd |= !(byte.is_ascii_alphanumeric()
                        || matches!(byte, b'-' | b'_' | b':' | b'.'));
                    name.push(byte.to_ascii_lowercase());
                }
            }
            len += 1;
        }
        (name, len, odd)
    }

    /// How much at `from` is letters and digits.
    fn plain_len(&self, from: usize) -> usize {
        let rest = self.view.get(from..self.end).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
    }

    /// Looks at `from..to` as script.
    pub(super) fn script(&mut self, from: usize, to: usize) {
        let code = self.view.get(from..to).unwrap_or_default();
        let mut look = ScriptLook::new(self.sink, from);
        script::lex(code, script::Start::Statement, &mut look);
        look.finish(from..to);
    }

    /// Sends a token of `len` bytes at `at`, and goes behind it.
    pub(super) fn emit(&mut self, token: T, at: usize, len: usize) {
        let range = at..(at + len).min(self.end);
        self.at = range.end;
        self.sink.token(token as u8, range);
    }
}

/// The start of a name, as long as names worth knowing are.
struct Name {
    bytes: [u8; words::LONGEST],
    /// Of the whole name.
    len: usize,
}

impl Name {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
        }
        self.len += 1;
    }

    /// The name without namespace prefix; empty if it is longer than any known.
    fn local(&self) -> &[u8] {
        let name = self.bytes.get(..self.len).unwrap_or_default();
        name.rsplit(|&b| b == b':').next().unwrap_or_default()
    }
}

/// The offset of `</name` in `rest`, in any letter case. O(len).
fn end_tag_of(rest: &[u8], name: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(rest, b"</").find(|at| {
        let behind = rest.get(at + 2..).unwrap_or_default();
        behind.get(..name.len()).is_some_and(|b| b.eq_ignore_ascii_case(name))
            && !behind.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
    })
}
