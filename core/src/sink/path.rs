//! Whether a path stays below its base, and which value leads it out. Lexical: no disk is asked, no link is followed.

use std::ops::Range;

/// How file names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Posix,
    /// `\` separates too, a drive may stand before the path, a stream behind it, and letters have no case.
    Windows,
}

impl Style {
    /// That of a base: Windows' if it has a drive, or no other separator than backslashes.
    pub(super) fn of(base: &[u8]) -> Style {
        let has_drive = matches!(base, [letter, b':', ..] if letter.is_ascii_alphabetic());
        let is_windows = has_drive || base.contains(&b'\\') && !base.contains(&b'/');
        if is_windows { Style::Windows } else { Style::Posix }
    }

    fn separates(self, byte: u8) -> bool {
        byte == b'/' || self == Style::Windows && byte == b'\\'
    }

    fn equal(self, a: &[u8], b: &[u8]) -> bool {
        if self == Style::Windows { a.eq_ignore_ascii_case(b) } else { a == b }
    }
}

/// What is wrong with a path, and by which of its bytes.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// What led away from the base, if the path does not come back.
    left: Option<Range<usize>>,
    nul: Option<usize>,
    /// Segments that are taken back, up to the `..` that does it, and devices; in the order of their ends.
    others: Vec<(What, Range<usize>)>,
}

impl Faults {
    /// The worst that the bytes at `at` have part in. O(log faults + length of `at`).
    pub(super) fn worst(&self, at: &Range<usize>) -> Option<What> {
        let overlaps = |range: &Range<usize>| range.start < at.end && at.start < range.end;
        if self.left.as_ref().is_some_and(overlaps) {
            return Some(What::Left);
        }
        if self.nul.is_some_and(|nul| at.contains(&nul)) {
            return Some(What::Nul);
        }
        let first = self.others.partition_point(|(_, range)| range.end <= at.start);
        let others = self.others.get(first..).unwrap_or_default().iter();
        // One that ends behind `at` may begin in it; what comes after that one does not.
        let mut ended = false;
        let mut near =
            others.take_while(|(_, range)| !std::mem::replace(&mut ended, range.end > at.end));
        let found = near.find(|(what, range)| match what {
            // Its own segment it may take back.
            What::Climbed => range.start < at.start && range.end <= at.end,
            _ => overlaps(range),
        });
        found.map(|(what, _)| *what)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It leaves the base.
    Left,
    /// A `..` takes back a segment.
    Climbed,
    /// A NUL ends it before its end.
    Nul,
    /// It is a device, or another stream of a file.
    Device,
}

/// Names that are devices in every folder of Windows, whatever stands behind their dot.
const DEVICES: [&[u8]; 4] = [b"con", b"prn", b"aux", b"nul"];

/// Resolves `path`, which is relative to `base` or begins with it, and tells its faults. O(base + path).
pub(super) fn faults(style: Style, base: &[u8], path: &[u8]) -> Faults {
    let mut faults = Faults { nul: memchr::memchr(0, path), ..Faults::default() };
    let (base_root, base) = base.split_at_checked(root(style, base)).unwrap_or_default();
    let root_len = root(style, path);
    let path_root = path.get(..root_len).unwrap_or_default();
    // The segments of the base, resolved.
    let mut below: Vec<&[u8]> = Vec::new();
    for range in segments(style, base, 0) {
        match base.get(range).unwrap_or_default() {
            b"" | b"." => {}
            b".." => drop(below.pop()),
            name => below.push(name),
        }
    }
    // How many segments of the base the path stands in or below, and how many more it has.
    let (mut shared, mut more) = (below.len(), Vec::<Range<usize>>::new());
    // Above where a base begins that is relative itself nothing is known.
    let (is_relative, mut lost) = (base_root.is_empty() && root_len == 0, false);
    if root_len > 0 {
        if !roots_agree(style, base_root, path_root) {
            faults.left = Some(0..root_len);
            return faults;
        }
        shared = 0;
    }
    // The last segment or root that led away from the base, if it does not stand in it now.
    let mut left = (root_len > 0 && !below.is_empty()).then_some(0..root_len);
    for range in segments(style, path, root_len) {
        let name = path.get(range.clone()).unwrap_or_default();
        if style == Style::Windows && is_device(name) {
            faults.others.push((What::Device, range.clone()));
        }
        match name {
            b"" | b"." => continue,
            b".." => {
                if let Some(taken) = more.pop() {
                    faults.others.push((What::Climbed, taken.start..range.end));
                } else {
                    lost |= is_relative && shared == 0;
                    shared = shared.saturating_sub(1);
                }
                if (lost || shared < below.len()) && more.is_empty() {
                    left = Some(range);
                }
            }
            name if shared < below.len() && more.is_empty() && !lost => {
                if below.get(shared).is_some_and(|known| style.equal(known, name)) {
                    shared += 1;
                } else {
                    left = left.or(Some(range.clone()));
                    more.push(range);
                }
            }
            _ => more.push(range),
        }
        if shared == below.len() && !lost {
            left = None;
        }
    }
    faults.left = left;
    faults
}

/// Length of what makes a path absolute: `/`, `C:\`, `\\`.
fn root(style: Style, path: &[u8]) -> usize {
    let separators = |at: usize| {
        let rest = path.get(at..).unwrap_or_default();
        rest.iter().take_while(|&&byte| style.separates(byte)).count()
    };
    match path {
        [letter, b':', ..] if style == Style::Windows && letter.is_ascii_alphabetic() => {
            2 + separators(2)
        }
        _ => separators(0),
    }
}

/// Whether two roots are one: the same drive, or both no drive and no share.
fn roots_agree(style: Style, base: &[u8], path: &[u8]) -> bool {
    if style == Style::Posix {
        return !base.is_empty();
    }
    let drive =
        |root: &[u8]| root.first().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase);
    // `C:x` is relative to wherever that drive stands.
    let is_rooted = path.last().is_some_and(|&byte| style.separates(byte));
    match (drive(base), drive(path)) {
        (Some(base), Some(path)) => base == path && is_rooted,
        (None, None) => base.len() == path.len(),
        _ => false,
    }
}

