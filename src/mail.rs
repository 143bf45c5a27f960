//! Mails to the owners of accounts.
//!
//! [`templates::compose`] writes a mail, a [`Mailer`] hands it over: [`smtp::Smtp`]
//! in production, [`console::Console`] and [`mailbox::DevMailbox`] in development.
//! No caller waits for a mail server: between a flow and the mailer stands
//! [`queue::MailQueue`] for codes, which are held in memory only, and the outbox
//! ([`crate::storage::outbox`]) for notices, which are written down.

pub mod console;
pub mod mailbox;
pub mod queue;
pub mod smtp;
pub mod templates;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use tracing::Instrument;

use crate::telemetry::traces;

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address of the one recipient, without a display name.
    pub to: String,
    /// One line, never with the code: lock screens show it.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part, a whole document.
    pub html: String,
    /// The code that the mail carries, if it carries one.
    pub code: Option<String>,
}

/// Shows nothing: every field is personal or secret.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail")
    }
}

/// Hands a mail over to what carries it on.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Delivers once, without retrying. A success may be followed by a bounce.
    ///
    /// # Errors
    ///
    /// [`MailError::Transient`] where the same mail may be taken later (it may also
    /// have been taken now, and the reply lost), [`MailError::Permanent`] where not.
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Delivers once, seen in traces.
///
/// # Errors
///
/// Those of [`Mailer::deliver`].
pub async fn hand_over(mailer: &dyn Mailer, mail: &Mail) -> Result<(), MailError> {
    let span = traces::mail_delivery();
    let delivered = mailer.deliver(mail).instrument(span.clone()).await;
    traces::outcome(&span, delivered.is_ok());
    delivered
}

#[async_trait]
impl<M: Mailer + ?Sized> Mailer for Arc<M> {
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        (**self).deliver(mail).await
    }
}

/// Delivers to the first, then to the second: `dev` prints a mail and keeps it.
#[async_trait]
impl<A: Mailer, B: Mailer> Mailer for (A, B) {
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        self.0.deliver(mail).await?;
        self.1.deliver(mail).await
    }
}

/// Why a mail was not delivered; safe to log, as it quotes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may work later.
    #[error("mail not delivered yet: {0}")]
    Transient(Cause),
    /// It will not work later either.
    #[error("mail refused: {0}")]
    Permanent(Cause),
}

/// What went wrong.
///
/// A server's own words are left out: they tend to quote the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The server was not reached, or the connection broke.
    #[error("no connection to the mail server")]
    Connection,
    /// The TLS handshake failed.
    #[error("no TLS with the mail server")]
    Tls,
    /// The server took too long.
    #[error("the mail server took too long")]
    TimedOut,
    /// The server declined, with this SMTP reply code.
    #[error("the mail server replied {0}")]
    Reply(u16),
    /// The server lacks what this mail needs, or does not speak SMTP.
    #[error("the mail server does not support what is needed")]
    Unsupported,
    /// The recipient is not an address that SMTP can carry.
    #[error("not a mail address")]
    Address,
    /// The mail cannot be put in the format of internet messages.
    #[error("not a well-formed mail")]
    Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_mail() {
        let mail = Mail {
            to: "taro@example.com".into(),
            subject: "s".into(),
            text: "t".into(),
            html: "h".into(),
            code: Some("123456".into()),
        };
        assert_eq!(format!("{mail:?}"), "Mail");
    }
}
