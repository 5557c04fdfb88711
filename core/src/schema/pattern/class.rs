//! Character classes: escapes, ranges and Unicode properties as sets of scalar values.
//!
//! Surrogates are no scalar values, so no text in UTF-8 holds one: they are left out of every set.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// `.`: all but the four line terminators.
pub(super) fn dot() -> ClassUnicode {
    let mut class = of(&[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')]);
    class.negate();
    class
}

/// `[^]`: everything.
pub(super) fn any() -> ClassUnicode {
    of(&[('\0', char::MAX)])
}

/// `\d`.
pub(super) fn digit() -> ClassUnicode {
    of(&[('0', '9')])
}

/// `\w`.
pub(super) fn word() -> ClassUnicode {
    of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')])
}

/// `\s`: white space and line terminators of ECMA-262, the byte order mark among them.
pub(super) fn space() -> ClassUnicode {
    of(&[
        ('\t', '\r'),
        (' ', ' '),
        ('\u{A0}', '\u{A0}'),
        ('\u{1680}', '\u{1680}'),
        ('\u{2000}', '\u{200A}'),
        ('\u{2028}', '\u{2029}'),
        ('\u{202F}', '\u{202F}'),
        ('\u{205F}', '\u{205F}'),
        ('\u{3000}', '\u{3000}'),
        ('\u{FEFF}', '\u{FEFF}'),
    ])
}

/// This character alone.
pub(super) fn one(character: char) -> ClassUnicode {
    of(&[(character, character)])
}

/// The scalar values among these code points.
pub(super) fn range(from: u32, to: u32) -> ClassUnicode {
    let start = match from {
        0xD800..=0xDFFF => Some('\u{E000}'),
        _ => char::from_u32(from),
    };
    let end = match to {
        0xD800..=0xDFFF => Some('\u{D7FF}'),
        _ => char::from_u32(to),
    };
    match (start, end) {
        (Some(start), Some(end)) if start <= end => of(&[(start, end)]),
        _ => ClassUnicode::empty(),
    }
}

fn of(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(start, end)| ClassUnicodeRange::new(start, end)))
}

/// Whether `class` holds `character`.
pub(super) fn contains(class: &ClassUnicode, character: char) -> bool {
    let ranges = class.ranges();
    let at = ranges.partition_point(|range| range.end() < character);
    ranges.get(at).is_some_and(|range| range.start() <= character)
}

