//! `gzip` (RFC 1952) and `deflate` (RFC 1950; some clients send RFC 1951).

use std::fmt;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{BUFFER, Broken, Output};

/// The bytes of RFC 1951.
#[derive(Debug)]
struct Inflate {
    state: Decompress,
    ended: bool,
}

impl Inflate {
    fn new(zlib: bool) -> Inflate {
        Inflate { state: Decompress::new(zlib), ended: false }
    }

    /// Decodes up to the end of the stream; the bytes taken. `each` sees what comes out.
    fn feed(
        &mut self,
        input: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<usize, Broken> {
        let mut buffer = [0; BUFFER];
        let mut taken = 0;
        while !self.ended {
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let rest = input.get(taken..).unwrap_or_default();
            let status = self.state.decompress(rest, &mut buffer, FlushDecompress::None);
            let read = (self.state.total_in() - before_in) as usize;
            let made = (self.state.total_out() - before_out) as usize;
            taken += read;
            each(buffer.get(..made).unwrap_or(&buffer))?;
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if read == 0 && made == 0 => break,
                Ok(_) => {}
                Err(_) => return Err(Broken::Malformed),
            }
        }
        Ok(taken)
    }
}

/// The coding `deflate`: with the frame of zlib, as it should be, or without, as some send it.
#[derive(Debug)]
pub(super) struct Deflate {
    /// The first byte, until the second says which of the two it is.
    first: Option<u8>,
    inflate: Option<Box<Inflate>>,
}

impl Deflate {
    pub(super) fn new() -> Deflate {
        Deflate { first: None, inflate: None }
    }

    pub(super) fn feed(&mut self, input: &[u8], out: &mut Output) -> Result<(), Broken> {
        let mut input = input;
        while self.inflate.is_none() {
            let [byte, rest @ ..] = input else { return Ok(()) };
            input = rest;
            let Some(first) = self.first else {
                self.first = Some(*byte);
                continue;
            };
            let mut inflate = Inflate::new(is_zlib(first, *byte));
            inflate.feed(&[first, *byte], |bytes| out.push(bytes))?;
            self.inflate = Some(Box::new(inflate));
        }
        let Some(inflate) = &mut self.inflate else { return Ok(()) };
        let taken = inflate.feed(input, |bytes| out.push(bytes))?;
        if taken < input.len() { Err(Broken::Trailing) } else { Ok(()) }
    }

    pub(super) fn finish(&self) -> Result<(), Broken> {
        let ended = self.inflate.as_ref().is_some_and(|inflate| inflate.ended);
        if ended { Ok(()) } else { Err(Broken::CutOff) }
    }
}

/// Whether two bytes begin the frame of zlib: method 8, a window of 32 KiB at most, a multiple of 31 (RFC 1950, 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0F == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// The coding `gzip`. Members on top of each other are one content (RFC 1952, 2.2), though some readers stop after the first; so
/// a second one is noted as [`Broken::Trailing`] once its bytes are out.
pub(super) struct Gzip {
    at: At,
    inflate: Box<Inflate>,
    crc: Crc,
    members: usize,
}

/// What the next byte of a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A byte of the fixed header.
    Head {
        index: u8,
        flags: u8,
    },
    /// A byte of the length of the extra field.
    ExtraLen {
        index: u8,
        len: u16,
        flags: u8,
    },
    /// The extra field, with so many bytes to go.
    Extra {
        left: u16,
        flags: u8,
    },
    /// A name or comment, up to a zero.
    Text {
        flags: u8,
    },
    /// A checksum of the header, with so many bytes to go.
    HeadCrc {
        left: u8,
    },
    Data,
    /// A byte of checksum and length.
    Tail {
        index: u8,
        value: u64,
    },
}

