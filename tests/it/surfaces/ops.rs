//! The operations listener.

use crate::support::{
    TestApp,
    acts::{ADA, WRONG},
    app::PASSWORD,
    eventually,
};

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer() {
    let app = TestApp::start().await;
    assert_eq!(app.ops_text("/livez").await, "ok\n");
    eventually(async || app.ops_text("/readyz").await == r#"{"ready":true}"#).await;
}

/// R71.
#[tokio::test(flavor = "multi_thread")]
async fn the_public_port_has_no_operations() {
    let app = TestApp::start().await;
    for path in ["/livez", "/readyz", "/metrics", "/dev/mailbox?to=ada@example.com"] {
        crate::support::http::send(app.request("GET", path)).await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_by_method_and_code_on_every_surface() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
    app.login(ADA, "phone").await;
    app.profile(&ada.access).await;
    app.users().await.get_profile(crate::support::app::with_bearer(Default::default(), &ada.access)).await.unwrap();

    let metrics = app.ops_text("/metrics").await;

    for (method, code, count) in [
        ("sekisho.v1.AuthService/Login", "Unauthenticated", 1),
        ("sekisho.v1.AuthService/Login", "Ok", 1),
        ("sekisho.v1.UserService/GetProfile", "Ok", 2),
    ] {
        let line = metrics.lines().find(|line| {
            line.starts_with("sekisho_calls_total{") && line.contains(method) && line.contains(&format!("\"{code}\""))
        });
        let line = line.unwrap_or_else(|| panic!("{method} {code} is not in\n{metrics}"));
        assert!(line.ends_with(&format!(" {count}")), "{line}");
    }
}

/// R26, R73.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_hold_nothing_of_anybody() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.refresh(&ada.refresh, "laptop").await;
    crate::support::http::send(app.request("GET", "/made/up/route")).await.refused(404, "not_found");
    let metrics = app.ops_text("/metrics").await;
    let (user, session) = (ada.user_id(), ada.session_id());
    for private in [ADA, PASSWORD, &ada.access, &ada.refresh, &user, &session, "laptop", "127.0.0.1", "made/up"] {
        assert!(!metrics.contains(private), "{private}");
    }
}
