//! Going on where one was, or not.

use sekisho::proto::sekisho::v1::RevocationCursor;

use super::{ROOM, append, session};
use crate::support::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn one_who_comes_back_gets_what_was_missed_and_nothing_else() {
    let app = TestApp::with(&ROOM).await;
    app.ada().await;
    let (phone, tablet) = (app.ada_on("phone").await, app.ada_on("tablet").await);
    let mut watcher = app.watch(None).await;
    app.log_out(&phone.refresh, "phone").await;
    watcher.sees(1).await;
    let cursor = watcher.cursor.clone();
    drop(watcher);

    let unchanged = app.watch(cursor.clone()).await;
    assert_eq!((unchanged.snapshots, unchanged.targets()), (0, vec![]));
    app.log_out(&tablet.refresh, "tablet").await;
    eventually(async || app.app.ctx.feed.place().sequence == 2).await;
    let resumed = app.watch(cursor.clone()).await;
    assert_eq!((resumed.snapshots, resumed.targets()), (0, vec![session(&tablet)]));

    let app = app.restart(&ROOM).await;
    let resumed = app.watch(cursor).await;
    assert_eq!((resumed.snapshots, resumed.targets()), (0, vec![session(&tablet)]), "also after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_not_known_is_a_snapshot() {
    let app = TestApp::start().await;
    append(&app, 3).await;
    eventually(async || app.app.ctx.feed.place().sequence == 3).await;
    let place = app.watch(None).await.cursor.unwrap();
    let other = RevocationCursor { epoch: "other".to_owned(), sequence: 2 };
    let unknown = app.watch(Some(other)).await;
    assert_eq!((unknown.snapshots, unknown.seen.len(), unknown.cursor), (1, 3, Some(place.clone())));

    app.advance(4_000);
    append(&app, 2).await;
    eventually(async || app.app.ctx.feed.place().sequence == 5).await;
    let old = app.watch(Some(RevocationCursor { sequence: 1, ..place })).await;
    assert_eq!((old.snapshots, old.seen.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_beyond_the_journal_shows_that_it_has_lost_lines() {
    let app = TestApp::start().await;
    append(&app, 3).await;
    eventually(async || app.app.ctx.feed.place().sequence == 3).await;
    let mut following = app.watch(None).await;
    let place = following.cursor.clone().unwrap();
    let ahead = app.watch(Some(RevocationCursor { sequence: u64::MAX, ..place.clone() })).await;
    let begun = ahead.cursor.clone().unwrap();
    assert_eq!((ahead.snapshots, ahead.seen.len(), begun.sequence), (1, 3, 3));
    assert_ne!(begun.epoch, place.epoch);
    assert_eq!(following.end().await.0, tonic::Code::Unavailable);
    assert_eq!(app.watch(Some(place)).await.snapshots, 1);

    // Who says so again has to be wrong: nobody else begins anew for it.
    let mut following = app.watch(None).await;
    let again = app.watch(Some(RevocationCursor { sequence: u64::MAX, ..begun.clone() })).await;
    assert_eq!((again.snapshots, again.cursor), (1, Some(begun)));
    append(&app, 1).await;
    following.sees(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_has_lost_lines_begins_a_new_epoch() {
    let app = TestApp::start().await;
    append(&app, 3).await;
    eventually(async || app.app.ctx.feed.place().sequence == 3).await;
    let mut watcher = app.watch(None).await;
    app.sql("DELETE FROM revocation_journal WHERE seq > 1").await;
    app.app.ctx.feed.wake();
    assert_eq!(watcher.end().await, (tonic::Code::Unavailable, "OVERLOADED".to_owned()));
    let again = app.watch(watcher.cursor.clone()).await;
    assert_eq!((again.snapshots, again.seen.len(), again.sequence()), (1, 1, 1));
    assert_ne!(again.cursor.unwrap().epoch, watcher.cursor.unwrap().epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_what_has_expired_is_no_loss() {
    let app = TestApp::start().await;
    append(&app, 3).await;
    eventually(async || app.app.ctx.feed.place().sequence == 3).await;
    let mut watcher = app.watch(None).await;
    let cursor = watcher.cursor.clone();
    app.advance(600);
    app.sql("UPDATE revocation_journal SET expires_at = not_before").await;
    sekisho::jobs::sweep(&app.app.ctx).await.unwrap();
    assert_eq!(watcher.heartbeat().await.sequence, 3);
    let app = app.restart(&[]).await;
    assert_eq!(app.watch(cursor).await.snapshots, 0, "the same epoch");
}

/// Nobody knows what it takes back; but it keeps nobody from what is known.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_later_release_is_passed_over() {
    let app = TestApp::start().await;
    append(&app, 3).await;
    eventually(async || app.app.ctx.feed.place().sequence == 3).await;
    app.sql("UPDATE revocation_journal SET kind = 'device' WHERE seq = 2").await;
    let app = app.restart(&[]).await;
    let mut watcher = app.watch(None).await;
    assert_eq!((watcher.seen.len(), watcher.sequence()), (2, 3));
    let live = app.app.ctx.stores.journal.live(0, app.app.ctx.now(), 10).await.unwrap();
    assert_eq!(live.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3]);
    append(&app, 1).await;
    watcher.sees(3).await;
}
