//! Host names beyond ASCII: IDNA 2008, RFC 5890 to 5893.
//!
//! `idna` knows UTS #46, which takes whatever browsers take: it maps capitals and full-width letters, and lets symbols and emoji through. A
//! schema asks for the name itself, so its labels are held against RFC 5892 here as well: each character by the property that section 3 derives
//! from Unicode's, and the rules for those that depend on their neighbours. NFC, Punycode, joiners (appendices A.1 and A.2), hyphens, the
//! direction of letters (RFC 5893) and lengths are left to `idna`.

use icu_properties::props::{
    BinaryProperty, ChangesWhenNfkcCasefolded, DefaultIgnorableCodePoint, GeneralCategory,
    HangulSyllableType, NoncharacterCodePoint, Script, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::name;

/// Labels and dots in the expressions of names and mailboxes: all blocks but those of punctuation, symbols and other forms of ASCII, so that
/// letters which Unicode adds are held too.
macro_rules! labels {
    () => {
        concat!(
            r"[0-9A-Za-z.\x{B7}\x{DF}-\x{1FFF}\x{200C}\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FFF}\x{3002}-\x{D7FF}",
            r"\x{F900}-\x{FDFF}\x{FE20}-\x{FE2F}\x{FE70}-\x{FEFE}\x{FF0E}\x{FF61}\x{10000}-\x{10FFFF}-]+"
        )
    };
}
pub(super) use labels;

/// What names look like.
pub(super) const INTERNATIONAL_HOSTNAME: &str = concat!("^", labels!(), "$");

/// What stands between labels: the full stop, and the three that RFC 3490 section 3.1 takes for one.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{FF0E}', '\u{FF61}'];

/// A host name of RFC 1123 whose labels of the form `??--` are A-labels (RFC 5890 section 2.3.2.1). All others of this form are reserved.
pub(super) fn is_hostname(text: &str) -> bool {
    // Most names have no two hyphens in a row, so that their labels need not be told apart.
    let has_hyphens = text.as_bytes().windows(2).any(|pair| pair == b"--");
    name::is_hostname(text)
        && !(has_hyphens
            && text.split('.').any(|label| label.get(2..4) == Some("--"))
            && !is_idn(text))
}

/// `idn-hostname`, RFC 5890 section 2.3.2.3: labels in ASCII, A-labels and U-labels. U-labels are as they will be looked up (section
/// 2.3.2.1): normalized, without capitals. No label, written out, is longer in characters than as A-label, so what has too many is refused
/// before it is looked at.
pub(super) fn is_international_hostname(text: &str) -> bool {
    if text.is_ascii() {
        is_hostname(text)
    } else {
        text.chars().nth(name::LONGEST).is_none() && is_idn(text)
    }
}

/// A name of at most [`name::LONGEST`] characters.
fn is_idn(text: &str) -> bool {
    let uts46 = Uts46::new();
    let Ok(ascii) =
        uts46.to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Verify)
    else {
        return false;
    };
    let (unicode, Ok(())) = uts46.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::Check)
    else {
        return false;
    };
    // What is written out is equal to what came out of its A-label, so nothing was mapped.
    text.split(DOTS)
        .zip(unicode.split('.'))
        .all(|(given, label)| (given.is_ascii() || given == label) && is_u_label(label))
}

/// Whether each character of `label` may stand where it stands: RFC 5892.
fn is_u_label(label: &str) -> bool {
    let mut before = None;
    let mut characters = label.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        let has = |wanted: fn(char) -> bool| label.chars().any(wanted);
        let may_stand = match character {
            // Appendix A.3, MIDDLE DOT: in Catalan.
            '\u{B7}' => before == Some('l') && after == Some('l'),
            // Appendix A.4, GREEK LOWER NUMERAL SIGN.
            '\u{375}' => after.map(script) == Some(Script::Greek),
            // Appendices A.5 and A.6, HEBREW PUNCTUATION GERESH and GERSHAYIM.
            '\u{5F3}' | '\u{5F4}' => before.map(script) == Some(Script::Hebrew),
            // Appendix A.7, KATAKANA MIDDLE DOT.
            '\u{30FB}' => has(|other| {
                matches!(script(other), Script::Hiragana | Script::Katakana | Script::Han)
            }),
            // Appendices A.8 and A.9, the two kinds of ARABIC-INDIC DIGITS.
            '\u{660}'..='\u{669}' => !has(|other| matches!(other, '\u{6F0}'..='\u{6F9}')),
            '\u{6F0}'..='\u{6F9}' => !has(|other| matches!(other, '\u{660}'..='\u{669}')),
            // Appendices A.1 and A.2, the joiners.
            '\u{200C}' | '\u{200D}' => true,
            _ => is_protocol_valid(character),
        };
        if !may_stand {
            return false;
        }
        before = Some(character);
    }
    true
}

/// `PVALID` of RFC 5892 section 3.
fn is_protocol_valid(character: char) -> bool {
    match character {
        // Section 2.5.
        '\0'..='\x7F' => matches!(character, '0'..='9' | 'a'..='z' | '-'),
        // Section 2.6, exceptions.
        '\u{DF}' | '\u{3C2}' | '\u{6FD}' | '\u{6FE}' | '\u{F0B}' | '\u{3007}' => true,
        // Exceptions that are disallowed, and section 2.4: blocks of marks for symbols and of musical notation.
        '\u{640}'
        | '\u{7FA}'
        | '\u{302E}'
        | '\u{302F}'
        | '\u{3031}'..='\u{3035}'
        | '\u{303B}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{1_D100}'..='\u{1_D24F}' => false,
        _ => {
            is_letter_or_digit(character)
                && !is_unstable(character)
                && !is_ignorable(character)
                && !is_old_jamo(character)
        }
    }
}

/// Section 2.1.
fn is_letter_or_digit(character: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::LowercaseLetter
            | GeneralCategory::UppercaseLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::DecimalNumber
            | GeneralCategory::ModifierLetter
            | GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
    )
}

/// Section 2.2.
fn is_unstable(character: char) -> bool {
    is::<ChangesWhenNfkcCasefolded>(character)
}

/// Section 2.3.
fn is_ignorable(character: char) -> bool {
    is::<DefaultIgnorableCodePoint>(character)
        || is::<WhiteSpace>(character)
        || is::<NoncharacterCodePoint>(character)
}

/// Section 2.9.
fn is_old_jamo(character: char) -> bool {
    use HangulSyllableType as Type;
    matches!(
        CodePointMapData::<Type>::new().get(character),
        Type::LeadingJamo | Type::VowelJamo | Type::TrailingJamo
    )
}

fn is<P: BinaryProperty>(character: char) -> bool {
    CodePointSetData::new::<P>().contains(character)
}

fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
}
