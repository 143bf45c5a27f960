//! What the service does, one flow a file, each read from top to bottom:
//!
//! limit → read → slow crypto (no transaction open) → conditional writes and
//! audit → outcome.
//!
//! Flows know no transport and no SQL. The clock is read once, at the top.

pub mod audit_events;
pub mod caller;
pub mod follow;
pub mod introspect;
pub mod limit;
pub mod login;
pub mod logout;
pub mod own_token;
pub mod profile;
pub mod refresh;
pub mod revoke;
pub mod revoke_token;
pub mod service_token;
pub mod sessions;
pub mod sign_in;
pub mod signup;
pub mod tokens;

use crate::domain::{Event, EventKind, Locale, Name, Origin, Timestamp};

/// Who calls, as far as the transport knows.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// For the audit log.
    pub origin: Origin,
    /// What the caller says it is.
    pub user_agent: Name,
    /// The caller's language, if it named one of ours.
    pub locale: Option<Locale>,
}

impl Call {
    fn event(&self, at: Timestamp, kind: EventKind) -> Event {
        Event::new(at, kind, &self.origin)
    }
}
