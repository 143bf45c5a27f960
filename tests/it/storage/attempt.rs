//! A refresh token that is presented, with every condition at hand.

use std::{net::IpAddr, time::Duration};

use sekisho::{
    domain::{ClientId, Session, SessionId, Timestamp, UserId, session::Salt},
    storage::{
        Stores,
        sessions::{Presentation, Rotation, RotationRules},
    },
};

use super::data::{IDLE, NOW, client};

/// For how long the token before the current one is answered.
pub const GRACE: Duration = Duration::from_secs(30);

/// A presentation that does all right unless it is changed.
#[derive(Clone)]
pub struct Attempt {
    user_id: UserId,
    session_id: SessionId,
    rules: RotationRules,
    client_id: ClientId,
    salt: Salt,
    generation: u64,
    address: Option<IpAddr>,
    now: Timestamp,
}

impl Attempt {
    /// Presents token number `generation` of a session.
    pub fn of(session: &Session, generation: u64) -> Self {
        Self {
            user_id: session.user_id,
            session_id: session.id,
            rules: RotationRules { grace: GRACE, idle: IDLE, end_on_client_mismatch: true },
            client_id: session.client_id.clone(),
            salt: session.salt.clone(),
            generation,
            address: session.address,
            now: NOW,
        }
    }

    /// At that time.
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// By that client.
    pub fn by(self, name: &str) -> Self {
        Self { client_id: client(name), ..self }
    }

    /// From that address.
    pub fn from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// With a MAC over another salt than the session's.
    pub fn forged(self) -> Self {
        Self { salt: Salt([0xFF; 16]), ..self }
    }

    /// Where another client's attempt does not end the session.
    pub fn lenient(self) -> Self {
        let rules = RotationRules { end_on_client_mismatch: false, ..self.rules };
        Self { rules, ..self }
    }

    /// What the store answers.
    pub async fn make(self, stores: &Stores) -> Rotation {
        let presented = Presentation {
            client_id: &self.client_id,
            generation: self.generation,
            gate: self.salt.gate(self.generation),
            address: self.address,
        };
        stores.sessions.rotate(self.user_id, self.session_id, &presented, self.rules, self.now).await.unwrap()
    }
}
