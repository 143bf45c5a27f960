//! [`Sessions`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, Tx, sql},
    rotate::advance,
    session_row::{DELETE, EVICTED, INSERT, LIST, ONE, session, signed},
};
use crate::{
    domain::{
        Revocation, Session, SessionId, Timestamp, UserId,
        session::{Chain, Subject},
    },
    storage::sessions::{EVICTION_WRITTEN, Opening, Presentation, Rotation, RotationRules, SessionLimit, Sessions},
};

const SET_SUBJECT: &str = "UPDATE sessions SET email = $2, email_verified = $3, roles = $4, issued_after = $5 \
     WHERE user_id = $1";
const SET_PROOF: &str = "UPDATE sessions SET auth_time = $3, amr = $4 \
     WHERE user_id = $1 AND id = $2 AND expires_at > $5 AND generation < $6";
const DELETE_UNTIL: &str = "DELETE FROM sessions WHERE user_id = $1 AND created_at <= $2 RETURNING expires_at";
const SWEEP: &str = "DELETE FROM sessions WHERE (user_id, id) IN \
     (SELECT user_id, id FROM sessions WHERE expires_at <= $1 LIMIT $2)";

async fn insert(tx: &mut Tx, session: &Session) -> Result<()> {
    let query = sql(INSERT)
        .bind(session.user_id.0)
        .bind(session.id.0)
        .bind(session.client_id.as_str())
        .bind(session.salt.0.as_slice())
        .bind(signed(session.chain.generation))
        .bind(signed(session.chain.parent))
        .bind(session.chain.rotated_at)
        .bind(session.created_at)
        .bind(session.last_used_at())
        .bind(session.expires_at)
        .bind(session.ends_at)
        .bind(session.device.as_str())
        .bind(session.address.map(|address| address.to_string()))
        .bind(session.auth_time)
        .bind(&session.amr[..])
        .bind(session.subject.email.as_str())
        .bind(session.subject.email_verified)
        .bind(&session.subject.roles[..])
        .bind(session.subject.issued_after);
    query.run(tx).await?;
    Ok(())
}

async fn set_subject(tx: &mut Tx, user_id: UserId, subject: &Subject) -> Result<()> {
    let query = sql(SET_SUBJECT)
        .bind(user_id.0)
        .bind(subject.email.as_str())
        .bind(subject.email_verified)
        .bind(&subject.roles[..])
        .bind(subject.issued_after);
    query.run(tx).await?;
    Ok(())
}

async fn live(tx: &mut Tx, user_id: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let rows = sql(LIST).bind(user_id.0).bind(now).all(tx).await?;
    let sessions: Vec<Session> = rows.iter().map(session).collect::<Result<_>>()?;
    Ok(sessions.into_iter().filter(|session| session.is_live(now)).collect())
}

/// Those that were evicted by a login that was cut off.
async fn left_over(tx: &mut Tx, user_id: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let (mark, before) = (signed(Chain::LAST), now - EVICTION_WRITTEN);
    let rows = sql(EVICTED).bind(user_id.0).bind(mark).bind(before).all(tx).await?;
    rows.iter().map(session).collect()
}

/// Those that have to end so that one more makes `max`.
fn surplus(mut sessions: Vec<Session>, max: u32) -> Vec<Session> {
    sessions.sort_by_key(|session| (session.created_at, session.id));
    let room = usize::try_from(max.saturating_sub(1)).unwrap_or(usize::MAX);
    let surplus = sessions.len().saturating_sub(room);
    sessions.truncate(surplus);
    sessions
}

