//! Old rows go, and the chain holds.

use sekisho::{audit::Broken, jobs};

use crate::support::TestApp;

const DAY: u64 = 86_400;

async fn app(retention: &str) -> TestApp {
    let app = TestApp::with(&[("SEKISHO_AUDIT_RETENTION", retention), ("SEKISHO_MAX_SESSIONS", "0")]).await;
    app.ada().await;
    app.ada_on("phone").await;
    app.seal().await.unwrap();
    app.advance(2 * DAY);
    app.ada_on("tablet").await;
    app.seal().await.unwrap();
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_goes_from_the_old_end_and_the_chain_verifies() {
    let app = app("86400").await;
    assert_eq!(app.verify().await.unwrap().events, 5);
    jobs::sweep(&app.app.ctx).await.unwrap();
    let verified = app.verify().await.unwrap();
    assert_eq!((verified.events, verified.chain.removed.number, verified.chain.last.number), (1, 4, 5));
    assert_eq!(app.audit_kinds().await, ["login_succeeded"]);
    assert_eq!(app.app.ctx.stores.audit_chain.links(i64::MIN, 100).await.unwrap().len(), 1);
    app.ada_on("phone").await;
    app.seal().await.unwrap();
    assert_eq!(app.verify().await.unwrap().events, 2);

    app.sql("DELETE FROM audit_events WHERE seq = (SELECT seq FROM audit_links WHERE number = 5)").await;
    app.sql("DELETE FROM audit_links WHERE number = 5").await;
    assert_eq!(app.broken().await, Broken::LinkGone { number: 5 }, "the sweeper did not take that");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_which_everything_is_old_is_empty_and_goes_on() {
    let app = app("86400").await;
    app.advance(2 * DAY);
    jobs::sweep(&app.app.ctx).await.unwrap();
    assert_eq!(app.verify().await.unwrap().events, 0);
    app.ada_on("phone").await;
    app.seal().await.unwrap();
    let verified = app.verify().await.unwrap();
    assert_eq!((verified.events, verified.chain.last.number), (1, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_batch_goes_at_once() {
    let app = app("86400").await;
    let event = |_| {
        let now = app.app.ctx.now();
        sekisho::domain::Event::new(now, sekisho::domain::EventKind::LoggedOut, &sekisho::domain::Origin::default())
    };
    app.app.ctx.stores.audit.record(&(0..600).map(event).collect::<Vec<_>>()).await.unwrap();
    app.seal().await.unwrap();
    assert_eq!(app.verify().await.unwrap().events, 605);
    app.advance(2 * DAY);
    app.ada_on("phone").await;
    app.seal().await.unwrap();
    jobs::sweep(&app.app.ctx).await.unwrap();
    assert_eq!(app.verify().await.unwrap().events, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_nothing_of_a_year_goes_and_without_a_limit_nothing_ever() {
    for (retention, kept) in [("34560000", 400), ("0", 40_000)] {
        let app = app(retention).await;
        app.advance((kept - 3) * DAY);
        jobs::sweep(&app.app.ctx).await.unwrap();
        assert_eq!(app.verify().await.unwrap().events, 5, "{retention}");
    }
}

/// What somebody has changed is not cleared away with what is old.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_verify_is_not_removed() {
    let app = app("86400").await;
    app.sql("UPDATE audit_events SET client_id = 'x' WHERE seq = (SELECT seq FROM audit_links WHERE number = 2)").await;
    jobs::sweep(&app.app.ctx).await.unwrap_err();
    assert!(matches!(app.broken().await, Broken::EventChanged { number: 2, .. }));
    assert_eq!(app.audit_kinds().await.len(), 5);
}
