use crate::{
    cause::Cause,
    claims::Claims,
    header::Header,
    jws::{self, Jws},
    keys::{KeySet, VerifyingKey},
    payload,
    refusal::Refusal,
};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = jws::MAX_TOKEN_BYTES;

/// The most that [`Verifier::leeway_seconds`] grants.
pub const MAX_LEEWAY_SECONDS: u8 = 60;

/// Checks access tokens of one issuer for one audience (RFC 9068 section 4).
///
/// ```
/// use sekisho_interceptor::{Cause, KeySet, Refusal, Verifier, VerifyingKey};
///
/// let keys = KeySet::new([VerifyingKey::hs256("k1", &[7; 32]).unwrap()]).unwrap();
/// let verifier = Verifier::new("https://auth.example.com", "orders").leeway_seconds(10);
/// // {"alg":"none","typ":"at+jwt"}
/// let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.AA";
/// let refusal = verifier.verify(unsigned, &keys, 1_800_000_000).unwrap_err();
/// assert_eq!(refusal, Refusal::Invalid(Cause::Algorithm));
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    issuer: String,
    audience: String,
    leeway: i64,
    max_lifetime: i64,
}

impl Verifier {
    /// Tokens must come from `issuer` and be for `audience`, byte for byte.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), audience: audience.into(), leeway: 5, max_lifetime: 3600 }
    }

    /// How far the issuer's clock may differ from ours; 5 seconds unless set,
    /// [`MAX_LEEWAY_SECONDS`] at the most: revocations are kept no longer.
    #[must_use]
    pub fn leeway_seconds(self, seconds: u8) -> Self {
        Self { leeway: seconds.min(MAX_LEEWAY_SECONDS).into(), ..self }
    }

    /// The longest `exp - iat`; 3600 seconds unless set.
    #[must_use]
    pub fn max_lifetime_seconds(self, seconds: u32) -> Self {
        Self { max_lifetime: seconds.into(), ..self }
    }

    /// The claims of `token` at `now`, in Unix seconds. Reads nothing else.
    ///
    /// # Errors
    ///
    /// [`Refusal::Expired`] if that is all that is wrong with the token, else
    /// [`Refusal::Invalid`] with the first cause met. No claim is read before
    /// the signature is verified.
    pub fn verify(&self, token: &str, keys: &KeySet, now: i64) -> Result<Claims, Refusal> {
        self.verify_by(token, keys, now).map(|(claims, _)| claims)
    }

    /// With the key that signed.
    pub(crate) fn verify_by<'k>(
        &self,
        token: &str,
        keys: &'k KeySet,
        now: i64,
    ) -> Result<(Claims, &'k VerifyingKey), Refusal> {
        let jws = Jws::split(token)?;
        let header = Header::read(&jws.header)?;
        let key = keys.get(&header.kid).ok_or(Cause::Key)?;
        if key.algorithm() != header.algorithm {
            return Err(Cause::Algorithm.into());
        }
        if !key.verifies(jws.signing_input.as_bytes(), jws.signature) {
            return Err(Cause::Signature.into());
        }
        let claims = payload::read(&jws.payload)?;
        self.check_parties(&claims)?;
        self.check_times(&claims, now)?;
        Ok((claims, key))
    }

    /// When a token with these claims is taken no more, in Unix seconds.
    pub(crate) fn end(&self, claims: &Claims) -> i64 {
        claims.exp.saturating_add(self.leeway)
    }

    fn check_parties(&self, claims: &Claims) -> Result<(), Cause> {
        if claims.iss != self.issuer {
            return Err(Cause::Issuer);
        }
        if !claims.aud.contains(&self.audience) {
            return Err(Cause::Audience);
        }
        Ok(())
    }

    pub(crate) fn check_times(&self, claims: &Claims, now: i64) -> Result<(), Refusal> {
        if !(1..=self.max_lifetime).contains(&(claims.exp - claims.iat)) {
            return Err(Cause::Lifetime.into());
        }
        let latest = now.saturating_add(self.leeway);
        let proven = claims.person.as_ref().map_or(claims.iat, |person| person.auth_time);
        if [claims.nbf, claims.iat, proven].iter().any(|time| *time > latest) {
            return Err(Cause::NotYet.into());
        }
        if now >= self.end(claims) {
            return Err(Refusal::Expired);
        }
        Ok(())
    }
}
