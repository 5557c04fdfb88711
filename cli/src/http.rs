//! HTTP/1.1 request texts, as people keep them in files (RFC 9112).
//!
//! Lenient where a hand-written file is: bare LF line ends, no `Content-Length`. The body is whatever follows the blank line.

use abatis::Request;

/// A request in the text it was read from.
pub(crate) struct Message<'t> {
    request_line: (&'t [u8], &'t [u8]),
    headers: Vec<(&'t [u8], &'t [u8])>,
    body: &'t [u8],
}

impl<'t> Message<'t> {
    /// Reads a request text; the error says what is missing, by line.
    pub(crate) fn parse(text: &'t [u8]) -> Result<Message<'t>, String> {
        let mut rest = text;
        let first = line(&mut rest).unwrap_or_default();
        let mut words = first.splitn(2, |&byte| byte == b' ');
        let (Some(method), Some(after)) = (words.next(), words.next()) else {
            return Err(
                "line 1: expected `METHOD target HTTP/1.1`, e.g. `GET /search?q=tea HTTP/1.1`"
                    .into(),
            );
        };
        // A target may hold blanks in a file that shows an attack: the version is what follows the last one.
        let target = match after.iter().rposition(|&byte| byte == b' ') {
            Some(at) if after.get(at + 1..).is_some_and(|v| v.starts_with(b"HTTP/")) => {
                after.get(..at).unwrap_or_default()
            }
            _ => after,
        };
        let mut headers: Vec<(&[u8], &[u8])> = Vec::new();
        let mut number = 1;
        while let Some(text) = line(&mut rest) {
            number += 1;
            if text.is_empty() {
                break;
            }
            let Some(colon) = text.iter().position(|&byte| byte == b':') else {
                return Err(format!(
                    "line {number}: expected `Name: value`, or a blank line before the body"
                ));
            };
            let (name, value) = text.split_at(colon);
            headers.push((name, value.get(1..).unwrap_or_default().trim_ascii()));
        }
        Ok(Message { request_line: (method, target), headers, body: rest })
    }

    /// The request to inspect.
    pub(crate) fn request(&self) -> Request<'t> {
        let (method, target) = self.request_line;
        let request = Request::new(method, target).body(self.body);
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }
}

/// Takes the next line off `rest`, without its end; `None` at the end of the text.
fn line<'t>(rest: &mut &'t [u8]) -> Option<&'t [u8]> {
    if rest.is_empty() {
        return None;
    }
    let (line, after) = match rest.iter().position(|&byte| byte == b'\n') {
        Some(at) => (rest.get(..at)?, rest.get(at + 1..)?),
        None => (*rest, &b""[..]),
    };
    *rest = after;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let text = b"POST /a b?x=1 2 HTTP/1.1\nHost: h\nX-Empty:\n\nbody\n\nmore";
        let message = Message::parse(text).ok().expect("a request");
        let request = message.request();
        assert_eq!(request.target(), b"/a b?x=1 2");
        assert_eq!(request.headers(), [(&b"Host"[..], &b"h"[..]), (b"X-Empty", b"")]);
        assert_eq!(request.body_bytes(), b"body\n\nmore");
    }

    #[test]
    fn says_which_line_is_wrong() {
        assert!(Message::parse(b"GET\n").err().is_some_and(|e| e.starts_with("line 1:")));
        assert!(
            Message::parse(b"GET / HTTP/1.1\nHost\n")
                .err()
                .is_some_and(|e| e.starts_with("line 2:"))
        );
    }
}
