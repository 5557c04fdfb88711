//! Elements and attributes by what they can do, and the tokens that say so.

tokens! {
    /// What the lexer says.
    HtmlToken {
        // How the value left what surrounds it; the first token of its context.
        IN_QUOTES, IN_TAG, IN_HIDING, IN_URL,
        // Start tags.
        TAG_SCRIPT,
        /// Shows another document or program: `iframe`, `object`.
        TAG_FRAME,
        /// Changes the rules of parsing: `svg`, `math`.
        TAG_FOREIGN,
        /// Takes content or targets from elsewhere: `base`, `use`, `animate`.
        TAG_ACTIVE,
        /// Loads, opens or starts by itself, so that its events do: `img`, `video`, `details`.
        TAG_LOADER,
        TAG_FORM,
        /// Works on the page as a whole: `meta`, `link`.
        TAG_META,
        TAG_STYLE,
        /// Text and its formatting.
        TAG_TEXT,
        /// Any other name that a page might have.
        TAG_UNKNOWN,
        /// Something in angle brackets that is hardly meant as an element: `<me@example.org>`.
        TAG_ODD,
        // End tags and the like.
        END_SCRIPT,
        /// Ends an element of raw text: `</textarea`.
        END_RAW,
        END_TAG, COMMENT, DECLARATION,
        // Attributes.
        /// An event handler in a tag that the value itself opens.
        EVENT,
        /// One in the tag that the value stands in.
        LOOSE_EVENT,
        /// A URL that is a program: `javascript:`.
        SCRIPT_URL,
        /// A URL that is a document: `data:text/html`.
        DATA_URL,
        /// A URL of another host.
        REMOTE_URL,
        /// Any other URL.
        LOCAL_URL,
        SRCDOC,
        STYLE,
        /// A style that loads something of another host: `url(//h/x)`.
        STYLE_URL,
        /// A style that runs or loads script: `expression(`, `-moz-binding:`.
        SCRIPT_STYLE,
        /// `http-equiv=refresh` and kin.
        HTTP_EQUIV,
        /// Code for a template library of the page: `ng-init`, `@click`.
        BINDING,
        /// Any other attribute with a value.
        PLAIN,
        /// An attribute without a value.
        BARE,
        /// `>`.
        CLOSE,
        /// A tag that another tag or the end of the value cuts off.
        UNCLOSED,
        TEXT,
        // A look at script, each at most once per piece of script.
        JS_SINK, JS_CALL, JS_DOM, JS_ASSIGN,
        /// None of these.
        JS_OTHER,
    }
}

/// How an attribute's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Event,
    /// Is a URL, or a list of them.
    Url,
    /// Holds a URL somewhere: `content="0;url=…"`.
    UrlInside,
    Srcdoc,
    Style,
    HttpEquiv,
    /// Names an attribute that is animated.
    Animated,
    Binding,
    Plain,
}

/// An element whose content is text to the tokenizer. Index into [`RAW_NAMES`].
pub(super) type Raw = u8;

/// Elements of raw text, but `script`, which is told apart; `noscript` where scripts run.
pub(super) const RAW_NAMES: [&[u8]; 8] =
    [b"style", b"title", b"textarea", b"xmp", b"noscript", b"noembed", b"noframes", b"iframe"];

/// The start-tag token of a lower-case element name.
pub(super) fn element(name: &[u8]) -> HtmlToken {
    static KEYS: [u128; ELEMENTS.len()] = keys(ELEMENTS);
    let found = KEYS.binary_search(&key(name)).ok();
    found.and_then(|at| ELEMENTS.get(at)).map_or(HtmlToken::TAG_UNKNOWN, |&(_, token)| token)
}

/// A name of at most [`LONGEST`] bytes as a number, in the order of names.
///
/// PERF: numbers are searched four times as fast as byte strings, and a hostile page is nothing but names.
const fn key(name: &[u8]) -> u128 {
    let mut bytes = [0; LONGEST];
    let mut at = 0;
    while at < name.len() && at < LONGEST {
        bytes[at] = name[at];
        at += 1;
    }
    u128::from_be_bytes(bytes)
}

const fn keys<T: Copy, const N: usize>(table: &[(&str, T)]) -> [u128; N] {
    let mut keys = [0; N];
    let mut at = 0;
    while at < N {
        keys[at] = key(table[at].0.as_bytes());
        at += 1;
    }
    keys
}

/// The length of the name behind `<?`, and what it does, if a browser takes attributes from there: a style sheet, or an import
/// of old browsers.
pub(super) fn processed(target: &[u8]) -> Option<(usize, HtmlToken)> {
    let names = [(&b"xml-stylesheet"[..], T::TAG_UNKNOWN), (b"import", T::TAG_ACTIVE)];
    let begins = |name: &[u8]| {
        target.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && target.get(name.len()).is_some_and(|next| *next <= b' ')
    };
    names.into_iter().find(|(name, _)| begins(name)).map(|(name, token)| (name.len(), token))
}

