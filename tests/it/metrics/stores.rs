//! A store that is away, and what that does to calls.

use sekisho::jobs;

use crate::{
    faults::broken::{self, Broken},
    support::{TestApp, eventually, proxy::Mode},
};

async fn up(app: &TestApp, store: &str) -> Option<f64> {
    app.scrape().await.get(&format!("sekisho_store_up{{store=\"{store}\"}}"))
}

/// Nobody asks `/readyz`.
async fn is_up_then_down_then_up(Broken { app, proxy }: Broken, store: &str) {
    eventually(async || up(&app, store).await == Some(1.0)).await;
    proxy.set(Mode::Refuse).await;
    eventually(async || up(&app, store).await == Some(0.0)).await;
    proxy.set(Mode::Pass).await;
    eventually(async || up(&app, store).await == Some(1.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_looked_after() {
    is_up_then_down_then_up(broken::postgres().await, "sql").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_looked_after() {
    is_up_then_down_then_up(broken::redis().await, "redis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_that_is_away_is_told_from_the_other() {
    let Broken { app, proxy } = broken::postgres_beside_redis().await;
    proxy.set(Mode::Refuse).await;
    eventually(async || (up(&app, "sql").await, up(&app, "redis").await) == (Some(0.0), Some(1.0))).await;
}

/// What was not judged is no case of the rotation.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_without_its_store_is_refused() {
    let Broken { app, proxy } = broken::redis().await;
    let ada = app.ada().await;
    proxy.set(Mode::Refuse).await;
    app.refresh(&ada.refresh, "laptop").await.refused(503, "store_unavailable");
    let scrape = app.scrape().await;
    assert_eq!(scrape.get("sekisho_refreshes_total{outcome=\"refused\"}"), Some(1.0));
    assert_eq!(scrape.sum("sekisho_refreshes_total", &[]), 1.0);
}

/// Nothing is told that is not known, and what was counted stays.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_cannot_be_counted_are_counted_later() {
    let Broken { app, proxy } = broken::redis().await;
    app.ada().await;
    app.advance(300);
    while !jobs::count_sessions(&app.app.ctx).await.unwrap() {
        app.advance(300);
    }
    assert_eq!(app.scrape().await.get("sekisho_sessions"), Some(1.0));
    proxy.set(Mode::Refuse).await;
    app.advance(300);
    // An error, or nothing to do where the service itself has just met it.
    assert!(!jobs::count_sessions(&app.app.ctx).await.is_ok_and(|counted| counted));
    assert_eq!(app.scrape().await.get("sekisho_sessions"), Some(1.0));
    proxy.set(Mode::Pass).await;
    eventually(async || app.try_login("ada@example.com", crate::support::app::PASSWORD, "phone").await.status == 200)
        .await;
    app.advance(900);
    eventually(async || {
        jobs::count_sessions(&app.app.ctx).await.is_ok() && app.scrape().await.get("sekisho_sessions") == Some(2.0)
    })
    .await;
}
