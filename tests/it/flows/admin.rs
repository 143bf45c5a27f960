//! What an administrator does.

use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp,
    account::NEW_PASSWORD,
    acts::{ADA, claims},
    app::{PASSWORD, SignedIn},
};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// A service with Ada, and the token of an administrator's service.
async fn start() -> (TestApp, SignedIn, String) {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let token = app.administrator().await;
    let ada = app.ada().await;
    app.advance(1);
    (app, ada, token)
}

impl TestApp {
    async fn find_user(&self, token: &str, body: Value) -> Answer {
        self.call("POST", "/api/v1/admin/users/find", token, Some(body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_found_by_id_and_by_any_spelling_of_its_address() {
    let (app, ada, token) = start().await;
    for wanted in [json!({"user_id": ada.user_id()}), json!({"email": "ADA@example.com"})] {
        let answer = app.find_user(&token, wanted).await;
        let user = &answer.body["user"];
        assert_eq!((&user["user"]["id"], &user["disabled"]), (&json!(ada.user_id()), &json!(false)), "{answer:?}");
        assert_eq!(user["sessions"][0]["id"], ada.session_id());
    }
    app.find_user(&token, json!({"user_id": NOBODY})).await.refused(404, "not_found");
    app.find_user(&token, json!({})).await.refused(400, "validation_error");
    let both = |email| json!({"user_id": ada.user_id(), "email": email});
    assert_eq!(app.find_user(&token, both(ADA)).await.status, 200);
    app.find_user(&token, both("bob@example.com")).await.refused(404, "not_found");
}

/// R44.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_is_out_until_enabled_again() {
    let (app, ada, token) = start().await;
    let id = ada.user_id();
    let reset = app.reset_token(ADA, "tablet").await;
    for _ in 0..2 {
        assert_eq!(app.administer(&token, &id, "disable", json!({})).await.status, 200);
    }
    app.ended(&ada, "laptop").await;
    app.try_login(ADA, PASSWORD, "phone").await.refused(403, "account_disabled");
    app.told(ADA, "Your Sekisho account was disabled").await;
    assert_eq!(app.find_user(&token, json!({"user_id": id})).await.body["user"]["disabled"], true);
    assert_eq!(app.complete_reset(&reset, NEW_PASSWORD, "tablet").await.status, 200);
    app.try_login(ADA, NEW_PASSWORD, "phone").await.refused(403, "account_disabled");

    assert_eq!(app.administer(&token, &id, "enable", json!({})).await.status, 200);
    app.login_with(ADA, NEW_PASSWORD, "phone").await;
    app.ended(&ada, "laptop").await;
    assert_eq!(app.count_told(ADA, "Your Sekisho account was disabled").await, 1);
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn every_session_of_a_person_can_be_ended() {
    let (app, ada, token) = start().await;
    let phone = app.ada_on("phone").await;
    app.advance(1);
    let answer = app.administer(&token, &ada.user_id(), "end-sessions", json!({})).await;
    assert_eq!(answer.body["revoked_count"], 2, "{answer:?}");
    app.ended(&ada, "laptop").await;
    app.ended(&phone, "phone").await;
    app.ada_on("phone").await;
}

/// R59.
#[tokio::test(flavor = "multi_thread")]
async fn roles_are_in_the_next_tokens_and_one_that_is_taken_away_ends_the_sessions() {
    let (app, ada, token) = start().await;
    let id = ada.user_id();
    let answer = app.administer(&token, &id, "roles", json!({"roles": ["reader", "editor", "reader"]})).await;
    assert_eq!(answer.body["user"]["roles"], json!(["editor", "reader"]), "{answer:?}");
    let refreshed = SignedIn::of(app.refresh(&ada.refresh, "laptop").await);
    assert_eq!(claims(&refreshed.access)["roles"], json!(["editor", "reader"]));

    app.advance(1);
    assert_eq!(app.administer(&token, &id, "roles", json!({"roles": ["reader"]})).await.status, 200);
    app.profile(&refreshed.access).await.refused(401, "session_revoked");
    assert_eq!(claims(&app.ada_on("laptop").await.access)["roles"], json!(["reader"]));
    for bad in [json!({"roles": ["a b"]}), json!({"roles": [""]}), json!({"roles": vec!["a"; 33]})] {
        app.administer(&token, &id, "roles", bad).await.refused(400, "validation_error");
    }
}

/// R30: the code goes to the person, and to nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_can_be_started_but_not_finished() {
    let (app, ada, token) = start().await;
    let answer = app.administer(&token, &ada.user_id(), "password-reset", json!({"client_id": "laptop"})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let code = app.mailed_codes(ADA).await[0].clone();
    assert!(!answer.text.contains(&code));
    assert_eq!(app.verify_reset(ADA, &code, "laptop").await.status, 200);
}

/// R70.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_administers_anything() {
    let (app, ada, token) = start().await;
    let secret = app.service("orders", "orders:read").await;
    let other = app.ask_service_token("orders", &secret, None).await.unwrap().access_token;
    for caller in [&ada.access, &other] {
        for act in ["disable", "enable", "end-sessions", "roles", "password-reset"] {
            app.administer(caller, &ada.user_id(), act, json!({})).await.refused(403, "permission_denied");
        }
    }
    for act in ["disable", "enable", "end-sessions"] {
        app.administer(&token, NOBODY, act, json!({})).await.refused(404, "not_found");
        app.administer(&token, "nonsense", act, json!({})).await.refused(400, "validation_error");
    }
    app.revoke_token(&token).await.unwrap();
    app.administer(&token, &ada.user_id(), "disable", json!({})).await.refused(401, "session_revoked");
    assert_eq!(app.profile(&ada.access).await.status, 200);
}