/// Which raw text a lower-case element name begins, if any.
pub(super) fn raw(name: &[u8]) -> Option<Raw> {
    RAW_NAMES.iter().position(|&known| known == name).map(|at| at as Raw)
}

/// How the value of the attribute of this name is read; any letter case.
pub(super) fn attribute(name: &[u8]) -> Attribute {
    static KEYS: [u128; ATTRIBUTES.len()] = keys(ATTRIBUTES);
    let is_mark = |&b: &u8| matches!(b, b'+' | b']' | b')' | b'.' | b'\\' | b'"');
    let behind =
        |mark: Option<usize>| name.get(mark.map_or(0, |at| at + 1)..).is_some_and(is_event);
    // Behind a prefix (`ev:`), or behind what is no blank to a browser but was meant as one (`x+onclick`).
    let prefix = name.iter().rposition(|&b| b == b':');
    let mark = name.iter().rposition(is_mark);
    if behind(prefix) || mark != prefix && behind(mark) {
        return Attribute::Event;
    }
    if matches!(name, [b'@', b'a'..=b'z' | b'A'..=b'Z', ..]) {
        return Attribute::Binding;
    }
    let mut lower = [0; LONGEST];
    for (slot, byte) in lower.iter_mut().zip(name) {
        *slot = byte.to_ascii_lowercase();
    }
    let lower = lower.get(..name.len().min(LONGEST)).unwrap_or_default();
    if matches!(lower, [b'd' | b'h' | b'n' | b'v' | b'x', ..])
        && BINDINGS.iter().any(|prefix| lower.starts_with(prefix.as_bytes()))
    {
        return Attribute::Binding;
    }
    // `xlink:href`, `x:href`
    let local = lower.rsplit(|&b| b == b':').next().unwrap_or_default();
    if name.len() > LONGEST {
        return Attribute::Plain;
    }
    let found = KEYS.binary_search(&key(local)).ok();
    found.and_then(|at| ATTRIBUTES.get(at)).map_or(Attribute::Plain, |&(_, kind)| kind)
}

/// Whether a name could be an event handler: `on` and three letters or more. No table of events, since browsers add to it
/// every year. Marks behind the letters count for nothing: some browsers dropped them.
pub(super) fn is_event(name: &[u8]) -> bool {
    if !matches!(name, [b'o' | b'O', b'n' | b'N', ..]) {
        return false;
    }
    let letters = name.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    letters >= 5 && !name.iter().skip(letters).any(u8::is_ascii_alphanumeric)
}

/// Longest name that a table holds.
pub(super) const LONGEST: usize = 16;

use Attribute as A;
use HtmlToken as T;

/// Attributes of template libraries begin so; `v-on:`, `x-on:` and `hx-on:` are their event handlers.
const BINDINGS: &[&str] = &[
    "data-bind",
    "data-ng-",
    "hx-on",
    "ng-",
    "v-bind",
    "v-html",
    "v-on",
    "x-data",
    "x-init",
    "x-on",
];

