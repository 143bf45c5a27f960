//! Messages that are lost, late, twice, of another history or not at all.

use std::{sync::Arc, time::Duration};

use sekisho_interceptor::{
    Ended, Entry, Health, KeySource, Resync, RevocationSet, RevocationSource, SetLimits, Trust, TrustError, TrustEvent,
    testing::{FakeFeed, ManualClock},
};
use tonic::Code;
use uuid::Uuid;

use crate::support::{NOW, PATIENCE, World, disconnected, session, struck, token};

#[tokio::test]
async fn each_kind_of_revocation_arrives() {
    let world = World::new().await;
    let trust = world.trust().await;
    let (by_token, by_session, by_user) = (world.claims(1), world.claims(2), world.claims(3));
    assert!(![&by_token, &by_session, &by_user].into_iter().any(|claims| trust.strikes(claims)));
    world.feed.revoke(token(&by_token));
    struck(&trust, &by_token).await;
    world.feed.revoke(session(&by_session));
    struck(&trust, &by_session).await;
    world.feed.revoke(Entry::User { sub: by_user.sub, not_before: by_user.iat, expires_at: by_user.exp });
    struck(&trust, &by_user).await;
    assert_eq!(trust.revocations(), 3);
    assert!(!trust.strikes(&world.claims(4)));
}

#[tokio::test]
async fn what_was_revoked_before_the_start_is_known_when_ready() {
    let world = World::new().await;
    let gone: Vec<_> = (0..2_500).map(|person| world.claims(person)).collect();
    world.feed.revoke_all(&gone.iter().map(session).collect::<Vec<_>>());
    let trust = world.trust().await;
    assert_eq!(trust.revocations(), 2_500);
    assert!(gone.iter().all(|claims| trust.strikes(claims)));
}

#[tokio::test]
async fn a_message_that_is_lost_is_asked_for_again() {
    let world = World::new().await;
    let trust = world.trust().await;
    let lost = world.claims(1);
    world.feed.lose(session(&lost));
    world.seen.until(TrustEvent::Resync(Resync::Gap)).await;
    struck(&trust, &lost).await;
    assert!(world.heard(|heard| heard.snapshots == 2).await.resumed == 0, "a gap was resumed by cursor");
}

#[tokio::test]
async fn messages_out_of_order_are_both_known() {
    let world = World::new().await;
    let trust = world.trust().await;
    let (first, second) = (world.claims(1), world.claims(2));
    world.feed.reorder(session(&first), session(&second));
    struck(&trust, &first).await;
    struck(&trust, &second).await;
    world.seen.until(TrustEvent::Resync(Resync::Gap)).await;
}

#[tokio::test]
async fn a_message_that_comes_twice_counts_once() {
    let world = World::new().await;
    let trust = world.trust().await;
    let gone = world.claims(1);
    world.feed.duplicate(session(&gone));
    world.seen.until(TrustEvent::Resync(Resync::Backwards)).await;
    assert!(trust.strikes(&gone));
    assert_eq!(trust.revocations(), 1);
}

#[tokio::test]
async fn h67_another_history_takes_nothing_back() {
    let world = World::new().await;
    let trust = world.trust().await;
    let (kept, lost) = (world.claims(1), world.claims(2));
    world.feed.revoke_all(&[session(&kept), session(&lost)]);
    struck(&trust, &lost).await;
    world.feed.new_epoch(1);
    world.seen.until(TrustEvent::Resync(Resync::Epoch)).await;
    assert!(trust.strikes(&kept) && trust.strikes(&lost), "the union was not kept");
    let later = world.claims(3);
    world.feed.revoke(session(&later));
    struck(&trust, &later).await;
}

#[tokio::test]
async fn h67_a_short_snapshot_is_not_all_there_is() {
    let world = World::new().await;
    let gone = world.claims(1);
    world.feed.revoke(session(&gone));
    world.feed.short_snapshots(true);
    let trust = world.start();
    world.seen.until(TrustEvent::Resync(Resync::ShortSnapshot)).await;
    assert_eq!(trust.staleness(), None);
    assert!(trust.strikes(&gone), "what did come is known");
    world.feed.short_snapshots(false);
    trust.ready(PATIENCE).await.expect("ready after a whole snapshot");
}

#[tokio::test]
async fn a_revocation_of_an_unknown_kind_is_not_passed_over() {
    let world = World::new().await;
    let trust = world.trust().await;
    world.feed.malformed();
    world.seen.until(TrustEvent::Resync(Resync::Malformed)).await;
    drop(trust);
}

