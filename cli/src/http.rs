//! HTTP/1.1 request texts, as people keep them in files (RFC 9112).
//!
//! Lenient where a hand-written file is: bare LF line ends, no `Content-Length`. The body is whatever follows the blank line,
//! chunked bodies without their chunk headers.

use abatis::Request;

/// A request in the text it was read from.
#[derive(Debug)]
pub(crate) struct Message<'t> {
    request_line: (&'t [u8], &'t [u8]),
    headers: Vec<(&'t [u8], &'t [u8])>,
    body: &'t [u8],
}

impl<'t> Message<'t> {
    /// Reads a request text; the error says what is missing, by line. Never shows the text. O(len).
    pub(crate) fn parse(text: &'t [u8]) -> Result<Message<'t>, String> {
        if text.trim_ascii().is_empty() {
            return Err(format!("empty; {REQUEST_LINE}"));
        }
        let mut lines = Lines { text, at: 0 };
        let first = lines.next().unwrap_or_default();
        let mut words = first.splitn(2, |&byte| byte == b' ');
        let (Some(method), Some(after)) = (words.next(), words.next()) else {
            return Err(format!("line 1: {REQUEST_LINE}"));
        };
        // A target may hold blanks in a file that shows an attack: the version is what follows the last one.
        let target = match after.iter().rposition(|&byte| byte == b' ') {
            Some(at) if after.get(at + 1..).is_some_and(|v| v.starts_with(b"HTTP/")) => {
                after.get(..at).unwrap_or_default()
            }
            _ => after,
        };
        let mut headers: Vec<(&[u8], &[u8])> = Vec::new();
        // Where the value of the last header starts: a folded line goes on with it.
        let mut value_at = 0;
        for number in 2.. {
            let start = lines.at;
            let Some(line) = lines.next().filter(|line| !line.is_empty()) else { break };
            if let ([b' ' | b'\t', ..], Some((_, value))) = (line, headers.last_mut()) {
                // The line break stays in the value, for the engine to judge (RFC 9112, 5.2).
                *value = text.get(value_at..start + line.len()).unwrap_or_default().trim_ascii();
                continue;
            }
            let Some(colon) = line.iter().position(|&byte| byte == b':') else {
                return Err(format!(
                    "line {number}: expected `Name: value`, or a blank line before the body"
                ));
            };
            value_at = start + colon + 1;
            let (name, value) = line.split_at(colon);
            headers.push((name, value.get(1..).unwrap_or_default().trim_ascii()));
        }
        let body = text.get(lines.at..).unwrap_or_default();
        Ok(Message { request_line: (method, target), headers, body })
    }

    /// The request to inspect.
    pub(crate) fn request(&self) -> Request<'t> {
        let (method, target) = self.request_line;
        let request = Request::new(method, target).body(self.body);
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }
}

const REQUEST_LINE: &str = "expected `METHOD target HTTP/1.1`, e.g. `GET /search?q=tea HTTP/1.1`";

/// The lines of a text without their ends; `at` is where the next one starts.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|&byte| byte == b'\n');
        self.at += end.map_or(rest.len(), |end| end + 1);
        let line = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let text = b"POST /a b?x=1 2 HTTP/1.1\nHost: h\nX-Empty:\n\nbody\n\nmore";
        let message = Message::parse(text).expect("a request");
        let request = message.request();
        assert_eq!(request.target(), b"/a b?x=1 2");
        assert_eq!(request.headers(), [(&b"Host"[..], &b"h"[..]), (b"X-Empty", b"")]);
        assert_eq!(request.body_bytes(), b"body\n\nmore");
    }

    #[test]
    fn folded_lines_stay_part_of_their_header() {
        let message = Message::parse(b"GET / HTTP/1.1\r\nA: 1\r\n 2\r\n\t3: x\r\nB: 4\r\n\r\n");
        let request = message.expect("a request").request();
        assert_eq!(request.headers(), [(&b"A"[..], &b"1\r\n 2\r\n\t3: x"[..]), (b"B", b"4")]);
        assert_eq!(request.body_bytes(), b"");
    }

    #[test]
    fn says_which_line_is_wrong() {
        let wrong = |text: &[u8]| Message::parse(text).err().unwrap_or_default();
        assert!(wrong(b"").starts_with("empty; expected `METHOD"));
        assert!(wrong(b"GET\n").starts_with("line 1:"));
        assert!(wrong(b"GET / HTTP/1.1\nHost\n").starts_with("line 2:"));
        assert!(wrong(b"GET / HTTP/1.1\n folded\n").starts_with("line 2:"));
    }
}
