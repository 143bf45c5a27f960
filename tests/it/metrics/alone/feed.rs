//! How long a revocation is on its way to a subscriber.

use std::time::Duration;

use sekisho::domain::{
    Revocation, SessionId, UserId,
    revocation::{RevocationReason, Target},
};
use uuid::Uuid;

use crate::support::{TestApp, eventually};

async fn delivered(app: &TestApp) -> (f64, f64) {
    let scrape = app.scrape().await;
    let of = |suffix| scrape.get(&format!("sekisho_feed_delivery_seconds_{suffix}")).unwrap();
    (of("count"), of("sum"))
}

/// Adds a line that was made so long ago.
async fn revoke(app: &TestApp, ago: Duration) {
    let now = app.app.ctx.now();
    let line = Revocation {
        user_id: UserId(Uuid::from_u128(1)),
        target: Target::Session(SessionId(Uuid::from_u128(2))),
        not_before: now - ago,
        reason: RevocationReason::Logout,
        expires_at: now + Duration::from_secs(86_400),
    };
    app.app.ctx.stores.journal.append(&[line], &[], &[]).await.unwrap();
    app.app.ctx.feed.wake();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_tells_how_long_its_revocation_took() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let mut watcher = app.watch(None).await;
    assert_eq!(delivered(&app).await, (0.0, 0.0));
    app.log_out(&ada.refresh, "laptop").await;
    watcher.sees(1).await;
    eventually(async || delivered(&app).await == (1.0, 0.0)).await;
    revoke(&app, Duration::from_secs(3)).await;
    watcher.sees(2).await;
    eventually(async || delivered(&app).await == (2.0, 3.0)).await;
}

/// What a subscriber missed before it came tells nothing of how fast news travels.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_not_timed() {
    let app = TestApp::start().await;
    let (watcher, ada) = (app.watch(None).await, app.ada().await);
    let place = watcher.cursor.clone();
    drop(watcher);
    eventually(async || app.metric("sekisho_feed_subscribers").await == 0.0).await;
    app.log_out(&ada.refresh, "laptop").await;
    eventually(async || app.app.ctx.feed.place().sequence == 1).await;
    for (cursor, snapshots) in [(None, 1), (place, 0)] {
        let watcher = app.watch(cursor).await;
        assert_eq!((watcher.seen.len(), watcher.snapshots), (1, snapshots));
    }
    assert_eq!(delivered(&app).await, (0.0, 0.0));
}
