//! Reset tokens: what the right code for a new password is exchanged for. `skp_` and
//! base64url of
//!
//! ```text
//! version 1 | user id 16 | random 32 | MAC 32
//! ```
//!
//! The MAC is HMAC-SHA-256 over all before it, so that nothing is hashed or looked up
//! for what we did not make. Whether a token is still good is up to the store of
//! codes, which has a keyed hash of it.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Secrets, secrets::CodeKeys};
use crate::{
    domain::{ClientId, Email, UserId},
    entropy::Entropy,
};

const PREFIX: &str = "skp_";
const VERSION: u8 = 1;
const BODY: usize = 1 + 16 + 32;
const MAC: usize = 32;

/// A reset token that has the right form.
#[derive(Clone)]
pub struct ResetToken {
    body: [u8; BODY],
    mac: [u8; MAC],
}

impl ResetToken {
    /// A new one for a person.
    pub fn issue(secrets: &Secrets, user_id: UserId, entropy: &dyn Entropy) -> Option<Self> {
        let mut body = [0; BODY];
        body[0] = VERSION;
        body[1..17].copy_from_slice(user_id.0.as_bytes());
        body[17..].copy_from_slice(&entropy.bytes::<32>());
        let tag = hmac::sign(secrets.reset_keys().next()?, &body);
        Some(Self { body, mac: tag.as_ref().try_into().ok()? })
    }

    /// Reads a token; `None` for anything that is not exactly of the form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (body, mac) = bytes.split_first_chunk::<BODY>()?;
        (body[0] == VERSION).then_some(())?;
        Some(Self { body: *body, mac: mac.try_into().ok()? })
    }

    /// The text that the client keeps.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode([&self.body[..], &self.mac].concat()))
    }

    /// Whether it was made with one of our secrets.
    pub fn is_ours(&self, secrets: &Secrets) -> bool {
        secrets.reset_keys().any(|key| hmac::sign(key, &self.body).as_ref().ct_eq(&self.mac).into())
    }

    /// Whose.
    pub fn user_id(&self) -> UserId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.body[1..17]);
        UserId(Uuid::from_bytes(id))
    }

    /// What stands for it in a store.
    pub fn digest(&self, keys: &CodeKeys<'_>, email: &Email, client_id: &ClientId) -> [u8; 32] {
        keys.reset_token(email, client_id.as_str(), &hex::encode(self.body))
    }
}

impl fmt::Debug for ResetToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn secrets(current: u8, previous: Option<[u8; 32]>) -> Secrets {
        Secrets::derive(&[current; 32], previous.as_ref().map(<[u8; 32]>::as_slice)).unwrap()
    }

    #[test]
    fn a_token_is_ours_under_the_previous_secret_too_and_under_no_other() {
        let person = UserId(Uuid::from_u128(7));
        let token = ResetToken::issue(&secrets(1, None), person, &SystemEntropy).unwrap();
        let read = ResetToken::parse(&token.expose()).unwrap();
        assert_eq!(read.user_id(), person);
        assert!(read.is_ours(&secrets(1, None)) && read.is_ours(&secrets(2, Some([1; 32]))));
        assert!(!read.is_ours(&secrets(2, None)));
    }

    #[test]
    fn no_bit_of_a_token_may_be_another() {
        let token = ResetToken::issue(&secrets(1, None), UserId(Uuid::from_u128(7)), &SystemEntropy).unwrap();
        let bytes = [&token.body[..], &token.mac].concat();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let other = ResetToken::parse(&format!("{PREFIX}{}", BASE64.encode(other)));
            assert!(!other.is_some_and(|other| other.is_ours(&secrets(1, None))), "bit {bit}");
        }
        for text in ["", "skp_", "skr_AAAA", &token.expose()[..100], &format!("{}A", token.expose())] {
            assert!(ResetToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let token = ResetToken::issue(&secrets(1, None), UserId(Uuid::from_u128(7)), &SystemEntropy).unwrap();
        assert_eq!(format!("{token:?}"), "ResetToken(…)");
    }
}
