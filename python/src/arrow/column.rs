//! A column of text or bytes in an Arrow array: [`Column`], whose items are read with checks.
//!
//! Numbers are read byte by byte from the buffers, since these need not be aligned.

use super::interface::{ArrayView, SchemaView};

/// What columns can be made of, for messages.
const KNOWN: &str = "string, large_string, string_view, binary, large_binary, binary_view, or a dictionary of these";

/// Items of text or bytes.
pub(super) struct Column<'a> {
    len: usize,
    offset: usize,
    /// A bit for each item, set if it is there; all are, if left out.
    validity: Option<&'a [u8]>,
    items: Items<'a>,
}

enum Items<'a> {
    /// `width` bytes for the start of each item, and of the one after the last.
    Offsets { width: usize, offsets: &'a [u8], data: &'a [u8] },
    /// 16 bytes for each item: its length, then the item itself or where it stands.
    Views { views: &'a [u8], data: Vec<&'a [u8]> },
    /// `width` bytes for each item: its number in the dictionary.
    Dictionary { width: usize, indices: &'a [u8], values: Box<Column<'a>> },
}

impl<'a> Column<'a> {
    /// The column of an array: the array itself, or the child of that name.
    pub(super) fn find(
        schema: SchemaView<'a>,
        array: ArrayView<'a>,
        name: Option<&str>,
    ) -> Result<Column<'a>, String> {
        if schema.format() != b"+s" {
            return match name {
                None => Column::new(schema, array),
                Some(name) => {
                    Err(format!("there are no columns, so none is called {name:?}; leave it out"))
                }
            };
        }
        let names: Vec<_> =
            schema.children().map(|child| String::from_utf8_lossy(child.name())).collect();
        let at = match name {
            Some(name) => names.iter().position(|known| known == name),
            None => (names.len() == 1).then_some(0),
        };
        let found = at.and_then(|at| Some((schema.children().nth(at)?, array.child(at)?)));
        let Some((schema, child)) = found else {
            let asked = match name {
                Some(name) => format!("there is no column {name:?}"),
                None => "there are several columns: say which".to_owned(),
            };
            return Err(format!("{asked}; there are {}", names.join(", ")));
        };
        let mut column = Column::new(schema, child)?;
        column.len = array.len().min(column.len.saturating_sub(array.offset()));
        column.offset += array.offset();
        Ok(column)
    }

    fn new(schema: SchemaView<'a>, array: ArrayView<'a>) -> Result<Column<'a>, String> {
        let (len, offset) = (array.len(), array.offset());
        let end = offset + len;
        let items = match (schema.dictionary(), schema.format()) {
            (Some(values), format) => {
                let width = index_width(format).ok_or_else(|| unknown(format))?;
                let dictionary = array.dictionary().ok_or("a dictionary without values")?;
                let values = Box::new(Column::new(values, dictionary)?);
                Items::Dictionary { width, indices: needed(array, 1, end * width)?, values }
            }
            (None, b"u" | b"z") => offsets(array, 4, end)?,
            (None, b"U" | b"Z") => offsets(array, 8, end)?,
            (None, b"vu" | b"vz") => views(array, end)?,
            (None, format) => return Err(unknown(format)),
        };
        Ok(Column { len, offset, validity: array.buffer(0, end.div_ceil(8)), items })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The item of that number; `None` if it is null.
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&'a [u8]> {
        let at = at + self.offset;
        if let Some(validity) = self.validity
            && validity.get(at / 8)? >> (at % 8) & 1 == 0
        {
            return None;
        }
        match &self.items {
            Items::Offsets { width, offsets, data } => {
                let start = number(offsets, at, *width)?;
                data.get(start..number(offsets, at + 1, *width)?)
            }
            Items::Views { views, data } => {
                let view = views.get(at * 16..at * 16 + 16)?;
                let len = number(view, 0, 4)?;
                if len <= 12 {
                    return view.get(4..4 + len);
                }
                let start = number(view, 3, 4)?;
                data.get(number(view, 2, 4)?)?.get(start..start.checked_add(len)?)
            }
            Items::Dictionary { width, indices, values } => {
                values.get(number(indices, at, *width)?)
            }
        }
    }
}

/// Number `at` of little-endian ones of `width` bytes: 1, 2, 4 or 8.
#[inline]
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at * width..(at + 1) * width)?;
    // PERF: a copy of known length each; one of `width` bytes is a call, a tenth of what a clean name costs.
    let number = match width {
        1 => u8::from_le_bytes(bytes.try_into().ok()?).into(),
        2 => u16::from_le_bytes(bytes.try_into().ok()?).into(),
        4 => u32::from_le_bytes(bytes.try_into().ok()?).into(),
        _ => u64::from_le_bytes(bytes.try_into().ok()?),
    };
    usize::try_from(number).ok()
}

fn needed(array: ArrayView<'_>, at: usize, bytes: usize) -> Result<&[u8], String> {
    match array.buffer(at, bytes) {
        Some(buffer) => Ok(buffer),
        None if array.len() == 0 => Ok(&[]),
        None => Err("an array without its buffers".to_owned()),
    }
}

fn offsets(array: ArrayView<'_>, width: usize, end: usize) -> Result<Items<'_>, String> {
    let offsets = needed(array, 1, (end + 1) * width)?;
    // The last offset is the length of the data.
    let bytes = number(offsets, end, width).unwrap_or(0);
    Ok(Items::Offsets { width, offsets, data: array.buffer(2, bytes).unwrap_or_default() })
}

fn views(array: ArrayView<'_>, end: usize) -> Result<Items<'_>, String> {
    let views = needed(array, 1, end * 16)?;
    // After the views come the data, and last the lengths of these.
    let count = array.buffers().saturating_sub(3);
    let lengths = if count == 0 { &[] } else { needed(array, count + 2, count * 8)? };
    let data = |at| array.buffer(at + 2, number(lengths, at, 8).unwrap_or(0)).unwrap_or_default();
    Ok(Items::Views { views, data: (0..count).map(data).collect() })
}

/// Bytes of an index; negative ones, which would be wrong, are numbers that no dictionary has.
fn index_width(format: &[u8]) -> Option<usize> {
    match format {
        b"c" | b"C" => Some(1),
        b"s" | b"S" => Some(2),
        b"i" | b"I" => Some(4),
        b"l" | b"L" => Some(8),
        _ => None,
    }
}

fn unknown(format: &[u8]) -> String {
    let format = String::from_utf8_lossy(format);
    format!("expected a column of {KNOWN}; this one has the Arrow format `{format}`")
}
