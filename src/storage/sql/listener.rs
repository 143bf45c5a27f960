//! Hearing of what other processes have added to the journal.

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};

use super::{Pools, Result, SqlStore, unavailable};

/// Where lines of the journal are announced when they are committed.
pub(super) const CHANNEL: &str = "sekisho_revocations";

/// A connection on which the server speaks first.
pub struct Listener {
    pool: PgPool,
    listening: Option<PgListener>,
}

impl Listener {
    /// Waits until there may be something new: an announcement, or a connection
    /// that was not there before. What is announced while there is none is lost.
    ///
    /// # Errors
    ///
    /// There is no connection; the next call makes one.
    pub async fn heard(&mut self) -> Result<()> {
        let Some(mut listening) = self.listening.take() else {
            let mut listener = PgListener::connect_with(&self.pool).await.map_err(unavailable)?;
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await.map_err(unavailable)?;
            self.listening = Some(listener);
            return Ok(());
        };
        let heard = listening.try_recv().await.map_err(unavailable)?;
        heard.map(|_| self.listening = Some(listening)).ok_or_else(|| unavailable(sqlx::Error::PoolClosed))
    }
}

impl SqlStore {
    /// What tells of other processes' lines. `None`: there is no other process.
    pub fn listener(&self) -> Option<Listener> {
        match &*self.pools {
            Pools::Sqlite { .. } => None,
            Pools::Postgres(server) => Some(Listener { pool: server.apart(), listening: None }),
        }
    }
}

/// A pool for one connection that is not one of the others.
pub(super) fn pool_of_one() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
}
