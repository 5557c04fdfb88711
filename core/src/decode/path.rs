//! Paths as a file system or a server resolves them: `.` and `..`, doubled slashes, `\` for `/`, `;parameters`.
//!
//! Lexical (RFC 3986 section 5.2.4, without the disk), for each run of path characters of the value: `cat /etc/./passwd`
//! holds a path too. A `..` that has nothing left to leave stays in a relative path: climbing out is what it is for.

use memchr::{memchr, memchr2_iter, memrchr};

use super::view::{Transform, View};

/// Bytes that end a run of path characters. `;` does too in a value with blanks: there it ends a command.
fn ends_run(byte: u8, blanks: bool) -> bool {
    match byte {
        0..=b' '
        | b'"'
        | b'\''
        | b'`'
        | b'<'
        | b'>'
        | b'|'
        | b'&'
        | b'('
        | b')'
        | b'{'
        | b'}'
        | b'['
        | b']'
        | b'='
        | b','
        | b'?'
        | b'#'
        | b'*'
        | b'$'
        | b'^' => true,
        b';' => blanks,
        _ => false,
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Resolves each path of the value. O(len).
pub(crate) fn decode(input: &[u8], out: &mut View) -> bool {
    let blanks = memchr(b' ', input).is_some();
    if !may_resolve(input, blanks) {
        return false;
    }
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let len = rest.iter().position(|&byte| ends_run(byte, blanks)).unwrap_or(rest.len());
        let (run, end) = rest.split_at_checked(len).unwrap_or((rest, b""));
        if may_resolve(run, blanks) {
            Resolver::start(run, out).resolve();
        } else {
            out.copy(run);
        }
        out.copy(end.get(..1).unwrap_or_default());
        at += len + 1;
    }
    if out.changed() {
        out.mark(Transform::Path);
    } else {
        out.truncate(0);
    }
    out.changed()
}

/// Whether a separator stands beside a dot or a separator, or behind parameters: without, nothing resolves. O(len),
/// overstates.
pub(super) fn may_resolve(input: &[u8], blanks: bool) -> bool {
    let parameters = if blanks { None } else { memchr(b';', input) };
    let parameters = parameters.unwrap_or(input.len());
    let mut separators = memchr2_iter(b'/', b'\\', input);
    separators.any(|at| {
        let before = at.checked_sub(1).and_then(|before| input.get(before));
        match input.get(at..).unwrap_or_default() {
            // Not of `https://`, nor a comment's.
            [b'/', b'/', next, ..] => before != Some(&b':') && !ends_run(*next, true),
            [_, b'.', ..] => true,
            _ => before == Some(&b'.') || at > parameters,
        }
    })
}

/// One path on its way into the view.
struct Resolver<'a> {
    run: &'a [u8],
    /// How much of the run is read.
    at: usize,
    out: &'a mut View,
    /// Input offset of the run, as [`View::source`] counts.
    from: usize,
    /// Output that `..` cannot leave: all before the first segment.
    floor: usize,
    /// Whether `..` at the root stays there.
    absolute: bool,
}

impl<'a> Resolver<'a> {
    /// Copies what stands before the first segment: scheme and host, drive, or the root.
    fn start(run: &'a [u8], out: &'a mut View) -> Resolver<'a> {
        let from = out.source_of_end();
        let mut path = Resolver { run, at: 0, out, from, floor: 0, absolute: false };
        let first = run.iter().position(|&byte| is_separator(byte)).unwrap_or(run.len());
        if first > 0 && run.get(first - 1) == Some(&b':') {
            let (slashes, host) = match path.separators(first) {
                1 => (0, 0),
                2 => (2, path.segment(first + 2)),
                _ => (2, 0),
            };
            path.copy(first + slashes + host);
            path.absolute = true;
        }
        let root = path.separators(path.at);
        path.separate(root);
        path.absolute |= root > 0;
        path.floor = path.out.bytes().len();
        path
    }

    /// Takes segment after segment. Amortised O(len): what is taken back was written once.
    fn resolve(&mut self) {
        while self.at < self.run.len() {
            let len = self.segment(self.at);
            let gap = self.separators(self.at + len);
            let segment = self.run.get(self.at..self.at + len).unwrap_or_default();
            let name = memchr(b';', segment).filter(|&name| name > 0).unwrap_or(len);
            match segment.get(..name).unwrap_or_default() {
                b"." => self.skip(len + gap),
                b".." if self.leave() || self.absolute => self.skip(len + gap),
                // The last segment keeps its parameters: what they are to it, only its owner knows.
                _ if gap > 0 && name < len => {
                    self.copy(name);
                    self.skip(len - name);
                    self.separate(gap);
                }
                _ => {
                    self.copy(len);
                    self.separate(gap);
                }
            }
        }
    }

    /// Length of the segment at `at` of the run.
    fn segment(&self, at: usize) -> usize {
        self.length(at, |byte| !is_separator(byte))
    }

    /// Number of separators at `at` of the run.
    fn separators(&self, at: usize) -> usize {
        self.length(at, is_separator)
    }

    fn length(&self, at: usize, of: impl Fn(u8) -> bool) -> usize {
        self.run.get(at..).unwrap_or_default().iter().take_while(|&&byte| of(byte)).count()
    }

    /// The next bytes stay.
    fn copy(&mut self, len: usize) {
        self.out.copy(self.run.get(self.at..self.at + len).unwrap_or_default());
        self.at += len;
    }

    /// The next bytes go, with whatever was taken back before them.
    fn skip(&mut self, len: usize) {
        self.at += len;
        self.out.replace(self.from + self.at - self.out.source_of_end(), b"");
    }

    /// The next bytes, all separators, are one `/`.
    fn separate(&mut self, len: usize) {
        match self.run.get(self.at..self.at + len) {
            None | Some([] | [b'/']) => self.copy(len),
            Some(_) => {
                self.at += len;
                self.out.replace(len, b"/");
            }
        }
    }

    /// Takes back the last segment; false if there is none to leave.
    fn leave(&mut self) -> bool {
        let kept = self.out.bytes().get(self.floor..).unwrap_or_default();
        let last = kept.strip_suffix(b"/").unwrap_or(kept);
        let start = memrchr(b'/', last).map_or(0, |slash| slash + 1);
        if kept.is_empty() || last.get(start..) == Some(b"..") {
            return false;
        }
        self.out.truncate(self.floor + start);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, suite};
    use super::*;

    #[test]
    fn cases() {
        suite("path", decode);
    }

    #[test]
    fn what_was_left_belongs_to_what_follows() {
        let view = run(b"x /a/./b/../../etc", decode);
        assert_eq!(view.bytes(), b"x /etc");
        assert_eq!(view.source(2..3), 2..3);
        assert_eq!(view.source(2..6), 2..18);
        assert_eq!(view.source(3..6), 15..18);
    }

    #[test]
    fn climbing_up_and_down_is_linear() {
        let input = b"a/b/c/d/../../../".repeat(20_000);
        assert_eq!(run(&input, decode).bytes(), b"a/".repeat(20_000));
        let input = b"../".repeat(20_000);
        assert!(!decode(&input, &mut View::default()));
    }
}
