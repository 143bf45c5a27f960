//! Two servers that write and seal at once.

use crate::support::{
    acts::ADA,
    pair::{on_shared_stacks, pair},
    stack::Stack,
};

on_shared_stacks! {
    both_seal_one_chain
    one_goes_on_where_the_other_was_killed
}

/// R75.
async fn both_seal_one_chain(stack: Stack) {
    let servers = pair(stack, &[("SEKISHO_MAX_SESSIONS", "0"), ("SEKISHO_LIMIT_LOGIN", "1000/1")]).await;
    servers[0].sign_up(ADA, "laptop").await;
    let mut work = tokio::task::JoinSet::new();
    for server in servers.iter().chain(&servers) {
        let server = server.clone();
        work.spawn(async move {
            for _ in 0..10 {
                server.login(ADA, "phone").await;
                server.seal().await.unwrap();
            }
        });
    }
    work.join_all().await;
    let verified = servers[1].verify().await.unwrap();
    assert_eq!((verified.events, verified.unsealed), (43, 0));
}

/// Events of which nobody knows whether they were sealed.
async fn one_goes_on_where_the_other_was_killed(stack: Stack) {
    let servers = pair(stack, &[("SEKISHO_MAX_SESSIONS", "0")]).await;
    servers[0].sign_up(ADA, "laptop").await;
    for _ in 0..20 {
        servers[0].login(ADA, "phone").await;
        let sealing = servers[0].clone();
        let sealing = tokio::spawn(async move { sealing.seal().await });
        tokio::task::yield_now().await;
        sealing.abort();
    }
    servers[1].seal().await.unwrap();
    let verified = servers[1].verify().await.unwrap();
    assert_eq!((verified.events, verified.unsealed), (23, 0));
}
