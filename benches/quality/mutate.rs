//! The same attack written otherwise: what those who evade filters do, one mutator for each way.
//!
//! A mutator is applied only where what it makes still does what the class does: blanks are not changed behind a comment sign, prose
//! follows an SQL injection only if a comment swallows it. Where it does not apply it says nothing. What it chooses depends on
//! the value alone, so two runs are the same.

mod coding;

/// A way to write a value otherwise.
pub(crate) struct Mutator {
    pub(crate) name: &'static str,
    /// What it does, for the reader of a report.
    pub(crate) what: &'static str,
    way: Way,
}

/// What is changed, and by what. The functions get the class, the value, and choices to make.
enum Way {
    /// The code itself.
    Code(fn(&str, &str, &mut Choice) -> Option<String>),
    /// How it is sent.
    Coding(fn(&str, &mut Choice) -> String),
    /// How it is sent, and that is no text any more.
    Bytes(fn(&str) -> Vec<u8>),
}
use Way::{Bytes, Code, Coding};

impl Mutator {
    /// The value written otherwise; nothing if this does not apply to it or changes nothing.
    pub(crate) fn apply(&self, class: &str, text: &str) -> Option<Vec<u8>> {
        let mut choice = Choice::of(text);
        let mutated = match self.way {
            Code(write) => write(class, text, &mut choice)?.into_bytes(),
            Coding(write) => write(text, &mut choice).into_bytes(),
            Bytes(write) => write(text),
        };
        (mutated != text.as_bytes()).then_some(mutated)
    }

    /// Whether it changes the code itself and not how it is sent.
    pub(crate) fn rewrites(&self) -> bool {
        matches!(self.way, Code(_))
    }
}

const fn mutator(name: &'static str, what: &'static str, way: Way) -> Mutator {
    Mutator { name, what, way }
}

/// All mutators, in the order of reports.
pub(crate) const ALL: [Mutator; 16] = [
    mutator("case", "sElEcT, oNLoaD", Code(case)),
    mutator("blanks", "tabs, line ends, ${IFS}", Code(blanks)),
    mutator("comments", "/**/ for blanks", Code(comments)),
    mutator("operators", "|| for or, LIKE for =", Code(operators)),
    mutator("concatenation", "'a'||'bc', c''at", Code(concatenation)),
    mutator("quoting", "\"cat\", from`users`", Code(quoting)),
    mutator("prose before", "a sentence in front", Code(prose_before)),
    mutator("prose after", "a sentence behind", Code(prose_after)),
    mutator("URL", "every byte as %XX", Coding(coding::url)),
    mutator("URL twice", "signs as %25XX", Coding(coding::url_twice)),
    mutator("\\u", "signs as \\u0027", Coding(coding::unicode_escape)),
    mutator("full-width", "signs from U+FF00 on", Coding(coding::full_width)),
    mutator("overlong", "UTF-8 in too many bytes", Bytes(coding::overlong)),
    mutator("entity", "signs as &#39;", Coding(coding::entity)),
    mutator("base64", "all in base64", Coding(coding::base64)),
    mutator("JSON", "nested in an object", Coding(coding::json)),
];

/// Choices that look random and depend on the value alone (xorshift, seeded by FNV-1a).
pub(crate) struct Choice(u64);

impl Choice {
    fn of(text: &str) -> Choice {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Choice(hash | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end.max(1)
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}

/// Words that engines know by heart.
const KEYWORDS: [&str; 34] = [
    "select",
    "union",
    "from",
    "where",
    "and",
    "or",
    "like",
    "order",
    "by",
    "all",
    "having",
    "group",
    "insert",
    "update",
    "delete",
    "drop",
    "sleep",
    "benchmark",
    "null",
    "concat",
    "script",
    "svg",
    "img",
    "onerror",
    "onload",
    "iframe",
    "body",
    "input",
    "onclick",
    "onfocus",
    "waitfor",
    "declare",
    "exec",
    "into",
];
const COMMANDS: [&str; 14] = [
    "cat", "id", "whoami", "uname", "ping", "curl", "wget", "ls", "sleep", "nc", "bash", "echo",
    "nslookup", "ifconfig",
];
const BEFORE: &str = "Dear team, I would like to know more about the nice product. Thanks a lot, ";
const AFTER: &str = " and I really like this nice blog post about cooking, see you on Monday";

/// Copies the text with each word (letters, digits, underscores) as `write` says, and all between words as it is.
/// `write` gets what was before the word, the word, and what comes after it.
fn words(text: &str, mut write: impl FnMut(&str, &str, &str) -> Option<String>) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word);
        match write(&text[..at], word, after) {
            Some(other) if !word.is_empty() => out.push_str(&other),
            _ => out.push_str(word),
        }
        let gap = after.find(is_word).unwrap_or(after.len());
        out.push_str(&after[..gap]);
        at += word.len() + gap;
    }
    out
}

