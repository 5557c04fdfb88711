//! All cores busy, lines in order, memory flat.
//!
//! ```text
//! reader ─ blocks of lines ─► workers, a memory each ─► sink, in order
//!    ▲                                                    │
//!    └──────────────── permits, one for each block ◄──────┘
//! ```
//!
//! The permits bound what is under way: one slow block holds up the reader instead of letting finished ones pile up behind
//! it. A block ends where the reader would have to wait for more, so that a program that sends one line and waits for its
//! verdict gets it.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::input::{Source, decoded};
use super::json::Unreadable;
use super::{Format, har};
use crate::output::Error;

/// What is read at once: enough to make a queue's cost vanish, little enough to keep memory flat.
const BUFFER: usize = 128 << 10;

/// What workers do with blocks of lines.
pub(crate) trait Work: Send + Sync + 'static {
    /// What a worker keeps from block to block.
    type Memory;
    /// What a block comes to.
    type Output: Send + 'static;
    fn memory(&self) -> Self::Memory;
    fn judge(&self, memory: &mut Self::Memory, block: &Block) -> Self::Output;
}

/// What takes the outputs, in the order of their blocks.
pub(crate) trait Sink<O> {
    fn take(&mut self, output: O) -> io::Result<()>;
    /// Nothing is waiting to be taken.
    fn idle(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whole lines, and their place in the input.
#[derive(Debug)]
pub(crate) struct Block {
    number: usize,
    first_line: usize,
    text: Vec<u8>,
    /// Instead of a line: why it was not kept.
    lost: Option<Unreadable>,
}

impl Block {
    /// The lines that hold anything, without blanks around them, and their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, Result<&[u8], Unreadable>)> {
        let lost = self.lost.iter().map(|lost| (self.first_line, Err(lost.clone())));
        let mut start = 0;
        // The text ends with the end of a line, or the input does.
        let ends = memchr::memchr_iter(b'\n', &self.text).chain([self.text.len()]);
        let lines = ends.enumerate().filter_map(move |(at, end)| {
            let line = self.text.get(start..end).unwrap_or_default().trim_ascii();
            start = end + 1;
            (!line.is_empty()).then_some((self.first_line + at, Ok(line)))
        });
        lost.chain(lines)
    }

    /// A block of its own, for tests.
    #[cfg(test)]
    pub(crate) fn of(text: &[u8]) -> Block {
        Block { number: 0, first_line: 1, text: text.to_vec(), lost: None }
    }
}

/// Judges all of `source`, each line at most `longest` bytes. Errors of reading are told of `path`, those of the sink of
/// `written`.
pub(crate) fn run<W: Work>(
    (source, format): (Source, Format),
    (path, written): (&Path, &Path),
    longest: usize,
    work: W,
    jobs: usize,
    sink: &mut impl Sink<W::Output>,
) -> Result<(), Error> {
    let under_way = jobs * 4;
    let (to_workers, blocks) = bounded::<Block>(under_way);
    let (to_sink, outputs) = bounded(under_way);
    let (permits, returned) = bounded::<()>(under_way);
    // Threads of their own rather than of a scope: once writing has failed, nobody waits for a reader that waits for input.
    let reading = std::thread::spawn(move || {
        let source = decoded(source)?;
        let mut number = 0;
        // False once nobody takes blocks any more.
        let mut send = |first_line, text, lost| {
            let block = Block { number, first_line, text, lost };
            number += 1;
            permits.send(()).is_ok() && to_workers.send(block).is_ok()
        };
        match format {
            Format::Har => har::read_blocks(BufReader::new(source), longest, BUFFER, &mut send),
            Format::Jsonl | Format::Combined => read_blocks(source, longest, &mut send),
        }
    });
    let work = Arc::new(work);
    for _ in 0..jobs {
        let (work, blocks, to_sink) = (work.clone(), blocks.clone(), to_sink.clone());
        std::thread::spawn(move || run_worker(&*work, &blocks, &to_sink));
    }
    // The workers hold the other ends: the sink's queue closes when they are done.
    drop((blocks, to_sink));
    take_in_order(&outputs, &returned, sink).map_err(Error::io(written))?;
    let read = reading.join().unwrap_or_else(|_| Err(io::Error::other("the reader stopped")));
    read.map_err(Error::io(path))
}

/// What became of the block of a number; nothing if its worker panicked.
type Judged<O> = (usize, Option<O>);

fn run_worker<W: Work>(work: &W, blocks: &Receiver<Block>, to_sink: &Sender<Judged<W::Output>>) {
    let mut memory = work.memory();
    for block in blocks {
        // A block that never comes would make the sink wait for ever.
        let output = catch_unwind(AssertUnwindSafe(|| work.judge(&mut memory, &block)));
        let failed = output.is_err();
        if to_sink.send((block.number, output.ok())).is_err() || failed {
            return;
        }
    }
}

/// Takes a block: its first line, its text, what it lost. Whether more is wanted.
pub(super) type SendBlock<'s> = dyn FnMut(usize, Vec<u8>, Option<Unreadable>) -> bool + 's;

/// Cuts the source into blocks of whole lines. O(len).
fn read_blocks(mut source: impl Read, longest: usize, send: &mut SendBlock<'_>) -> io::Result<()> {
    let mut line = 1;
    // The begin of a line whose end has not come yet.
    let mut rest: Vec<u8> = Vec::new();
    // Whether the rest of a line that is too long is being passed over.
    let mut skipping = false;
    loop {
        let mut text = std::mem::take(&mut rest);
        // Where an end of line may stand.
        let mut from = text.len();
        text.resize(from + BUFFER, 0);
        let read = match source.read(text.get_mut(from..).unwrap_or_default()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            read => match read? {
                0 => {
                    text.truncate(from);
                    if !text.is_empty() {
                        send(line, text, None);
                    }
                    return Ok(());
                }
                read => read,
            },
        };
        text.truncate(from + read);
        if skipping {
            let Some(end) = memchr::memchr(b'\n', &text) else { continue };
            text.drain(..=end);
            (skipping, from) = (false, 0);
            line += 1;
        }
        match text.get(from..).and_then(|new| memchr::memrchr(b'\n', new)) {
            Some(end) => {
                rest = text.split_off(from + end + 1);
                let count = memchr::memchr_iter(b'\n', &text).count();
                if !send(line, text, None) {
                    return Ok(());
                }
                line += count;
            }
            None if text.len() <= longest => rest = text,
            None => {
                skipping = true;
                let message =
                    format!("longer than {longest} bytes, which no request within the limits is");
                if !send(line, Vec::new(), Some(Unreadable::new(None, message))) {
                    return Ok(());
                }
            }
        }
    }
}

fn take_in_order<O>(
    outputs: &Receiver<Judged<O>>,
    returned: &Receiver<()>,
    sink: &mut impl Sink<O>,
) -> io::Result<()> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, output) in outputs {
        let output =
            output.ok_or_else(|| io::Error::other("a worker stopped; please report it"))?;
        waiting.insert(number, output);
        while let Some(output) = waiting.remove(&next) {
            sink.take(output)?;
            next += 1;
            let _ = returned.try_recv();
        }
        if outputs.is_empty() {
            sink.idle()?;
        }
    }
    sink.idle()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read_ = Vec<(usize, Option<Vec<u8>>)>;

    fn read(text: &[u8], longest: usize) -> Read_ {
        let mut lines = Vec::new();
        let mut send = |first_line, text, lost| {
            let block = Block { number: 0, first_line, text, lost };
            lines.extend(
                block.lines().map(|(number, line)| (number, line.ok().map(<[u8]>::to_vec))),
            );
            true
        };
        read_blocks(text, longest, &mut send).unwrap();
        lines
    }

    #[test]
    fn lines_keep_their_numbers_however_long_they_are() {
        let long = "x".repeat(3 * BUFFER);
        let text = format!("one\n\n{long}\n  four\r\n{long}{long}\nsix\n\neight");
        let found = read(text.as_bytes(), 4 * BUFFER);
        let expected = [
            (1, Some("one")),
            (3, Some(&*long)),
            (4, Some("four")),
            (5, None),
            (6, Some("six")),
            (8, Some("eight")),
        ];
        let expected: Read_ =
            expected.map(|(at, line)| (at, line.map(|line| line.as_bytes().to_vec()))).to_vec();
        assert!(found == expected, "{:?}", found.iter().map(|(at, _)| at).collect::<Vec<_>>());
        assert_eq!(read(format!("{long}{long}").as_bytes(), BUFFER), [(1, None)]);
    }
}
