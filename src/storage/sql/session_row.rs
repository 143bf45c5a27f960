//! A row of the table of sessions.

use super::{Result, row::Row};
use crate::domain::{
    ClientId, Email, Name, Session, SessionId, UserId,
    session::{Chain, Salt, Subject},
};

macro_rules! columns {
    () => {
        "user_id, id, client_id, salt, generation, parent, rotated_at, created_at, last_used_at, expires_at, ends_at, \
         device, address, auth_time, amr, email, email_verified, roles, issued_after"
    };
}

pub(super) const ONE: &str = concat!("SELECT ", columns!(), " FROM sessions WHERE user_id = $1 AND id = $2");
pub(super) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY last_used_at DESC, id"
);
pub(super) const EVICTED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE user_id = $1 AND parent = $2 AND expires_at <= $3 ORDER BY id"
);
pub(super) const INSERT: &str = concat!(
    "INSERT INTO sessions (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
);
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
            email: row.parsed("email", Email::stored)?,
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
