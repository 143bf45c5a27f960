//! A row of the table of sessions.

use sqlx::sqlite::SqliteRow;

use super::{Result, convert::Columns};
use crate::domain::{
    ClientId, Email, Name, Session, SessionId, UserId,
    session::{Chain, Salt, Subject},
};

pub(super) const ONE: &str = "SELECT * FROM sessions WHERE user_id = $1 AND id = $2";
pub(super) const DELETE: &str = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";

pub(super) fn session(row: &SqliteRow) -> Result<Session> {
    let columns = Columns(row);
    Ok(Session {
        id: SessionId(columns.uuid("id")?),
        user_id: UserId(columns.uuid("user_id")?),
        client_id: columns.parsed("client_id", ClientId::parse)?,
        salt: Salt(columns.bytes("salt")?),
        chain: Chain {
            generation: columns.number("generation")?,
            parent: columns.number("parent")?,
            rotated_at: columns.get("rotated_at")?,
        },
        created_at: columns.get("created_at")?,
        last_used_at: columns.get("last_used_at")?,
        expires_at: columns.get("expires_at")?,
        ends_at: columns.get("ends_at")?,
        device: columns.parsed("device", Name::parse)?,
        address: columns.address("address")?,
        auth_time: columns.get("auth_time")?,
        amr: columns.list("amr")?,
        subject: Subject {
            email: columns.parsed("email", Email::parse)?,
            email_verified: columns.flag("email_verified")?,
            roles: columns.list("roles")?,
            issued_after: columns.get("issued_after")?,
        },
    })
}

/// Generations count refreshes: they never come near the sign bit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
