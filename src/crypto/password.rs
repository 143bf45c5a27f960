//! How passwords are stored: bcrypt over base64(HMAC-SHA-384(pepper, password)).
//!
//! The 64 characters of base64 are fewer than bcrypt's 72 bytes and hold no
//! NUL, so nothing of the password is cut off. Without the pepper a dump of the
//! database cannot be guessed at.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use zeroize::Zeroizing;

use super::{Hasher, Secrets, secrets::SecretId};
use crate::{
    domain::{
        Password,
        account::StoredPassword,
        password::{ContextWords, Strength},
    },
    entropy::Entropy,
    error::Error,
};

const PLAIN: &str = "bcrypt";
const PEPPERED: &str = "bcrypt+hmac:";
/// bcrypt reads 72 bytes, the NUL at the end included.
const MAX_PLAIN_BYTES: usize = 72;
/// bcrypt's own.
const MIN_COST: u32 = 4;

/// Hashes and checks passwords.
pub struct Passwords {
    hasher: Arc<Hasher>,
    secrets: Arc<Secrets>,
    entropy: Arc<dyn Entropy>,
    cost: u32,
    /// What a password is checked against where there is no account.
    nobody: StoredPassword,
}

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub enum Check {
    /// Wrong.
    Wrong,
    /// Right.
    Right,
    /// Right, and stored in an outdated way: this is how it should be stored.
    Outdated(StoredPassword),
}

impl Passwords {
    /// `cost` is bcrypt's: each step doubles the work.
    pub fn new(
        hasher: Arc<Hasher>,
        secrets: Arc<Secrets>,
        entropy: Arc<dyn Entropy>,
        cost: u32,
    ) -> Result<Self, Error> {
        let scheme = format!("{PEPPERED}{}", hex(secrets.current_id()));
        // Only its form and its cost matter: nothing is to match it. Made at full
        // cost it would take up most of the start.
        let hash = bcrypt_hash(b"nobody", MIN_COST, entropy.bytes())?.replacen("$04$", &format!("${cost:02}$"), 1);
        Ok(Self { hasher, secrets, entropy, cost, nobody: StoredPassword { scheme, hash } })
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: &Password) -> Result<StoredPassword, Error> {
        let salt = self.entropy.bytes();
        let (password, secrets, cost) = (password.clone(), self.secrets.clone(), self.cost);
        self.hasher.run(move || store(&password, &secrets, cost, salt)).await?
    }

    /// Whether a hash is of this password, however it is stored.
    pub async fn is_of(&self, password: &Password, stored: &StoredPassword) -> Result<bool, Error> {
        let (password, stored, secrets) = (password.clone(), stored.clone(), self.secrets.clone());
        self.hasher.run(move || matches(&password, &stored, &secrets)).await?
    }

    /// How hard a text is to guess: no hash, but work for the same threads.
    pub async fn estimate(&self, text: Zeroizing<String>, words: ContextWords) -> Result<Strength, Error> {
        self.hasher.run(move || Strength::estimate(&text, &words)).await
    }

    /// Checks a password. Where there is no account the same work is done, and
    /// the answer is [`Check::Wrong`].
    pub async fn check(&self, password: &Password, stored: Option<&StoredPassword>) -> Result<Check, Error> {
        let is_known = stored.is_some();
        let stored = stored.unwrap_or(&self.nobody).clone();
        let (password, secrets, cost, salt) = (password.clone(), self.secrets.clone(), self.cost, self.entropy.bytes());
        let check = self.hasher.run(move || check(&password, &stored, &secrets, cost, salt)).await??;
        Ok(if is_known { check } else { Check::Wrong })
    }
}

fn store(password: &Password, secrets: &Secrets, cost: u32, salt: [u8; 16]) -> Result<StoredPassword, Error> {
    let id = secrets.current_id();
    let pepper = secrets.pepper(id).ok_or_else(|| Error::internal("no pepper"))?;
    let hash = bcrypt_hash(peppered(pepper, password).as_bytes(), cost, salt)?;
    Ok(StoredPassword { scheme: format!("{PEPPERED}{}", hex(id)), hash })
}

