//! Random histories of sessions, lived through by a store and by the [`Model`].

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseResult, TestRunner},
};
use sekisho::{
    domain::{Session, SessionId, Timestamp, rotation::Verdict, session::Chain},
    storage::{Stores, sessions::Rotation},
};
use tokio::{runtime::Handle, task::block_in_place};

use super::{
    attempt::Attempt,
    data::{after, session_begun, user_id},
    model::{Caller, LIFE, Model, Outcome},
    sessions::open,
};

const CASES: u32 = 300;
const OUTCOMES: usize = 8;

/// Sessions are picked by any number, modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Open,
    End(usize),
    /// So many seconds pass.
    Advance(u64),
    /// A token is presented, so many ahead of the current one.
    Present(usize, i64, Caller),
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![8 => 0..3_u64, 6 => 28..33_u64, 2 => select(vec![1_800, 3_599]), 1 => Just(3_600_u64)];
    let ahead = prop_oneof![6 => Just(0_i64), 6 => Just(-1), 2 => Just(-2), 1 => -6..6_i64];
    let caller = prop_oneof![
        20 => Just(Caller::Owner),
        1 => select(vec![Caller::Forger, Caller::Thief, Caller::Stranger]),
    ];
    prop_oneof![
        14 => (any::<usize>(), ahead, caller).prop_map(|(pick, ahead, caller)| Step::Present(pick, ahead, caller)),
        6 => seconds.prop_map(Step::Advance),
        2 => Just(Step::Open),
        1 => any::<usize>().prop_map(Step::End),
    ]
}

/// One person's history in the store and in the model.
struct History<'a> {
    stores: &'a Stores,
    seen: &'a Mutex<HashSet<Outcome>>,
    person: u128,
    seconds: u64,
    sessions: Vec<(Session, Model)>,
}

impl History<'_> {
    fn now(&self) -> Timestamp {
        after(self.seconds)
    }

    async fn live(&mut self, steps: &[Step]) -> TestCaseResult {
        self.open().await;
        for step in steps {
            match *step {
                Step::Open => self.open().await,
                Step::End(pick) => self.end(pick).await?,
                Step::Advance(by) => self.seconds += by,
                Step::Present(pick, ahead, caller) => self.present(pick, ahead, caller).await?,
            }
            self.compare().await?;
        }
        Ok(())
    }

    async fn open(&mut self) {
        let serial = (self.person << 64) + self.sessions.len() as u128;
        let ends_at = after(self.seconds + LIFE);
        let new = Session { ends_at, ..session_begun(self.person, serial, self.seconds) };
        open(self.stores, std::slice::from_ref(&new)).await;
        self.sessions.push((new, Model::open(self.seconds)));
    }

    async fn end(&mut self, pick: usize) -> TestCaseResult {
        let count = self.sessions.len();
        let (session, model) = &mut self.sessions[pick % count];
        let was_there = self.stores.sessions.end(session.user_id, session.id).await.unwrap();
        let is_certain = model.ended || model.condemned || model.is_live(self.seconds);
        prop_assert!(!is_certain || was_there != model.ended, "of an expired one either is right");
        model.ended = true;
        Ok(())
    }

    async fn present(&mut self, pick: usize, ahead: i64, caller: Caller) -> TestCaseResult {
        let (now, count) = (self.now(), self.sessions.len());
        let (session, model) = &mut self.sessions[pick % count];
        let token = model.generation.saturating_add_signed(ahead).max(1);
        let attempt = Attempt::of(session, token).at(now);
        let was_condemned = model.condemned;
        let (outcome, answered) = read(as_caller(attempt, caller).make(self.stores).await);
        prop_assert_eq!(outcome, model.present(token, caller, self.seconds), "token {} by {:?}", token, caller);
        if let Some(answered) = answered.filter(|_| !was_condemned) {
            prop_assert_eq!(answered, record(session, model));
        }
        self.seen.lock().unwrap().insert(outcome);
        Ok(())
    }

    /// Whether the store lists what is live in the model, and nothing else.
    async fn compare(&self) -> TestCaseResult {
        let listed = self.stores.sessions.list(user_id(self.person), self.now()).await.unwrap();
        let live = self.sessions.iter().filter(|(_, model)| model.is_live(self.seconds));
        prop_assert_eq!(by_id(listed), by_id(live.map(|(session, model)| record(session, model))));
        Ok(())
    }
}

fn by_id(sessions: impl IntoIterator<Item = Session>) -> BTreeMap<SessionId, Session> {
    sessions.into_iter().map(|session| (session.id, session)).collect()
}

/// The record that the model expects of a session.
fn record(opened: &Session, model: &Model) -> Session {
    let rotated_at = after(model.rotated_at);
    Session {
        chain: Chain { generation: model.generation, parent: model.parent, rotated_at },
        expires_at: after(model.expires_at),
        ..opened.clone()
    }
}

fn as_caller(attempt: Attempt, caller: Caller) -> Attempt {
    match caller {
        Caller::Owner => attempt,
        Caller::Forger => attempt.forged(),
        Caller::Thief => attempt.by("phone"),
        Caller::Stranger => attempt.by("phone").lenient(),
    }
}

fn read(answer: Rotation) -> (Outcome, Option<Session>) {
    match answer {
        Rotation::Unknown => (Outcome::Unknown, None),
        Rotation::Evicted(_) => panic!("nothing is evicted here"),
        Rotation::Expired => (Outcome::Expired, None),
        Rotation::OtherClient(session) => (Outcome::OtherClient, Some(session)),
        Rotation::Judged(verdict, session) => {
            let (outcome, chain) = match verdict {
                Verdict::Rotated(chain) => (Outcome::Rotated, chain),
                Verdict::Replayed(chain) => (Outcome::Replayed, chain),
                Verdict::LateRetry(chain) => (Outcome::LateRetry, chain),
                Verdict::Recovered(chain) => (Outcome::Recovered, chain),
                Verdict::Reused => (Outcome::Reused, session.chain),
            };
            assert_eq!(chain, session.chain, "verdict and session disagree");
            (outcome, Some(session))
        }
    }
}

/// R46.
pub async fn every_history_goes_as_in_the_model(stores: Stores) {
    let (seen, persons) = (Mutex::default(), AtomicU64::new(1));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(CASES) });
    let verdict = runner.run(&vec(step(), 1..40), |steps| {
        let person = persons.fetch_add(1, Ordering::Relaxed).into();
        let mut history = History { stores: &stores, seen: &seen, person, seconds: 0, sessions: Vec::new() };
        block_in_place(|| Handle::current().block_on(history.live(&steps)))
    });
    verdict.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(seen.into_inner().unwrap().len(), OUTCOMES, "histories that miss an outcome prove little");
}
