//! What the service does, one flow a file, each read from top to bottom:
//!
//! limit → read → slow crypto (no transaction open) → conditional writes and
//! audit → outcome.
//!
//! Flows know no transport and no SQL. The clock is read once, at the top.

pub mod account;
pub mod admin;
pub mod audit_events;
pub mod caller;
pub mod certificate;
pub mod check_password;
pub mod claim_admin;
pub mod code;
pub mod email_change;
pub mod follow;
pub mod introspect;
pub mod limit;
pub mod login;
pub mod logout;
pub mod new_password;
pub mod notice;
pub mod own_token;
pub mod password_change;
pub mod password_reset;
pub mod profile;
pub mod refresh;
pub mod revoke;
pub mod revoke_token;
pub mod service_token;
pub mod sessions;
pub mod sign_in;
pub mod signup;
pub mod step_up;
pub mod tokens;

use std::sync::Arc;

use crate::domain::{Event, EventKind, Locale, Origin, SpiffeId, Timestamp, UserAgent};

/// Who calls, as far as the transport knows.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// For the audit log.
    pub origin: Origin,
    /// What the caller says it is.
    pub user_agent: UserAgent,
    /// The caller's language, if it named one of ours.
    pub locale: Option<Locale>,
    /// What the caller is called by the certificate that it has shown itself, if that is a
    /// workload's.
    pub certificate: Option<Arc<SpiffeId>>,
}

impl Call {
    fn event(&self, at: Timestamp, kind: EventKind) -> Event {
        Event::new(at, kind, &self.origin)
    }
}
