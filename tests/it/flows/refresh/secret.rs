//! What a change of `SEKISHO_SECRET` does to tokens and passwords.

use super::*;
use crate::support::app::SECRET;

const NEW: (&str, &str) = ("SEKISHO_SECRET", "bmV3LS1zZWNyZXQtbmV3LS1zZWNyZXQtbmV3LS0wMDI=");
const PREVIOUS: (&str, &str) = ("SEKISHO_SECRET_PREVIOUS", SECRET);
/// Without stored signing keys, which are sealed under the secret.
const SHARED: [(&str, &str); 2] =
    [("SEKISHO_JWT_ALG", "HS256"), ("SEKISHO_JWT_SECRET_KEY", "c2hhcmVkLXNlY3JldC1zaGFyZWQtc2VjcmV0LTAwMDE=")];

/// R10.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_passwords_outlive_it() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let second = app.refreshed(&ada.refresh, CLIENT).await;
    let app = app.restart(&[NEW, PREVIOUS]).await;
    assert_eq!(app.profile(&ada.access).await.status, 200);
    let third = app.refreshed(&second, CLIENT).await;
    app.refreshed(&third, CLIENT).await;
    app.refresh(&ada.refresh, CLIENT).await.refused(401, "refresh_token_reused");
    app.login(ADA, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_meanwhile_needs_the_old_secret_no_more() {
    let app = TestApp::with(&SHARED).await;
    let [used, unused] = [app.ada().await, app.login(ADA, "phone").await];
    let app = app.restart(&[&SHARED[..], &[NEW, PREVIOUS]].concat()).await;
    let moved = app.refreshed(&used.refresh, CLIENT).await;
    app.login(ADA, "tablet").await;

    let app = app.restart(&[&SHARED[..], &[NEW]].concat()).await;

    app.refreshed(&moved, CLIENT).await;
    app.refresh(&unused.refresh, "phone").await.refused(401, "refresh_token_invalid");
    app.login(ADA, "tv").await;
}
