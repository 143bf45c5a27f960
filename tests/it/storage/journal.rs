//! The contract of [`sekisho::storage::Journal`].

use sekisho::{
    domain::{
        Account, EventKind, Revocation, Timestamp, TokenId,
        revocation::{RevocationReason, Target},
    },
    storage::Stores,
};
use uuid::Uuid;

use super::{
    data::{MICRO, NOW, account, after, audit_kinds, event, session_id, user_id},
    race::{CALLERS, race},
};

/// Of session `n`, live until 1000 seconds after the beginning.
pub fn of_session(n: u128) -> Revocation {
    Revocation {
        user_id: user_id(1),
        target: Target::Session(session_id(n)),
        not_before: NOW,
        reason: RevocationReason::Logout,
        expires_at: after(1_000),
    }
}

/// Of access token `n`.
pub fn of_token(n: u128) -> Revocation {
    Revocation { target: Target::Token(token_id(n)), ..of_session(n) }
}

fn token_id(n: u128) -> TokenId {
    TokenId(Uuid::from_u128(n))
}

pub fn of_user(n: u128, not_before: Timestamp) -> Revocation {
    Revocation { user_id: user_id(n), target: Target::User, not_before, ..of_session(0) }
}

async fn append(stores: &Stores, revocations: &[Revocation]) -> Vec<i64> {
    stores.journal.append(revocations, &[], &[]).await.unwrap()
}

async fn live(stores: &Stores, after: i64, now: Timestamp, limit: u32) -> Vec<(i64, Revocation)> {
    stores.journal.live(after, now, limit).await.unwrap()
}

async fn create(stores: &Stores, n: u128) {
    stores.accounts.create(&account(n), &event(EventKind::SignupCompleted)).await.unwrap();
}

async fn not_before(stores: &Stores, n: u128) -> Timestamp {
    stores.accounts.by_id(user_id(n)).await.unwrap().unwrap().not_before
}

fn revocations(lines: Vec<(i64, Revocation)>) -> Vec<Revocation> {
    lines.into_iter().map(|(_, revocation)| revocation).collect()
}

pub async fn what_was_appended_is_live_in_order_and_whole(stores: Stores) {
    create(&stores, 1).await;
    let of_sessions = RevocationReason::ALL.map(|reason| Revocation { reason, ..of_session(reason as u128) });
    let wanted: Vec<_> = of_sessions.into_iter().chain([of_user(1, after(7))]).collect();
    let numbers = [append(&stores, &wanted[..2]).await, append(&stores, &wanted[2..]).await].concat();
    let lines = live(&stores, 0, NOW, 100).await;
    assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), numbers);
    assert!(lines[0].0 > 0, "a reader begins at 0");
    assert!(lines.is_sorted_by(|(a, _), (b, _)| a < b), "{lines:?}");
    assert_eq!(revocations(lines), wanted);
}

pub async fn a_page_is_what_comes_after_a_number_up_to_a_limit(stores: Stores) {
    append(&stores, &[1, 2, 3].map(of_session)).await;
    let all = live(&stores, 0, NOW, 100).await;
    assert_eq!(live(&stores, 0, NOW, 2).await, all[..2]);
    assert_eq!(live(&stores, all[1].0, NOW, 2).await, all[2..]);
    assert_eq!(live(&stores, all[2].0, NOW, 2).await, []);
}

pub async fn what_has_expired_is_not_live_and_fills_no_page(stores: Stores) {
    let short = |n| Revocation { expires_at: after(10), ..of_session(n) };
    append(&stores, &[short(1), of_session(2), short(3), of_session(4)]).await;
    assert_eq!(live(&stores, 0, NOW, 100).await.len(), 4);
    let page = live(&stores, 0, after(10) + MICRO, 2).await;
    assert_eq!(revocations(page), [of_session(2), of_session(4)]);
}

pub async fn events_are_added_with_the_revocations(stores: Stores) {
    let events = [EventKind::LoggedOut, EventKind::SessionEvicted].map(event);
    stores.journal.append(&[of_session(1)], &events, &[]).await.unwrap();
    assert_eq!(audit_kinds(&stores).await, ["logged_out", "session_evicted"]);
    assert_eq!(live(&stores, 0, NOW, 100).await.len(), 1);
}

