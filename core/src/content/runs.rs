//! Text in coded bytes.
//!
//! A server that removes no coding hands on the bytes as they came. They are no JSON and no words, but a stored block, a name in
//! a header, or a body that only claims to be coded may hold what a lenient reader of forms takes for fields. So runs of text are inspected,
//! too. What a coding makes of ordinary content has few, and none that mean anything.

/// Shorter runs occur in what is compressed: 12 printable bytes in a row, once in some 100 KiB.
const SHORTEST: usize = 12;

/// The runs of printable ASCII in bytes that come in chunks, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    text: Vec<u8>,
    /// Where each run begins in `text`, and in the bytes.
    starts: Vec<(usize, usize)>,
    /// Bytes seen.
    seen: usize,
}

impl Runs {
    pub(crate) fn reset(&mut self) {
        self.text.clear();
        self.starts.clear();
        self.seen = 0;
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        for &byte in chunk {
            let open = self
                .starts
                .last()
                .is_some_and(|(at, start)| self.seen - start == self.text.len() - at);
            if is_text(byte) {
                if !open {
                    self.starts.push((self.text.len(), self.seen));
                }
                self.text.push(byte);
            } else if open {
                self.end();
            }
            self.seen += 1;
        }
    }

    /// Forgets the last run if it is short.
    fn end(&mut self) {
        if let Some(&(at, _)) = self.starts.last()
            && self.text.len() - at < SHORTEST
        {
            self.text.truncate(at);
            self.starts.pop();
        }
    }

    /// Bytes that are kept.
    pub(crate) fn pending(&self) -> usize {
        self.text.len()
    }

    /// The runs, each with the offset of its first byte, once the last byte is in.
    pub(crate) fn each(&mut self, mut each: impl FnMut(&[u8], usize)) {
        self.end();
        let ends = self.starts.iter().skip(1).map(|&(at, _)| at).chain([self.text.len()]);
        for (&(at, start), end) in self.starts.iter().zip(ends) {
            each(self.text.get(at..end).unwrap_or_default(), start);
        }
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}
