//! The clocks of two services differ by five minutes.

use std::sync::Arc;

use super::{MINUTES_2, MINUTES_5, ahead_by};
use crate::support::{
    TestApp,
    acts::{ADA, other_code},
    pair::on_shared_stacks,
    stack::Stack,
};

on_shared_stacks! {
    tokens_go_from_one_service_to_the_other
    within_the_grace_one_successor_is_left
    beyond_the_grace_one_successor_is_left
    a_spent_token_ends_the_session_at_either
    a_logout_at_one_is_a_logout_at_the_other
    a_code_of_one_is_taken_by_the_other_once
    guesses_at_one_count_at_the_other
}

/// The second ahead, and the second behind.
async fn each_way(stack: Stack) -> [[Arc<TestApp>; 2]; 2] {
    [ahead_by(MINUTES_5, stack).await, ahead_by(-MINUTES_5, stack).await]
}

async fn tokens_go_from_one_service_to_the_other(stack: Stack) {
    for services in each_way(stack).await {
        let mut token = services[0].ada().await.refresh;
        for turn in 0..8 {
            let service = &services[(turn + 1) % 2];
            token = service.refreshed(&token, "laptop").await;
            service.advance(60);
        }
    }
}

async fn within_the_grace_one_successor_is_left(stack: Stack) {
    for services in each_way(stack).await {
        a_retry_leaves_one_successor(&services, 10).await;
    }
}

async fn beyond_the_grace_one_successor_is_left(stack: Stack) {
    for services in each_way(stack).await {
        a_retry_leaves_one_successor(&services, 31).await;
    }
}

/// The answer of one is lost, and the other is asked again: whichever it takes
/// the delay for, what it answers is the one token that goes on.
async fn a_retry_leaves_one_successor([first, second]: &[Arc<TestApp>; 2], seconds: u64) {
    let token = first.ada().await.refresh;
    let lost = first.refreshed(&token, "laptop").await;
    for service in [first, second] {
        service.advance(seconds);
    }
    let arrived = second.refreshed(&token, "laptop").await;
    let next = first.refreshed(&arrived, "laptop").await;
    second.refreshed(&next, "laptop").await;
    first.refresh(&token, "laptop").await.refused(401, "refresh_token_reused");
    second.refresh(&lost, "laptop").await.refused(401, "refresh_token_invalid");
}

async fn a_spent_token_ends_the_session_at_either(stack: Stack) {
    for [first, second] in each_way(stack).await {
        let stolen = first.ada().await.refresh;
        let next = second.refreshed(&stolen, "laptop").await;
        let current = first.refreshed(&next, "laptop").await;
        second.refresh(&stolen, "laptop").await.refused(401, "refresh_token_reused");
        first.refresh(&current, "laptop").await.refused(401, "refresh_token_invalid");
    }
}

async fn a_logout_at_one_is_a_logout_at_the_other(stack: Stack) {
    for [first, second] in each_way(stack).await {
        let (laptop, phone) = (first.ada().await, first.ada_on("phone").await);
        assert_eq!(first.log_out(&laptop.refresh, "laptop").await.status, 200);
        assert_eq!(second.log_out(&phone.refresh, "phone").await.status, 200);
        for service in [first, second] {
            service.refresh(&laptop.refresh, "laptop").await.refused(401, "refresh_token_invalid");
            service.refresh(&phone.refresh, "phone").await.refused(401, "refresh_token_invalid");
        }
    }
}

async fn a_code_of_one_is_taken_by_the_other_once(stack: Stack) {
    for [first, second] in each_way(stack).await {
        let code = first.code(ADA, "laptop").await;
        assert_eq!(second.verify_code(ADA, &code, "laptop").await.status, 201);
        for service in [first, second] {
            service.verify_code(ADA, &code, "laptop").await.refused(400, "session_not_found");
        }
    }
}

/// By two minutes: what is drawn at the one that is ahead has not grown back yet at the other,
/// and of five minutes there would be none left.
async fn guesses_at_one_count_at_the_other(stack: Stack) {
    for services in [ahead_by(MINUTES_2, stack).await, ahead_by(-MINUTES_2, stack).await] {
        let code = services[0].code(ADA, "laptop").await;
        let wrong = other_code(&code);
        for guess in 0..5 {
            let answer = services[guess % 2].verify_code(ADA, &wrong, "laptop").await;
            answer.refused(400, "invalid_code");
            assert_eq!(answer.body["details"]["attempts_left"], (4 - guess).to_string());
        }
        for service in services {
            service.verify_code(ADA, &code, "laptop").await.refused(400, "session_not_found");
        }
    }
}
