//! Routes whose policy wants the issuer's own record.

use super::super::proxy::{Asked, Bench};

/// The record is asked, and what it says is the end of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_strict_route_asks_the_record() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await;
    let strict = || Asked::get("/payouts").bearer(&ada.access);
    assert!(bench.ask(strict()).await.is_allowed());
    // Nobody is told: only who asks can know.
    bench.app.evict_and_die(&ada).await;
    assert_eq!(bench.ask(strict()).await.refused(), (401, "session_revoked".to_owned()));
    assert!(bench.ask(Asked::get("/orders/7").bearer(&ada.access)).await.is_allowed());
}
