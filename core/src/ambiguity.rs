//! Where real readers of a request differ, or cannot read it: [`Ambiguity`], the codes behind `ambiguities` of a policy.

use crate::model::policy::{Ambiguities, Disposition};
use crate::model::rule::RuleId;

macro_rules! ambiguities {
    ($($name:ident $field:ident $rule:literal $message:literal;)*) => {
        /// One way in which readers differ.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Ambiguity {
            $($name),*
        }

        impl Ambiguity {
            pub(crate) const ALL: &'static [Ambiguity] = &[$(Ambiguity::$name),*];

            /// The rule id of its findings.
            pub(crate) const fn rule(self) -> &'static str {
                match self {
                    $(Ambiguity::$name => $rule),*
                }
            }

            /// What a person is told. Never holds bytes of the request.
            pub(crate) const fn message(self) -> &'static str {
                match self {
                    $(Ambiguity::$name => $message),*
                }
            }

            /// What the policy does about it.
            pub(crate) const fn disposition(self, policy: &Ambiguities) -> Disposition {
                match self {
                    $(Ambiguity::$name => policy.$field),*
                }
            }
        }
    };
}

ambiguities! {
    JsonDuplicateKey json_duplicate_key "protocol.json-duplicate-key"
        "an object has the same key twice; readers differ in which one counts (RFC 8259, 4)";
    JsonLoneSurrogate json_lone_surrogate "protocol.json-lone-surrogate"
        "a \\u escape holds half of a surrogate pair; readers replace, keep or refuse it (RFC 8259, 8.2)";
    JsonBom json_bom "protocol.json-bom"
        "a byte order mark stands before the JSON body; readers skip or refuse it (RFC 8259, 8.1)";
    JsonMalformed json_malformed "protocol.json-malformed"
        "the body is not JSON (RFC 8259); from here on it was inspected as text";
    XmlMalformed xml_malformed "protocol.xml-malformed"
        "the body is not one well-formed document of XML 1.0; it was inspected as text, too";
    XmlDoctype xml_doctype "protocol.xml-doctype"
        "a document type declaration; what its entities stand for is not inspected, and may be any file";
    PackedMalformed packed_malformed "protocol.packed-malformed"
        "the body is not the one document of MessagePack or CBOR that its type speaks of; it was inspected as text, too";
    GraphqlSize graphql_size "protocol.graphql-size"
        "a GraphQL document that asks for more than the limits allow";
    InvalidUtf8 invalid_utf8 "protocol.invalid-utf8"
        "bytes that are not UTF-8; readers replace, drop or refuse them (RFC 3629)";
    OverlongUtf8 overlong_utf8 "protocol.overlong-utf8"
        "overlong UTF-8: a character written in more bytes than it needs, which lenient readers decode (RFC 3629, 10)";
    NulByte nul_byte "protocol.nul-byte"
        "a NUL byte; some readers end the value there";
    BadPercent bad_percent "protocol.bad-percent"
        "a % that is not followed by two hexadecimal digits (RFC 3986, 2.1)";
    DeepEncoding deep_encoding "protocol.deep-encoding"
        "the value still decodes to something else after the last round that the limits allow";
    Multipart multipart "protocol.multipart"
        "a multipart body that is not as RFC 7578 has it; readers take it apart differently";
    FileLimits file_limits "protocol.file-limits"
        "files beyond the limits";
    TwoContentTypes two_content_types "protocol.two-content-types"
        "several Content-Type headers or parameters that differ";
    ContentLength content_length "protocol.content-length"
        "Content-Length is no number, differs from a second one or stands beside Transfer-Encoding (RFC 9112, 6.3)";
    BodyType body_type "protocol.body-type"
        "the body's media type is missing, unknown or contradicted; it was read every way";
    Charset charset "protocol.charset"
        "a charset other than UTF-8 that readers heed differently, or that is not decoded";
    ContentEncoding content_encoding "protocol.content-encoding"
        "a content coding that is not known; the body was inspected as it came";
    BadTarget bad_target "protocol.bad-target"
        "the request target has none of the forms of RFC 9112, 3.2, or holds bytes that no target may hold";
    BadHeader bad_header "protocol.bad-header"
        "a method or header name that is no token, or a header value with control characters (RFC 9110, 5)";
    Trailer trailer "protocol.trailer"
        "a trailer field that only a header may be: some readers merge trailers into the headers (RFC 9110, 6.5.1)";
    PathForm path_form "protocol.path-form"
        "dot segments, doubled or encoded slashes in the path; readers resolve them differently";
}

impl Ambiguity {
    /// The rule id as a value, shared by all findings of a run.
    pub(crate) fn rule_id(self) -> RuleId {
        RuleId::from(self.rule())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_ids_are_the_policy_keys_with_dashes() {
        let keys = serde_json::to_value(Ambiguities::default()).unwrap();
        let keys: Vec<_> = keys.as_object().unwrap().keys().map(|k| k.replace('_', "-")).collect();
        let rules: Vec<_> = Ambiguity::ALL.iter().map(|a| &a.rule()["protocol.".len()..]).collect();
        assert_eq!(rules.len(), keys.len());
        assert!(rules.iter().all(|rule| keys.iter().any(|key| key == rule)), "{rules:?} {keys:?}");
    }
}