#[tokio::test]
async fn after_a_restart_only_what_was_missed_is_sent() {
    let mut world = World::new().await;
    let trust = world.trust().await;
    let (before, meanwhile) = (world.claims(1), world.claims(2));
    world.feed.revoke(session(&before));
    struck(&trust, &before).await;
    world.feed.stop().await;
    world.seen.until(disconnected(Ended::Status(Code::Unavailable))).await;
    world.feed.lose(session(&meanwhile));
    assert!(trust.strikes(&before) && !trust.strikes(&meanwhile));
    world.feed.serve_again().await.expect("the same port");
    struck(&trust, &meanwhile).await;
    let heard = world.heard(|heard| heard.resumed > 0).await;
    assert_eq!(heard.snapshots, 1);
}

#[tokio::test]
async fn h67_while_the_issuer_is_away_the_staleness_grows_and_then_heals() {
    let mut world = World::new().await;
    let trust = world.builder().healthy_within(Duration::from_millis(200)).start().expect("started");
    trust.ready(PATIENCE).await.expect("ready");
    world.feed.stop().await;
    world.seen.forget();
    // Attempts go on for far longer than the health allows.
    let mut last = trust.staleness().expect("known");
    while trust.health() == Health::Ready {
        world.seen.until(disconnected(Ended::Status(Code::Unavailable))).await;
        world.seen.forget();
        let staleness = trust.staleness().expect("known");
        assert!(staleness > last, "{staleness:?} after {last:?}");
        last = staleness;
    }
    assert!(matches!(trust.health(), Health::Stale(_)));
    world.feed.serve_again().await.expect("the same port");
    trust.ready(PATIENCE).await.expect("healed");
}

#[tokio::test]
async fn a_feed_that_falls_silent_is_given_up() {
    let world = World::new().await;
    let trust = world.builder().silence(Duration::from_millis(200)).start().expect("started");
    trust.ready(PATIENCE).await.expect("ready");
    world.feed.pause();
    world.seen.until(disconnected(Ended::Silent)).await;
    world.feed.resume();
    let later = world.claims(1);
    world.feed.revoke(session(&later));
    struck(&trust, &later).await;
}

#[tokio::test]
async fn a_subscriber_that_was_cut_off_goes_on_where_it_was() {
    let world = World::new().await;
    let trust = world.trust().await;
    for round in 0..20 {
        world.feed.drop_streams();
        let gone = world.claims(round);
        world.feed.revoke(session(&gone));
        struck(&trust, &gone).await;
    }
    let heard = world.heard(|heard| heard.resumed > 0).await;
    assert_eq!(heard.snapshots, 1, "{heard:?}");
    assert_eq!(trust.revocations(), 20);
}

#[tokio::test]
async fn a_server_that_lost_its_journal_is_not_current() {
    let world = World::new().await;
    world.feed.behind(Duration::from_secs(60));
    let trust = world.start();
    world.seen.until_any(|event| matches!(event, TrustEvent::Complete { .. })).await;
    let staleness = trust.staleness().expect("known");
    assert!(staleness >= Duration::from_secs(60), "{staleness:?}");
    assert!(matches!(trust.health(), Health::Stale(_)));
    world.feed.behind(Duration::ZERO);
    trust.ready(PATIENCE).await.expect("current again");
}

#[tokio::test]
async fn the_service_token_is_renewed_before_its_end() {
    let world = World::new().await;
    world.feed.token_seconds(2);
    let trust = world.trust().await;
    world.seen.until(disconnected(Ended::Renewed)).await;
    let heard = world.heard(|heard| heard.tokens == 2 && heard.resumed == 1).await;
    assert_eq!(heard.snapshots, 1);
    assert!(!world.seen.has(&disconnected(Ended::Status(Code::Unauthenticated))));
    assert_eq!(trust.health(), Health::Ready);
}

#[tokio::test]
async fn without_leave_to_have_the_feed_the_keys_are_asked_for() {
    let world = World::new().await;
    world.feed.permit(false);
    let trust = world.start();
    world.seen.until(disconnected(Ended::Status(Code::PermissionDenied))).await;
    world.seen.until(TrustEvent::Keys { count: 1 }).await;
    assert_eq!(trust.keys().len(), 1);
    assert_eq!(trust.staleness(), None);
    assert!(matches!(trust.health(), Health::Stale(_)));
    world.feed.permit(true);
    trust.ready(PATIENCE).await.expect("ready once it is permitted");
}

