//! When a notice is tried again.

use std::time::Duration;

use crate::entropy::Entropy;

const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(3_600);

/// Twice as long after each attempt, up to an hour. Half of it is left to chance,
/// so that what failed together does not come back together.
pub(super) fn pause(attempts: u32, entropy: &dyn Entropy) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let longest = LONGEST.min(SHORTEST * (1 << doublings));
    let chance = f64::from(u32::from_be_bytes(entropy.bytes())) / f64::from(u32::MAX);
    longest.mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws the same byte for ever.
    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    fn seconds(attempts: u32, draw: u8) -> f64 {
        pause(attempts, &Fixed(draw)).as_secs_f64()
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses = [1, 2, 3, 9, 10, 11, u32::MAX].map(|attempts| seconds(attempts, 0xFF));
        assert_eq!(pauses, [10.0, 20.0, 40.0, 2_560.0, 3_600.0, 3_600.0, 3_600.0]);
    }

    #[test]
    fn half_of_a_pause_is_chance() {
        assert_eq!((seconds(1, 0), seconds(1, 0xFF)), (5.0, 10.0));
        assert!((7.4..7.6).contains(&seconds(1, 0x80)));
        assert_eq!((seconds(99, 0), seconds(99, 0xFF)), (1_800.0, 3_600.0));
    }
}
