//! Points in time. Nothing below a flow reads the clock.

use std::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch: a NumericDate (RFC 7519, section 2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time from `earlier` to this; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339, to the microsecond or less; nothing beyond what a [`Timestamp`] can say.
    pub fn parse(text: &str) -> Option<Self> {
        use time::{OffsetDateTime, format_description::well_known::Rfc3339};
        let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
        i64::try_from(nanos.div_euclid(1_000)).ok().map(Self)
    }

    /// From protobuf; `None` beyond RFC 3339.
    pub fn from_proto(time: &prost_types::Timestamp) -> Option<Self> {
        const YEAR_1: i64 = -62_135_596_800;
        const YEAR_10000: i64 = 253_402_300_800;
        let is_time = (YEAR_1..YEAR_10000).contains(&time.seconds) && (0..1_000_000_000).contains(&time.nanos);
        is_time.then(|| Self(time.seconds * 1_000_000 + i64::from(time.nanos / 1_000)))
    }

    /// RFC 3339 in UTC, with microseconds.
    pub fn with_micros(self) -> String {
        let whole = self.to_string();
        format!("{}.{:06}Z", whole.trim_end_matches('Z'), self.0.rem_euclid(1_000_000))
    }

    /// For protobuf answers.
    pub fn to_proto(self) -> prost_types::Timestamp {
        let nanos = i32::try_from(self.0.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
        prost_types::Timestamp { seconds: self.seconds(), nanos }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC, with whole seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use time::{OffsetDateTime, format_description::well_known::Rfc3339};
        let moment = OffsetDateTime::from_unix_timestamp(self.seconds()).map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Timestamp::from_micros(1_999_999).seconds(), 1);
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
    }

    #[test]
    fn prints_rfc_3339() {
        assert_eq!(Timestamp::from_seconds(1_700_000_000).to_string(), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn reads_what_it_prints() {
        let time = Timestamp::from_micros(1_700_000_000_000_120);
        assert_eq!(time.with_micros(), "2023-11-14T22:13:20.000120Z");
        assert_eq!(Timestamp::parse(&time.with_micros()), Some(time));
        assert_eq!(Timestamp::from_proto(&time.to_proto()), Some(time));
        assert_eq!(Timestamp::parse("2023-11-15T07:13:20+09:00"), Some(Timestamp::from_seconds(1_700_000_000)));
        for text in ["", "2023-11-14", "2023-11-14T22:13:20", "yesterday", "2023-13-14T22:13:20Z"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)] {
            assert_eq!(Timestamp::from_proto(&prost_types::Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn never_goes_back_in_time() {
        let (early, late) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        assert_eq!(late.since(early), Duration::from_secs(1));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
