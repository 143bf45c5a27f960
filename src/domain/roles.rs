//! What people may do, in the words of the sibling services.

use crate::error::Rule;

/// Of whoever runs the service, by [`crate::flows::claim_admin`]. What it permits is up to the
/// siblings.
pub const ADMIN: &str = "admin";
/// Of one person.
pub const MAX_ROLES: usize = 32;
/// Of a role, in characters.
pub const MAX_LENGTH: usize = 64;

/// Roles, each once, in order.
pub fn parse<T: AsRef<str>>(words: &[T]) -> Result<Vec<String>, Rule> {
    if words.len() > MAX_ROLES {
        return Err(Rule::TooLong(MAX_ROLES));
    }
    let mut roles = words.iter().map(|word| role(word.as_ref())).collect::<Result<Vec<_>, _>>()?;
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

fn role(word: &str) -> Result<String, Rule> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    match word.len() {
        0 => Err(Rule::Required),
        1..=MAX_LENGTH if word.bytes().all(is_legal) => Ok(word.to_owned()),
        1..=MAX_LENGTH => Err(Rule::Malformed),
        _ => Err(Rule::TooLong(MAX_LENGTH)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_short_words_each_once() {
        assert_eq!(parse(&["reader", "admin", "reader"]), Ok(vec!["admin".to_owned(), "reader".to_owned()]));
        assert_eq!(parse::<&str>(&[]), Ok(Vec::new()));
        assert_eq!(parse(&["a".repeat(64)]), Ok(vec!["a".repeat(64)]));
        for (word, rule) in [
            ("", Rule::Required),
            ("a b", Rule::Malformed),
            ("é", Rule::Malformed),
            ("a\n", Rule::Malformed),
            (&*"a".repeat(65), Rule::TooLong(64)),
        ] {
            assert_eq!(parse(&["fine", word]), Err(rule), "{word:?}");
        }
        assert_eq!(parse(&["a"; 33]), Err(Rule::TooLong(32)));
    }
}
