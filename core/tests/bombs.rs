//! Bodies that are small to send and large to read, made by hand: each ends as a verdict that does not allow, in bounded memory and
//! steps, whole and in pieces.

#![cfg(feature = "internals")]
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "figures for people")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::time::Instant;

use abatis::internals::stages;
use abatis::{Action, Coverage, Engine, Limits, Policy, Request, Scratch, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// Counts the bytes that a thread holds, and the most it held.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends still frees.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: every call is handed to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that one request within the default limits (1 MiB of body) may hold, scratch and verdict included.
const MOST: isize = 48 << 20;

/// 256 MiB of zeros in 203 bytes.
const BROTLI: &str = "z///fwAkAOKxQHLv//n//w+ABEAcFoDu/T////8BkACIwwLQvf/n//8/ABIAcVgAuvf//P//B0ACIA4LQPf+n////wBIAMRhAeje//P//x8ACYA4LADd+3/+//8DIAEQhwWge//P//9/ACQA4rAAdO//+f//D4AEQBwWgO79P////wGQAIjDAtC9/+f//z8AEgBxWAC69//8//8HQAIgDgtA9/6f////AEgAxGEB6N7/8///HwAJgDgsAN37f/7//wMgARCHBaB7/z8=";

const DYNAMIC: [u8; 90] = [
    0x04, 0xc0, 0x81, 0x00, 0x00, 0x00, 0x00, 0x00, 0x90, 0xff, 0x6b, 0x10, 0x00, 0x07, 0x02, 0x00,
    0x00, 0x00, 0x00, 0x40, 0xfe, 0xaf, 0x41, 0x00, 0x1c, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf9,
    0xbf, 0x06, 0x01, 0x70, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe4, 0xff, 0x1a, 0x04, 0xc0, 0x81,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x90, 0xff, 0x6b, 0x10, 0x00, 0x07, 0x02, 0x00, 0x00, 0x00, 0x00,
    0x40, 0xfe, 0xaf, 0x41, 0x00, 0x1c, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf9, 0xbf, 0x06, 0x01,
    0x70, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe4, 0xff, 0x1a,
];

struct Bomb {
    name: &'static str,
    content_type: &'static str,
    coding: &'static str,
    body: Vec<u8>,
}

fn bomb(
    name: &'static str,
    content_type: &'static str,
    coding: &'static str,
    body: Vec<u8>,
) -> Bomb {
    Bomb { name, content_type, coding, body }
}

const TEXT: &str = "text/plain";
const JSON: &str = "application/json";
const XML: &str = "application/xml";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";

/// `unit` over and over, `bytes` in all, compressed piece by piece.
fn gzip_of(unit: &[u8], bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let block = unit.repeat((64 << 10) / unit.len() + 1);
    for _ in 0..=bytes / block.len() {
        encoder.write_all(&block).unwrap();
    }
    encoder.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame of zstd (RFC 8878) whose blocks say "this byte, 128 KiB times".
fn zstd(blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    for block in 1..=blocks {
        let header: u32 = u32::from(block == blocks) | 1 << 1 | (128 << 10) << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b'a');
    }
    frame
}

fn bombs() -> Vec<Bomb> {
    let zeros = gzip_of(&[0], 64 << 20);
    let twice = gzip(&zeros);
    let four = gzip(&gzip(&twice));
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(&vec![b'a'; 32 << 20]).unwrap();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&vec![b'a'; 32 << 20]).unwrap();
    let huge_window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0x00, 0x00].to_vec();
    let mut promises = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
    promises.extend(u64::MAX.to_le_bytes());
    promises.extend([0x01, 0x00, 0x00]);
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 0xf0, 0xff, 0xff, 0xff, b'a'].to_vec();
    let empty_frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00];
    let mut named = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    named.resize(900_000, b'n');
    let stored = [0x00, 0x00, 0x00, 0xff, 0xff].repeat(180_000);
    // Blocks of fixed codes that hold nothing: ten bits each, `0 01 0000000`.
    let empty_fixed = [0x02, 0x08, 0x20, 0x80, 0x00].repeat(180_000);
    // Eight blocks with codes of their own (RFC 1951, 3.2.7) that say how to write the end of a block, and then write it: 90 bits each.
    let empty_dynamic = DYNAMIC.repeat(10_000);
    let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><l>&c;&c;</l>";
    let part = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    let utf16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut lying = zeros.clone();
    // RFC 1952: the last four bytes are the length, which nothing may be sized by.
    let end = lying.len() - 4;
    lying[end..].copy_from_slice(&[0xff; 4]);
    vec![
        bomb("gzip: 64 MiB of zeros", TEXT, "gzip", zeros.clone()),
        bomb("gzip in gzip", TEXT, "gzip, gzip", twice),
        bomb("gzip four times", TEXT, "gzip, gzip, gzip, gzip", four.clone()),
        bomb("gzip five times", TEXT, "gzip, gzip, gzip, gzip, gzip", gzip(&four)),
        bomb("gzip twenty times", TEXT, GZIPS, four),
        bomb("gzip: a length that lies", TEXT, "gzip", lying),
        bomb("gzip: 40,000 empty members", TEXT, "gzip", gzip(b"").repeat(40_000)),
        bomb("gzip: a name of 900,000 bytes", TEXT, "gzip", named),
        bomb("deflate: 32 MiB", TEXT, "deflate", deflate.finish().unwrap()),
        bomb("deflate: the same in zlib's frame", TEXT, "deflate", zlib.finish().unwrap()),
        bomb("deflate: empty stored blocks", TEXT, "deflate", stored),
        bomb("deflate: empty blocks of fixed codes", TEXT, "deflate", empty_fixed),
        bomb("deflate: empty blocks of codes of their own", TEXT, "deflate", empty_dynamic),
        bomb("br: 256 MiB in 203 bytes", TEXT, "br", BASE64_STANDARD.decode(BROTLI).unwrap()),
        bomb("zstd: 1.2 GB of one byte in 40 KB", TEXT, "zstd", zstd(10_000)),
        bomb("zstd: a window of 3.75 TiB", TEXT, "zstd", huge_window),
        bomb("zstd: a content of 2^64 bytes", TEXT, "zstd", promises),
        bomb("zstd: a skippable frame of 4 GiB", TEXT, "zstd", skipped),
        bomb("zstd: 100,000 empty frames", TEXT, "zstd", empty_frame.repeat(100_000)),
        bomb("zstd in gzip in br's place", TEXT, "zstd, gzip", gzip(&zstd(10_000))),
        bomb("JSON, nested a million deep", JSON, "gzip", gzip_of(b"[", 1_000_000)),
        bomb("JSON, a string without end", JSON, "gzip", gzip_of(b"\"a", 32 << 20)),
        bomb("JSON, a million members", JSON, "gzip", gzip_of(b"{\"a\":{},", 8 << 20)),
        bomb("XML, nested a million deep", XML, "gzip", gzip_of(b"<a>", 3 << 20)),
        bomb("XML, entities of entities", XML, "identity", laughs.into()),
        bomb(
            "XML, attributes without end",
            XML,
            "gzip",
            [gzip(b"<a "), gzip_of(b"b='' ", 8 << 20)].concat(),
        ),
        bomb("multipart, a million parts", MULTIPART, "gzip", gzip_of(part, 32 << 20)),
        bomb("a form of a million pairs", FORM, "gzip", gzip_of(b"a=%27&", 8 << 20)),
        bomb(
            "UTF-16 that doubles as it is read",
            "application/json; charset=utf-16le",
            "gzip",
            gzip_of(&utf16, 16 << 20),
        ),
    ]
}

