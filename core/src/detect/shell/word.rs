//! A word of a command line, evaluated as shells would: quotes, escapes and empty expansions are gone.

/// Bytes of a word that are kept; a longer word is nothing that we know.
const KEPT: usize = 64;

/// Most bytes between `${` and `}` that are looked at.
const EXPANSION: usize = 64;

/// Bytes that may not stand for themselves.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b" \t\n\r;|&`()<>=,}+\\'\"^$*?[";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// An evaluated word.
#[allow(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
#[derive(Debug)]
pub(super) struct Word {
    bytes: [u8; KEPT],
    len: usize,
    /// It had an upper-case letter.
    pub(super) upper: bool,
    /// Quotes, escapes or empty expansions stood inside.
    pub(super) split: bool,
    /// `^` stood inside.
    pub(super) caret: bool,
    /// `*`, `?` or `[` stood inside.
    pub(super) glob: bool,
    /// A variable stood inside.
    pub(super) var: bool,
    /// An expansion that computes stood inside.
    pub(super) expand: bool,
    /// `$IFS` ended it.
    pub(super) ifs: bool,
    /// It is a quoted text with blanks.
    pub(super) text: bool,
    /// Any quotes were removed.
    pub(super) quoted: bool,
}

impl Word {
    pub(super) fn new() -> Word {
        Word {
            bytes: [0; KEPT],
            len: 0,
            upper: false,
            split: false,
            caret: false,
            glob: false,
            var: false,
            expand: false,
            ifs: false,
            text: false,
            quoted: false,
        }
    }

    /// The word whose bytes stand for themselves.
    pub(super) fn of(text: &[u8]) -> Word {
        let mut word = Word::new();
        word.push_run(text);
        word
    }

    /// Lower-case, backslashes as slashes; empty if it was too long. Of a text its begin.
    pub(super) fn as_bytes(&self) -> &[u8] {
        let len = if self.text { self.len.min(KEPT) } else { self.len };
        self.bytes.get(..len).unwrap_or_default()
    }

    /// Nothing was kept.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn push(&mut self, byte: u8) {
        self.upper |= byte.is_ascii_uppercase();
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte.to_ascii_lowercase();
        }
        self.len += 1;
    }

    /// Takes bytes that stand for themselves; only the kept ones cost anything.
    fn push_run(&mut self, run: &[u8]) {
        let kept = run.len().min(KEPT.saturating_sub(self.len));
        let run_kept = run.get(..kept).unwrap_or_default();
        if let Some(slots) = self.bytes.get_mut(self.len..self.len + kept) {
            for (slot, byte) in slots.iter_mut().zip(run_kept) {
                *slot = byte.to_ascii_lowercase();
                self.upper |= byte.is_ascii_uppercase();
            }
        }
        self.len += run.len();
    }

    /// `/{bin,x}/cat` is `/bin/cat` and more: keeps the first of the alternatives. O(word).
    fn take_first_alternative(&mut self) {
        let text = self.as_bytes();
        if text.len() < b"{,}".len() {
            return;
        }
        let Some(open) = memchr::memchr(b'{', text) else { return };
        let find = |byte, from: usize| {
            memchr::memchr(byte, text.get(from..).unwrap_or_default()).map(|at| from + at)
        };
        let Some(comma) = find(b',', open) else { return };
        let Some(close) = find(b'}', comma) else { return };
        let mut first = [0; KEPT];
        let parts = [text.get(..open), text.get(open + 1..comma), text.get(close + 1..)];
        let mut len = 0;
        for &byte in parts.into_iter().flatten().flatten() {
            if let Some(slot) = first.get_mut(len) {
                *slot = byte;
                len += 1;
            }
        }
        (self.bytes, self.len, self.split) = (first, len, true);
    }

    fn last_is_letter(&self) -> bool {
        self.as_bytes().last().is_some_and(u8::is_ascii_alphanumeric)
    }
}

/// What stops a word besides blanks and metacharacters.
#[allow(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
#[derive(Clone, Copy, Default)]
pub(super) struct Stops {
    /// `=`: it may be an assignment.
    pub(super) equals: bool,
    /// `,` and `}`: it stands in a brace list.
    pub(super) brace: bool,
    /// `+`: blanks are written so.
    pub(super) plus: bool,
    /// A backtick that has no other behind it does not stop the word: PowerShell's escape.
    pub(super) escape: bool,
}

