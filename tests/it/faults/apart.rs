//! PostgreSQL breaks, and Redis does not.

use super::broken::Broken;
use crate::support::{eventually::eventually, proxy::Mode};

const CLIENT: &str = "laptop";

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_token_was_stolen_is_dead_before_that_can_be_written_down() {
    let Broken { app, proxy } = super::broken::postgres_beside_redis().await;
    let ada = app.ada().await;
    let second = app.refreshed(&ada.refresh, CLIENT).await;
    let third = app.refreshed(&second, CLIENT).await;

    proxy.set(Mode::Refuse).await;
    app.refresh(&ada.refresh, CLIENT).await.refused(503, "store_unavailable");
    app.refresh(&third, CLIENT).await.refused(503, "store_unavailable");
    app.profile(&ada.access).await.refused(401, "session_revoked");

    proxy.set(Mode::Pass).await;
    eventually(async || app.refresh(&third, CLIENT).await.status == 401).await;
    app.refresh(&third, CLIENT).await.refused(401, "refresh_token_invalid");
    let audit = app.audit_kinds().await;
    assert_eq!(audit.iter().filter(|kind| *kind == "refresh_reused").count(), 1, "{audit:?}");
    assert_eq!(app.journal().await.len(), 1);
}

/// For it may be a former primary that it talks to.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_cut_off_from_the_journal_lets_nobody_in_for_long() {
    let Broken { app, proxy } = super::broken::postgres_beside_redis().await;
    let mut token = app.ada().await.refresh;

    proxy.set(Mode::Refuse).await;
    token = app.refreshed(&token, CLIENT).await;
    app.advance(31);
    app.refresh(&token, CLIENT).await.refused(503, "store_unavailable");

    proxy.set(Mode::Pass).await;
    eventually(async || app.refresh(&token, CLIENT).await.status == 200).await;
}