/// The ranges between separators, empty ones too.
fn segments(style: Style, path: &[u8], from: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = from;
    let rest = path.get(from..).unwrap_or_default();
    rest.split(move |&byte| style.separates(byte)).map(move |segment| {
        let start = at;
        at += segment.len() + 1;
        start..start + segment.len()
    })
}

fn is_device(name: &[u8]) -> bool {
    let stem = name.split(|&byte| byte == b'.' || byte == b':').next().unwrap_or_default();
    let stem = stem.trim_ascii_end().to_ascii_lowercase();
    let is_port = matches!(
        stem.as_slice(),
        [b'c', b'o', b'm', b'1'..=b'9'] | [b'l', b'p', b't', b'1'..=b'9']
    );
    is_port || DEVICES.contains(&stem.as_slice()) || name.contains(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(base: &str, path: &str) -> String {
        let style = Style::of(base.as_bytes());
        let faults = faults(style, base.as_bytes(), path.as_bytes());
        let nul = faults.nul.map(|at| (What::Nul, at..at + 1));
        let left = faults.left.map(|range| (What::Left, range));
        let told = nul.into_iter().chain(faults.others).chain(left);
        let told = told.map(|(what, range)| format!("{what:?}[{}]", &path[range]));
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn paths_are_followed() {
        for (base, path, expected) in [
            ("/srv/up", "a.txt", ""),
            ("/srv/up", "a/./b//c", ""),
            ("/srv/up", "a/../b", "Climbed[a/..]"),
            ("/srv/up", "../x", "Left[..]"),
            ("/srv/up", "a/../../x", "Climbed[a/..] Left[..]"),
            ("/srv/up", "../up/x", ""),
            ("/srv/up", "/srv/up/x", ""),
            ("/srv/up", "/srv/upper/x", "Left[/]"),
            ("/srv/up", "/srv/up/../x", "Left[..]"),
            ("/srv/up", "/srv/up/a/../../x", "Climbed[a/..] Left[..]"),
            ("/srv/up", "/etc/passwd", "Left[/]"),
            ("/srv/up/", "/srv/./up/x", ""),
            ("/srv/up", "a\0.png", "Nul[\0]"),
            ("/srv/up", "a\\..\\..\\b", ""),
            ("/", "/etc/passwd", ""),
            ("up", "a", ""),
            ("up", "../../a", "Left[..]"),
            ("up", "/a", "Left[/]"),
            ("", "a/b", ""),
            ("", "/a", "Left[/]"),
            ("up", "../../up/a", "Left[..]"),
            ("C:\\up", "a\\..\\..\\b", "Climbed[a\\..] Left[..]"),
            ("C:\\up", "c:/UP/a", ""),
            ("C:\\up", "D:\\up\\a", "Left[D:\\]"),
            ("C:\\up", "C:a", "Left[C:]"),
            ("C:\\up", "\\\\host\\share", "Left[\\\\]"),
            ("C:\\up", "nul.txt", "Device[nul.txt]"),
            ("C:\\up", "a.txt::$DATA", "Device[a.txt::$DATA]"),
            ("C:\\up", "console.txt", ""),
        ] {
            assert_eq!(told(base, path), expected, "{path} below {base}");
        }
    }
}
