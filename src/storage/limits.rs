//! Budgets of calls, by the generic cell rate algorithm: `count` at once, and
//! one more each `per / count`.

use std::time::Duration;

use async_trait::async_trait;

use super::Result;
use crate::domain::Timestamp;

/// Calls come here in another order than that in which they read their clocks, which differ.
/// A mark that is further ahead than that is of a clock that was wrong.
const BEHIND: Duration = Duration::from_secs(60);

/// How much of something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many calls…
    pub count: u32,
    /// …in so long.
    pub per: Duration,
}

impl Rate {
    /// The time in which one call grows back.
    pub fn interval(self) -> Duration {
        self.per / self.count.max(1)
    }

    /// The new mark after a call at `now`, or how long the caller has to wait.
    /// `mark` is the time at which the budget is whole again.
    pub fn take(self, mark: Option<Timestamp>, now: Timestamp) -> std::result::Result<Timestamp, Duration> {
        let mark = mark.filter(|mark| *mark <= now + self.per + BEHIND);
        let full_again = mark.map_or(now, |mark| mark.max(now)) + self.interval();
        let ahead = full_again.since(now);
        if ahead <= self.per { Ok(full_again) } else { Err(ahead - self.per) }
    }

    /// The mark after a call is given back; `None`: the budget is whole, and nothing of
    /// it is to be seen by those whose clock is behind.
    pub fn give_back(self, mark: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let mark = mark - self.interval();
        (mark > now).then_some(mark)
    }
}

/// A budget that has none left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// Which of those that were asked for.
    pub place: usize,
    /// How long there is none.
    pub wait: Duration,
}

/// The table of budgets.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one call out of the budget of `key`. `Some`: there is none left
    /// before that time.
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Option<Duration>>;

    /// Gives one call back.
    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp) -> Result<()>;

    /// Takes one call out of each budget, or none out of any: the first that has none
    /// left. Whoever draws on the same budgets names them in the same order,
    /// the narrowest first: of those before it one may be missing for a moment.
    async fn take_all(&self, budgets: &[(String, Rate)], now: Timestamp) -> Result<Option<Empty>> {
        for (place, (key, rate)) in budgets.iter().enumerate() {
            if let Some(wait) = self.take(key, *rate, now).await? {
                self.give_back_all(&budgets[..place], now).await?;
                return Ok(Some(Empty { place, wait }));
            }
        }
        Ok(None)
    }

    /// Gives one call back to each.
    async fn give_back_all(&self, budgets: &[(String, Rate)], now: Timestamp) -> Result<()> {
        for (key, rate) in budgets {
            self.give_back(key, *rate, now).await?;
        }
        Ok(())
    }

    /// Removes at most `limit` budgets that are whole again; how many.
    /// There is nothing to do where records leave by themselves.
    async fn sweep(&self, _now: Timestamp, _limit: u32) -> Result<u64> {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { count: 3, per: Duration::from_secs(300) };

    #[test]
    fn the_whole_budget_at_once_then_one_each_interval() {
        let start = Timestamp::from_seconds(1_000);
        let mut mark = None;
        for _ in 0..3 {
            mark = Some(RATE.take(mark, start).unwrap());
        }
        assert_eq!(RATE.take(mark, start), Err(Duration::from_secs(100)));
        let later = start + Duration::from_secs(99);
        assert_eq!(RATE.take(mark, later), Err(Duration::from_secs(1)));
        let due = start + Duration::from_secs(100);
        assert!(RATE.take(mark, due).is_ok());
    }

    #[test]
    fn what_is_spent_is_so_for_those_whose_clock_is_behind() {
        let now = Timestamp::from_seconds(1_000);
        let spent = Some(now + RATE.per);
        for behind in [Duration::from_micros(1), BEHIND] {
            assert_eq!(RATE.take(spent, now - behind), Err(RATE.interval() + behind));
        }
        let wrong = now - BEHIND - Duration::from_micros(1);
        assert_eq!(RATE.take(spent, wrong), Ok(wrong + RATE.interval()), "nobody is locked out by a clock");
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let now = Timestamp::from_seconds(1_000);
        let mut mark = None;
        for _ in 0..3 {
            mark = Some(RATE.take(mark, now).unwrap());
        }
        assert!(RATE.take(mark.and_then(|mark| RATE.give_back(mark, now)), now).is_ok());
    }
}
