//! Charsets (WHATWG Encoding), turned into UTF-8.

use encoding_rs::{CoderResult, Decoder, Encoding, REPLACEMENT, X_USER_DEFINED};

use super::{BUFFER, Broken, Output};

/// The charset of that name, if readers agree on its characters. Not UTF-7 nor UTF-32, which browsers and most servers have dropped.
pub(crate) fn of_name(name: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label(name).filter(|&known| known != REPLACEMENT && known != X_USER_DEFINED)
}

pub(super) struct Charset {
    decoder: Decoder,
    name: &'static str,
}

impl Charset {
    pub(super) fn new(charset: &'static Encoding) -> Charset {
        // A byte order mark that says otherwise is kept, for readers to stumble over.
        Charset { decoder: charset.new_decoder_with_bom_removal(), name: charset.name() }
    }

    pub(super) fn feed(&mut self, input: &[u8], out: &mut Output) -> Result<(), Broken> {
        self.decode(input, false, out)
    }

    pub(super) fn finish(&mut self, out: &mut Output) -> Result<(), Broken> {
        self.decode(&[], true, out)
    }

    fn decode(&mut self, input: &[u8], last: bool, out: &mut Output) -> Result<(), Broken> {
        let mut buffer = [0; BUFFER];
        let mut taken = 0;
        loop {
            let rest = input.get(taken..).unwrap_or_default();
            // What the charset does not have becomes U+FFFD, as in browsers.
            let (result, read, made, _) = self.decoder.decode_to_utf8(rest, &mut buffer, last);
            taken += read;
            out.push(buffer.get(..made).unwrap_or(&buffer))?;
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }
}

impl std::fmt::Debug for Charset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Charset").field(&self.name).finish()
    }
}