fn check(
    password: &Password,
    stored: &StoredPassword,
    secrets: &Secrets,
    cost: u32,
    salt: [u8; 16],
) -> Result<Check, Error> {
    if !matches(password, stored, secrets)? {
        return Ok(Check::Wrong);
    }
    if is_current(stored, secrets, cost) {
        return Ok(Check::Right);
    }
    store(password, secrets, cost, salt).map(Check::Outdated)
}

fn matches(password: &Password, stored: &StoredPassword, secrets: &Secrets) -> Result<bool, Error> {
    let (input, can_be_right) = input(password, stored, secrets);
    // The work is done also where the answer is known: it must not show in the time.
    Ok(bcrypt_verify(input.as_bytes(), &stored.hash)? && can_be_right)
}

/// What bcrypt is given, and whether a match would mean anything.
fn input(password: &Password, stored: &StoredPassword, secrets: &Secrets) -> (Zeroizing<String>, bool) {
    if stored.scheme == PLAIN {
        // Plain bcrypt would take any longer password with the same beginning.
        let is_whole = password.expose().len() < MAX_PLAIN_BYTES;
        return (Zeroizing::new(password.expose().to_owned()), is_whole);
    }
    let id = stored.scheme.strip_prefix(PEPPERED).and_then(unhex);
    match id.and_then(|id| secrets.pepper(id)) {
        Some(pepper) => (peppered(pepper, password), true),
        None => {
            tracing::error!(scheme = stored.scheme, "a password is stored under a secret that is not set");
            (Zeroizing::new(String::from("-")), false)
        }
    }
}

fn is_current(stored: &StoredPassword, secrets: &Secrets, cost: u32) -> bool {
    let stored_cost = stored.hash.parse::<bcrypt::HashParts>().map(|parts| parts.get_cost());
    stored.scheme.strip_prefix(PEPPERED).and_then(unhex) == Some(secrets.current_id())
        && stored_cost.is_ok_and(|stored_cost| stored_cost == cost)
}

fn peppered(pepper: &hmac::Key, password: &Password) -> Zeroizing<String> {
    Zeroizing::new(BASE64.encode(hmac::sign(pepper, password.expose().as_bytes())))
}

fn bcrypt_hash(input: &[u8], cost: u32, salt: [u8; 16]) -> Result<String, Error> {
    bcrypt::hash_with_salt(input, cost, salt).map(|parts| parts.to_string()).map_err(Error::internal)
}

#[expect(clippy::disallowed_methods, reason = "runs on a hashing thread; input is shorter than 72 bytes")]
fn bcrypt_verify(input: &[u8], hash: &str) -> Result<bool, Error> {
    bcrypt::verify(input, hash).map_err(Error::internal)
}

fn hex(id: SecretId) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