/// Sorted; lower case. HTML, SVG, `MathML`, and old browsers' own.
const ELEMENTS: &[(&str, HtmlToken)] = &[
    ("a", T::TAG_TEXT),
    ("abbr", T::TAG_TEXT),
    ("animate", T::TAG_ACTIVE),
    ("animatemotion", T::TAG_ACTIVE),
    ("animatetransform", T::TAG_ACTIVE),
    ("applet", T::TAG_FRAME),
    ("area", T::TAG_TEXT),
    ("audio", T::TAG_LOADER),
    ("b", T::TAG_TEXT),
    ("base", T::TAG_ACTIVE),
    ("bgsound", T::TAG_LOADER),
    ("blockquote", T::TAG_TEXT),
    ("body", T::TAG_LOADER),
    ("br", T::TAG_TEXT),
    ("button", T::TAG_FORM),
    ("caption", T::TAG_TEXT),
    ("center", T::TAG_TEXT),
    ("code", T::TAG_TEXT),
    ("col", T::TAG_TEXT),
    ("dd", T::TAG_TEXT),
    ("del", T::TAG_TEXT),
    ("details", T::TAG_LOADER),
    ("div", T::TAG_TEXT),
    ("dl", T::TAG_TEXT),
    ("dt", T::TAG_TEXT),
    ("em", T::TAG_TEXT),
    ("embed", T::TAG_FRAME),
    ("feimage", T::TAG_ACTIVE),
    ("font", T::TAG_TEXT),
    ("foreignobject", T::TAG_ACTIVE),
    ("form", T::TAG_FORM),
    ("frame", T::TAG_FRAME),
    ("frameset", T::TAG_FRAME),
    ("h1", T::TAG_TEXT),
    ("h2", T::TAG_TEXT),
    ("h3", T::TAG_TEXT),
    ("h4", T::TAG_TEXT),
    ("h5", T::TAG_TEXT),
    ("h6", T::TAG_TEXT),
    ("handler", T::TAG_ACTIVE),
    ("head", T::TAG_TEXT),
    ("hr", T::TAG_TEXT),
    ("html", T::TAG_TEXT),
    ("i", T::TAG_TEXT),
    ("iframe", T::TAG_FRAME),
    ("image", T::TAG_LOADER),
    ("img", T::TAG_LOADER),
    ("input", T::TAG_FORM),
    ("ins", T::TAG_TEXT),
    ("isindex", T::TAG_FORM),
    ("kbd", T::TAG_TEXT),
    ("keygen", T::TAG_FORM),
    ("label", T::TAG_TEXT),
    ("layer", T::TAG_FRAME),
    ("li", T::TAG_TEXT),
    ("link", T::TAG_META),
    ("listener", T::TAG_ACTIVE),
    ("maction", T::TAG_ACTIVE),
    ("marquee", T::TAG_LOADER),
    ("math", T::TAG_FOREIGN),
    ("meta", T::TAG_META),
    ("nobr", T::TAG_TEXT),
    ("object", T::TAG_FRAME),
    ("ol", T::TAG_TEXT),
    ("option", T::TAG_TEXT),
    ("p", T::TAG_TEXT),
    ("param", T::TAG_FRAME),
    ("picture", T::TAG_LOADER),
    ("portal", T::TAG_FRAME),
    ("pre", T::TAG_TEXT),
    ("q", T::TAG_TEXT),
    ("s", T::TAG_TEXT),
    ("script", T::TAG_SCRIPT),
    ("section", T::TAG_TEXT),
    ("select", T::TAG_FORM),
    ("set", T::TAG_ACTIVE),
    ("small", T::TAG_TEXT),
    ("source", T::TAG_LOADER),
    ("span", T::TAG_TEXT),
    ("strike", T::TAG_TEXT),
    ("strong", T::TAG_TEXT),
    ("style", T::TAG_STYLE),
    ("sub", T::TAG_TEXT),
    ("sup", T::TAG_TEXT),
    ("svg", T::TAG_FOREIGN),
    ("table", T::TAG_TEXT),
    ("tbody", T::TAG_TEXT),
    ("td", T::TAG_TEXT),
    ("template", T::TAG_TEXT),
    ("textarea", T::TAG_FORM),
    ("th", T::TAG_TEXT),
    ("thead", T::TAG_TEXT),
    ("title", T::TAG_TEXT),
    ("tr", T::TAG_TEXT),
    ("track", T::TAG_LOADER),
    ("tt", T::TAG_TEXT),
    ("u", T::TAG_TEXT),
    ("ul", T::TAG_TEXT),
    ("use", T::TAG_ACTIVE),
    ("vbscript", T::TAG_SCRIPT),
    ("video", T::TAG_LOADER),
    ("xml", T::TAG_ACTIVE),
];

/// Sorted; lower case, without namespace prefix.
const ATTRIBUTES: &[(&str, Attribute)] = &[
    ("action", A::Url),
    ("archive", A::Url),
    ("attributename", A::Animated),
    ("background", A::Url),
    ("base", A::Url),
    ("by", A::Url),
    ("classid", A::Url),
    ("code", A::Url),
    ("codebase", A::Url),
    ("content", A::UrlInside),
    ("data", A::Url),
    ("datafld", A::Binding),
    ("dataformatas", A::Binding),
    ("datasrc", A::Binding),
    ("dynsrc", A::Url),
    ("folder", A::Url),
    ("formaction", A::Url),
    ("from", A::Url),
    ("handler", A::Url),
    ("href", A::Url),
    ("http-equiv", A::HttpEquiv),
    ("icon", A::Url),
    ("implementation", A::Url),
    ("location", A::Url),
    ("longdesc", A::Url),
    ("lowsrc", A::Url),
    ("manifest", A::Url),
    ("ping", A::Url),
    ("poster", A::Url),
    ("profile", A::Url),
    ("src", A::Url),
    ("srcdoc", A::Srcdoc),
    ("srcset", A::UrlInside),
    ("style", A::Style),
    ("to", A::Url),
    ("url", A::Url),
    ("value", A::UrlInside),
    ("values", A::UrlInside),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(ELEMENTS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ELEMENTS.iter().all(|(name, _)| name.len() <= LONGEST));
        assert!(ATTRIBUTES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ATTRIBUTES.iter().all(|(name, _)| name.len() <= LONGEST));
        assert!(HtmlToken::NAMES.len() <= 64);
    }

    #[test]
    fn handlers_are_told_by_their_shape() {
        for name in [
            "onload",
            "ONERROR",
            "onnewevent",
            "onload!#$%&()",
            "ev:onload",
            "x+onload",
            "[x]onload",
        ] {
            assert_eq!(attribute(name.as_bytes()), A::Event, "{name}");
        }
        for name in ["on", "once", "on1click", "onload2", "xonload", "one-time"] {
            assert_eq!(attribute(name.as_bytes()), A::Plain, "{name}");
        }
        assert_eq!(attribute(b"xlink:HREF"), A::Url);
        assert_eq!(attribute(b"@click"), A::Binding);
        assert_eq!(attribute(b"v-on:click.once.prevent"), A::Binding);
    }
}
