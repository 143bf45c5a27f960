//! Mails kept in memory, for `sekisho dev` and for tests.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use serde::Serialize;

use super::{Mail, MailError, Mailer};

/// The present time as RFC 3339 text.
pub type Timestamp = Arc<dyn Fn() -> String + Send + Sync>;

const CAPACITY: usize = 200;

/// A mail as `GET /dev/mailbox` shows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct StoredMail {
    /// The recipient's address, as it was written.
    pub to: String,
    /// The subject, decoded.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The code; `null` in a mail without one.
    pub code: Option<String>,
    /// When it was delivered, RFC 3339.
    pub sent_at: String,
}

/// Shows nothing, as [`Mail`] does.
impl fmt::Debug for StoredMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredMail")
    }
}

/// Keeps the newest 200 mails, codes included.
///
/// **Development only**: whoever reads it can take over every account.
pub struct DevMailbox {
    now: Timestamp,
    mails: Mutex<VecDeque<StoredMail>>,
}

impl DevMailbox {
    /// An empty mailbox, whose mails are stamped by `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { now, mails: Mutex::new(VecDeque::with_capacity(CAPACITY)) }
    }

    /// The mails to an address, in whatever case it is written, the newest first.
    pub fn newest_first(&self, to: &str) -> Vec<StoredMail> {
        let wanted = to.to_lowercase();
        let mails = self.lock();
        mails.iter().rev().filter(|mail| mail.to.to_lowercase() == wanted).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<StoredMail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DevMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevMailbox")
    }
}

#[async_trait]
impl Mailer for DevMailbox {
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        let Mail { to, subject, text, html, code } = mail.clone();
        let stored = StoredMail { to, subject, text, html, code, sent_at: (self.now)() };
        let mut mails = self.lock();
        if mails.len() == CAPACITY {
            mails.pop_front();
        }
        mails.push_back(stored);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mailbox() -> DevMailbox {
        DevMailbox::new(Arc::new(|| "2026-01-02T03:04:05Z".to_owned()))
    }

    fn mail(to: &str, subject: &str, code: Option<&str>) -> Mail {
        Mail {
            to: to.into(),
            subject: subject.into(),
            text: "text".into(),
            html: "html".into(),
            code: code.map(Into::into),
        }
    }

    #[tokio::test]
    async fn mails_come_back_newest_first_in_the_documented_shape() {
        let mailbox = mailbox();
        mailbox.deliver(&mail("Taro@Example.com", "1", Some("123456"))).await.unwrap();
        mailbox.deliver(&mail("hanako@example.com", "2", None)).await.unwrap();
        mailbox.deliver(&mail("taro@example.com", "3", None)).await.unwrap();

        let found = serde_json::to_value(mailbox.newest_first("TARO@example.COM")).unwrap();

        let shape = |to: &str, subject: &str, code: Option<&str>| {
            json!({
                "to": to, "subject": subject, "text": "text", "html": "html",
                "code": code, "sent_at": "2026-01-02T03:04:05Z",
            })
        };
        let wanted = json!([shape("taro@example.com", "3", None), shape("Taro@Example.com", "1", Some("123456"))]);
        assert_eq!(found, wanted);
    }

    #[tokio::test]
    async fn the_oldest_mail_makes_room() {
        let mailbox = mailbox();
        for number in 0..=CAPACITY {
            mailbox.deliver(&mail("taro@example.com", &number.to_string(), None)).await.unwrap();
        }
        let found = mailbox.newest_first("taro@example.com");
        assert_eq!(found.len(), CAPACITY);
        assert_eq!(found[0].subject, CAPACITY.to_string());
        assert_eq!(found[CAPACITY - 1].subject, "1");
    }

    #[tokio::test]
    async fn dev_prints_a_mail_and_keeps_it() {
        let mailbox = Arc::new(mailbox());
        let both = (crate::mail::console::Console, Arc::clone(&mailbox));
        both.deliver(&mail("taro@example.com", "1", None)).await.unwrap();
        assert_eq!(mailbox.newest_first("taro@example.com").len(), 1);
    }
}
