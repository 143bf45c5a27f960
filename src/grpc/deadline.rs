//! When a call has to be answered.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

/// How long the caller waits (gRPC over HTTP/2, "Timeout").
const TIMEOUT: &str = "grpc-timeout";
/// Digits in it.
const MAX_DIGITS: usize = 8;

/// Among the extensions of a request: when it has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// After `most`, or sooner if the caller says so.
    pub fn of(headers: &HeaderMap, most: Duration) -> Self {
        let wanted = headers.get(TIMEOUT).and_then(|value| grpc_timeout(value.as_bytes()));
        Self(Instant::now() + wanted.map_or(most, |wanted| wanted.min(most)))
    }

    /// Whether it is too late to begin.
    pub(super) fn has_passed(self) -> bool {
        self.0 <= Instant::now()
    }
}

/// `None`: not what the protocol says, and as good as absent.
fn grpc_timeout(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(number * 3600)),
        b'M' => Some(Duration::from_secs(number * 60)),
        b'S' => Some(Duration::from_secs(number)),
        b'm' => Some(Duration::from_millis(number)),
        b'u' => Some(Duration::from_micros(number)),
        b'n' => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_protocol() {
        let hour = Duration::from_secs(3600);
        for (text, wanted) in [
            ("1H", Some(hour)),
            ("60M", Some(hour)),
            ("3600S", Some(hour)),
            ("3600000m", Some(hour)),
            ("99999999u", Some(Duration::from_micros(99_999_999))),
            ("99999999H", Some(hour * 99_999_999)),
            ("0n", Some(Duration::ZERO)),
            ("", None),
            ("S", None),
            ("1", None),
            ("1s", None),
            ("-1S", None),
            ("+1S", None),
            ("1.5S", None),
            ("100000000S", None),
        ] {
            assert_eq!(grpc_timeout(text.as_bytes()), wanted, "{text:?}");
        }
    }
}
