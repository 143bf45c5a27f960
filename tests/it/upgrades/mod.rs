//! Replicas that share their stores, and are replaced one by one while people go on: by
//! the same release ([`rolling`]), under another secret ([`secret`]), with other keys
//! ([`keys`]), passwords ([`passwords`]) and certificates ([`certificates`]), and by another
//! release ([`releases`]). Whoever calls follows the rule for
//! clients, to send a call again that was `UNAVAILABLE`, and nothing else: no call fails,
//! and nothing that was acknowledged is lost.

mod caller;
mod certificates;
mod keys;
mod life;
mod passwords;
mod person;
mod progress;
mod releases;
mod replicas;
mod restore;
mod rolling;
mod secret;
mod sibling;
mod sqlite;

use std::sync::{Arc, atomic::AtomicUsize};

use caller::Caller;
use life::Town;
use person::Person;
use progress::Progress;
use replicas::Replicas;
use sibling::Sibling;

use sekisho_interceptor::VerifyingKey;

use crate::support::{
    mail_server::{MailServer, Mailboxes},
    stack::Stack,
};

type Settings = Vec<Setting>;
/// Of a process.
type Setting = (&'static str, String);

/// A service, and those who use it.
struct Scene {
    replicas: Replicas,
    town: Arc<Town>,
}

impl Scene {
    /// Three replicas, a sibling that follows them, and a mail server.
    async fn on(stack: Stack, settings: &[Setting]) -> Self {
        Self::with_keys(stack, settings, Vec::new()).await
    }

    /// The same with keys that the sibling was given.
    async fn with_keys(stack: Stack, settings: &[Setting], keys: Vec<VerifyingKey>) -> Self {
        let (post, smtp) = MailServer::start().into_mailboxes();
        let mut all = vec![("SEKISHO_SMTP_URL", smtp)];
        all.extend_from_slice(settings);
        Self::around(Replicas::start(stack, all).await, post, keys).await
    }

    /// The same around replicas that run.
    async fn around(replicas: Replicas, post: Arc<Mailboxes>, keys: Vec<VerifyingKey>) -> Self {
        let secret = replicas.make_service("sibling").await;
        let sibling = Sibling::that_knows(&replicas.endpoints(), "sibling", &secret, keys).await;
        let caller = Caller::of(&replicas.endpoints());
        Self { replicas, town: Arc::new(Town { caller, sibling, post, generations: AtomicUsize::new(0) }) }
    }

    /// While people live in the town, does something; then all that they were told still
    /// holds.
    async fn meanwhile(&mut self, change: impl AsyncFnOnce(&mut Replicas, &Progress)) -> Vec<Person> {
        let (progress, town) = (Arc::new(Progress::default()), self.town.clone());
        let lives = life::begin(&town, &progress);
        change(&mut self.replicas, progress.as_ref()).await;
        let mut people = life::end(lives, &progress).await;
        assert!(!people.is_empty());
        for person in &mut people {
            person.was_told_the_truth(&town).await;
        }
        people
    }
}
