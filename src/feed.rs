//! The feed of revocations, for those who check access tokens by themselves.
//!
//! The journal is the log and the truth. A [`Follower`] reads it whenever there
//! may be something new, and keeps what an access token can still be struck by in
//! a [`window`]; so the window is the snapshot. Subscribers are no more than a
//! place in it: none has a queue, and one that is slow costs the others nothing.

mod follower;
mod subscriber;
mod window;

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sekisho_interceptor::Claims;
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

pub use follower::Follower;
pub use subscriber::{Frame, Subscription};
pub use window::{Entry, Place};

use self::window::Window;
use crate::{
    clock::Clock,
    crypto::Keyring,
    domain::{Limit, Revocation, TokenId},
    error::Error,
    telemetry::Metrics,
};

/// The longest life of an access token, however this server is set, and room for
/// skewed clocks.
pub const STRIKES_FOR: Duration = Duration::from_secs(3600 + 60);
/// How many may follow one server.
pub const MAX_SUBSCRIBERS: usize = 4_096;
/// Before one that found no place tries again.
const NO_PLACE_RETRY: Duration = Duration::from_secs(5);

/// What was taken back, as this server knows it, and those who follow it.
pub struct Feed {
    clock: Arc<dyn Clock>,
    keyring: Arc<Keyring>,
    metrics: Arc<Metrics>,
    window: RwLock<Window>,
    /// Changes with the window.
    changed: watch::Sender<()>,
    /// There may be something new.
    news: Notify,
    /// Whether other processes' lines are told of.
    announced: AtomicBool,
    seats: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Feed {
    /// An empty one, for at most so many subscribers.
    pub fn new(clock: Arc<dyn Clock>, keyring: Arc<Keyring>, metrics: Arc<Metrics>, subscribers: usize) -> Self {
        Self {
            clock,
            keyring,
            metrics,
            window: RwLock::new(Window::new(String::new(), 0, Vec::new())),
            changed: watch::channel(()).0,
            news: Notify::new(),
            announced: AtomicBool::new(true),
            seats: Arc::new(Semaphore::new(subscribers)),
            stop: CancellationToken::new(),
        }
    }

    /// This process has added to the journal, or somebody has said that another has.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// Whether what other processes add is told of; if not, the journal is asked
    /// more often.
    pub fn set_announced(&self, announced: bool) {
        self.announced.store(announced, Ordering::Relaxed);
    }

    /// An access token was taken back here and now; the journal has it.
    pub fn strike(&self, id: TokenId, revocation: &Revocation) {
        self.write(|window| window.strike(id, revocation));
    }

    /// Whether an access token was taken back by itself, or with all of its kind.
    /// Sessions have a record of their own.
    pub fn strikes(&self, claims: &Claims) -> bool {
        self.read(|window| window.strikes(claims))
    }

    /// Whether an access token is good no more as far as siblings can know: by itself,
    /// with its session, or with all of its kind.
    pub fn strikes_as_sibling(&self, claims: &Claims) -> bool {
        self.read(|window| window.strikes(claims) || window.strikes_session(claims))
    }

    /// How old what is known of the journal is. `None`: it was never read.
    pub fn staleness(&self) -> Option<Duration> {
        self.read(|window| window.read_at.map(|at| at.elapsed()))
    }

    /// How far it goes.
    pub fn place(&self) -> Place {
        self.read(Window::place)
    }

    /// Follows from a place on, or from the beginning, for as long as the token of
    /// these claims is good.
    ///
    /// # Errors
    ///
    /// Too many follow already, or the server is stopping.
    pub fn subscribe(self: &Arc<Self>, claims: Arc<Claims>, cursor: Option<&Place>) -> Result<Subscription, Error> {
        if self.stop.is_cancelled() {
            return Err(Error::Overloaded);
        }
        let seat = self.seats.clone().try_acquire_owned();
        let seat = seat.map_err(|_| {
            self.metrics.limit_hit(Limit::FeedSubscribers);
            Error::RateLimitExceeded { retry_after: NO_PLACE_RETRY }
        })?;
        Ok(subscriber::start(self.clone(), claims, cursor, seat))
    }

    /// Sends every subscriber elsewhere, and takes no new ones.
    pub fn close(&self) {
        self.stop.cancel();
    }

    /// How long ago it was known last that there is nothing more.
    fn behind(&self) -> Duration {
        self.read(|window| window.read_at.map_or(Duration::MAX, |at| Instant::now().duration_since(at)))
    }

    fn read<T>(&self, look: impl FnOnce(&Window) -> T) -> T {
        look(&self.window.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Window) -> T) -> T {
        change(&mut self.window.write().unwrap_or_else(PoisonError::into_inner))
    }
}
