//! SQLite and PostgreSQL behind one face: a statement with its parameters, a
//! row, a transaction. Nothing above it knows which engine it is.

use serde_json::Value;
use sqlx::{
    Postgres, Sqlite, SqlitePool,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Result, lease::Lease, row::Row, server::Server, sqlite::BUSY, unavailable};
use crate::domain::Timestamp;

/// Connections.
pub(super) enum Pools {
    /// One connection writes: SQLite has one writer anyway, and waiting for a
    /// connection is fair, while waiting for its lock is not.
    Sqlite {
        /// The one that writes.
        writer: SqlitePool,
        /// Those that read.
        readers: SqlitePool,
    },
    /// All of them read and write.
    Postgres(Server),
}

/// What has to be alone while a transaction reads, decides and writes. SQLite
/// has one writer at a time; PostgreSQL is told.
#[derive(Clone, Copy)]
pub(super) enum Alone<'a> {
    /// Nothing: each statement is enough by itself.
    Nothing,
    /// All that has to do with this key.
    With(&'a [u8]),
}

impl Pools {
    /// What the engine is called in traces.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }

    /// A transaction that may write.
    pub(super) async fn begin(&self, alone: Alone<'_>) -> Result<Tx> {
        match self {
            Self::Sqlite { writer, .. } => {
                let writer = writer.acquire().await.map_err(unavailable)?;
                Ok(Tx::Sqlite(Lease::<Sqlite>::new(writer, BUSY).begin().await?))
            }
            Self::Postgres(server) => {
                let mut tx = Tx::Postgres(server.lease().await?.begin().await?);
                if let Alone::With(key) = alone {
                    tx.also_alone_with(key).await?;
                }
                Ok(tx)
            }
        }
    }

    /// Ends work that takes too long. SQLite waits for its writer, and for
    /// nothing else.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self {
            Self::Sqlite { .. } => work.await,
            Self::Postgres(server) => server.in_time(work).await,
        }
    }

    /// Ends every connection.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(server) => server.close().await,
        }
    }
}

/// Two keys of one number only wait for each other.
fn lock_number(key: &[u8]) -> i64 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key);
    digest.as_ref().first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// A transaction; rolled back if it is dropped.
pub(super) enum Tx {
    Sqlite(Lease<Sqlite>),
    Postgres(Lease<Postgres>),
}

impl Tx {
    /// Makes it last.
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.commit().await,
            Self::Postgres(lease) => lease.commit().await,
        }
    }

    /// Alone with another key too. Whoever takes several takes them in the same order.
    pub(super) async fn also_alone_with(&mut self, key: &[u8]) -> Result<()> {
        if matches!(self, Self::Postgres(_)) {
            sql("SELECT pg_advisory_xact_lock($1)").bind(lock_number(key)).run(self).await?;
        }
        Ok(())
    }

    /// Has other processes hear of it when it is committed. A SQLite file has none.
    pub(super) async fn announce(&mut self, channel: &'static str) -> Result<()> {
        if matches!(self, Self::Postgres(_)) {
            sql("SELECT pg_notify($1, '')").bind(channel).run(self).await?;
        }
        Ok(())
    }
}

/// A parameter of a statement.
#[derive(Clone)]
pub(super) enum Param {
    Blob(Option<Vec<u8>>),
    Flag(bool),
    Json(Value),
    Number(i64),
    Text(Option<String>),
    Time(Timestamp),
    Uuid(Option<Uuid>),
    Words(Vec<String>),
}

macro_rules! param {
    ($($from:ty => |$value:ident| $param:expr;)+) => {
        $(impl From<$from> for Param {
            fn from($value: $from) -> Self {
                $param
            }
        })+
    };
}

param! {
    &[u8] => |bytes| Self::Blob(Some(bytes.to_vec()));
    Option<Vec<u8>> => |bytes| Self::Blob(bytes);
    bool => |flag| Self::Flag(flag);
    Value => |json| Self::Json(json);
    i64 => |number| Self::Number(number);
    u32 => |number| Self::Number(number.into());
    &str => |text| Self::Text(Some(text.to_owned()));
    &Vec<u8> => |bytes| Self::Blob(Some(bytes.clone()));
    &String => |text| Self::Text(Some(text.clone()));
    String => |text| Self::Text(Some(text));
    Option<&str> => |text| Self::Text(text.map(str::to_owned));
    Option<String> => |text| Self::Text(text);
    Timestamp => |time| Self::Time(time);
    Uuid => |id| Self::Uuid(Some(id));
    Option<Uuid> => |id| Self::Uuid(id);
    &[String] => |words| Self::Words(words.to_vec());
}

