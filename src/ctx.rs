//! What a flow may touch.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    clock::Clock,
    config::{CodeRules, LimitRules, SessionRules},
    crypto::{Keyring, Passwords, Secrets},
    domain::{Event, PasswordPolicy, Timestamp},
    entropy::Entropy,
    error::Error,
    feed::{Feed, Follower},
    mail::{Mailer, queue::MailQueue},
    storage::Stores,
    telemetry::Metrics,
};

/// The numbers that flows go by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The `iss` claim.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
    /// Whether there is the service of development.
    pub development: bool,
    /// Life of an access token.
    pub access_ttl: std::time::Duration,
    /// Life and number of sessions.
    pub sessions: SessionRules,
    /// One-time codes.
    pub codes: CodeRules,
    /// How often things may be tried.
    pub limits: LimitRules,
    /// What is asked of passwords that are chosen.
    pub passwords: PasswordPolicy,
    /// How long rows of the audit log are kept; `None`: for ever.
    pub audit_retention: Option<std::time::Duration>,
}

/// The service, without its surfaces.
pub struct Ctx {
    /// Where things are kept.
    pub stores: Stores,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Keys by purpose.
    pub secrets: Arc<Secrets>,
    /// Hashing.
    pub passwords: Passwords,
    /// Signing.
    pub keyring: Arc<Keyring>,
    /// What was taken back, and those who follow it.
    pub feed: Arc<Feed>,
    /// What keeps it as the journal is.
    pub follower: Arc<Follower>,
    /// Codes that are to leave: from memory, never written down.
    pub mail: MailQueue,
    /// What carries notices.
    pub mailer: Arc<dyn Mailer>,
    /// Told when a notice was written.
    pub notices: Notify,
    /// Counting.
    pub metrics: Arc<Metrics>,
    /// The numbers to go by.
    pub rules: Rules,
}

macro_rules! log {
    ($level:ident, $event:expr) => {
        tracing::event!(
            target: "sekisho::audit",
            tracing::Level::$level,
            kind = $event.kind.as_str(),
            user_id = $event.user_id.map(|id| id.to_string()),
            session_id = $event.session_id.map(|id| id.to_string()),
            address = $event.origin.address.map(|address| address.to_string()),
            request_id = &*$event.origin.request_id,
            "event"
        )
    };
}

impl Ctx {
    /// Read once, at the top of a flow.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes down an outcome that belongs to no other write.
    pub async fn audit(&self, event: Event) -> Result<(), Error> {
        if !event.kind.is_routine() {
            self.stores.audit.record(std::slice::from_ref(&event)).await?;
        }
        self.note(&event);
        Ok(())
    }

    /// Counts and logs an outcome that is written down already.
    pub fn note(&self, event: &Event) {
        self.metrics.event(event.kind);
        // What happens all the time would be most of the log, and of its cost.
        if event.kind.is_routine() {
            log!(DEBUG, event);
        } else {
            log!(INFO, event);
        }
    }
}
