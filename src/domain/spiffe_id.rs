//! Names of workloads (SPIFFE-ID, section 2).

use std::fmt;

use crate::error::Rule;

/// `spiffe://TRUST.DOMAIN/PATH`, of a workload: with a path, and in the one form that is
/// compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpiffeId(String);

impl SpiffeId {
    const SCHEME: &str = "spiffe://";
    const MAX_LENGTH: usize = 2_048;
    const MAX_DOMAIN: usize = 255;

    /// Reads an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(Rule::TooLong(Self::MAX_LENGTH));
        }
        let parts = text.strip_prefix(Self::SCHEME).and_then(|rest| rest.split_once('/'));
        let (domain, path) = parts.ok_or(Rule::Malformed)?;
        let is_of_domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        let is_of_path = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_of_path);
        let is_domain = (1..=Self::MAX_DOMAIN).contains(&domain.len()) && domain.bytes().all(is_of_domain);
        if is_domain && path.split('/').all(is_segment) { Ok(Self(text.to_owned())) } else { Err(Rule::Malformed) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        for text in ["spiffe://example.com/orders", "spiffe://a_b-c.1/ns/shop/sa/Orders.v2_x-y", "spiffe://a/b"] {
            assert_eq!(SpiffeId::parse(text).as_ref().map(SpiffeId::as_str), Ok(text));
        }
        for text in [
            "spiffe://",
            "spiffe:///a",
            "spiffe://example.com",
            "spiffe://example.com/",
            "spiffe://example.com/a/",
            "spiffe://example.com//a",
            "spiffe://example.com/./a",
            "spiffe://example.com/../a",
            "spiffe://Example.com/a",
            "SPIFFE://example.com/a",
            "spiffe://example.com:443/a",
            "spiffe://user@example.com/a",
            "spiffe://example.com/a?b",
            "spiffe://example.com/a#b",
            "spiffe://example.com/%61",
            "spiffe://example.com/a b",
            "spiffe://example.com/\u{e9}",
            "https://example.com/a",
            "example.com/a",
        ] {
            assert_eq!(SpiffeId::parse(text), Err(Rule::Malformed), "{text}");
        }
        assert_eq!(SpiffeId::parse(""), Err(Rule::Required));
        let long = |path: usize| format!("spiffe://a/{}", "b".repeat(path));
        assert!(SpiffeId::parse(&long(2_037)).is_ok());
        assert_eq!(SpiffeId::parse(&long(2_038)), Err(Rule::TooLong(2_048)));
        assert!(SpiffeId::parse(&format!("spiffe://{}/b", "a".repeat(256))).is_err());
    }
}
