//! Servers that share their stores.

use crate::support::{
    acts::ADA,
    feed::set,
    pair::{on_shared_stacks, pair},
    stack::Stack,
};

const ROOM: [(&str, &str); 2] = [("SEKISHO_MAX_SESSIONS", "0"), ("SEKISHO_LIMIT_LOGIN", "100000/300")];

async fn what_one_takes_back_reaches_those_who_follow_the_other(stack: Stack) {
    let [one, other] = pair(stack, &ROOM).await;
    one.ada().await;
    let (phone, tablet) = (one.login(ADA, "phone").await, one.login(ADA, "tablet").await);
    let mut watcher = other.watch(None).await;
    one.log_out(&phone.refresh, "phone").await;
    watcher.sees(1).await;
    other.log_out(&tablet.refresh, "tablet").await;
    watcher.sees(2).await;
    let wanted = [&phone, &tablet].map(|signed_in| format!("session {}", signed_in.session_id()));
    assert_eq!(watcher.targets(), wanted);
    // What was seen at one is a place at the other.
    let mut cursor = watcher.cursor.clone().unwrap();
    let at_one = one.watch(Some(cursor.clone())).await;
    assert_eq!((at_one.snapshots, at_one.seen.len()), (0, 0));
    cursor.sequence -= 1;
    assert_eq!(one.watch(Some(cursor)).await.targets(), wanted[1..]);
}

async fn of_many_at_once_at_both_none_is_lost(stack: Stack) {
    let servers = pair(stack, &ROOM).await;
    servers[0].ada().await;
    let mut signed_in = Vec::new();
    for _ in 0..64 {
        signed_in.push(servers[0].login(ADA, "phone").await);
    }
    let (mut at_one, mut at_other) = (servers[0].watch(None).await, servers[1].watch(None).await);
    let log_outs = signed_in.iter().enumerate().map(|(n, it)| servers[n % 2].log_out(&it.refresh, "phone"));
    for answer in futures_util::future::join_all(log_outs).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    at_one.sees(64).await;
    at_other.sees(64).await;
    assert_eq!(at_one.targets(), at_other.targets());
    assert_eq!(set(at_one.targets()), set(signed_in.iter().map(|it| format!("session {}", it.session_id()))));
}

async fn a_token_that_one_takes_back_is_refused_by_both(stack: Stack) {
    let [one, other] = pair(stack, &ROOM).await;
    let ada = one.ada().await;
    assert_eq!(other.profile(&ada.access).await.status, 200);
    one.revoke_token(&ada.access).await.unwrap();
    one.profile(&ada.access).await.refused(401, "session_revoked");
    crate::support::eventually(async || other.profile(&ada.access).await.status == 401).await;
    other.profile(&ada.access).await.refused(401, "session_revoked");
    assert_eq!(other.refresh(&ada.refresh, "laptop").await.status, 200, "the session lives on");
}

on_shared_stacks! {
    what_one_takes_back_reaches_those_who_follow_the_other
    of_many_at_once_at_both_none_is_lost
    a_token_that_one_takes_back_is_refused_by_both
}