/// Code and what stands behind the first comment sign of SQL, sign included.
fn before_comment(text: &str) -> (&str, &str) {
    let end = ["--", "#"].iter().filter_map(|sign| text.find(sign)).min().unwrap_or(text.len());
    text.split_at(end)
}

/// Whether it is for a Unix shell, as far as one sees.
fn unix(text: &str) -> bool {
    !text.contains(['\\', '%'])
        && !["dir", "type", "net ", "cmd", "powershell", "reg "]
            .iter()
            .any(|word| text.contains(word))
}

fn case(class: &str, text: &str, choice: &mut Choice) -> Option<String> {
    matches!(class, "sqli" | "xss").then(|| {
        words(text, |_, word, _| {
            let known = KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword));
            known.then(|| {
                let swap = |c: char| match choice.below(2) {
                    0 => c.to_ascii_uppercase(),
                    _ => c.to_ascii_lowercase(),
                };
                word.chars().map(swap).collect()
            })
        })
    })
}

fn blanks(class: &str, text: &str, choice: &mut Choice) -> Option<String> {
    match class {
        "sqli" => {
            let (code, comment) = before_comment(text);
            Some(spaced(code, choice, &["\t", "\n", "\r\n", "\x0c", "  ", " \n"]) + comment)
        }
        "xss" => Some(blanks_in_tags(text, choice)),
        "cmdi" if unix(text) && !text.contains(['\'', '"']) => {
            Some(between_arguments(text, choice))
        }
        _ => None,
    }
}

