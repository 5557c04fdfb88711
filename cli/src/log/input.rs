//! Opening what is to be read: a file or standard input, its progress, and what compressed it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, IsTerminal, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::output::Error;

/// What is read.
pub(crate) type Source = Box<dyn Read + Send>;

/// The input, and its progress: shown if a person waits for it at a terminal that the lines do not go to.
pub(crate) fn open(path: &Path) -> Result<(Source, ProgressBar), Error> {
    let watched = io::stderr().is_terminal() && !io::stdout().is_terminal();
    let bar = |bar: ProgressBar, style: &str| {
        let style = ProgressStyle::with_template(style);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    };
    if path == Path::new("-") {
        let shown = watched && !io::stdin().is_terminal();
        let style = "{spinner} {bytes} {binary_bytes_per_sec} {elapsed}";
        let progress =
            if shown { bar(ProgressBar::no_length(), style) } else { ProgressBar::hidden() };
        let source: Source =
            if shown { Box::new(progress.wrap_read(io::stdin())) } else { Box::new(io::stdin()) };
        return Ok((source, progress));
    }
    let file = File::open(path).map_err(Error::io(path))?;
    let meta = file.metadata().map_err(Error::io(path))?;
    if meta.is_dir() {
        let message = "is a folder; expected a file of JSON Lines, one object a line, or a log";
        return Err(Error::Message(format!("{}: {message}", path.display())));
    }
    let style = "{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
    let progress =
        if watched { bar(ProgressBar::new(meta.len()), style) } else { ProgressBar::hidden() };
    let source: Source = if watched { Box::new(progress.wrap_read(file)) } else { Box::new(file) };
    Ok((source, progress))
}

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What the source holds, decompressed if it begins as gzip or zstd does. Waits for no more bytes than it takes to tell.
pub(crate) fn decoded(mut source: Source) -> io::Result<Source> {
    let mut head = Vec::new();
    while [GZIP, ZSTD].iter().any(|magic| magic.len() > head.len() && magic.starts_with(&head)) {
        let mut byte = [0];
        match source.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => head.extend_from_slice(&byte),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let kind = if head == GZIP {
        Some("gzip")
    } else if head == ZSTD {
        Some("zstd")
    } else {
        None
    };
    let whole = Cursor::new(head).chain(source);
    Ok(match kind {
        Some(name @ "gzip") => {
            Box::new(Named { name, inner: MultiGzDecoder::new(BufReader::new(whole)) })
        }
        Some(name) => Box::new(Named { name, inner: Frames::new(BufReader::new(whole)) }),
        None => Box::new(whole),
    })
}

/// A reader whose errors say what could not be read.
struct Named<R> {
    name: &'static str,
    inner: R,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.read(out).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(error.kind(), format!("broken {}: it ends too early", self.name))
            }
            kind => io::Error::new(kind, format!("broken {}: {error}", self.name)),
        })
    }
}

/// All frames of a zstd stream, block by block.
struct Frames<R> {
    source: R,
    decoder: Box<FrameDecoder>,
    /// Whether a frame has begun that has not ended.
    open: bool,
}

impl<R: BufRead> Frames<R> {
    /// The largest window that `zstd --long` makes.
    const WINDOW: u64 = 128 << 20;

    fn new(source: R) -> Frames<R> {
        let mut decoder = Box::new(FrameDecoder::new());
        decoder.set_max_window_size(Frames::<R>::WINDOW);
        Frames { source, decoder, open: false }
    }

    /// Begins the next frame; false at the end of the stream.
    fn begin(&mut self) -> io::Result<bool> {
        if self.source.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.open = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let skipped = u64::from(length);
                if io::copy(&mut self.source.by_ref().take(skipped), &mut io::sink())? < skipped {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(true)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.open {
                if !self.begin()? {
                    return Ok(0);
                }
                continue;
            }
            let read = self.decoder.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            if self.decoder.is_finished() {
                let told = self.decoder.get_checksum_from_data();
                if told.is_some() && told != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::other("its checksum is another one"));
                }
                self.open = false;
            } else {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> Result<String, String> {
        let mut text = String::new();
        let source = decoded(Box::new(Cursor::new(bytes))).unwrap();
        let done = { source }.read_to_string(&mut text);
        done.map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_member_and_frame_is_read() {
        assert_eq!(read([gzip(b"one\n"), gzip(b"two\n")].concat()).unwrap(), "one\ntwo\n");
        let zstd = |text: &[u8]| compress_to_vec(text, CompressionLevel::Fastest);
        let skipped = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        let frames = [zstd(b"one\n"), skipped.to_vec(), zstd(b"two\n")].concat();
        assert_eq!(read(frames).unwrap(), "one\ntwo\n");
        for plain in ["", "\u{1f}", "(", "plain"] {
            assert_eq!(read(plain.as_bytes().to_vec()).unwrap(), plain);
        }
    }

    #[test]
    fn broken_streams_are_named() {
        let mut cut = gzip(b"some text that goes on");
        cut.truncate(cut.len() - 6);
        assert_eq!(read(cut).unwrap_err(), "broken gzip: it ends too early");
        let mut cut = compress_to_vec(&b"some text that goes on"[..], CompressionLevel::Fastest);
        cut.truncate(cut.len() - 9);
        assert!(read(cut).unwrap_err().starts_with("broken zstd: "));
        let after = [gzip(b"one\n"), b"GET / HTTP/1.1".to_vec()].concat();
        assert!(read(after).unwrap_err().starts_with("broken gzip: "));
    }
}