pub async fn a_session_is_taken_back_once(stores: Stores) {
    let once = async |n, kind| stores.journal.append_once(&of_session(n), &event(kind), None).await.unwrap();
    let first = once(1, EventKind::LoggedOut).await;
    assert_eq!(once(1, EventKind::RefreshReused).await, (first.0, false));
    let second = once(2, EventKind::SessionRevoked).await;
    assert!(first.1 && second.1 && first.0 < second.0, "{first:?}, {second:?}");
    assert_eq!(audit_kinds(&stores).await, ["logged_out", "session_revoked"]);
    assert_eq!(revocations(live(&stores, 0, NOW, 100).await), [of_session(1), of_session(2)]);
}

pub async fn of_many_that_take_one_session_back_one_is_first(stores: Stores) {
    let answers = race(|_| {
        let stores = stores.clone();
        async move { stores.journal.append_once(&of_session(1), &event(EventKind::RefreshReused), None).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|(_, is_new)| *is_new).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|(number, _)| *number == answers[0].0), "{answers:?}");
    assert_eq!(audit_kinds(&stores).await, ["refresh_reused"]);
}

pub async fn nothing_appended_is_nothing_added(stores: Stores) {
    assert!(append(&stores, &[]).await.is_empty());
    assert_eq!(live(&stores, 0, NOW, 100).await, []);
    assert!(audit_kinds(&stores).await.is_empty());
}

pub async fn a_whole_users_revocation_raises_not_before(stores: Stores) {
    create(&stores, 1).await;
    create(&stores, 2).await;
    append(&stores, &[of_user(1, after(7))]).await;
    let stored = stores.accounts.by_id(user_id(1)).await.unwrap().unwrap();
    assert_eq!(stored, Account { not_before: after(7), ..account(1) });
    assert_eq!(not_before(&stores, 2).await, account(2).not_before);
}

pub async fn not_before_is_never_lowered(stores: Stores) {
    create(&stores, 1).await;
    append(&stores, &[of_user(1, after(7)), of_user(1, after(5))]).await;
    append(&stores, &[of_user(1, after(6))]).await;
    assert_eq!(not_before(&stores, 1).await, after(7));
}

pub async fn a_sessions_revocation_leaves_not_before_alone(stores: Stores) {
    create(&stores, 1).await;
    append(&stores, &[of_session(1)]).await;
    assert_eq!(not_before(&stores, 1).await, account(1).not_before);
}

pub async fn many_revocations_of_one_user_all_count(stores: Stores) {
    create(&stores, 1).await;
    race(|n| {
        let stores = stores.clone();
        async move { append(&stores, &[of_user(1, after(n as u64))]).await }
    })
    .await;
    assert_eq!(not_before(&stores, 1).await, after(CALLERS as u64 - 1));
    let lines = live(&stores, 0, NOW, 100).await;
    assert_eq!(lines.len(), CALLERS);
    assert!(lines.is_sorted_by(|(a, _), (b, _)| a < b), "{lines:?}");
}

/// A number that came to be seen after a higher one would be missed.
pub async fn a_reader_that_goes_on_misses_none_of_many_writers(stores: Stores) {
    let writing = tokio::spawn({
        let stores = stores.clone();
        race(move |n| {
            let (stores, three) = (stores.clone(), [n, n + 100, n + 200].map(|n| of_session(n as u128)));
            async move { [append(&stores, &three[..1]).await, append(&stores, &three[1..]).await].concat() }
        })
    });
    let mut read: Vec<i64> = Vec::new();
    loop {
        let was_last = writing.is_finished();
        let last = read.last().copied().unwrap_or(0);
        let page = live(&stores, last, NOW, 100).await;
        read.extend(page.iter().map(|(number, _)| number));
        if was_last && page.is_empty() {
            break;
        }
    }
    let mut written = writing.await.unwrap().concat();
    written.sort_unstable();
    assert_eq!(written.len(), CALLERS * 3);
    assert_eq!(read, written);
}

pub async fn a_sweep_takes_what_has_expired_up_to_a_limit(stores: Stores) {
    let lasting = Revocation { expires_at: after(2_000), ..of_session(4) };
    append(&stores, &[of_session(1), of_session(2), of_session(3), lasting.clone()]).await;
    let sweep = async |now| stores.journal.sweep(now, 2).await.unwrap();
    assert_eq!(sweep(after(999)).await, 0);
    assert_eq!((sweep(after(1_001)).await, sweep(after(1_001)).await), (2, 1));
    let live = stores.journal.live(0, NOW, 10).await.unwrap();
    assert_eq!(live.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), [lasting]);
}

