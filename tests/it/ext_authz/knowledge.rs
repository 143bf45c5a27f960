//! What is known of tokens while the database is away.

use super::proxy::{Asked, Bench};
use crate::support::{eventually, servers::Owned};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_routes_go_on_as_their_policy_says() {
    let postgres = Owned::start("postgres", &[]).await;
    let settings = [("SEKISHO_DATABASE_URL", postgres.url.as_str()), ("SEKISHO_DATABASE_TIMEOUT", "2000")];
    let bench = Bench::with(&settings).await;
    let ada = bench.app.ada().await;
    // A young token would stand in for fresh knowledge.
    bench.app.advance(60);
    let ask = async |path: &str| bench.ask(Asked::get(path).bearer(&ada.access)).await;
    let (strict, stream) = ("/payouts", "/greeter.v1.GreeterService/Greet");
    assert!(ask(strict).await.is_allowed() && ask(stream).await.is_allowed());

    postgres.freeze("postgres").await;
    let refused = ask(strict).await;
    assert_eq!(refused.refused(), (503, "store_unavailable".to_owned()));
    assert!(refused.told("retry-after").is_some());
    eventually(async || !ask(stream).await.is_allowed()).await;
    assert_eq!(ask(stream).await.refused(), (503, "store_unavailable".to_owned()));
    assert!(ask("/orders/7").await.is_allowed(), "it is served by what is known");

    postgres.thaw("postgres").await;
    eventually(async || ask(strict).await.is_allowed() && ask(stream).await.is_allowed()).await;
}
