//! Budgets of logins and mails.

use crate::support::{
    Answer, TestApp,
    acts::{ADA, WRONG, other_code},
    app::PASSWORD,
};

/// So many seconds, by both surfaces' words: they are true to the second.
fn wait(answer: &Answer) -> u64 {
    answer.refused(429, "rate_limit_exceeded");
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(answer.body["details"]["retry_after"], seconds);
    seconds
}

/// R12: longer and longer, and never for good.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_on_guessing_waits_longer_and_longer() {
    let app = TestApp::start().await;
    app.ada().await;
    let mut waits = Vec::new();
    for _ in 0..250 {
        let answer = app.try_login(ADA, WRONG, "thief").await;
        if answer.status == 429 {
            waits.push(wait(&answer));
            app.advance(wait(&answer) - 1);
            wait(&app.try_login(ADA, WRONG, "thief").await);
            app.advance(1);
        } else {
            answer.refused(401, "invalid_credentials");
        }
    }
    assert_eq!((waits[0], waits.iter().max()), (60, Some(&1_440)), "{waits:?}");
    assert!(waits.contains(&180), "{waits:?}");
    app.advance(1_440);
    assert_eq!(app.try_login(ADA, PASSWORD, "tablet").await.status, 200);
}

/// R13.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_lock_out_a_client_that_the_account_knows() {
    let app = TestApp::start().await;
    app.ada().await;
    for number in 0..30 {
        app.try_login(ADA, WRONG, &format!("thief-{number}")).await;
    }
    wait(&app.try_login(ADA, PASSWORD, "phone").await);
    assert_eq!(app.try_login(ADA, PASSWORD, "laptop").await.status, 200);
    for _ in 0..5 {
        app.try_login(ADA, WRONG, "laptop").await.refused(401, "invalid_credentials");
    }
    wait(&app.try_login(ADA, PASSWORD, "laptop").await);
}

/// R20: nobody keeps a person's reset from the person.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_spend_the_mails_of_a_client_that_the_account_knows() {
    let app = TestApp::start().await;
    app.ada().await;
    app.advance(300);
    for number in 0..3 {
        assert_eq!(app.send_reset(ADA, &format!("thief-{number}")).await.status, 200);
    }
    wait(&app.send_reset(ADA, "thief").await);
    assert_eq!(app.send_reset(ADA, "laptop").await.status, 200);
}

/// R20: 60 in an hour would be a flood.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_gets_few_mails_an_hour() {
    let app = TestApp::start().await;
    let mut sent = 0;
    for _ in 0..360 {
        sent += usize::from(app.send_reset(ADA, "thief").await.status == 200);
        app.advance(10);
    }
    assert_eq!(sent, 11, "six at once at most, and one each ten minutes");
}

/// R11.
#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_an_address_is_one_account() {
    let app = TestApp::start().await;
    for spelling in ["ada@example.com", "ADA@example.com", "Ada@EXAMPLE.com", "ada@Example.Com", "aDA@eXAMPLE.cOM"] {
        app.try_login(spelling, WRONG, "thief").await.refused(401, "invalid_credentials");
    }
    wait(&app.try_login(ADA, WRONG, "thief").await);
}

/// R11, R19: one password at many accounts.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_a_budget_over_all_accounts() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_GUESS_NETWORK", "7/300"), ("SEKISHO_LIMIT_CODE_NETWORK", "4/300")]).await;
    let ada = app.ada().await;
    for number in 0..7 {
        let email = format!("person-{number}@example.com");
        app.try_login(&email, WRONG, "thief").await.refused(401, "invalid_credentials");
    }
    wait(&app.try_login(ADA, PASSWORD, "laptop").await);
    app.verify_code("bob@example.com", "000000", "laptop").await.refused(429, "rate_limit_exceeded");
    assert_eq!(app.refresh(&ada.refresh, "laptop").await.status, 200, "whoever is signed in stays so");
    for number in 0..3 {
        assert_eq!(app.send_reset(&format!("person-{number}@example.com"), "thief").await.status, 200);
    }
    wait(&app.send_reset("bob@example.com", "laptop").await);
}

/// R20.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_and_the_whole_service_have_budgets() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CLIENT", "6/300"), ("SEKISHO_LIMIT_MAIL", "5/60")]).await;
    for number in 0..6 {
        app.try_login(&format!("person-{number}@example.com"), WRONG, "thief")
            .await
            .refused(401, "invalid_credentials");
    }
    wait(&app.try_login(ADA, WRONG, "thief").await);
    app.try_login(ADA, WRONG, "laptop").await.refused(401, "invalid_credentials");
    for number in 0..5 {
        let answer = app.send_reset(&format!("person-{number}@example.com"), &format!("client-{number}")).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(wait(&app.send_reset(ADA, "laptop").await), 12);
}

/// What was refused by one budget costs none of the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_login_costs_nothing() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_GUESS_NETWORK", "5/300"), ("SEKISHO_MAX_SESSIONS", "0")]).await;
    app.ada().await;
    for _ in 0..20 {
        assert_eq!(app.try_login(ADA, PASSWORD, "laptop").await.status, 200);
    }
    for _ in 0..5 {
        app.try_login(ADA, WRONG, "thief").await.refused(401, "invalid_credentials");
    }
    for _ in 0..20 {
        wait(&app.try_login(ADA, WRONG, "thief").await);
    }
    app.advance(60);
    app.try_login(ADA, WRONG, "thief").await.refused(401, "invalid_credentials");
}

/// R24: over all clients.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_has_few_guesses_of_codes_a_day() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    let mut guesses = 0;
    for number in 0..6 {
        let client = format!("client-{number}");
        let code = app.reset_code(ADA, &client).await;
        for _ in 0..5 {
            guesses += usize::from(app.verify_reset(ADA, &other_code(&code), &client).await.status == 400);
        }
    }
    assert_eq!(guesses, 20);
}
