//! `br` (RFC 7932).

use std::fmt;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{BUFFER, Broken, Output};

pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    total: usize,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Brotli {
        let alloc = StandardAlloc::default;
        let state = Box::new(BrotliState::new(alloc(), alloc(), alloc()));
        Brotli { state, total: 0, ended: false }
    }

    pub(super) fn feed(&mut self, input: &[u8], out: &mut Output) -> Result<(), Broken> {
        let mut buffer = [0; BUFFER];
        let (mut left, mut taken) = (input.len(), 0);
        while !self.ended {
            let (mut room, mut made) = (buffer.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut taken,
                input,
                &mut room,
                &mut made,
                &mut buffer,
                &mut self.total,
                &mut self.state,
            );
            out.push(buffer.get(..made).unwrap_or(&buffer))?;
            match result {
                BrotliResult::ResultSuccess => self.ended = true,
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultFailure => return Err(Broken::Malformed),
            }
        }
        if taken < input.len() { Err(Broken::Trailing) } else { Ok(()) }
    }

    pub(super) fn finish(&self) -> Result<(), Broken> {
        if self.ended { Ok(()) } else { Err(Broken::CutOff) }
    }
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli").field("ended", &self.ended).finish_non_exhaustive()
    }
}
