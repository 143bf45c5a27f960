//! The secrets of services: `sks_` and base64url of 32 random bytes.
//!
//! Stored is a MAC under a key of ours. No slow hash is needed: nobody guesses 256
//! random bits, however fast the guesses are; and a dump of the store gives nothing
//! to try them on without our key.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Secrets;
use crate::{domain::service::StoredSecret, entropy::Entropy};

const PREFIX: &str = "sks_";
/// The secret of the service that `sekisho dev` knows.
const OF_DEVELOPMENT: &str = "sekisho-development-only";

/// What a service proves itself with.
#[derive(Clone)]
pub struct ServiceSecret(Zeroizing<String>);

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretCheck {
    /// Wrong.
    Wrong,
    /// Right.
    Right,
    /// Right, and stored under a secret that goes: this is how it should be stored.
    Outdated(StoredSecret),
}

impl ServiceSecret {
    /// A new, random one.
    pub fn random(entropy: &dyn Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<32>());
        Self(Zeroizing::new(format!("{PREFIX}{}", BASE64.encode(bytes.as_slice()))))
    }

    /// That of the service that `sekisho dev` knows.
    pub fn of_development() -> Self {
        Self::presented(OF_DEVELOPMENT)
    }

    /// As somebody presents it, whatever it may be.
    pub fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// How it is stored. `None`: no key.
    pub fn store(&self, secrets: &Secrets) -> Option<StoredSecret> {
        let key_id = secrets.current_id();
        Some(StoredSecret { key_id, digest: secrets.service_digest(key_id, &self.0)? })
    }

    /// Checks it. Where there is no account the same work is done, and the answer
    /// is [`SecretCheck::Wrong`].
    pub fn check(&self, secrets: &Secrets, stored: Option<&StoredSecret>) -> SecretCheck {
        let is_known = stored.is_some();
        let nobody = StoredSecret { key_id: secrets.current_id(), digest: [0; 32] };
        let stored = stored.unwrap_or(&nobody);
        let Some(digest) = secrets.service_digest(stored.key_id, &self.0) else {
            tracing::error!("the secret of a service is stored under a secret that is not set");
            return SecretCheck::Wrong;
        };
        let is_right: bool = digest.ct_eq(&stored.digest).into();
        match (is_right && is_known, stored.key_id == secrets.current_id()) {
            (false, _) => SecretCheck::Wrong,
            (true, true) => SecretCheck::Right,
            (true, false) => self.store(secrets).map_or(SecretCheck::Right, SecretCheck::Outdated),
        }
    }
}

impl fmt::Debug for ServiceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn secrets(current: u8, previous: Option<u8>) -> Secrets {
        Secrets::derive(&[current; 32], previous.map(|byte| [byte; 32]).as_ref().map(<[u8; 32]>::as_slice)).unwrap()
    }

    #[test]
    fn a_secret_is_itself_and_nothing_else() {
        let (secret, other) = (ServiceSecret::random(&SystemEntropy), ServiceSecret::random(&SystemEntropy));
        let stored = secret.store(&secrets(1, None)).unwrap();
        assert_eq!(secret.expose().len(), 4 + 43);
        assert_eq!(secret.check(&secrets(1, None), Some(&stored)), SecretCheck::Right);
        assert_eq!(other.check(&secrets(1, None), Some(&stored)), SecretCheck::Wrong);
        assert_eq!(secret.check(&secrets(1, None), None), SecretCheck::Wrong);
        assert_eq!(ServiceSecret::presented("").check(&secrets(1, None), Some(&stored)), SecretCheck::Wrong);
    }

    #[test]
    fn under_the_previous_secret_it_is_right_and_stored_anew() {
        let secret = ServiceSecret::random(&SystemEntropy);
        let stored = secret.store(&secrets(1, None)).unwrap();
        let SecretCheck::Outdated(renewed) = secret.check(&secrets(2, Some(1)), Some(&stored)) else { panic!() };
        assert_eq!(secret.check(&secrets(2, None), Some(&renewed)), SecretCheck::Right);
        assert_eq!(secret.check(&secrets(2, None), Some(&stored)), SecretCheck::Wrong);
    }

    #[test]
    fn it_is_not_seen_in_debug() {
        let secret = ServiceSecret::random(&SystemEntropy);
        let stored = secret.store(&secrets(1, None));
        assert_eq!(format!("{secret:?} {stored:?}"), "ServiceSecret(…) Some(StoredSecret(…))");
    }
}
