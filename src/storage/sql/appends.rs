//! Appending to the journal: group commit. Appends have to wait for each other
//! anyway, for their numbers to rise as they are committed; so whoever comes while
//! another writes is written by the next who does, many in one transaction.

use std::{
    collections::VecDeque,
    iter, slice,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedMutexGuard, oneshot};

use super::{
    Result, audit,
    engine::{Alone, Pools, Tx, sql},
    listener::CHANNEL,
    outbox,
    row::corrupt,
};
use crate::{
    domain::{Event, Notice, Revocation, revocation::Target},
    storage::StoreError,
};

/// In one transaction, which holds up whoever comes next, and has to be done in the
/// time that one statement may take: also where each of them travels for milliseconds.
const MOST: usize = 16;

const INSERT: &str = "INSERT INTO revocation_journal (kind, user_id, session_id, token_id, not_before, reason, \
     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq";
const RAISE: &str = "UPDATE accounts SET not_before = $2 WHERE id = $1 AND not_before < $2";
const INSERT_ID: &str = "INSERT INTO revoked_ids (id, seq, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
const OF_ID: &str = "SELECT seq FROM revoked_ids WHERE id = $1";

/// What is written together, or not at all.
pub(super) struct Append {
    pub(super) revocations: Vec<Revocation>,
    pub(super) events: Vec<Event>,
    pub(super) notices: Vec<Notice>,
    /// Not at all if the first revocation was written before.
    pub(super) once: bool,
}

/// What became of it.
pub(super) struct Appended {
    /// Of the revocations.
    pub(super) numbers: Vec<i64>,
    pub(super) is_new: bool,
}

/// Gone when whoever asked has given up.
type Answer = oneshot::Sender<Result<Appended>>;

/// Those who wait to be written.
#[derive(Clone, Default)]
pub(super) struct Appends {
    waiting: Arc<Mutex<VecDeque<(Append, Answer)>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Appends {
    /// Writes it, alone or with others.
    pub(super) async fn append(&self, pools: &Arc<Pools>, append: Append) -> Result<Appended> {
        let (answer, mut written) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((append, answer));
        tokio::select! {
            biased;
            written = &mut written => return written.unwrap_or_else(|_| Err(given_up())),
            turn = self.turn.clone().lock_owned() => {
                // In a task of its own: others depend on it by now.
                tokio::spawn(self.clone().serve(pools.clone(), turn));
            }
        }
        written.await.unwrap_or_else(|_| Err(given_up()))
    }

    /// Writes whoever waits, until nobody does.
    async fn serve(self, pools: Arc<Pools>, _turn: OwnedMutexGuard<()>) {
        loop {
            let batch = self.next();
            if batch.is_empty() {
                return;
            }
            write_and_tell(&pools, batch).await;
        }
    }

    /// The next for whom somebody still waits.
    fn next(&self) -> Vec<(Append, Answer)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, answer)| !answer.is_closed());
        let number = waiting.len().min(MOST);
        waiting.drain(..number).collect()
    }
}

fn given_up() -> StoreError {
    StoreError::Unavailable("whoever wrote it with others has given up".into())
}

/// Together; or each alone, should one of them spoil it for the rest. What may have
/// been committed is not written again.
async fn write_and_tell(pools: &Pools, batch: Vec<(Append, Answer)>) {
    let (appends, answers): (Vec<Append>, Vec<Answer>) = batch.into_iter().unzip();
    let one = appends.len() == 1;
    match pools.in_time(write(pools, &appends)).await {
        Ok(Ok(written)) => written.into_iter().zip(answers).for_each(|(written, answer)| tell(answer, Ok(written))),
        Ok(Err(_)) if !one => {
            for (append, answer) in appends.into_iter().zip(answers).filter(|(_, answer)| !answer.is_closed()) {
                let alone = pools.in_time(write(pools, &[append])).await.flatten();
                tell(answer, alone.and_then(|mut alone| alone.pop().ok_or_else(|| corrupt("append"))));
            }
        }
        Ok(Err(error)) | Err(error) => {
            let why = error.to_string();
            let others = iter::repeat_with(|| StoreError::Unavailable(why.clone().into()));
            let errors = iter::once(error).chain(others);
            answers.into_iter().zip(errors).for_each(|(answer, error)| tell(answer, Err(error)));
        }
    }
}

