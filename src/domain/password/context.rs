//! Words that are known of a person or of the place where the password is used.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::{common::reads_as, folded};
use crate::domain::Email;

/// Shorter ones are in everything.
const MIN_WORD: usize = 3;
/// Digits and signs that may be left beside the words…
const MAX_LEFT: usize = 6;
/// …and letters among them, that make no other password of it.
const MAX_LETTERS_LEFT: usize = 2;

/// Words that no password may be made of, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextWords(BTreeSet<String>);

impl ContextWords {
    /// The parts of a name: of a product, or of a host.
    pub fn of(name: &str) -> Self {
        let mut words = Self::default();
        words.add(name);
        words
    }

    /// The same with all that an address says. What its mailbox and its domain are
    /// called is in it whole, in parts, and without the digits.
    pub fn and_address(mut self, email: &Email) -> Self {
        let (local, domain) = (email.local_part(), email.domain());
        self.add(local);
        self.add(domain);
        // Nobody types "xn--bcher-kva".
        let (unicode, _) = idna::domain_to_unicode(domain);
        self.add(&unicode);
        self
    }

    /// The same with those of another name.
    pub fn and(mut self, name: &str) -> Self {
        self.add(name);
        self
    }

    fn add(&mut self, name: &str) {
        let name = folded(name);
        let parts = name.split(|c: char| !c.is_alphanumeric());
        let letters = name.split(|c: char| !c.is_alphabetic());
        let words = parts.chain(letters).chain([name.as_str()]);
        self.0.extend(words.filter(|word| word.chars().count() >= MIN_WORD).map(str::to_owned));
    }

    /// For whoever estimates how hard a password is to guess.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a password is these words, in any case and with signs for letters,
    /// and little else: "l0vel@ce-1815" of "lovelace".
    pub(super) fn make(&self, password: &str) -> bool {
        let text: Zeroizing<Vec<char>> = Zeroizing::new(folded(password).chars().collect());
        let mut is_known = vec![false; text.len()];
        for word in &self.0 {
            let word: Vec<char> = word.chars().collect();
            for (at, window) in text.windows(word.len()).enumerate() {
                if window.iter().zip(&word).all(|(c, wanted)| reads_as(*c, *wanted)) {
                    is_known[at..at + word.len()].fill(true);
                }
            }
        }
        if !is_known.contains(&true) {
            return false;
        }
        let left = || text.iter().zip(&is_known).filter(|(_, is_known)| !**is_known).map(|(c, _)| c);
        left().count() <= MAX_LEFT && left().filter(|c| c.is_alphabetic()).count() <= MAX_LETTERS_LEFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words() -> ContextWords {
        let email = Email::parse("ada.lovelace1815@mail.bücher.example").unwrap();
        ContextWords::of("sekisho").and("auth.acme-shop.io").and_address(&email)
    }

    #[test]
    fn what_is_made_of_them_is_found() {
        for text in [
            "lovelace",
            "LoveLace99",
            "l0vel@ce",
            "L0V3L4C3-1815",
            "adalovelace",
            "ada-lovelace!",
            "lovelace.ada",
            "ada.lovelace1815",
            "ada.lovelace1815@mail.xn--bcher-kva.example",
            "sekisho1",
            "S3k1sh0!2026",
            "acmeshop",
            "acme-shop",
            "bücher2026",
            "mailmail",
            "1815lovelace",
            "ada12345",
        ] {
            assert!(words().make(text), "{text}");
        }
    }

    #[test]
    fn what_only_mentions_them_is_not() {
        for text in [
            "correct horse battery staple",
            "canadawater",
            "adamant quartz",
            "lovelace was first",
            "sekisho gate at hakone",
        ] {
            assert!(!words().make(text), "{text}");
        }
    }

    fn leet(c: char) -> char {
        match c {
            'a' => '@',
            'e' => '3',
            'i' | 'l' => '1',
            'o' => '0',
            's' => '5',
            't' => '7',
            other => other,
        }
    }

    proptest! {
        /// R06.
        #[test]
        fn generated_variants_are_found(
            parts in prop::collection::vec(prop::sample::select(vec!["ada", "lovelace", "sekisho", "acme", "mail"]), 1..4),
            upper in prop::collection::vec(any::<bool>(), 32),
            signs in prop::collection::vec(any::<bool>(), 32),
            suffix in "[0-9!?.]{0,6}",
        ) {
            let text: String = parts.concat().chars().enumerate().map(|(at, c)| {
                let c = if signs[at % 32] { leet(c) } else { c };
                if upper[at % 32] { c.to_ascii_uppercase() } else { c }
            }).collect();
            prop_assert!(words().make(&format!("{text}{suffix}")), "{text}{suffix}");
        }
    }
}
