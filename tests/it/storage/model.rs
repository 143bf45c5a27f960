//! The table of rotation, as the design states it, for one session. Shares nothing with
//! the service; times are seconds.

/// See [`super::attempt::GRACE`].
const GRACE: u64 = 30;
const IDLE: u64 = 3_600;
/// Short, so that many a history comes to it.
pub const LIFE: u64 = 5_000;

/// Who presents a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Owner,
    Forger,
    /// Another client, where that ends a session.
    Thief,
    /// Another client, where that is only refused.
    Stranger,
}

/// What is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Unknown,
    OtherClient,
    Expired,
    Rotated,
    Replayed,
    LateRetry,
    Recovered,
    Reused,
}

/// One session.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    pub generation: u64,
    pub parent: u64,
    pub rotated_at: u64,
    pub expires_at: u64,
    pub ended: bool,
    /// It can do nothing any more, and waits for its end.
    pub condemned: bool,
    ends_at: u64,
}

impl Model {
    pub fn open(now: u64) -> Self {
        let (expires_at, ends_at) = (now + IDLE, now + LIFE);
        Self { generation: 1, parent: 0, rotated_at: now, expires_at, ended: false, condemned: false, ends_at }
    }

    pub fn is_live(&self, now: u64) -> bool {
        !self.ended && !self.condemned && now < self.expires_at
    }

    pub fn present(&mut self, token: u64, caller: Caller, now: u64) -> Outcome {
        let outcome = self.judge(token, caller, now);
        match outcome {
            Outcome::Rotated | Outcome::Recovered => self.advance(token, token + 1, now),
            Outcome::LateRetry => self.advance(token, self.generation + 1, now),
            Outcome::Reused => self.condemned = true,
            Outcome::OtherClient => self.condemned |= caller == Caller::Thief,
            Outcome::Unknown | Outcome::Expired | Outcome::Replayed => {}
        }
        outcome
    }

    fn judge(&self, token: u64, caller: Caller, now: u64) -> Outcome {
        match caller {
            Caller::Forger => Outcome::Unknown,
            _ if self.ended => Outcome::Unknown,
            Caller::Thief | Caller::Stranger => Outcome::OtherClient,
            _ if self.condemned => Outcome::Reused,
            _ if !self.is_live(now) => Outcome::Expired,
            _ if token == self.generation => Outcome::Rotated,
            _ if token == self.parent && now <= self.rotated_at + GRACE => Outcome::Replayed,
            _ if token == self.parent => Outcome::LateRetry,
            _ if token > self.generation => Outcome::Recovered,
            _ => Outcome::Reused,
        }
    }

    fn advance(&mut self, parent: u64, generation: u64, now: u64) {
        let expires_at = self.ends_at.min(now + IDLE);
        *self = Self { generation, parent, rotated_at: now, expires_at, ..*self };
    }
}