/// Remembers searches for a closing quote that failed, so that none is made twice.
#[allow(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
#[derive(Debug, Default)]
pub(super) struct Quotes {
    no_single: bool,
    no_double: bool,
    no_tick: bool,
    /// A double quote was opened that holds a substitution: the next one closes it.
    open_double: bool,
}

impl Quotes {
    /// Where the quote that opens before `from` closes.
    fn close(&mut self, view: &[u8], quote: u8, from: usize) -> Option<usize> {
        let failed = match quote {
            b'\'' => &mut self.no_single,
            b'"' => &mut self.no_double,
            _ => &mut self.no_tick,
        };
        if *failed {
            return None;
        }
        let found = memchr::memchr(quote, view.get(from..).unwrap_or_default());
        *failed = found.is_none();
        found.map(|offset| from + offset)
    }
}

/// The word that `rest` begins with if its bytes stand for themselves; empty at a separator. O(word).
///
/// Where `+` stands for a blank it is the word up to there that counts.
pub(super) fn plain(rest: &[u8]) -> Option<&[u8]> {
    let special = |byte: u8| SPECIAL[byte as usize] && !matches!(byte, b',' | b'+');
    let run = rest.iter().position(|&b| special(b)).unwrap_or(rest.len());
    let ended = matches!(rest.get(run), None | Some(b' ' | b'\t' | b';' | b'|' | b'&' | b')'));
    let odd = matches!(rest.first(), Some(b'{' | b'#' | b',' | b')'));
    rest.get(..run).filter(|_| ended && !odd)
}

/// Reads the word at `at` into a new one; returns where it ends. Ends at once on a metacharacter. O(word), and once O(rest) to
/// learn that a quote is never closed.
// PERF: a word that is returned is copied just after its bytes were written; that took a sixth of what a flood of words costs.
pub(super) fn read(
    view: &[u8],
    at: usize,
    quotes: &mut Quotes,
    stops: Stops,
    word: &mut Word,
) -> usize {
    *word = Word::new();
    let mut i = at;
    while let Some(&byte) = view.get(i) {
        if !SPECIAL[byte as usize] {
            let rest = view.get(i..).unwrap_or_default();
            let run = rest.iter().position(|&b| SPECIAL[b as usize]).unwrap_or(rest.len());
            word.push_run(rest.get(..run).unwrap_or_default());
            i += run;
            continue;
        }
        match byte {
            b'`' | b'$' if i > at && empty_substitution(view, i) > 0 => {
                word.split = true;
                i += empty_substitution(view, i);
            }
            b'`' if escape_of_letter(view, i, stops)
                && quotes.close(view, b'`', i + 1).is_none() =>
            {
                word.split = true;
                i += 1;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b';' | b'|' | b'&' | b'`' | b'(' | b')' | b'<'
            | b'>' => {
                break;
            }
            b'=' if stops.equals => break,
            b',' | b'}' if stops.brace => break,
            b'+' if stops.plus => break,
            b'\\' => i = escape(word, view, i),
            b'\'' | b'"' => i = quote(word, view, i, quotes, at),
            b'^' => {
                word.caret |= word.last_is_letter();
                i += 1;
            }
            b'$' => match dollar(word, view, i) {
                Some(next) => i = next,
                None => break,
            },
            // A class of one.
            b'[' if view.get(i + 2) == Some(&b']') => {
                word.glob = true;
                word.split = true;
                word.push(view.get(i + 1).copied().unwrap_or_default());
                i += 3;
            }
            b'*' | b'?' | b'[' => {
                word.glob = true;
                word.push(byte);
                i += 1;
            }
            _ => {
                word.push(byte);
                i += 1;
            }
        }
        if word.ifs {
            break;
        }
    }
    word.take_first_alternative();
    i
}

/// Whether the backtick at `at` stands between letters, where one may be an escape.
fn escape_of_letter(view: &[u8], at: usize, stops: Stops) -> bool {
    let letter = |at: usize| view.get(at).is_some_and(u8::is_ascii_alphabetic);
    stops.escape && at > 0 && letter(at - 1) && letter(at + 1)
}

/// The length of a substitution that yields nothing, `$()` or two backticks; 0 if there is none.
fn empty_substitution(view: &[u8], at: usize) -> usize {
    match view.get(at..).unwrap_or_default() {
        [b'`', b'`', ..] => 2,
        [b'$', b'(', b')', ..] => 3,
        _ => 0,
    }
}

/// `\x`: the escaped character. In a Windows path it is a separator instead.
fn escape(word: &mut Word, view: &[u8], at: usize) -> usize {
    let drive = matches!(word.as_bytes(), [_, b':', ..] | [b'%', .., b'%']);
    match view.get(at + 1) {
        Some(&next) if next.is_ascii_alphanumeric() && !drive => {
            word.split = true;
            word.push(next);
            at + 2
        }
        Some(b'\\') if !drive => {
            word.push(b'/');
            at + 2
        }
        // An escaped line break is nothing at all.
        Some(b'\n') => {
            word.split = true;
            at + 2
        }
        Some(&next @ (b'\'' | b'"' | b';' | b'|' | b'&' | b'?' | b'*' | b'/')) if !drive => {
            word.split |= next == b'/';
            word.push(next);
            at + 2
        }
        _ => {
            word.push(b'/');
            at + 1
        }
    }
}

/// A quoted part. What holds a substitution is not skipped but lexed on.
fn quote(word: &mut Word, view: &[u8], at: usize, quotes: &mut Quotes, start: usize) -> usize {
    let byte = view.get(at).copied().unwrap_or(b'\'');
    word.quoted = true;
    if byte == b'"' && quotes.open_double {
        quotes.open_double = false;
        return at + 1;
    }
    let Some(close) = quotes.close(view, byte, at + 1) else {
        return at + 1;
    };
    let inner = view.get(at + 1..close).unwrap_or_default();
    if byte == b'"' && holds_substitution(inner) {
        quotes.open_double = true;
        return at + 1;
    }
    let whole = at == start;
    let goes_on =
        view.get(close + 1).is_some_and(|b| b.is_ascii_alphanumeric() || b"'\"/".contains(b));
    word.split |= !whole || goes_on;
    word.text |= inner.iter().take(KEPT).any(|b| matches!(b, b' ' | b'\t' | b'\n' | b'('));
    word.push_run(inner);
    // `'who'+'ami'`, in PowerShell.
    if let Some([b'+', b'\'' | b'"']) = view.get(close + 1..close + 3) {
        word.split = true;
        return close + 2;
    }
    close + 1
}

fn holds_substitution(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'`', b'$', text)
        .any(|i| text.get(i) == Some(&b'`') || text.get(i + 1) == Some(&b'('))
}