/// `\p{…}`: what stands in the braces, by the names of ECMA-262. `None` if there is no such property.
///
/// Names of categories and binary properties are compared exactly, as the standard wants. Those of scripts are looked up as
/// regex-syntax does it, which ignores case and underscores.
pub(super) fn property(text: &str) -> Option<ClassUnicode> {
    let query = match text.split_once('=') {
        Some(("General_Category" | "gc", value)) => category(value)?,
        Some(("Script" | "sc", value)) => format!("sc={}", name(value)?),
        Some(("Script_Extensions" | "scx", value)) => format!("scx={}", name(value)?),
        Some(_) => return None,
        None if BINARY.contains(&text) => text.to_owned(),
        None => category(text)?,
    };
    if query == SURROGATES {
        return Some(ClassUnicode::empty());
    }
    let hir = regex_syntax::Parser::new().parse(&format!(r"\p{{{query}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A set of one character.
        HirKind::Literal(literal) => {
            let text = str::from_utf8(&literal.0).ok()?;
            text.chars().next().map(one)
        }
        _ => None,
    }
}

/// A query that regex-syntax has no table for: there is nothing in it.
const SURROGATES: &str = "gc=Cs";

/// The query for a general category by one of its names.
fn category(name: &str) -> Option<String> {
    let (short, ..) =
        CATEGORIES.iter().find(|(short, long, alias)| [short, long, alias].contains(&&name))?;
    Some(format!("gc={short}"))
}

/// A name that can stand in a query.
fn name(text: &str) -> Option<&str> {
    let fits =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    fits.then_some(text)
}

/// General categories: short name, long name, another name or the short one again.
const CATEGORIES: [(&str, &str, &str); 38] = [
    ("C", "Other", "C"),
    ("Cc", "Control", "cntrl"),
    ("Cf", "Format", "Cf"),
    ("Cn", "Unassigned", "Cn"),
    ("Co", "Private_Use", "Co"),
    ("Cs", "Surrogate", "Cs"),
    ("L", "Letter", "L"),
    ("LC", "Cased_Letter", "LC"),
    ("Ll", "Lowercase_Letter", "Ll"),
    ("Lm", "Modifier_Letter", "Lm"),
    ("Lo", "Other_Letter", "Lo"),
    ("Lt", "Titlecase_Letter", "Lt"),
    ("Lu", "Uppercase_Letter", "Lu"),
    ("M", "Mark", "Combining_Mark"),
    ("Mc", "Spacing_Mark", "Mc"),
    ("Me", "Enclosing_Mark", "Me"),
    ("Mn", "Nonspacing_Mark", "Mn"),
    ("N", "Number", "N"),
    ("Nd", "Decimal_Number", "digit"),
    ("Nl", "Letter_Number", "Nl"),
    ("No", "Other_Number", "No"),
    ("P", "Punctuation", "punct"),
    ("Pc", "Connector_Punctuation", "Pc"),
    ("Pd", "Dash_Punctuation", "Pd"),
    ("Pe", "Close_Punctuation", "Pe"),
    ("Pf", "Final_Punctuation", "Pf"),
    ("Pi", "Initial_Punctuation", "Pi"),
    ("Po", "Other_Punctuation", "Po"),
    ("Ps", "Open_Punctuation", "Ps"),
    ("S", "Symbol", "S"),
    ("Sc", "Currency_Symbol", "Sc"),
    ("Sk", "Modifier_Symbol", "Sk"),
    ("Sm", "Math_Symbol", "Sm"),
    ("So", "Other_Symbol", "So"),
    ("Z", "Separator", "Z"),
    ("Zl", "Line_Separator", "Zl"),
    ("Zp", "Paragraph_Separator", "Zp"),
    ("Zs", "Space_Separator", "Zs"),
];

/// Binary properties by all their names.
#[rustfmt::skip]
const BINARY: [&str; 98] = [
    "ASCII", "ASCII_Hex_Digit", "AHex", "Alphabetic", "Alpha", "Any", "Assigned", "Bidi_Control", "Bidi_C", "Bidi_Mirrored", "Bidi_M",
    "Case_Ignorable", "CI", "Cased", "Changes_When_Casefolded", "CWCF", "Changes_When_Casemapped", "CWCM", "Changes_When_Lowercased",
    "CWL", "Changes_When_NFKC_Casefolded", "CWKCF", "Changes_When_Titlecased", "CWT", "Changes_When_Uppercased", "CWU", "Dash",
    "Default_Ignorable_Code_Point", "DI", "Deprecated", "Dep", "Diacritic", "Dia", "Emoji", "Emoji_Component", "EComp", "Emoji_Modifier",
    "EMod", "Emoji_Modifier_Base", "EBase", "Emoji_Presentation", "EPres", "Extended_Pictographic", "ExtPict", "Extender", "Ext",
    "Grapheme_Base", "Gr_Base", "Grapheme_Extend", "Gr_Ext", "Hex_Digit", "Hex", "IDS_Binary_Operator", "IDSB", "IDS_Trinary_Operator",
    "IDST", "ID_Continue", "IDC", "ID_Start", "IDS", "Ideographic", "Ideo", "Join_Control", "Join_C", "Logical_Order_Exception", "LOE",
    "Lowercase", "Lower", "Math", "Noncharacter_Code_Point", "NChar", "Pattern_Syntax", "Pat_Syn", "Pattern_White_Space", "Pat_WS",
    "Quotation_Mark", "QMark", "Radical", "Regional_Indicator", "RI", "Sentence_Terminal", "STerm", "Soft_Dotted", "SD",
    "Terminal_Punctuation", "Term", "Unified_Ideograph", "UIdeo", "Uppercase", "Upper", "Variation_Selector", "VS", "White_Space", "space",
    "XID_Continue", "XIDC", "XID_Start", "XIDS",
];
