//! Names of installations.

use crate::error::Rule;

const MAX_LENGTH: usize = 128;

/// What a code or refresh token is bound to: 1 to 128 characters out of
/// `A-Z a-z 0-9 . _ ~ : -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Reads a client id; case counts.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() > MAX_LENGTH {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte);
        if !text.bytes().all(legal) {
            return Err(Rule::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_alphabet() {
        assert!(ClientId::parse("a").is_ok());
        assert!(ClientId::parse(&"a".repeat(128)).is_ok());
        assert_eq!(ClientId::parse(&"a".repeat(129)), Err(Rule::TooLong(128)));
        assert_eq!(ClientId::parse(""), Err(Rule::Required));
        for text in ["a b", "a\0", "é", "a/b", "a\n"] {
            assert_eq!(ClientId::parse(text), Err(Rule::Malformed), "{text:?}");
        }
    }
}