/// A statement with its parameters, in the order of `$1`, `$2`…
pub(super) struct Query {
    text: &'static str,
    params: Vec<Param>,
}

/// A statement without parameters yet.
pub(super) fn sql(text: &'static str) -> Query {
    Query { text, params: Vec::new() }
}

impl Query {
    /// The next parameter.
    pub(super) fn bind(mut self, param: impl Into<Param>) -> Self {
        self.params.push(param.into());
        self
    }

    /// Runs it; how many rows it touched.
    pub(super) async fn run(self, tx: &mut Tx) -> Result<u64> {
        match tx {
            Tx::Sqlite(lease) => {
                let done = self.sqlite().execute(lease.send()?).await;
                Ok(lease.answered(done)?.rows_affected())
            }
            Tx::Postgres(lease) => {
                let done = self.postgres().execute(lease.send()?).await;
                Ok(lease.answered(done)?.rows_affected())
            }
        }
    }

    /// Runs it; its only row, if there is one.
    pub(super) async fn one(self, tx: &mut Tx) -> Result<Option<Row>> {
        match tx {
            Tx::Sqlite(lease) => {
                let row = self.sqlite().fetch_optional(lease.send()?).await;
                Ok(lease.answered(row)?.map(Row::Sqlite))
            }
            Tx::Postgres(lease) => self.one_of_postgres(lease).await,
        }
    }

    /// Runs it; its rows.
    pub(super) async fn all(self, tx: &mut Tx) -> Result<Vec<Row>> {
        match tx {
            Tx::Sqlite(lease) => {
                let rows = self.sqlite().fetch_all(lease.send()?).await;
                lease.answered(rows).map(sqlite_rows)
            }
            Tx::Postgres(lease) => self.all_of_postgres(lease).await,
        }
    }

    /// The same outside of a transaction, for reading.
    pub(super) async fn read_one(self, pools: &Pools) -> Result<Option<Row>> {
        match pools {
            Pools::Sqlite { readers, .. } => {
                Ok(self.sqlite().fetch_optional(readers).await.map_err(unavailable)?.map(Row::Sqlite))
            }
            Pools::Postgres(server) => self.one_of_postgres(&mut server.lease().await?).await,
        }
    }

    /// The same outside of a transaction, for reading.
    pub(super) async fn read_all(self, pools: &Pools) -> Result<Vec<Row>> {
        match pools {
            Pools::Sqlite { readers, .. } => {
                self.sqlite().fetch_all(readers).await.map(sqlite_rows).map_err(unavailable)
            }
            Pools::Postgres(server) => self.all_of_postgres(&mut server.lease().await?).await,
        }
    }

    async fn one_of_postgres(self, lease: &mut Lease<Postgres>) -> Result<Option<Row>> {
        let row = self.postgres().fetch_optional(lease.send()?).await;
        Ok(lease.answered(row)?.map(Row::Postgres))
    }

    async fn all_of_postgres(self, lease: &mut Lease<Postgres>) -> Result<Vec<Row>> {
        let rows = self.postgres().fetch_all(lease.send()?).await;
        lease.answered(rows).map(postgres_rows)
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        self.params.into_iter().fold(sqlx::query(self.text), |query, param| match param {
            Param::Blob(bytes) => query.bind(bytes),
            Param::Flag(flag) => query.bind(i64::from(flag)),
            Param::Json(json) => query.bind(json),
            Param::Number(number) => query.bind(number),
            Param::Text(text) => query.bind(text),
            Param::Time(time) => query.bind(time.micros()),
            Param::Uuid(id) => query.bind(id),
            Param::Words(words) => query.bind(Value::from(words).to_string()),
        })
    }

    fn postgres(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        self.params.into_iter().fold(sqlx::query(self.text), |query, param| match param {
            Param::Blob(bytes) => query.bind(bytes),
            Param::Flag(flag) => query.bind(flag),
            Param::Json(json) => query.bind(json),
            Param::Number(number) => query.bind(number),
            Param::Text(text) => query.bind(text),
            Param::Time(time) => query.bind(moment(time)),
            Param::Uuid(id) => query.bind(id),
            Param::Words(words) => query.bind(words),
        })
    }
}

/// Beyond what PostgreSQL can say there is only "before everything" and "after
/// everything".
fn moment(time: Timestamp) -> OffsetDateTime {
    const FIRST: OffsetDateTime = time::macros::datetime!(0000-01-01 0:00 UTC);
    const LAST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);
    let nanos = i128::from(time.micros()) * 1_000;
    let clamped = nanos.clamp(FIRST.unix_timestamp_nanos(), LAST.unix_timestamp_nanos());
    OffsetDateTime::from_unix_timestamp_nanos(clamped).unwrap_or(LAST)
}

fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}
