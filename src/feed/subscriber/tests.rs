//! How subscribers are served, on a clock that jumps.

use std::pin::pin;

use tonic::codegen::tokio_stream::StreamExt;
use uuid::Uuid;

use super::*;
use crate::{
    clock::ManualClock,
    crypto::{Keyring, Secrets},
    domain::{
        Revocation, SessionId, Timestamp, UserId,
        revocation::{RevocationReason, Target},
    },
    entropy::SystemEntropy,
    feed::window::Window,
    storage::sql::{Location, SqlStore},
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn entry(sequence: i64) -> Entry {
    let revocation = Revocation {
        user_id: UserId(Uuid::from_u128(1)),
        target: Target::Session(SessionId(Uuid::from_u128(sequence.unsigned_abs().into()))),
        not_before: NOW,
        reason: RevocationReason::Logout,
        expires_at: NOW + Duration::from_secs(86_400),
    };
    Entry::of(sequence, &revocation)
}

/// With one line, and room for so many. Its keys are shared ones, so that the store
/// is never asked.
async fn feed(subscribers: usize) -> Arc<Feed> {
    let data = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(data.path().join("sekisho.db"));
    let store = Arc::new(SqlStore::open(&location, Arc::default()).await.unwrap());
    let secrets = Arc::new(Secrets::derive(&[1; 32], None).unwrap());
    let clock = Arc::new(ManualClock::at(NOW));
    let algorithm = sekisho_interceptor::Algorithm::HS256;
    let keyring =
        Keyring::new(store, secrets, Arc::new(SystemEntropy), clock.clone(), algorithm, [&[1; 32][..]]).unwrap();
    let feed = Feed::new(clock, Arc::new(keyring), Arc::default(), subscribers);
    feed.write(|window| *window = Window::new("epoch".to_owned(), 1, vec![entry(1)]));
    tokio::time::pause();
    Arc::new(feed)
}

fn claims() -> Arc<Claims> {
    Arc::new(Claims {
        iss: String::new(),
        sub: Uuid::from_u128(2),
        aud: Vec::new(),
        exp: NOW.seconds() + 900,
        iat: NOW.seconds(),
        nbf: NOW.seconds(),
        jti: Uuid::from_u128(3),
        client_id: "orders".to_owned(),
        scope: None,
        person: None,
    })
}

async fn next(subscription: &mut Subscription) -> Option<Result<Frame, Error>> {
    pin!(subscription).next().await
}

#[tokio::test]
async fn one_who_takes_nothing_for_ten_seconds_is_sent_away_and_may_go_on() {
    let feed = feed(1).await;
    let mut slow = feed.subscribe(claims(), None).unwrap();
    assert!(feed.subscribe(claims(), None).is_err(), "it has the only place");
    // The first frame lies ready, the second waits to be taken.
    tokio::time::sleep(PATIENCE - Duration::from_millis(1)).await;
    assert!(feed.subscribe(claims(), None).is_err(), "it has its time");
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(matches!(next(&mut slow).await, Some(Ok(Frame::Snapshot { total: Some(1), .. }))));
    assert!(matches!(next(&mut slow).await, Some(Err(Error::Overloaded))));
    assert!(next(&mut slow).await.is_none());

    let mut again = feed.subscribe(claims(), Some(&feed.place())).unwrap();
    assert!(matches!(next(&mut again).await, Some(Ok(Frame::Keys(_)))));
}

#[tokio::test]
async fn one_too_many_is_refused_until_another_has_gone() {
    let feed = feed(2).await;
    let (first, _second) = (feed.subscribe(claims(), None).unwrap(), feed.subscribe(claims(), None).unwrap());
    assert!(matches!(feed.subscribe(claims(), None), Err(Error::RateLimitExceeded { .. })));
    drop(first);
    tokio::time::sleep(Duration::from_millis(1)).await;
    feed.subscribe(claims(), None).unwrap();
}

#[tokio::test]
async fn heartbeats_come_every_two_seconds_and_news_at_once() {
    let feed = feed(1).await;
    let mut subscription = feed.subscribe(claims(), Some(&feed.place())).unwrap();
    let begun = Instant::now();
    assert!(matches!(next(&mut subscription).await, Some(Ok(Frame::Keys(_)))));
    for seconds in [0, 2, 4] {
        assert!(matches!(next(&mut subscription).await, Some(Ok(Frame::Heartbeat { sequence: 1, .. }))));
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
    feed.write(|window| window.push(entry(2)));
    feed.changed.send_replace(());
    let news = next(&mut subscription).await.unwrap().unwrap();
    assert_eq!(news, Frame::Delta { after: 1, sequence: 2, entries: vec![entry(2)] });
    assert_eq!(begun.elapsed().as_secs(), 4);
    // What came while nobody looked comes together.
    for sequence in 3..6 {
        feed.write(|window| window.push(entry(sequence)));
    }
    feed.changed.send_replace(());
    let news = next(&mut subscription).await.unwrap().unwrap();
    assert_eq!(news, Frame::Delta { after: 2, sequence: 5, entries: (3..6).map(entry).collect() });
}

#[tokio::test]
async fn when_the_feed_closes_all_are_told_and_nobody_comes_in() {
    let feed = feed(2).await;
    let mut subscription = feed.subscribe(claims(), Some(&feed.place())).unwrap();
    assert!(matches!(next(&mut subscription).await, Some(Ok(Frame::Keys(_)))));
    feed.close();
    let end = loop {
        match next(&mut subscription).await.unwrap() {
            Ok(frame) => assert!(matches!(frame, Frame::Heartbeat { .. })),
            Err(error) => break error,
        }
    };
    assert!(matches!(end, Error::Overloaded));
    assert!(matches!(feed.subscribe(claims(), None), Err(Error::Overloaded)));
}
