//! Login: what it tells, what it limits, and what it does at one session too many.

use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG, login_body},
    app::{PASSWORD, SignedIn},
    http,
};

const PATH: &str = "/api/v1/auth/login";

/// R41.
#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_signs_in() {
    let app = TestApp::start().await;
    let signed_up = app.ada().await;
    let login = app.login(ADA, "phone").await;
    assert_eq!(login.body["user"], signed_up.body["user"]);
    assert_eq!((&login.body["token_type"], &login.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert!(login.body.get("evicted_session").is_none());
    let claims = login.claims();
    assert_eq!((&claims["client_id"], &claims["amr"]), (&json!("phone"), &json!(["pwd"])));
    assert_ne!(login.session_id(), signed_up.session_id());
}

/// R14.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_answers_like_a_wrong_password() {
    let app = TestApp::start().await;
    app.ada().await;
    let answers = async |email: &str| {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let body = json!({"email": email, "password": WRONG, "client_id": "laptop"});
            let answer = app.post_as("same", PATH, body).await;
            answers.push((answer.status, answer.header("www-authenticate").map(str::to_owned), answer.text));
        }
        answers
    };
    let known = answers(ADA).await;
    let statuses: Vec<u16> = known.iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    assert_eq!(answers("nobody@example.com").await, known);
}

/// R11, R12.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_limited_per_account() {
    let app = TestApp::start().await;
    app.ada().await;
    app.sign_up("bob@example.com", "laptop").await;
    for client in ["a", "b", "c", "d", "e"] {
        app.try_login(ADA, WRONG, client).await.refused(401, "invalid_credentials");
    }
    app.try_login(ADA, WRONG, "f").await.limited_for(60);
    app.try_login("ADA@example.com", PASSWORD, "g").await.limited_for(60);
    app.login("bob@example.com", "laptop").await;
    app.advance(59);
    app.try_login(ADA, PASSWORD, "f").await.limited_for(1);
    app.advance(1);
    app.login(ADA, "f").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn right_logins_cost_nothing() {
    let app = TestApp::start().await;
    app.ada().await;
    for _ in 0..4 {
        app.try_login(ADA, WRONG, "laptop").await.refused(401, "invalid_credentials");
    }
    for _ in 0..10 {
        app.login(ADA, "laptop").await;
    }
    app.try_login(ADA, WRONG, "laptop").await.refused(401, "invalid_credentials");
    app.try_login(ADA, WRONG, "laptop").await.limited_for(60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_named_by_the_caller_or_its_user_agent() {
    let app = TestApp::start().await;
    app.ada().await;
    const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
    for (device_name, agent, shown) in [
        (Some("  Ada's phone "), FIREFOX, "Ada's phone"),
        (None, FIREFOX, "Firefox on Windows"),
        (None, "Browser/7", "Browser/7"),
    ] {
        let mut body = login_body("phone");
        if let Some(name) = device_name {
            body["device_name"] = name.into();
        }
        let request = app.request("POST", PATH).header("user-agent", agent).json(&body);
        let login = SignedIn::of(http::send(request).await);
        let sessions = app.listed(&login.access).await;
        let current = sessions.iter().find(|session| session["current"] == true).unwrap();
        assert_eq!((&current["device"], &current["ip_address"]), (&json!(shown), &json!("127.0.0.1")));
    }
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_login_evicts_the_oldest_session() {
    let app = TestApp::start().await;
    let oldest = app.ada().await;
    let mut others = Vec::new();
    for client in ["b", "c", "d", "e"] {
        others.push(app.ada_on(client).await);
    }
    app.advance(1);
    let login = app.login(ADA, "f").await;

    assert_eq!(login.body["evicted_session"]["id"], oldest.session_id());
    assert_eq!(app.listed(&login.access).await.len(), 5);
    app.ended(&oldest, "laptop").await;
    for other in &others {
        assert_eq!(app.profile(&other.access).await.status, 200);
    }
}

/// As if the process had died between the session's end and the journal.
#[tokio::test(flavor = "multi_thread")]
async fn an_eviction_that_was_not_written_down_is_by_whoever_comes_next() {
    let app = TestApp::start().await;
    let [thief, owner] = [app.ada().await, app.ada_on("phone").await];
    for old in [&thief, &owner] {
        app.advance(1);
        app.evict_and_die(old).await;
    }
    assert_eq!(app.journal().await.len(), 0);

    app.refresh(&thief.refresh, "laptop").await.refused(401, "refresh_token_invalid");
    assert_eq!(app.journal().await.len(), 1);
    app.ended(&thief, "laptop").await;

    app.advance(60);
    let login = app.login(ADA, "tablet").await;
    assert_eq!(login.body["evicted_session"]["id"], owner.session_id());
    assert_eq!(app.journal().await.len(), 2);
    app.ended(&owner, "phone").await;
    let audit = app.audit_kinds().await;
    assert_eq!(audit.iter().filter(|kind| *kind == "session_evicted").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_makes_room_without_an_eviction() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "1"), ("SEKISHO_REFRESH_TTL", "60")]).await;
    app.ada().await;
    app.advance(60);
    let login = app.login(ADA, "phone").await;
    assert!(login.body.get("evicted_session").is_none(), "{:?}", login.body);
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_refuse_refuses() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "2"), ("SEKISHO_MAX_SESSIONS_POLICY", "refuse")]).await;
    let first = app.ada().await;
    app.login(ADA, "phone").await;
    app.try_login(ADA, PASSWORD, "tablet").await.refused(400, "session_limit_reached");
    app.try_login(ADA, WRONG, "tablet").await.refused(401, "invalid_credentials");
    assert_eq!(app.profile(&first.access).await.status, 200);
    app.log_out(&first.refresh, "laptop").await;
    app.login(ADA, "tablet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_nobody_is_evicted() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "0")]).await;
    let first = app.ada().await;
    for number in 0..10 {
        let login = app.ada_on(&format!("client-{number}")).await;
        assert!(login.body.get("evicted_session").is_none());
    }
    assert_eq!(app.listed(&first.access).await.len(), 11);
}

/// R44.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_learns_that_an_account_is_disabled() {
    let app = TestApp::start().await;
    app.ada().await;
    app.sql("UPDATE accounts SET disabled = TRUE").await;
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
    app.try_login(ADA, PASSWORD, "phone").await.refused(403, "account_disabled");
}
