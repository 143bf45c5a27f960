//! The header of a token: `alg`, `kid`, `typ`, and nothing else.

use serde_json::Value;

use crate::{
    algorithm::Algorithm,
    cause::Cause,
    claims::TOKEN_TYPE,
    jws::{self, Jws},
    keys::MAX_KID_BYTES,
};

pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    /// Opaque, and the sender's choice: never into a log.
    pub(crate) kid: String,
}

impl Header {
    pub(crate) fn read(json: &[u8]) -> Result<Self, Cause> {
        let members = jws::members(json)?;
        if members.contains_key("crit") {
            return Err(Cause::Critical);
        }
        // Every other header either changes what is verified (b64, zip, cty) or
        // brings a key along (jwk, jku, x5u, x5c, ...); the issuer sets none.
        if members.keys().any(|name| !matches!(name.as_str(), "alg" | "kid" | "typ")) {
            return Err(Cause::UnsupportedHeader);
        }
        let text = |name| members.get(name).and_then(Value::as_str);
        if !text("typ").is_some_and(is_access_token) {
            return Err(Cause::Type);
        }
        let algorithm = text("alg").and_then(Algorithm::parse).ok_or(Cause::Algorithm)?;
        let kid = text("kid").filter(|kid| !kid.is_empty()).ok_or(Cause::Key)?;
        if kid.len() > MAX_KID_BYTES {
            return Err(Cause::Malformed);
        }
        Ok(Self { algorithm, kid: kid.to_owned() })
    }
}

/// The kid of a token whose key is not known.
pub(crate) fn kid(token: &str) -> Option<String> {
    Header::read(&Jws::split(token).ok()?.header).ok().map(|header| header.kid)
}

// A media type: case-insensitive, its "application/" may be left out (RFC 7515 section 4.1.9).
fn is_access_token(typ: &str) -> bool {
    const PREFIX: &str = "application/";
    let short = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case(TOKEN_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_an_access_token_only() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(is_access_token(typ), "{typ}");
        }
        for typ in ["", "JWT", "at", "at+jwt ", "application/", "application/application/at+jwt"] {
            assert!(!is_access_token(typ), "{typ}");
        }
    }
}
