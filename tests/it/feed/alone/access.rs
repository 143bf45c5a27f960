//! Who may follow, and for how long.

use sekisho::proto::sekisho::v1::{RevocationCursor, WatchRevocationsRequest};
use tonic::Code;

use crate::support::{
    TestApp,
    app::with_bearer,
    feed::{DEV_SECRET, reason},
    http,
};

#[tokio::test(flavor = "multi_thread")]
async fn people_and_services_without_the_scope_are_refused() {
    let app = TestApp::start().await;
    let ada = app.ada().await.access;
    let secret = app.service("orders", "orders:read").await;
    let orders = app.ask_service_token("orders", &secret, None).await.unwrap().access_token;
    let narrowed = app.ask_service_token("dev", DEV_SECRET, Some("tokens:introspect")).await.unwrap().access_token;
    for access in [ada, orders, narrowed] {
        let status = app.try_watch(&access, None).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    }
    let status = app.tokens().await.watch_revocations(WatchRevocationsRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::Unauthenticated, "UNAUTHORIZED".to_owned()));
    let status = app.try_watch("nonsense", None).await.unwrap_err();
    assert_eq!(reason(&status), "ACCESS_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_too_long_are_named() {
    let app = TestApp::start().await;
    let access = app.service_token().await;
    let long = "a".repeat(65);
    let cursor = RevocationCursor { epoch: long.clone(), sequence: 1 };
    let request = WatchRevocationsRequest { cursor: Some(cursor), subscriber: long };
    let status = app.tokens().await.watch_revocations(with_bearer(request, &access)).await.unwrap_err();
    let details = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
    let fields: Vec<&str> = details.field_violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!((reason(&status).as_str(), fields), ("VALIDATION_ERROR", vec!["subscriber", "cursor.epoch"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_callers_token_is_the_end_of_the_stream() {
    let app = TestApp::start().await;
    let mut watcher = app.watch(None).await;
    app.advance(906);
    assert_eq!(watcher.end().await, (Code::Unauthenticated, "ACCESS_TOKEN_EXPIRED".to_owned()));
    assert_eq!(app.watch(watcher.cursor).await.snapshots, 0, "another token goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_token_that_is_taken_back_is_the_end_of_the_stream() {
    let app = TestApp::start().await;
    let access = app.service_token().await;
    let mut stream = app.try_watch(&access, None).await.unwrap();
    app.revoke_token(&access).await.unwrap();
    let ended = loop {
        if let Err(status) = stream.message().await {
            break status;
        }
    };
    assert_eq!(reason(&ended), "SESSION_REVOKED");
    let status = app.try_watch(&access, None).await.unwrap_err();
    assert_eq!(reason(&status), "SESSION_REVOKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_reachable_over_rest() {
    let app = TestApp::start().await;
    let access = app.service_token().await;
    for rpc in ["WatchRevocations", "Introspect", "RevokeToken", "IssueServiceToken"] {
        let path = format!("/sekisho.v1.TokenService/{rpc}");
        let request = app.request("POST", &path).bearer_auth(&access).json(&serde_json::json!({}));
        http::send(request).await.refused(404, "not_found");
    }
}
