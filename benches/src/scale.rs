//! Rule files as large as collections of signatures grow: made up, the same on every machine.

use std::fmt::Write;

/// A rule file of so many literal rules and so many of expressions, as YAML.
///
/// The literals are of the kinds that signatures consist of: paths of known holes, calls, parameters, headers, marks of tools. None occurs in
/// the inputs of the benches.
///
/// ```
/// use abatis::model::rule::RuleFile;
/// let file = RuleFile::from_yaml("scale.yaml", &abatis_benches::scale::rule_file(20, 10))?;
/// assert_eq!(file.rules.len(), 30);
/// # Ok::<(), abatis::LoadError>(())
/// ```
pub fn rule_file(literals: usize, expressions: usize) -> String {
    let mut words = Words(0x9E37_79B9_7F4A_7C15);
    let mut file = String::from("about: Made up, to measure how rules scale.\nrules:\n");
    for number in 0..literals {
        let (a, b) = (words.word(), words.word());
        let literal = match number % 6 {
            0 => format!("/{a}/{b}.php?{a}{number}="),
            1 => format!("{a}_{b}{number}("),
            2 => format!("{a}{number}[{b}]="),
            3 => format!("x-{a}-{b}{number}:"),
            4 => format!("{a}/{number}.{} ({b}", number % 10),
            _ => format!("../{a}/{b}{number}"),
        };
        let matcher = format!("{{literals: ['{literal}']}}");
        rule(&mut file, "literal", number, &matcher, &literal);
    }
    for number in 0..expressions {
        let (a, b) = (words.word(), words.word());
        let (pattern, with, hit) = match number % 3 {
            0 => (
                format!(r"{a}{number}\s*\(\s*[a-z]+\s*,"),
                format!("{a}{number}"),
                format!("{a}{number}( x,"),
            ),
            1 => (
                format!(r"[?&]{a}{number}=(?:{b}|\d{{1,4}})[;|]"),
                format!("{a}{number}="),
                format!("&{a}{number}=17;"),
            ),
            _ => (
                format!(r"<{a}{number}[^>]{{0,40}}\s{b}="),
                format!("<{a}{number}"),
                format!("<{a}{number} c {b}="),
            ),
        };
        let matcher = format!("{{regex: {{pattern: '{pattern}', with: ['{with}']}}}}");
        rule(&mut file, "expression", number, &matcher, &hit);
    }
    file
}

fn rule(file: &mut String, kind: &str, number: usize, matcher: &str, hit: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        file,
        "  - {{id: {kind}.n{number}, class: rce-code, about: Made up, weight: 900, matcher: {matcher}, origin: made up, hits: ['{hit}'], passes: ['nothing of the kind']}}"
    );
}

/// Words of syllables, by a multiplicative generator.
struct Words(u64);

impl Words {
    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 32] = [
            "ad", "min", "con", "fig", "up", "load", "ex", "ec", "sys", "tem", "plu", "gin", "the",
            "me", "ca", "che", "da", "ta", "ses", "sion", "us", "er", "fi", "le", "ma", "na",
            "ger", "in", "clu", "de", "ro", "ot",
        ];
        let mut word = String::new();
        for _ in 0..2 + self.next() % 3 {
            word.push_str(SYLLABLES[(self.next() % 32) as usize]);
        }
        word
    }

    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}
