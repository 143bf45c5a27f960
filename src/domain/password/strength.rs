//! How hard a password is to guess, by the estimate of zxcvbn (Wheeler, "zxcvbn:
//! Low-Budget Password Strength Estimation", USENIX Security 2016). It advises;
//! it refuses nothing.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::feedback::{Suggestion, Warning};

use super::ContextWords;
use crate::domain::Locale;

/// Code points that are looked at: past them any password is strong, or repeats.
pub const MAX_ESTIMATED: usize = 100;
/// zxcvbn looks up every part of a text in every reading of its digits and signs
/// as letters: so many times the square of its length. Twenty characters with all
/// of the signs would be a million parts.
const MAX_PARTS: usize = 250_000;
/// What it takes for each letter, as of version 3.1.
const READINGS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// An estimate.
#[derive(Clone, Debug)]
pub struct Strength {
    /// From 0, guessed in a thousand tries, to 4, not guessed in ten thousand million.
    pub score: u8,
    /// How many guesses it takes, as a power of ten; finite.
    pub guesses_log10: f64,
    /// What is weak about it.
    pub warning: Option<Warning>,
    /// What would make it stronger.
    pub suggestions: Vec<Suggestion>,
}

impl Strength {
    /// Estimates the beginning of a text, of whatever length. A few milliseconds'
    /// work: not for a thread that serves calls.
    pub fn estimate(text: &str, words: &ContextWords) -> Self {
        let beginning = beginning(text);
        let words: Vec<&str> = words.iter().collect();
        let entropy = zxcvbn::zxcvbn(&beginning, &words);
        let feedback = entropy.feedback();
        Self {
            score: entropy.score().into(),
            guesses_log10: entropy.guesses_log10().max(0.0),
            warning: feedback.and_then(|feedback| feedback.warning()),
            suggestions: feedback.map(|feedback| feedback.suggestions().to_vec()).unwrap_or_default(),
        }
    }

    /// What is weak about it, for people.
    pub fn warning_in(&self, locale: Locale) -> Option<String> {
        self.warning.map(|warning| match locale {
            Locale::En => warning.to_string(),
            Locale::Ja => japanese_warning(warning).to_owned(),
        })
    }

    /// What would make it stronger, for people.
    pub fn suggestions_in(&self, locale: Locale) -> Vec<String> {
        let sentence = |suggestion: &Suggestion| match locale {
            Locale::En => suggestion.to_string(),
            Locale::Ja => japanese_suggestion(*suggestion).to_owned(),
        };
        self.suggestions.iter().map(sentence).collect()
    }
}

/// As much of a text as is worth its work. The beginning of a password is no harder
/// to guess than the whole.
fn beginning(text: &str) -> Zeroizing<String> {
    let mut beginning = Zeroizing::new(String::with_capacity(4 * MAX_ESTIMATED));
    for (at, c) in text.chars().take(MAX_ESTIMATED).nfkc().take(MAX_ESTIMATED).enumerate() {
        beginning.push(c);
        if readings(&beginning).saturating_mul((at + 1) * (at + 1)) > MAX_PARTS {
            beginning.pop();
            break;
        }
    }
    beginning
}

/// In how many ways the digits and signs of a text can be read, at most.
fn readings(text: &str) -> usize {
    let of_letter = |signs: &str| signs.chars().filter(|sign| text.contains(*sign)).count().max(1);
    // Those that may stand for two letters double what there is.
    let of_two = "1|7".chars().filter(|sign| text.contains(*sign)).count();
    READINGS.into_iter().map(of_letter).product::<usize>() << of_two
}

fn japanese_warning(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => "キーボードの並び順の文字列は推測されやすいです。",
        Warning::ShortKeyboardPatternsAreEasyToGuess => "キーボードの短い配列パターンは推測されやすいです。",
        Warning::RepeatsLikeAaaAreEasyToGuess => "「aaa」のような繰り返しは推測されやすいです。",
        Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "「abcabcabc」のような繰り返しは「abc」と同じくらい推測されやすいです。"
        }
        Warning::ThisIsATop10Password => "最もよく使われる10個のパスワードの一つです。",
        Warning::ThisIsATop100Password => "最もよく使われる100個のパスワードの一つです。",
        Warning::ThisIsACommonPassword => "非常によく使われるパスワードです。",
        Warning::ThisIsSimilarToACommonlyUsedPassword => "よく使われるパスワードに似ています。",
        Warning::SequencesLikeAbcAreEasyToGuess => "「abc」や「6543」のような連続した文字は推測されやすいです。",
        Warning::RecentYearsAreEasyToGuess => "最近の年は推測されやすいです。",
        Warning::AWordByItselfIsEasyToGuess => "単語一つだけでは推測されやすいです。",
        Warning::DatesAreOftenEasyToGuess => "日付は推測されやすいです。",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess => "名前や名字だけでは推測されやすいです。",
        Warning::CommonNamesAndSurnamesAreEasyToGuess => "よくある名前や名字は推測されやすいです。",
    }
}

