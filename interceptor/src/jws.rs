//! The compact form (RFC 7515 section 7.1), taken apart and not yet believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    cause::Cause,
    strict_json::{self, Json, JsonError, Limits, Members},
};

pub(crate) const MAX_TOKEN_BYTES: usize = 8192;

pub(crate) struct Jws<'a> {
    pub(crate) signing_input: &'a str,
    pub(crate) header: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    /// Still in base64url, which is canonical.
    pub(crate) signature: &'a str,
}

impl<'a> Jws<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, Cause> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Cause::TooLarge);
        }
        if !token.bytes().all(is_token_byte) {
            return Err(Cause::Malformed);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Cause::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Cause::Malformed)?;
        // Decoded again by the verifier, whose rules on padding are not ours to rely on.
        decode(signature)?;
        Ok(Self { signing_input, header: decode(header)?, payload: decode(payload)?, signature })
    }
}

/// Reads a header or a set of claims.
pub(crate) fn members(json: &[u8]) -> Result<Members<'_>, Cause> {
    match strict_json::read(json, Limits::TOKEN) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err(Cause::Malformed),
        Err(JsonError::DuplicateMember) => Err(Cause::DuplicateMember),
        Err(JsonError::TooDeep | JsonError::TooManyMembers | JsonError::NameTooLong) => Err(Cause::TooComplex),
        Err(JsonError::ByteOrderMark | JsonError::Syntax | JsonError::TrailingBytes) => Err(Cause::Malformed),
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

// The engine refuses padding and non-zero trailing bits, and a fourth segment's dot.
fn decode(segment: &str) -> Result<Vec<u8>, Cause> {
    if segment.is_empty() {
        return Err(Cause::Malformed);
    }
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Cause::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(token: &str) -> Result<(), Cause> {
        Jws::split(token).map(|_| ())
    }

    #[test]
    fn three_segments_come_apart() {
        let jws = Jws::split("e30.W10.AQI").ok();
        let seen = jws.map(|jws| (jws.signing_input, jws.header, jws.payload, jws.signature));
        assert_eq!(seen, Some(("e30.W10", b"{}".to_vec(), b"[]".to_vec(), "AQI")));
    }

    #[test]
    fn any_other_number_of_segments_is_malformed() {
        for token in ["", ".", "..", "...", "e30", "e30.e30", "e30.e30.AQI.AQI", "e30.e30.e30.e30.AQI"] {
            assert_eq!(split(token), Err(Cause::Malformed), "{token}");
        }
    }

    #[test]
    fn an_empty_segment_is_malformed() {
        for token in [".e30.AQI", "e30..AQI", "e30.e30."] {
            assert_eq!(split(token), Err(Cause::Malformed), "{token}");
        }
    }

    #[test]
    fn base64url_is_canonical() {
        for segment in ["AQI=", "AQJ", "A", "A+I", "A/I", "A I", "AQI\n", "AQ\u{0}", "ÄQI"] {
            assert_eq!(split(&format!("e30.e30.{segment}")), Err(Cause::Malformed), "{segment}");
            assert_eq!(split(&format!("e30.{segment}.AQI")), Err(Cause::Malformed), "{segment}");
            assert_eq!(split(&format!("{segment}.e30.AQI")), Err(Cause::Malformed), "{segment}");
        }
    }

    #[test]
    fn size_is_judged_before_anything_else() {
        assert_eq!(split(&"\n".repeat(MAX_TOKEN_BYTES + 1)), Err(Cause::TooLarge));
        assert_eq!(split(&"\n".repeat(MAX_TOKEN_BYTES)), Err(Cause::Malformed));
    }

    #[test]
    fn a_top_level_that_is_no_object_is_malformed() {
        for json in ["[]", "null", "\"{}\"", "1", "", "{} {}", "\u{feff}{}"] {
            assert_eq!(members(json.as_bytes()), Err(Cause::Malformed), "{json}");
        }
    }
}
