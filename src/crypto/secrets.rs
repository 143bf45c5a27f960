//! Everything that is derived from `SEKISHO_SECRET`: one key per purpose, by
//! HKDF-SHA-256 (RFC 5869) with a label each.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    hmac::{HMAC_SHA256, HMAC_SHA384, Key, sign, verify},
};

use crate::{
    domain::{Code, Email, Purpose},
    entropy::Entropy,
};

/// Names a secret in what was made with it.
pub type SecretId = [u8; 4];

/// What shows that whoever wrote a text has the key of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac {
    /// Which secret the key is derived from.
    pub key_id: SecretId,
    /// HMAC-SHA-256.
    pub tag: [u8; 32],
}

/// What a [`Mac`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacCheck {
    /// We wrote the text.
    Right,
    /// Somebody else did.
    Wrong,
    /// Nobody can tell any more: the secret is neither the current nor the previous one.
    UnknownKey,
}

/// The current secret, and the one before it while it is being replaced.
pub struct Secrets {
    current: Derived,
    previous: Option<Derived>,
}

struct Derived {
    id: SecretId,
    refresh: Key,
    code: Key,
    reset: Key,
    mailbox: Key,
    pepper: Key,
    service: Key,
    audit: Key,
    admin: Key,
    seal: LessSafeKey,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Derived {
    fn new(secret: &[u8]) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let root = Salt::new(HKDF_SHA256, b"sekisho/v1").extract(secret);
        let mut id = SecretId::default();
        root.expand(&[b"secret id"], Length(id.len()))?.fill(&mut id)?;
        Ok(Self {
            id,
            refresh: mac_key(&root, b"refresh token")?,
            code: mac_key(&root, b"one-time code")?,
            reset: mac_key(&root, b"reset token")?,
            mailbox: mac_key(&root, b"mailbox digest")?,
            pepper: root.expand(&[b"password pepper"], HMAC_SHA384)?.into(),
            service: mac_key(&root, b"service secret")?,
            audit: mac_key(&root, b"audit chain")?,
            admin: mac_key(&root, b"admin token")?,
            seal: LessSafeKey::new(UnboundKey::from(root.expand(&[b"signing key seal"], &AES_256_GCM)?)),
        })
    }
}

fn mac_key(root: &Prk, label: &'static [u8]) -> Result<Key, aws_lc_rs::error::Unspecified> {
    Ok(root.expand(&[label], HMAC_SHA256)?.into())
}

impl Secrets {
    /// Derives all keys. Fails only if the library does.
    pub fn derive(current: &[u8], previous: Option<&[u8]>) -> Result<Self, aws_lc_rs::error::Unspecified> {
        Ok(Self { current: Derived::new(current)?, previous: previous.map(Derived::new).transpose()? })
    }

    /// The id of the current secret.
    pub fn current_id(&self) -> SecretId {
        self.current.id
    }

    fn find(&self, id: SecretId) -> Option<&Derived> {
        std::iter::once(&self.current).chain(&self.previous).find(|derived| derived.id == id)
    }

    /// The key for the MAC of refresh tokens made under that secret.
    pub fn refresh_key(&self, id: SecretId) -> Option<&Key> {
        self.find(id).map(|derived| &derived.refresh)
    }

    /// The key for the pepper of passwords stored under that secret.
    pub fn pepper(&self, id: SecretId) -> Option<&Key> {
        self.find(id).map(|derived| &derived.pepper)
    }

    /// What stands for the secret of a service in the store, under that secret of
    /// ours.
    pub fn service_digest(&self, id: SecretId, secret: &str) -> Option<[u8; 32]> {
        self.find(id).map(|derived| digest(&derived.service, &[secret]))
    }

    /// Signs a text about the audit log, under the current secret.
    pub fn audit_mac(&self, text: &[u8]) -> Mac {
        let mut tag = [0; 32];
        tag.copy_from_slice(sign(&self.current.audit, text).as_ref());
        Mac { key_id: self.current.id, tag }
    }

    /// Checks what [`Secrets::audit_mac`] made, under either secret.
    pub fn check_audit_mac(&self, text: &[u8], mac: &Mac) -> MacCheck {
        match self.find(mac.key_id).map(|derived| verify(&derived.audit, text, &mac.tag)) {
            None => MacCheck::UnknownKey,
            Some(Ok(())) => MacCheck::Right,
            Some(Err(_)) => MacCheck::Wrong,
        }
    }

