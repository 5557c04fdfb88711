//! Paths as patterns: `/orders/4711/items` is `/orders/{id}/items`, so that counts by path say something.

/// Segments of a pattern; what follows is `…`.
const SEGMENTS: usize = 12;
/// Bytes of a segment that is shown.
const SEGMENT: usize = 48;

/// The path of a target with numbers, UUIDs, hashes and long tokens as `{id}`. `guilty` says which bytes of the target are evidence of a
/// finding: a segment with such bytes is `{payload}`. Holds no control characters. O(len).
pub(crate) fn pattern(target: &[u8], guilty: impl Fn(usize) -> bool) -> String {
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(target.len());
    let mut path = target.get(..end).unwrap_or_default();
    let mut offset = 0;
    // `http://host/path`, as proxies are asked.
    if !path.starts_with(b"/")
        && let Some(scheme) = path.windows(3).position(|three| three == b"://")
    {
        let host = scheme + 3;
        let slash = path.iter().skip(host).position(|byte| *byte == b'/');
        offset = slash.map_or(path.len(), |slash| host + slash);
        path = path.get(offset..).unwrap_or_default();
    }
    if path.is_empty() {
        return "/".to_owned();
    }
    let mut pattern = String::new();
    let segments = path.strip_prefix(b"/").unwrap_or(path);
    offset += path.len() - segments.len();
    for (count, segment) in segments.split(|byte| *byte == b'/').enumerate() {
        pattern.push('/');
        if count == SEGMENTS {
            pattern.push('…');
            break;
        }
        if (offset..offset + segment.len()).any(&guilty) {
            pattern.push_str("{payload}");
        } else if is_id(segment) {
            pattern.push_str("{id}");
        } else if segment.len() > SEGMENT {
            pattern.push_str("{text}");
        } else {
            let text = String::from_utf8_lossy(segment);
            pattern.extend(text.chars().map(|c| if c.is_control() { '·' } else { c }));
        }
        offset += segment.len() + 1;
    }
    pattern
}

/// Whether a segment names one of many things: a number, a UUID, a hash, a token.
fn is_id(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return false;
    }
    digits == segment.len()
        || is_uuid(segment)
        || segment.len() >= 8 && segment.iter().all(u8::is_ascii_hexdigit)
        || segment.len() >= 20
            && digits >= 2
            && segment.iter().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'~' | b'=')
            })
}

/// RFC 9562, 4.
fn is_uuid(segment: &[u8]) -> bool {
    segment.len() == 36
        && segment.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_folded_and_names_are_not() {
        for (target, expected) in [
            ("/orders/4711/items?x=/7", "/orders/{id}/items"),
            ("/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301/", "/u/{id}/"),
            ("/static/9e107d9d372bb682/app.js", "/static/{id}/app.js"),
            ("/t/eyJhbGciOiJIUzI1NiJ9-x_7", "/t/{id}"),
            ("/deadbeef/facade/a1", "/deadbeef/facade/a1"),
            (
                "/how-to-plant-a-very-small-garden-in-spring",
                "/how-to-plant-a-very-small-garden-in-spring",
            ),
            ("http://shop.example/cart/9#top", "/cart/{id}"),
            ("http://shop.example", "/"),
            ("", "/"),
            ("*", "/*"),
            ("/a\u{1b}[31m/b", "/a·[31m/b"),
        ] {
            assert_eq!(pattern(target.as_bytes(), |_| false), expected, "{target}");
        }
        let deep = "/a".repeat(40);
        assert_eq!(pattern(deep.as_bytes(), |_| false), format!("{}/…", "/a".repeat(12)));
        assert_eq!(pattern(format!("/{}", "é".repeat(30)).as_bytes(), |_| false), "/{text}");
    }

    #[test]
    fn payload_is_not_shown() {
        assert_eq!(pattern(b"/files/..;x/etc", |at| (7..11).contains(&at)), "/files/{payload}/etc");
    }
}
