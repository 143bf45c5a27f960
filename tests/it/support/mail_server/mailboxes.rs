//! Mails by recipient, for tests in which many are mailed to at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    time::timeout,
};

use super::Received;

/// A busy machine is no fault.
const WITHIN: Duration = Duration::from_secs(60);

/// See the module.
pub struct Mailboxes {
    mails: Mutex<HashMap<String, Vec<Received>>>,
    arrivals: watch::Sender<()>,
}

impl Mailboxes {
    pub(super) fn fill(mut received: UnboundedReceiver<Received>) -> Arc<Self> {
        let mailboxes = Arc::new(Self { mails: Mutex::default(), arrivals: watch::Sender::new(()) });
        let filled = mailboxes.clone();
        tokio::spawn(async move {
            while let Some(mail) = received.recv().await {
                for recipient in &mail.to {
                    filled.mails.lock().unwrap().entry(recipient.clone()).or_default().push(mail.clone());
                }
                filled.arrivals.send_replace(());
            }
        });
        mailboxes
    }

    /// How many have come to somebody whose subject holds a word.
    pub fn count(&self, recipient: &str, word: &str) -> usize {
        let mails = self.mails.lock().unwrap();
        mails.get(recipient).map_or(0, |mails| mails.iter().filter(|mail| mail.subject().contains(word)).count())
    }

    /// Waits until so many have come whose subject holds a word; the last of these.
    pub async fn nth(&self, recipient: &str, word: &str, number: usize) -> Received {
        let mut arrivals = self.arrivals.subscribe();
        let come = arrivals.wait_for(|()| self.count(recipient, word) >= number);
        timeout(WITHIN, come).await.unwrap_or_else(|_| panic!("mail {number} ({word})")).unwrap();
        let mails = self.mails.lock().unwrap();
        let mut wanted = mails[recipient].iter().filter(|mail| mail.subject().contains(word));
        wanted.nth(number - 1).unwrap().clone()
    }
}
