//! When keys are asked for because a token names one that is not known.
//!
//! One refresh fetches the whole set, so whoever makes kids up can cause one now and
//! then, and never keeps a new key from being found.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

const REFILL: Duration = Duration::from_secs(5);
const BURST: u32 = 3;
const REMEMBERED: usize = 256;
const MEMORY: Duration = Duration::from_secs(60);

/// Collects wishes for a refresh, and grants as many as the budget has.
#[derive(Debug)]
pub(crate) struct Refresh {
    hash: RandomState,
    state: Mutex<State>,
    wished: Notify,
}

#[derive(Debug)]
struct State {
    left: u32,
    filled: Instant,
    wanted: bool,
    /// Hashes of the kids that were asked for, until a refresh was made for them.
    asked: Vec<u64>,
    /// Hashes of kids that a refresh did not bring, and when that was.
    unknown: VecDeque<(u64, Instant)>,
}

impl Refresh {
    pub(crate) fn new() -> Self {
        let state =
            State { left: BURST, filled: Instant::now(), wanted: false, asked: Vec::new(), unknown: VecDeque::new() };
        Self { hash: RandomState::new(), state: Mutex::new(state), wished: Notify::new() }
    }

    /// A token named a key that is not known. Called on the way of a request.
    pub(crate) fn want(&self, kid: &str) {
        let kid = self.hash.hash_one(kid);
        let mut state = self.lock();
        state.forget(Instant::now());
        if state.asked.contains(&kid) || state.unknown.iter().any(|(known, _)| *known == kid) {
            return;
        }
        // One more that finds no room is served by the same refresh.
        if state.asked.len() < REMEMBERED {
            state.asked.push(kid);
        }
        state.wanted = true;
        drop(state);
        self.wished.notify_one();
    }

    /// Waits for a wish that the budget allows.
    pub(crate) async fn granted(&self) {
        loop {
            let next = self.lock().grant(Instant::now());
            match next {
                Grant::Now => return,
                Grant::At(when) => tokio::time::sleep_until(when).await,
                Grant::Idle => self.wished.notified().await,
            }
        }
    }

    /// A refresh was made. If it brought a set, kids asked for until now that are not
    /// in it are not asked for again for a while.
    pub(crate) fn done(&self, brought: bool) {
        let now = Instant::now();
        let mut state = self.lock();
        let asked = std::mem::take(&mut state.asked);
        if brought {
            state.unknown.extend(asked.into_iter().map(|kid| (kid, now)));
            let excess = state.unknown.len().saturating_sub(REMEMBERED);
            state.unknown.drain(..excess);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Grant {
    Now,
    At(Instant),
    Idle,
}

impl State {
    fn forget(&mut self, now: Instant) {
        while self.unknown.front().is_some_and(|(_, since)| now.duration_since(*since) >= MEMORY) {
            self.unknown.pop_front();
        }
    }

    fn grant(&mut self, now: Instant) -> Grant {
        while self.left < BURST && now.duration_since(self.filled) >= REFILL {
            self.left += 1;
            self.filled += REFILL;
        }
        match (self.wanted, self.left) {
            (false, _) => Grant::Idle,
            (true, 0) => Grant::At(self.filled + REFILL),
            (true, left) => {
                if left == BURST {
                    self.filled = now;
                }
                self.left = left - 1;
                self.wanted = false;
                Grant::Now
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, timeout};

    use super::*;

    async fn is_granted(refresh: &Refresh) -> bool {
        timeout(Duration::ZERO, refresh.granted()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn one_refresh_serves_all_who_wait() {
        let refresh = Refresh::new();
        for _ in 0..1_000 {
            refresh.want("new");
        }
        assert!(is_granted(&refresh).await);
        assert!(!is_granted(&refresh).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kid_that_no_refresh_brings_is_not_asked_for_again_for_a_while() {
        let refresh = Refresh::new();
        refresh.want("gone");
        assert!(is_granted(&refresh).await);
        refresh.done(true);
        advance(MEMORY - Duration::from_secs(1)).await;
        refresh.want("gone");
        assert!(!is_granted(&refresh).await);
        advance(Duration::from_secs(1)).await;
        refresh.want("gone");
        assert!(is_granted(&refresh).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_that_failed_is_made_again() {
        let refresh = Refresh::new();
        refresh.want("new");
        assert!(is_granted(&refresh).await);
        refresh.done(false);
        refresh.want("new");
        assert!(is_granted(&refresh).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_random_kids_cost_a_refresh_in_five_seconds_and_no_memory() {
        let refresh = Refresh::new();
        let mut made = 0;
        for kid in 0..1_000_000_u32 {
            refresh.want(&kid.to_string());
            if kid % 10_000 == 0 {
                advance(Duration::from_secs(1)).await;
                if is_granted(&refresh).await {
                    made += 1;
                    refresh.done(true);
                }
            }
        }
        assert!((20..=23).contains(&made), "{made} refreshes in 100 s");
        let state = refresh.lock();
        assert!(state.asked.capacity() <= 2 * REMEMBERED && state.unknown.len() <= REMEMBERED);
    }

    #[tokio::test(start_paused = true)]
    async fn among_strangers_kids_a_new_one_waits_no_longer_than_a_refill() {
        let refresh = Refresh::new();
        for kid in 0..10 {
            refresh.want(&kid.to_string());
            if is_granted(&refresh).await {
                refresh.done(true);
            }
        }
        refresh.want("new");
        assert!(!is_granted(&refresh).await);
        advance(REFILL).await;
        assert!(is_granted(&refresh).await);
    }
}