/// `$…`: returns where to go on, or `None` if the word ends before it (`$(`).
fn dollar(word: &mut Word, view: &[u8], at: usize) -> Option<usize> {
    let rest = view.get(at + 1..).unwrap_or_default();
    match rest {
        [b'(', b'(', ..] => {
            word.expand = true;
            None
        }
        [b'(', ..] => None,
        [b'{', tail @ ..] => {
            let near = tail.get(..EXPANSION).unwrap_or(tail);
            let close = memchr::memchr(b'}', near);
            let body = tail.get(..close.unwrap_or(0)).unwrap_or_default();
            if body.starts_with(b"IFS") {
                word.ifs = true;
            } else if body.iter().any(|b| b"#%:/!^@,*".contains(b)) {
                word.expand = true;
            } else {
                word.var = true;
                let goes_on = tail.get(close.map_or(0, |close| close + 1));
                word.split |= word.last_is_letter() && goes_on.is_some_and(u8::is_ascii_alphabetic);
            }
            Some(at + 2 + close.map_or(0, |close| close + 1))
        }
        [b'E' | b'e', b'N' | b'n', b'V' | b'v', b':', tail @ ..] => {
            word.expand = true;
            let name = tail.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
            Some(at + 5 + name.count())
        }
        [b'I', b'F', b'S', tail @ ..] if !tail.first().is_some_and(u8::is_ascii_alphanumeric) => {
            word.ifs = true;
            // `$IFS$9`: the empty parameter only ends the name.
            let empty = matches!(tail, [b'$', b'0'..=b'9' | b'@' | b'*', ..]);
            Some(at + 4 + if empty { 2 } else { 0 })
        }
        [b'@' | b'*' | b'!' | b'0'..=b'9', next, ..]
            if word.last_is_letter() || next.is_ascii_alphabetic() =>
        {
            word.split = true;
            Some(at + 2)
        }
        [b'\'' | b'"', ..] => {
            word.expand = true;
            Some(at + 1)
        }
        [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
            word.var = true;
            let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
            Some(at + 1 + name.count())
        }
        _ => {
            word.push(b'$');
            Some(at + 1)
        }
    }
}
