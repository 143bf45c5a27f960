//! Domain types to and from columns.

use std::net::IpAddr;

use sqlx::{
    Decode, Encode, Row, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    sqlite::{SqliteArgumentsBuffer, SqliteRow, SqliteTypeInfo, SqliteValueRef},
};
use uuid::Uuid;

use super::{Result, StoreError, unavailable};
use crate::domain::Timestamp;

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> std::result::Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode_by_ref(&self.micros(), buffer)
    }
}

impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
        <i64 as Decode<'r, Sqlite>>::decode(value).map(Self::from_micros)
    }
}

/// Typed access to a row's columns by name.
pub(super) struct Columns<'r>(pub(super) &'r SqliteRow);

impl<'r> Columns<'r> {
    pub(super) fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, name: &str) -> Result<T> {
        self.0.try_get(name).map_err(unavailable)
    }

    pub(super) fn bytes<const N: usize>(&self, name: &str) -> Result<[u8; N]> {
        let bytes: &[u8] = self.get(name)?;
        bytes.try_into().map_err(|_| corrupt(name))
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, name: &str) -> Result<T> {
        self.get::<i64>(name)?.try_into().map_err(|_| corrupt(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.get::<i64>(name)? != 0)
    }

    pub(super) fn uuid(&self, name: &str) -> Result<Uuid> {
        self.get(name)
    }

    pub(super) fn list(&self, name: &str) -> Result<Vec<String>> {
        serde_json::from_str(self.get(name)?).map_err(|_| corrupt(name))
    }

    /// Text that a domain type is read from.
    pub(super) fn parsed<T, E>(&self, name: &str, parse: impl Fn(&str) -> std::result::Result<T, E>) -> Result<T> {
        parse(self.get(name)?).map_err(|_| corrupt(name))
    }

    pub(super) fn address(&self, name: &str) -> Result<Option<IpAddr>> {
        let text: Option<&str> = self.get(name)?;
        text.map(|text| text.parse().map_err(|_| corrupt(name))).transpose()
    }
}

/// A column that does not hold what it should. Names the column, never the value.
pub(super) fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column}"))
}

/// A list of words as a JSON array.
pub(super) fn words(list: &[String]) -> String {
    serde_json::Value::from(list.to_vec()).to_string()
}
