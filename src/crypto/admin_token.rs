//! One-time tokens that make an administrator: `ska_` and base64url of
//!
//! ```text
//! version 1 | id 16 | Unix seconds until which it is good, 8 | MAC 32
//! ```
//!
//! The MAC is HMAC-SHA-256 over all before it. Nothing is stored until it is spent: then
//! its id is in the revocation journal, where it can stand only once.

use std::{fmt, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use uuid::Uuid;

use super::Secrets;
use crate::{
    domain::{Timestamp, TokenId},
    entropy::Entropy,
};

/// How long one is good for.
pub const LIFE: Duration = Duration::from_secs(30 * 60);

const PREFIX: &str = "ska_";
const VERSION: u8 = 1;
const BODY: usize = 1 + 16 + 8;

/// A token that has the right form.
#[derive(Clone)]
pub struct AdminToken {
    body: [u8; BODY],
    mac: [u8; 32],
}

impl AdminToken {
    /// A new one, good for [`LIFE`]. `None`: no key.
    pub fn issue(secrets: &Secrets, entropy: &dyn Entropy, now: Timestamp) -> Option<Self> {
        let mut body = [0; BODY];
        body[0] = VERSION;
        body[1..17].copy_from_slice(TokenId::random(entropy).0.as_bytes());
        body[17..].copy_from_slice(&(now + LIFE).seconds().to_be_bytes());
        let mac = hmac::sign(secrets.admin_keys().next()?, &body).as_ref().try_into().ok()?;
        Some(Self { body, mac })
    }

    /// Reads a token; `None` for anything that is not exactly of the form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (body, mac) = bytes.split_first_chunk::<BODY>()?;
        (body[0] == VERSION).then_some(Self { body: *body, mac: mac.try_into().ok()? })
    }

    /// The text, to be shown once.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode([&self.body[..], &self.mac].concat()))
    }

    /// Whether it was made with one of our secrets, and is not too old.
    pub fn is_good(&self, secrets: &Secrets, now: Timestamp) -> bool {
        let is_ours = secrets.admin_keys().any(|key| hmac::verify(key, &self.body, &self.mac).is_ok());
        is_ours && now < self.expires_at()
    }

    /// What it is spent by.
    pub fn id(&self) -> TokenId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.body[1..17]);
        TokenId(Uuid::from_bytes(id))
    }

    /// Good until then.
    pub fn expires_at(&self) -> Timestamp {
        let mut seconds = [0; 8];
        seconds.copy_from_slice(&self.body[17..]);
        Timestamp::from_seconds(i64::from_be_bytes(seconds))
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn secrets(current: u8, previous: Option<[u8; 32]>) -> Secrets {
        Secrets::derive(&[current; 32], previous.as_ref().map(<[u8; 32]>::as_slice)).unwrap()
    }

    fn token() -> AdminToken {
        AdminToken::issue(&secrets(1, None), &SystemEntropy, NOW).unwrap()
    }

    #[test]
    fn it_is_good_for_half_an_hour_under_its_secret() {
        let read = AdminToken::parse(&token().expose()).unwrap();
        assert!(read.is_good(&secrets(1, None), NOW) && read.is_good(&secrets(2, Some([1; 32])), NOW));
        assert!(!read.is_good(&secrets(2, None), NOW));
        let last = NOW + Duration::from_secs(1_799);
        assert!(read.is_good(&secrets(1, None), last) && !read.is_good(&secrets(1, None), NOW + LIFE));
    }

    #[test]
    fn no_bit_of_it_may_be_another() {
        let token = token();
        let bytes = [&token.body[..], &token.mac].concat();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let other = AdminToken::parse(&format!("{PREFIX}{}", BASE64.encode(other)));
            assert!(!other.is_some_and(|other| other.is_good(&secrets(1, None), NOW)), "bit {bit}");
        }
        for text in ["", "ska_", "skp_AAAA", &token.expose()[..60], &format!("{}A", token.expose())] {
            assert!(AdminToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn two_are_never_the_same_and_debug_shows_nothing() {
        assert_ne!(token().id(), token().id());
        assert_eq!(format!("{:?}", token()), "AdminToken(…)");
    }
}
