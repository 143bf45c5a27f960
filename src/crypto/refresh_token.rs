//! Refresh tokens: `skr_` and base64url of
//!
//! ```text
//! version 1 | secret id 4 | user id 16 | session id 16 | generation 8 | gate 16 | MAC 32
//! ```
//!
//! The MAC is HMAC-SHA-256 over all before it: what we did not make is turned
//! away without a look into a store. The gate is a keyed hash under the session's
//! salt, which the store checks in the very step that rotates. No token is
//! stored; a dump of the store makes none without the secret, and the secret
//! makes none without the salt.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Secrets, secrets::SecretId};
use crate::domain::{
    Session, SessionId, UserId,
    session::{Gate, Salt},
};

const PREFIX: &str = "skr_";
const VERSION: u8 = 1;
const BODY: usize = 1 + 4 + 16 + 16 + 8 + Gate::LENGTH;
const MAC: usize = 32;
/// Of the text, in characters.
pub const LENGTH: usize = PREFIX.len() + ((BODY + MAC) * 4).div_ceil(3);

/// A refresh token that has the right form.
#[derive(Clone)]
pub struct RefreshToken {
    body: [u8; BODY],
    mac: [u8; MAC],
}

impl RefreshToken {
    /// The current token of a session.
    pub fn issue(secrets: &Secrets, session: &Session) -> Option<Self> {
        let secret_id = secrets.current_id();
        let body = encode_body(secret_id, session);
        let tag = hmac::sign(secrets.refresh_key(secret_id)?, &body);
        Some(Self { body, mac: tag.as_ref().try_into().ok()? })
    }

    /// Reads a token; `None` for anything that is not exactly of the form.
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() == LENGTH)?;
        let bytes = BASE64.decode(encoded).ok()?;
        let (body, mac) = bytes.split_first_chunk::<BODY>()?;
        (body[0] == VERSION).then_some(())?;
        Some(Self { body: *body, mac: mac.try_into().ok()? })
    }

    /// The text that the client keeps.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode([&self.body[..], &self.mac].concat()))
    }

    /// Whether it was made with one of our secrets. Whether for a session that
    /// is there, its gate tells.
    pub fn is_ours(&self, secrets: &Secrets) -> bool {
        let Some(key) = secrets.refresh_key(self.field(1)) else { return false };
        hmac::sign(key, &self.body).as_ref().ct_eq(&self.mac).into()
    }

    /// What only the session's record can check.
    pub fn gate(&self) -> Gate {
        Gate(self.field(45))
    }

    /// Whether its gate is that of a session with this salt.
    pub fn opens(&self, salt: &Salt) -> bool {
        self.gate().is_of(salt, self.generation())
    }

    /// Whose session.
    pub fn user_id(&self) -> UserId {
        UserId(Uuid::from_bytes(self.field(5)))
    }

    /// Which session.
    pub fn session_id(&self) -> SessionId {
        SessionId(Uuid::from_bytes(self.field(21)))
    }

    /// The number in the session's chain.
    pub fn generation(&self) -> u64 {
        u64::from_be_bytes(self.field(37))
    }

    fn field<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.body[offset..offset + N]);
        field
    }
}

fn encode_body(secret_id: SecretId, session: &Session) -> [u8; BODY] {
    let generation = session.chain.generation;
    let mut body = [0; BODY];
    body[0] = VERSION;
    body[1..5].copy_from_slice(&secret_id);
    body[5..21].copy_from_slice(session.user_id.0.as_bytes());
    body[21..37].copy_from_slice(session.id.0.as_bytes());
    body[37..45].copy_from_slice(&generation.to_be_bytes());
    body[45..].copy_from_slice(&session.salt.gate(generation).0);
    body
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::sample;
    use proptest::prelude::*;

    fn secrets() -> Secrets {
        Secrets::derive(&[7; 32], None).unwrap()
    }

    #[test]
    fn a_token_survives_its_text_form() {
        let session = sample();
        let token = RefreshToken::issue(&secrets(), &session).unwrap();
        let read = RefreshToken::parse(&token.expose()).unwrap();
        assert_eq!(token.expose().len(), LENGTH);
        assert_eq!((read.user_id(), read.session_id()), (session.user_id, session.id));
        assert_eq!(read.generation(), session.chain.generation);
        assert!(read.is_ours(&secrets()) && read.opens(&session.salt));
    }

    /// R40.
    #[test]
    fn neither_another_secret_nor_another_salt_will_do() {
        let session = sample();
        let token = RefreshToken::issue(&secrets(), &session).unwrap();
        assert!(!token.is_ours(&Secrets::derive(&[8; 32], None).unwrap()));
        assert!(!token.opens(&Salt([9; 16])));
    }

    #[test]
    fn a_token_of_the_previous_secret_is_ours() {
        let session = sample();
        let token = RefreshToken::issue(&secrets(), &session).unwrap();
        let rotated = Secrets::derive(&[8; 32], Some(&[7; 32])).unwrap();
        assert!(token.is_ours(&rotated));
    }

    /// R40.
    #[test]
    fn every_truncation_is_refused() {
        let text = RefreshToken::issue(&secrets(), &sample()).unwrap().expose();
        for end in 0..text.len() {
            assert!(RefreshToken::parse(&text[..end]).is_none(), "cut at {end}");
        }
        assert!(RefreshToken::parse(&format!("{text}A")).is_none());
    }

    proptest! {
        #[test]
        fn a_token_with_a_flipped_bit_is_not_ours(byte in 0..BODY + MAC, bit in 0..8_u32) {
            let session = sample();
            let mut token = RefreshToken::issue(&secrets(), &session).unwrap();
            if byte < BODY { token.body[byte] ^= 1 << bit } else { token.mac[byte - BODY] ^= 1 << bit }
            let read = RefreshToken::parse(&token.expose());
            prop_assert!(!read.is_some_and(|read| read.is_ours(&secrets())));
        }

        #[test]
        fn arbitrary_text_is_no_token(text in "\\PC*") {
            prop_assert!(RefreshToken::parse(&text).is_none());
        }
    }
}
