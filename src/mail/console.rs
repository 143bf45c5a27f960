//! Mails on the terminal, for `sekisho dev`.

use async_trait::async_trait;

use super::{Mail, MailError, Mailer};

/// Logs each mail instead of sending it.
///
/// **Development only**: the line shows the address and the code on purpose. `serve`
/// must not be given one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Console;

#[async_trait]
impl Mailer for Console {
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        tracing::info!(to = %mail.to, subject = %mail.subject, code = mail.code.as_deref(), "mail");
        Ok(())
    }
}
