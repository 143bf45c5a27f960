//! Mails over SMTP.

mod message;
mod pool;
mod refusal;
mod url;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::message::Mailbox;

use self::pool::{DELIVERY_TIME_OUT, Pool};
pub use self::url::SmtpConfigError;
use super::{Mail, MailError, Mailer};

/// Sends mails through one server, over a pool of connections.
///
/// Connecting may take 10 s and a delivery 30 s in all; both end in
/// [`MailError::Transient`]. A delivery goes on where its future is dropped. To be dropped
/// within the Tokio runtime that it delivered in, since closing connections takes one.
pub struct Smtp {
    from: Mailbox,
    pool: Arc<Pool>,
}

impl Smtp {
    /// A mailer for the server of `url`, from the mailbox `from`
    /// (`no-reply@example.com` or `Sekisho <no-reply@example.com>`). Does not connect.
    ///
    /// | URL | connection | default port |
    /// |---|---|---|
    /// | `smtps://user:pass@host:port` | TLS from the start | 465 |
    /// | `smtp://user:pass@host:port?tls=required` | STARTTLS or nothing | 587 |
    /// | `smtp://user:pass@host:port?tls=opportunistic` | STARTTLS if offered: an attacker on the network can prevent it | 587 |
    /// | `smtp://user:pass@host:port` | plain, for a relay on the same host | 25 |
    ///
    /// User and password are optional and percent-encoded. A path is the name for EHLO,
    /// instead of the host's. The server's certificate is verified against the
    /// certificates that the system trusts.
    ///
    /// # Errors
    ///
    /// [`SmtpConfigError`], which never quotes the URL.
    pub fn from_url(url: &str, from: &str) -> Result<Self, SmtpConfigError> {
        Self::with_time_out(url, from, DELIVERY_TIME_OUT)
    }

    fn with_time_out(url: &str, from: &str, time_out: Duration) -> Result<Self, SmtpConfigError> {
        let from = from.parse().map_err(|_| SmtpConfigError::From)?;
        let pool = Arc::new(Pool::new(url::builder(url)?, time_out));
        Ok(Self { from, pool })
    }
}

/// Whether a URL is one that [`Smtp::from_url`] takes.
///
/// # Errors
///
/// [`SmtpConfigError`], which never quotes the URL.
pub fn check(url: &str) -> Result<(), SmtpConfigError> {
    url::builder(url).map(drop)
}

#[async_trait]
impl Mailer for Smtp {
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message::build(&self.from, mail)?;
        Arc::clone(&self.pool).send(message).await
    }
}

/// Shows nothing: the URL has the password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp")
    }
}

#[cfg(test)]
mod tests;
