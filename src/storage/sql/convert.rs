//! Columns as domain types.

use std::net::IpAddr;

use super::{
    Result, StoreError,
    engine::{Column, Row},
};

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
