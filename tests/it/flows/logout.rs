//! Logout: it ends the session, and tells nobody whether there was one.

use sekisho::domain::revocation::{RevocationReason, Target};
use serde_json::json;

use crate::support::{TestApp, acts::ADA};

const PATH: &str = "/api/v1/auth/logout";

/// R43.
#[tokio::test(flavor = "multi_thread")]
async fn it_ends_the_session_and_no_other() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    let phone = app.login(ADA, "phone").await;
    assert_eq!(app.log_out(&laptop.refresh, "laptop").await.status, 200);
    app.ended(&laptop, "laptop").await;
    assert_eq!(app.profile(&phone.access).await.status, 200);
    assert_eq!(app.refresh(&phone.refresh, "phone").await.status, 200);
}

/// R14.
#[tokio::test(flavor = "multi_thread")]
async fn it_answers_the_same_whatever_it_is_given() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    let phone = app.login(ADA, "phone").await;
    let tampered = format!("{}{}", &laptop.refresh[..20], &phone.refresh[20..]);
    let answer = async |refresh: &str, client_id: &str| {
        let body = json!({"refresh_token": refresh, "client_id": client_id});
        let answer = app.post_as("same", PATH, body).await;
        (answer.status, answer.text)
    };

    let known = answer(&laptop.refresh, "laptop").await;

    assert_eq!(known.0, 200);
    let unknown =
        [(&*laptop.refresh, "laptop"), ("nonsense", "laptop"), (&*tampered, "phone"), (&*phone.refresh, "tv")];
    for (refresh, client_id) in unknown {
        assert_eq!(answer(refresh, client_id).await, known, "{refresh} of {client_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_token_logs_out_too() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    let second = app.refreshed(&laptop.refresh, "laptop").await;
    let third = app.refreshed(&second, "laptop").await;
    assert_eq!(app.log_out(&laptop.refresh, "laptop").await.status, 200);
    app.refresh(&third, "laptop").await.refused(401, "refresh_token_invalid");
    app.profile(&laptop.access).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_in_the_journal_once() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    app.log_out(&laptop.refresh, "laptop").await;
    app.log_out(&laptop.refresh, "laptop").await;
    app.log_out("nonsense", "laptop").await;

    let journal = app.journal().await;

    assert_eq!(journal.len(), 1, "{journal:?}");
    let Target::Session(session) = journal[0].target else { panic!("{journal:?}") };
    assert_eq!(session.to_string(), laptop.session_id());
    assert_eq!((journal[0].user_id.to_string(), journal[0].reason), (laptop.user_id(), RevocationReason::Logout));
}

/// R43.
#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_a_restart() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    app.log_out(&laptop.refresh, "laptop").await;
    let app = app.restart(&[]).await;
    app.ended(&laptop, "laptop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_fields_have_rules() {
    let app = TestApp::start().await;
    app.log_out("", "laptop").await.breaks("refresh_token", "REQUIRED");
    app.log_out(&"x".repeat(257), "laptop").await.breaks("refresh_token", "TOO_LONG");
    app.log_out("nonsense", "a b").await.breaks("client_id", "MALFORMED");
}
