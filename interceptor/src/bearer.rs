use http::{HeaderMap, header::AUTHORIZATION};

use crate::{cause::Cause, refusal::Refusal};

const SCHEME: &[u8] = b"bearer";

/// The token of the one `authorization` header (RFC 6750 section 2.1).
///
/// Nothing but that header is looked at: no cookie, no query, no body.
///
/// # Errors
///
/// [`Refusal::Missing`] if there is no such header or its scheme is another;
/// [`Refusal::Invalid`] if there are two credentials, or `Bearer` is not
/// followed by one space and a token.
///
/// ```
/// use sekisho_interceptor::{Refusal, bearer_token};
///
/// let mut headers = http::HeaderMap::new();
/// assert_eq!(bearer_token(&headers), Err(Refusal::Missing));
/// headers.insert("authorization", "Bearer abc.def.ghi".parse().unwrap());
/// assert_eq!(bearer_token(&headers), Ok("abc.def.ghi"));
/// ```
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Missing)?.as_bytes();
    // A proxy may have joined two headers by a comma; no token holds one.
    if values.next().is_some() || value.contains(&b',') {
        return Err(Cause::MultipleCredentials.into());
    }
    let rest = after_scheme(value).ok_or(Refusal::Missing)?;
    let token = rest.strip_prefix(b" ").ok_or(Cause::Scheme)?;
    if token.first().is_none_or(u8::is_ascii_whitespace) {
        return Err(Cause::Scheme.into());
    }
    str::from_utf8(token).map_err(|_| Cause::Malformed.into())
}

fn after_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    (ends && scheme.eq_ignore_ascii_case(SCHEME)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(values: &[&'static [u8]]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(AUTHORIZATION, value);
            }
        }
        assert_eq!(headers.len(), values.len(), "a value the HTTP stack would refuse");
        bearer_token(&headers).map(str::to_owned)
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        for value in [b"Bearer a.b.c", b"bearer a.b.c", b"BEARER a.b.c"] {
            assert_eq!(read(&[value]), Ok("a.b.c".to_owned()));
        }
    }

    #[test]
    fn h3_no_header_or_another_scheme_is_missing() {
        assert_eq!(read(&[]), Err(Refusal::Missing));
        let others: [&[u8]; 6] = [b"", b"Basic dTpw", b"Bearers abc", b"Beare abc", b"DPoP abc", b"a.b.c"];
        for value in others {
            assert_eq!(read(&[value]), Err(Refusal::Missing), "{value:?}");
        }
    }

    #[test]
    fn h2_two_credentials_are_refused() {
        let refused = Err(Refusal::Invalid(Cause::MultipleCredentials));
        assert_eq!(read(&[b"Bearer a", b"Bearer a"]), refused);
        assert_eq!(read(&[b"Basic dTpw", b"Bearer a"]), refused);
        assert_eq!(read(&[b"Bearer a,Bearer b"]), refused);
        assert_eq!(read(&[b"Bearer a, b"]), refused);
    }

    #[test]
    fn h3_exactly_one_space_parts_scheme_and_token() {
        let refused = Err(Refusal::Invalid(Cause::Scheme));
        let values: [&[u8]; 5] = [b"Bearer", b"Bearer ", b"Bearer\ta", b"Bearer  a", b"Bearer \ta"];
        for value in values {
            assert_eq!(read(&[value]), refused, "{value:?}");
        }
    }

    #[test]
    fn h6_bytes_that_are_not_text_are_refused() {
        assert_eq!(read(&[b"Bearer a\xff"]), Err(Refusal::Invalid(Cause::Malformed)));
    }

    #[test]
    fn h4_a_token_elsewhere_is_not_looked_at() {
        let mut headers = HeaderMap::new();
        for name in ["cookie", "authorization-bin", "x-authorization", "proxy-authorization"] {
            headers.insert(name, HeaderValue::from_static("Bearer a.b.c"));
        }
        assert_eq!(bearer_token(&headers), Err(Refusal::Missing));
    }
}
