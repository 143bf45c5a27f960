//! How hard a password is to guess, by the estimate of zxcvbn (Wheeler, "zxcvbn:
//! Low-Budget Password Strength Estimation", USENIX Security 2016). It advises;
//! it refuses nothing.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::feedback::{Suggestion, Warning};

use super::ContextWords;
use crate::domain::Locale;

/// Code points that are looked at. The work grows with the square of them, and
/// past that many a password is strong or a repetition.
pub const MAX_ESTIMATED: usize = 100;

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
    /// Estimates the beginning of a text, of whatever length. Takes about a
    /// millisecond, the first time fifty: not for a thread that serves calls.
    pub fn estimate(text: &str, words: &ContextWords) -> Self {
        let beginning: Zeroizing<String> =
            Zeroizing::new(text.chars().take(MAX_ESTIMATED).nfkc().take(MAX_ESTIMATED).collect());
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
        let long = "kWz8#vQp2!mXr5".repeat(10_000);
        let beginning: String = long.chars().take(MAX_ESTIMATED).collect();
        assert!((estimate(&long).guesses_log10 - estimate(&beginning).guesses_log10).abs() < f64::EPSILON);
        // One code point that NFKC makes eighteen of.
        estimate(&"\u{FDFA}".repeat(1_000));
    }
}
