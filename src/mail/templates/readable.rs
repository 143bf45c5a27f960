//! Values as people read them.

const LONGEST: usize = 100;

/// A stranger's text as at most 100 characters of one line: it cannot add lines of its
/// own to a mail, nor turn the reading direction of what follows.
pub(super) fn one_line(text: &str) -> String {
    let tamed: String = text.chars().map(|char| if is_layout(char) { ' ' } else { char }).collect();
    let words: Vec<&str> = tamed.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// Control characters, line and paragraph separators, and Unicode's bidirectional
/// and invisible formatting characters.
fn is_layout(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// `2026-01-02T03:04:05.678Z` as `2026-01-02 03:04 UTC`; anything else as it is.
pub(super) fn minute(rfc3339: &str) -> String {
    let parts = rfc3339.strip_suffix('Z').and_then(|utc| utc.split_once('T'));
    match parts.and_then(|(date, time)| Some((date, time.get(..5)?))) {
        Some((date, minute)) => format!("{date} {minute} UTC"),
        None => one_line(rfc3339),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_utc_is_shown_to_the_minute() {
        assert_eq!(minute("2026-01-02T03:04:05.678Z"), "2026-01-02 03:04 UTC");
        assert_eq!(minute("2026-01-02T03:04:05+09:00"), "2026-01-02T03:04:05+09:00");
        assert_eq!(minute("soon"), "soon");
    }

    #[test]
    fn a_strangers_text_stays_on_its_line() {
        assert_eq!(one_line(" Pixel\r\n\r\n8\t\u{2028}a\u{202e}b\0 "), "Pixel 8 a b");
        assert_eq!(one_line(&"端".repeat(500)).chars().count(), 100);
    }
}
