//! Types that can only be built valid, and rules without I/O.

pub mod account;
pub mod client_id;
pub mod code;
pub mod email;
pub mod event;
pub mod id;
pub mod locale;
pub mod name;
pub mod network;
pub mod notice;
pub mod password;
pub mod revocation;
pub mod roles;
pub mod rotation;
pub mod service;
pub mod session;
pub mod time;
pub mod user_agent;

pub use account::Account;
pub use client_id::ClientId;
pub use code::{Code, Purpose};
pub use email::Email;
pub use event::{Event, EventKind, Origin};
pub use id::{SessionId, TokenId, UserId};
pub use locale::Locale;
pub use name::Name;
pub use network::Network;
pub use notice::{Notice, NoticeKind};
pub use password::{Password, PasswordPolicy};
pub use revocation::Revocation;
pub use service::ServiceAccount;
pub use session::Session;
pub use time::Timestamp;
pub use user_agent::UserAgent;
