//! Passwords that everybody tries first, and those that were found in breaches.
//!
//! Half a million words would be five megabytes. A binary fuse filter
//! (Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters",
//! 2022) holds a fingerprint of 16 bits of each in 2.2 bytes and needs no room
//! beside them: it stays in the binary and is read in place. A word of the list
//! is always found; another is taken for one once in 65,536 times.
//!
//! `docs/passwords.md` says where the words come from; `wordlist/main.rs` makes
//! the filter.

use aws_lc_rs::digest;
use xorf::{BinaryFuse16Ref, DmaSerializable, Filter, FilterRef};
use zeroize::Zeroizing;

use super::folded;

/// Words of which variants are refused too.
pub const MOST_COMMON: usize = 10_000;
/// Digits and signs that do not make another word of one.
const MAX_DECORATION: usize = 5;
/// Of a shorter stem too little is left to call it a word.
const MIN_STEM: usize = 4;
/// Of the filter, in bytes: seed and lengths.
const DESCRIPTOR: usize = <xorf::BinaryFuse16 as DmaSerializable>::DESCRIPTOR_LEN;

/// Fingerprints are read as numbers of 16 bits where they lie.
#[repr(C, align(2))]
struct Aligned<T>(T);

static FILTER: Aligned<[u8; include_bytes!("../../../wordlist/common.bfuse").len()]> =
    Aligned(*include_bytes!("../../../wordlist/common.bfuse"));

const _: () = assert!(cfg!(target_endian = "little"), "the filter was written in little endian");

/// Whether a password is a word of the list, or a usual variant of one of the
/// most common.
pub(super) fn is_common(text: &str) -> bool {
    let text = folded(text);
    let (descriptor, fingerprints) = FILTER.0.split_at(DESCRIPTOR);
    let filter = BinaryFuse16Ref::from_dma(descriptor, fingerprints);
    filter.contains(&word_key(&text)) || stems(&text).iter().any(|stem| filter.contains(&stem_key(stem)))
}

/// What stands for a word of the list in the filter; the word is in NFKC and in
/// lower case.
pub fn word_key(word: &str) -> u64 {
    key("word", word)
}

/// What stands for the stem of one of the [`MOST_COMMON`].
pub fn stem_key(stem: &str) -> u64 {
    key("stem", stem)
}

fn key(kind: &str, text: &str) -> u64 {
    let mut digest = digest::Context::new(&digest::SHA256);
    for part in [kind, " ", text] {
        digest.update(part.as_bytes());
    }
    digest.finish().as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// What is left of "!P4ssw0rd2024" without the digits and signs around it, and
/// with letters for those within: "password". A 1 may be an i or an l.
pub fn stems(folded: &str) -> Vec<Zeroizing<String>> {
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    let decoration = folded.chars().count() - bare.chars().count();
    if decoration > MAX_DECORATION || bare.chars().count() < MIN_STEM {
        return Vec::new();
    }
    let read = |one| Zeroizing::new(bare.chars().map(|c| letter(c, one)).collect());
    let mut stems = vec![read('i'), read('l')];
    stems.dedup();
    stems
}

/// The letter that a digit or a sign is written for.
fn letter(c: char, one: char) -> char {
    match c {
        '4' | '@' => 'a',
        '3' | '€' => 'e',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '1' | '!' | '|' => one,
        other => other,
    }
}

/// Whether `c` can be read as `wanted`.
pub(super) fn reads_as(c: char, wanted: char) -> bool {
    c == wanted || letter(c, 'i') == wanted || letter(c, 'l') == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that were added by hand; the rest of the list is not kept here.
    const OWN: &str = include_str!("../../../wordlist/own.txt");

    #[test]
    fn the_filter_is_small() {
        let bytes = FILTER.0.len();
        assert!(bytes < 1_300_000, "{bytes}");
    }

    /// R05.
    #[test]
    fn every_word_is_found_however_it_is_written() {
        let words: Vec<&str> = OWN.lines().filter(|word| word.chars().count() >= 8).collect();
        assert!(words.len() > 30);
        for word in words {
            assert!(is_common(word), "{word}");
            assert!(is_common(&word.to_uppercase()), "{word}");
        }
    }

    /// R05.
    #[test]
    fn usual_variants_of_the_most_common_are_found() {
        for text in [
            "password",
            "PassWord",
            "p@ssw0rd",
            "P4$$w0rd!",
            "password2024!",
            "!!password",
            "Dragon2024",
            "m0nkey123",
            "adm1n12345",
            "Summer2031!",
            "we1come99",
            "1qaz2wsx3edc",
            "qwertyuiop",
            "12345678",
            "trustno1",
        ] {
            assert!(is_common(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_on_the_list_is_not_found() {
        for text in [
            "correct horse battery staple",
            "wrong horse battery staple",
            "monkey 4937 7",
            "パスワードではない合言葉",
            "kWz8#vQp2!mX",
            "längeres",
        ] {
            assert!(!is_common(text), "{text}");
        }
    }

    /// The rate is that of one question; a password asks up to three.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    fn hardly_anything_else_is_taken_for_common() {
        const TRIED: u32 = 1_000_000;
        let (descriptor, fingerprints) = FILTER.0.split_at(DESCRIPTOR);
        let filter = BinaryFuse16Ref::from_dma(descriptor, fingerprints);
        // No word of the list holds a space and a number of seven digits at its end.
        let found = (0..TRIED).filter(|n| filter.contains(&word_key(&format!("nobody's word {n:07}")))).count();
        let rate = found as f64 / f64::from(TRIED);
        // Fifteen are to be expected, and forty in no run of this world.
        assert!(rate < 40e-6, "{rate}");
    }
}
