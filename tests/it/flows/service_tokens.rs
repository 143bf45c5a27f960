//! Tokens that services get for their own secret.

use serde_json::json;
use tonic::Code;

use crate::support::{
    TestApp,
    acts::{claims, jose_header},
    app::SECRET,
    feed::{DEV_SECRET, reason},
};

const NEW: &str = "bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQtMDI=";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_gets_a_token_of_its_own() {
    let app = TestApp::start().await;
    let secret = app.service("orders", "revocations:read orders:read").await;
    let issued = app.ask_service_token("orders", &secret, None).await.unwrap();
    assert_eq!((issued.token_type.as_str(), issued.expires_in), ("Bearer", 900));
    assert_eq!(issued.scope, "revocations:read orders:read");
    assert_eq!(jose_header(&issued.access_token)["typ"], "at+jwt");
    let claims = claims(&issued.access_token);
    assert_eq!(claims["client_id"], "orders");
    assert_eq!(claims["scope"], "revocations:read orders:read");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    for absent in ["sid", "email", "roles", "auth_time", "amr"] {
        assert_eq!(claims[absent], json!(null), "{absent}");
    }
    let again = app.ask_service_token("orders", &secret, None).await.unwrap().access_token;
    assert_eq!(crate::support::acts::claims(&again)["sub"], claims["sub"], "always the same");
    app.profile(&issued.access_token).await.refused(403, "permission_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_scopes_are_given_and_others_are_refused() {
    let app = TestApp::start().await;
    let secret = app.service("orders", "orders:read orders:write").await;
    let issued = app.ask_service_token("orders", &secret, Some("orders:write")).await.unwrap();
    assert_eq!(issued.scope, "orders:write");
    assert_eq!(claims(&issued.access_token)["scope"], "orders:write");
    for scope in ["orders:delete", "orders:read orders:delete", "orders:rea"] {
        let status = app.ask_service_token("orders", &secret, Some(scope)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    }
}

/// R44.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_unknown_wrong_or_disabled_is_told_the_same() {
    let app = TestApp::start().await;
    let secret = app.service("orders", "orders:read").await;
    let wrong = app.ask_service_token("orders", DEV_SECRET, None).await.unwrap_err();
    let unknown = app.ask_service_token("stock", &secret, None).await.unwrap_err();
    app.sql("UPDATE service_accounts SET disabled = TRUE").await;
    let disabled = app.ask_service_token("orders", &secret, None).await.unwrap_err();
    let told = |status: &tonic::Status| (status.code(), status.message().to_owned(), reason(status));
    assert_eq!(told(&wrong).2, "INVALID_CREDENTIALS");
    assert_eq!(told(&wrong), told(&unknown));
    assert_eq!(told(&wrong), told(&disabled));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_limited_by_service_and_successes_are_not() {
    let app = TestApp::start().await;
    let secret = app.service("orders", "orders:read").await;
    for _ in 0..25 {
        app.ask_service_token("orders", &secret, None).await.unwrap();
    }
    for _ in 0..20 {
        let status = app.ask_service_token("orders", "wrong", None).await.unwrap_err();
        assert_eq!(reason(&status), "INVALID_CREDENTIALS");
    }
    let status = app.ask_service_token("orders", "wrong", None).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::ResourceExhausted, "RATE_LIMIT_EXCEEDED".to_owned()));
    app.ask_service_token("dev", DEV_SECRET, None).await.expect("another service");
    app.advance(60);
    app.ask_service_token("orders", &secret, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_breaks_a_rule_is_named() {
    let app = TestApp::start().await;
    let long = "a".repeat(1_025);
    let cases = [
        ("", "", Some(""), "REQUIRED"),
        ("A b", "x", Some("a  b"), "MALFORMED"),
        (&long[..65], &long[..129], Some(long.as_str()), "TOO_LONG"),
    ];
    for (client_id, secret, scope, why) in cases {
        let status = app.ask_service_token(client_id, secret, scope).await.unwrap_err();
        let details = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
        let named: Vec<(String, String)> =
            details.field_violations.into_iter().map(|violation| (violation.field, violation.reason)).collect();
        let all = ["client_id", "client_secret", "scope"].map(|field| (field.to_owned(), why.to_owned()));
        let wanted: Vec<_> = all.into_iter().filter(|(field, _)| secret != "x" || field != "client_secret").collect();
        assert_eq!(named, wanted, "{client_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_outlives_the_replacement_of_ours() {
    let app = TestApp::start().await;
    let (orders, stock) = (app.service("orders", "a").await, app.service("stock", "a").await);
    let app = app.restart(&[("SEKISHO_SECRET", NEW), ("SEKISHO_SECRET_PREVIOUS", SECRET)]).await;
    app.ask_service_token("orders", &orders, None).await.unwrap();
    let app = app.restart(&[("SEKISHO_SECRET", NEW)]).await;
    app.ask_service_token("orders", &orders, None).await.expect("it is stored anew");
    let status = app.ask_service_token("stock", &stock, None).await.unwrap_err();
    assert_eq!(reason(&status), "INVALID_CREDENTIALS", "nobody can check it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_written_down() {
    let app = TestApp::start().await;
    // Something is written in every store.
    app.ada().await;
    let secret = app.service("orders", "orders:read").await;
    app.ask_service_token("orders", &secret, None).await.unwrap();
    let rows = app.table_text("service_accounts").await;
    assert!(rows.contains("orders:read"));
    let dump = app.dump().await;
    for text in [secret.as_str(), DEV_SECRET] {
        assert!(!dump.windows(text.len()).any(|window| window == text.as_bytes()));
    }
}
