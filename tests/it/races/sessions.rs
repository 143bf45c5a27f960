//! A session has one end, and a token one successor.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use super::{CALLERS, Services, at_once, nobody_stays, refresh_until_refused, tally, told_only};
use crate::support::{Answer, TestApp, acts::ADA, app::PASSWORD, eventually};

/// The one who does what the others race.
const ONE: usize = CALLERS / 2;

const ALERT: &str = "Security alert: a Sekisho session was ended";

/// X01.
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

/// X05.
pub async fn a_refresh_that_races_a_logout_loses(services: &Services) {
    for round in 0..5 {
        let ada = services[0].sign_up(&format!("ada-{round}@example.com"), "laptop").await;
        let token = ada.refresh.clone();
        let answers = at_once(services, move |service, number| {
            let token = token.clone();
            async move {
                if number == ONE {
                    return service.log_out(&token, "laptop").await;
                }
                service.refresh(&token, "laptop").await
            }
        })
        .await;
        assert_eq!(answers[ONE].status, 200);
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

/// X11.
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

/// X05. By the person, and by an administrator.
pub async fn a_refresh_that_races_an_end_of_all_loses(services: &Services) {
    let first = &services[0];
    let token = first.administrator().await;
    for round in 0..4 {
        let ada = first.sign_up(&format!("ada-{round}@example.com"), "laptop").await;
        let answers = at_once(services, |service, number| {
            let (ada, token) = (ada.clone(), token.clone());
            async move {
                match (number, round % 2) {
                    (ONE, 0) => service.call("POST", "/api/v1/auth/logout-all", &ada.access, Some(json!({}))).await,
                    (ONE, _) => service.administer(&token, &ada.user_id(), "end-sessions", json!({})).await,
                    _ => refresh_until_refused(&service, &ada.refresh, "laptop").await,
                }
            }
        })
        .await;
        assert_eq!((answers[ONE].status, &answers[ONE].body["revoked_count"]), (200, &json!(1)), "{:?}", answers[ONE]);
        told_only(&answers, &["ok", "refresh_token_invalid"]);
        first.ended(&ada, "laptop").await;
        assert_eq!(first.journal().await.len(), round + 1);
    }
}

/// X03. Whoever falls behind ends it for both, once; the person's other sessions go on.
pub async fn an_owner_and_a_thief_lose_their_session(services: &Services) {
    let first = &services[0];
    for round in 0..3 {
        let email = format!("ada-{round}@example.com");
        let ada = first.sign_up(&email, "laptop").await;
        let phone = first.login(&email, "phone").await;
        let child = first.refreshed(&ada.refresh, "laptop").await;
        let newest = first.refreshed(&child, "laptop").await;
        let is_thief = |number: usize| (number / 2).is_multiple_of(2);
        let answers = at_once(services, |service, number| {
            let token = if is_thief(number) { ada.refresh.clone() } else { newest.clone() };
            async move { service.refresh(&token, "laptop").await }
        })
        .await;
        told_only(&answers, &["ok", "refresh_token_invalid", "refresh_token_reused"]);
        assert!((0..CALLERS).all(|number| !is_thief(number) || answers[number].status == 401));
        nobody_stays(services, &answers, |_| "laptop".to_owned()).await;
        first.ended(&ada, "laptop").await;
        first.refreshed(&phone.refresh, "phone").await;
        assert_eq!((audited(first, "refresh_reused").await, first.journal().await.len()), (round + 1, round + 1));
        // Whichever service sends it has it.
        let told = async || join_all(services.iter().map(|service| service.count_told(&email, ALERT))).await;
        eventually(async || told().await.iter().sum::<usize>() > 0).await;
        assert_eq!(told().await.iter().sum::<usize>(), 1);
    }
}

/// X11. Whoever is evicted is told of it like of any other end, and is taken for no
/// thief.
pub async fn a_refresh_that_races_an_eviction_loses(services: &Services) {
    let first = &services[0];
    for round in 0..3 {
        let email = format!("ada-{round}@example.com");
        let oldest = first.sign_up(&email, "laptop").await;
        let mut others = Vec::new();
        for client in ["phone", "tablet", "watch", "tv"] {
            first.advance(1);
            others.push(first.login(&email, client).await);
        }
        first.advance(1);
        let answers = at_once(services, |service, number| {
            let (email, old, next) = (email.clone(), oldest.refresh.clone(), others[0].refresh.clone());
            async move {
                match number {
                    ONE => service.try_login(&email, PASSWORD, "car").await,
                    _ if number / 2 % 4 == 0 => service.refresh(&next, "phone").await,
                    _ => refresh_until_refused(&service, &old, "laptop").await,
                }
            }
        })
        .await;
        let login = &answers[ONE];
        assert_eq!(login.body["evicted_session"]["id"], oldest.session_id(), "{login:?}");
        for (number, answer) in answers.iter().enumerate().filter(|(number, _)| *number != ONE) {
            match number / 2 % 4 {
                0 => assert_eq!(answer.status, 200, "{answer:?}"),
                _ => answer.refused(401, "refresh_token_invalid"),
            }
        }
        for service in services {
            service.ended(&oldest, "laptop").await;
        }
        assert_eq!(first.listed(login.body["access_token"].as_str().unwrap()).await.len(), 5);
        assert_eq!((audited(first, "session_evicted").await, first.journal().await.len()), (round + 1, round + 1));
        assert_eq!(audited(first, "refresh_reused").await, 0);
    }
}

/// How often this was written down.
async fn audited(service: &TestApp, kind: &str) -> usize {
    service.audit_kinds().await.iter().filter(|written| *written == kind).count()
}
