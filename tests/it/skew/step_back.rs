//! A clock steps back by an hour: what is over stays over, whichever service is
//! asked.

use std::{sync::Arc, time::Duration};

use super::ahead_by;
use crate::support::{
    TestApp,
    acts::{ADA, other_code},
    pair::on_shared_stacks,
    stack::Stack,
};

on_shared_stacks! {
    a_code_that_was_taken_stays_taken
    a_code_that_was_guessed_at_too_often_stays_gone
    a_session_that_ended_stays_ended
    a_spent_token_stays_spent
    who_is_signed_in_stays_signed_in
}

/// Two whose clocks agree, until [`step_back`].
async fn services(stack: Stack) -> [Arc<TestApp>; 2] {
    ahead_by(0, stack).await
}

/// Of one service only, as a correction by its machine would.
fn step_back(service: &TestApp) {
    service.clock.step_back(Duration::from_secs(3600));
}

async fn a_code_that_was_taken_stays_taken(stack: Stack) {
    let services = services(stack).await;
    let code = services[0].code(ADA, "laptop").await;
    assert_eq!(services[0].verify_code(ADA, &code, "laptop").await.status, 201);
    step_back(&services[0]);
    for service in services {
        service.verify_code(ADA, &code, "laptop").await.refused(400, "session_not_found");
    }
}

async fn a_code_that_was_guessed_at_too_often_stays_gone(stack: Stack) {
    let services = services(stack).await;
    let code = services[0].code(ADA, "laptop").await;
    for _ in 0..5 {
        services[0].verify_code(ADA, &other_code(&code), "laptop").await.refused(400, "invalid_code");
    }
    step_back(&services[0]);
    for service in services {
        service.verify_code(ADA, &code, "laptop").await.refused(400, "session_not_found");
    }
}

/// By a logout, by the session limit, and by an end of all.
async fn a_session_that_ended_stays_ended(stack: Stack) {
    let services = services(stack).await;
    let first = &services[0];
    let mut ended = vec![first.ada().await];
    for _ in 0..6 {
        ended.push(first.ada_on("laptop").await);
    }
    assert_eq!(first.log_out(&ended[3].refresh, "laptop").await.status, 200);
    let all = first.call("POST", "/api/v1/auth/logout-all", &ended[6].access, Some(serde_json::json!({}))).await;
    assert_eq!(all.body["revoked_count"], 4, "{all:?}");
    step_back(first);
    for signed_in in ended {
        for service in &services {
            service.refresh(&signed_in.refresh, "laptop").await.refused(401, "refresh_token_invalid");
        }
    }
}

async fn a_spent_token_stays_spent(stack: Stack) {
    let [first, second] = services(stack).await;
    let spent = first.ada().await.refresh;
    let next = first.refreshed(&spent, "laptop").await;
    let current = first.refreshed(&next, "laptop").await;
    step_back(&first);
    first.refresh(&spent, "laptop").await.refused(401, "refresh_token_reused");
    second.refresh(&current, "laptop").await.refused(401, "refresh_token_invalid");
}

async fn who_is_signed_in_stays_signed_in(stack: Stack) {
    let services = services(stack).await;
    let mut token = services[0].ada().await.refresh;
    step_back(&services[0]);
    for turn in 0..4 {
        token = services[turn % 2].refreshed(&token, "laptop").await;
    }
}
