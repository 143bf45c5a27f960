//! Passwords, as people type them, and what is asked of one that is chosen.

pub mod common;
mod context;
pub mod policy;
pub mod strength;

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use context::ContextWords;
pub use policy::PasswordPolicy;
pub use strength::Strength;

use crate::error::Rule;

/// In code points, after normalisation.
pub const MAX_LENGTH: usize = 256;
/// A code point is at most four bytes; NFKC of a longer text is not worth
/// computing.
const MAX_BYTES: usize = 4 * MAX_LENGTH;

/// A password in NFKC. Whole: nothing is truncated or folded.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password that is presented: only what could never be one is refused,
    /// so that an imported short password still signs in.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let password = Self::normal(text)?;
        let fault = password.faults().next();
        fault.map_or(Ok(password), Err)
    }

    /// The normalised text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may still hold what no password may hold.
    fn normal(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() > MAX_BYTES {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        Ok(Self(Zeroizing::new(text.nfkc().collect())))
    }

    /// Why it could never be a password.
    fn faults(&self) -> impl Iterator<Item = Rule> {
        let is_too_long = self.length() > MAX_LENGTH;
        let has_control = self.0.chars().any(char::is_control);
        let too_long = is_too_long.then_some(Rule::TooLong(MAX_LENGTH));
        too_long.into_iter().chain(has_control.then_some(Rule::ControlCharacter))
    }

    /// In code points.
    fn length(&self) -> usize {
        self.0.chars().count()
    }
}

/// A text in which spellings that differ by case alone are one.
fn folded(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_lowercase())
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R04.
    #[test]
    fn spellings_that_nfkc_equates_are_one_password() {
        let full_width = Password::parse("ｐａｓｓｗｏｒｄ１").unwrap();
        assert_eq!(full_width.expose(), "password1");
    }

    /// R02.
    #[test]
    fn what_could_never_be_a_password_is_refused() {
        for (text, wanted) in [
            ("", Err(Rule::Required)),
            ("a", Ok(())),
            ("🦀".repeat(256).as_str(), Ok(())),
            ("🦀".repeat(257).as_str(), Err(Rule::TooLong(256))),
            ("a".repeat(256).as_str(), Ok(())),
            ("a".repeat(257).as_str(), Err(Rule::TooLong(256))),
            // One code point before NFKC, eighteen after it.
            ("\u{FDFA}".repeat(15).as_str(), Err(Rule::TooLong(256))),
            ("correct\0horse", Err(Rule::ControlCharacter)),
        ] {
            assert_eq!(Password::parse(text).map(drop), wanted, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::parse("hunter2hunter2").unwrap()), "Password(…)");
    }

    proptest! {
        /// R03.
        #[test]
        fn every_code_point_is_kept(text in "[!-~ぁ-んァ-ヴ]{1,256}", at: prop::sample::Index, other in "[!-~ぁ-ん]") {
            let password = Password::parse(&text).unwrap();
            prop_assert_eq!(password.expose(), text.nfkc().collect::<String>());
            let mut changed: Vec<char> = text.chars().collect();
            let at = at.index(changed.len());
            let other = other.chars().next().unwrap();
            prop_assume!(changed[at] != other);
            changed[at] = other;
            let changed = Password::parse(&changed.into_iter().collect::<String>()).unwrap();
            prop_assert_ne!(changed.expose(), password.expose());
        }

        /// R03.
        #[test]
        fn nul_is_refused_wherever_it_is(text in "\\PC{0,100}", at: prop::sample::Index) {
            let mut with: Vec<char> = text.chars().collect();
            with.insert(at.index(with.len() + 1), '\0');
            let with: String = with.into_iter().collect();
            prop_assert_eq!(Password::parse(&with).unwrap_err(), Rule::ControlCharacter);
        }
    }
}
