//! Stores that fail while the feed is followed.

use sekisho::proto::sekisho::v1::IntrospectRequest;

use crate::{
    redis::{app_on, sign_ins},
    support::{TestApp, app::with_bearer, eventually, feed::reason, servers::Owned},
};

async fn signs_out(app: &TestApp, token: &str) -> bool {
    app.log_out(token, crate::redis::CLIENT).await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_feed_is_complete_by_the_journal() {
    let redis = Owned::start("redis", &[]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let signed_in = sign_ins(&app, 2).await;
    let mut watcher = app.watch(None).await;
    redis.kill("redis").await;
    // Nobody can be found who would be signed out, but a token can be taken back:
    // it is so by the journal, whether or not Redis ever hears of it.
    let status = app.revoke_token(&signed_in[0].access).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unavailable);
    watcher.sees(1).await;
    assert!(watcher.heartbeat().await.behind.unwrap().seconds < 20);

    redis.start_again("redis").await;
    eventually(async || signs_out(&app, &signed_in[1].refresh).await).await;
    let token = format!("token {}", signed_in[0].claims()["jti"].as_str().unwrap());
    assert_eq!(watcher.targets()[0], token);
    assert_eq!(watcher.snapshots, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fail_over_of_redis_loses_nothing_of_the_feed() {
    let redis = Owned::start("redis-sentinel", &[]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let signed_in = sign_ins(&app, 4).await;
    let mut watcher = app.watch(None).await;
    assert!(signs_out(&app, &signed_in[0].refresh).await);
    redis.kill("primary").await;
    eventually(async || signs_out(&app, &signed_in[1].refresh).await).await;
    assert!(signs_out(&app, &signed_in[2].refresh).await);
    watcher.sees(3).await;
    let wanted: Vec<String> = signed_in[..3].iter().map(|it| format!("session {}", it.session_id())).collect();
    assert_eq!((watcher.targets(), watcher.snapshots), (wanted, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_from_the_database_it_does_not_look_healthy() {
    let postgres = Owned::start("postgres", &[]).await;
    let settings = [("SEKISHO_DATABASE_URL", postgres.url.as_str()), ("SEKISHO_DATABASE_TIMEOUT", "2000")];
    let app = TestApp::with(&settings).await;
    let ada = app.ada().await;
    let mut watcher = app.watch(None).await;
    let asker = app.service_token().await;
    postgres.freeze("postgres").await;
    while watcher.heartbeat().await.behind.unwrap().seconds < 3 {}
    let question = with_bearer(IntrospectRequest { token: ada.access.clone() }, &asker);
    let status = app.tokens().await.introspect(question).await.unwrap_err();
    assert_eq!(reason(&status), "STORE_UNAVAILABLE", "it is not said to be inactive");
    assert_eq!(reason(&app.revoke_token(&ada.access).await.unwrap_err()), "STORE_UNAVAILABLE");
    postgres.thaw("postgres").await;
    while watcher.heartbeat().await.behind.unwrap().seconds >= 3 {}
    eventually(async || app.log_out(&ada.refresh, "laptop").await.status == 200).await;
    watcher.sees(1).await;
    assert_eq!(watcher.targets(), [format!("session {}", ada.session_id())]);

    postgres.kill("postgres").await;
    while watcher.heartbeat().await.behind.unwrap().seconds < 3 {}
    postgres.start_again("postgres").await;
    while watcher.heartbeat().await.behind.unwrap().seconds >= 3 {}
    assert_eq!((watcher.snapshots, watcher.seen.len()), (1, 1), "it went on where it was");
}
