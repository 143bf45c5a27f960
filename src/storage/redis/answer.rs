//! What a script answers: a list of texts, the first of which says which kind
//! of answer it is.

use fred::types::Value;

use super::{Result, link::corrupt};

/// The parts of an answer, taken one after the other.
pub(super) struct Answer(std::vec::IntoIter<Value>);

impl Answer {
    pub(super) fn read(value: Value) -> Result<Self> {
        match value {
            Value::Array(parts) => Ok(Self(parts.into_iter())),
            _ => Err(corrupt("no list")),
        }
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        self.next().ok_or_else(|| corrupt("a part is missing"))
    }

    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        self.0.next().and_then(|value| value.as_bytes().map(<[u8]>::to_vec))
    }

    pub(super) fn word(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?).map_err(|_| corrupt("no word"))
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        self.word()?.parse().map_err(|_| corrupt("no number"))
    }
}
