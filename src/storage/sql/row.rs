//! Rows of either engine, and their columns as domain types.

use std::net::IpAddr;

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Result, StoreError, unavailable};
use crate::domain::Timestamp;

/// A row of either engine.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What a column is read as.
pub(super) trait Column: Sized {
    fn read(row: &Row, name: &str) -> Result<Self>;
}

macro_rules! same_in_both {
    ($($column:ty),+) => {
        $(impl Column for $column {
            fn read(row: &Row, name: &str) -> Result<Self> {
                match row {
                    Row::Sqlite(row) => row.try_get(name),
                    Row::Postgres(row) => row.try_get(name),
                }
                .map_err(unavailable)
            }
        })+
    };
}

same_in_both!(
    i64,
    Option<i64>,
    String,
    Option<String>,
    Vec<u8>,
    Option<Vec<u8>>,
    Uuid,
    Option<Uuid>,
    serde_json::Value
);

fn timestamp(moment: OffsetDateTime) -> Timestamp {
    let micros = moment.unix_timestamp_nanos().div_euclid(1_000);
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

impl Column for bool {
    fn read(row: &Row, name: &str) -> Result<Self> {
        match row {
            Row::Sqlite(row) => row.try_get::<i64, _>(name).map(|flag| flag != 0),
            Row::Postgres(row) => row.try_get(name),
        }
        .map_err(unavailable)
    }
}

impl Column for Timestamp {
    fn read(row: &Row, name: &str) -> Result<Self> {
        match row {
            Row::Sqlite(row) => row.try_get(name).map(Self::from_micros),
            Row::Postgres(row) => row.try_get::<OffsetDateTime, _>(name).map(timestamp),
        }
        .map_err(unavailable)
    }
}

impl Column for Option<Timestamp> {
    fn read(row: &Row, name: &str) -> Result<Self> {
        match row {
            Row::Sqlite(row) => row.try_get::<Option<i64>, _>(name).map(|micros| micros.map(Timestamp::from_micros)),
            Row::Postgres(row) => row.try_get::<Option<OffsetDateTime>, _>(name).map(|moment| moment.map(timestamp)),
        }
        .map_err(unavailable)
    }
}

impl Column for Vec<String> {
    fn read(row: &Row, name: &str) -> Result<Self> {
        match row {
            Row::Sqlite(_) => serde_json::from_str(&String::read(row, name)?).map_err(|_| corrupt(name)),
            Row::Postgres(row) => row.try_get(name).map_err(unavailable),
        }
    }
}

impl Row {
    pub(super) fn get<T: Column>(&self, name: &str) -> Result<T> {
        T::read(self, name)
    }

    pub(super) fn bytes<const N: usize>(&self, name: &str) -> Result<[u8; N]> {
        self.get::<Vec<u8>>(name)?.try_into().map_err(|_| corrupt(name))
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, name: &str) -> Result<T> {
        self.get::<i64>(name)?.try_into().map_err(|_| corrupt(name))
    }

    /// Text that a domain type is read from.
    pub(super) fn parsed<T, E>(&self, name: &str, parse: impl Fn(&str) -> std::result::Result<T, E>) -> Result<T> {
        parse(&self.get::<String>(name)?).map_err(|_| corrupt(name))
    }

    pub(super) fn address(&self, name: &str) -> Result<Option<IpAddr>> {
        let text: Option<String> = self.get(name)?;
        text.map(|text| text.parse().map_err(|_| corrupt(name))).transpose()
    }
}

/// A column that does not hold what it should. Names the column, never the value.
pub(super) fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column}"))
}
