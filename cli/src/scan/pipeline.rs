//! All cores busy, lines in order, memory flat.
//!
//! ```text
//! reader ─ batches of lines ─► workers, one scratch each ─► writer, in order
//!    ▲                                                         │
//!    └──────────────── permits, one for each batch ◄───────────┘
//! ```
//!
//! The permits bound what is under way: one slow batch holds up the reader instead of letting finished ones pile up behind
//! it. A batch ends where the reader would have to wait for more, so that a program that sends one line and waits for its
//! verdict gets it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use abatis::Scratch;
use crossbeam_channel::{Receiver, Sender, bounded};
use indicatif::ProgressBar;

use super::line::Unreadable;
use super::{Output, Worker};
use crate::output::Error;

/// Lines that travel together: enough to make a queue's cost vanish, few enough to keep memory flat.
const BATCH: usize = 256;
/// What is read at once. Also bounds the bytes of a batch, but for its last line.
const BUFFER: usize = 64 << 10;

/// Lines in a row, and their place in the input.
pub(super) struct Batch {
    number: usize,
    pub(super) first_line: usize,
    /// Lines with their ends; of those too long to keep, why they cannot be read.
    pub(super) lines: Vec<Result<Vec<u8>, Unreadable>>,
}

/// What became of the batch of a number; nothing if its worker panicked.
type Judged = (usize, Option<Output>);

/// Judges all of `input`, each line at most `longest` bytes.
pub(super) fn run(
    input: Box<dyn Read + Send>,
    path: &Path,
    longest: usize,
    worker: Worker,
    jobs: usize,
    progress: &ProgressBar,
) -> Result<Output, Error> {
    let under_way = jobs * 4;
    let (to_workers, batches) = bounded::<Batch>(under_way);
    let (to_writer, outputs) = bounded::<Judged>(under_way);
    let (permits, returned) = bounded::<()>(under_way);
    // Threads of their own rather than of a scope: once writing has failed, nobody waits for a reader that waits for input.
    let reading = std::thread::spawn(move || {
        let reader = BufReader::with_capacity(BUFFER, input);
        read_batches(reader, longest, &permits, &to_workers)
    });
    let worker = Arc::new(worker);
    for _ in 0..jobs {
        let (worker, batches, to_writer) = (worker.clone(), batches.clone(), to_writer.clone());
        std::thread::spawn(move || work(&worker, &batches, &to_writer));
    }
    // The workers hold the other ends: the writer's queue closes when they are done.
    drop((batches, to_writer));
    let written = write_in_order(&outputs, &returned, progress);
    let written = written.map_err(Error::io("standard output"))?;
    let read = reading.join().unwrap_or_else(|_| Err(io::Error::other("the reader stopped")));
    read.map_err(Error::io(path))?;
    Ok(written)
}

fn work(worker: &Worker, batches: &Receiver<Batch>, to_writer: &Sender<Judged>) {
    let mut scratch = Scratch::new();
    for batch in batches {
        // A batch that never comes would make the writer wait for ever.
        let output = catch_unwind(AssertUnwindSafe(|| worker.batch(&mut scratch, &batch)));
        let failed = output.is_err();
        if to_writer.send((batch.number, output.ok())).is_err() || failed {
            return;
        }
    }
}

fn read_batches(
    mut reader: BufReader<Box<dyn Read + Send>>,
    longest: usize,
    permits: &Sender<()>,
    to_workers: &Sender<Batch>,
) -> io::Result<()> {
    let mut first_line = 1;
    for number in 0.. {
        let mut lines = Vec::new();
        let mut ended = false;
        while lines.len() < BATCH && !ended {
            match read_line(&mut reader, longest)? {
                Some(line) => lines.push(line),
                None => ended = true,
            }
            if !reader.buffer().contains(&b'\n') {
                break;
            }
        }
        let count = lines.len();
        let batch = Batch { number, first_line, lines };
        if count > 0 && (permits.send(()).is_err() || to_workers.send(batch).is_err()) {
            return Ok(());
        }
        first_line += count;
        if ended {
            return Ok(());
        }
    }
    Ok(())
}

/// The next line; of one that is longer than `longest` only that it is.
fn read_line(
    reader: &mut impl BufRead,
    longest: usize,
) -> io::Result<Option<Result<Vec<u8>, Unreadable>>> {
    let mut line = Vec::new();
    let most = longest as u64 + 1;
    if reader.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() <= longest || line.ends_with(b"\n") {
        return Ok(Some(Ok(line)));
    }
    reader.skip_until(b'\n')?;
    let message = format!("longer than {longest} bytes, which no request within the limits is");
    Ok(Some(Err(Unreadable::new(None, message))))
}

fn write_in_order(
    outputs: &Receiver<Judged>,
    returned: &Receiver<()>,
    progress: &ProgressBar,
) -> io::Result<Output> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    let mut all = Output::default();
    for (number, output) in outputs {
        let output =
            output.ok_or_else(|| io::Error::other("a worker stopped; please report it"))?;
        waiting.insert(number, output);
        while let Some(mut output) = waiting.remove(&next) {
            out.write_all(&output.text)?;
            all.strongest = all.strongest.max(output.strongest);
            all.unreadable += output.unreadable;
            all.timing.append(&mut output.timing);
            next += 1;
            let _ = returned.try_recv();
        }
        if outputs.is_empty() {
            out.flush()?;
        }
        progress.tick();
    }
    out.flush()?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_skipped_and_the_next_one_is_read() {
        let mut text = &b"12345\n1234567\n12\n1234567"[..];
        let mut read = || read_line(&mut text, 6).unwrap().map(Result::ok);
        assert_eq!(read(), Some(Some(b"12345\n".to_vec())));
        assert_eq!(read(), Some(None));
        assert_eq!(read(), Some(Some(b"12\n".to_vec())));
        assert_eq!(read(), Some(None));
        assert_eq!(read(), None);
    }
}
