//! [`Sessions`] on Redis.

use async_trait::async_trait;
use fred::types::Value;

use super::{
    RedisStore, Result,
    answer::Answer,
    link::corrupt,
    micros, raw,
    record::{Parts, address, client, packed_subject},
    script::{END, END_UNTIL, SET_PROOF, SET_SUBJECT},
    span,
};
use crate::{
    domain::{Session, SessionId, Timestamp, UserId, rotation::Verdict, session::Subject},
    storage::sessions::{
        EVICTION_WRITTEN, EXPIRED_KEPT, Opening, Presentation, Rotation, RotationRules, SessionLimit, Sessions,
    },
};

impl RedisStore {
    fn person(&self, user_id: UserId) -> Vec<u8> {
        self.link.key("s:", user_id.0.as_bytes())
    }
}

/// `None` where the session was not there.
fn session(answer: &mut Answer, user_id: UserId, id: SessionId) -> Result<Option<Session>> {
    let Some(record) = answer.next() else { return Ok(None) };
    let parts = Parts { record, rest: answer.bytes()?, subject: answer.bytes()? };
    parts.session(user_id, id).map(Some)
}

/// All that follow in an answer, after the subject that they share.
fn sessions(answer: &mut Answer, user_id: UserId) -> Result<Vec<Session>> {
    let subject = answer.bytes()?;
    let mut sessions = Vec::new();
    while let Some(id) = answer.next() {
        let id = uuid::Uuid::from_slice(&id).map_err(|_| corrupt("a session's id"))?;
        let parts = Parts { record: answer.bytes()?, rest: answer.bytes()?, subject: subject.clone() };
        sessions.push(parts.session(user_id, SessionId(id))?);
    }
    Ok(sessions)
}

fn policy(limit: SessionLimit) -> [Value; 2] {
    let (policy, max) = match limit {
        SessionLimit::Unlimited => ("unlimited", 0),
        SessionLimit::EvictOldest(max) => ("evict_oldest", max),
        SessionLimit::Refuse(max) => ("refuse", max),
    };
    [policy.into(), max.to_string().into()]
}

fn judged(word: &str, session: Session) -> Result<Rotation> {
    let chain = session.chain;
    let verdict = match word {
        "evicted" => return Ok(Rotation::Evicted(session)),
        "other_client" => return Ok(Rotation::OtherClient(session)),
        "rotated" => Verdict::Rotated(chain),
        "replayed" => Verdict::Replayed(chain),
        "late_retry" => Verdict::LateRetry(chain),
        "recovered" => Verdict::Recovered(chain),
        "reused" => Verdict::Reused,
        _ => return Err(corrupt("a verdict")),
    };
    Ok(Rotation::Judged(verdict, session))
}

#[async_trait]
impl Sessions for RedisStore {
    async fn open(&self, session: &Session, limit: SessionLimit, now: Timestamp) -> Result<Opening> {
        let parts = Parts::of(session)?;
        let [policy, max] = policy(limit);
        let args = vec![
            raw(session.id.0.as_bytes()),
            raw(&parts.record),
            raw(&parts.rest),
            raw(&parts.subject),
            policy,
            max,
            micros(now),
            span(EXPIRED_KEPT),
            span(EVICTION_WRITTEN),
        ];
        let mut answer = self.fenced(|scripts| &scripts.open, &self.person(session.user_id), args).await?;
        match answer.word()?.as_str() {
            "full" => Ok(Opening::Full),
            _ => Ok(Opening::Opened(sessions(&mut answer, session.user_id)?)),
        }
    }

    async fn rotate(
        &self,
        user_id: UserId,
        id: SessionId,
        presented: &Presentation<'_>,
        rules: RotationRules,
        now: Timestamp,
    ) -> Result<Rotation> {
        let args = vec![
            raw(id.0.as_bytes()),
            hex::encode(presented.gate.0).into(),
            raw(&presented.generation.to_be_bytes()),
            raw(&client(presented.client_id)?),
            micros(now),
            span(rules.grace),
            span(rules.idle),
            span(EXPIRED_KEPT),
            u8::from(rules.end_on_client_mismatch).to_string().into(),
            raw(&address(presented.address)),
        ];
        let mut answer = self.fenced(|scripts| &scripts.rotate, &self.person(user_id), args).await?;
        match answer.word()?.as_str() {
            "unknown" => Ok(Rotation::Unknown),
            "expired" => Ok(Rotation::Expired),
            word => judged(word, session(&mut answer, user_id, id)?.ok_or_else(|| corrupt("no session"))?),
        }
    }

    async fn set_subject(&self, user_id: UserId, subject: &Subject) -> Result<()> {
        let args = vec![raw(&packed_subject(subject)?)];
        self.run(&SET_SUBJECT, &self.person(user_id), args).await.map(drop)
    }

    async fn set_proof(&self, session: &Session, now: Timestamp) -> Result<bool> {
        let args = vec![raw(session.id.0.as_bytes()), raw(&Parts::of(session)?.rest), micros(now)];
        let set = self.run(&SET_PROOF, &self.person(session.user_id), args).await?;
        Ok(set.as_u64() == Some(1))
    }

    async fn get(&self, user_id: UserId, id: SessionId, now: Timestamp) -> Result<Option<Session>> {
        let args = vec![raw(id.0.as_bytes())];
        let mut answer = self.fenced(|scripts| &scripts.get, &self.person(user_id), args).await?;
        Ok(session(&mut answer, user_id, id)?.filter(|session| session.is_live(now)))
    }

    async fn ready(&self) -> Result<()> {
        self.ping().await
    }

    async fn list(&self, user_id: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let mut answer = self.fenced(|scripts| &scripts.list, &self.person(user_id), Vec::new()).await?;
        let mut sessions = sessions(&mut answer, user_id)?;
        sessions.retain(|session| session.is_live(now));
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.last_used_at()), session.id));
        Ok(sessions)
    }

    async fn count(&self, now: Timestamp) -> Result<u64> {
        self.timed("sessions.count", self.count_live_sessions(now)).await
    }

    async fn end(&self, user_id: UserId, id: SessionId) -> Result<bool> {
        let args = vec![raw(id.0.as_bytes())];
        let ended = self.run(&END, &self.person(user_id), args).await?;
        Ok(ended.as_u64() == Some(1))
    }

    async fn end_until(&self, user_id: UserId, until: Timestamp) -> Result<u64> {
        let ended = self.run(&END_UNTIL, &self.person(user_id), vec![micros(until)]).await?;
        ended.as_u64().ok_or_else(|| corrupt("no number"))
    }
}
