//! What a person is told by mail and must not miss, though it may come late.

use std::net::IpAddr;

use super::{Email, Locale, Name, Timestamp};

/// A notice to a person. It waits in a store: it holds no code, token or other
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When that happened of which it tells.
    pub at: Timestamp,
    /// Whose mailbox.
    pub to: Email,
    /// In which language.
    pub locale: Locale,
    /// What happened.
    pub kind: NoticeKind,
}

/// What a notice tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A spent refresh token came back, and the session ended.
    SessionEnded {
        /// The session's device.
        device: Name,
        /// Where the token came back from, if that is known.
        address: Option<IpAddr>,
    },
}

impl NoticeKind {
    /// The word that is stored; never changes.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SessionEnded { .. } => "session_ended",
        }
    }
}