/// Blanks of tags, outside of quotes; a slash only where a tag's name ends, for in a value without quotes it would be a part of it.
fn blanks_in_tags(text: &str, choice: &mut Choice) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut tag, mut name, mut quote) = (false, false, None);
    for c in text.chars() {
        match (c, quote) {
            (' ', None) if tag => {
                out.push_str(choice.one(if name {
                    &["\t", "\n", "/", "\x0c"]
                } else {
                    &["\t", "\n", "\x0c"]
                }));
                name = false;
                continue;
            }
            ('<', None) => (tag, name) = (true, true),
            ('>', None) => tag = false,
            ('"' | '\'' | '`', None) if tag => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Blanks between the words of a command; not those beside operators and keywords, which an expansion does not make.
fn between_arguments(text: &str, choice: &mut Choice) -> String {
    if ["if", "then", "do", "for", "while"].iter().any(|word| text.split(' ').any(|w| w == *word)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        if c == ' '
            && before.is_ascii_alphanumeric()
            && (next.is_ascii_alphanumeric() || "-/.~".contains(next))
        {
            out.push_str(choice.one(&["${IFS}", "\t", "$IFS$9"]));
        } else {
            out.push(c);
        }
        before = c;
    }
    out
}

fn spaced(text: &str, choice: &mut Choice, with: &[&str]) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for (number, part) in text.split(' ').enumerate() {
        if number > 0 {
            out.push_str(choice.one(with));
        }
        out.push_str(part);
    }
    out
}

fn comments(class: &str, text: &str, choice: &mut Choice) -> Option<String> {
    (class == "sqli").then(|| {
        let (code, comment) = before_comment(text);
        spaced(code, choice, &["/**/", "/*x*/", "/**//**/", " /*foo bar*/ "]) + comment
    })
}

fn operators(class: &str, text: &str, choice: &mut Choice) -> Option<String> {
    if class != "sqli" || text.to_ascii_lowercase().contains("between") {
        return None;
    }
    let logic = words(text, |_, word, _| {
        let other = match () {
            () if word.eq_ignore_ascii_case("or") => ["||", "or not not"],
            () if word.eq_ignore_ascii_case("and") => ["&&", "AND NOT NOT"],
            () => return None,
        };
        Some(choice.one(&other).to_owned())
    });
    Some(comparisons(&logic, choice))
}

/// A number compared with itself, said otherwise.
fn comparisons(text: &str, choice: &mut Choice) -> String {
    let mut skip = 0;
    let mut out = String::with_capacity(text.len() * 2);
    let is_digit = |c: char| c.is_ascii_digit();
    for (at, c) in text.char_indices() {
        if at < skip {
            continue;
        }
        let rest = &text[at..];
        let number = &rest[..rest.find(|c| !is_digit(c)).unwrap_or(rest.len())];
        let same = rest
            .strip_prefix(number)
            .and_then(|rest| rest.strip_prefix('='))
            .and_then(|rest| rest.strip_prefix(number));
        let starts =
            !out.ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '\'' || c == '"');
        let ends =
            same.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '.'));
        if !number.is_empty() && number.len() <= 4 && starts && ends {
            let said = [
                format!("{number} LIKE {number}"),
                format!("0x{number}=0x{number}"),
                format!("{number}<>{number}+1"),
                format!("{number} BETWEEN 0 AND {number}"),
                format!("{number} IN({number})"),
            ];
            out.push_str(choice.one(&said.each_ref().map(String::as_str)));
            skip = at + 2 * number.len() + 1;
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether the word is a command that nothing quotes yet.
fn command(before: &str, word: &str, after: &str) -> bool {
    COMMANDS.contains(&word)
        && !before.ends_with(['\'', '"', '\\', '-', '/', '.', '='])
        && !after.starts_with(['\'', '"', '.', '='])
}

fn concatenation(class: &str, text: &str, _: &mut Choice) -> Option<String> {
    let cut = |word: &str, with: [&str; 3]| {
        let (head, tail) =
            word.split_at_checked(word.len().min(2) - usize::from(word.len() < 3))?;
        Some(format!("{}{head}{}{tail}{}", with[0], with[1], with[2]))
    };
    let quoted = |before: &str, word: &str, after: &str| {
        before.ends_with('\'') && after.starts_with('\'') && word.len() > 2 && word.is_ascii()
    };
    match class {
        "sqli" => Some(words(text, |before, word, after| {
            quoted(before, word, after).then(|| cut(word, ["", "'||'", ""]))?
        })),
        "xss" => Some(words(text, |before, word, after| {
            let call = matches!(word, "alert" | "confirm" | "prompt") && after.starts_with('(');
            (call && !before.ends_with('.')).then(|| cut(word, ["top['", "'+'", "']"]))?
        })),
        "cmdi" if unix(text) => Some(words(text, |before, word, after| {
            command(before, word, after).then(|| cut(word, ["", "''", ""]))?
        })),
        _ => None,
    }
}

fn quoting(class: &str, text: &str, choice: &mut Choice) -> Option<String> {
    match class {
        "cmdi" if unix(text) => Some(words(text, |before, word, after| {
            let quotes = ["\"", "\\", "'"];
            command(before, word, after).then(|| match choice.one(&quotes) {
                "\\" => format!("\\{word}"),
                quote => format!("{quote}{word}{quote}"),
            })
        })),
        "sqli" => Some(words(text, |before, word, after| {
            let lower = before.to_ascii_lowercase();
            let table = lower.ends_with("from ") && !after.starts_with('(');
            (table && word.is_ascii()).then(|| match choice.one(&["`", "["]) {
                "[" => format!("[{word}]"),
                quote => format!("{quote}{word}{quote}"),
            })
        })),
        _ => None,
    }
}

fn prose_before(class: &str, text: &str, _: &mut Choice) -> Option<String> {
    let stays = match class {
        "sqli" => text.starts_with(['\'', '"']),
        "xss" => text.starts_with('<'),
        "cmdi" => text.starts_with([';', '|', '&', '`', '$', '\n']),
        "ssti" | "log4j" => true,
        _ => false,
    };
    stays.then(|| format!("{BEFORE}{text}"))
}

fn prose_after(class: &str, text: &str, _: &mut Choice) -> Option<String> {
    match class {
        "sqli" if before_comment(text).1.is_empty() => {
            let number =
                text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['\'', '"']);
            number.then(|| format!("{text} -- {AFTER}"))
        }
        "xss" => (text.starts_with('<') && text.ends_with('>')).then(|| format!("{text}{AFTER}")),
        "cmdi" => unix(text).then(|| format!("{text} #{AFTER}")),
        "sqli" | "ssti" | "log4j" => Some(format!("{text}{AFTER}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutated(name: &str, class: &str, text: &str) -> Option<String> {
        let mutator = ALL.iter().find(|mutator| mutator.name == name).expect(name);
        mutator.apply(class, text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn each_writes_what_it_says() {
        for (name, class, text, expected) in [
            ("concatenation", "sqli", "' or 'admin'='admin", "' or 'ad'||'min'='admin"),
            ("concatenation", "xss", "<svg onload=alert(1)>", "<svg onload=top['al'+'ert'](1)>"),
            ("concatenation", "cmdi", ";cat x;id", ";ca''t x;i''d"),
            (
                "prose after",
                "sqli",
                "' or 1=1-- ",
                "' or 1=1--  and I really like this nice blog post about cooking, see you on Monday",
            ),
            ("URL", "lfi", "../é", "%2E%2E%2F%C3%A9"),
            ("URL twice", "lfi", "../a", "%252E%252E%252Fa"),
            ("\\u", "sqli", "a' b", "a\\u0027\\u0020b"),
            ("full-width", "xss", "<a b>", "\u{ff1c}a b\u{ff1e}"),
            ("base64", "sqli", "' or 1=1", "JyBvciAxPTE="),
            ("JSON", "sqli", "a\"b", r#"{"filter":{"items":[1,"a\"b"]},"page":2}"#),
        ] {
            assert_eq!(mutated(name, class, text).as_deref(), Some(expected), "{name} {class}");
        }
        let overlong = ALL[12].apply("xss", "<'/");
        assert_eq!(overlong.as_deref(), Some(&b"\xc0\xbc\xc0\xa7\xc0\xaf"[..]));
    }

    #[test]
    fn what_is_chosen_says_the_same() {
        let text = "1' UNION select name from users where 1=1 and 'a'='a' -- x y";
        let squeezed = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let case = mutated("case", "sqli", text).expect("has keywords");
        assert!(case != text && case.eq_ignore_ascii_case(text), "{case}");
        let blanks = mutated("blanks", "sqli", text).expect("has blanks");
        assert_eq!(squeezed(&blanks), squeezed(text));
        assert!(blanks.ends_with("-- x y"), "a line end would end the comment: {blanks}");
        let mut without = mutated("comments", "sqli", text).expect("has blanks");
        for comment in [" /*foo bar*/ ", "/**//**/", "/**/", "/*x*/"] {
            without = without.replace(comment, " ");
        }
        assert_eq!(without, text);
        let operators = mutated("operators", "sqli", text).expect("has operators");
        assert!(!operators.contains("1=1 and") && operators.contains("'a'='a'"), "{operators}");
        let quoted = mutated("quoting", "sqli", text).expect("has a table");
        assert!(quoted.contains("from `users` ") || quoted.contains("from [users] "), "{quoted}");
        let entities = mutated("entity", "sqli", "a'b").expect("has a sign");
        assert!(["a&#x27;b", "a&#39;b"].contains(&&*entities), "{entities}");
        let shell = mutated("blanks", "cmdi", "; cat /etc/hosts").expect("has an argument");
        assert!(
            shell.starts_with("; cat") && shell.ends_with("/etc/hosts") && !shell.contains("cat /"),
            "{shell}"
        );
        let tag = mutated("blanks", "xss", "a b <img alt=\"c d\" src=x>").expect("has a tag");
        assert!(tag.starts_with("a b <img") && tag.contains("\"c d\""), "{tag}");
    }

    #[test]
    fn what_would_lose_its_meaning_is_left_alone() {
        for (name, class, text) in [
            ("case", "cmdi", "; cat x and y"),
            ("comments", "xss", "<a b>"),
            ("operators", "sqli", "1 between 0 and 5"),
            ("operators", "sqli", "11=1"),
            ("blanks", "cmdi", "& dir c:\\"),
            ("blanks", "cmdi", "; if true; then id; fi"),
            ("concatenation", "cmdi", "/bin/cat"),
            ("prose before", "lfi", "../../etc/passwd"),
            ("prose before", "sqli", "1 or 1=1"),
            ("prose after", "sqli", "' or '1'='1"),
            ("prose after", "xss", "javascript:alert(1)"),
            ("full-width", "cmdi", "a b"),
        ] {
            assert_eq!(mutated(name, class, text), None, "{name} {class} {text}");
        }
    }

    #[test]
    fn choices_are_the_same_each_time() {
        let text = "' or 1=1 union select a from b";
        for mutator in &ALL {
            assert_eq!(
                mutator.apply("sqli", text),
                mutator.apply("sqli", text),
                "{}",
                mutator.name
            );
        }
    }
}
