//! Callers who hang up.

use std::sync::Arc;

use crate::support::{TestApp, acts::ADA};

/// R47, X04. Whether the server had begun, was half way or had answered: the session goes
/// on with the old token. After the restart nothing is in flight.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_keeps_the_session() {
    let app = Arc::new(TestApp::with(&[("SEKISHO_MAX_SESSIONS", "0")]).await);
    app.ada().await;
    let mut current = Vec::new();
    for turns in 0..100 {
        let token = app.login(ADA, "laptop").await.refresh;
        let (caller, given_up) = (app.clone(), token.clone());
        let call = tokio::spawn(async move { caller.refresh(&given_up, "laptop").await });
        for _ in 0..4 * turns * turns {
            tokio::task::yield_now().await;
        }
        call.abort();
        let _ = call.await;
        current.push(app.refreshed(&token, "laptop").await);
    }
    let replayed = app.metric("sekisho_events_total{kind=\"refresh_replayed\"}").await;
    assert!(replayed > 0.0, "no caller hung up late enough");
    let app = Arc::into_inner(app).unwrap().restart(&[("SEKISHO_MAX_SESSIONS", "0")]).await;
    for token in current {
        app.refreshed(&token, "laptop").await;
    }
}
