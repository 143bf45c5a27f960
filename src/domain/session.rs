//! Sessions: one sign-in on one client, kept alive by refresh.

use std::{fmt, net::IpAddr};

use aws_lc_rs::digest;
use subtle::ConstantTimeEq;

use super::{ClientId, Email, Name, SessionId, Timestamp, UserId};

/// Random, per session, known only to the session's record: without it not even
/// the service's key makes a refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// The gate of token number `generation`: SHA-1 over salt and number, cut to
    /// 128 bits. Not HMAC-SHA-256, for a script inside of Redis has to compute
    /// it too; of SHA-1 it takes no more than that a single block under a secret
    /// prefix tells nothing of another, which its collisions leave untouched
    /// (RFC 6194, section 3.3).
    pub fn gate(&self, generation: u64) -> Gate {
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        context.update(&self.0);
        context.update(&generation.to_be_bytes());
        let mut gate = [0; Gate::LENGTH];
        gate.copy_from_slice(&context.finish().as_ref()[..Gate::LENGTH]);
        Gate(gate)
    }
}

/// What of a refresh token only the session's record can check. The rest of the
/// token is checked by the service's key.
#[derive(Clone, Copy)]
pub struct Gate(pub [u8; Gate::LENGTH]);

impl Gate {
    /// In bytes.
    pub const LENGTH: usize = 16;

    /// Whether it is the gate of that token of a session with that salt.
    pub fn is_of(&self, salt: &Salt, generation: u64) -> bool {
        self.0.ct_eq(&salt.gate(generation).0).into()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate(…)")
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// A session's record, with all that a new access token needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The `sid` claim.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The only client that may refresh it.
    pub client_id: ClientId,
    /// See [`Salt`].
    pub salt: Salt,
    /// Where the chain of refresh tokens stands.
    pub chain: Chain,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it ends if it is not used before; never after `ends_at`.
    pub expires_at: Timestamp,
    /// The end, however much it is used.
    pub ends_at: Timestamp,
    /// The name given at login, else one made of the user agent.
    pub device: Name,
    /// Where it was last used from.
    pub address: Option<IpAddr>,
    /// When identity was last proven.
    pub auth_time: Timestamp,
    /// How identity was proven (RFC 8176).
    pub amr: Vec<String>,
    /// What the tokens say of the person.
    pub subject: Subject,
}

impl Session {
    /// The login or the last refresh.
    pub fn last_used_at(&self) -> Timestamp {
        self.chain.rotated_at
    }

    /// Whether it can be used.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at > now && !self.chain.is_condemned()
    }

    /// The session that made room for another, as it stays until the journal has
    /// its end.
    pub fn evicted(&self, now: Timestamp) -> Self {
        Self { chain: self.chain.evicted(), expires_at: self.expires_at.min(now), ..self.clone() }
    }

    /// The session as it stays until the journal has its end.
    pub fn condemned(&self, now: Timestamp) -> Self {
        Self { chain: self.chain.condemned(), expires_at: self.expires_at.min(now), ..self.clone() }
    }
}

/// What access tokens say of a person, as of the last login: of all of the
/// person's sessions the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The `email` claim.
    pub email: Email,
    /// The `email_verified` claim.
    pub email_verified: bool,
    /// The `roles` claim.
    pub roles: Vec<String>,
    /// `iat` is later than this second: a user-wide revocation that fell into
    /// the second of this login must not strike the new tokens.
    pub issued_after: Timestamp,
}

/// Where a chain of refresh tokens stands. Token number `generation` is the one
/// to use; `parent` is the one it replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The number of the current token; the first is 1.
    pub generation: u64,
    /// The number of the token that was exchanged for it; 0 for none.
    pub parent: u64,
    /// When the last exchange was.
    pub rotated_at: Timestamp,
}

impl Chain {
    /// The chain of a new session.
    pub const fn start(now: Timestamp) -> Self {
        Self { generation: 1, parent: 0, rotated_at: now }
    }
}

/// A session to test with.
#[cfg(test)]
pub(crate) fn sample() -> Session {
    let now = Timestamp::from_seconds(1_700_000_000);
    Session {
        id: SessionId(uuid::Uuid::from_u128(1)),
        user_id: UserId(uuid::Uuid::from_u128(2)),
        client_id: ClientId::parse("web").unwrap(),
        salt: Salt([3; 16]),
        chain: Chain::start(now),
        created_at: now,
        expires_at: Timestamp::from_seconds(1_700_086_400),
        ends_at: Timestamp::from_seconds(1_700_864_000),
        device: Name::default(),
        address: None,
        auth_time: now,
        amr: vec!["pwd".into()],
        subject: Subject {
            email: Email::parse("ada@example.com").unwrap(),
            email_verified: true,
            roles: Vec::new(),
            issued_after: Timestamp::default(),
        },
    }
}
