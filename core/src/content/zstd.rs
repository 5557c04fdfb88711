//! `zstd` (RFC 8878; RFC 9659 for its window on the web).

use std::fmt;
use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{BUFFER, Broken, Output};

/// The window that every decoder has (RFC 9659, 3).
const WINDOW: u64 = 8 << 20;
/// The longest block (RFC 8878, 3.1.1.2.4).
const BLOCK: usize = 128 << 10;
/// Bytes before a block's content.
const BLOCK_HEAD: usize = 3;

/// Decodes block by block: only a block that is whole is handed to the decoder, and only one, so that no few bytes decode to much.
pub(super) struct Zstd {
    decoder: Box<FrameDecoder>,
    /// The frame's header or block so far.
    waiting: Vec<u8>,
    at: At,
    frames: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Frame,
    Block {
        checksum: bool,
    },
    /// A frame of no content, with so many bytes to go.
    Skipped {
        left: usize,
    },
}

impl Zstd {
    pub(super) fn new() -> Zstd {
        let mut decoder = Box::new(FrameDecoder::new());
        decoder.set_max_window_size(WINDOW);
        Zstd { decoder, waiting: Vec::new(), at: At::Frame, frames: 0 }
    }

    pub(super) fn feed(&mut self, input: &[u8], out: &mut Output) -> Result<(), Broken> {
        let mut input = input;
        loop {
            if let At::Skipped { left } = self.at {
                let skipped = left.min(input.len());
                input = input.get(skipped..).unwrap_or_default();
                self.at = At::Skipped { left: left - skipped };
                if skipped < left {
                    return Ok(());
                }
                self.at = At::Frame;
            }
            let wanted = self.wanted()?;
            let missing = wanted.saturating_sub(self.waiting.len());
            let (taken, rest) = input.split_at(missing.min(input.len()));
            self.waiting.extend_from_slice(taken);
            input = rest;
            if taken.len() < missing || wanted == 0 {
                return Ok(());
            }
            // As long as the bytes so far announce more, they are only gathered.
            if self.wanted()? == wanted {
                self.take(out)?;
                self.waiting.clear();
                if input.is_empty() {
                    return Ok(());
                }
            }
        }
    }

    /// How long the header or block that waits is, as far as its first bytes tell.
    fn wanted(&self) -> Result<usize, Broken> {
        match self.at {
            At::Skipped { .. } => Ok(0),
            At::Frame => match self.waiting[..] {
                [a, b, c, d, descriptor, ..] if is_frame(u32::from_le_bytes([a, b, c, d])) => {
                    Ok(4 + frame_header(descriptor))
                }
                [a, b, c, d, ..] if is_skippable(u32::from_le_bytes([a, b, c, d])) => Ok(8),
                [_, _, _, _, _, ..] => Err(self.not_a_frame()),
                _ => Ok(5),
            },
            At::Block { checksum } => {
                let [a, b, c, ..] = self.waiting[..] else { return Ok(BLOCK_HEAD) };
                let head = u32::from_le_bytes([a, b, c, 0]);
                let last = head & 1 != 0;
                let content = match head >> 1 & 3 {
                    // One byte, repeated.
                    1 => 1,
                    3 => return Err(Broken::Malformed),
                    _ => (head >> 3) as usize,
                };
                if content > BLOCK {
                    return Err(Broken::Malformed);
                }
                Ok(BLOCK_HEAD + content + if last && checksum { 4 } else { 0 })
            }
        }
    }

    /// Takes the header or block that is whole.
    fn take(&mut self, out: &mut Output) -> Result<(), Broken> {
        let mut whole = &self.waiting[..];
        match self.at {
            At::Skipped { .. } => {}
            At::Frame => {
                if let [a, b, c, d, l0, l1, l2, l3] = *whole
                    && is_skippable(u32::from_le_bytes([a, b, c, d]))
                {
                    let left = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
                    self.at = if left == 0 { At::Frame } else { At::Skipped { left } };
                    return Ok(());
                }
                let checksum = whole.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
                self.decoder.init(&mut whole).map_err(|_| Broken::TooDemanding)?;
                self.at = At::Block { checksum };
            }
            At::Block { .. } => {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let ended = self.decoder.decode_blocks(whole, one);
                let ended = ended.map_err(|_| Broken::Malformed)?;
                let mut buffer = [0; BUFFER];
                loop {
                    let made = self.decoder.read(&mut buffer).map_err(|_| Broken::Malformed)?;
                    if made == 0 {
                        break;
                    }
                    out.push(buffer.get(..made).unwrap_or(&buffer))?;
                }
                if ended {
                    self.end()?;
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Broken> {
        let told = self.decoder.get_checksum_from_data();
        if told.is_some() && told != self.decoder.get_calculated_checksum() {
            return Err(Broken::Malformed);
        }
        self.at = At::Frame;
        self.frames += 1;
        Ok(())
    }

    fn not_a_frame(&self) -> Broken {
        if self.frames == 0 { Broken::Malformed } else { Broken::Trailing }
    }

    pub(super) fn finish(&self) -> Result<(), Broken> {
        match (self.at, self.frames) {
            (At::Frame, 1) if self.waiting.is_empty() => Ok(()),
            // Some readers stop after the first.
            (At::Frame, 2..) if self.waiting.is_empty() => Err(Broken::Trailing),
            _ => Err(Broken::CutOff),
        }
    }
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Zstd { at, frames, .. } = self;
        f.debug_struct("Zstd").field("at", at).field("frames", frames).finish_non_exhaustive()
    }
}

fn is_frame(magic: u32) -> bool {
    magic == 0xFD2F_B528
}

fn is_skippable(magic: u32) -> bool {
    magic & 0xFFFF_FFF0 == 0x184D_2A50
}

/// Bytes of a frame's header after the magic number (RFC 8878, 3.1.1.1).
fn frame_header(descriptor: u8) -> usize {
    let single_segment = descriptor & 0b10_0000 != 0;
    let window = usize::from(!single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    1 + window + dictionary + content_size
}