#[async_trait]
impl Sessions for SqlStore {
    async fn open(&self, session: &Session, limit: SessionLimit, now: Timestamp) -> Result<Opening> {
        self.timed("sessions.open", async {
            let mut tx = self.pools.begin(Alone::With(session.user_id.0.as_bytes())).await?;
            let mut evicted = match limit {
                SessionLimit::Unlimited => Vec::new(),
                SessionLimit::EvictOldest(max) => surplus(live(&mut tx, session.user_id, now).await?, max),
                SessionLimit::Refuse(max) => {
                    if !surplus(live(&mut tx, session.user_id, now).await?, max).is_empty() {
                        return Ok(Opening::Full);
                    }
                    Vec::new()
                }
            };
            for old in &evicted {
                advance(&mut tx, &old.evicted(now)).await?;
            }
            evicted.extend(left_over(&mut tx, session.user_id, now).await?);
            set_subject(&mut tx, session.user_id, &session.subject).await?;
            insert(&mut tx, session).await?;
            tx.commit().await?;
            Ok(Opening::Opened(evicted))
        })
        .await
    }

    async fn rotate(
        &self,
        user_id: UserId,
        id: SessionId,
        presented: &Presentation<'_>,
        rules: RotationRules,
        now: Timestamp,
    ) -> Result<Rotation> {
        self.timed("sessions.rotate", super::rotate::rotate(self, user_id, id, presented, rules, now)).await
    }

    async fn set_subject(&self, user_id: UserId, subject: &Subject) -> Result<()> {
        self.timed("sessions.set_subject", async {
            let mut tx = self.pools.begin(Alone::With(user_id.0.as_bytes())).await?;
            set_subject(&mut tx, user_id, subject).await?;
            tx.commit().await
        })
        .await
    }

    async fn set_proof(&self, session: &Session, now: Timestamp) -> Result<bool> {
        self.timed("sessions.set_proof", async {
            let mut tx = self.pools.begin(Alone::With(session.user_id.0.as_bytes())).await?;
            let query = sql(SET_PROOF)
                .bind(session.user_id.0)
                .bind(session.id.0)
                .bind(session.auth_time)
                .bind(&session.amr[..])
                .bind(now)
                .bind(signed(Chain::LAST));
            let changed = query.run(&mut tx).await?;
            tx.commit().await?;
            Ok(changed > 0)
        })
        .await
    }

    async fn get(&self, user_id: UserId, id: SessionId, now: Timestamp) -> Result<Option<Session>> {
        self.timed("sessions.get", async {
            let query = sql(ONE).bind(user_id.0).bind(id.0);
            let row = query.read_one(&self.pools).await?;
            let session = row.as_ref().map(session).transpose()?;
            Ok(session.filter(|session| session.is_live(now)))
        })
        .await
    }

    async fn list(&self, user_id: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.timed("sessions.list", async {
            let query = sql(LIST).bind(user_id.0).bind(now);
            let rows = query.read_all(&self.pools).await?;
            let sessions: Vec<Session> = rows.iter().map(session).collect::<Result<_>>()?;
            Ok(sessions.into_iter().filter(|session| session.is_live(now)).collect())
        })
        .await
    }

    async fn count(&self, now: Timestamp) -> Result<u64> {
        self.count_live_sessions(now).await
    }

    async fn end(&self, user_id: UserId, id: SessionId) -> Result<bool> {
        self.timed("sessions.end", async {
            let mut tx = self.pools.begin(Alone::With(user_id.0.as_bytes())).await?;
            let delete = sql(DELETE).bind(user_id.0).bind(id.0);
            let removed = delete.run(&mut tx).await?;
            tx.commit().await?;
            Ok(removed > 0)
        })
        .await
    }

    async fn end_until(&self, user_id: UserId, until: Timestamp) -> Result<u64> {
        self.timed("sessions.end_until", async {
            let mut tx = self.pools.begin(Alone::With(user_id.0.as_bytes())).await?;
            let delete = sql(DELETE_UNTIL).bind(user_id.0).bind(until);
            let removed = delete.all(&mut tx).await?;
            tx.commit().await?;
            let ends: Vec<Timestamp> = removed.iter().map(|row| row.get("expires_at")).collect::<Result<_>>()?;
            Ok(ends.iter().filter(|end| **end > until).map(|_| 1).sum())
        })
        .await
    }

    async fn end_all(&self, lines: &[Revocation]) -> Result<u64> {
        self.end_all_of(lines).await
    }

    async fn sweep(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("sessions.sweep", SWEEP, before, limit).await
    }
}