fn japanese_suggestion(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases => "いくつかの単語を組み合わせ、よくある言い回しは避けてください。",
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters => "記号、数字、大文字は必須ではありません。",
        Suggestion::AddAnotherWordOrTwo => "単語を一つか二つ追加してください。珍しい単語ほど効果的です。",
        Suggestion::CapitalizationDoesntHelpVeryMuch => "先頭を大文字にしてもあまり効果はありません。",
        Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => {
            "すべて大文字にしても、すべて小文字の場合とほとんど変わりません。"
        }
        Suggestion::ReversedWordsArentMuchHarderToGuess => "単語を逆順にしてもあまり効果はありません。",
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => {
            "「a」を「@」にするような予測しやすい置き換えは、あまり効果がありません。"
        }
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => "より長く、向きの変化が多い配列パターンにしてください。",
        Suggestion::AvoidRepeatedWordsAndCharacters => "同じ単語や文字の繰り返しは避けてください。",
        Suggestion::AvoidSequences => "連続した文字は避けてください。",
        Suggestion::AvoidRecentYears => "最近の年は避けてください。",
        Suggestion::AvoidYearsThatAreAssociatedWithYou => "ご自身に関係のある年は避けてください。",
        Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "ご自身に関係のある日付や年は避けてください。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn estimate(text: &str) -> Strength {
        Strength::estimate(text, &ContextWords::of("lovelace"))
    }

    #[test]
    fn the_score_rises_with_the_guesses() {
        for (text, score) in [
            ("", 0),
            ("password", 0),
            ("lovelace", 0),
            ("qwER43@!", 2),
            ("correct horse battery staple", 4),
            ("kWz8#vQp2!mXr5", 4),
        ] {
            let strength = estimate(text);
            assert_eq!(strength.score, score, "{text}: {strength:?}");
            assert!(strength.guesses_log10.is_finite() && strength.guesses_log10 >= 0.0, "{text}");
        }
    }

    #[test]
    fn what_is_weak_says_why_in_both_languages() {
        let weak = estimate("P@ssword");
        let said = |locale| (weak.warning_in(locale).unwrap(), weak.suggestions_in(locale));
        let ((english, more), (japanese, also)) = (said(Locale::En), said(Locale::Ja));
        assert_eq!(english, "This is similar to a commonly used password.");
        assert_eq!(japanese, "よく使われるパスワードに似ています。");
        assert!(more.len() == also.len() && !more.is_empty(), "{more:?}");
        let strong = estimate("correct horse battery staple");
        assert!(strong.warning.is_none() && strong.suggestions.is_empty());
    }

    #[test]
    fn a_long_text_is_looked_at_up_to_a_bound() {
        let long = "correct horse battery staple, ".repeat(10_000);
        assert_eq!(*beginning(&long), long[..MAX_ESTIMATED]);
        assert_eq!(estimate(&long).score, 4);
        // One code point that NFKC makes eighteen of.
        assert_eq!(beginning(&"\u{FDFA}".repeat(1_000)).chars().count(), MAX_ESTIMATED);
    }

    #[test]
    fn signs_are_looked_at_in_so_many_readings() {
        let all = "4@8({[<369!1|0$5+7%2".repeat(5);
        assert!(readings(&all) * MAX_ESTIMATED * MAX_ESTIMATED > 100 * MAX_PARTS);
        let looked_at = beginning(&all);
        assert!((8..20).contains(&looked_at.len()), "{}", looked_at.len());
        assert_eq!(estimate(&all).score, 4);
        assert_eq!(*beginning("kWz8#vQp2!mXr5(4@$7+"), "kWz8#vQp2!mXr5(4@$7+");
    }

    proptest! {
        #[test]
        fn no_text_is_much_work(text in "[a-c48@(\\{\\[<369!1|0$5+7%2]{0,200}|\\PC{0,200}") {
            let looked_at = beginning(&text);
            let length = looked_at.chars().count();
            prop_assert!(length <= MAX_ESTIMATED && readings(&looked_at) * length * length <= MAX_PARTS);
            prop_assert!(text.nfkc().collect::<String>().starts_with(&**looked_at) || length == MAX_ESTIMATED);
            prop_assert!(estimate(&text).guesses_log10.is_finite());
        }
    }
}
