/// What was wrong with a token. For logs and metrics, never for the caller.
///
/// ```
/// use sekisho_interceptor::{Cause, KeySet, Refusal, Verifier};
///
/// let verifier = Verifier::new("https://auth.example.com", "orders");
/// let refusal = verifier.verify("not a token", &KeySet::default(), 1_800_000_000).unwrap_err();
/// assert_eq!(refusal, Refusal::Invalid(Cause::Malformed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// More than one `authorization` header, or a comma in it.
    MultipleCredentials,
    /// `Bearer` is not followed by one space and a token (RFC 6750 section 2.1).
    Scheme,
    /// Longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    TooLarge,
    /// Not three canonical base64url segments of JSON objects (RFC 7515 section 7.1).
    Malformed,
    /// A header or claim is given twice.
    DuplicateMember,
    /// Too deep, too many members or audiences, or a name too long.
    TooComplex,
    /// `alg` is not a signature we know, or not the key's (RFC 8725 section 3.1).
    Algorithm,
    /// `crit` is present (RFC 7515 section 4.1.11).
    Critical,
    /// A header other than `alg`, `kid` and `typ`.
    UnsupportedHeader,
    /// `typ` is not `at+jwt` (RFC 9068 section 4).
    Type,
    /// `kid` is missing or names no key of the set.
    Key,
    /// The signature is not the key's over these bytes.
    Signature,
    /// `iss` is not byte for byte the configured issuer.
    Issuer,
    /// `aud` is ill-typed or does not hold the configured audience.
    Audience,
    /// `exp` is not a plausible number of Unix seconds.
    Expiry,
    /// `exp` is not after `iat`, or further from it than allowed.
    Lifetime,
    /// `nbf`, `iat` or `auth_time` lies in the future.
    NotYet,
    /// Another claim is missing or ill-typed.
    Claims,
    /// `cnf` ties the token to a key whose proof is not looked at (RFC 7800).
    Bound,
}

impl Cause {
    /// The cause in snake case, for a log field or a metric label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MultipleCredentials => "multiple_credentials",
            Self::Scheme => "scheme",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::TooComplex => "too_complex",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::UnsupportedHeader => "unsupported_header",
            Self::Type => "type",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expiry => "expiry",
            Self::Lifetime => "lifetime",
            Self::NotYet => "not_yet",
            Self::Claims => "claims",
            Self::Bound => "bound",
        }
    }
}
