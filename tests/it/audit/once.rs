//! R72. What each call writes down: all of it, and once, also where the call is made again.

mod accounts;

use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG, other_code},
    app::PASSWORD,
};

/// The kinds that were written since it was asked last.
struct News<'a> {
    app: &'a TestApp,
    known: usize,
}

impl<'a> News<'a> {
    /// Of what comes from now on.
    async fn of(app: &'a TestApp) -> Self {
        Self { app, known: app.audit_kinds().await.len() }
    }

    #[track_caller]
    fn are<'b>(&'b mut self, wanted: &'b [&'b str]) -> impl Future<Output = ()> + 'b {
        let caller = std::panic::Location::caller();
        async move {
            let kinds = self.app.audit_kinds().await;
            assert_eq!(kinds[self.known..], *wanted, "at {caller}");
            self.known = kinds.len();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_and_in() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "2"), ("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let mut news = News::of(&app).await;
    app.code(ADA, "laptop").await;
    news.are(&["signup_code_sent"]).await;
    app.resend_code(ADA, "laptop").await;
    news.are(&["signup_code_resent"]).await;
    let code = app.newest_code(ADA, 2).await;
    app.verify_code(ADA, &other_code(&code), "laptop").await;
    news.are(&["signup_code_wrong"]).await;
    app.verify_code(ADA, &code, "laptop").await;
    news.are(&["signup_completed", "login_succeeded"]).await;
    app.verify_code(ADA, &code, "laptop").await;
    news.are(&["signup_not_pending"]).await;
    app.send_code(ADA, PASSWORD, "laptop").await;
    news.are(&["signup_address_taken"]).await;
    for _ in 0..2 {
        app.try_login(ADA, WRONG, "phone").await;
        news.are(&["login_wrong_password"]).await;
    }
    app.try_login("bob@example.com", WRONG, "phone").await;
    news.are(&["login_unknown"]).await;
    app.ada_on("phone").await;
    news.are(&["login_succeeded"]).await;
    app.ada_on("tablet").await;
    news.are(&["session_evicted", "login_succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing() {
    let app = TestApp::start().await;
    let first = app.ada().await.refresh;
    let mut news = News::of(&app).await;
    let second = app.refreshed(&first, "laptop").await;
    app.refreshed(&first, "laptop").await;
    news.are(&[]).await;
    app.refreshed(&second, "laptop").await;
    for _ in 0..3 {
        app.refresh(&first, "laptop").await;
    }
    news.are(&["refresh_reused"]).await;
    let other = app.ada_on("phone").await.refresh;
    news.are(&["login_succeeded"]).await;
    for _ in 0..3 {
        app.refresh(&other, "thief").await;
    }
    news.are(&["refresh_client_mismatch"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_after_sessions() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let phone = app.ada_on("phone").await;
    let tablet = app.ada_on("tablet").await;
    let mut news = News::of(&app).await;
    app.profile(&ada.access).await;
    app.listed(&ada.access).await;
    news.are(&[]).await;
    app.call("PUT", "/api/v1/user/profile", &ada.access, Some(json!({"display_name": "Ada"}))).await;
    news.are(&["profile_updated"]).await;
    let path = format!("/api/v1/auth/sessions/{}", phone.session_id());
    app.call("DELETE", &path, &ada.access, None).await;
    news.are(&["session_revoked"]).await;
    app.call("DELETE", &path, &ada.access, None).await;
    news.are(&["session_not_found"]).await;
    for _ in 0..2 {
        app.log_out(&tablet.refresh, "tablet").await;
    }
    news.are(&["logged_out"]).await;
    for _ in 0..2 {
        app.call("POST", "/api/v1/auth/logout-all", &ada.access, Some(json!({}))).await;
    }
    news.are(&["sessions_revoked"]).await;
}
