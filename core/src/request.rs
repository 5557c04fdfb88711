//! A whole request, borrowed.

/// A request as it is handed in whole: method, target, headers, body and trailers, all borrowed, all bytes.
///
/// ```
/// use abatis::Request;
/// let request = Request::new("POST", "/orders?dry=1")
///     .header("Content-Type", "application/json")
///     .body(r#"{"item": 7}"#);
/// assert_eq!(request.headers().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    method: &'a [u8],
    target: &'a [u8],
    headers: Vec<(&'a [u8], &'a [u8])>,
    body: &'a [u8],
    trailers: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Request<'a> {
    /// A request without headers and body. `target` is the request target as sent, undecoded.
    pub fn new<M, T>(method: &'a M, target: &'a T) -> Request<'a>
    where
        M: AsRef<[u8]> + ?Sized,
        T: AsRef<[u8]> + ?Sized,
    {
        Request { method: method.as_ref(), target: target.as_ref(), ..Request::default() }
    }

    /// Adds a header line; order and repetition are kept.
    #[must_use]
    pub fn header<N, V>(mut self, name: &'a N, value: &'a V) -> Request<'a>
    where
        N: AsRef<[u8]> + ?Sized,
        V: AsRef<[u8]> + ?Sized,
    {
        self.headers.push((name.as_ref(), value.as_ref()));
        self
    }

    /// Sets the body, as received (content codings on).
    #[must_use]
    pub fn body<B: AsRef<[u8]> + ?Sized>(mut self, body: &'a B) -> Request<'a> {
        self.body = body.as_ref();
        self
    }

    /// Adds a trailer line, as it came behind the body (RFC 9110, 6.5); order and repetition are kept.
    #[must_use]
    pub fn trailer<N, V>(mut self, name: &'a N, value: &'a V) -> Request<'a>
    where
        N: AsRef<[u8]> + ?Sized,
        V: AsRef<[u8]> + ?Sized,
    {
        self.trailers.push((name.as_ref(), value.as_ref()));
        self
    }

    /// The method token.
    pub fn method(&self) -> &'a [u8] {
        self.method
    }

    /// The request target.
    pub fn target(&self) -> &'a [u8] {
        self.target
    }

    /// The header lines, in order.
    pub fn headers(&self) -> &[(&'a [u8], &'a [u8])] {
        &self.headers
    }

    /// The body; named apart from the setter.
    pub fn body_bytes(&self) -> &'a [u8] {
        self.body
    }
    /// The trailer lines, in order.
    pub fn trailers(&self) -> &[(&'a [u8], &'a [u8])] {
        &self.trailers
    }

    /// Name and value of the header or trailer line that a span counts as `index`.
    pub fn line(&self, index: u32) -> Option<(&'a [u8], &'a [u8])> {
        self.headers.iter().chain(&self.trailers).nth(index as usize).copied()
    }
}