/// Its number is how one knows later that no line was lost.
pub async fn a_sweep_leaves_the_last_number(stores: Stores) {
    let numbers = append(&stores, &[of_session(1), of_session(2)]).await;
    assert_eq!(stores.journal.sweep(after(2_000), 10).await.unwrap(), 1);
    assert_eq!(stores.journal.sweep(after(2_000), 10).await.unwrap(), 0);
    assert_eq!(stores.journal.extent().await.unwrap().highest, numbers[1]);
}

async fn append_token(stores: &Stores, n: u128) -> Option<i64> {
    let event = event(EventKind::TokenRevoked);
    let (number, is_new) = stores.journal.append_once(&of_token(n), &event, None).await.unwrap();
    is_new.then_some(number)
}

pub async fn a_token_is_taken_back_once_and_is_a_line_like_others(stores: Stores) {
    append(&stores, &[of_session(1)]).await;
    let number = append_token(&stores, 2).await.unwrap();
    assert_eq!(append_token(&stores, 2).await, None);
    assert_eq!(live(&stores, 0, NOW, 10).await[1..], [(number, of_token(2))]);
    assert_eq!(audit_kinds(&stores).await, ["token_revoked"]);
    assert!(stores.journal.has_token(token_id(2)).await.unwrap());
    assert!(!stores.journal.has_token(token_id(9)).await.unwrap());
    append(&stores, &[of_session(3)]).await;
    assert_eq!(stores.journal.sweep(after(2_000), 10).await.unwrap(), 2, "all but the last");
    assert!(!stores.journal.has_token(token_id(2)).await.unwrap());
}

pub async fn of_many_that_take_one_token_back_one_does(stores: Stores) {
    let taken = race(|_| {
        let stores = stores.clone();
        async move { append_token(&stores, 1).await }
    })
    .await;
    assert_eq!(taken.iter().flatten().count(), 1);
    assert_eq!(live(&stores, 0, NOW, 10).await.len(), 1);
    assert_eq!(audit_kinds(&stores).await, ["token_revoked"]);
}

pub async fn the_latest_come_first_and_expired_ones_too(stores: Stores) {
    let expired = Revocation { expires_at: NOW, ..of_session(2) };
    let numbers = append(&stores, &[of_session(1), expired.clone(), of_token(3)]).await;
    let latest = async |before| stores.journal.latest(before, 2).await.unwrap();
    assert_eq!(latest(i64::MAX).await, [(numbers[2], of_token(3)), (numbers[1], expired)]);
    assert_eq!(latest(numbers[1]).await, [(numbers[0], of_session(1))]);
    assert_eq!(latest(numbers[0]).await, []);
}

pub async fn it_says_how_far_it_goes(stores: Stores) {
    let extent = stores.journal.extent().await.unwrap();
    assert_eq!((extent.epoch.as_str(), extent.highest), ("", 0));
    let numbers = append(&stores, &[of_session(1), of_session(2)]).await;
    assert!(stores.journal.replace_epoch("", "first").await.unwrap());
    assert!(!stores.journal.replace_epoch("", "second").await.unwrap());
    let extent = stores.journal.extent().await.unwrap();
    assert_eq!((extent.epoch.as_str(), extent.highest), ("first", numbers[1]));
}

pub async fn of_many_new_epochs_one_is_put(stores: Stores) {
    let put = race(|n| {
        let stores = stores.clone();
        async move { stores.journal.replace_epoch("", &format!("epoch {n}")).await.unwrap() }
    })
    .await;
    assert_eq!(put.iter().filter(|put| **put).count(), 1);
}

/// R68. PostgreSQL takes no text with a zero; SQLite does.
pub async fn what_cannot_be_written_keeps_nobody_elses_from_it(stores: Stores) {
    let answers = race(|n| {
        let stores = stores.clone();
        async move {
            let mut event = event(EventKind::LoggedOut);
            if n == 7 {
                event.origin.request_id = "\0".into();
            }
            stores.journal.append(&[of_session(n as u128)], &[event], &[]).await.map_err(|_| n)
        }
    })
    .await;
    let failed: Vec<usize> = answers.iter().filter_map(|answer| answer.as_ref().err().copied()).collect();
    assert!(failed.is_empty() || failed == [7], "{failed:?}");
    let written = live(&stores, 0, NOW, 1_000).await.len();
    assert_eq!(written, CALLERS - failed.len());
    assert_eq!(audit_kinds(&stores).await.len(), written);
}
