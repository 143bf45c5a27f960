//! A row of the table of sessions.

use super::{Result, row::Row};
use crate::domain::{
    ClientId, Email, Name, Session, SessionId, UserId,
    session::{Chain, Salt, Subject},
};

pub(super) const ONE: &str = "SELECT * FROM sessions WHERE user_id = $1 AND id = $2";
pub(super) const DELETE: &str = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";

pub(super) fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: SessionId(row.get("id")?),
        user_id: UserId(row.get("user_id")?),
        client_id: row.parsed("client_id", ClientId::parse)?,
        salt: Salt(row.bytes("salt")?),
        chain: Chain {
            generation: row.number("generation")?,
            parent: row.number("parent")?,
            rotated_at: row.get("rotated_at")?,
        },
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        ends_at: row.get("ends_at")?,
        device: row.parsed("device", Name::parse)?,
        address: row.address("address")?,
        auth_time: row.get("auth_time")?,
        amr: row.get("amr")?,
        subject: Subject {
            email: row.parsed("email", Email::parse)?,
            email_verified: row.get("email_verified")?,
            roles: row.get("roles")?,
            issued_after: row.get("issued_after")?,
        },
    })
}

/// Generations count refreshes: they never come near the sign bit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
