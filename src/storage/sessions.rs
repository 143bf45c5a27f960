//! Who is signed in where.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    ClientId, Revocation, Session, SessionId, Timestamp, UserId,
    revocation::Target,
    rotation::Verdict,
    session::{Gate, Subject},
};

/// An expired session is kept for a week, so that its client is told that it
/// expired and not that it never was.
pub const EXPIRED_KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Who evicts a session writes that down within a second or so. If it has not been
/// after so long, whoever opens the next one does.
pub const EVICTION_WRITTEN: Duration = Duration::from_secs(60);

/// How many sessions a person may have, and what happens to one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionLimit {
    /// Any number.
    Unlimited,
    /// The session that began first ends.
    EvictOldest(u32),
    /// The new one is refused.
    Refuse(u32),
}

/// What became of a new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It is there; these had to end for it, or for an earlier one whose login was
    /// cut off before the journal had their end.
    Opened(Vec<Session>),
    /// There are as many as allowed.
    Full,
}

/// A refresh token that is presented.
pub struct Presentation<'a> {
    /// By whom.
    pub client_id: &'a ClientId,
    /// Its number in the chain.
    pub generation: u64,
    /// See [`Gate`]; its MAC has been found right already.
    pub gate: Gate,
    /// From where; if that is unknown, the session keeps the last address.
    pub address: Option<IpAddr>,
}

/// By which rules a refresh token is judged.
#[derive(Clone, Copy, Debug)]
pub struct RotationRules {
    /// For how long the token before the current one is answered with the same
    /// successor.
    pub grace: Duration,
    /// For how long a session lives unused.
    pub idle: Duration,
    /// Whether a session is condemned when another client presents its token.
    pub end_on_client_mismatch: bool,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// There is no such session, or the token is not ours.
    Unknown,
    /// The session made room for another, and is not in the journal yet.
    Evicted(Session),
    /// The session is past its time.
    Expired,
    /// Of another client; the session as it was.
    OtherClient(Session),
    /// The session as it is now, or, for [`Verdict::Reused`], as it was before.
    Judged(Verdict, Session),
}

/// The sessions.
///
/// An expired session is as good as gone, but [`Sessions::rotate`] still says
/// that it expired for as long as its record is there; [`EXPIRED_KEPT`]. A condemned
/// one (see [`Chain::condemned`](crate::domain::session::Chain::condemned)) is as
/// good as gone too, but each of its tokens is still found to be spent.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session under the limit, and says which have to end for it. They are
    /// worth nothing from the same step on; [`Sessions::end`] follows when the journal
    /// has them. Its subject becomes that of all of the person's sessions.
    async fn open(&self, session: &Session, limit: SessionLimit, now: Timestamp) -> Result<Opening>;

    /// Judges a refresh token and does what follows. Checks in this order:
    /// genuine, client, expiry, place in the chain. Never brings back a session
    /// that has ended. A session that has to end is condemned in the same step;
    /// [`Sessions::end`] follows when the journal has it.
    async fn rotate(
        &self,
        user_id: UserId,
        id: SessionId,
        presented: &Presentation<'_>,
        rules: RotationRules,
        now: Timestamp,
    ) -> Result<Rotation>;

    /// A live session.
    async fn get(&self, user_id: UserId, id: SessionId, now: Timestamp) -> Result<Option<Session>>;

    /// Gives all of a person's sessions another subject.
    async fn set_subject(&self, user_id: UserId, subject: &Subject) -> Result<()>;

    /// Writes down how and when identity was proven again; `false`: the session has
    /// ended.
    async fn set_proof(&self, session: &Session, now: Timestamp) -> Result<bool>;

    /// Whether it is worth to begin what ends with a session: to ask costs far
    /// less than to hash, and an attempt that cannot succeed is not to cost a
    /// budget anything. A store that shares the fate of the accounts has nothing to
    /// say.
    async fn ready(&self) -> Result<()> {
        Ok(())
    }

    /// Every live session of a person, the last used first.
    async fn list(&self, user_id: UserId, now: Timestamp) -> Result<Vec<Session>>;

    /// How many sessions are live, of all people. Read in pieces, so that nobody waits
    /// for it: one that is opened, used or ended meanwhile may count twice or not at all.
    async fn count(&self, now: Timestamp) -> Result<u64>;

    /// Ends a session; whether it was there.
    async fn end(&self, user_id: UserId, id: SessionId) -> Result<bool>;

    /// Ends every session of a person that began at or before `until`; how many
    /// of them were live then.
    async fn end_until(&self, user_id: UserId, until: Timestamp) -> Result<u64>;

    /// Does what lines of the journal say, as [`Sessions::end`] and [`Sessions::end_until`] do
    /// one by one; how many records it removed.
    async fn end_all(&self, lines: &[Revocation]) -> Result<u64> {
        let mut removed = 0;
        for line in lines {
            removed += match line.target {
                Target::Token(_) => 0,
                Target::Session(id) => self.end(line.user_id, id).await?.into(),
                Target::User => self.end_until(line.user_id, line.not_before).await?,
            };
        }
        Ok(removed)
    }

    /// Removes at most `limit` sessions that expired at or before `before`; how
    /// many.
    /// There is nothing to do where records leave by themselves.
    async fn sweep(&self, _before: Timestamp, _limit: u32) -> Result<u64> {
        Ok(0)
    }
}
