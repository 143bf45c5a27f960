//! A session has one end, and a token one successor.

use std::collections::HashSet;

use super::{CALLERS, Services, at_once, tally};
use crate::support::{Answer, acts::ADA, app::PASSWORD};

pub async fn one_token_refreshed_by_many_has_one_successor(services: &Services) {
    let token = services[0].ada().await.refresh;
    let answers = at_once(services, move |service, _| {
        let token = token.clone();
        async move { service.refresh(&token, "laptop").await }
    })
    .await;
    let successors: HashSet<String> = answers.iter().map(Answer::refresh_token).collect();
    assert_eq!(successors.len(), 1);
    services[0].refreshed(successors.iter().next().unwrap(), "laptop").await;
}

pub async fn a_refresh_that_races_a_logout_loses(services: &Services) {
    for round in 0..5 {
        let ada = services[0].sign_up(&format!("ada-{round}@example.com"), "laptop").await;
        let token = ada.refresh.clone();
        let answers = at_once(services, move |service, number| {
            let token = token.clone();
            async move {
                if number == CALLERS / 2 {
                    return service.log_out(&token, "laptop").await;
                }
                service.refresh(&token, "laptop").await
            }
        })
        .await;
        assert_eq!(answers[CALLERS / 2].status, 200);
        let returned = answers.iter().filter_map(|answer| answer.body["refresh_token"].as_str());
        for token in returned.chain([ada.refresh.as_str()]) {
            services[0].refresh(token, "laptop").await.refused(401, "refresh_token_invalid");
        }
        for service in services {
            service.profile(&ada.access).await.refused(401, "session_revoked");
        }
        assert_eq!(services[0].journal().await.len(), round + 1);
    }
}

pub async fn logins_that_race_keep_to_the_session_limit(services: &Services) {
    let first = &services[0];
    let ada = first.ada().await;
    first.advance(1);
    let answers = at_once(services, |service, number| async move {
        service.try_login(ADA, PASSWORD, &format!("client-{number}")).await
    })
    .await;
    // The queue of the hasher is bounded, so some may be sent away.
    let (ok, overloaded) = (tally(&answers)["ok"], tally(&answers).get("overloaded").copied().unwrap_or(0));
    assert_eq!(ok + overloaded, CALLERS);
    assert!(ok > 5, "too few got through to meet the limit");
    let evicted: HashSet<&str> =
        answers.iter().filter_map(|answer| answer.body["evicted_session"]["id"].as_str()).collect();
    assert_eq!(evicted.len(), ok + 1 - 5);
    first.advance(1);
    let last = first.login(ADA, "phone").await;
    assert_eq!(first.listed(&last.access).await.len(), 5);
    first.ended(&ada, "laptop").await;
}
