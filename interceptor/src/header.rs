//! The header of a token: `alg`, `kid`, `typ`, and nothing else.

use std::borrow::Cow;

use crate::{
    algorithm::Algorithm,
    cause::Cause,
    claims::TOKEN_TYPE,
    jws::{self, Jws},
    keys::MAX_KID_BYTES,
    strict_json::Json,
};

pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    /// Opaque, and the sender's choice: never into a log.
    pub(crate) kid: Cow<'a, str>,
}

impl<'a> Header<'a> {
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, Cause> {
        let (mut alg, mut kid, mut typ, mut unsupported) = (None, None, None, false);
        for (name, value) in jws::members(json)? {
            match (name.as_ref(), value) {
                ("crit", _) => return Err(Cause::Critical),
                ("alg", Json::Text(text)) => alg = Some(text),
                ("kid", Json::Text(text)) => kid = Some(text),
                ("typ", Json::Text(text)) => typ = Some(text),
                ("alg" | "kid" | "typ", _) => {}
                // Every other header either changes what is verified (b64, zip, cty) or
                // brings a key along (jwk, jku, x5u, x5c, ...); the issuer sets none.
                _ => unsupported = true,
            }
        }
        if unsupported {
            return Err(Cause::UnsupportedHeader);
        }
        if !typ.is_some_and(|typ| is_access_token(&typ)) {
            return Err(Cause::Type);
        }
        let algorithm = alg.and_then(|name| Algorithm::parse(&name)).ok_or(Cause::Algorithm)?;
        let kid = kid.filter(|kid| !kid.is_empty()).ok_or(Cause::Key)?;
        if kid.len() > MAX_KID_BYTES {
            return Err(Cause::Malformed);
        }
        Ok(Self { algorithm, kid })
    }
}

/// The kid of a token whose key is not known.
pub(crate) fn kid(token: &str) -> Option<String> {
    let jws = Jws::split(token).ok()?;
    Header::read(&jws.header).ok().map(|header| header.kid.into_owned())
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