fn unhex(text: &str) -> Option<SecretId> {
    (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok())?.map(u32::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use proptest::prelude::*;

    fn passwords(secret: u8, previous: Option<[u8; 32]>, cost: u32) -> Passwords {
        let secrets = Secrets::derive(&[secret; 32], previous.as_ref().map(<[u8; 32]>::as_slice)).unwrap();
        let hasher = Arc::new(Hasher::start(1, Arc::default()).unwrap());
        Passwords::new(hasher, Arc::new(secrets), Arc::new(SystemEntropy), cost).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    /// R03.
    #[tokio::test]
    async fn every_character_counts() {
        let passwords = passwords(1, None, 4);
        let long = "a".repeat(100);
        let stored = passwords.hash(&password(&long)).await.unwrap();
        assert_eq!(passwords.check(&password(&long), Some(&stored)).await.unwrap(), Check::Right);
        for at in [0, 50, 71, 72, 73, 99] {
            let mut other = long.clone();
            other.replace_range(at..=at, "b");
            assert_eq!(passwords.check(&password(&other), Some(&stored)).await.unwrap(), Check::Wrong, "at {at}");
        }
        assert_eq!(passwords.check(&password(&"a".repeat(99)), Some(&stored)).await.unwrap(), Check::Wrong);
    }

    /// R14.
    #[tokio::test]
    async fn nobody_has_no_password_at_the_same_cost() {
        let passwords = passwords(1, None, 6);
        assert_eq!(passwords.nobody.hash.parse::<bcrypt::HashParts>().unwrap().get_cost(), 6);
        assert_eq!(passwords.check(&password("nobody"), None).await.unwrap(), Check::Wrong);
    }

    /// R09.
    #[tokio::test]
    async fn another_cost_or_secret_or_a_plain_hash_is_outdated() {
        let right = password("correct horse");
        let old = passwords(1, None, 4).hash(&right).await.unwrap();
        let dearer = passwords(1, None, 5).check(&right, Some(&old)).await.unwrap();
        let rekeyed = passwords(2, Some([1; 32]), 4).check(&right, Some(&old)).await.unwrap();
        let plain = StoredPassword { scheme: PLAIN.into(), hash: bcrypt_hash(b"correct horse", 4, [5; 16]).unwrap() };
        let imported = passwords(1, None, 4).check(&right, Some(&plain)).await.unwrap();
        for check in [dearer, rekeyed, imported] {
            assert!(matches!(check, Check::Outdated(_)), "{check:?}");
        }
    }

    #[tokio::test]
    async fn a_former_password_is_known_however_it_is_stored() {
        let right = password("correct horse");
        let old = passwords(1, None, 4).hash(&right).await.unwrap();
        let plain = StoredPassword { scheme: PLAIN.into(), hash: bcrypt_hash(b"correct horse", 5, [5; 16]).unwrap() };
        let passwords = passwords(2, Some([1; 32]), 6);
        for stored in [old, plain] {
            assert!(passwords.is_of(&right, &stored).await.unwrap());
            assert!(!passwords.is_of(&password("correct house"), &stored).await.unwrap());
        }
    }

    /// R03.
    #[tokio::test]
    async fn an_imported_hash_takes_no_password_that_bcrypt_would_cut() {
        let plain = StoredPassword { scheme: PLAIN.into(), hash: bcrypt_hash(&[b'a'; 72], 4, [5; 16]).unwrap() };
        let check = passwords(1, None, 4).check(&password(&"a".repeat(73)), Some(&plain)).await.unwrap();
        assert_eq!(check, Check::Wrong);
    }

    /// R10.
    #[tokio::test]
    async fn a_database_without_its_secret_checks_nothing() {
        let stored = passwords(1, None, 4).hash(&password("correct horse")).await.unwrap();
        let check = passwords(2, None, 4).check(&password("correct horse"), Some(&stored)).await.unwrap();
        assert_eq!(check, Check::Wrong);
    }

    /// R74.
    #[tokio::test]
    async fn a_corrupt_hash_is_a_fault_and_not_a_panic() {
        let passwords = passwords(1, None, 4);
        for hash in ["", "$2b$", "$2b$04$short", "$9z$04$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefghijklm"] {
            let stored = StoredPassword { scheme: PLAIN.into(), hash: hash.into() };
            assert!(passwords.check(&password("correct horse"), Some(&stored)).await.is_err(), "{hash}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// R03.
        #[test]
        fn a_change_at_any_position_makes_it_wrong(text in "[!-~ぁ-ん山川🦀]{1,256}", at: prop::sample::Index, other in "[!-~ぁ-ん]") {
            let passwords = passwords(1, None, 4);
            let mut changed: Vec<char> = text.chars().collect();
            let at = at.index(changed.len());
            let other = other.chars().next().unwrap();
            prop_assume!(changed[at] != other);
            changed[at] = other;
            let changed: String = changed.into_iter().collect();
            let shorter = &text[..text.len() - text.chars().next_back().unwrap().len_utf8()];
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                let stored = passwords.hash(&password(&text)).await.unwrap();
                prop_assert_eq!(passwords.check(&password(&text), Some(&stored)).await.unwrap(), Check::Right);
                for wrong in [changed.as_str(), shorter, &format!("{text}!")] {
                    if let Ok(wrong) = Password::parse(wrong) {
                        prop_assert_eq!(passwords.check(&wrong, Some(&stored)).await.unwrap(), Check::Wrong);
                    }
                }
                Ok(())
            })?;
        }
    }
}
