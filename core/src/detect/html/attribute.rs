//! Attributes: the states of the tokenizer between a tag's name and its `>`.

use super::lex::Lexer;
use super::style::{self, Does};
use super::url::{self, Target};
use super::words::{self, Attribute, HtmlToken as T};
use crate::detect::segment::Sink;

/// Headers that `http-equiv` sets and that do something.
const ACTING_HEADERS: [&[u8]; 3] = [b"refresh", b"set-cookie", b"link"];

impl<S: Sink> Lexer<'_, '_, S> {
    /// Reads attributes to the end of the tag; whether `>` ends it.
    ///
    /// `<` where a name could begin starts a new tag: the standard makes it part of a name, older parsers did not, and no
    /// author means it.
    pub(super) fn attributes(&mut self) -> bool {
        loop {
            self.skip(|byte| matches!(byte, 0..=b' ' | b'/' | b'"' | b'\'' | b'`'));
            match self.view.get(self.at..self.end).unwrap_or_default() {
                [b'>', ..] => {
                    self.emit(T::CLOSE, self.at, 1);
                    return true;
                }
                [] | [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'<' | 0, ..] => {
                    self.emit(T::UNCLOSED, self.at, 0);
                    return false;
                }
                _ => self.attribute(),
            }
        }
    }

    fn skip(&mut self, blank: impl Fn(u8) -> bool) {
        let rest = self.view.get(self.at..self.end).unwrap_or_default();
        self.at += rest.iter().take_while(|&&byte| blank(byte)).count();
    }

    /// A name, and its value if one follows.
    fn attribute(&mut self) {
        let at = self.at;
        // A name may begin with `=`.
        self.at += 1;
        self.skip(|byte| !matches!(byte, 1..=b' ' | b'/' | b'>' | b'='));
        let name = self.view.get(at..self.at).unwrap_or_default();
        let name_end = self.at;
        self.skip(|byte| byte <= b' ');
        if self.view.get(..self.end).and_then(|view| view.get(self.at)) != Some(&b'=') {
            self.at = name_end;
            // Old browsers dropped marks, blanks and all, between the name of a handler and its `=`.
            let marks = name.last().is_some_and(|b| !b.is_ascii_alphanumeric());
            let token =
                if marks && self.own_tag && words::is_event(name) { T::EVENT } else { T::BARE };
            self.emit(token, at, name_end - at);
            return;
        }
        self.at += 1;
        self.skip(|byte| byte <= b' ');
        let (from, to, next) = self.value();
        let kind = words::attribute(name);
        self.at = at;
        match kind {
            Attribute::Event => {
                let token = if self.own_tag { T::EVENT } else { T::LOOSE_EVENT };
                self.emit(token, at, name.len());
                self.script(from, to);
                self.interesting = true;
            }
            Attribute::Binding => {
                self.emit(T::BINDING, at, name.len());
                self.script(from, to);
                self.interesting = true;
            }
            Attribute::Url => self.interesting |= self.url_or_plain(at, from, to, url::target),
            Attribute::UrlInside => {
                self.interesting |= self.url_or_plain(at, from, to, url::inside);
            }
            Attribute::Srcdoc => {
                self.emit(T::SRCDOC, at, name.len());
                self.interesting = true;
            }
            Attribute::Style => {
                let does = style::does(self.view.get(from..to).unwrap_or_default());
                let token = match does {
                    Does::Run => T::SCRIPT_STYLE,
                    Does::Load => T::STYLE_URL,
                    Does::Look => T::STYLE,
                };
                self.emit(token, at, name.len());
                self.interesting |= does == Does::Run;
            }
            Attribute::HttpEquiv => {
                let acts = ACTING_HEADERS.iter().any(|h| self.value_is(from, to, h));
                self.emit(if acts { T::HTTP_EQUIV } else { T::PLAIN }, at, name.len());
            }
            Attribute::Animated => {
                let value = self.view.get(from..to).unwrap_or_default();
                let event = words::is_event(value) || self.value_is(from, to, b"innerhtml");
                self.emit(if event { T::EVENT } else { T::PLAIN }, at, name.len());
            }
            Attribute::Plain => self.emit(T::PLAIN, at, name.len()),
        }
        self.at = next;
    }

    fn value_is(&self, from: usize, to: usize, text: &[u8]) -> bool {
        self.view.get(from..to).is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(text))
    }

    /// Where a value stands, from here: its start, its end, and what is behind it.
    ///
    /// A quote that never closes makes the rest the value. That can happen once, so the search stays linear. In a loose
    /// reading quotes close nothing, and a tag ends the value.
    fn value(&self) -> (usize, usize, usize) {
        let rest = self.view.get(self.at..self.end).unwrap_or_default();
        if self.loose {
            let quote = rest.iter().take_while(|&&b| matches!(b, b'"' | b'\'')).count();
            let value = rest.get(quote..).unwrap_or_default();
            let ends = |b: u8| matches!(b, 1..=b' ' | b'>' | b'<');
            let len = value.iter().take_while(|&&b| !ends(b)).count();
            let from = self.at + quote;
            return (from, from + len, from + len);
        }
        if let [quote @ (b'"' | b'\''), inside @ ..] = rest {
            let from = self.at + 1;
            let len = memchr::memchr(*quote, inside);
            let to = len.map_or(self.end, |len| from + len);
            return (from, to, (to + 1).min(self.end));
        }
        let len = rest.iter().take_while(|&&b| !matches!(b, 1..=b' ' | b'>')).count();
        (self.at, self.at + len, self.at + len)
    }

    /// A URL attribute; whether it is more than a plain one.
    fn url_or_plain(
        &mut self,
        at: usize,
        from: usize,
        to: usize,
        read: fn(&[u8]) -> Target,
    ) -> bool {
        let target = read(self.view.get(from..to).unwrap_or_default());
        let name_len = from - at;
        match target {
            Target::Script(body) => {
                self.emit(T::SCRIPT_URL, at, name_len);
                self.script(from + body, to);
            }
            Target::Document => self.emit(T::DATA_URL, at, name_len),
            Target::Remote => self.emit(T::REMOTE_URL, at, name_len),
            Target::Local => self.emit(T::LOCAL_URL, at, name_len),
        }
        matches!(target, Target::Script(_) | Target::Document)
    }

    /// The whole view as a URL, or the target of the first Markdown link in it; whether it can do something.
    pub(super) fn url(&mut self) -> bool {
        let to = self.view.len();
        self.url_or_plain(0, 0, to, url::target)
            || memchr::memmem::find(self.view, b"](")
                .is_some_and(|link| self.url_or_plain(link, link + 2, to, url::target))
    }
}