#[tokio::test]
async fn a_wrong_secret_gets_no_feed() {
    let world = World::new().await;
    let trust = world.builder().client(FakeFeed::CLIENT_ID, "sks_wrong").start().expect("started");
    world.seen.until(disconnected(Ended::Status(Code::Unauthenticated))).await;
    world.seen.until(TrustEvent::Keys { count: 1 }).await;
    assert_eq!(trust.staleness(), None);
    assert_eq!(world.heard(|_| true).await.snapshots, 0);
}

#[tokio::test]
async fn h68_the_secret_is_not_sent_readable_to_another_machine() {
    for address in ["http://auth.example:8080", "http://10.0.0.1:8080"] {
        let refused = Trust::at(address).client("orders", "sks_secret").start().err();
        assert!(matches!(refused, Some(TrustError::Plaintext)), "{address}: {refused:?}");
    }
    for address in ["auth.example:8080", "ftp://127.0.0.1", ""] {
        let refused = Trust::at(address).start().err();
        assert!(matches!(refused, Some(TrustError::Address)), "{address}: {refused:?}");
    }
    assert!(Trust::at("http://auth.example:8080").allow_plaintext().start().is_ok());
}

#[tokio::test]
async fn h68_a_flood_is_bounded_and_not_taken_for_current_knowledge() {
    let world = World::new().await;
    let limits = SetLimits { max_entries: 10, ..SetLimits::default() };
    let trust = world.builder().limits(limits).start().expect("started");
    trust.ready(PATIENCE).await.expect("ready");
    let gone: Vec<_> = (0..1_000).map(|person| world.claims(person)).collect();
    world.feed.revoke_all(&gone.iter().map(session).collect::<Vec<_>>());
    struck(&trust, &gone[0]).await;
    world.seen.until_any(|event| matches!(event, TrustEvent::Complete { entries: 10.., .. })).await;
    assert_eq!(trust.revocations(), 10);
    assert_eq!(trust.staleness(), Some(Duration::MAX));
}

#[test]
fn h68_an_entry_that_ends_too_late_is_cut_to_the_longest_life() {
    let clock = ManualClock::at(NOW);
    let limits = SetLimits::default();
    let set = RevocationSet::new(limits, clock.clock());
    set.insert(Entry::Session { sid: Uuid::from_u128(1), expires_at: i64::MAX });
    assert_eq!(set.len(), 1);
    clock.advance(2 * limits.max_life_seconds);
    set.expire(clock.now());
    assert_eq!(set.len(), 0);
}

#[tokio::test]
async fn h69_a_clock_that_leaps_ahead_drops_nothing() {
    let world = World::new().await;
    let trust = world.trust().await;
    let gone = world.claims(1);
    world.feed.revoke(session(&gone));
    struck(&trust, &gone).await;
    let before = trust.staleness().expect("known");
    world.clock.advance(86_400);
    world.feed.revoke(session(&world.claims(2)));
    world.seen.until_any(|event| matches!(event, TrustEvent::Complete { entries: 2, .. })).await;
    assert!(trust.staleness().expect("known") < before + PATIENCE, "staleness followed the wall clock");
    world.clock.advance(-86_400);
    assert!(trust.strikes(&gone), "a token that is good again is not struck");
}

#[tokio::test]
async fn h69_a_clock_that_is_set_back_has_everything_sent_again() {
    let world = World::new().await;
    let trust = world.trust().await;
    let sid = Uuid::from_u128(9);
    // Ended by the clock that is ahead, and live by the right one.
    world.feed.revoke(Entry::Session { sid, expires_at: NOW - 1_000 });
    world.seen.forget();
    world.seen.until_any(|event| matches!(event, TrustEvent::Complete { .. })).await;
    world.clock.advance(-3_600);
    world.seen.until(TrustEvent::Resync(Resync::Clock)).await;
    let live = world.issuer.person(Uuid::from_u128(1)).sid(sid).claims().clone();
    struck(&trust, &live).await;
}

#[tokio::test]
async fn no_secret_is_in_debug() {
    let world = World::new().await;
    let trust = Arc::new(world.trust().await);
    let shown = format!("{trust:?}");
    assert!(shown.starts_with("Trust { health: Ready"), "{shown}");
    assert!(!shown.contains("sks_"), "{shown}");
}
