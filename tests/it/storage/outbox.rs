//! The contract of [`sekisho::storage::Outbox`].

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use sekisho::{
    domain::{
        EventKind, Notice, NoticeKind, Revocation, Timestamp,
        revocation::{RevocationReason, Target},
    },
    storage::{
        Stores,
        outbox::{Backlog, Leased},
    },
};
use tokio::task::yield_now;

use super::{
    data::{MICRO, NOW, after, audit_kinds, event, notice, session_id, user_id},
    race::{CALLERS, race},
};

/// For how long every worker of these tests takes its notices.
const LEASE: u64 = 60;

fn revocation(n: u128) -> Revocation {
    Revocation {
        user_id: user_id(1),
        target: Target::Session(session_id(n)),
        not_before: NOW,
        reason: RevocationReason::Reused,
        expires_at: after(1_000),
    }
}

/// Number `n` is due `n` seconds after the beginning.
fn due_later(n: u64) -> Notice {
    Notice { at: after(n), ..notice(n.into()) }
}

async fn write(stores: &Stores, notices: &[Notice]) {
    stores.journal.append(&[], &[], notices).await.unwrap();
}

async fn lease(stores: &Stores, now: Timestamp, limit: u32) -> Vec<Leased> {
    stores.outbox.lease(now, now + Duration::from_secs(LEASE), limit).await.unwrap().notices
}

/// The only notice that is due.
async fn lease_one(stores: &Stores, now: Timestamp) -> Leased {
    let [leased] = <[Leased; 1]>::try_from(lease(stores, now, 10).await).expect("one notice");
    leased
}

async fn backlog(stores: &Stores, now: Timestamp) -> (u64, u64) {
    let Backlog { all, due, .. } = stores.outbox.backlog(now).await.unwrap();
    (all, due)
}

fn notices(leased: Vec<Leased>) -> Vec<Notice> {
    leased.into_iter().map(|leased| leased.notice).collect()
}

pub async fn a_notice_is_leased_whole(stores: Stores) {
    assert_eq!(lease(&stores, NOW, 10).await, []);
    let NoticeKind::SessionEnded { device, .. } = notice(2).kind else { panic!("another kind") };
    let bare = Notice { kind: NoticeKind::SessionEnded { device, address: None }, ..notice(2) };
    let wanted = [notice(1), bare];
    write(&stores, &wanted).await;
    let leased = lease(&stores, NOW, 10).await;
    assert!(leased.iter().all(|leased| leased.attempts == 1), "{leased:?}");
    assert_eq!(notices(leased), wanted);
}

pub async fn a_lease_excludes_others_until_it_runs_out(stores: Stores) {
    write(&stores, &[notice(1)]).await;
    let first = lease_one(&stores, NOW).await;
    assert_eq!(lease(&stores, NOW, 10).await, []);
    assert_eq!(lease(&stores, Timestamp::from_micros(after(LEASE).micros() - 1), 10).await, []);
    assert_eq!(lease_one(&stores, after(LEASE)).await, Leased { attempts: 2, ..first });
}

pub async fn those_that_are_due_longest_come_first_up_to_a_limit(stores: Stores) {
    write(&stores, &[5, 3, 9, 3].map(due_later)).await;
    assert_eq!(lease(&stores, Timestamp::from_micros(after(3).micros() - 1), 10).await, []);
    assert_eq!(notices(lease(&stores, after(7), 2).await), [3, 3].map(due_later));
    assert_eq!(notices(lease(&stores, after(7), 2).await), [due_later(5)]);
    assert_eq!(notices(lease(&stores, after(9), 2).await), [due_later(9)]);
}

pub async fn what_was_removed_is_gone(stores: Stores) {
    write(&stores, &[notice(1)]).await;
    let leased = lease_one(&stores, NOW).await;
    assert!(stores.outbox.remove(&leased).await.unwrap());
    assert!(!stores.outbox.remove(&leased).await.unwrap());
    assert!(!stores.outbox.retry(&leased, NOW).await.unwrap());
    assert_eq!(lease(&stores, after(LEASE), 10).await, []);
    assert_eq!(backlog(&stores, after(LEASE)).await, (0, 0));
}

pub async fn a_retry_waits_until_its_time(stores: Stores) {
    write(&stores, &[notice(1)]).await;
    let first = lease_one(&stores, NOW).await;
    let again = after(7) + MICRO;
    assert!(stores.outbox.retry(&first, again).await.unwrap());
    assert_eq!(lease(&stores, after(7), 10).await, []);
    assert_eq!(lease_one(&stores, again).await, Leased { attempts: 2, ..first });
}