const HEAD_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip {
            at: At::Head { index: 0, flags: 0 },
            inflate: Box::new(Inflate::new(false)),
            crc: Crc::new(),
            members: 0,
        }
    }

    pub(super) fn feed(&mut self, input: &[u8], out: &mut Output) -> Result<(), Broken> {
        let mut input = input;
        while let [byte, rest @ ..] = input {
            if self.at != At::Data {
                self.frame(*byte)?;
                input = rest;
                continue;
            }
            let crc = &mut self.crc;
            let taken = self.inflate.feed(input, |bytes| {
                crc.update(bytes);
                out.push(bytes)
            })?;
            input = input.get(taken..).unwrap_or_default();
            if self.inflate.ended {
                self.at = At::Tail { index: 0, value: 0 };
            }
        }
        Ok(())
    }

    /// Takes one byte of header or trailer.
    fn frame(&mut self, byte: u8) -> Result<(), Broken> {
        self.at = match self.at {
            At::Head { index, flags } => {
                let good = match index {
                    0 => byte == 0x1F,
                    1 => byte == 0x8B,
                    2 => byte == 8,
                    3 => byte & RESERVED == 0,
                    _ => true,
                };
                if !good {
                    let nothing_yet = self.members == 0;
                    return Err(if nothing_yet { Broken::Malformed } else { Broken::Trailing });
                }
                let flags = if index == 3 { byte } else { flags };
                if index < 9 { At::Head { index: index + 1, flags } } else { after_head(flags) }
            }
            At::ExtraLen { index: 0, flags, .. } => {
                At::ExtraLen { index: 1, len: u16::from(byte), flags }
            }
            At::ExtraLen { len, flags, .. } => extra(len | u16::from(byte) << 8, flags & !EXTRA),
            At::Extra { left, flags } => extra(left - 1, flags),
            At::Text { flags } if byte != 0 => At::Text { flags },
            // The name comes before the comment.
            At::Text { flags } if flags & NAME != 0 => after_head(flags & !NAME),
            At::Text { flags } => after_head(flags & !COMMENT),
            At::HeadCrc { left: 2 } => At::HeadCrc { left: 1 },
            At::HeadCrc { .. } | At::Data => At::Data,
            At::Tail { index, value } => {
                let value = value | u64::from(byte) << (8 * index);
                if index < 7 { At::Tail { index: index + 1, value } } else { self.end(value)? }
            }
        };
        Ok(())
    }

    /// The end of a member, with its checksum and length.
    fn end(&mut self, tail: u64) -> Result<At, Broken> {
        let made = u64::from(self.crc.sum()) | u64::from(self.crc.amount()) << 32;
        if tail != made {
            return Err(Broken::Malformed);
        }
        self.members += 1;
        *self.inflate = Inflate::new(false);
        self.crc = Crc::new();
        Ok(At::Head { index: 0, flags: 0 })
    }

    pub(super) fn finish(&self) -> Result<(), Broken> {
        match (self.at, self.members) {
            (At::Head { index: 0, .. }, 1) => Ok(()),
            (At::Head { index: 0, .. }, 2..) => Err(Broken::Trailing),
            _ => Err(Broken::CutOff),
        }
    }
}

impl fmt::Debug for Gzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gzip { at, inflate, members, .. } = self;
        f.debug_struct("Gzip")
            .field("at", at)
            .field("inflate", inflate)
            .field("members", members)
            .finish_non_exhaustive()
    }
}

/// What follows the parts of the header that `flags` no longer announces.
fn after_head(flags: u8) -> At {
    if flags & EXTRA != 0 {
        At::ExtraLen { index: 0, len: 0, flags }
    } else if flags & (NAME | COMMENT) != 0 {
        At::Text { flags }
    } else if flags & HEAD_CRC != 0 {
        At::HeadCrc { left: 2 }
    } else {
        At::Data
    }
}

fn extra(left: u16, flags: u8) -> At {
    if left == 0 { after_head(flags & !EXTRA) } else { At::Extra { left, flags } }
}
