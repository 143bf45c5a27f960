//! What is asked of a password that is chosen.

use super::{ContextWords, MAX_LENGTH, Password, common};
use crate::{domain::Email, error::Rule};

/// Classes that can be asked for: lower case, upper case, digits, all else.
pub const CLASSES: usize = 4;

/// What is asked of a password that is chosen for an account. One that is
/// presented is only compared.
#[derive(Clone, Debug)]
pub struct PasswordPolicy {
    /// In code points.
    pub min_length: usize,
    /// How many classes of characters have to be in it; 0: any may do.
    pub classes: usize,
    /// How many of the account's last passwords, the present one among them, it
    /// must not be; 0: it may be any.
    pub history: usize,
    /// What the place is called where it is used.
    pub words: ContextWords,
}

impl PasswordPolicy {
    /// A password that may be chosen, or every rule that it breaks. Whether it was
    /// used before is for the flow to find out: that takes hashing.
    pub fn choose(&self, text: &str, email: Option<&Email>) -> Result<Password, Vec<Rule>> {
        let password = Password::normal(text).map_err(|rule| vec![rule])?;
        let rules: Vec<Rule> = password.faults().chain(self.breaches(&password, email)).collect();
        if rules.is_empty() { Ok(password) } else { Err(rules) }
    }

    /// Every rule that a password breaks if it is chosen for an account.
    pub fn breaches(&self, password: &Password, email: Option<&Email>) -> Vec<Rule> {
        let (text, length) = (password.expose(), password.length());
        // Too long to be on a list, and it is refused anyway.
        if length > MAX_LENGTH {
            return Vec::new();
        }
        let rules = [
            (length < self.min_length, Rule::TooShort(self.min_length)),
            (classes(text) < self.classes, Rule::CharacterClasses(self.classes)),
            (common::is_common(text), Rule::CommonPassword),
            (self.words_about(email).make(text), Rule::GuessablePassword),
        ];
        rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| rule).collect()
    }

    /// How many passwords are kept beside the present one; `None`: a new one may be
    /// any that was used before.
    pub fn former(&self) -> Option<u32> {
        u32::try_from(self.history).ok()?.checked_sub(1)
    }

    /// The words that a password of this person must not be made of.
    pub fn words_about(&self, email: Option<&Email>) -> ContextWords {
        let words = self.words.clone();
        match email {
            Some(email) => words.and_address(email),
            None => words,
        }
    }
}

/// How many classes of characters there are in a text. Letters that have no case
/// are of the last one.
fn classes(text: &str) -> usize {
    let mut found = [false; CLASSES];
    for c in text.chars() {
        let class = match c {
            c if c.is_lowercase() => 0,
            c if c.is_uppercase() => 1,
            c if c.is_numeric() => 2,
            _ => 3,
        };
        found[class] = true;
    }
    found.into_iter().filter(|is_there| *is_there).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PasswordPolicy {
        PasswordPolicy { min_length: 8, classes: 0, history: 0, words: ContextWords::of("sekisho") }
    }

    fn broken(policy: &PasswordPolicy, text: &str) -> Vec<Rule> {
        let email = Email::parse("ada.lovelace@dragon.example").unwrap();
        policy.choose(text, Some(&email)).err().unwrap_or_default()
    }

    /// R01, R02.
    #[test]
    fn length_is_in_code_points_after_nfkc() {
        for (text, wanted) in [
            ("längeres", vec![]),
            ("kürzest", vec![Rule::TooShort(8)]),
            ("e\u{301}".repeat(8).as_str(), vec![]),
            ("e\u{301}".repeat(7).as_str(), vec![Rule::TooShort(8)]),
            ("🦀".repeat(8).as_str(), vec![]),
            ("🦀".repeat(256).as_str(), vec![]),
            ("🦀".repeat(257).as_str(), vec![Rule::TooLong(256)]),
            ("q".repeat(64).as_str(), vec![]),
            ("", vec![Rule::Required]),
            ("correct\0horse", vec![Rule::ControlCharacter]),
        ] {
            assert_eq!(broken(&policy(), text), wanted, "{text:?}");
        }
        let longer = PasswordPolicy { min_length: 15, ..policy() };
        assert_eq!(broken(&longer, "fourteen chars"), [Rule::TooShort(15)]);
        assert_eq!(broken(&longer, "fifteen letters"), []);
    }

    #[test]
    fn every_rule_that_is_broken_is_named() {
        let strict = PasswordPolicy { min_length: 12, classes: 3, ..policy() };
        assert_eq!(broken(&strict, "password"), [Rule::TooShort(12), Rule::CharacterClasses(3), Rule::CommonPassword]);
        assert_eq!(
            broken(&strict, "dragon123"),
            [Rule::TooShort(12), Rule::CharacterClasses(3), Rule::CommonPassword, Rule::GuessablePassword]
        );
        assert_eq!(broken(&strict, &"\0".repeat(300)), [Rule::TooLong(256), Rule::ControlCharacter]);
    }

    /// R07.
    #[test]
    fn no_class_is_asked_for_unless_it_is_set() {
        assert_eq!(broken(&policy(), "onlyfifteenlett"), []);
        let text = ["onlylowercase", "Onlylettershere", "Twocases4digit", "Twocases 4 all"];
        for asked in 1..=CLASSES {
            let asking = PasswordPolicy { classes: asked, ..policy() };
            for (has, text) in (1..=CLASSES).zip(text) {
                let wanted = if has < asked { vec![Rule::CharacterClasses(asked)] } else { vec![] };
                assert_eq!(broken(&asking, text), wanted, "{text} of {asked}");
            }
        }
        assert_eq!(classes("合言葉"), 1);
    }

    #[test]
    fn without_an_address_our_own_name_is_known() {
        assert_eq!(policy().choose("S3kisho-2026", None).unwrap_err(), [Rule::GuessablePassword]);
        assert!(policy().choose("ada.lovelace99", None).is_ok());
    }
}
