//! [`Revocations`] as a Redis stream.

use async_trait::async_trait;
use fred::{prelude::StreamsInterface, types::streams::XReadValue};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    RedisStore, Result,
    link::{corrupt, unavailable},
    script::PUBLISH,
};
use crate::{
    domain::{
        Revocation, SessionId, Timestamp, TokenId, UserId,
        revocation::{RevocationReason, Target},
    },
    storage::revocations::{Cursor, Numbered, Revocations},
};

const FIELD: &str = "revocation";

/// An entry, as JSON; times in microseconds since the epoch.
#[derive(Serialize, Deserialize)]
struct Entry {
    seq: i64,
    user_id: Uuid,
    /// None: every session of the person.
    session_id: Option<Uuid>,
    /// One access token alone. The release before goes by `session_id`, and finds
    /// no such session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_id: Option<Uuid>,
    not_before: i64,
    reason: String,
    expires_at: i64,
}

impl Entry {
    fn of((seq, revocation): &Numbered) -> Self {
        let (session_id, token_id) = match revocation.target {
            Target::Token(id) => (Some(id.0), Some(id.0)),
            Target::Session(id) => (Some(id.0), None),
            Target::User => (None, None),
        };
        Self {
            seq: *seq,
            user_id: revocation.user_id.0,
            session_id,
            token_id,
            not_before: revocation.not_before.micros(),
            reason: revocation.reason.as_str().to_owned(),
            expires_at: revocation.expires_at.micros(),
        }
    }

    fn line(self) -> Option<Numbered> {
        let revocation = Revocation {
            user_id: UserId(self.user_id),
            target: match (self.session_id, self.token_id) {
                (_, Some(id)) => Target::Token(TokenId(id)),
                (Some(id), None) => Target::Session(SessionId(id)),
                (None, None) => Target::User,
            },
            not_before: Timestamp::from_micros(self.not_before),
            reason: RevocationReason::parse(&self.reason)?,
            expires_at: Timestamp::from_micros(self.expires_at),
        };
        Some((self.seq, revocation))
    }
}

#[async_trait]
impl Revocations for RedisStore {
    async fn publish(&self, lines: &[Numbered]) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut args = vec![self.stream_kept.as_millis().to_string().into()];
        for line in lines {
            let entry = serde_json::to_string(&Entry::of(line)).map_err(|_| corrupt("an entry"))?;
            args.push(entry.into());
        }
        self.run(&PUBLISH, &self.stream(), args).await.map(drop)
    }

    async fn after(&self, cursor: Option<&Cursor>, now: Timestamp, limit: u32) -> Result<Vec<(Cursor, Numbered)>> {
        let start = cursor.map_or("-".to_owned(), |cursor| format!("({}", cursor.0));
        let key = self.stream();
        let read = self.link.client().xrange_values(key.as_slice(), start, "+", Some(limit.into()));
        let read = async { self.link.about(&key, read).await.map_err(unavailable) };
        let entries: Vec<XReadValue<String, String, String>> = self.timed("revocations.after", read).await?;
        let lines = entries.into_iter().map(|(id, mut fields)| {
            let entry = fields.remove(FIELD).and_then(|text| serde_json::from_str::<Entry>(&text).ok());
            let line = entry.and_then(Entry::line).ok_or_else(|| corrupt("an entry"))?;
            Ok((Cursor(id), line))
        });
        let lines: Vec<_> = lines.collect::<Result<_>>()?;
        Ok(lines.into_iter().filter(|(_, (_, revocation))| revocation.expires_at > now).collect())
    }
}

impl RedisStore {
    fn stream(&self) -> Vec<u8> {
        self.link.key("revocations", b"")
    }
}
