//! Readiness, and the clock of the store.

use std::time::Duration;

use futures_util::future::join_all;
use sekisho::clock::{Clock, ManualClock, SystemClock};
use tokio::time::{sleep, timeout};

use crate::support::{TestApp, eventually, servers::postgres_database};

fn number(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

async fn probes(app: &TestApp) -> Option<f64> {
    number(&app.ops_text("/metrics").await, "sekisho_store_duration_seconds_count{operation=\"probe\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_the_store_is_asked_once() {
    let app = TestApp::start().await;
    // A second moment may begin on the way, but not as many as callers.
    for answer in join_all((0..50).map(|_| app.ops_text("/readyz"))).await {
        assert_eq!(answer, r#"{"ready":true}"#);
    }
    let asked = probes(&app).await.unwrap();
    assert!((1.0..25.0).contains(&asked), "{asked}");
    let again = async {
        while probes(&app).await == Some(asked) {
            app.ops_text("/readyz").await;
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), again).await.expect("it is asked again later");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_the_store_is_compared_with_ours() {
    let url = postgres_database().await;
    let clock = ManualClock::at(SystemClock.now());
    let app = TestApp::at(tempfile::tempdir().unwrap(), clock, &[("SEKISHO_DATABASE_URL", &url)]).await;
    let skew = async || {
        eventually(async || app.ops_text("/readyz").await == r#"{"ready":true}"#).await;
        number(&app.ops_text("/metrics").await, "sekisho_store_clock_skew_seconds{store=\"sql\"}").unwrap()
    };
    let start = skew().await;
    assert!((0.0..60.0).contains(&start), "ours stands, theirs goes on: {start}");
    app.advance(3_600);
    let behind = async {
        while skew().await > -3_000.0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), behind).await.expect("an hour is seen");
}
