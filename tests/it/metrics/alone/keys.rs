//! The signing keys, from one to the next.

use crate::support::TestApp;

/// Age of the one that signs; and how many are published, active and retiring.
async fn keys(app: &TestApp) -> (f64, [f64; 3]) {
    let scrape = app.scrape().await;
    let of = |state| scrape.get(&format!("sekisho_signing_keys{{state=\"{state}\"}}")).unwrap();
    (scrape.get("sekisho_signing_key_age_seconds").unwrap(), ["published", "active", "retiring"].map(of))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_followed_to_its_end() {
    let app = TestApp::start().await;
    assert_eq!(keys(&app).await, (0.0, [0.0, 1.0, 0.0]));
    app.advance(1_000);
    assert_eq!(keys(&app).await, (1_000.0, [0.0, 1.0, 0.0]));
    app.app.ctx.keyring.rotate().await.unwrap().expect("a new key");
    assert_eq!(keys(&app).await, (1_000.0, [1.0, 1.0, 0.0]));
    app.advance(600);
    assert_eq!(keys(&app).await, (0.0, [0.0, 1.0, 1.0]));
    app.advance(3_660);
    app.app.ctx.keyring.reload().await.unwrap();
    assert_eq!(keys(&app).await, (3_660.0, [0.0, 1.0, 0.0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_key_signs_and_has_no_age() {
    let app = TestApp::start().await;
    let secret = "c2hhcmVkLXNlY3JldC1zaGFyZWQtc2VjcmV0LTAwMDE=";
    let app = app.restart(&[("SEKISHO_JWT_ALG", "HS256"), ("SEKISHO_JWT_SECRET_KEY", secret)]).await;
    app.advance(1_000);
    assert_eq!(keys(&app).await, (0.0, [0.0, 1.0, 1.0]), "the key before it verifies what it has signed");
}
