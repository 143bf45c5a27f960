//! One-time codes that are mailed.

use std::fmt;

use zeroize::Zeroizing;

use crate::{entropy::Entropy, error::Rule};

/// What a code may be used for. A code for one purpose is worth nothing for
/// another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Proves the mailbox of a new account.
    Signup,
    /// Proves the mailbox of an account whose password was lost.
    PasswordReset,
    /// Chooses a password for it; not six digits, but a [reset token](crate::crypto::ResetToken).
    ResetToken,
    /// Proves the mailbox that an account is to move to.
    EmailChange,
}

impl Purpose {
    /// The word that is stored and hashed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::PasswordReset => "password_reset",
            Self::ResetToken => "reset_token",
            Self::EmailChange => "email_change",
        }
    }
}

/// Six digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// Uniform over 000000 to 999999: a draw beyond the last whole million is
    /// drawn again.
    pub fn random(entropy: &dyn Entropy) -> Self {
        const CODES: u32 = 1_000_000;
        const LIMIT: u32 = u32::MAX - u32::MAX % CODES;
        loop {
            let draw = u32::from_be_bytes(entropy.bytes());
            if draw < LIMIT {
                return Self(Zeroizing::new(format!("{:06}", draw % CODES)));
            }
        }
    }

    /// Reads a code; exactly six ASCII digits.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Required);
        }
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Rule::Malformed);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The digits.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    /// R22.
    #[test]
    fn codes_are_uniform() {
        const DRAWS: u32 = 200_000;
        let mut counts = [[0_u32; 10]; 6];
        for _ in 0..DRAWS {
            let code = Code::random(&SystemEntropy);
            for (place, digit) in code.expose().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        let expected = f64::from(DRAWS) / 10.0;
        for place in counts {
            let chi2: f64 = place.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
            // 9 degrees of freedom: beyond 45 once in a million runs.
            assert!(chi2 < 45.0, "chi-square {chi2}");
        }
    }

    /// R22.
    #[test]
    fn only_six_ascii_digits_are_a_code() {
        assert!(Code::parse("000000").is_ok());
        for text in ["12345", "1234567", "12345a", "１２３４５６", "12 456", "-12345"] {
            assert_eq!(Code::parse(text).unwrap_err(), Rule::Malformed, "{text:?}");
        }
        assert_eq!(Code::parse("").unwrap_err(), Rule::Required);
    }
}
