//! Fields in the charset that their form names.
//!
//! By the `charset` of its type, by that of a part's type, or in a field `_charset_`, which browsers fill in (HTML, 4.10.21.5; RFC 7578, 4.6) and
//! which stands before or behind the fields that it speaks of. Most readers heed none of them. So the bytes as they are count, and beside them
//! what they are in that charset.

use encoding_rs::Encoding;

use crate::classes::Classes;
use crate::content::charset;
use crate::decode::view::View;
use crate::decode::{self, Coding, Transform};
use crate::inspect::{Field, Origin, Run};
use crate::parse::header::is_utf8;
use crate::verdict::Limit;

/// Charsets that the fields of one form are read in; no form names two.
const MOST: usize = 2;

/// The charsets that a form names.
#[derive(Debug, Default)]
pub(crate) struct Charsets {
    known: Vec<&'static Encoding>,
    too_many: bool,
}

impl Charsets {
    /// Starts with that of the type.
    pub(crate) fn begin(&mut self, of_type: Option<&'static Encoding>) {
        self.known.clear();
        self.known.extend(of_type);
        self.too_many = false;
    }

    /// Learns what a `_charset_` field names. Whether readers that heed it and those that do not see the same bytes of ASCII.
    pub(crate) fn learn(&mut self, name: &[u8]) -> bool {
        let name = name.trim_ascii();
        if is_utf8(name) {
            return true;
        }
        let Some(charset) = charset::of_name(name) else { return false };
        if !self.known.contains(&charset) {
            if self.known.len() < MOST {
                self.known.push(charset);
            } else {
                self.too_many = true;
            }
        }
        charset.is_single_byte()
    }

    /// The charsets to read fields in; `whole` if all fields are still at hand.
    pub(crate) fn settle(&self, run: &mut Run<'_>, whole: bool) -> &[&'static Encoding] {
        if self.too_many || !whole && !self.known.is_empty() {
            run.case.partial(run.plan, Limit::Decode);
        }
        &self.known
    }
}

/// Whether a field of this name names a charset.
pub(crate) fn is_name(name: &[u8], coding: Coding) -> bool {
    const NAME: &[u8] = b"_charset_";
    // Each byte may be written in three.
    (NAME.len()..=3 * NAME.len()).contains(&name.len())
        && decode::plain(name, coding).eq_ignore_ascii_case(NAME)
}

/// Inspects a field as it reads in a charset, if that is another text. O(len).
pub(crate) fn inspect(run: &mut Run<'_>, charset: &'static Encoding, field: &Field<'_>) {
    let bytes = decode::plain(field.raw, field.coding);
    // What the charset does not have becomes U+FFFD, as in browsers.
    let (text, _) = charset.decode_without_bom_handling(&bytes);
    let raw = text.as_bytes();
    if raw == &*bytes {
        return;
    }
    let mut view = View::default();
    view.replace(field.raw.len(), raw);
    let origin = &Origin::View { view: &view, transform: Transform::Charset, origin: field.origin };
    let coding = if field.coding == Coding::File { Coding::File } else { Coding::None };
    let &Field { place, name, trail, .. } = field;
    let (classes, clean) = (Classes::of(raw), false);
    run.field(&Field { raw, classes, coding, place, name, clean, origin, trail });
}
