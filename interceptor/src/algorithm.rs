/// The signatures that are accepted. A key has exactly one (RFC 8725 section 3.1).
///
/// ```
/// use sekisho_interceptor::Algorithm;
///
/// assert_eq!(Algorithm::parse("EdDSA"), Some(Algorithm::EdDSA));
/// assert_eq!(Algorithm::parse("none"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037 section 3.1).
    EdDSA,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    ES256,
    /// RSA PKCS #1 v1.5 with SHA-256 (RFC 7518 section 3.3).
    RS256,
    /// HMAC with SHA-256 (RFC 7518 section 3.2).
    HS256,
}

impl Algorithm {
    /// The name in `alg`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDSA => "EdDSA",
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::HS256 => "HS256",
        }
    }

    /// The algorithm of that exact name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::EdDSA, Self::ES256, Self::RS256, Self::HS256].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDSA => Self::EdDSA,
            Algorithm::ES256 => Self::ES256,
            Algorithm::RS256 => Self::RS256,
            Algorithm::HS256 => Self::HS256,
        }
    }
}
