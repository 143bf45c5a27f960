//! Passwords, as people type them.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Email;
use crate::error::Rule;

/// In code points, after normalisation.
pub const MIN_LENGTH: usize = 8;
/// In code points, after normalisation.
pub const MAX_LENGTH: usize = 256;
/// A code point is at most four bytes; NFKC of a longer text is not worth
/// computing.
const MAX_BYTES: usize = 4 * MAX_LENGTH;

/// What everybody tries first, in lower case, one a line.
const COMMON: &str = include_str!("password/common.txt");
const PRODUCT: &str = "sekisho";

/// A password in NFKC. Whole: nothing is truncated or folded.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password that is presented: only what could never be one is refused,
    /// so that an imported short password still signs in.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() > MAX_BYTES {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        let normal: Zeroizing<String> = Zeroizing::new(text.nfkc().collect());
        if normal.chars().count() > MAX_LENGTH {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        if normal.chars().any(char::is_control) {
            return Err(Rule::ControlCharacter);
        }
        Ok(Self(normal))
    }

    /// A password that is chosen for an account: long enough, not common, not
    /// made of the address or our name.
    pub fn choose(text: &str, email: Option<&Email>) -> Result<Self, Rule> {
        let password = Self::parse(text)?;
        password.suits(email)?;
        Ok(password)
    }

    /// Whether it may be chosen for an account with that address.
    pub fn suits(&self, email: Option<&Email>) -> Result<(), Rule> {
        if self.0.chars().count() < MIN_LENGTH {
            return Err(Rule::TooShort(MIN_LENGTH));
        }
        let lower = Zeroizing::new(self.0.to_lowercase());
        if COMMON.lines().any(|common| common == lower.as_str()) {
            return Err(Rule::CommonPassword);
        }
        if email.is_some_and(|email| is_made_of(&lower, email)) || is_padded(&lower, PRODUCT) {
            return Err(Rule::GuessablePassword);
        }
        Ok(())
    }

    /// The normalised text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn is_made_of(lower: &str, email: &Email) -> bool {
    let domain = email.as_str().rsplit('@').next().unwrap_or_default();
    lower.contains(email.as_str()) || is_padded(lower, email.local_part()) || is_padded(lower, domain)
}

/// Whether little is left when the word is taken out: "ada2024!" of "ada".
fn is_padded(lower: &str, word: &str) -> bool {
    word.len() >= 3 && lower.contains(word) && lower.replace(word, "").chars().count() < 5
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_in_code_points_after_nfkc() {
        for (text, wanted) in [
            ("längeres", Ok(())),
            ("kürzest", Err(Rule::TooShort(8))),
            ("e\u{301}".repeat(8).as_str(), Ok(())),
            ("e\u{301}".repeat(7).as_str(), Err(Rule::TooShort(8))),
            ("🦀".repeat(256).as_str(), Ok(())),
            ("🦀".repeat(257).as_str(), Err(Rule::TooLong(256))),
            ("a".repeat(257).as_str(), Err(Rule::TooLong(256))),
            ("", Err(Rule::Required)),
            ("correct\0horse", Err(Rule::ControlCharacter)),
        ] {
            assert_eq!(Password::choose(text, None).map(drop), wanted, "{text:?}");
        }
    }

    #[test]
    fn spellings_that_nfkc_equates_are_one_password() {
        let full_width = Password::parse("ｐａｓｓｗｏｒｄ１").unwrap();
        assert_eq!(full_width.expose(), "password1");
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        let email = Email::parse("ada.lovelace@example.com").unwrap();
        for text in ["ada.lovelace1", "Example.com99", "ada.lovelace@example.com and more", "sekisho123"] {
            assert_eq!(Password::choose(text, Some(&email)).unwrap_err(), Rule::GuessablePassword, "{text}");
        }
        for text in ["password", "PASSWORD", "12345678", "qwertyuiop"] {
            assert_eq!(Password::choose(text, Some(&email)).unwrap_err(), Rule::CommonPassword, "{text}");
        }
        assert!(Password::choose("correct horse battery staple", Some(&email)).is_ok());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::parse("hunter2hunter2").unwrap()), "Password(…)");
    }
}
