//! Which header fields may stand behind the body (RFC 9110, 6.5.1).

use crate::words::Table;

/// Fields that are for headers only. Names in lower case.
const KNOWN: &[((), &str)] = &[
    // Framing.
    ((), "connection content-length keep-alive te trailer transfer-encoding upgrade"),
    // Routing, and who it was that asked.
    (
        (),
        "forwarded host origin referer via x-client-ip x-cluster-client-ip x-forwarded x-http-method \
         x-http-method-override x-method-override x-original-url x-real-ip x-rewrite-url true-client-ip",
    ),
    // What the request asks for.
    (
        (),
        "accept accept-charset accept-encoding accept-language cache-control expect if-match if-modified-since if-none-match \
         if-range if-unmodified-since max-forwards pragma prefer range",
    ),
    // Authentication.
    ((), "authorization cookie proxy-authorization set-cookie"),
];

static TABLE: Table<(), 128> = Table::new(KNOWN);

/// Whether a field of this name may be a trailer: what has a say in framing, routing, authentication or how content is read may not, since
/// readers that merge trailers into the headers would act on it after all checks. Digests may (RFC 9530). O(len).
pub(crate) fn may_trail(name: &[u8]) -> bool {
    let begins = |prefix: &[u8]| {
        name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    let is_digest = [&b"content-digest"[..], b"content-md5"]
        .iter()
        .any(|digest| name.eq_ignore_ascii_case(digest));
    let is_of_content = begins(b"content-") && !is_digest;
    TABLE.get(name).is_none() && !is_of_content && !begins(b"x-forwarded-")
}