    /// The keys for codes that wait, the current ones first.
    pub fn code_keys(&self) -> impl Iterator<Item = CodeKeys<'_>> {
        std::iter::once(&self.current).chain(&self.previous).map(CodeKeys)
    }

    /// The keys for the MAC of reset tokens, the current one first.
    pub fn reset_keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous).map(|derived| &derived.reset)
    }

    /// The keys for the MAC of tokens that make an administrator, the current one first.
    pub fn admin_keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous).map(|derived| &derived.admin)
    }

    /// What stands for an address where the address itself is not needed.
    pub fn mailbox_digest(&self, email: &Email) -> [u8; 32] {
        CodeKeys(&self.current).mailbox(email)
    }

    /// Seals a private key for storage, bound to its public half.
    pub fn seal(&self, plain: &[u8], bound_to: &str, entropy: &dyn Entropy) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut sealed = plain.to_vec();
        let aad = Aad::from(bound_to);
        self.current.seal.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some([&self.current.id[..], &nonce, &sealed].concat())
    }

    /// Whether it was sealed under the current secret.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.current.id)
    }

    /// Opens what [`Secrets::seal`] made, under either secret. `None`: neither
    /// opens it.
    pub fn open(&self, sealed: &[u8], bound_to: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let (id, rest) = sealed.split_first_chunk::<4>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut buffer = zeroize::Zeroizing::new(rest.to_vec());
        let key = &self.find(*id)?.seal;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = key.open_in_place(nonce, Aad::from(bound_to), &mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

/// What is derived from one secret for codes that wait.
#[derive(Clone, Copy)]
pub struct CodeKeys<'a>(&'a Derived);

impl CodeKeys<'_> {
    /// What stands for an address in a store.
    pub fn mailbox(&self, email: &Email) -> [u8; 32] {
        digest(&self.0.mailbox, &[email.as_str()])
    }

    /// What stands for a code in a store.
    pub fn code(&self, purpose: Purpose, email: &Email, client_id: &str, code: &Code) -> [u8; 32] {
        digest(&self.0.code, &[purpose.as_str(), email.as_str(), client_id, code.expose()])
    }

    /// What stands for a reset token in a store.
    pub fn reset_token(&self, email: &Email, client_id: &str, token: &str) -> [u8; 32] {
        digest(&self.0.code, &[Purpose::ResetToken.as_str(), email.as_str(), client_id, token])
    }
}

/// HMAC-SHA-256 over parts, each led by its length, so that no two lists of
/// parts give the same text.
fn digest(key: &Key, parts: &[&str]) -> [u8; 32] {
    let mut context = aws_lc_rs::hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn secrets(current: u8, previous: Option<u8>) -> Secrets {
        Secrets::derive(&[current; 32], previous.map(|byte| [byte; 32]).as_ref().map(<[u8; 32]>::as_slice)).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_under_the_previous_secret_and_no_other() {
        let sealed = secrets(1, None).seal(b"private", "EdDSA kid", &SystemEntropy).unwrap();
        assert_eq!(secrets(2, Some(1)).open(&sealed, "EdDSA kid").unwrap().as_slice(), b"private");
        assert!(secrets(2, None).open(&sealed, "EdDSA kid").is_none());
        assert!(secrets(1, None).open(&sealed, "EdDSA other").is_none());
        for end in 0..sealed.len() {
            assert!(secrets(1, None).open(&sealed[..end], "EdDSA kid").is_none(), "cut at {end}");
        }
    }

    /// R21.
    #[test]
    fn a_code_counts_for_its_purpose_address_and_client_only() {
        let secrets = secrets(1, None);
        let (ada, bob) = (Email::parse("ada@example.com").unwrap(), Email::parse("bob@example.com").unwrap());
        let code = Code::parse("123456").unwrap();
        let keys = secrets.code_keys().next().unwrap();
        let digest = keys.code(Purpose::Signup, &ada, "web", &code);
        assert_ne!(digest, keys.code(Purpose::Signup, &bob, "web", &code));
        assert_ne!(digest, keys.code(Purpose::Signup, &ada, "ios", &code));
        assert_ne!(digest, keys.code(Purpose::Signup, &ada, "web", &Code::parse("123457").unwrap()));
    }
}
