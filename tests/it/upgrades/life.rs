//! What people do in a town, one after the other.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::task::JoinSet;

use super::{Caller, Progress, Sibling, person::Person};
use crate::support::mail_server::Mailboxes;

/// At a time.
const PEOPLE: usize = 6;

/// Where people live.
pub struct Town {
    pub caller: Caller,
    pub sibling: Sibling,
    pub post: Arc<Mailboxes>,
    /// So that nobody is born twice.
    pub generations: AtomicUsize,
}

/// Lets people live one life after the other, until it is over.
pub fn begin(town: &Arc<Town>, progress: &Arc<Progress>) -> JoinSet<Vec<Person>> {
    let mut lives = JoinSet::new();
    let generation = town.generations.fetch_add(1, Ordering::SeqCst);
    for number in 0..PEOPLE {
        let (town, progress) = (town.clone(), progress.clone());
        lives.spawn(async move {
            let mut people = Vec::new();
            while !progress.is_over() {
                let email = format!("p{number}-{generation}-{}@example.com", people.len());
                people.push(live(&town, &progress, email).await);
            }
            people
        });
    }
    lives
}

/// All who have lived.
pub async fn end(mut lives: JoinSet<Vec<Person>>, progress: &Progress) -> Vec<Person> {
    progress.end();
    let mut people = Vec::new();
    while let Some(some) = lives.join_next().await {
        people.extend(some.unwrap());
    }
    people
}

async fn live(town: &Town, progress: &Progress, email: String) -> Person {
    let caller = &town.caller;
    let mut person = Person::begin(caller, email).await;
    progress.note_act();
    person.finish(caller, &town.post).await;
    go_on(&mut person, town, progress).await;
    person.log_out(caller).await;
    person.is_out(town).await;
    progress.note_act();
    person.log_in(caller).await;
    person.change_password(caller).await;
    go_on(&mut person, town, progress).await;
    person.begin_reset(caller).await;
    progress.note_act();
    let token = person.prove_reset(caller, &town.post).await;
    progress.note_act();
    person.finish_reset(caller, token).await;
    person.is_out(town).await;
    progress.note_act();
    person.log_in(caller).await;
    go_on(&mut person, town, progress).await;
    person
}

/// Uses the session.
async fn go_on(person: &mut Person, town: &Town, progress: &Progress) {
    for _ in 0..4 {
        person.is_let_in(town);
        progress.note_act();
        person.refresh(&town.caller).await;
    }
    person.is_let_in(town);
    progress.note_act();
}
