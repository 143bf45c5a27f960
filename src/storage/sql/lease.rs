//! A connection for one operation. It goes back to the pool if all that it was
//! asked is answered well; otherwise nobody knows what it will say next, and it
//! is closed.

use std::time::Duration;

use sqlx::{Database, Executor, Postgres, Row, Sqlite, pool::PoolConnection};
use tokio::runtime::Handle;

use super::{Result, StoreError, unavailable};

const TAKES_WRITES: &str = "SELECT current_setting('transaction_read_only') = 'off'";

/// See the module. sqlx's own transactions cannot be closed instead of given
/// back, and believe that a transaction is open that SQLite has ended.
pub(super) struct Lease<DB: Database>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    connection: Option<PoolConnection<DB>>,
    /// A statement was sent, and has not been answered well.
    unanswered: bool,
    in_transaction: bool,
    /// For going back to the pool.
    timeout: Duration,
}

impl<DB: Database> Lease<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    pub(super) fn new(connection: PoolConnection<DB>, timeout: Duration) -> Self {
        Self { connection: Some(connection), unanswered: false, in_transaction: false, timeout }
    }

    /// The connection, to send a statement; what comes of it goes to `answered`.
    pub(super) fn send(&mut self) -> Result<&mut DB::Connection> {
        self.unanswered = true;
        self.connection.as_deref_mut().ok_or_else(|| StoreError::Unavailable("the connection is gone".into()))
    }

    /// What came of a statement.
    pub(super) fn answered<T>(&mut self, answer: sqlx::Result<T>) -> Result<T> {
        self.unanswered = answer.is_err();
        answer.map_err(unavailable)
    }

    /// Begins a transaction, which ends with the lease at the latest.
    async fn begin_with(mut self, statement: &'static str) -> Result<Self> {
        let begun = self.send()?.execute(statement).await;
        self.answered(begun)?;
        self.in_transaction = true;
        Ok(self)
    }

    /// Makes it last.
    pub(super) async fn commit(mut self) -> Result<()> {
        let committed = self.send()?.execute("COMMIT").await;
        self.answered(committed)?;
        self.in_transaction = false;
        Ok(())
    }
}

impl Lease<Sqlite> {
    /// Begins a transaction that is the only one to write.
    pub(super) async fn begin(self) -> Result<Self> {
        self.begin_with("BEGIN IMMEDIATE").await
    }
}

impl Lease<Postgres> {
    /// Begins a transaction.
    pub(super) async fn begin(self) -> Result<Self> {
        self.begin_with("BEGIN").await
    }

    /// Whether the server is one that takes writes.
    pub(super) async fn takes_writes(&mut self) -> Result<bool> {
        let row = sqlx::query(TAKES_WRITES).fetch_one(self.send()?).await;
        let takes_writes: bool = self.answered(row.and_then(|row| row.try_get(0)))?;
        // One that does not is asked again on a new connection.
        self.unanswered = !takes_writes;
        Ok(takes_writes)
    }
}

impl<DB: Database> Drop for Lease<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let Some(runtime) = Handle::try_current().ok().filter(|_| !self.unanswered) else {
            return drop(connection.detach());
        };
        let in_transaction = self.in_transaction;
        let give_back = async move {
            if in_transaction && connection.execute("ROLLBACK").await.is_err() {
                return drop(connection.detach());
            }
            // By itself it would be given back as well, but might hang for ever
            // on the way and keep its place in the pool.
            connection.return_to_pool().await;
        };
        runtime.spawn(tokio::time::timeout(self.timeout, give_back));
    }
}
