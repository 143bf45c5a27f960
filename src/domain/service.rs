//! Services with an account of their own (RFC 6749, section 4.4).

use std::fmt;

use uuid::Uuid;

use super::{ClientId, Timestamp};
use crate::{entropy::Entropy, error::Rule};

/// The `sub` of a service's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServiceId(pub Uuid);

impl ServiceId {
    /// A new, random one (UUID version 4).
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid())
    }
}

/// What a service is called, its `client_id`: 1 to 64 characters out of
/// `a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceName(ClientId);

impl ServiceName {
    const MAX_LENGTH: usize = 64;

    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.len() > Self::MAX_LENGTH {
            return Err(Rule::TooLong(Self::MAX_LENGTH));
        }
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if !text.bytes().all(legal) {
            return Err(Rule::Malformed);
        }
        ClientId::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// As the client of a token or of an event.
    pub fn client_id(&self) -> &ClientId {
        &self.0
    }
}

/// Scopes (RFC 6749, section 3.3): one at least, none twice, 1024 characters at
/// most with the spaces between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    const MAX_LENGTH: usize = 1024;

    /// Reads scopes that are parted by one space.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(Rule::TooLong(Self::MAX_LENGTH));
        }
        let mut scopes: Vec<String> = Vec::new();
        for word in text.split(' ') {
            let legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            if word.is_empty() || !word.bytes().all(legal) {
                return Err(Rule::Malformed);
            }
            if !scopes.iter().any(|scope| scope == word) {
                scopes.push(word.to_owned());
            }
        }
        Ok(Self(scopes))
    }

    /// Each of them.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether all of `others` are among them.
    pub fn include(&self, others: &Self) -> bool {
        others.0.iter().all(|scope| self.0.contains(scope))
    }
}

/// Parted by one space.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// What stands for a service's secret in the store: a MAC under a key of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// Which secret of ours the key is derived from.
    pub key_id: [u8; 4],
    /// The MAC.
    pub digest: [u8; 32],
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredSecret(…)")
    }
}

/// A service that may ask for tokens of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Never given to any other.
    pub id: ServiceId,
    /// What it is called.
    pub name: ServiceName,
    /// What its tokens are good for at most.
    pub scopes: Scopes,
    /// How its secret is stored.
    pub secret: StoredSecret,
    /// Whether it gets no tokens any more.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_alphabet_of_names() {
        for text in ["a", "orders-2.eu_west", &"a".repeat(64)] {
            assert_eq!(ServiceName::parse(text).as_ref().map(ServiceName::as_str), Ok(text));
        }
        assert_eq!(ServiceName::parse(""), Err(Rule::Required));
        assert_eq!(ServiceName::parse(&"a".repeat(65)), Err(Rule::TooLong(64)));
        for text in ["A", "a b", "a:b", "a~", "é", "a\n", "a/b"] {
            assert_eq!(ServiceName::parse(text), Err(Rule::Malformed), "{text:?}");
        }
    }

    #[test]
    fn scopes_are_whole_words_with_one_space_between_them() {
        let scopes = Scopes::parse("orders:read orders:write orders:read").unwrap();
        assert_eq!(scopes.to_string(), "orders:read orders:write");
        assert!(scopes.include(&Scopes::parse("orders:write").unwrap()));
        assert!(!scopes.include(&Scopes::parse("orders:writ").unwrap()));
        assert_eq!(Scopes::parse(""), Err(Rule::Required));
        assert_eq!(Scopes::parse(&"a".repeat(1_025)), Err(Rule::TooLong(1_024)));
        for text in [" ", "a  b", " a", "a ", "a\"b", "a\\b", "a\tb", "é", "a\u{7f}"] {
            assert_eq!(Scopes::parse(text), Err(Rule::Malformed), "{text:?}");
        }
    }
}