pub async fn a_late_worker_cannot_touch_what_another_has(stores: Stores) {
    write(&stores, &[notice(1)]).await;
    let late = lease_one(&stores, NOW).await;
    let current = lease_one(&stores, after(LEASE)).await;
    assert!(!stores.outbox.remove(&late).await.unwrap());
    assert!(!stores.outbox.retry(&late, NOW).await.unwrap());
    assert_eq!(lease(&stores, after(LEASE), 10).await, [], "the other's lease was ended");

    assert!(stores.outbox.retry(&current, after(LEASE)).await.unwrap());
    assert!(!stores.outbox.remove(&late).await.unwrap(), "put back is not late's either");
    assert_eq!(lease_one(&stores, after(LEASE)).await.attempts, 3);
}

pub async fn a_late_worker_may_finish_what_nobody_took(stores: Stores) {
    write(&stores, &[notice(1)]).await;
    let late = lease_one(&stores, NOW).await;
    assert_eq!(backlog(&stores, after(LEASE)).await, (1, 1));
    assert!(stores.outbox.remove(&late).await.unwrap());
    assert_eq!(lease(&stores, after(LEASE), 10).await, []);
}

pub async fn the_backlog_knows_the_oldest_due_or_not(stores: Stores) {
    let oldest = async |now| stores.outbox.backlog(now).await.unwrap().oldest;
    assert_eq!(oldest(NOW).await, None);
    let times = [after(20), after(10)];
    for at in times {
        write(&stores, &[Notice { at, ..notice(1) }]).await;
    }
    assert_eq!(oldest(NOW).await, Some(times[1]), "due or not");
    let leased = lease_one(&stores, after(10)).await;
    assert!(stores.outbox.retry(&leased, after(500)).await.unwrap());
    assert_eq!(oldest(after(30)).await, Some(times[1]), "to be tried again");
    let leased = lease_one(&stores, after(30)).await;
    assert!(stores.outbox.remove(&leased).await.unwrap());
    assert_eq!(oldest(after(30)).await, Some(times[1]));
}

pub async fn the_backlog_is_what_is_there_and_what_is_due(stores: Stores) {
    assert_eq!(backlog(&stores, NOW).await, (0, 0));
    write(&stores, &[0, 1, 2].map(due_later)).await;
    assert_eq!(backlog(&stores, after(1)).await, (3, 2));
    let leased = lease(&stores, after(1), 1).await;
    assert_eq!(backlog(&stores, after(1)).await, (3, 2), "one in a worker's hands still waits");
    assert!(stores.outbox.retry(&leased[0], after(9)).await.unwrap());
    assert_eq!(backlog(&stores, after(1)).await, (3, 1));
    assert_eq!(backlog(&stores, after(9)).await, (3, 3));
}

pub async fn of_many_workers_each_notice_goes_to_one(stores: Stores) {
    const NOTICES: usize = CALLERS * 2;
    write(&stores, &[0; NOTICES].map(due_later)).await;
    let leased = race(|_| {
        let stores = stores.clone();
        async move { lease(&stores, NOW, 2).await }
    })
    .await;
    assert!(leased.iter().all(|mine| mine.len() == 2), "each worker finds some, whoever else looks");
    let ids: BTreeSet<i64> = leased.iter().flatten().map(|leased| leased.id).collect();
    assert_eq!(ids.len(), NOTICES);

    let removed = race(|n| {
        let (stores, mine) = (stores.clone(), leased[n].clone());
        async move { stores.outbox.remove(&mine[0]).await.unwrap() && stores.outbox.remove(&mine[1]).await.unwrap() }
    })
    .await;
    assert_eq!(removed, [true; CALLERS]);
    assert_eq!(backlog(&stores, NOW).await, (0, 0));
}

/// R17. Whoever writes waits for so many turns of the scheduler only: some writes
/// happen, some do not, none happens in part.
pub async fn a_notice_is_there_exactly_if_its_revocation_is(stores: Stores) {
    race(|n| {
        let stores = stores.clone();
        async move {
            let (lines, events) = ([revocation(n as u128)], [event(EventKind::RefreshReused)]);
            let notices = [notice(n as u128)];
            let patience = async {
                for _ in 0..n * 50 {
                    yield_now().await;
                }
            };
            tokio::select! {
                biased;
                written = stores.journal.append(&lines, &events, &notices) => drop(written.unwrap()),
                () = patience => {}
            }
        }
    })
    .await;
    stores.journal.append(&[revocation(999)], &[event(EventKind::RefreshReused)], &[notice(999)]).await.unwrap();
    let lines = stores.journal.live(0, NOW, 1_000).await.unwrap();
    let told: HashSet<_> = lease(&stores, NOW, 1_000).await.into_iter().map(|leased| leased.notice.to).collect();
    let ended: HashSet<_> = lines
        .iter()
        .map(|(_, line)| match line.target {
            Target::Session(id) => notice(id.0.as_u128()).to,
            Target::User | Target::Token(_) => unreachable!("no such line was written"),
        })
        .collect();
    assert_eq!(told, ended);
    assert_eq!(audit_kinds(&stores).await.len(), lines.len());
}
