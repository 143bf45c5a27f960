//! Languages of mails and messages.

/// A language that people are addressed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Locale {
    /// Every language, in the order of the tables in the documents.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// The language of a tag that is exactly one of ours.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag() == tag)
    }

    /// The first language of ours in an `accept-language` list (RFC 9110,
    /// section 12.5.4), by weight and then by order.
    pub fn negotiate(accept_language: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, Self)> = accept_language
            .split(',')
            .take(32)
            .filter_map(|range| {
                let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
                let weight: f32 = weight.trim().parse().ok()?;
                let primary = tag.trim().split('-').next()?.to_ascii_lowercase();
                (weight > 0.0).then_some((weight, Self::parse(&primary)?))
            })
            .collect();
        wanted.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        wanted.first().map(|(_, locale)| *locale)
    }
}

#[cfg(test)]
mod tests {
    use super::Locale::{self, En, Ja};

    #[test]
    fn the_heaviest_known_language_wins() {
        for (list, wanted) in [
            ("ja", Some(Ja)),
            ("ja-JP,en;q=0.9", Some(Ja)),
            ("fr, en;q=0.4, ja;q=0.8", Some(Ja)),
            ("en-GB,ja", Some(En)),
            ("ja;q=0", None),
            ("*", None),
            ("", None),
            ("ja;q=much", None),
        ] {
            assert_eq!(Locale::negotiate(list), wanted, "{list}");
        }
    }
}