fn tell(answer: Answer, written: Result<Appended>) {
    // Who has given up by now does not hear of it, as of any answer that is late.
    drop(answer.send(written));
}

/// Inside: one of them was not taken, and nothing was written. Outside: nobody knows.
async fn write(pools: &Pools, appends: &[Append]) -> Result<Result<Vec<Appended>>> {
    let mut tx = pools.begin(in_order(appends)).await?;
    let mut written = Vec::with_capacity(appends.len());
    for append in appends {
        match append.write(&mut tx).await {
            Ok(appended) => written.push(appended),
            Err(error) => return Ok(Err(error)),
        }
    }
    if appends.iter().zip(&written).any(|(append, written)| written.is_new && !append.revocations.is_empty()) {
        tx.announce(CHANNEL).await?;
    }
    tx.commit().await?;
    Ok(Ok(written))
}

/// PostgreSQL gives numbers out before it commits: of two that append at once the
/// later number could be seen first, and a reader that goes on after it would miss
/// the other.
fn in_order(appends: &[Append]) -> Alone<'static> {
    let nothing = appends.iter().all(|append| append.revocations.is_empty());
    if nothing { Alone::Nothing } else { Alone::With(b"revocation_journal") }
}

impl Append {
    /// What it has to be alone with.
    pub(super) fn order(&self) -> Alone<'static> {
        in_order(slice::from_ref(self))
    }

    pub(super) async fn write(&self, tx: &mut Tx) -> Result<Appended> {
        if let Some(number) = self.taken_back(tx).await? {
            return Ok(Appended { numbers: vec![number], is_new: false });
        }
        let mut numbers = Vec::with_capacity(self.revocations.len());
        for revocation in &self.revocations {
            numbers.push(insert(tx, revocation).await?);
        }
        for event in &self.events {
            audit::insert(tx, event).await?;
        }
        for notice in &self.notices {
            outbox::insert(tx, notice).await?;
        }
        Ok(Appended { numbers, is_new: true })
    }

    /// The line that takes it back already, if that matters.
    async fn taken_back(&self, tx: &mut Tx) -> Result<Option<i64>> {
        let id = match self.revocations.first().filter(|_| self.once).map(|revocation| revocation.target) {
            Some(Target::Session(id)) => id.0,
            Some(Target::Token(id)) => id.0,
            Some(Target::User) | None => return Ok(None),
        };
        let row = sql(OF_ID).bind(id).one(tx).await?;
        row.map(|row| row.get("seq")).transpose()
    }
}

async fn insert(tx: &mut Tx, revocation: &Revocation) -> Result<i64> {
    let (kind, session_id, token_id) = match revocation.target {
        // To the release before it is a session that nobody has.
        Target::Token(id) => ("session", Some(id.0), Some(id.0)),
        Target::Session(id) => ("session", Some(id.0), None),
        Target::User => ("user", None, None),
    };
    let query = sql(INSERT)
        .bind(kind)
        .bind(revocation.user_id.0)
        .bind(session_id)
        .bind(token_id)
        .bind(revocation.not_before)
        .bind(revocation.reason.as_str())
        .bind(revocation.expires_at);
    let number = query.one(tx).await?.ok_or_else(|| corrupt("seq"))?.get("seq")?;
    let follows = match session_id {
        Some(id) => sql(INSERT_ID).bind(id).bind(number).bind(revocation.expires_at),
        None => sql(RAISE).bind(revocation.user_id.0).bind(revocation.not_before),
    };
    follows.run(tx).await?;
    Ok(number)
}