const GZIPS: &str = "gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip";

/// What is judged, and the most memory that took.
fn measured(judge: impl FnOnce() -> Verdict) -> (Verdict, isize) {
    let before = LIVE.get();
    PEAK.set(before);
    let verdict = judge();
    (verdict, PEAK.get() - before)
}

#[test]
fn bombs_end_as_verdicts() {
    let engine = Engine::new(&Policy::default()).unwrap();
    let limits = Limits::default();
    let budget = Limits::STEPS_PER_BYTE
        * (limits.body_bytes + limits.header_bytes + limits.target_bytes) as u64;
    for Bomb { name, content_type, coding, body } in bombs() {
        let request = Request::new("POST", "/notes")
            .header("Content-Type", content_type)
            .header("Content-Encoding", coding)
            .body(&body);
        let begin = Instant::now();
        let (whole, peak) = measured(|| engine.inspect_with(&mut Scratch::new(), &request).clone());
        let time = begin.elapsed();
        let (pieces, peak_of_pieces) = measured(|| {
            let mut scratch = Scratch::new();
            let mut session = engine.session();
            let _ = session.request_line(&mut scratch, b"POST", b"/notes");
            for (name, value) in request.headers() {
                let _ = session.header(&mut scratch, name, value);
            }
            for chunk in body.chunks(97) {
                let _ = session.body(&mut scratch, chunk);
            }
            session.finish(&mut scratch).clone()
        });
        let steps = stages::steps(&engine, &request);
        println!(
            "{name:40} {:7} bytes {:6.1} ms {:6.1} MiB {steps:9} steps {} {:?}",
            body.len(),
            time.as_secs_f64() * 1e3,
            peak as f64 / f64::from(1 << 20),
            whole.action,
            whole.coverage,
        );
        assert_eq!(whole.action, Action::Block, "{name}: {whole:?}");
        assert!(whole.coverage != Coverage::Full || !whole.findings.is_empty(), "{name}");
        assert_eq!(whole, pieces, "{name}: whole and in pieces");
        assert!(peak < MOST && peak_of_pieces < MOST, "{name}: {peak} and {peak_of_pieces} bytes");
        assert!(steps <= budget, "{name}: {steps} steps");
    }
}
