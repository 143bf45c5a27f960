//! Many who lose the issuer together.

use std::time::Duration;

use sekisho_interceptor::Trust;

use crate::support::{PATIENCE, World, session, struck};

const SUBSCRIBERS: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_who_are_cut_off_at_once_all_go_on_where_they_were() {
    let world = World::new().await;
    let shared = tonic::transport::Endpoint::from_shared(world.feed.address()).unwrap();
    // A connection for each fifty: what is tested is the streams, not the file limit.
    let channels: Vec<_> = (0..SUBSCRIBERS / 50).map(|_| shared.connect_lazy()).collect();
    let trusts: Vec<Trust> = (0..SUBSCRIBERS)
        .map(|n| {
            Trust::over(channels[n % channels.len()].clone())
                .client(
                    sekisho_interceptor::testing::FakeFeed::CLIENT_ID,
                    sekisho_interceptor::testing::FakeFeed::SECRET,
                )
                .clock(world.clock.clock())
                .backoff(Duration::from_millis(50), Duration::from_millis(500))
                .silence(PATIENCE)
                .start()
                .unwrap()
        })
        .collect();
    for trust in &trusts {
        trust.ready(PATIENCE).await.unwrap();
    }
    let gone = world.claims(1);
    world.feed.drop_streams();
    world.feed.revoke(session(&gone));
    for trust in &trusts {
        struck(trust, &gone).await;
    }
    let heard = world.heard(|heard| heard.resumed >= SUBSCRIBERS).await;
    assert_eq!(heard.snapshots, SUBSCRIBERS, "somebody began anew: {heard:?}");
}
