//! Short free text that people read: names of people and of devices.

use crate::error::Rule;

/// In code points.
pub const MAX_LENGTH: usize = 100;

/// At most 100 code points on one line, NFC, without control or direction
/// characters that could forge a line of a log or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads a name; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        use unicode_normalization::UnicodeNormalization;
        // NFC grows a text by at most three times; bound the work first.
        if text.len() > MAX_LENGTH * 16 {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        let text = text.trim();
        let name: String = if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
        if name.chars().count() > MAX_LENGTH {
            return Err(Rule::TooLong(MAX_LENGTH));
        }
        if name.chars().any(is_forbidden) {
            return Err(Rule::ControlCharacter);
        }
        Ok(Self(name))
    }

    /// As much of a text as is a legal name; for what is shown but never refused.
    pub fn salvage(text: &str) -> Self {
        let legal: String = text.chars().filter(|c| !is_forbidden(*c)).take(MAX_LENGTH).collect();
        Self::parse(&legal).unwrap_or_default()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R73.
    #[test]
    fn lines_cannot_be_forged() {
        for text in ["a\nb", "a\0b", "a\u{202E}b", "a\u{2028}b", "\u{1b}[31m"] {
            assert_eq!(Name::parse(text), Err(Rule::ControlCharacter), "{text:?}");
        }
        assert_eq!(Name::salvage("curl/8\r\nx").as_str(), "curl/8x");
    }

    #[test]
    fn code_points_are_counted() {
        assert_eq!(Name::parse(&"山".repeat(100)).unwrap().as_str().chars().count(), 100);
        assert_eq!(Name::parse(&"山".repeat(101)), Err(Rule::TooLong(100)));
        assert_eq!(Name::salvage(&"山".repeat(1000)).as_str().chars().count(), 100);
    }
}
