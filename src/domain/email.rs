//! E-mail addresses in one canonical form.

use std::{fmt, str::FromStr};

use crate::error::Rule;

/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
pub const MAX_LENGTH: usize = 254;

/// A mailbox, in lower case and with an ASCII domain (IDNA), so that every
/// spelling of one mailbox is one account. Mail goes to this form only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address. A local part outside ASCII is refused: look-alike
    /// letters would make two accounts of one mailbox.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() > MAX_LENGTH {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        if text.chars().any(char::is_control) {
            return Err(Rule::ControlCharacter);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Rule::Malformed)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| Rule::Malformed)?;
        if !is_dot_atom(local) || !is_public_domain(&domain) {
            return Err(Rule::Malformed);
        }
        let canonical = format!("{}@{domain}", local.to_ascii_lowercase());
        if canonical.len() > MAX_LENGTH {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        lettre::Address::from_str(&canonical).map_err(|_| Rule::Malformed)?;
        Ok(Self(canonical))
    }

    /// Reads an address back that was parsed before it was stored: that it is one is
    /// not worth finding out at every refresh.
    pub fn stored(text: &str) -> Result<Self, Rule> {
        let is_form = text.is_ascii() && text.contains('@') && text.len() <= MAX_LENGTH;
        let is_canonical = !text.bytes().any(|byte| byte.is_ascii_control() || byte.is_ascii_uppercase());
        if is_form && is_canonical { Ok(Self(text.to_owned())) } else { Err(Rule::Malformed) }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }

    /// The part after it, in ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }
}

/// RFC 5322, section 3.2.3, at most 64 octets (RFC 5321, section 4.5.3.1.1).
/// Quoted local parts are legal and unheard of; each is a chance to inject.
fn is_dot_atom(local: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.len() <= 64 && local.split('.').all(atom)
}

fn is_public_domain(domain: &str) -> bool {
    domain.contains('.') && !domain.ends_with('.') && !domain.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Masked: addresses do not belong in logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R11.
    #[test]
    fn spellings_of_one_mailbox_are_one_address() {
        let canonical = Email::parse("ada.lovelace@example.com").unwrap();
        for spelling in ["Ada.Lovelace@Example.COM", "ADA.LOVELACE@example.com"] {
            assert_eq!(Email::parse(spelling).unwrap(), canonical);
        }
        assert_eq!(Email::parse("ada@bücher.example").unwrap(), Email::parse("ada@xn--bcher-kva.example").unwrap());
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for (text, rule) in [
            ("", Rule::Required),
            ("ada", Rule::Malformed),
            ("@example.com", Rule::Malformed),
            ("ada@", Rule::Malformed),
            ("ada@localhost", Rule::Malformed),
            ("ada@127.0.0.1", Rule::Malformed),
            ("ada@[127.0.0.1]", Rule::Malformed),
            ("ada@example.com.", Rule::Malformed),
            (".ada@example.com", Rule::Malformed),
            ("a..b@example.com", Rule::Malformed),
            ("a b@example.com", Rule::Malformed),
            (" ada@example.com", Rule::Malformed),
            ("\"a\"@example.com", Rule::Malformed),
            ("a@b@example.com", Rule::Malformed),
            ("аda@example.com", Rule::Malformed),
            ("ada@exa mple.com", Rule::Malformed),
            ("ada@example.com\r\nBcc: eve@example.com", Rule::ControlCharacter),
            ("ada\0@example.com", Rule::ControlCharacter),
        ] {
            assert_eq!(Email::parse(text).unwrap_err(), rule, "{text:?}");
        }
        assert_eq!(Email::parse(&format!("a@{}.com", "b".repeat(300))).unwrap_err(), Rule::TooLong(254));
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in "\\PC{0,40}@[a-zA-Z0-9.-]{1,40}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(&Email::parse(email.as_str()).unwrap(), &email);
                prop_assert_eq!(Email::stored(email.as_str()).unwrap(), email);
            }
        }
    }
}
